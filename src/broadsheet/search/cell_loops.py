"""Compiled loops over cells: which of their entries come near to a query, beside the rows that are in none.

How cells lie in memory, and who sees to it that what loops go by is there: ``cells``.
"""

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.compiled import bits_set, compiled
from broadsheet.search.scanning import (
    Floats,
    Keys,
    Places,
    Small,
    Words,
    cosine,
    fetch,
    guessed,
    least_of,
    place_of,
    scored,
)

type Order = NDArray[np.int64]

_f4, _u8, _i8 = np.float32, np.uint64, np.int64
_LONG = _f4(32767)
_STEP = _f4(2 / 2048)
_SPREAD = _f4(0.1)
"""By how much a cosine that half of a code tells is mostly below that of all of it: once and a half its deviation,
which for 256 of 512 bits is a quarter of pi divided by the root of 128."""


@compiled
def turned(query: Floats, means: Small, steps: Floats, projection: Floats, dots: Floats, beyond: Floats) -> None:
    """Write the products of a unit vector with the means of cells, and add those with all that codes are made with."""
    whole = np.empty(len(query), np.int16)
    for j in range(len(query)):
        whole[j] = np.int16(np.rint(query[j] * _LONG))  # products of it and small numbers stay below 32 bits
    for cell in range(len(dots)):
        found = np.int32(0)
        for j in range(len(query)):
            found += np.int32(means[cell, j]) * np.int32(whole[j])
        dots[cell] = _f4(found) * steps[cell] / _LONG
    for i in range(len(query)):
        for j in range(len(beyond)):
            beyond[j] += query[i] * projection[i, j]


@compiled
def fewer(rows: Places, guesses: Floats, number: int, wanted: int) -> tuple[int, np.float32]:
    """Keep of so many rows the best, ``wanted`` at most; return how many and what a better one has to reach."""
    least = least_of(guesses, number, float(wanted))
    above = least + _STEP
    left = wanted
    for k in range(number):
        left -= guesses[k] >= above
    kept = 0
    for k in range(number):
        if kept < wanted and (guesses[k] >= above or (guesses[k] >= least and left > 0)):
            left -= guesses[k] < above
            rows[kept], guesses[kept] = rows[k], guesses[k]
            kept += 1
    return kept, least


@compiled
def sides(beyond: Floats, turned: Floats, code: Words) -> None:
    """Write the code of a vector that lies so far along each projection, seen from a mean that lies at ``turned``."""
    for word in range(len(code)):
        side = _u8(0)
        for j in range(64):
            side |= _u8(beyond[64 * word + j] > turned[64 * word + j]) << _u8(j)
        code[word] = side


@compiled
def beyond_half(more: Words, code: Words) -> np.float32:
    """Return how many bits of the other half of a code differ."""
    differing = bits_set(more[0] ^ code[4]) + bits_set(more[1] ^ code[5])
    return _f4(np.int32(differing + bits_set(more[2] ^ code[6]) + bits_set(more[3] ^ code[7])))


@compiled
def entered(
    code: Words, square: np.float32, far: np.float32, beside: np.float32,
    begin: np.int64, end: np.int64, after: np.int64,
    flat: Words, blocks: Words, more: Words, leans: Floats, places: Places, asked: Words,
    wanted: int, least: np.float32, rows: Places, guesses: Floats, number: int,
) -> tuple[int, np.float32]:  # fmt: skip
    """Add to ``number`` rows those of one cell that reach a score; return how many they are, and what is to be reached.

    By the first half of its code an entry may come near to the score; the other half is read of those alone.
    after: the first block of the cell that is read next. flat: the blocks as [blocks, 256].
    """
    apart, width, guess = np.empty(64, np.float32), np.empty(64, np.float32), np.empty(64, np.float32)
    half, every = _f4(128), _f4(256)
    a, b, c, d = code[0], code[1], code[2], code[3]
    for block in range(begin, end):
        ahead = block + 1 if block + 1 < end else after
        for i in range(0, 256, 8):
            fetch(flat, ahead, _i8(i))
        codes, lean64 = blocks[block], leans[64 * block : 64 * block + 64]
        for i in range(64):
            differing = bits_set(codes[0, i] ^ a) + bits_set(codes[1, i] ^ b)
            differing += bits_set(codes[2, i] ^ c) + bits_set(codes[3, i] ^ d)
            apart[i] = _f4(np.int32(differing))
        for i in range(64):
            lean = lean64[i]
            width[i] = far * np.sqrt(abs(_f4(1) + square - _f4(2) * lean))
            guess[i] = (cosine(apart[i], half) + _SPREAD) * width[i] + lean + beside
        reached = _u8(0)
        for i in range(64):
            reached |= _u8(guess[i] >= least) << _u8(i)
        left = reached
        while left:
            fetch(more, _i8(64 * block + place_of(left)), _i8(0))
            left &= left - _u8(1)
        while reached:
            at = place_of(reached)
            reached &= reached - _u8(1)
            entry = 64 * block + at
            row, whole = places[entry], apart[at] + beyond_half(more[entry], code)
            score = cosine(whole, every) * width[at] + lean64[at] + beside
            if score >= least and 0 <= row < 64 * len(asked) and asked[row // 64] >> _u8(row % 64) & _u8(1):
                rows[number], guesses[number] = row, score
                number += 1
        if number + 64 > len(rows):
            number, least = fewer(rows, guesses, number, wanted)
    return number, least


@compiled
def looked(
    dots: Floats, beyond: Floats, order: Order, most: int,
    squares: Floats, turns: Floats, begins: Places, blocks: Words, more: Words, leans: Floats, places: Places,
    asked: Words, wanted: int, rows: Places, guesses: Floats,
) -> int:  # fmt: skip
    """Write rows of a set with their scores, the best ``wanted`` and perhaps more, out of the first cells.

    order: of the cells, until ``most`` entries were looked at. asked: the set, a bit a row.
    """
    code, least = np.empty(8, np.uint64), _f4(-9)
    number, seen, flat = 0, 0, blocks.reshape(len(blocks), 256)
    for k in range(len(order)):
        if seen >= most:
            break
        cell, after = order[k], order[min(k + 1, len(order) - 1)]
        begin, end = _i8(begins[cell]), _i8(begins[cell + 1])
        seen += 64 * int(end - begin)
        sides(beyond, turns[cell], code)
        square = squares[cell]
        far = np.sqrt(abs(_f4(1) + square - _f4(2) * dots[cell]))
        number, least = entered(
            code, square, far, dots[cell] - square, begin, end, _i8(min(begins[after], len(blocks) - 1)),
            flat, blocks, more, leans, places, asked, wanted, least, rows, guesses, number,
        )  # fmt: skip
    return number


@compiled
def nearest(
    query: Floats, dots: Floats, beyond: Floats, order: Order, most: int,
    squares: Floats, turns: Floats, begins: Places, cells: Words, cells_more: Words, cell_leans: Floats,
    entries: Places, asked: Words,
    projection: Floats, mean: Floats, shift: Floats,
    blocks: Words, more: Words, leans: Floats, small: Small, scales: Floats, ids: Keys,
    rest: Words, first: int, second: int, places: Places, aparts: Floats, leant: Floats, scores: Floats,
    room: int, wanted: int, limit: int, rows: Places, guesses: Floats, keys: Keys,
) -> int:  # fmt: skip
    """Write keys and scores (into ``guesses``) of those of a set of rows that are probably nearest to a unit vector.

    asked: those of the set in cells. rest: the others, of which ``first`` are found by half of their codes and
    ``second`` by all, where ``first`` is above 0. Of all these ``wanted`` are compared by their numbers.
    """
    number = looked(
        dots, beyond, order, most, squares, turns, begins, cells, cells_more, cell_leans, entries, asked,
        wanted, rows[:room], guesses[:room],
    )  # fmt: skip
    if number > wanted:
        number, _ = fewer(rows, guesses, number, wanted)
    if first > 0:
        beside = _f4(0)
        for j in range(len(query)):
            beside += mean[j] * (query[j] - mean[j])
        found = guessed(
            query, projection, mean, shift, blocks, more, leans, rest, first, second, places, aparts, leant, scores
        )
        for k in range(min(found, len(rows) - number)):
            rows[number], guesses[number] = places[k], scores[k] + beside
            number += 1
        if number > wanted:
            number, _ = fewer(rows, guesses, number, wanted)
    return scored(query, small, scales, ids, rows, number, limit, keys, guesses)
