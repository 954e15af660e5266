"""Compiled loops over the means of cells: in which order a query comes to them, and its code as seen from each.

Which entries come near to it then: ``cell_loops``.
"""

import numpy as np

from broadsheet.search.machine.compiled import compiled
from broadsheet.search.machine.instructions import bits_set, reaching
from broadsheet.search.meaning.scanning import LONG, Floats, Places, Small, Words, along, in_whole, product, step_of

_f4, _u8, _i8 = np.float32, np.uint64, np.int64
_STEPS = 2048
_TINY = _f4(1e-9)
_LARGE = _f4(0.996)
"""Deviations from which on a projection of the query counts three times: of four steps for numbers that are spread as
these are, the ones that lose least (Max, 1960)."""
_WHOLE, _MOST_APART = _f4(65536), _f4(16)
"""By what sizes of projections are multiplied to be whole numbers, and the most that one counts as, so that 256 of them
are: none of a vector of unit length is as large."""


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
    whole = in_whole(query)
    for cell in range(len(dots)):
        dots[cell] = product(means, _i8(cell), whole) * steps[cell] / LONG
    along(query, projection, beyond)
    return ordered(dots, squares, numbers, order)


@compiled
def size_of(apart: Floats, begin: int, large: np.float32) -> np.float32:
    """Return the sum of the sizes of 256 projections from a place on; one that is large counts three times.

    It is summed up in whole numbers, as only these are side by side: ``sides`` takes half the time.
    """
    found = np.int32(0)
    for j in range(begin, begin + 256):
        size = min(_MOST_APART, abs(apart[j]))  # in this order, so that what is no number counts as the most
        found = np.int32(found + np.int32(_WHOLE * size * (_f4(3) if size >= large else _f4(1))))
    return _f4(found) / _WHOLE


@compiled
def sides(
    beyond: Floats, turned: Floats, far: np.float32, dim: int, apart: Floats, code: Words
) -> tuple[np.float32, np.float32]:
    """Write the code of a vector that lies so far along each projection, seen from a mean that lies at ``turned``.

    code: [2, 8], on which side it lies, and where it lies far to a side, which counts three times. far: the square of
    its distance from the mean. Return by what the agreement of half a code, and that of all of it, is to be multiplied:
    by chance a code agrees with a query in proportion to their product, and to how long the query is along the
    projections.
    """
    large = np.sqrt(far / _f4(dim)) * _LARGE
    for j in range(len(apart)):
        apart[j] = beyond[j] - turned[j]
    for word in range(8):
        code[0, word] = reaching(apart, _i8(64 * word), _f4(0))
        code[1, word] = reaching(apart, _i8(64 * word), large) | ~reaching(apart, _i8(64 * word), -large)
    first = size_of(apart, 0, large) + _TINY
    by_chance = np.sqrt(_f4(2 / np.pi) * _f4(dim))
    return far / (by_chance * first), far / (by_chance * (first + size_of(apart, 256, large)))


@compiled
def all_agreeing(code: Words, words: int) -> np.float32:
    """Return by what a code agrees with itself in so many words."""
    large = _u8(0)
    for word in range(words):
        large += bits_set(code[1, word])
    return _f4(np.int32(64 * words) + np.int32(2) * np.int32(large))
