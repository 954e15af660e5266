"""The loops that make sets of papers of postings and of texts, compiled. What is given to them: ``posting_sets``.

A set is a bit a paper, of all numbers that papers of a segment may have: whatever a damaged file says, nothing is
written beside. Where texts begin and end is checked where files are opened.
"""

from typing import Any

import numpy as np
from numba import carray  # type: ignore[attr-defined]  # its stubs leave it out
from numpy.typing import NDArray

from broadsheet.search.compiled import bits_set, compiled, pointer
from broadsheet.search.posting_kernels import (
    DAYS,
    DEAD,
    IDS,
    PAPERS,
    STARTS,
    TEXTS,
    VOCABULARY,
    guess,
    nearer,
    place_of,
)
from broadsheet.search.posting_sets import BOTH, BUT, EITHER, EVERY, GIVEN, HELD, LISTED, SINCE
from broadsheet.search.scanning import fetch
from broadsheet.search.segments import CODES, MOST

type Array = NDArray[Any]

TOGETHER = 64
"""Places of a text that are compared at once."""

LOOK = 64
"""Places of a list that are read in the time in which one text is looked through."""

_AHEAD, _LINE = 12, 64
"""Texts that are fetched from memory while others are read, and codes that come together."""

_u8 = np.uint64
_NOBODY = np.zeros(MOST // 64, np.uint64)


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
def held_together(papers: Array, begin: Array, end: Array, bits: Array, rows: Array) -> None:
    """Make a set of the papers in all of some lists, the shortest first. rows: room for the papers of a set, and one.

    Lists beside which few papers are left are not read: their texts are looked through in less time.
    """
    bits[:] = 0
    for word in range(len(begin)):
        if begin[word] == end[word]:
            return
    listed(papers, begin[0], end[0], bits)
    left = end[0] - begin[0]
    for word in range(1, len(begin)):
        if LOOK * left < end[word] - begin[word]:
            break
        both = np.zeros_like(bits)
        left = 0
        for first in range(begin[word], end[word], len(rows) - 1):
            number = 0
            for place in range(first, min(first + len(rows) - 1, end[word])):
                paper = np.int64(papers[place])
                rows[number] = paper
                number += int(bits[paper >> 6] >> _u8(paper & 63) & _u8(1))
            for place in range(number):
                both[rows[place] >> 6] |= _u8(1) << _u8(rows[place] & 63)
            left += number
        bits[:] = both


@compiled
def bound(count: int, bits: Array) -> None:
    """Take out of a set what is no paper of the first ``count``."""
    if count % 64:
        bits[count // 64] &= (_u8(1) << _u8(count % 64)) - _u8(1)
    for word in range(-(-count // 64), len(bits)):
        bits[word] = 0


@compiled
def coded(keys: Array, vocabulary: Array, codes: Array) -> None:
    """Write the codes of words, CODES for one that has none."""
    for word in range(len(keys)):
        place = -1
        if len(vocabulary):
            place = place_of(vocabulary, keys[word], nearer(vocabulary, keys[word], guess(len(vocabulary), keys[word])))
        codes[word] = place if 0 <= place < CODES else CODES


@compiled
def holds(texts: Array, begin: int, end: int, codes: Array, at: int, same: Array, eights: Array) -> bool:
    """Tell whether a text has some codes one after the other. texts: lower and upper halves of codes [2, codes].

    at: the first of the three codes, or as many as there are, whose lower halves are looked for first. same: room for
    TOGETHER of these, also as numbers of eight (``eights``).
    """
    second, third = min(len(codes) - 1, 1), min(len(codes) - 1, 2)
    x, y, z = np.uint8(codes[at] & 255), np.uint8(codes[at + second] & 255), np.uint8(codes[at + third] & 255)
    last = end - (len(codes) - 1 - at)
    for first in range(begin + at, last, TOGETHER):
        if first + TOGETHER + 2 <= texts.shape[1]:
            some = texts[0, first : first + TOGETHER]
            behind, more = texts[0, first + second :][:TOGETHER], texts[0, first + third :][:TOGETHER]
            for place in range(TOGETHER):
                same[place] = np.uint8(some[place] == x) & np.uint8(behind[place] == y) & np.uint8(more[place] == z)
        else:
            same[:] = 1
        for eight in range(TOGETHER // 8):
            left = eights[eight]
            while left:
                lowest = left & (~left + _u8(1))
                left ^= lowest
                here: Any = first + 8 * eight + np.int64(bits_set(lowest - _u8(1))) // 8
                if here < last and stands(texts, here - at, codes):
                    return True
    return False


@compiled
def stands(texts: Array, place: int, codes: Array) -> bool:
    """Tell whether some codes stand at a place of a text."""
    same = 0
    while same < len(codes) and code_at(texts, place + same) == codes[same]:
        same += 1
    return same == len(codes)


@compiled
def code_at(texts: Array, place: int) -> int:
    """Return a code of a text."""
    code: int = np.int64(texts[0, place]) | np.int64(texts[1, place]) << 8  # type: ignore[assignment]  # a number
    return code


@compiled
def narrow_to_phrase(texts: Array, starts: Array, part: int, codes: Array, at: int, rows: Array, bits: Array) -> None:
    """Take out of a set the papers whose title (part 0) or abstract (1) has not some codes one after the other.

    texts, at: as in ``holds``. rows: room for the papers of a set.
    """
    number, same = 0, np.empty(TOGETHER, np.uint8)
    eights = same.view(np.uint64)
    for word in range(len(bits)):
        left = bits[word]
        while left:
            lowest = left & (~left + _u8(1))
            left ^= lowest
            rows[number] = 64 * word + np.int64(bits_set(lowest - _u8(1)))
            number += 1
    for k in range(number):
        if k + _AHEAD < number:
            place = 2 * np.int64(rows[k + _AHEAD]) + part
            for ahead in range(starts[place], starts[place + 1], _LINE):
                fetch(texts, np.int64(0), np.int64(ahead))
        place = 2 * np.int64(rows[k]) + part
        # Checked when the file was opened; but what is mapped may be read from a failing disk again.
        begin: Any = np.int64(starts[place])
        end: Any = min(np.int64(starts[place + 1]), texts.shape[1])
        if not holds(texts, begin, end, codes, at, same, eights):
            bits[rows[k] >> 6] &= ~(_u8(1) << _u8(rows[k] & 63))


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
def put(does: int, papers: Array, begin: Array, end: Array, given: Array, rows: Array, may: Array) -> None:
    """Make a set of papers: all, given ones, or those in one or in all of the lists from ``begin`` to ``end``.

    given: is told those in all of them. rows: room, see ``held_together``.
    """
    may[:] = ~_u8(0) if does == EVERY else _u8(0)
    if does == GIVEN:
        may[:] = given
    if does == HELD:
        held_together(papers, begin, end, may, rows)
        given[:] = may
    if does == LISTED:
        for word in range(len(begin)):
            listed(papers, begin[word], end[word], may)


@compiled
def lacks_one(codes: Array) -> bool:
    """Tell whether one of some words has no code."""
    lacks = False
    for place in range(len(codes)):
        lacks |= codes[place] == CODES
    return lacks


@compiled
def take_out(papers: Array, bits: Array) -> None:
    """Take papers out of a set."""
    for place in range(len(papers)):
        bits[papers[place] >> 6] &= ~(_u8(1) << _u8(papers[place] & 63))


@compiled
def hold(
    addresses: Array,
    sizes: Array,
    begin: Array,
    end: Array,
    steps: Array,
    phrases: Array,
    given: Array,
    within: Array,
    narrowed: bool,
    loosely: bool,
    may: Array,
    doubt: Array,
    found: Array,
    doubtful: Array,
) -> None:
    """Write which papers of each segment fulfil conditions, and which of these only perhaps.

    begin, end: where the postings of each word lie [segments, words]. steps: [steps, 5], what is done one after the
    other, with four numbers that belong to it: of words, or of keys in ``phrases``, where they begin and end; of a
    phrase besides 0 for titles and 1 for abstracts, and the first of the three words that are looked for first.
    given: sets of papers [sets, segments, words], for steps that ask for them, and for what steps keep. within: where
    ``narrowed``, the papers alone that are wanted. loosely: phrases are not looked for, and stand perhaps in all
    papers that may hold their words.
    may, doubt: room for the pile. found, doubtful: the answer [segments, words of a set].
    """
    rows, codes = np.empty(64 * may.shape[1] + 1, np.uint16), np.empty(len(phrases), np.uint16)
    for segment in range(len(sizes)):
        count = sizes[segment, IDS]
        papers = carray(pointer(addresses[segment, PAPERS]), sizes[segment, PAPERS], np.uint16)
        days = carray(pointer(addresses[segment, DAYS]), count, np.int32)
        vocabulary = carray(pointer(addresses[segment, VOCABULARY]), sizes[segment, VOCABULARY], np.uint64)
        texts = carray(pointer(addresses[segment, TEXTS]), (2, sizes[segment, TEXTS]), np.uint8)
        starts = carray(pointer(addresses[segment, STARTS]), sizes[segment, STARTS], np.uint32)
        if not loosely:
            coded(phrases, vocabulary, codes)
        top = -1
        for step in range(len(steps)):
            does, one, other, part, at = steps[step]
            if does <= GIVEN:
                top += 1
                doubt[top] = 0
                row = given[one if does == GIVEN else part, segment] if len(given) else found[segment]
                put(does, papers, begin[segment, one:other], end[segment, one:other], row, rows, may[top])
                bound(count, may[top])
            elif does <= BUT:
                top -= 1
                combine(does, may[top], doubt[top], may[top + 1], doubt[top + 1])
            elif does == SINCE:
                narrow_to_days(days, one, other, may[top])
            elif loosely:
                doubt[top] = may[top]
            else:
                if narrowed:
                    may[top] &= within[segment]
                narrow_to_phrase(texts, starts, part, codes[one:other], at, rows, may[top])
                doubt[top] = may[top] if lacks_one(codes[one:other]) else _NOBODY
        take_out(carray(pointer(addresses[segment, DEAD]), sizes[segment, DEAD], np.uint16), may[0])
        found[segment] = may[0] & within[segment] if narrowed else may[0]
        doubtful[segment] = doubt[0] & found[segment]


@compiled
def ids_of(addresses: Array, sizes: Array, order: Array, bits: Array, found: Array) -> int:
    """Write the ids of sets, segment after segment in some order, as far as there is room; return how many."""
    number = 0
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
                    number += 1
    return number


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
