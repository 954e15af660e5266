"""The loops that make sets of papers of postings and of texts, compiled. What is given to them: ``sets``.

A set is a bit a paper, of all numbers that papers of a segment may have: whatever a damaged file says, nothing is
written beside. How a text is looked through is ``phrase_loops``.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numba import carray, types  # type: ignore[attr-defined]  # its stubs leave it out
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj
from numpy.typing import NDArray

from broadsheet.search.machine.compiled import compiled
from broadsheet.search.machine.instructions import bits_set, pointer
from broadsheet.search.postings.kernels import DAYS, DEAD, IDS, PAPERS, STARTS, TEXTS, rows_of
from broadsheet.search.postings.phrase_loops import lacks_one, with_phrase
from broadsheet.search.postings.segments import MOST
from broadsheet.search.postings.sets import AGAIN, BOTH, BUT, EITHER, EVERY, GIVEN, LISTED, LOOSELY, SINCE

type Array = NDArray[Any]

LOOK = 64
"""Places of a list that are read in the time in which one text is looked through."""

_u8 = np.uint64


@intrinsic
def _taken(_context: Any, turn: Any) -> Any:
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        # numba's inside has no types.
        held = arrayobj.make_array(signature.args[0])(context, builder, given[0])  # type: ignore[no-untyped-call]
        first = context.get_constant(types.int64, 0)
        place = cgutils.get_item_pointer(context, builder, signature.args[0], held, [first])  # type: ignore[no-untyped-call]
        return builder.atomic_rmw("add", place, context.get_constant(types.int64, 1), "monotonic")

    return types.int64(turn), made


taken = cast("Callable[[Array], int]", _taken)
"""Takes the next number of a count, an array of one: of several threads each gets another."""


@compiled
def listed(papers: Array, begin: int, end: int, bits: Array) -> None:
    """Add the papers of a list to a set: of its four parts in turn, as what was written just before is waited for."""
    part = (end - begin) // 4
    for first in range(begin, begin + part):
        for place in range(first, first + 4 * part, part):
            paper = np.int64(papers[place])
            bits[paper >> 6] |= _u8(1) << _u8(paper & 63)
    for place in range(begin + 4 * part, end):
        paper = np.int64(papers[place])
        bits[paper >> 6] |= _u8(1) << _u8(paper & 63)


@compiled
def held_together(
    papers: Array, begin: Array, end: Array, count: int, base: Array, based: bool, rows: Array, bits: Array
) -> int:
    """Write the papers in all of some lists, the shortest first, or in none; return how many there are.

    Lists beside which few papers are left are not read: their texts are looked through in less time. count: of the
    papers. base: where ``based``, the papers alone that are wanted. rows: room for all papers, and one. bits: of a set.
    """
    number = 0
    for word in range(len(begin)):
        if begin[word] == end[word]:
            return 0
    for place in range(min(end[0] - begin[0], MOST) if len(begin) else count):
        paper = np.int64(papers[begin[0] + place]) if len(begin) else place
        rows[number] = paper
        wanted = not based or base[paper >> 6] >> _u8(paper & 63) & _u8(1) > 0
        number += int(paper < count and wanted)
    for word in range(1, len(begin)):
        if LOOK * number < end[word] - begin[word]:
            break
        bits[:] = 0
        put(rows[:number], bits)
        number = 0
        for place in range(begin[word], min(end[word], begin[word] + MOST)):
            paper = np.int64(papers[place])
            rows[number] = paper
            number += int(bits[paper >> 6] >> _u8(paper & 63) & _u8(1))
    return number


@compiled
def put(rows: Array, bits: Array) -> None:
    """Add papers to a set."""
    for place in range(len(rows)):
        bits[rows[place] >> 6] |= _u8(1) << _u8(rows[place] & 63)


@compiled
def bound(count: int, bits: Array) -> None:
    """Take out of a set what is no paper of the first ``count``."""
    if count % 64:
        bits[count // 64] &= (_u8(1) << _u8(count % 64)) - _u8(1)
    for word in range(-(-count // 64), len(bits)):
        bits[word] = 0


@compiled
def narrow_to_days(days: Array, since: int, until: int, bits: Array) -> None:
    """Take out of a set the papers that are not of some days; 0 for no first or no last one."""
    for paper in range(len(days)):
        day = days[paper]
        if (since > 0 and day < since) or (until > 0 and (day > until or day < 1)):
            bits[paper >> 6] &= ~(_u8(1) << _u8(paper & 63))


@compiled
def combine(does: int, may: Array, doubt: Array, may_too: Array, doubt_too: Array) -> None:
    """Make one set of two, as a step says: the first becomes it. What is surely in both is no doubt, and so on."""
    for word in range(len(may)):
        x, y = may[word], may_too[word]
        surely, surely_too = x & ~doubt[word], y & ~doubt_too[word]
        if does == BOTH:
            may[word] = x & y
            doubt[word] = x & y & ~(surely & surely_too)
        elif does == EITHER:
            may[word] = x | y
            doubt[word] = (x | y) & ~(surely | surely_too)
        else:
            may[word] = x & ~surely_too
            doubt[word] = may[word] & ~(surely & ~y)


@compiled
def take_out(papers: Array, bits: Array) -> None:
    """Take papers out of a set."""
    for place in range(len(papers)):
        bits[papers[place] >> 6] &= ~(_u8(1) << _u8(papers[place] & 63))


@compiled
def put_known(does: int, papers: Array, begin: Array, end: Array, given: Array, count: int, may: Array) -> None:
    """Make a set of all of the first ``count`` papers, of given ones, or of those in one of some lists."""
    may[:] = ~_u8(0) if does == EVERY else _u8(0)
    if does == GIVEN:
        may[:] = given
    if does == LISTED:
        for word in range(len(begin)):
            listed(papers, begin[word], end[word], may)
    bound(count, may)


@compiled
def left_of(kept: Array, within: Array, narrowed: bool, bits: Array, rows: Array) -> int:
    """Write the papers of a set, where ``narrowed`` those that are in another one too; return how many there are."""
    bits[:] = kept
    if narrowed:
        bits &= within
    return rows_of(bits, rows)


@compiled
def put_phrase(rows: Array, perhaps: bool, may: Array, doubt: Array) -> None:
    """Make a set of papers. perhaps: whether all of them are in doubt."""
    may[:] = 0
    put(rows, may)
    doubt[:] = 0
    if perhaps:
        doubt[:] = may


@compiled
def tell_doubt(doubt: Array, found: Array, doubted: bool, doubtful: Array) -> None:
    """Write which of the papers found are in doubt, where any may be."""
    if doubted:
        doubtful[:] = doubt & found


@compiled
def count_of(bits: Array) -> int:
    """Return how many papers are in a set, or in sets of one array."""
    number = _u8(0)
    for word in range(len(bits)):
        number += bits_set(bits[word])
    return int(number)


@compiled
def hold(
    addresses: Array,
    sizes: Array,
    begin: Array,
    end: Array,
    steps: Array,
    codes: Array,
    given: Array,
    kept: Array,
    how: int,
    within: Array,
    narrowed: bool,
    pile: Array,
    turn: Array,
    found: Array,
    doubtful: Array,
) -> None:
    """Write which papers of each segment fulfil conditions, and which of these only perhaps.

    Several threads may do so at once, each with a pile of its own: ``turn`` counts the segments that were taken up.

    begin, end: where the postings of each word lie [segments, words]. steps: what is done one after the other, as
    ``sets.Step`` has it. codes: of the words of phrases [segments, words]. given: sets of papers [sets,
    segments, words of a set], for steps that ask for them. kept: the same of papers that may hold the words of
    phrases, which are told LOOSELY and known AGAIN (``how``); LOOSELY phrases are not looked for, and stand perhaps in
    all of these. within: where ``narrowed``, the papers alone that are wanted. pile: room [2, sets, words of a set].
    found, doubtful: the answer [segments, words of a set]; the latter is all 0, and left so where nothing is in doubt.
    """
    rows, bits = np.empty(MOST + 1, np.uint16), np.empty_like(pile[0, 0])
    may, doubt = pile[0], pile[1]
    for _ in range(len(sizes)):
        segment = taken(turn)
        if segment >= len(sizes):
            break
        count = sizes[segment, IDS]
        papers = carray(pointer(addresses[segment, PAPERS]), sizes[segment, PAPERS], np.uint16)
        texts = carray(pointer(addresses[segment, TEXTS]), (2, sizes[segment, TEXTS]), np.uint8)
        starts = carray(pointer(addresses[segment, STARTS]), (1, sizes[segment, STARTS]), np.uint32)
        top, doubted = -1, False
        for step in range(len(steps)):
            does, one, other, first, last, part, at, place, base = steps[step]
            if does <= EVERY:
                top += 1
                doubt[top] = 0
                row = given[one, segment] if does == GIVEN else found[segment]
                put_known(does, papers, begin[segment, one:other], end[segment, one:other], row, count, may[top])
            elif does <= BUT:
                top -= 1
                combine(does, may[top], doubt[top], may[top + 1], doubt[top + 1])
            elif does == SINCE:
                narrow_to_days(carray(pointer(addresses[segment, DAYS]), count, np.int32), one, other, may[top])
            else:
                top += 1
                if how == AGAIN:
                    number = left_of(kept[place, segment], within[segment], narrowed, bits, rows)
                else:
                    number = held_together(
                        papers, begin[segment, first:last], end[segment, first:last], count, may[base], base >= 0, rows,
                        bits,
                    )  # fmt: skip
                if number and how != LOOSELY:
                    number = with_phrase(texts, starts, part, codes[segment, one:other], at, rows, number)
                perhaps = number > 0 and (how == LOOSELY or lacks_one(codes[segment, one:other]))
                put_phrase(rows[:number], perhaps, may[top], doubt[top])
                doubted |= perhaps
                if how == LOOSELY:
                    kept[place, segment] = may[top]
        take_out(carray(pointer(addresses[segment, DEAD]), sizes[segment, DEAD], np.uint16), may[0])
        found[segment] = may[0] & within[segment] if narrowed else may[0]
        tell_doubt(doubt[0], found[segment], doubted, doubtful[segment])


@compiled
def ids_of(addresses: Array, sizes: Array, bits: Array, found: Array) -> tuple[int, bool]:
    """Write the ids of sets as far as there is room; return how many, and whether they are in rising order."""
    number, rising = 0, True
    firsts = np.zeros(len(sizes), np.int64)
    for segment in range(len(sizes)):
        firsts[segment] = carray(pointer(addresses[segment, IDS]), sizes[segment, IDS], np.int64)[0]
    order: Array = np.argsort(firsts)
    for segment in order:
        ids = carray(pointer(addresses[segment, IDS]), sizes[segment, IDS], np.int64)
        for word in range(-(-len(ids) // 64)):
            left = bits[segment, word]
            while left and number < len(found):
                lowest = left & (~left + _u8(1))
                left ^= lowest
                paper = 64 * word + np.int64(bits_set(lowest - _u8(1)))
                if paper < len(ids):
                    found[number] = ids[paper]
                    rising &= number == 0 or ids[paper] > found[number - 1]
                    number += 1
    return number, rising


@compiled
def mark(addresses: Array, sizes: Array, wanted: Array, bits: Array) -> None:
    """Add papers to the sets of the segments that have them. wanted: ids in rising order."""
    for segment in range(len(sizes)):
        ids = carray(pointer(addresses[segment, IDS]), sizes[segment, IDS], np.int64)
        paper = 0
        for one in range(np.searchsorted(wanted, ids[0]), len(wanted)):
            if wanted[one] > ids[-1]:
                break
            paper = min(max(paper + wanted[one] - ids[paper], 0), len(ids) - 1)  # there, where none between is missing
            if ids[paper] != wanted[one]:
                paper = min(np.searchsorted(ids, wanted[one]), len(ids) - 1)
            if ids[paper] == wanted[one]:
                bits[segment, paper >> 6] |= _u8(1) << _u8(paper & 63)
