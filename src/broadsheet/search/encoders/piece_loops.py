"""The loops that cut texts into pieces of words and add up what each piece is worth, compiled.

What is given to them: ``piece_counts`` and ``student``. How a text is cut, sign by sign, is told in ``wordpieces``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.machine.compiled import compiled

type Array = NDArray[Any]

BLANK, MARK, PLAIN, ODD = 0, 1, 2, 3
"""Kinds of bytes: between words, a word by itself, of a word, and what a rule beyond these is to look at."""

BEGINNING, WITHIN = 0xCBF29CE484222325, 0x9AE16A3B2F90404F
"""What check sums of pieces start from: of those that begin a word, and of those within one."""


@compiled
def odd_words(text: Array, kinds: Array, begins: Array, ends: Array) -> int:
    """Tell where in a text the words stand that hold an odd byte; return how many they are.

    kinds: of each byte [256]. begins, ends: half as many as the text has bytes, and one more.
    """
    found, place = 0, 0
    while place < len(text):
        if kinds[text[place]] < PLAIN:
            place += 1
            continue
        begin = place
        place, odd = _word(text, begin, len(text), kinds)
        if odd:
            begins[found], ends[found] = begin, place
            found += 1
    return found


@compiled
def learn(letters: Array, starts: Array, first: Array, table: Array, numbers: Array) -> None:
    """Put pieces into a table that is at most half full and a power of two long.

    letters: of all pieces, one behind the other; starts: one more than pieces. first: what the check sum of each starts
    from, 0 for one that is no piece of words. table: of check sums, 0 for an empty place. numbers: of which piece.
    """
    last = len(table) - 1
    for piece in range(len(first)):
        if first[piece] == 0:
            continue
        sum_ = first[piece]
        for place in range(starts[piece], starts[piece + 1]):
            sum_ = (sum_ ^ np.uint64(letters[place])) * np.uint64(0x100000001B3)
        sum_ = sum_ ^ (sum_ >> np.uint64(32))
        at = np.int64(sum_ & np.uint64(last))
        while table[at] != 0 and table[at] != sum_:
            at = (at + 1) & last
        table[at], numbers[at] = sum_, piece


@compiled
def cut(
    text: Array,
    ends: Array,
    kinds: Array,
    longest: int,
    letters: Array,
    starts: Array,
    table: Array,
    numbers: Array,
    unknown: int,
    odd: Array,
    odd_ends: Array,
    found: Array,
    counts: Array,
) -> None:
    """Cut texts into the numbers of their pieces: each word into the longest ones from its beginning on.

    ends: of each text within ``text``. longest: bytes of a word beyond which it is unknown, as is one of which a piece
    is missing. letters, starts, table, numbers: as in ``learn``. odd: the pieces of the words of ``odd_words``;
    odd_ends: where those of each end. found: [texts, most], with ``counts`` numbers of each text.
    """
    last, most = len(table) - 1, found.shape[1]
    held = np.empty(max(longest, 1), np.int32)
    place = word = 0
    for one in range(len(ends)):
        count = 0
        while place < ends[one]:
            begin = place
            if kinds[text[begin]] < PLAIN:
                place += 1
                if kinds[text[begin]] == BLANK:
                    continue
                is_odd = False
            else:
                place, is_odd = _word(text, begin, ends[one], kinds)
            if is_odd:
                first = odd_ends[word - 1] if word else 0
                count = _put(odd[first : odd_ends[word]], found[one], count)
                word += 1
            elif count < most:
                pieces = 0
                if place - begin <= longest:
                    pieces = _pieces(text, begin, place, letters, starts, table, numbers, last, held)
                if pieces == 0:
                    held[0], pieces = unknown, 1
                count = _put(held[:pieces], found[one], count)
        counts[one] = count


@compiled
def _word(text: Array, begin: int, end: int, kinds: Array) -> tuple[int, bool]:
    """Return where a word ends, and whether it holds an odd byte."""
    place, odd = begin, False
    while place < end and kinds[text[place]] >= PLAIN:
        odd = odd or kinds[text[place]] == ODD
        place += 1
    return place, odd


@compiled
def _put(numbers: Array, into: Array, count: int) -> int:
    """Put numbers behind those that are there, as long as there is room, and return how many are there then."""
    for number in numbers:
        if count == len(into):
            break
        into[count] = number
        count += 1
    return count


@compiled
def _pieces(
    text: Array,
    begin: int,
    end: int,
    letters: Array,
    starts: Array,
    table: Array,
    numbers: Array,
    last: int,
    held: Array,
) -> int:
    """Tell the pieces of a word and return how many they are, 0 where one is missing."""
    pieces, at = 0, begin
    while at < end:
        sum_ = np.uint64(BEGINNING if at == begin else WITHIN)
        best, stop = -1, at
        for place in range(at, end):
            sign = text[place]
            if 65 <= sign <= 90:
                sign += 32
            sum_ = (sum_ ^ np.uint64(sign)) * np.uint64(0x100000001B3)
            key = sum_ ^ (sum_ >> np.uint64(32))
            where = np.int64(key & np.uint64(last))
            while table[where] != 0 and table[where] != key:
                where = (where + 1) & last
            if table[where] != 0 and _is(text, at, place + 1, letters, starts, numbers[where]):
                best, stop = numbers[where], place + 1
        if best < 0:
            return 0
        held[pieces] = best
        pieces, at = pieces + 1, stop
    return pieces


@compiled
def _is(text: Array, begin: int, end: int, letters: Array, starts: Array, piece: int) -> bool:
    """Whether small letters of a text are those of a piece: a check sum alone may be that of another."""
    if end - begin != starts[piece + 1] - starts[piece]:
        return False
    for place in range(end - begin):
        sign = text[begin + place]
        if 65 <= sign <= 90:
            sign += 32
        if sign != letters[starts[piece] + place]:
            return False
    return True


@compiled
def count(found: Array, counts: Array, times: Array, ids: Array, often: Array, ends: Array) -> int:
    """Tell the different numbers of each text, as they first stand in it, and how often; return how many in all.

    found, counts: as in ``cut``. times: of each number, zeros before and after. ends: of each text's ``ids``.
    """
    total = 0
    for one in range(len(counts)):
        begin = total
        for place in range(counts[one]):
            number = found[one, place]
            if times[number] == 0:
                ids[total] = number
                total += 1
            times[number] += 1
        for place in range(begin, total):
            often[place] = times[ids[place]]
            times[ids[place]] = 0
        ends[one] = total
    return total


@compiled
def add_up(rows: Array, weights: Array, ids: Array, ends: Array, sums: Array) -> None:
    """Add up rows of small numbers, each times its weight. ids, weights: of all texts; ends: of each text's.

    sums: [texts, dim], zeros before.
    """
    place = 0
    for one in range(len(ends)):
        into = sums[one]
        while place < ends[one]:
            row, weight = rows[ids[place]], weights[place]
            for at in range(len(into)):
                into[at] += weight * np.float32(row[at])
            place += 1
