"""The loops of ``filed``, imported when they are first needed, as the compiler takes long to load.

Papers of a segment are numbered in 16 bits, and the room has a place for all such numbers: whatever a damaged file
says, nothing is read or written beside. Places within the postings are checked where files are opened.
"""

from typing import Any

import numpy as np
from numba import carray  # type: ignore[attr-defined]  # its stubs leave it out

from broadsheet.search.machine.compiled import compiled
from broadsheet.search.machine.instructions import bits_set, pointer
from broadsheet.search.postings.kernels import DAYS, DEAD, IDS, PAPERS
from broadsheet.search.postings.segments import Array

LOOKED_FOR = 8
"""Papers up to which each is looked for in a list, many places at a time, instead of noting the list's papers."""

LAST_DAY = 3_652_060
"""The day after those that a date has."""

_NONE = 255
"""Of a paper that lacks no word, in place of the word that it lacks. More than words of a query count."""


@compiled
def year_of(day: int) -> int:
    """Return the year of a day as ``date.toordinal`` numbers them."""
    left = day - 1
    year = left // 146_097 * 400 + 1
    left %= 146_097
    centuries = min(left // 36_524, 3)
    left -= centuries * 36_524
    fours = left // 1_461
    left -= fours * 1_461
    return int(year + centuries * 100 + fours * 4 + min(left // 365, 3))


@compiled
def is_in(papers: Array, wanted: Any) -> bool:
    """Tell whether a list has a paper, in whatever order it is."""
    found = np.uint16(0)
    for place in range(len(papers)):
        found = np.uint16(found | np.uint16(papers[place] == wanted))
    return bool(found > 0)


@compiled
def of_set(among: Array, count: int, held: Array, rows: Array, lacks: Array) -> int:
    """Make the papers of a set the candidates; return how many these are. among: a bit a paper. count: of papers."""
    number = 0
    for word in range(len(among)):
        bits = among[word]
        while bits:
            lowest = bits & (~bits + np.uint64(1))
            paper = word * 64 + int(bits_set(lowest - np.uint64(1)))
            bits ^= lowest
            if paper < count:
                rows[number], lacks[number], held[paper] = paper, _NONE, 1
                number += 1
    return number


@compiled
def of_list(papers: Array, word: int, count: int, held: Array, rows: Array, lacks: Array, number: int) -> int:
    """Make the papers of a word's list candidates too; return how many there are then.

    word: 0, or 1 whose papers lack word 0 unless they are candidates already. count: of papers.
    """
    for place in range(len(papers)):
        paper = papers[place]
        if paper >= count:
            continue
        if held[paper] == 0:
            rows[number], lacks[number], held[paper] = paper, _NONE if word == 0 else 0, 2
            number += 1
        elif word == 1:
            held[paper] = 3
    return number


@compiled
def note(papers: Array, held: Array, rows: Array, number: int) -> None:
    """Count one word more for each paper of its list; at least for those that are candidates."""
    if number <= LOOKED_FOR:
        for place in range(number):
            if is_in(papers, rows[place]):
                held[rows[place]] += 1
    else:
        for place in range(len(papers)):
            held[papers[place]] += 1


@compiled
def kept(word: int, spare: bool, held: Array, rows: Array, lacks: Array, number: int) -> int:
    """Keep the candidates that have all words so far, or with ``spare`` all but one; return how many these are.

    word: the last of those that were read, from 0. held: 1 and how many of them a candidate has.
    """
    left = 0
    for place in range(number):
        paper, lacking = rows[place], lacks[place]
        if held[paper] < word + 2 - (lacking != _NONE):
            if lacking != _NONE or not spare:
                continue
            lacking = word
        rows[left], lacks[left] = paper, lacking
        left += 1
    return left


@compiled
def candidates(
    papers: Array,
    begin: Array,
    end: Array,
    order: Array,
    spare: bool,
    among: Array,
    listed: bool,
    count: int,
    held: Array,
    rows: Array,
    lacks: Array,
    read: Array,
) -> int:
    """Find the papers of a segment that hold all words, with ``spare`` all but one too; return how many these are.

    begin, end: where the list of each word lies. order: of the words, the rarest first; with ``spare`` three or more.
    among: the only papers to look at, where they are ``listed``. count: of papers. held, rows, lacks: room; told are
    rows and which word each lacks, by its place in ``order``. read: a number, to which the places that were read add.
    """
    held[:] = 0
    first, number = 0, 0
    if listed:
        number = of_set(among, count, held, rows, lacks)
    else:
        first = min(2 if spare else 1, len(order))
        for word in range(first):
            one = order[word]
            number = of_list(papers[begin[one] : end[one]], word, count, held, rows, lacks, number)
            read[0] += end[one] - begin[one]
        if spare:
            number = kept(1, spare, held, rows, lacks, number)
    for word in range(first, len(order)):
        if number == 0:
            break
        one = order[word]
        note(papers[begin[one] : end[one]], held, rows, number)
        read[0] += end[one] - begin[one]
        number = kept(word, spare, held, rows, lacks, number)
    return number


@compiled
def numbered(filed: Array, places: Array, begins: Array, numbers: Array) -> None:
    """Write what papers are filed under as numbers, one after the other. filed: bits of papers [papers, words].

    places: the number that each bit stands for. begins: where the numbers of each paper begin and the last one's end.
    """
    at = 0
    for paper in range(len(filed)):
        begins[paper] = at
        for word in range(filed.shape[1]):
            rest = filed[paper, word]
            while rest and at < len(numbers):
                lowest = rest & (~rest + np.uint64(1))
                numbers[at] = places[word * 64 + int(bits_set(lowest - np.uint64(1)))]
                at += 1
                rest ^= lowest
    begins[len(filed)] = at


@compiled
def there(number: int, held: Array, rows: Array, lacks: Array, among: Array, narrowed: bool) -> int:
    """Keep the candidates that were not taken out and, where ``narrowed``, are in a set; return how many these are.

    held: 0 for those that were taken out. among: a bit a paper.
    """
    left = 0
    for place in range(number):
        paper = np.int64(rows[place])
        keep = held[paper] > 0
        if narrowed:
            keep &= (among[paper >> 6] >> np.uint64(paper & 63)) & np.uint64(1) != 0
        rows[left], lacks[left] = paper, lacks[place]
        left += keep
    return left


@compiled
def whole(number: int, rows: Array, lacks: Array, lacking: Array) -> int:
    """Keep the candidates that lack no word, and count the others by the word they lack; return how many are kept."""
    left = 0
    for place in range(number):
        if lacks[place] == _NONE:
            rows[left] = rows[place]
            left += 1
        else:
            lacking[lacks[place]] += 1
    return left


@compiled
def file(
    first: int,
    every: int,
    number: int,
    rows: Array,
    days: Array,
    begins: Array,
    numbers: Array,
    counts: Array,
    years: Array,
) -> None:
    """Count one of ``every`` so many rows, from a first one on, by their year and all that they are filed under.

    begins, numbers: as in ``numbered``. counts: of each number.
    """
    for place in range(first, number, every):
        paper, day = np.int64(rows[place]), days[rows[place]]
        for one in range(begins[paper], begins[paper + 1]):
            counts[numbers[one]] += 1
        if 0 < day < LAST_DAY:
            years[year_of(day)] += 1


@compiled
def count(
    addresses: Array,
    sizes: Array,
    filed: Array,
    begin: Array,
    end: Array,
    order: Array,
    spare: bool,
    most: int,
    among: Array,
    narrowed: bool,
    listed: bool,
    every: int,
    enough: int,
    counts: Array,
    years: Array,
    lacking: Array,
    held: Array,
    rows: Array,
    lacks: Array,
) -> int:
    """Count the papers that hold all words; return how many, or -1 where that takes reading more than ``most`` places.

    filed: where ``begins`` and ``numbers`` of each segment lie, see ``numbered``. begin to spare, held to lacks: as
    in ``candidates``, by segment. among: set of which the papers are, where ``narrowed``; listed: whether it is smaller
    than any list. every: one in so many is counted by what it is filed under, 0 for none. enough: papers, beyond which
    that is given up. lacking: how many lack a word and no other, by its place in ``order``.
    """
    total, read = 0, np.zeros(1, np.int64)
    for segment in range(len(sizes)):
        size, own = sizes[segment, IDS], among[segment if narrowed else 0]
        papers = carray(pointer(addresses[segment, PAPERS]), sizes[segment, PAPERS], np.uint16)
        number = candidates(
            papers, begin[segment], end[segment], order, spare, own, listed, size, held, rows, lacks, read,
        )  # fmt: skip
        if read[0] > most:
            return -1
        if number == 0:
            continue
        dead = carray(pointer(addresses[segment, DEAD]), sizes[segment, DEAD], np.uint16)
        for place in range(len(dead)):
            held[dead[place]] = 0
        days = carray(pointer(addresses[segment, DAYS]), size, np.int32)
        begins = carray(pointer(filed[segment, 0]), size + 1, np.uint32)
        numbers = carray(pointer(filed[segment, 1]), begins[size], np.uint16)
        if len(dead) or (narrowed and not listed):
            number = there(number, held, rows, lacks, own, narrowed)
        if spare:
            number = whole(number, rows, lacks, lacking)
        if every > 0 and total + number <= enough:
            # So that each has the same chance, whatever lies in which segment.
            file(-total % every, every, number, rows, days, begins, numbers, counts, years)
        total += number
    return total
