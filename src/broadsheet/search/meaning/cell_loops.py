"""Compiled loops over cells: which of their entries come near to a query, beside the rows that are in none.

How cells lie in memory, and who sees to it that what loops go by is there: ``cells``.
"""

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.machine.compiled import bits_set, compiled
from broadsheet.search.meaning.scanning import (
    Floats,
    Places,
    Small,
    Words,
    brought,
    fetch,
    guessed,
    least_of,
    place_of,
    reaching,
    step_of,
)

type Numbers = NDArray[np.int64]

_f4, _u8, _i8 = np.float32, np.uint64, np.int64
_LONG = _f4(32767)
_STEP = _f4(2 / 2048)
_STEPS = 2048
_ROUNDED = _f4(1e-7)
_TINY = _f4(1e-9)
_SPREAD = _f4(0.07)
"""By how much a cosine that half of a code tells is mostly below that of all of it: twice its deviation."""
_LARGE = _f4(0.996)
"""Deviations from which on a projection of the query counts three times: of four steps for numbers that are spread as
these are, the ones that lose least (Max, 1960)."""
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
def ordered(dots: Floats, squares: Floats, numbers: Places, order: Places) -> int:
    """Write the cells by the cosine of a vector and their mean, the nearest first, to a step of ``step_of``.

    numbers: how many of a set each has; those without any are left out. Return how many cells are left.
    """
    steps, begins = np.empty(len(dots), np.int32), np.zeros(_STEPS + 1, np.int32)
    for cell in range(len(dots)):
        steps[cell] = _STEPS - 1 - step_of(dots[cell] / np.sqrt(max(squares[cell], _TINY)))
        begins[steps[cell] + 1] += numbers[cell] > 0
    for step in range(_STEPS):
        begins[step + 1] += begins[step]
    for cell in range(len(dots)):
        if numbers[cell] > 0:
            order[begins[steps[cell]]] = cell
            begins[steps[cell]] += 1
    return int(begins[_STEPS - 1])


@compiled
def turned(
    query: Floats, means: Small, steps: Floats, squares: Floats, numbers: Places, projection: Floats,
    dots: Floats, beyond: Floats, order: Places,
) -> int:  # fmt: skip
    """Write the products of a vector with the means of cells and with what makes codes; return as ``ordered`` does."""
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
    return ordered(dots, squares, numbers, order)


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
def sides(
    beyond: Floats, turned: Floats, far: np.float32, dim: int, apart: Floats, told: Floats, code: Words
) -> tuple[np.float32, np.float32]:
    """Write the code of a vector that lies so far along each projection, seen from a mean that lies at ``turned``.

    code: [2, 8], on which side it lies, and where it lies far to a side, which counts three times. far: the square of
    its distance from the mean. told: room for [2, 16]. Return by what the agreement of half a code, and that of all of
    it, is to be multiplied: by chance a code agrees with a query in proportion to their product, and to how long the
    query is along the projections.
    """
    large = np.sqrt(far / _f4(dim)) * _LARGE
    told[:] = 0
    for j in range(len(apart)):
        apart[j] = beyond[j] - turned[j]
    for half in range(2):
        for j in range(256 * half, 256 * half + 256, 16):
            for i in range(16):
                size = abs(apart[j + i])
                told[half, i] += size * (_f4(3) if size >= large else _f4(1))
    for word in range(8):
        code[0, word] = reaching(apart, _i8(64 * word), _f4(0))
        code[1, word] = reaching(apart, _i8(64 * word), large) | ~reaching(apart, _i8(64 * word), -large)
    first, second, by_chance = _TINY, _f4(0), np.sqrt(_f4(2 / np.pi) * _f4(dim))
    for i in range(16):
        first += told[0, i]
        second += told[1, i]
    return far / (by_chance * first), far / (by_chance * (first + second))


@compiled
def all_agreeing(code: Words, words: int) -> np.float32:
    """Return by what a code agrees with itself in so many words."""
    large = _u8(0)
    for word in range(words):
        large += bits_set(code[1, word])
    return _f4(np.int32(64 * words) + np.int32(2) * np.int32(large))


@compiled
def reached(
    blocks: Words, leans: Floats, block: np.int64, inside: np.uint64, code: Words, slope: np.float32, whole: np.float32,
    square: np.float32, beside: np.float32, least: np.float32, apart: Floats, width: Floats, guess: Floats,
    waiting: Numbers, aparts: Floats, widths: Floats, besides: Floats, number: int,
) -> int:  # fmt: skip
    """Add the entries of a block to ``waiting`` that may reach a score, by half of their codes; return how many wait.

    inside: which of them are asked for, a bit each.
    apart, width, guess: room for 64. aparts, widths, besides: of who waits, by what its code differs, how far it is
    from the mean, and what its score has beside. leans: [blocks, 64], by which a compiler knows that they lie together;
    to cut such parts out of arrays takes longer than to read them.
    """
    a, b, c, d = code[0, 0], code[0, 1], code[0, 2], code[0, 3]
    e, f, g, h = code[1, 0], code[1, 1], code[1, 2], code[1, 3]
    for i in range(64):
        w, x, y, z = blocks[block, 0, i] ^ a, blocks[block, 1, i] ^ b, blocks[block, 2, i] ^ c, blocks[block, 3, i] ^ d
        large = bits_set(w & e) + bits_set(x & f) + bits_set(y & g) + bits_set(z & h)
        differing = bits_set(w) + bits_set(x) + bits_set(y) + bits_set(z) + large + large
        apart[i] = _f4(np.int32(differing))
    for i in range(64):
        lean = leans[block, i]
        width[i] = np.sqrt(abs(_f4(1) + square - _f4(2) * lean))
        guess[i] = (slope * (whole - _f4(2) * apart[i]) + _SPREAD) * width[i] + lean + beside
    left = reaching(guess, _i8(0), least) & inside
    while left:
        at = place_of(left)
        left &= left - _u8(1)
        waiting[number], aparts[number], widths[number] = 64 * block + at, apart[at], width[at]
        besides[number] = leans[block, at] + beside
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
    waiting: Numbers, aparts: Floats, widths: Floats, besides: Floats, waits: int,
    code: Words, slope: np.float32, whole: np.float32,
    more: Words, places: Places, asked: Words, wanted: int, counts: Numbers, marks: Numbers,
    rows: Places, guesses: Floats, number: int,
) -> int:  # fmt: skip
    """Add to ``number`` rows those of the waiting entries that reach what is to be reached; return how many they are.

    asked: the set, a bit a row. marks: as of ``counted``, for ``wanted`` rows and for the best, and how many came among
    these. In a damaged file several entries may be of one row; ``gathered`` sees to that.
    """
    for k in range(waits):
        entry, bits = waiting[k], _u8(0)
        for word in range(4):
            differing = more[entry, word] ^ code[0, 4 + word]
            large = bits_set(differing & code[1, 4 + word])
            bits += bits_set(differing) + large + large
        apart = aparts[k] + _f4(np.int32(bits))
        score = slope * (whole - _f4(2) * apart) * widths[k] + besides[k]
        step = step_of(score)
        if step < marks[0]:
            continue
        row = places[entry]
        if 0 <= row < 64 * len(asked) and asked[row // 64] >> _u8(row % 64) & _u8(1):
            if number == len(rows):
                number, _ = fewer(rows, guesses, number, wanted)
            rows[number], guesses[number] = row, score
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
    squares: Floats, turns: Floats, begins: Places, blocks: Words, more: Words, leans: Floats, places: Places,
    entries: Words, numbers: Places, asked: Words, wanted: int, limit: int, rows: Places, guesses: Floats,
) -> int:  # fmt: skip
    """Write rows of a set with their scores, the best ``wanted`` and perhaps more, out of the first cells.

    order: of the cells, until ``least`` rows were looked at and of the last portions few came among the best, or
    ``most`` were. Cells before ``limit`` rows are found do not count, as all that is nearest may be no part of the set.
    entries, numbers: the set, a bit an entry, and how many each cell has of it. asked: the set, a bit a row.
    """
    code, apart, flat = np.empty((2, 8), np.uint64), np.empty(512, np.float32), blocks.reshape(len(blocks), 256)
    leans64, places1 = leans.reshape(len(blocks), 64), places.reshape(len(places), 1)
    told, block64 = np.empty((2, 16), np.float32), np.empty((3, 64), np.float32)
    waiting, waited = np.empty(_WAITING, np.int64), np.empty((3, _WAITING), np.float32)
    made, width, guess = block64[0], block64[1], block64[2]
    aparts, widths, besides = waited[0], waited[1], waited[2]
    counts, marks, came = np.zeros(_STEPS, np.int64), np.zeros(6, np.int64), np.zeros(_PORTIONS, np.int64)
    number, seen, enough = 0, 0, min(max(limit, _BEST), wanted)
    for k in range(len(order)):
        cell, after = order[k], order[min(k + 1, len(order) - 1)]
        begin, end = _i8(begins[cell]), _i8(begins[cell + 1])
        brought(turns, _i8(after), 16)
        square = squares[cell]
        far = abs(_f4(1) + square - _f4(2) * dots[cell])
        slope, slopes = sides(beyond, turns[cell], far, len(query), apart, told, code)
        half, whole = all_agreeing(code, 4), all_agreeing(code, 8)
        waits = 0
        for block in range(begin, end):
            coming = block + _AHEAD if block + _AHEAD < end else begins[after] + block + _AHEAD - end
            coming = min(coming, len(blocks) - 1)
            if entries[coming]:
                brought(flat, _i8(coming), 8)
                brought(leans64, _i8(coming), 16)
            if entries[block]:
                before = waits
                reach = _f4(marks[0]) * _STEP - _f4(1) - _ROUNDED if marks[0] else _f4(-9)
                waits = reached(
                    blocks, leans64, _i8(block), entries[block], code, slope, half, square, dots[cell] - square, reach,
                    made, width, guess, waiting, aparts, widths, besides, waits,
                )  # fmt: skip
                for i in range(before, waits):
                    fetch(more, waiting[i], _i8(0))
                    fetch(places1, waiting[i], _i8(0))
            if waits + 64 > _WAITING or block + 1 == end:
                number = entered(
                    waiting, aparts, widths, besides, waits, code, slopes, whole, more, places, asked,
                    wanted, counts, marks, rows, guesses, number,
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
    squares: Floats, turns: Floats, begins: Places, cells: Words, more: Words, leans: Floats, cell_rows: Places,
    entries: Words, numbers: Places, asked: Words, wanted: int, limit: int, rows: Places, guesses: Floats,
) -> int:  # fmt: skip
    """Write the best ``wanted`` rows that are ``looked`` for in some cells, with their scores; return how many."""
    number = looked(
        query, dots, beyond, order, least, most, portion, squares, turns, begins, cells, more, leans, cell_rows,
        entries, numbers, asked, wanted, limit, rows, guesses,
    )  # fmt: skip
    if number > wanted:
        number, _ = fewer(rows, guesses, number, wanted)
    return number


@compiled
def gathered(
    query: Floats, seen: Words, projection: Floats, mean: Floats, shift: Floats,
    blocks: Words, more: Words, leans: Floats,
    rest: Words, first: int, second: int, places: Places, aparts: Floats, leant: Floats, scores: Floats,
    found: int, wanted: int, rows: Places, guesses: Floats,
) -> int:  # fmt: skip
    """Write those of a set of rows that are to be compared by their numbers, ``wanted`` at most; return how many.

    seen: room for a bit a row, of which none is set, nor afterwards. found: how many rows of the set all parts of the
    cells told, in ``rows``. rest: the others of the set, of which ``first`` are found by half of their codes and
    ``second`` by all, where ``first`` is above 0.
    """
    number = 0
    for k in range(found):
        row = rows[k]
        if not seen[row // 64] >> _u8(row % 64) & _u8(1):  # in a damaged file several entries may be of it
            seen[row // 64] |= _u8(1) << _u8(row % 64)
            rows[number], guesses[number] = row, guesses[k]
            number += 1
    for k in range(number):
        seen[rows[k] // 64] = 0
    if number > wanted:
        number, _ = fewer(rows, guesses, number, wanted)
    if first > 0:
        beside = _f4(0)
        for j in range(len(query)):
            beside += mean[j] * (query[j] - mean[j])
        found = guessed(
            query, projection, mean, shift, blocks, more, leans, rest, first, second, places, aparts, leant, scores
        )
        if found > len(rows) - number:  # very many come near to the last of them
            found, _ = fewer(places, scores, found, wanted)
        for k in range(min(found, len(rows) - number)):
            rows[number], guesses[number] = places[k], scores[k] + beside
            number += 1
        if number > wanted:
            number, _ = fewer(rows, guesses, number, wanted)
    return number
