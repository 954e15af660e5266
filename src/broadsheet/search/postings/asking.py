"""The best papers for the words of a query, and those that hold all of them: what the compiled loops are given.

The loops run over all segments in one call, so that Python's lock is let go once and not for each of them: who else is
busy in Python at that moment would take it, and keep it for milliseconds.
"""

import threading
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple, Self

import numpy as np

from broadsheet.search.index import Need, Ranked, Scored
from broadsheet.search.postings.places import Lists, Places
from broadsheet.search.postings.segments import FIELDS, MOST, STEP, Array, Segment
from broadsheet.search.terms import scoring
from broadsheet.search.terms.scoring import Part, Wanted

READ_LEAST, READ_A_WORD = 2.0, 0.04
"""What is read of a query of many words, in shares of all papers: at least, and by each word. A place takes 1 ns."""


class View(NamedTuple):
    """Segments as they were at one moment. addresses, sizes: where their arrays lie, and how long these are
    [segments, columns], as ``kernels`` numbers them. papers: in all, also those taken out. places: where words
    lie in them."""

    segments: tuple[Segment, ...]
    addresses: Array
    sizes: Array
    papers: int
    places: Places

    @classmethod
    def of(cls, those: Iterable[Segment]) -> Self:
        """Return a view of segments, whose arrays stay where they are as long as it does."""
        held = tuple(those)
        arrays = [
            (
                p.ids,
                p.days,
                p.filed,
                p.terms,
                p.begins,
                p.papers,
                p.impacts,
                segment.dead,
                p.vocabulary,
                p.texts,
                p.starts,
            )
            for segment, p in ((segment, segment.parts) for segment in held)
        ]
        told = (
            [[array.__array_interface__["data"][0] for array in row] for row in arrays],
            [[array.shape[-1] for array in row] for row in arrays],
        )
        addresses, sizes = np.array(told[0], np.uint64).reshape(-1, 11), np.array(told[1], np.int64).reshape(-1, 11)
        papers = sum(len(segment.parts.ids) for segment in held)
        return cls(held, addresses, sizes, papers, Places(addresses, sizes))


def best(view: View, wanted: Wanted, limit: int, among: Array | None = None) -> Sequence[Scored]:
    """Return the best papers for the words of a query, best first. See ``Postings.best``.

    among: the sets of papers that may be found [segments, words of a set].
    """
    from broadsheet.search.postings import choosing, kernels

    limit = min(limit, view.papers)
    if limit <= 0:
        return []
    every = [*wanted.parts, *chain.from_iterable((*one.typed, *one.other) for one in wanted.either)]
    lists = view.places.of(every)
    read = _worth_reading(wanted, lists.counts, view.papers)
    taken = np.append(read, np.arange(len(wanted.parts), len(every)))
    begin, end = lists.places(taken)
    told = scoring.telling(every, lists.counts, view.papers, whole=wanted.whole)[taken].astype(np.float32)
    tables = told[:, None] * (_STEPS * np.float32(STEP))
    room = 2 * limit + choosing.STRETCH
    found, ids = np.empty(room, np.float32), np.empty(room, np.int64)
    size = kernels.score(
        view.addresses, view.sizes, begin, end, len(read), tables, _forms(wanted, len(read)), *_room(),
        _NOBODY if among is None else among, among is not None, limit, found, ids,
    )  # fmt: skip
    order = np.lexsort((ids[:size], -found[:size]))
    return Ranked(ids[:size][order], found[:size][order])


def having(view: View, ids: Array, needs: Sequence[Need]) -> Array:
    """Return those of some papers that hold each of several words in one of its ways. ids: rise, as those returned.

    A way with a word that no paper holds is none; most words have but one then, and are looked for together.
    """
    places = {word: place for place, word in enumerate(dict.fromkeys(chain.from_iterable(chain(*needs))))}
    lists = view.places.of([Part(FIELDS[0], word, 1.0) for word in places])
    counts = lists.counts.tolist()
    left = [[way for way in need if all(counts[places[word]] for word in way)] for need in needs]
    if not all(left):
        return ids[:0]
    plain = {places[word] for ways in left if len(ways) == 1 for word in ways[0]}
    ids = _holding(view, ids, lists, sorted(plain, key=counts.__getitem__))  # the rarest first, which most papers lack
    for ways in left:
        if len(ways) > 1 and len(ids):
            found = (_holding(view, ids, lists, [places[word] for word in way]) for way in ways)
            ids = np.unique(np.concatenate(list(found)))
    return ids


def _holding(view: View, ids: Array, lists: Lists, which: Sequence[int]) -> Array:
    """Return those of some papers that are in each of some lists. ids: rise, as those returned."""
    from broadsheet.search.postings import holding_loops

    if not len(ids) or not which:
        return ids
    found = np.empty(len(ids), np.int64)
    begin, end = lists.places(np.array(which))
    number = holding_loops.hold_all(view.addresses, view.sizes, begin, end, ids, found)
    return np.sort(found[:number])


_STEPS = np.arange(256, dtype=np.float32)
_NOBODY = np.zeros((1, 1), np.uint64)

_kept = threading.local()


def _room() -> tuple[Array, Array, Array]:
    """Return where this thread adds up scores, for the papers of one segment at a time."""
    room: tuple[Array, Array, Array] | None = getattr(_kept, "room", None)
    if room is None:
        room = _kept.room = np.zeros(MOST, np.float32), np.zeros((2, MOST), np.float32), np.zeros(MOST, np.uint8)
    return room


def _worth_reading(wanted: Wanted, counts: Array, papers: int) -> Array:
    """Return the places of the parts that are read: of a short query all that some paper holds."""
    parts = wanted.parts
    words = sum(part.field == FIELDS[0] and part.weight == 1 for part in parts)
    if words <= scoring.ALWAYS:
        return np.flatnonzero(counts[: len(parts)])
    most = max(READ_LEAST, READ_A_WORD * words) * max(papers, scoring.NEVER_LESS_THAN)
    return scoring.worth_reading(parts, counts[: len(parts)], papers, most, whole=wanted.whole)


def _forms(wanted: Wanted, begin: int) -> Array:
    """Return where the words of what has two forms lie among all: begin, begin of the other form, end [forms, 3].

    begin: of the first of them.
    """
    found, at = np.zeros((len(wanted.either), 3), np.int64), begin
    for place, one in enumerate(wanted.either):
        found[place] = at, at + len(one.typed), at + len(one.typed) + len(one.other)
        at += len(one.typed) + len(one.other)
    return found
