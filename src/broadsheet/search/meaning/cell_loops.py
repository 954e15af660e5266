"""Compiled loops over cells: which of their entries come near to a query, beside the rows that are in none.

How cells lie in memory, and who sees to it that what loops go by is there: ``cells``.
"""

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.machine.compiled import compiled
from broadsheet.search.machine.instructions import bits_set, brought, fetch, place_of, reaching
from broadsheet.search.meaning.cell_means import all_agreeing, sides
from broadsheet.search.meaning.scanning import (
    Floats,
    Keys,
    Places,
    Small,
    Words,
    guessed,
    least_of,
    scored,
    step_of,
)

type Numbers = NDArray[np.int64]

_f4, _u8, _i8 = np.float32, np.uint64, np.int64
_STEP = _f4(2 / 2048)
_STEPS = 2048
_ROUNDED = _f4(1e-7)
_SPREAD = _f4(0.03)
"""By how much a cosine that half of a code tells is mostly below that of all of it: its deviation."""
_WAITING = 1024
"""Entries that wait for the other half of their code to come from memory."""
_AHEAD = 3
"""Blocks that are fetched from memory while others are compared."""
_BEST = 90
"""Of how many of the best rows of a part it is asked how many have come of late; before there are so many none ends."""
_PORTIONS = 5
"""Portions of the rows, of a hundredth each, in which few of these have to come before a search ends."""
_FEW = 1
"""How many at most."""


@compiled
def split(celled: Words, bits: Words, inside: Words, others: Words) -> int:
    """Write those of a set of rows that stand in cells, and the others; return how many these are.

    Each word is read once, as who writes takes rows out meanwhile.
    """
    number = _u8(0)
    for k in range(len(bits)):
        held = celled[k] if k < len(celled) else _u8(0)
        inside[k] = bits[k] & held
        others[k] = bits[k] & ~held
        number += bits_set(others[k])
    return int(number)


@compiled
def entries_of(places: Places, begins: Places, bits: Words, entries: Words, numbers: Places) -> None:
    """Write which entries are of a set of rows, a bit an entry, and how many each cell has."""
    for cell in range(len(numbers)):
        numbers[cell] = 0
        for block in range(begins[cell], begins[cell + 1]):
            found = _u8(0)
            for i in range(64):
                row = places[64 * block + i]
                if 0 <= row < 64 * len(bits):
                    found |= (bits[row // 64] >> _u8(row % 64) & _u8(1)) << _u8(i)
            entries[block] = found
            numbers[cell] += np.int32(bits_set(found))


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
def reached(
    blocks: Words, distances: Floats, block: np.int64, inside: np.uint64, code: Words, slope: np.float32,
    whole: np.float32, beside: np.float32, least: np.float32, apart: Floats, guess: Floats,
    waiting: Numbers, aparts: Floats, far: Floats, besides: Floats, number: int,
) -> int:  # fmt: skip
    """Add the entries of a block to ``waiting`` that may reach a score, by half of their codes; return how many wait.

    inside: which of them are asked for, a bit each. beside: what each score has beside what the entry's code and
    distance tell. apart, guess: room for 64. aparts, far, besides: of who waits, by what its code differs, how far it
    is from the mean, and what its score has beside. distances: [blocks, 64], by which a compiler knows that they lie
    together; to cut such parts out of arrays takes longer than to read them.
    """
    a, b, c, d = code[0, 0], code[0, 1], code[0, 2], code[0, 3]
    e, f, g, h = code[1, 0], code[1, 1], code[1, 2], code[1, 3]
    for i in range(64):
        w, x, y, z = blocks[block, 0, i] ^ a, blocks[block, 1, i] ^ b, blocks[block, 2, i] ^ c, blocks[block, 3, i] ^ d
        large = bits_set(w & e) + bits_set(x & f) + bits_set(y & g) + bits_set(z & h)
        differing = bits_set(w) + bits_set(x) + bits_set(y) + bits_set(z) + large + large
        apart[i] = _f4(np.int32(differing))
    for i in range(64):
        distance = distances[block, i]
        told = slope * (whole - _f4(2) * apart[i]) + _SPREAD
        guess[i] = (told - _f4(0.5) * distance) * distance + beside
    left = reaching(guess, _i8(0), least) & inside
    while left:
        at = place_of(left)
        left &= left - _u8(1)
        distance = distances[block, at]
        waiting[number], aparts[number], far[number] = 64 * block + at, apart[at], distance
        besides[number] = beside - _f4(0.5) * distance * distance
        number += 1
    return number


@compiled
def counted(counts: Numbers, marks: Numbers, which: int, step: int, wanted: int) -> None:
    """Know by one more score, already in ``counts``, from which step on there are ``wanted``, and how many there are.

    marks: both of these, at ``which`` and behind it.
    """
    if step >= marks[which]:
        marks[which + 1] += 1
        while marks[which] < _STEPS - 1 and marks[which + 1] - counts[marks[which]] >= wanted:
            marks[which + 1] -= counts[marks[which]]
            marks[which] += 1


@compiled
def entered(
    waiting: Numbers, aparts: Floats, far: Floats, besides: Floats, waits: int,
    code: Words, slope: np.float32, whole: np.float32,
    more: Words, wanted: int, counts: Numbers, marks: Numbers,
    found: Places, guesses: Floats, number: int,
) -> int:  # fmt: skip
    """Add to ``number`` entries those that wait and reach what is to be reached; return how many they are.

    marks: as of ``counted``, for ``wanted`` entries and for the best, and how many came among these.
    """
    for k in range(waits):
        entry, bits = waiting[k], _u8(0)
        for word in range(4):
            differing = more[entry, word] ^ code[0, 4 + word]
            large = bits_set(differing & code[1, 4 + word])
            bits += bits_set(differing) + large + large
        apart = aparts[k] + _f4(np.int32(bits))
        score = slope * (whole - _f4(2) * apart) * far[k] + besides[k]
        step = step_of(score)
        if step < marks[0]:
            continue
        if number == len(found):
            number, _ = fewer(found, guesses, number, wanted)
        found[number], guesses[number] = entry, score
        number += 1
        marks[4] += step >= marks[2]
        counts[step] += 1
        counted(counts, marks, 0, step, wanted)
        counted(counts, marks, 2, step, _BEST)
    return number


@compiled
def ended(seen: int, least: int, most: int, portion: int, marks: Numbers, came: Numbers) -> bool:
    """Tell whether a search ends that looked at so many rows of a set. See ``looked``.

    marks: as of ``entered``, and how many portions there were. came: of the last ones, how many came among the best.
    """
    if seen >= most:
        return True
    if seen < (marks[5] + 1) * portion:
        return False
    while seen >= (marks[5] + 1) * portion:  # a large cell is several
        came[marks[5] % _PORTIONS] = marks[4]
        marks[5] += 1
    marks[4] = 0
    return bool(seen >= least and marks[5] >= _PORTIONS and came.sum() <= _FEW)


@compiled
def looked(
    query: Floats, dots: Floats, beyond: Floats, order: Places, least: int, most: int, portion: int,
    squares: Floats, turns: Floats, begins: Places, blocks: Words, more: Words, distances: Floats,
    entries: Words, numbers: Places, wanted: int, limit: int, found: Places, guesses: Floats,
) -> int:  # fmt: skip
    """Write entries of a set with their scores, the best ``wanted`` and perhaps more, out of the first cells.

    order: of the cells, until ``least`` rows were looked at and of the last portions few came among the best, or
    ``most`` were. Cells before ``limit`` entries are found do not count, as all that is nearest may be outside the set.
    entries, numbers: the set, a bit an entry, and how many each cell has of it.
    """
    code, apart, flat = np.empty((2, 8), np.uint64), np.empty(512, np.float32), blocks.reshape(len(blocks), 256)
    distances64 = distances.reshape(len(blocks), 64)
    differing, guess = np.empty(64, np.float32), np.empty(64, np.float32)
    waiting, waited = np.empty(_WAITING, np.int64), np.empty((3, _WAITING), np.float32)
    aparts, far, besides = waited[0], waited[1], waited[2]
    counts, marks, came = np.zeros(_STEPS, np.int64), np.zeros(6, np.int64), np.zeros(_PORTIONS, np.int64)
    number, seen, enough = 0, 0, min(max(limit, _BEST), wanted)
    for k in range(len(order)):
        cell, after = order[k], order[min(k + 1, len(order) - 1)]
        begin, end = _i8(begins[cell]), _i8(begins[cell + 1])
        brought(turns, _i8(after), 16)
        square = abs(_f4(1) + squares[cell] - _f4(2) * dots[cell])
        slope, slopes = sides(beyond, turns[cell], square, len(query), apart, code)
        half, whole = all_agreeing(code, 4), all_agreeing(code, 8)
        # By its distance from the mean it is known how far a unit vector leans there.
        beside, waits = dots[cell] + _f4(0.5) * (_f4(1) - squares[cell]), 0
        for block in range(begin, end):
            coming = block + _AHEAD if block + _AHEAD < end else begins[after] + block + _AHEAD - end
            coming = min(coming, len(blocks) - 1)
            if entries[coming]:
                brought(flat, _i8(coming), 8)
                brought(distances64, _i8(coming), 16)
            if entries[block]:
                before = waits
                reach = _f4(marks[0]) * _STEP - _f4(1) - _ROUNDED if marks[0] else _f4(-9)
                waits = reached(
                    blocks, distances64, _i8(block), entries[block], code, slope, half, beside, reach,
                    differing, guess, waiting, aparts, far, besides, waits,
                )  # fmt: skip
                for i in range(before, waits):
                    fetch(more, waiting[i], _i8(0))
            if waits + 64 > _WAITING or block + 1 == end:
                number = entered(
                    waiting, aparts, far, besides, waits, code, slopes, whole, more, wanted, counts, marks,
                    found, guesses, number,
                )  # fmt: skip
                waits = 0
        if number < enough:
            continue
        seen += int(numbers[cell])
        if ended(seen, least, most, portion, marks, came):
            break
    return number


@compiled
def part(
    query: Floats, dots: Floats, beyond: Floats, order: Places, least: int, most: int, portion: int,
    squares: Floats, turns: Floats, begins: Places, cells: Words, more: Words, distances: Floats, cell_rows: Places,
    entries: Words, numbers: Places, asked: Words, some: int, small: Small, scales: Floats, ids: Keys, limit: int,
    wanted: int, rows: Places, guesses: Floats, keys: Keys, scores: Floats,
) -> int:  # fmt: skip
    """Write keys and scores of the rows that are probably nearest, of a set and some cells, as ``scored`` does.

    Of the rows that are ``looked`` for the best ``wanted`` are compared by their numbers. asked: the set, a bit a row.
    some: how many have to be found before cells count. Which row an entry is of is read of these alone, as each read
    waits for memory. In a damaged file one may be of none of the set, and several of the same.
    """
    number = looked(
        query, dots, beyond, order, least, most, portion, squares, turns, begins, cells, more, distances,
        entries, numbers, wanted, some, rows, guesses,
    )  # fmt: skip
    if number > wanted:
        number, _ = fewer(rows, guesses, number, wanted)
    rows1, kept = cell_rows.reshape(len(cell_rows), 1), 0
    for k in range(number):
        fetch(rows1, _i8(rows[k]), _i8(0))
    for k in range(number):
        row = cell_rows[rows[k]]
        if 0 <= row < 64 * len(asked) and asked[row // 64] >> _u8(row % 64) & _u8(1):
            rows[kept] = row
            kept += 1
    return scored(query, small, scales, ids, rows, kept, limit, keys, scores)


@compiled
def others(
    query: Floats, beyond: Floats, mean: Floats, shift: Floats, blocks: Words, more: Words, leans: Floats,
    small: Small, scales: Floats, ids: Keys, rest: Words, first: int, second: int, limit: int,
    rows: Places, aparts: Floats, leant: Floats, guesses: Floats, keys: Keys, scores: Floats,
) -> int:  # fmt: skip
    """Write keys and scores of the rows of a set in no cell that are probably nearest, as ``scanning.nearest`` does.

    beyond: how far the vector lies along each projection.
    """
    kept = guessed(query, beyond, mean, shift, blocks, more, leans, rest, first, second, rows, aparts, leant, guesses)
    if kept > len(keys):  # very many come near to the last of them
        kept, _ = fewer(rows, guesses, kept, len(keys))
    return scored(query, small, scales, ids, rows, kept, limit, keys, scores)
