"""The index of words: Tantivy in one folder, one writer, any number of readers. Its fields are ``lexicon_terms``.

Nothing that was added or removed is seen before ``flush``. The engine lets other threads run while it works. Readers in
other processes see what was flushed from their next ``refresh`` on.
"""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
import tantivy as engine
from numpy.typing import NDArray
from tantivy import Query

from broadsheet.errors import BroadsheetError
from broadsheet.search import lexicon_terms as terms
from broadsheet.search import scoring
from broadsheet.search.compounds import Alike
from broadsheet.search.index import Document, Facts, Filters, Scored, Tally
from broadsheet.search.layout import stamp
from broadsheet.search.trouble import told

MEMORY = 256 << 20
"""Bytes in which new papers are gathered before the engine writes segments of them."""
THREADS = 2
"""Of the engine, each with a half of the memory and segments of its own: one takes in 4,000 papers a second at most."""

_MOST_CATEGORIES, _MOST_YEARS = 40, 100
_EACH_SEGMENT = 10_000
"""Values that each segment tells; more than there are categories, so that counts are exact."""
_FACETS = {
    name: {"terms": {"field": name, "size": most, "segment_size": _EACH_SEGMENT}}
    for name, most in ((terms.CATEGORIES, _MOST_CATEGORIES), (terms.YEAR, _MOST_YEARS))
} | {terms.ID: {"value_count": {"field": terms.ID}}}
"""What is counted beside the papers, which are counted by their ids in the same pass."""


class Reading:
    """The reading half, which any process may have. Calls may come from any thread; nothing is changed on disk."""

    def __init__(self, index: engine.Index, folder: Path) -> None:
        self._index = index
        self._folder = folder
        self._index.config_reader("manual")
        for name, analyzer in terms.ANALYZERS.items():
            self._index.register_tokenizer(name, analyzer)
        self._refreshing = threading.Lock()
        self._seen = stamp(self._commits)
        self._index.reload()
        self._searcher = self._index.searcher()

    @staticmethod
    def read(folder: Path) -> "Reading":
        """Open an index for reading, whoever writes it meanwhile.

        Raises BroadsheetError where there is none, or it is damaged or of another kind.
        """
        with told("opening"):
            if not engine.Index.exists(str(folder)):
                raise BroadsheetError(f"There is no index of words in {folder}.")
            index = engine.Index.open(str(folder))  # unlike the constructor this never makes one
            if index.schema != terms.SCHEMA:
                raise BroadsheetError(f"The index of words in {folder} is of another kind.")
            return Reading(index, folder)

    def refresh(self) -> None:
        """See what was flushed since, which takes a look at one file; where that is gone, what was seen stays.

        Files that the writer has merged away stay mapped until the last search that reads them has ended. While the
        engine opens files it holds a lock that the writer takes before it deletes some.
        """
        if (now := stamp(self._commits)) in (self._seen, None):
            return
        with self._refreshing, told("reading what is new"):
            # The look comes before the reading: what is flushed between the two is seen the next time.
            if (now := stamp(self._commits)) not in (self._seen, None):
                self._show()
                self._seen = now

    @property
    def _commits(self) -> Path:
        """The file that the engine writes anew with each commit and each merge."""
        return self._folder / "meta.json"

    def _show(self) -> None:
        self._index.reload()
        self._searcher = self._index.searcher()

    def words(self, text: str, *, limit: int, filters: Filters, alike: Sequence[Alike] = ()) -> list[Scored]:
        """Return the best papers by BM25 (k1 1.2, b 0.75) for whatever text; nothing for one without words."""
        searcher = self._searcher
        wanted = scoring.scored(text, alike, searcher.doc_freq, searcher.num_docs)
        if wanted is None:
            return []
        return self._found(terms.both(wanted, terms.condition(filters)), limit)

    def newest(self, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the papers that fulfil the filters, newest edition first; the score is the day as a number."""
        found = self._found(terms.both(terms.condition(filters), None), limit, by=terms.DAY)
        return [hit for hit in found if hit.score > 0]  # those without a day come last

    def tally(self, *, filters: Filters, facets: bool = False) -> Tally:
        """Count the papers that fulfil the filters; with ``facets`` by category and by year too."""
        query, searcher = terms.both(terms.condition(filters), None), self._searcher
        with told("counting papers"):
            if not facets:
                return Tally(_count(searcher, query))
            found = searcher.aggregate(query, _FACETS)
        categories, years = (
            [(bucket["key"], int(bucket["doc_count"])) for bucket in found[name]["buckets"]]
            for name in (terms.CATEGORIES, terms.YEAR)
        )
        total = int(found[terms.ID]["value"])
        return Tally(total, tuple(categories), tuple((int(year), number) for year, number in years))

    def ids(self, after: int, limit: int) -> list[int]:
        """Return the ids above ``after``, in rising order."""
        query = terms.above(after)
        with told("listing papers"):
            searcher = self._searcher
            most = min(limit, searcher.num_docs)
            if most <= 0:
                return []
            found = searcher.search(query, most, count=False, order_by_field=terms.ID, order=engine.Order.Asc)
            return [int(pk) for pk, _ in found.hits]

    def matching(self, filters: Filters) -> NDArray[np.int64]:
        """Return the ids of all papers that fulfil the filters, in no order: 15 ms of processor for 42,563."""
        query, searcher = terms.both(terms.condition(filters), None), self._searcher
        with told("searching"):
            places = [place for _, place in searcher.search(query, max(1, searcher.num_docs), count=False).hits]
            return np.array(searcher.fast_field_values(terms.ID, places), np.int64)

    def which(self, ids: Sequence[int], filters: Filters) -> set[int]:
        """Return which of some papers fulfil the filters."""
        return {hit.id for hit in self._found(terms.both(terms.among(ids), terms.condition(filters)), len(ids))}

    def facts(self, ids: Sequence[int]) -> dict[int, Facts]:
        """Return what papers are filed under; unknown ones are left out."""
        query = terms.among(ids)
        with told("reading papers"):
            searcher = self._searcher
            most = min(len(ids), searcher.num_docs)
            if not most:
                return {}
            places = [place for _, place in searcher.search(query, most, count=False).hits]
            pks = searcher.fast_field_values(terms.ID, places)
            return {int(pk or 0): _facts(searcher.doc(place)) for pk, place in zip(pks, places, strict=True)}

    def size(self) -> int:
        """Return the number of papers in the index."""
        return self._searcher.num_docs

    def _found(self, query: Query, limit: int, *, by: str | None = None) -> list[Scored]:
        searcher = self._searcher
        most = min(limit, searcher.num_docs)
        if most <= 0:
            return []
        with told("searching"):
            hits = searcher.search(query, most, count=False, order_by_field=by).hits
            ids = searcher.fast_field_values(terms.ID, [place for _, place in hits])
        return [Scored(int(pk or 0), float(score or 0)) for pk, (score, _) in zip(ids, hits, strict=True)]


class Lexicon(Reading):
    """The whole index of words, which one process writes. It may be searched from any thread."""

    def __init__(self, index: engine.Index, folder: Path) -> None:
        super().__init__(index, folder)
        self._writer: engine.IndexWriter | None = None
        self._writing = threading.Lock()
        self._pending = False
        self._highest = max((hit.id for hit in self._found(Query.all_query(), 1, by=terms.ID)), default=-1)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open an index. Raises BroadsheetError where there is none, or it is damaged or of another kind."""
        with told("opening"):
            if not engine.Index.exists(str(folder)):
                raise BroadsheetError(f"There is no index of words in {folder}.")
            return cls(engine.Index(terms.SCHEMA, str(folder)), folder)

    @classmethod
    def anew(cls, folder: Path) -> Self:
        """Make an empty index in a folder, whatever was there."""
        with told("making a new index", folder.parent):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            return cls(engine.Index(terms.SCHEMA, str(folder)), folder)

    @property
    def pending(self) -> bool:
        """Whether anything was added or removed since the last flush."""
        return self._pending

    def add(self, documents: Sequence[Document]) -> None:
        """Add papers, or replace those with the same id; of two with one id the last counts.

        Nothing of it is seen, or would outlive a kill, before ``flush``.
        """
        with self._changing("taking papers in"):
            last = {document.id: document for document in documents}
            # Keys of new papers are higher than all before, and need not be looked for in each segment.
            if known := [pk for pk in last if pk <= self._highest]:
                self._open_writer().delete_documents_by_query(terms.among(known))
            for document in last.values():
                self._open_writer().add_document(terms.entry(document))
            self._highest = max([self._highest, *last])

    def remove(self, ids: Sequence[int]) -> None:
        """Take papers out from the next ``flush`` on; unknown ids are ignored."""
        if ids:
            with self._changing("taking papers out"):
                self._open_writer().delete_documents_by_query(terms.among(ids))

    def flush(self) -> None:
        """Return when everything so far is on disk and searched."""
        with self._changing("writing to disk"):
            if self._pending and self._writer is not None:
                self._writer.commit()
                self._pending = False
                self._show()

    def close(self) -> None:
        """Flush and let go of the folder; what the engine merges at the moment is waited for."""
        self.flush()
        with self._writing, told("closing"):
            if self._writer is not None:
                self._writer.wait_merging_threads()
                self._writer = None

    @contextmanager
    def _changing(self, doing: str) -> Iterator[None]:
        """Let one thread write. After a failure, as of a full disk, what was not flushed is forgotten.

        The engine's writer takes nothing more then; the next change opens another.
        """
        with self._writing, told(doing, self._folder):
            try:
                yield
            except BaseException:
                self._writer, self._pending = None, False
                raise

    def _open_writer(self) -> engine.IndexWriter:
        self._pending = True
        if self._writer is None:
            self._writer = self._index.writer(MEMORY, THREADS)
        return self._writer


def _count(searcher: engine.Searcher, query: Query) -> int:
    return int(searcher.search(query, 1, count=True).count)  # type: ignore[attr-defined]  # its stubs forget it


def _facts(document: engine.Document) -> Facts:
    day = document.get_first(terms.DAY)
    return Facts(
        tuple(map(str, document.get_all(terms.CATEGORIES))),
        None if day is None else int(day),
        tuple(map(str, document.get_all(terms.HAS))),
    )
