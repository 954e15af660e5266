"""How many papers hold some words, by category and by year: counted in the segments of ``postings``, exactly.

When that is asked and what is told as an estimate is ``counted``'s; the loops are ``filed_loops``.
"""

import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.postings.asking import View
from broadsheet.search.postings.segments import FIELDS, MOST, Array, Parts, Segment
from broadsheet.search.terms.scoring import Part

MANY = 100_000
"""Papers up to which each one's categories are counted: some 10 ns of a processor each."""
SAMPLE = 25_000
"""Of more papers at least so many are, in equal steps."""

SPARED = 30_000
"""Papers of the two rarest words up to which it is counted what leaving one word out would find: 5 ns each."""

_OUTGROWN = 2
"""Times the names of a view that may be known; of more, most are of papers that went, and all are numbered anew."""

_CATEGORY = "category "
_YEARS = 10_000
_MOST_NAMES = MOST - 1
_NOBODY = np.zeros((1, 0), np.uint64)

_kept = threading.local()


class Counted(NamedTuple):
    """What was counted. lacking: for each word how many papers lack it and no other, where that was asked.

    categories, years: in order, with numbers of papers, of which one in ``every`` was counted by them.
    """

    total: int
    lacking: list[int]
    categories: list[tuple[str, int]]
    years: list[tuple[int, int]]
    every: int


class _Filed(NamedTuple):
    """What the papers of a segment are filed under, as numbers: some 10 bytes a paper, of 160 that bits may take.

    of: the parts of the segment itself.
    """

    of: Parts
    begins: NDArray[np.uint32]
    numbers: NDArray[np.uint16]


class _Seen(NamedTuple):
    """A view and where what its papers are filed under lies by segment, in arrays that stay there as long as this.

    categories: by name, numbers: that stand for them. names: how many numbers stand for something, from 0 on.
    """

    view: View
    places: Array
    held: list[_Filed]
    categories: Array
    numbers: Array
    names: int


class Filing:
    """What papers are filed under, in the view that was shown last. Segments that stay are not read again."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._lock = threading.Lock()
        self._seen: _Seen | None = None

    def _of(self, view: View) -> _Seen | None:
        """Return what the papers of a view are filed under; None where there are too many names for that."""
        seen = self._seen
        if seen is None or seen.view is not view:
            with self._lock:
                # By the parts and not by their name: places of another file would lie outside.
                known = {id(one.of): one for one in self._seen.held} if self._seen else {}
                numbered = dict(self._names)  # until all is read, as what was seen goes by the former
                if len(numbered) > _OUTGROWN * len(set[str]().union(*(segment.names for segment in view.segments))):
                    numbered, known = {}, {}
                held = [known.get(id(segment.parts)) or _read(segment, numbered) for segment in view.segments]
                if len(numbered) > _MOST_NAMES:
                    return None
                places = [
                    [one.__array_interface__["data"][0] for one in (filed.begins, filed.numbers)] for filed in held
                ]
                names = sorted(name for name in numbered if name.startswith(_CATEGORY))
                seen = _Seen(
                    view,
                    np.array(places, np.uint64).reshape(len(places), 2),
                    held,
                    np.array([name.removeprefix(_CATEGORY) for name in names], object),
                    np.array([numbered[name] for name in names], np.int64),
                    len(numbered),
                )
                self._names, self._seen = numbered, seen
        return seen

    def counted(
        self,
        view: View,
        words: Sequence[str],
        among: NDArray[np.uint64] | None,
        *,
        facets: bool = False,
        spare: bool = False,
        most: int,
    ) -> Counted | None:
        """Count the papers that hold all of some words: stems, as the body of a paper has them.

        among: set of which the papers are [segments, MOST // 64], where they are not all.
        facets: by category and year too. spare: also those that lack one word of three or more, where that is quick.
        most: places of lists that are read. Returns None where it would be more.
        """
        from broadsheet.search.words import filed_loops as kernels

        seen = self._of(view)
        if seen is None:
            return None
        lists = view.places.of([Part(FIELDS[0], word, 1.0) for word in words])
        begin, end = lists.places(np.arange(len(words)))
        papers = lists.counts
        order = np.argsort(papers, kind="stable")
        upto = int(papers.min()) if len(papers) else view.papers
        within = view.papers if among is None else int(np.bitwise_count(among).sum())
        listed = among is not None and (within < upto or not words)

        def count(every: int) -> tuple[int, Array, Array, Array]:
            enough = view.papers if every > 1 else MANY
            told = np.zeros(max(1, seen.names), np.int64), np.zeros(_YEARS, np.int64), np.zeros_like(order)
            total = kernels.count(
                view.addresses, view.sizes, seen.places, begin, end, order, spare, most,
                _NOBODY if among is None else among, among is not None, listed, every, enough, *told, *_room(),
            )  # fmt: skip
            return total, *told

        # What lacks one word has one of the two rarest. Where many papers have, some should hold all of them too.
        spare = spare and len(words) > 2 and int(papers[order[:2]].sum()) <= SPARED
        every = int(facets)
        total, numbers, years, told = count(every)
        if facets and total > MANY:
            every = total // SAMPLE
            total, numbers, years, told = count(every)
        if total < 0:
            return None
        lacking = np.zeros_like(told)
        lacking[order] = told
        categories = _numbered(seen.categories, numbers[seen.numbers])
        return Counted(total, lacking.tolist() if spare else [], categories, _dated(years), every)


def _read(segment: Segment, numbered: dict[str, int]) -> _Filed:
    """Return what the papers of a segment are filed under. numbered: names, to which those that are new are added."""
    from broadsheet.search.words import filed_loops as kernels

    bits = segment.parts.filed
    places = np.zeros(64 * bits.shape[1], np.int64)
    for name, bit in segment.names.items():
        places[bit] = numbered.setdefault(name, len(numbered))
    begins = np.zeros(len(bits) + 1, np.uint32)
    numbers = np.zeros(int(np.bitwise_count(bits).sum()), np.uint16)
    kernels.numbered(bits, places, begins, numbers)
    return _Filed(segment.parts, begins, numbers)


def _numbered(names: Array, counts: Array) -> list[tuple[str, int]]:
    there = np.flatnonzero(counts)
    return list(zip(names[there].tolist(), counts[there].tolist(), strict=True))


def _dated(years: Array) -> list[tuple[int, int]]:
    there = np.flatnonzero(years)
    return list(zip(there.tolist(), years[there].tolist(), strict=True))


def _room() -> tuple[Array, Array, Array]:
    """Return where this thread notes what the papers of one segment hold."""
    room: tuple[Array, Array, Array] | None = getattr(_kept, "room", None)
    if room is None:
        room = _kept.room = np.zeros(MOST, np.uint8), np.zeros(MOST, np.uint16), np.zeros(MOST, np.uint8)
    return room
