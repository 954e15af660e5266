"""The loops that cut words and make and merge segments, compiled. What is given to them: ``making``.

Papers of a segment are numbered in 16 bits: whatever a damaged file says, nothing is written beside. Places within the
postings are checked before (``segments.sound``).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.machine.compiled import compiled
from broadsheet.search.postings.segments import STEP, TOP

type Array = NDArray[Any]


@compiled
def cut(text: Array, longest: int, sums: Array, starts: Array, sizes: Array, lines: Array) -> int:
    """Cut a text of bytes into words, and return how many there are.

    A word is of letters and digits of ASCII, of which the capitals count as small, and of bytes of other signs.
    longest: bytes of a word that is left out. sums: the check sum of each word (FNV-1a; Fowler, Noll and Vo), starts
    and sizes: where it stands. lines: how many words each line has; each ends with a line feed.
    """
    number = before = line = size = 0
    sum_ = np.uint64(0xCBF29CE484222325)
    for place in range(len(text)):
        sign = text[place]
        if 65 <= sign <= 90:
            sign += 32
        if 97 <= sign <= 122 or 48 <= sign <= 57 or sign >= 128:
            sum_ = (sum_ ^ np.uint64(sign)) * np.uint64(0x100000001B3)
            size += 1
            continue
        if 0 < size < longest:
            sums[number] = sum_ ^ (sum_ >> np.uint64(32))
            starts[number] = place - size
            sizes[number] = size
            number += 1
        sum_ = np.uint64(0xCBF29CE484222325)
        size = 0
        if sign == 10:
            lines[line] = number - before
            before = number
            line += 1
    return number


@compiled
def learn(table: Array, numbers: Array, sums: Array, first: int) -> None:
    """Put check sums into a table that is at most half full and a power of two long, with numbers from one on.

    table: of check sums, 0 for an empty place. numbers: what stands for each.
    """
    last = len(table) - 1
    for one in range(len(sums)):
        place = np.int64(sums[one] & np.uint64(last))
        while table[place] != 0 and table[place] != sums[one]:
            place = (place + 1) & last
        table[place] = sums[one]
        numbers[place] = first + one


@compiled
def look_up(table: Array, numbers: Array, sums: Array, words: Array, unknown: Array) -> int:
    """Tell the number of each check sum, by a table of ``learn``; return how many it lacks, whose places are told."""
    last, lacking = len(table) - 1, 0
    for one in range(len(sums)):
        place = np.int64(sums[one] & np.uint64(last))
        while table[place] != 0 and table[place] != sums[one]:
            place = (place + 1) & last
        words[one] = numbers[place]
        if table[place] == 0:
            unknown[lacking] = one
            lacking += 1
    return lacking


@compiled
def count_living(papers: Array, begins: Array, moved: Array, into: Array, counts: Array) -> None:
    """Count for each word of a merged segment what a former one brings.

    moved: the new number of each paper, -1 for one that is taken out [MOST]. into: which word of the merged segment
    each of the former one is. counts: of the merged one's words, added to.
    """
    for word in range(len(into)):
        number = 0
        for place in range(begins[word], begins[word + 1]):
            if moved[papers[place]] >= 0:
                number += 1
        counts[into[word]] += number


@compiled
def move_living(
    papers: Array,
    impacts: Array,
    begins: Array,
    moved: Array,
    into: Array,
    fields: Array,
    before: Array,
    after: Array,
    places: Array,
    new_papers: Array,
    new_impacts: Array,
) -> None:
    """Write the postings of a former segment into a merged one. moved, into: as in ``count_living``.

    fields: which field each word is of. before, after: BM25's k1 (1 - b + b l / mean) of each paper by field [fields,
    MOST], as it was and as it is now that the mean is another. places: where the next posting of each word of the
    merged segment goes, moved on.
    """
    for word in range(len(into)):
        field, target = fields[word], into[word]
        at = places[target]
        for place in range(begins[word], begins[word + 1]):
            paper = papers[place]
            if moved[paper] < 0 or at >= len(new_papers):
                continue
            impact = impacts[place] * STEP
            if before[field, paper] != after[field, paper]:
                times = max(np.rint(impact * before[field, paper] / max(TOP - impact, STEP)), 1.0)
                impact = times * TOP / (times + after[field, paper])
            new_papers[at] = moved[paper]
            new_impacts[at] = max(np.rint(impact / STEP), 1.0)
            at += 1
        places[target] = at


@compiled
def runs(keys: Array, papers: Array, times: Array, words: Array, begins: Array) -> tuple[int, int]:
    """Tell how often each word stands in each paper, and return how many postings and how many words there are.

    keys: one for each place of a word, in rising order: word in the upper 32 bits, paper in the lower. papers, times:
    one for each posting; words, begins: one for each word, begins one more.
    """
    postings = number = 0
    for place in range(len(keys)):
        if place > 0 and keys[place] == keys[place - 1]:
            if times[postings - 1] < 255:
                times[postings - 1] += 1
            continue
        word = keys[place] >> np.uint64(32)
        if number == 0 or words[number - 1] != word:
            words[number] = word
            begins[number] = postings
            number += 1
        papers[postings] = keys[place] & np.uint64(0xFFFF)
        times[postings] = 1
        postings += 1
    begins[number] = postings
    return postings, number


@compiled
def weigh(papers: Array, times: Array, begins: Array, fields: Array, lengths: Array, impacts: Array) -> None:
    """Give each posting its impact: the part of BM25 that is of word and paper. Robertson and Zaragoza, 2009.

    fields: which one each word is of. lengths: k1 (1 - b + b l / mean) of each paper by field.
    """
    for word in range(len(fields)):
        field = fields[word]
        for place in range(begins[word], begins[word + 1]):
            impact = times[place] * TOP / (times[place] + lengths[field, papers[place]])
            impacts[place] = max(np.rint(impact / STEP), 1.0)


@compiled
def move_texts(texts: Array, starts: Array, table: Array, target: Array, new_starts: Array, new_texts: Array) -> None:
    """Write the texts of a former segment into a merged one, each code as ``table`` has it.

    texts, new_texts: lower and upper halves of codes [2, codes].
    target: the new number of each paper, -1 for one that is taken out. starts, new_starts: where title and abstract of
    each paper begin, of which the new ones leave as much room.
    """
    for paper in range(len(target)):
        if target[paper] >= 0:
            at = new_starts[2 * target[paper]]
            for place in range(starts[2 * paper], starts[2 * paper + 2]):
                code = table[texts[0, place] | np.int64(texts[1, place]) << 8]
                new_texts[0, at], new_texts[1, at] = np.uint8(code & 255), np.uint8(code >> 8)
                at += 1
