"""The index of words: Tantivy in one folder, with postings of our own in it; one writer, any number of readers.

Its fields are ``terms.fields``. Words are found and scored by ``postings``, five times as fast; which papers fulfil
conditions is ``fulfilling``'s, what stands newest Tantivy's, and so is what nothing else tells.

Nothing that was added or removed is seen before ``flush``. The engine lets other threads run while it works. Readers in
other processes see what was flushed from their next ``refresh`` on.
"""

import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Self

import numpy as np
import tantivy as engine
from numpy.typing import NDArray
from tantivy import Query

from broadsheet.errors import BroadsheetError
from broadsheet.search.index import Document, Facts, Filters, Need, Scored, Tally
from broadsheet.search.machine.layout import stamp
from broadsheet.search.machine.trouble import told
from broadsheet.search.postings.postings import Postings
from broadsheet.search.postings.writer import PostingWriter
from broadsheet.search.terms import fields as terms
from broadsheet.search.terms import scoring
from broadsheet.search.text.compounds import Alike
from broadsheet.search.words import counting
from broadsheet.search.words.conditions import asked
from broadsheet.search.words.counted import Counts
from broadsheet.search.words.fulfilling import Fulfilling
from broadsheet.search.words.holders import Held

MEMORY = 256 << 20
"""Bytes in which new papers are gathered before the engine writes segments of them."""
THREADS = 2
"""Of the engine, each with a half of the memory and segments of its own: one takes in 4,000 papers a second at most."""

MOST_ASKED = 500
"""Papers that are wanted at most where four times as many are asked whether they fulfil what takes long to find."""

POSTINGS = "postings"
"""Folder of the postings, in that of the words."""


class Reading:
    """The reading half, which any process may have. Calls may come from any thread; nothing is changed on disk."""

    def __init__(self, index: engine.Index, folder: Path, postings: Postings | None = None) -> None:
        self._index = index
        self._folder = folder
        self._commits = folder / "meta.json"  # which the engine writes anew with each commit and each merge
        self._postings = postings or Postings(folder / POSTINGS)
        self._index.config_reader("manual")
        for name, analyzer in terms.ANALYZERS.items():
            self._index.register_tokenizer(name, analyzer)
        self._refreshing = threading.Lock()
        self._seen = stamp(self._commits)
        self._index.reload()
        self._searcher = self._index.searcher()
        self._fulfilling = Fulfilling(self._searcher, self._postings.view)
        self._counts = Counts()

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
        self._postings.refresh()
        if (now := stamp(self._commits)) in (self._seen, None):
            return
        with self._refreshing, told("reading what is new"):
            # The look comes before the reading: what is flushed between the two is seen the next time.
            if (now := stamp(self._commits)) not in (self._seen, None):
                self._show()
                self._seen = now

    def _show(self) -> None:
        self._index.reload()
        self._searcher = self._index.searcher()
        self._fulfilling = Fulfilling(self._searcher, self._postings.view)

    def words(
        self, text: str, *, limit: int, filters: Filters, alike: Sequence[Alike] = (), whole: bool = False
    ) -> Sequence[Scored]:
        """Return the best papers by BM25 (k1 1.2, b 0.75) for whatever text; nothing for one without words."""
        searcher = self._searcher
        wanted = scoring.wanted(text, alike, whole=whole)
        if wanted is None:
            return []
        if filters == Filters():
            return self._postings.best(wanted, limit=limit)
        if filters.ids is None:
            if not filters.terms and not filters.without:
                return self._postings.best(wanted, limit=limit, among=self._told().filed(filters))
            held = self.likely(filters)
            if held.steps is not None:
                return self._likely_words(wanted, limit, filters, held)
            if held.found is not None:
                return self._postings.best(wanted, limit=limit, among=held.found) if held.total else []
        conditions = asked(filters, searcher.doc_freq, searcher.num_docs)
        if conditions.places > counting.DEAR and limit <= MOST_ASKED:
            # Asking the best of all whether they fulfil it takes less than finding all that do.
            best = self.words(text, limit=4 * limit, filters=_facts_of(filters), alike=alike, whole=whole)
            passing = self.which([hit.id for hit in best], filters)
            found = [hit for hit in best if hit.id in passing]
            if len(found) >= limit or len(best) < 4 * limit:
                return found[:limit]
        scored = scoring.scored(wanted, searcher.doc_freq, searcher.num_docs)
        return self._found(terms.both(scored, conditions.query), limit) if scored else []

    def _likely_words(self, wanted: scoring.Wanted, limit: int, filters: Filters, held: Held) -> Sequence[Scored]:
        """Return the best of those that perhaps have a phrase and do, more of them being asked where too few do."""
        many = held.found.total() if held.found else 0
        portion = 2 * limit * max(1, many // max(held.total, 1))
        while True:
            best = self._postings.best(wanted, limit=min(portion, many), among=held.found)
            passing = self.which([hit.id for hit in best], filters)
            found = [hit for hit in best if hit.id in passing]
            if len(found) >= limit or len(best) < portion:
                return found[:limit]
            portion *= 4

    def newest(self, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the papers that fulfil the filters, newest edition first; the score is the day as a number."""
        searcher = self._searcher
        wanted = asked(filters, searcher.doc_freq, searcher.num_docs)
        found: list[Scored] = []
        if wanted.places > counting.DEAR and (day := self._day_of(4 * limit, filters)) and not filters.until:
            # Most of what is common is found among the newest.
            late = asked(replace(filters, since=day), searcher.doc_freq, searcher.num_docs)
            found = self._found(terms.both(late.query, None), limit, by=terms.DAY)
        if len(found) < limit:
            found = self._found(terms.both(wanted.query, None), limit, by=terms.DAY)
        return [hit for hit in found if hit.score > 0]  # those without a day come last

    def _day_of(self, place: int, filters: Filters) -> date | None:
        """Return the day of the paper at a place among the newest that fulfil the facts of filters."""
        searcher = self._searcher
        query = terms.both(asked(_facts_of(filters), searcher.doc_freq, searcher.num_docs).query, None)
        with told("searching"):
            hits = searcher.search(query, 1, count=False, order_by_field=terms.DAY, offset=place).hits
        return date.fromordinal(int(hits[0][0])) if hits and hits[0][0] else None

    def tally(self, *, filters: Filters, facets: bool = False) -> Tally:
        """Count the papers that fulfil the filters; with ``facets`` by category and by year too.

        Of very many papers, or where reading what they hold would take long, the numbers are told as estimates.
        """
        fulfilling = self._told()
        with told("counting papers"):
            return counting.tally(
                self._searcher,
                filters,
                facets=facets,
                holding=fulfilling.holding,
                filed=fulfilling.filed,
                view=fulfilling.view,
                counts=self._counts,
            )

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

    def listed(self) -> NDArray[np.int64]:
        """Return the papers that plain words find, in rising order: those of ``ids``, but for moments of a flush."""
        return self._postings.ids()

    def matching(self, filters: Filters) -> NDArray[np.int64]:
        """Return the ids of all papers that fulfil the filters, in no order: 15 ms of processor for 42,563."""
        searcher = self._searcher
        query = terms.both(asked(filters, searcher.doc_freq, searcher.num_docs).query, None)
        with told("searching"):
            places = [place for _, place in searcher.search(query, max(1, searcher.num_docs), count=False).hits]
            return np.array(searcher.fast_field_values(terms.ID, places), np.int64)

    def holding(self, filters: Filters) -> Held:
        """Return which papers fulfil filters without ids, found once for as long as nothing new is seen."""
        return self._told().holding(filters)

    def likely(self, filters: Filters) -> Held:
        """Return the same, or, where very many may have a phrase, those that may: see ``Fulfilling.likely``."""
        return self._told().likely(filters)

    def which(self, ids: Sequence[int], filters: Filters) -> set[int]:
        """Return which of some papers fulfil the filters."""
        return self._told().which(ids, filters)

    def having(self, ids: NDArray[np.int64], needs: Sequence[Need]) -> NDArray[np.int64]:
        """Return those of some papers that hold each of several words in one of its ways; ids rise, as given."""
        return self._postings.having(ids, needs)

    def _told(self) -> Fulfilling:
        """Return what tells which papers fulfil conditions, of the postings as they are now."""
        told = self._fulfilling
        # By both: another thread may just have seen more of one of them.
        if told.view is not self._postings.view or told.searcher is not self._searcher:
            told = self._fulfilling = Fulfilling(self._searcher, self._postings.view)
        return told

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
        self._lists = PostingWriter(folder / POSTINGS)
        super().__init__(index, folder, self._lists.postings)
        self._writer: engine.IndexWriter | None = None
        self._writing = threading.Lock()
        self._pending = False
        # A kill came between the two halves of a flush. Who fills the index finds what is missing, and takes it again.
        self._owing = self.size() != self._postings.size()
        self._highest = max((hit.id for hit in self._found(Query.all_query(), 1, by=terms.ID)), default=-1)
        if self._owing:
            with self._changing("taking papers out"):
                self._open_writer()

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
            PostingWriter.anew(folder / POSTINGS)
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
            different = list(last.values())
            pieces = list(map(terms.pieces, different))
            for document, texts in zip(different, pieces, strict=True):
                self._open_writer().add_document(terms.entry(document, texts))
            self._lists.add(different, pieces)
            self._highest = max([self._highest, *last])

    def remove(self, ids: Sequence[int]) -> None:
        """Take papers out from the next ``flush`` on; unknown ids are ignored."""
        if ids:
            with self._changing("taking papers out"):
                self._open_writer().delete_documents_by_query(terms.among(ids))
                self._lists.remove(ids)

    def flush(self) -> None:
        """Return when everything so far is on disk and searched."""
        with self._changing("writing to disk"):
            if self._owing:
                self._open_writer()
            if self._pending and self._writer is not None:
                with ThreadPoolExecutor(1) as beside:
                    preparing = beside.submit(self._lists.prepare)
                    self._owing = True
                    self._writer.commit()
                    preparing.result()
                self._lists.publish()
                self._owing = self._pending = False
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
                self._lists.forget()
                raise

    def _open_writer(self) -> engine.IndexWriter:
        self._pending = True
        if self._writer is None:
            self._writer = self._index.writer(MEMORY, THREADS)
            if self._owing:  # what only the engine or only the postings have goes before anything comes
                self._show()
                if odd := np.setxor1d(self.matching(Filters()), self.listed()).tolist():
                    self._writer.delete_documents_by_query(terms.among(odd))
                    self._lists.remove(odd)
        return self._writer


def _facts_of(filters: Filters) -> Filters:
    """Return filters without what they say of words."""
    return replace(filters, terms=(), without=())


def _facts(document: engine.Document) -> Facts:
    day = document.get_first(terms.DAY)
    return Facts(
        tuple(map(str, document.get_all(terms.CATEGORIES))),
        None if day is None else int(day),
        tuple(map(str, document.get_all(terms.HAS))),
    )
