"""The reading half of the whole index, which any process may have: words (``lexicon``) and vectors in one picture.

Who writes is ``whole``. What the folder holds is told in ``layout``.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import batched
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from broadsheet.errors import BroadsheetError, Conflict, Refused
from broadsheet.search.index import Filters, Need, Scored, Tally, Vector
from broadsheet.search.machine import layout as layouts
from broadsheet.search.machine.layout import Layout
from broadsheet.search.machine.trouble import IndexStale
from broadsheet.search.meaning.vectors import Vectors
from broadsheet.search.text.compounds import Alike
from broadsheet.search.words import mirror
from broadsheet.search.words.lexicon import Reading

logger = logging.getLogger(__name__)

OFTEN = 10
"""Of so many papers one must have the words for the nearest of all to be asked, and not of those that may have them."""

_TRIES = 100
"""How often a reader begins again because the index was made anew while it was being opened."""


class WholeReader:
    """The reading half of the port, over words and vectors of one space. See ``index.Searcher``.

    A search asks one of these to its end. What is asked next is ``fresh()``.
    """

    def __init__(
        self, path: Path, layout: Layout, seen: layouts.Stamp | None, words: Reading, vectors: Vectors
    ) -> None:
        self._path = path
        self._layout = layout
        self._file = path / layouts.FILE
        self._seen = seen
        self._told = ""
        self._parts: tuple[Reading, Vectors] | None = (words, vectors)

    @staticmethod
    def read(path: Path) -> "WholeReader":
        """Open the index in a folder for reading, whoever owns it.

        Raises NotFound where there is none, and IndexStale when it cannot be used.
        """
        for _ in range(_TRIES):
            seen = layouts.stamp(path / layouts.FILE)
            layout = layouts.read(path)
            try:
                words = mirror.read(path / layout.words)
                return WholeReader(path, layout, seen, words, Vectors.read(path / layout.vectors))
            except Refused:  # by the disk, which says nothing of the index
                raise
            except (BroadsheetError, OSError) as error:
                if layouts.read(path) == layout:
                    raise damaged(path, error) from error
        raise Conflict(f"The search index in {path} is being made anew.", "Try again in a moment.")

    def fresh(self) -> "WholeReader":
        """Return a reader of what is there now: this one, which sees what was flushed since, or another one.

        It is another where the index was made anew, or its vectors are of another space. Where that cannot be opened,
        this one goes on with what it has; its files stay mapped, deleted or not.
        """
        now = layouts.stamp(self._file)
        if now is not None and now != self._seen:
            try:
                return self.read(self._path)
            except BroadsheetError as error:
                self._seen = now
                self._tell(error)
        try:
            self._both()[0].refresh()
        except BroadsheetError as error:
            if layouts.stamp(self._file) not in (now, None):
                return self.fresh()
            self._tell(error)
        return self

    def _tell(self, error: BroadsheetError) -> None:
        """Log why this reader goes on with what it has; the next search meets the same."""
        if error.message != self._told:
            self._told = error.message
            logger.warning("%s Searches go on in what was there before.", error.message)

    @property
    def lexicon(self) -> Reading:
        """The index of words alone."""
        return self._both()[0]

    @property
    def vectors(self) -> Vectors:
        """The index of meaning alone."""
        return self._both()[1]

    @property
    def layout(self) -> Layout:
        """What it is made of."""
        return self._layout

    @property
    def space(self) -> str:
        """Mark of the model in whose space the vectors lie."""
        return self._layout.space

    def ids(self, after: int, limit: int) -> list[int]:
        """Return the ids above ``after``, in rising order."""
        return self._both()[0].ids(after, limit)

    def words(
        self, text: str, *, limit: int, filters: Filters, alike: Sequence[Alike] = (), whole: bool = False
    ) -> Sequence[Scored]:
        """Return the best papers by BM25 for whatever text; nothing for one without words."""
        return self._both()[0].words(text, limit=limit, filters=filters, alike=alike, whole=whole)

    def meaning(self, vector: Vector, *, limit: int, filters: Filters) -> Sequence[Scored]:
        """Return the nearest papers by cosine. Raises BadInput for anything but as many finite numbers as it takes.

        Of papers with some words all are compared, where they are told (``holders``). Else as many of the nearest of
        all as should hold enough of them are asked whether they have the words, and more where that was not enough.
        """
        lexicon, vectors = self._both()
        if not (filters.terms or filters.without):
            return vectors.nearest(vector, limit=limit, filters=filters)
        if filters.ids is not None:
            ids = tuple(sorted(lexicon.which([int(pk) for pk in filters.ids], filters)))
            return vectors.nearest(vector, limit=limit, filters=Filters(ids=ids)) if ids else []
        held = lexicon.likely(filters)
        if held.ids is not None:
            return vectors.nearest(vector, limit=limit, filters=Filters(ids=held.ids)) if len(held.ids) else []
        facts = replace(filters, terms=(), without=())
        of_all = lexicon.size() if facts == Filters() else lexicon.tally(filters=facts).total
        if held.found is not None and OFTEN * held.total < of_all:
            perhaps = held.found.ids()
            facts, of_all = Filters(ids=perhaps), len(perhaps)
        # Half of them should be in one portion: whether a paper has the words takes 1.5 us a segment.
        portion = -(-limit * -(-of_all // max(held.total, 1)) // 2)
        asked = 4 * portion
        while asked > 0:
            near = vectors.nearest(vector, limit=asked, filters=facts)
            found: list[Scored] = []
            for some in batched(near, len(near) or 1 if held.steps else max(limit, portion), strict=False):
                passing = lexicon.which([hit.id for hit in some], filters)
                found += [hit for hit in some if hit.id in passing]
                if len(found) >= limit:
                    break
            if len(found) >= limit or len(near) < asked:
                return found[:limit]
            asked *= 4
        return []

    def having(self, ids: NDArray[np.int64], needs: Sequence[Need]) -> NDArray[np.int64]:
        """Return those of some papers that hold each of several words in one of its ways; ids rise, as given."""
        return self._both()[0].having(ids, needs)

    def vectors_of(self, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the vectors that papers are compared by, as near as 8 bits a number keep them."""
        return self._both()[1].get(ids)

    def newest(self, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the papers that fulfil the filters, newest edition first; the score is the day as a number."""
        return self._both()[0].newest(limit=limit, filters=filters)

    def tally(self, *, filters: Filters, facets: bool = False) -> Tally:
        """Count the papers that fulfil the filters; with ``facets`` by category and by year too."""
        return self._both()[0].tally(filters=filters, facets=facets)

    def size(self) -> int:
        """Return the number of papers in the index."""
        return self._both()[0].size()

    def close(self) -> None:
        """Let go of the index, once the searches that still run in it have ended. A second call does nothing."""
        self._parts = None

    def _both(self) -> tuple[Reading, Vectors]:
        if (parts := self._parts) is None:
            raise BroadsheetError("The search index is closed.")
        return parts


def damaged(path: Path, error: Exception) -> IndexStale:
    """Return what is raised for an index of which a part cannot be opened."""
    told = error.message if isinstance(error, BroadsheetError) else str(error)
    return IndexStale(f"The search index in {path} is damaged. {told}", layouts.REBUILD)
