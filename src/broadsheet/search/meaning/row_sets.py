"""Compiled loops over sets of rows: which rows have a fact, a bit for each. What they are asked for: ``passing``.

A set is an array of 64-bit numbers, and has a bit for each of 64 rows in each of these. Who asks sees to it that every
array has as many rows as the set has bits.
"""

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.machine.compiled import compiled
from broadsheet.search.machine.instructions import place_of

type Words = NDArray[np.uint64]
type Keys = NDArray[np.int64]
type Places = NDArray[np.int32]

_u8 = np.uint64


@compiled
def rows_of(bits: Words, rows: Places) -> int:
    """Write the rows of a set, in rising order, as many as there is room for; return how many."""
    number = 0
    for block in range(len(bits)):
        left = bits[block]
        while left and number < len(rows):
            rows[number] = 64 * block + place_of(left)
            left &= left - _u8(1)
            number += 1
    return number


@compiled
def between(column: NDArray[np.signedinteger], low: int, high: int, bits: Words) -> None:
    """Take out of a set the rows whose number is none from ``low`` to ``high``."""
    for block in range(len(bits)):
        if bits[block]:
            found = _u8(0)
            for i in range(64):
                number = column[64 * block + i]
                found |= _u8((number >= low) & (number <= high)) << _u8(i)
            bits[block] &= found


@compiled
def holding(column: Words, wanted: np.uint64, bits: Words, found: Words) -> None:
    """Add to ``found`` the rows of a set that have one of the bits ``wanted``."""
    for block in range(len(bits)):
        if bits[block] & ~found[block]:
            has = _u8(0)
            for i in range(64):
                has |= _u8((column[64 * block + i] & wanted) != 0) << _u8(i)
            found[block] |= has & bits[block]


@compiled
def looked_up(table: Places, wanted: Keys, ids: Keys, rows: Keys) -> None:
    """Write the row of each key by a table of rows plus one; -1 where that row has another key by now."""
    for k in range(len(wanted)):
        rows[k] = -1
        if 0 <= wanted[k] < len(table):
            row = table[wanted[k]] - 1
            if 0 <= row < len(ids) and ids[row] == wanted[k]:
                rows[k] = row


@compiled
def marked(rows: Keys, bits: Words) -> None:
    """Add rows to a set; those below 0 are none."""
    for k in range(len(rows)):
        if 0 <= rows[k] < 64 * len(bits):
            bits[rows[k] // 64] |= _u8(1) << _u8(rows[k] % 64)
