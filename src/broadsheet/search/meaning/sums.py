"""What rows of an index of vectors add up to, by which damage is noticed. Who mends it: ``vectors``."""

import numpy as np

from broadsheet.search.machine.mapped import Array
from broadsheet.search.meaning.codes import Rows
from broadsheet.search.meaning.columns import (
    DAYS,
    GONE,
    IDS,
    LEANS,
    ROWS,
    SCALES,
    SUMS,
    View,
    codes_of,
    filed_name,
    wide,
    words_of,
)

_PORTION = 8192
_CLEAR = 1e-5
"""What is further from zero has the same sign however its sum is rounded."""


def sums(view: View, rows: Rows, ids: Array) -> Array:
    """Return what rows add up to, each 32 bits times an odd number of its own: one changed word is always noticed.

    ids: the rows' keys, which need not be written yet. Names that came later change nothing.
    """
    arrays = view.arrays
    doubles = [ids, *(arrays[filed_name(word)][rows] for word in range(words_of(view.names)))]
    numbers = np.concatenate(
        [
            arrays[DAYS][rows].view("<u4")[:, None],
            arrays[SCALES][rows].view("<u4")[:, None],
            arrays[ROWS][rows].view("<u4"),
            *(column.astype("<u8").view("<u4").reshape(-1, 2) for column in doubles),
        ],
        axis=1,
    )
    powers = np.cumprod(np.full(numbers.shape[1], 2_654_435_761, np.uint32), dtype=np.uint32)
    # Not zero for a row of zeros, which is what a lost page holds.
    found: Array = numbers @ powers + np.uint32(0x9E37_79B9)
    return found


def torn(view: View, begin: int, end: int) -> Rows:
    """Return the taken rows from one to another whose sum is wrong."""
    found = [np.zeros(0, np.int64)]
    for first in range(begin, end, _PORTION):
        rows = np.arange(first, min(first + _PORTION, end))
        ids = view.arrays[IDS][rows]
        found.append(rows[(sums(view, rows, ids) != view.arrays[SUMS][rows]) & (ids != GONE)])
    return np.concatenate(found)


def damaged(view: View, count: int) -> Rows:
    """Return the taken rows of the first ``count`` whose sum is wrong, or whose code is not what their numbers make."""
    found = torn(view, 0, count)
    if view.frame is None:
        return found
    miscoded = []
    for first in range(0, count, _PORTION):
        rows = np.arange(first, min(first + _PORTION, count))
        vectors = wide(view, rows)
        # A sum is rounded otherwise where other rows are reckoned beside it: bits near to zero may differ.
        beyond = vectors @ view.frame.projection - view.frame.shift
        held = codes_of(view, rows).view(np.uint8)
        bits = np.unpackbits(held, axis=1, count=beyond.shape[1], bitorder="little")
        far = ((bits != (beyond > 0)) & (np.abs(beyond) > _CLEAR)).any(axis=1)
        far |= ~(np.abs(view.frame.leans(vectors) - view.arrays[LEANS][rows]) < 1e-3)
        miscoded.append(rows[far & (view.arrays[IDS][rows] != GONE)])
    return np.union1d(found, np.concatenate(miscoded))
