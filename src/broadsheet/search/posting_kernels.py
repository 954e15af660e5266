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

IDS, DAYS, FILED, TERMS, BEGINS, PAPERS, IMPACTS, DEAD = range(8)
"""Columns of what tells where the arrays of segments lie, and how long they are."""

STRETCH = 64
"""Papers that are looked at together."""


@compiled
def find(addresses: Array, sizes: Array, wanted: Array, begin: Array, end: Array) -> None:
    """Tell where the postings of some words lie in each segment, from ``begin`` to ``end`` [segments, words].

    Both are 0 for a word that is not there. addresses, sizes: of the segments, see ``posting_asking``.
    """
    for segment in range(len(sizes)):
        terms = carray(pointer(addresses[segment, TERMS]), sizes[segment, TERMS], np.uint64)
        begins = carray(pointer(addresses[segment, BEGINS]), sizes[segment, TERMS] + 1, np.uint32)
        for place in range(len(wanted)):
            low, high = 0, len(terms)
            while low < high:
                middle = (low + high) // 2
                if terms[middle] < wanted[place]:
                    low = middle + 1
                else:
                    high = middle
            if low < len(terms) and terms[low] == wanted[place]:
                begin[segment, place] = begins[low]
                end[segment, place] = begins[low + 1]


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
def passes(paper: int, days: Array, since: int, until: int, filed: Array, any_of: Array, none_of: Array) -> bool:
    """Tell whether a paper fulfils conditions, which are told in ``keep_best``."""
    if since > 0 and days[paper] < since:
        return False
    if until > 0 and (days[paper] > until or days[paper] < 1):
        return False
    for condition in range(len(any_of)):
        has = False
        for word in range(filed.shape[1]):
            has = has or (filed[paper, word] & any_of[condition, word]) != 0
        if not has:
            return False
    for word in range(filed.shape[1]):  # noqa: SIM110 (generators are not compiled)
        if filed[paper, word] & none_of[word]:
            return False
    return True


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
def keep_best(
    scores: Array,
    ids: Array,
    days: Array,
    since: int,
    until: int,
    filed: Array,
    any_of: Array,
    none_of: Array,
    best: Array,
    best_ids: Array,
    size: int,
) -> int:
    """Take the papers of a segment that are among the best so far into a heap, and return how many that has.

    ids: of the papers. since, until: days as numbers, 0 for none. filed: bits of what papers are filed under [papers,
    words]; of each row of any_of [conditions, words] a paper needs one, of none_of [words] none. best, best_ids: the
    heap.
    """
    full = len(best)
    least = best[0] if size == full else np.float32(0)
    for first in range(0, len(ids), STRETCH):
        last = min(first + STRETCH, len(ids))
        if not holds_above(scores[first:last], least):
            continue
        for paper in range(first, last):
            score = scores[paper]
            if score > least and passes(paper, days, since, until, filed, any_of, none_of):
                size = heap(best, best_ids, size, score, ids[paper])
                if size == full:
                    least = best[0]
    return size


@compiled
def keep_among(scores: Array, ids: Array, among: Array, best: Array, best_ids: Array, size: int) -> int:
    """Do as ``keep_best`` with no other papers than some. ids, among: in rising order."""
    full, paper = len(best), 0
    least = best[0] if size == full else np.float32(0)
    for one in range(np.searchsorted(among, ids[0]), len(among)):
        if among[one] > ids[-1]:
            break
        paper = min(max(paper + among[one] - ids[paper], 0), len(ids) - 1)  # there, where none between is missing
        if ids[paper] != among[one]:
            paper = np.searchsorted(ids, among[one])
        score = scores[paper]
        if ids[paper] == among[one] and score > least:
            size = heap(best, best_ids, size, score, among[one])
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
    since: int,
    until: int,
    any_of: Array,
    none_of: Array,
    among: Array,
    narrowed: bool,
    best: Array,
    best_ids: Array,
) -> int:
    """Score all papers of all segments, take the best into a heap, and return how many these are.

    begin, end, chosen, tables: as in ``add_all``, by segment. forms: as in ``add_better``, of each one. since to
    none_of: as in ``keep_best``, by segment. among: the papers that may be found, where ``narrowed``.
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
        if narrowed:
            size = keep_among(scores, ids, among, best, best_ids, size)
            continue
        days = carray(pointer(addresses[segment, DAYS]), count, np.int32)
        filed = carray(pointer(addresses[segment, FILED]), (count, sizes[segment, FILED]), np.uint64)
        size = keep_best(
            scores, ids, days, since, until, filed, any_of[segment], none_of[segment], best, best_ids, size
        )
    return size
