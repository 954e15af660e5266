"""Where the lists of words lie in the segments of a view, looked for once: most words of queries come again and again.

To look for a word takes a read here and there in each segment; which words are asked for is ``asking``'s.
"""

import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from broadsheet.search.postings.segments import Array
from broadsheet.search.postings.words import keys_of
from broadsheet.search.terms.scoring import Part

MOST = 1 << 14
"""Words that are known at most, each in its field: some 8 bytes for each segment. With one more it begins anew."""


class _Known(NamedTuple):
    """What was looked for. rows: by field and word. places: where lists begin and end [rows, 2, segments]. counts: of
    the papers of each."""

    rows: dict[tuple[str, str], int]
    places: Array
    counts: Array


class Lists(NamedTuple):
    """The lists of some words. counts: how many papers each has."""

    counts: Array
    rows: Array
    known: _Known

    def places(self, which: Array) -> tuple[Array, Array]:
        """Return where some of them begin and end [segments, words]. which: of the words, by their places."""
        found = self.known.places[self.rows[which]].transpose(1, 2, 0).astype(np.int64, order="C")
        return found[0], found[1]


class Places:
    """Where lists lie, for any thread. addresses, sizes: of the segments, which stay where they are as long as this."""

    def __init__(self, addresses: Array, sizes: Array) -> None:
        self._addresses, self._sizes = addresses, sizes
        self._adding = threading.Lock()
        self._known = self._none(0)

    def of(self, parts: Sequence[Part]) -> Lists:
        """Return the lists of some words in their fields, which are empty where no paper holds them."""
        known, names = self._known, [part[:2] for part in parts]
        rows = [known.rows.get(name, -1) for name in names]
        if -1 in rows:
            known = self._with(parts)
            rows = [known.rows[name] for name in names]
        placed = np.array(rows, np.int64)
        return Lists(known.counts[placed], placed, known)

    def _with(self, parts: Sequence[Part]) -> _Known:
        """Look for those of some words that are not known yet, and return what is known then."""
        from broadsheet.search.postings import kernels

        with self._adding:
            known, wanted = self._known, {part[:2]: part for part in parts}
            lacking = [part for name, part in wanted.items() if name not in known.rows]
            if len(known.rows) + len(lacking) > len(known.counts):
                # Who looks at the former ones at this moment keeps them.
                known, lacking = self._none(len(wanted)), list(wanted.values())
            begin, end = np.zeros((2, len(self._sizes), len(lacking)), np.int64)
            kernels.find(self._addresses, self._sizes, keys_of(lacking), begin, end)
            first, last = len(known.rows), len(known.rows) + len(lacking)
            known.places[first:last, 0], known.places[first:last, 1] = begin.T, end.T
            known.counts[first:last] = (end - begin).sum(axis=0)
            # Rows come before the names by which others find them.
            known.rows.update(zip((part[:2] for part in lacking), range(first, last), strict=True))
            self._known = known
        return known

    def _none(self, parts: int) -> _Known:
        room = max(MOST, parts)
        return _Known({}, np.empty((room, 2, len(self._sizes)), np.uint32), np.empty(room, np.int64))
