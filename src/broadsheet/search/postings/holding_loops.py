"""The loops that tell which of some papers hold all of some words, compiled. What is given to them: ``asking``."""

from typing import Any

import numpy as np
from numba import carray  # type: ignore[attr-defined]  # its stubs leave it out
from numpy.typing import NDArray

from broadsheet.search.machine.compiled import compiled
from broadsheet.search.machine.instructions import pointer
from broadsheet.search.postings.kernels import DEAD, FEW, IDS, PAPERS, holds_one
from broadsheet.search.postings.segments import MOST
from broadsheet.search.postings.set_loops import put

type Array = NDArray[Any]


@compiled
def listed(papers: Array, rows: Array, number: int, room: Array, bits: Array) -> int:
    """Keep those of the first ``number`` papers that are in a list, which is in no order; return how many they are.

    A few are looked for one by one, many places at a time; more of them all at once. room: for as many and one more.
    bits: of a set.
    """
    left = 0
    if number <= FEW:
        for row in range(number):
            if holds_one(papers, rows[row : row + 1]):
                rows[left] = rows[row]
                left += 1
        return left
    bits[:] = 0
    put(rows[:number], bits)
    for place in range(len(papers)):
        paper = np.int64(papers[place])
        room[left] = paper
        # A list that names a paper twice is damaged, and fills the room at most.
        left = min(left + int(bits[paper >> 6] >> np.uint64(paper & 63) & np.uint64(1)), number)
    rows[:left] = room[:left]
    return left


@compiled
def among(ids: Array, wanted: Array, rows: Array) -> int:
    """Write which papers of a segment have some ids; return how many they are. Both have ids in rising order."""
    number, paper = 0, 0
    for one in range(np.searchsorted(wanted, ids[0]), len(wanted)):
        if wanted[one] > ids[-1]:
            break
        paper = min(max(paper + wanted[one] - ids[paper], 0), len(ids) - 1)  # there, where none between is missing
        if ids[paper] != wanted[one]:
            paper = min(np.searchsorted(ids, wanted[one]), len(ids) - 1)
        if ids[paper] == wanted[one] and number < len(rows):
            rows[number] = paper
            number += 1
    return number


@compiled
def hold_all(addresses: Array, sizes: Array, begin: Array, end: Array, wanted: Array, found: Array) -> int:
    """Write which papers are in all of some lists, in no order, and return how many. wanted: their ids in rising order.

    begin, end: where the postings of each word lie [segments, words]. found: room for as many as are wanted.
    """
    rows, room = np.empty(len(wanted), np.uint16), np.empty(len(wanted) + 1, np.uint16)
    bits = np.empty(MOST // 64, np.uint64)
    total = 0
    for segment in range(len(sizes)):
        ids = carray(pointer(addresses[segment, IDS]), sizes[segment, IDS], np.int64)
        papers = carray(pointer(addresses[segment, PAPERS]), sizes[segment, PAPERS], np.uint16)
        dead = carray(pointer(addresses[segment, DEAD]), sizes[segment, DEAD], np.uint16)
        number = among(ids, wanted, rows)
        for word in range(begin.shape[1]):
            if number:
                number = listed(papers[begin[segment, word] : end[segment, word]], rows, number, room, bits)
        for row in range(number):
            if not holds_one(dead, rows[row : row + 1]) and total < len(found):
                found[total] = ids[rows[row]]
                total += 1
    return total
