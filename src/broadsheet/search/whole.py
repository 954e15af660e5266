"""The whole index behind the port: words in one folder (``lexicon``), vectors in another (``edge``), and one owner."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from broadsheet.errors import BroadsheetError, Conflict
from broadsheet.search.compounds import Alike
from broadsheet.search.edge import Vectors
from broadsheet.search.edge_layout import numbers
from broadsheet.search.index import SCHEMA, Document, Filters, Scored, Tally, Vector, facts_of
from broadsheet.search.lexicon import Lexicon
from broadsheet.search.trouble import IndexStale

FEW = 20_000
"""Papers that hold some words, up to which the nearest are looked for among them alone: 40 ms for so many."""

# Made by other versions, of no use to this one.
_FORMER = ("shard", "parts")


class WholeIndex:
    """The whole port. See ``index.Index`` for what each call promises."""

    def __init__(self, lexicon: Lexicon, vectors: Vectors, lock: FileLock) -> None:
        self._parts: tuple[Lexicon, Vectors] | None = (lexicon, vectors)
        self._lock = lock
        self._process = os.getpid()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the index in a folder, or make an empty one there; this process owns it until ``close``.

        Raises Conflict when it is open elsewhere (or here already), and IndexStale when it cannot be used.
        """
        return cls._own(path, anew=False)

    @classmethod
    def anew(cls, path: Path) -> Self:
        """Throw away the index in a folder and make an empty one. Raises Conflict when it is open elsewhere."""
        return cls._own(path, anew=True)

    @classmethod
    def _own(cls, path: Path, *, anew: bool) -> Self:
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / "owner.lock", thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise Conflict(
                f"The search index in {path} is in use by another process.",
                "Searches can ask that process; to change the index, stop it first.",
            ) from None
        try:
            return cls(*(_create(path) if anew or not (path / "schema.json").exists() else _load(path)), lock)
        except BaseException:
            lock.release()
            raise

    @property
    def lexicon(self) -> Lexicon:
        """The index of words alone."""
        return self._both()[0]

    @property
    def vectors(self) -> Vectors:
        """The index of meaning alone."""
        return self._both()[1]

    def add(self, documents: Sequence[Document]) -> None:
        """Add papers, or replace those with the same id and their vectors; their words are found from ``flush`` on."""
        lexicon, vectors = self._both()
        last = {document.id: document for document in documents}
        made = {pk: document.vector for pk, document in last.items() if document.vector is not None}
        lexicon.add(documents)
        vectors.remove([pk for pk in last if pk not in made])
        vectors.put(made, {pk: facts_of(last[pk]) for pk in made})

    def set_vectors(self, given: Mapping[int, Vector]) -> None:
        """Give vectors of 384 finite numbers to papers; unknown ids are ignored. Raises BadInput for other vectors."""
        for vector in given.values():
            numbers(vector)
        lexicon, vectors = self._both()
        if lexicon.pending:
            lexicon.flush()
        facts = lexicon.facts(list(given))
        vectors.put({pk: vector for pk, vector in given.items() if pk in facts}, facts)

    def remove(self, ids: Sequence[int]) -> None:
        """Take papers out, their words from ``flush`` on; unknown ids are ignored."""
        lexicon, vectors = self._both()
        lexicon.remove(ids)
        vectors.remove(ids)

    def ids(self, after: int, limit: int) -> list[int]:
        """Return the ids above ``after``, in rising order."""
        return self.lexicon.ids(after, limit)

    def optimize(self) -> None:
        """Flush, and fold new vectors in, which stops all threads of this process: see ``Vectors.optimize``."""
        lexicon, vectors = self._both()
        lexicon.flush()
        vectors.optimize()

    def flush(self) -> None:
        """Return when everything so far is on disk and found."""
        lexicon, vectors = self._both()
        lexicon.flush()
        vectors.flush()

    def words(self, text: str, *, limit: int, filters: Filters, alike: Sequence[Alike] = ()) -> list[Scored]:
        """Return the best papers by BM25 for whatever text; nothing for one without words."""
        return self.lexicon.words(text, limit=limit, filters=filters, alike=alike)

    def meaning(self, vector: Vector, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the nearest papers by cosine. Raises BadInput for anything but 384 finite numbers.

        Of papers with some words all are compared, where they are few. Else as many of the nearest of all as should
        hold enough of them are asked whether they have the words, and more where that was not enough.
        """
        lexicon, vectors = self._both()
        if not (filters.terms or filters.without):
            return vectors.nearest(vector, limit=limit, filters=filters)
        numbers(vector)
        holding = lexicon.tally(filters=filters).total
        if holding <= FEW:
            few = tuple(lexicon.matching(filters))
            return vectors.nearest(vector, limit=limit, filters=Filters(ids=few)) if few else []
        of_all = lexicon.tally(filters=replace(filters, terms=(), without=())).total
        asked = 2 * limit * -(-of_all // holding)
        while asked > 0:
            near = vectors.nearest(vector, limit=asked, filters=filters)
            passing = lexicon.which([hit.id for hit in near], filters)
            found = [hit for hit in near if hit.id in passing]
            if len(found) >= limit or len(near) < asked:
                return found[:limit]
            asked *= 4
        return []

    def newest(self, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the papers that fulfil the filters, newest edition first; the score is the day as a number."""
        return self.lexicon.newest(limit=limit, filters=filters)

    def tally(self, *, filters: Filters, facets: bool = False) -> Tally:
        """Count the papers that fulfil the filters; with ``facets`` by category and by year too."""
        return self.lexicon.tally(filters=filters, facets=facets)

    def size(self) -> int:
        """Return the number of papers in the index."""
        return self.lexicon.size()

    def close(self) -> None:
        """Flush, close and let others own the index. A second call does nothing."""
        if self._parts is not None:
            for part in self._both():
                part.close()
            self._parts = None
            self._lock.release()

    def _both(self) -> tuple[Lexicon, Vectors]:
        """Return words and vectors. In a fork they would wait forever for threads that only the parent has."""
        if self._process != os.getpid():
            raise Conflict("The search index belongs to the process that opened it, not to its forks.", "Knock there.")
        if self._parts is None:
            raise BroadsheetError("The search index is closed.")
        return self._parts


def _create(path: Path) -> tuple[Lexicon, Vectors]:
    """Make empty parts. The schema is written last: a folder without it holds nothing worth keeping."""
    (path / "schema.json").unlink(missing_ok=True)
    for name in _FORMER:
        shutil.rmtree(path / name, ignore_errors=True)
    parts = Lexicon.anew(path / "words"), Vectors.anew(path / "vectors")
    (path / "schema.json").write_text(json.dumps({"schema": SCHEMA}))
    return parts


def _load(path: Path) -> tuple[Lexicon, Vectors]:
    hint = "`broadsheet reindex` builds it anew from the papers."
    try:
        schema = json.loads((path / "schema.json").read_text())["schema"]
    except (OSError, ValueError, TypeError, KeyError):
        raise IndexStale(f"The search index in {path} does not say of which schema it is.", hint) from None
    if schema != SCHEMA:
        raise IndexStale(f"The search index in {path} is of schema {schema}; this version needs {SCHEMA}.", hint)
    try:
        lexicon = Lexicon.open(path / "words")
        try:
            return lexicon, Vectors.open(path / "vectors")
        except BaseException:
            lexicon.close()
            raise
    except BroadsheetError as error:
        raise IndexStale(f"The search index in {path} is damaged. {error.message}", hint) from error
