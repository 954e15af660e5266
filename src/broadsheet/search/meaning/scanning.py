"""Compiled loops over an index of vectors: which rows of a set are nearest to a query. Numbers alone.

Rows come in blocks of 64, and a set of them has a bit for each (``row_sets``). What is done with them, and who sees to
it that every array has as many rows as such a set has bits: ``codes``.
"""

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.machine.compiled import compiled
from broadsheet.search.machine.instructions import bits_set, fetch, place_of, reaching

type Words = NDArray[np.uint64]
type Floats = NDArray[np.float32]
type Small = NDArray[np.int8]
type Keys = NDArray[np.int64]
type Places = NDArray[np.int32]

_f4, _u8, _i8 = np.float32, np.uint64, np.int64
_STEPS = 2048
"""Steps in which scores from -1 to 1 are counted."""
_SAMPLE = 256
"""Blocks by which it is told what is near enough to be worth a closer look."""
_AHEAD, _NEXT = 8, 4
"""Rows of which the rest of a code, and of which all numbers, are fetched from memory while others are read."""
_EARLIER = 12
"""Rows whose beginning, key and scale are fetched from memory, so that their pages are found before the rest is."""
_ROUNDED = _f4(1e-7)
"""By which a score may lie below the step that it is counted in."""
LONG = _f4(32767)
"""What 1 is where a vector is told in whole numbers."""
_GONE = np.iinfo(np.int64).min


@compiled
def step_of(score: np.float32) -> int:
    """Return which of ``_STEPS`` a score is in: one of these for whatever number, also for none."""
    if not score > _f4(-1):
        return 0
    if score >= _f4(1):
        return _STEPS - 1
    return min(int((score + _f4(1)) * _f4(_STEPS // 2)), _STEPS - 1)  # what is next to 1 is 2 when 1 is added


@compiled
def cosine(apart: np.float32, half: np.float32) -> np.float32:
    """Return the cosine of the angle that codes of ``2 * half`` bits tell of which ``apart`` differ, to some 1/5000."""
    angle = (apart - half) * (_f4(np.pi / 2) / half)
    square = angle * angle
    return -angle * (_f4(1) - square * (_f4(1 / 6) - square * (_f4(1 / 120) - square * _f4(1 / 5040))))


@compiled
def along(query: Floats, projection: Floats, beyond: Floats) -> None:
    """Add to ``beyond`` how far a vector lies along each projection."""
    for i in range(len(query)):
        for j in range(len(beyond)):
            beyond[j] += query[i] * projection[i, j]


@compiled
def coded(beyond: Floats, shift: Floats, code: Words) -> None:
    """Write the code of a vector that lies so far along each projection, of which every bit is 0 before."""
    for j in range(len(shift)):
        if beyond[j] > shift[j]:
            code[j // 64] |= _u8(1) << _u8(j % 64)


@compiled
def least_of(scores: Floats, number: int, wanted: float) -> np.float32:
    """Return what so many of the first scores reach, and somewhat more; less than all are where these are not more."""
    counts = np.zeros(_STEPS, np.int64)
    for k in range(number):
        counts[step_of(scores[k])] += 1
    step, found = _STEPS, 0
    while step > 0 and found < wanted:
        step -= 1
        found += counts[step]
    return _f4(-9) if step == 0 else _f4(step) / _f4(_STEPS // 2) - _f4(1) - _ROUNDED


@compiled
def shrunk(
    rows: Places, aparts: Floats, leant: Floats, guesses: Floats, number: int, wanted: int
) -> tuple[int, np.float32]:
    """Keep of so many rows the best, ``wanted`` at most; return how many and what a better one has to reach."""
    least = least_of(guesses, number, float(wanted))
    above = least + _f4(2 / _STEPS)
    left = wanted
    for k in range(number):
        left -= guesses[k] >= above
    kept = 0
    for k in range(number):
        if kept < wanted and (guesses[k] >= above or (guesses[k] >= least and left > 0)):
            left -= guesses[k] < above
            rows[kept], aparts[kept], leant[kept], guesses[kept] = rows[k], aparts[k], leant[k], guesses[k]
            kept += 1
    return kept, least


@compiled
def swept(
    blocks: Words, leans: Floats, bits: Words, code: Words, far: np.float32, square: np.float32, half: np.float32,
    stride: int, wanted: int, least: np.float32, rows: Places, aparts: Floats, leant: Floats, guesses: Floats,
) -> int:  # fmt: skip
    """Write the rows of a set that reach a score, with it and by how many of their first bits they are apart.

    stride: 1 for all blocks, or of how many one is looked at. Of more rows than there is room for the best are kept,
    ``wanted`` at most. The score is that which follows from the angle at the mean, and from how far each row leans.
    """
    apart, guess = np.empty(64, np.float32), np.empty(64, np.float32)
    a, b, c, d = code[0], code[1], code[2], code[3]
    number = 0
    for block in range(stride // 2, len(bits), stride):
        if bits[block] == 0:
            continue
        codes, lean64 = blocks[block], leans[64 * block : 64 * block + 64]
        for i in range(64):
            differing = bits_set(codes[0, i] ^ a) + bits_set(codes[1, i] ^ b)
            differing += bits_set(codes[2, i] ^ c) + bits_set(codes[3, i] ^ d)
            apart[i] = _f4(np.int32(differing))
        for i in range(64):
            lean = lean64[i]
            guess[i] = cosine(apart[i], half) * far * np.sqrt(abs(_f4(1) + square - _f4(2) * lean)) + lean
        reached = reaching(guess, _i8(0), least) & bits[block]
        while reached:
            at = place_of(reached)
            reached &= reached - _u8(1)
            rows[number], aparts[number] = 64 * block + at, apart[at]
            leant[number], guesses[number] = lean64[at], guess[at]
            number += 1
        if number + 64 > len(rows):
            number, least = shrunk(rows, aparts, leant, guesses, number, wanted)
    return number


@compiled
def best_of(keys: Keys | Places, scores: Floats, number: int, limit: int) -> int:
    """Keep of so many keys, or rows, and scores the best ``limit``, and all that come near to the last of them."""
    least, kept = least_of(scores, number, float(limit)), 0
    for k in range(number):
        if scores[k] >= least:
            keys[kept], scores[kept] = keys[k], scores[k]
            kept += 1
    return kept


@compiled
def in_whole(query: Floats) -> NDArray[np.int16]:
    """Return a unit vector in whole numbers, times ``LONG``: products of it and small ones stay below 32 bits."""
    whole = np.empty(len(query), np.int16)
    for j in range(len(query)):
        whole[j] = np.int16(np.rint(query[j] * LONG))
    return whole


@compiled
def product(small: Small, row: np.int64, whole: NDArray[np.int16]) -> np.float32:
    """Return the sum of the products of a row of small numbers and as many whole ones, which stays below 32 bits.

    Each step is said to stay there: numba would add up in 64 bits, which takes twice as long and more.
    """
    found = np.int32(0)
    for j in range(len(whole)):
        found = np.int32(found + np.int32(np.int32(small[row, j]) * np.int32(whole[j])))
    return _f4(found)


@compiled
def scored(
    query: Floats, small: Small, scales: Floats, ids: Keys, rows: Places, number: int, limit: int,
    keys: Keys, scores: Floats,
) -> int:  # fmt: skip
    """Write keys and scores of some rows, the best ``limit`` and all that come near to the last of them.

    Rows that are free, and those that are like nothing, are left out.
    """
    width = small.shape[1]
    whole, kept = in_whole(query), 0
    ids1, scales1 = ids.reshape(len(ids), 1), scales.reshape(len(scales), 1)
    for k in range(number):
        if k + _EARLIER < number:
            earlier = _i8(rows[k + _EARLIER])
            fetch(small, earlier, _i8(0))
            fetch(ids1, earlier, _i8(0))
            fetch(scales1, earlier, _i8(0))
        if k + _NEXT < number:
            ahead = _i8(rows[k + _NEXT])
            for j in range(64, width, 64):
                fetch(small, ahead, _i8(j))
        row = rows[k]
        found = product(small, _i8(row), whole)
        key, scale = ids[row], scales[row]
        if key != _GONE and scale > 0:
            keys[kept], scores[kept] = key, found * scale / LONG
            kept += 1
    return best_of(keys, scores, kept, limit)


@compiled
def guessed(
    query: Floats, beyond: Floats, mean: Floats, shift: Floats,
    blocks: Words, more: Words, leans: Floats, bits: Words, first: int, second: int,
    rows: Places, aparts: Floats, leant: Floats, guesses: Floats,
) -> int:  # fmt: skip
    """Write those of a set of rows that are probably nearest to a unit vector, by their codes, with their scores.

    By the first 256 bits ``first`` are found, by all of these ``second`` and some that come near to the last of them.
    beyond: how far it lies along each projection. What a score lacks of a cosine is the same for all rows.
    """
    code = np.zeros(4 + more.shape[1], np.uint64)
    coded(beyond, shift, code)
    square, far = _f4(0), _f4(0)
    for j in range(len(query)):
        square += mean[j] * mean[j]
        far += (query[j] - mean[j]) * (query[j] - mean[j])
    far = np.sqrt(far)
    half, every = _f4(min(len(shift), 256) / 2), _f4(len(shift) / 2)
    stride, least = max(len(bits) // _SAMPLE, 4), _f4(-9)
    while True:  # called in one place alone, as it would be compiled twice
        number = swept(blocks, leans, bits, code, far, square, half, stride, first, least, rows, aparts, leant, guesses)
        if stride == 1 and (number >= 0.8 * first or least < -2):
            break
        # Where what was sampled is not like the rest all is looked through once more.
        least = _f4(-9) if stride == 1 else least_of(guesses, number, 1.1 * first / stride)
        stride = 1
    for k in range(number):
        if k + _AHEAD < number:
            fetch(more, _i8(rows[k + _AHEAD]), _i8(0))
        row, differing = rows[k], _u8(0)
        for j in range(more.shape[1]):
            differing += bits_set(more[row, j] ^ code[4 + j])
        apart, lean = aparts[k] + _f4(np.int32(differing)), leant[k]
        guesses[k] = cosine(apart, every) * far * np.sqrt(abs(_f4(1) + square - _f4(2) * lean)) + lean
    return best_of(rows, guesses, number, second)


@compiled
def nearest(
    query: Floats, projection: Floats, mean: Floats, shift: Floats,
    blocks: Words, more: Words, leans: Floats, small: Small, scales: Floats, ids: Keys,
    bits: Words, first: int, second: int, limit: int,
    rows: Places, aparts: Floats, leant: Floats, guesses: Floats, keys: Keys,
) -> int:  # fmt: skip
    """Write keys and scores (into ``guesses``) of those of a set of rows that are probably nearest to a unit vector.

    Of the rows that are ``guessed``, ``limit`` are found by their numbers, and some that come near to the last of them,
    in any order. Rows that are free, and like nothing, are none of them.
    """
    beyond = np.zeros(len(shift), np.float32)
    along(query, projection, beyond)
    kept = guessed(query, beyond, mean, shift, blocks, more, leans, bits, first, second, rows, aparts, leant, guesses)
    return scored(query, small, scales, ids, rows, kept, limit, keys, guesses)
