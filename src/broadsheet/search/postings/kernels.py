"""The loops that search runs over postings, compiled. What is given to them: ``asking``.

Papers of a segment are numbered in 16 bits, and what is added up has room for all such numbers: whatever a damaged
file says, nothing is written beside. Places within the postings are checked where files are opened.
"""

from typing import Any

import numpy as np
from numba import carray  # type: ignore[attr-defined]  # its stubs leave it out
from numpy.typing import NDArray

from broadsheet.search.machine.compiled import compiled
from broadsheet.search.machine.instructions import bits_set, fetch, pointer
from broadsheet.search.postings.choosing import STRETCH, cut_down, keep_best
from broadsheet.search.postings.segments import MOST

type Array = NDArray[Any]

IDS, DAYS, FILED, TERMS, BEGINS, PAPERS, IMPACTS, DEAD, VOCABULARY, TEXTS, STARTS = range(11)
"""Columns of what tells where the arrays of segments lie, and how long they are."""

NEAR = 16
"""Places by which a key is looked for at first beside where it should stand."""

FEW = 8
"""Papers of a segment up to which each is looked for in a list, many places at a time."""

SPARSE = 8
"""How many times as many papers a segment has as a set of them that are scored alone: to look whether a paper is wanted
takes two thirds of the time in which it is scored."""

PORTION = 1024
"""Places of a list that are looked through before those of wanted papers are scored."""

FETCHED = 256
"""Places of each list of a segment that are fetched from memory before the first list is read: a tenth less time."""

LINE = 64
"""Bytes that come from memory together."""


@compiled
def guess(count: int, wanted: np.uint64) -> int:
    """Return where among ``count`` keys one should stand: they are check sums, as many in each stretch."""
    return min(np.int64(wanted * (count / 2.0**64)), count - 1)  # type: ignore[return-value]  # a number


@compiled
def nearer(keys: Array, wanted: np.uint64, place: int) -> int:
    """Return where a key should stand, as told by the one at a place that is near to it."""
    scale = len(keys) / 2.0**64
    if keys[place] < wanted:
        place += np.int64((wanted - keys[place]) * scale)  # type: ignore[assignment]  # a number
    else:
        place -= np.int64((keys[place] - wanted) * scale)  # type: ignore[assignment]  # a number
    return min(max(place, 0), len(keys) - 1)


@compiled
def place_of(keys: Array, wanted: np.uint64, near: int) -> int:
    """Return where a key stands among some in rising order, or -1. near: a place to begin at."""
    low = high = near
    step = NEAR
    while low > 0 and keys[low] >= wanted:
        high, low, step = low, max(low - step, 0), 2 * step
    while high < len(keys) and keys[high] < wanted:
        low, high, step = high, min(high + step, len(keys)), 2 * step
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < len(keys) and keys[low] == wanted else -1


@compiled
def find(addresses: Array, sizes: Array, wanted: Array, begin: Array, end: Array) -> None:
    """Tell where the postings of some words lie in each segment, from ``begin`` to ``end`` [segments, words].

    Both are 0 for a word that is not there. addresses, sizes: of the segments, see ``asking``. What is read
    lies anywhere in memory, so that all of it is fetched before any is waited for.
    """
    near = np.zeros((len(sizes), len(wanted)), np.int64)
    for turn in range(3):
        for segment in range(len(sizes)):
            count = sizes[segment, TERMS]
            if count == 0:
                continue
            terms = carray(pointer(addresses[segment, TERMS]), (1, count), np.uint64)
            begins = carray(pointer(addresses[segment, BEGINS]), (1, count + 1), np.uint32)
            for word in range(len(wanted)):
                if turn == 0:
                    near[segment, word] = guess(count, wanted[word])
                    fetch(terms, np.int64(0), near[segment, word])
                elif turn == 1:
                    near[segment, word] = nearer(terms[0], wanted[word], near[segment, word])
                    fetch(terms, np.int64(0), near[segment, word])
                    fetch(begins, np.int64(0), near[segment, word])
                else:
                    place = place_of(terms[0], wanted[word], near[segment, word])
                    if place >= 0:
                        # Checked when the file was opened; but what is mapped may be read from a failing disk again.
                        last: Any = min(np.int64(begins[0, place + 1]), sizes[segment, PAPERS])
                        begin[segment, word] = min(np.int64(begins[0, place]), last)
                        end[segment, word] = last


@compiled
def fetch_lists(papers: Array, impacts: Array, begin: Array, end: Array, words: int) -> None:
    """Let the beginning of the lists of the first ``words`` come from memory: what follows comes by itself."""
    all_papers, all_impacts = papers.reshape((1, len(papers))), impacts.reshape((1, len(impacts)))
    for word in range(words):
        first = begin[word]
        last = min(end[word], first + FETCHED)
        for place in range(first, last, LINE // 2):
            fetch(all_papers, np.int64(0), place)
        for place in range(first, last, LINE):
            fetch(all_impacts, np.int64(0), place)


@compiled
def add_all(
    papers: Array, impacts: Array, begin: Array, end: Array, words: int, tables: Array, scores: Array, count: int
) -> None:
    """Set the scores of ``count`` papers to what the first ``words`` of some count in each together.

    begin, end: where the postings of each word lie. tables: what each of the 256 impacts of a word counts.
    """
    fetch_lists(papers, impacts, begin, end, words)
    scores[:count] = 0
    for word in range(words):
        table = tables[word]
        # Cut out, so that no place can be below 0, which numba would look for and count from the end: an eighth less.
        held, counted = papers[begin[word] : end[word]], impacts[begin[word] : end[word]]
        for place in range(len(held)):
            scores[held[place]] += table[counted[place]]


@compiled
def rows_of(bits: Array, rows: Array) -> int:
    """Write the papers of a set, as far as there is room; return how many these are in all."""
    number = 0
    for word in range(len(bits)):
        left = bits[word]
        while left and number < len(rows):
            lowest = left & (~left + np.uint64(1))
            left ^= lowest
            rows[number] = word * STRETCH + np.int64(bits_set(lowest - np.uint64(1)))
            number += 1
        number += int(bits_set(left))
    return number


@compiled
def holds_one(papers: Array, rows: Array) -> Any:
    """Tell whether some papers hold one of a few."""
    found = np.uint16(0)
    for row in range(len(rows)):
        for place in range(len(papers)):
            found = np.uint16(found | np.uint16(papers[place] == rows[row]))
    return found > 0


@compiled
def add_of_set(
    papers: Array,
    impacts: Array,
    begin: Array,
    end: Array,
    words: int,
    tables: Array,
    scores: Array,
    among: Array,
    rows: Array,
    hits: Array,
) -> None:
    """Set the scores of the papers of a set as ``add_all`` does, and others beside them to anything.

    rows: these papers where they are few; else none. hits: room for PORTION places, and one more.
    """
    for stretch in range(len(among)):
        if among[stretch]:
            scores[stretch * STRETCH : (stretch + 1) * STRETCH] = 0
    for word in range(words):
        table = tables[word]
        for first in range(begin[word], end[word], PORTION):
            last = min(first + PORTION, end[word])
            some = papers[first:last]
            if len(rows) and not holds_one(some, rows):
                continue
            number = 0
            for place in range(len(some)):
                hits[number] = first + place
                number += int(among[some[place] >> 6] >> np.uint64(some[place] & 63) & np.uint64(1))
            for hit in range(number):
                scores[papers[hits[hit]]] += table[impacts[hits[hit]]]


@compiled
def add_better(
    papers: Array,
    impacts: Array,
    begin: Array,
    end: Array,
    tables: Array,
    form: Array,
    scores: Array,
    room: Array,
    held: Array,
    count: int,
) -> None:
    """Add to the scores of papers the better of two forms: any of the words that were typed, or all of the other.

    form: where its words begin, where those of the other form do, and where these end. room: for scores [2, MOST].
    held: room for as many numbers.
    """
    room[:, :count] = 0
    held[:count] = 0
    for word in range(form[0], form[2]):
        table = tables[word]
        for place in range(begin[word], end[word]):
            paper = papers[place]
            if word < form[1]:
                room[0, paper] += table[impacts[place]]
            else:
                room[1, paper] += table[impacts[place]]
                held[paper] += 1
    needed = form[2] - form[1]
    for paper in range(count):
        score = room[0, paper]
        if needed > 0 and held[paper] == needed and room[1, paper] > score:
            score = room[1, paper]
        scores[paper] += score


@compiled
def name(addresses: Array, sizes: Array, places: Array) -> None:
    """Put their ids in place of some papers, each told by its segment times MOST and its number there.

    They lie anywhere in memory: all are fetched before any is waited for, and none that is not among the best.
    """
    for turn in range(2):
        for one in range(len(places)):
            segment, paper = places[one] // MOST, places[one] % MOST
            ids = carray(pointer(addresses[segment, IDS]), (1, sizes[segment, IDS]), np.int64)
            if turn == 0:
                fetch(ids, np.int64(0), paper)
            else:
                places[one] = ids[0, paper]


@compiled
def score(
    addresses: Array,
    sizes: Array,
    begin: Array,
    end: Array,
    words: int,
    tables: Array,
    forms: Array,
    scores: Array,
    room: Array,
    held: Array,
    among: Array,
    narrowed: bool,
    limit: int,
    best: Array,
    best_ids: Array,
) -> int:
    """Score all papers of all segments, write the best, and return how many these are: ``limit`` at most.

    begin, end, words, tables: as in ``add_all``, by segment. forms: as in ``add_better``, of each one. among: where
    ``narrowed``, the sets of papers that may be found, by segment. best, best_ids: room for a stretch more than
    ``limit``, and as many again so that choosing pays.
    """
    least, spare = np.float32(0), np.empty_like(best)
    size, few, hits = 0, np.empty(FEW, np.uint16), np.empty(PORTION + 1, np.int64)
    for segment in range(len(sizes)):
        count = sizes[segment, IDS]
        row = among[segment] if narrowed else among[0]
        number = rows_of(row, few) if narrowed else count
        if number == 0:
            continue
        papers = carray(pointer(addresses[segment, PAPERS]), sizes[segment, PAPERS], np.uint16)
        impacts = carray(pointer(addresses[segment, IMPACTS]), sizes[segment, PAPERS], np.uint8)
        if number < count // SPARSE and len(forms) == 0:
            rows = few[: number if number <= FEW else 0]
            add_of_set(papers, impacts, begin[segment], end[segment], words, tables, scores, row, rows, hits)
        else:
            add_all(papers, impacts, begin[segment], end[segment], words, tables, scores, count)
        for one in range(len(forms)):
            add_better(papers, impacts, begin[segment], end[segment], tables, forms[one], scores, room, held, count)
        dead = carray(pointer(addresses[segment, DEAD]), sizes[segment, DEAD], np.uint16)
        for place in range(len(dead)):
            scores[dead[place]] = 0
        size, least = keep_best(scores, count, segment * MOST, row, narrowed, limit, best, best_ids, spare, size, least)
    if size > limit:
        cut_down(best, best_ids, size, limit, spare)
        size = limit
    name(addresses, sizes, best_ids[:size])
    return size
