"""The loops that search runs over postings, compiled. What is given to them: ``posting_asking``.

Papers of a segment are numbered in 16 bits, and what is added up has room for all such numbers: whatever a damaged
file says, nothing is written beside. Places within the postings are checked where files are opened.
"""

from typing import Any

import numpy as np
from numba import carray  # type: ignore[attr-defined]  # its stubs leave it out
from numpy.typing import NDArray

from broadsheet.search.compiled import compiled, pointer

type Array = NDArray[Any]

IDS, DAYS, FILED, TERMS, BEGINS, PAPERS, IMPACTS, DEAD, VOCABULARY, TEXTS, STARTS = range(11)
"""Columns of what tells where the arrays of segments lie, and how long they are."""

STRETCH = 64
"""Papers that are looked at together."""

NEAR = 128
"""Places by which a key is looked for at first beside where it should stand."""


@compiled
def find(addresses: Array, sizes: Array, wanted: Array, begin: Array, end: Array) -> None:
    """Tell where the postings of some words lie in each segment, from ``begin`` to ``end`` [segments, words].

    Both are 0 for a word that is not there. addresses, sizes: of the segments, see ``posting_asking``.
    """
    for segment in range(len(sizes)):
        terms = carray(pointer(addresses[segment, TERMS]), sizes[segment, TERMS], np.uint64)
        begins = carray(pointer(addresses[segment, BEGINS]), sizes[segment, TERMS] + 1, np.uint32)
        for place in range(len(wanted)):
            if len(terms) == 0:
                continue
            # Keys are check sums, as many in each stretch: most stand within some hundred places of where they should.
            low: Any = np.int64(wanted[place] * (len(terms) / 2.0**64))
            low -= low == len(terms)
            high, step = low, NEAR
            while low > 0 and terms[low] >= wanted[place]:
                high, low, step = low, max(low - step, 0), 2 * step
            while high < len(terms) and terms[high] < wanted[place]:
                low, high, step = high, min(high + step, len(terms)), 2 * step
            while low < high:
                middle = (low + high) // 2
                if terms[middle] < wanted[place]:
                    low = middle + 1
                else:
                    high = middle
            if low < len(terms) and terms[low] == wanted[place]:
                # Checked when the file was opened; but what is mapped may be read from a failing disk again.
                last: Any = min(np.int64(begins[low + 1]), sizes[segment, PAPERS])
                begin[segment, place] = min(np.int64(begins[low]), last)
                end[segment, place] = last


@compiled
def add_all(
    papers: Array, impacts: Array, begin: Array, end: Array, chosen: Array, tables: Array, scores: Array, count: int
) -> None:
    """Set the scores of ``count`` papers to what the chosen of some words count in each together.

    begin, end: where the postings of each word lie. tables: what each of the 256 impacts of a word counts.
    """
    scores[:count] = 0
    for one in range(len(chosen)):
        word = chosen[one]
        table = tables[word]
        for place in range(begin[word], end[word]):
            scores[papers[place]] += table[impacts[place]]


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
def heap(best: Array, best_ids: Array, size: int, score: float, pk: int) -> int:
    """Put a paper into a heap with the least score first, in place of that where it is full; return its size."""
    room = len(best)
    if size < room:
        place = size
        size += 1
        while place > 0 and best[(place - 1) >> 1] > score:
            best[place] = best[(place - 1) >> 1]
            best_ids[place] = best_ids[(place - 1) >> 1]
            place = (place - 1) >> 1
    else:
        place = 0
        while 2 * place + 1 < room:
            under = 2 * place + 1
            if under + 1 < room and best[under + 1] < best[under]:
                under += 1
            if best[under] >= score:
                break
            best[place] = best[under]
            best_ids[place] = best_ids[under]
            place = under
    best[place] = score
    best_ids[place] = pk
    return size


@compiled
def holds_above(scores: Array, least: Any) -> Any:
    """Tell whether one of some scores is above another one. Most stretches hold none, and this takes many at a time."""
    above = np.uint32(0)
    for place in range(len(scores)):
        above = np.uint32(above | np.uint32(scores[place] > least))
    return above > 0


@compiled
def keep_best(scores: Array, ids: Array, among: Array, narrowed: bool, best: Array, best_ids: Array, size: int) -> int:
    """Take the papers of a segment that are among the best so far into a heap, and return how many that has.

    ids: of the papers. among: where ``narrowed``, the set of those that may be found. best, best_ids: the heap.
    """
    full = len(best)
    least = best[0] if size == full else np.float32(0)
    for first in range(0, len(ids), STRETCH):
        last = min(first + STRETCH, len(ids))
        wanted = among[first // STRETCH] if narrowed else ~np.uint64(0)
        if wanted == 0 or not holds_above(scores[first:last], least):
            continue
        for paper in range(first, last):
            score = scores[paper]
            if score > least and wanted >> np.uint64(paper - first) & np.uint64(1):
                size = heap(best, best_ids, size, score, ids[paper])
                if size == full:
                    least = best[0]
    return size


@compiled
def score(
    addresses: Array,
    sizes: Array,
    begin: Array,
    end: Array,
    chosen: Array,
    tables: Array,
    forms: Array,
    scores: Array,
    room: Array,
    held: Array,
    among: Array,
    narrowed: bool,
    best: Array,
    best_ids: Array,
) -> int:
    """Score all papers of all segments, take the best into a heap, and return how many these are.

    begin, end, chosen, tables: as in ``add_all``, by segment. forms: as in ``add_better``, of each one. among: where
    ``narrowed``, the sets of papers that may be found, by segment.
    """
    size = 0
    for segment in range(len(sizes)):
        count = sizes[segment, IDS]
        ids = carray(pointer(addresses[segment, IDS]), count, np.int64)
        papers = carray(pointer(addresses[segment, PAPERS]), sizes[segment, PAPERS], np.uint16)
        impacts = carray(pointer(addresses[segment, IMPACTS]), sizes[segment, PAPERS], np.uint8)
        add_all(papers, impacts, begin[segment], end[segment], chosen, tables, scores, count)
        for one in range(len(forms)):
            add_better(papers, impacts, begin[segment], end[segment], tables, forms[one], scores, room, held, count)
        dead = carray(pointer(addresses[segment, DEAD]), sizes[segment, DEAD], np.uint16)
        for place in range(len(dead)):
            scores[dead[place]] = 0
        row = among[segment] if narrowed else among[0]
        size = keep_best(scores, ids, row, narrowed, best, best_ids, size)
    return size
