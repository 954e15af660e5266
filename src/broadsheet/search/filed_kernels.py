"""The compiled loop of ``filed``, imported when it is first needed, as the compiler takes long to load."""

import numpy as np

from broadsheet.search.compiled import bits_set, compiled
from broadsheet.search.segments import Array


@compiled
def count_bits(filed: Array, rows: Array, counts: Array) -> None:
    """Add to ``counts`` how many of some rows have each bit. filed [papers, words], counts [64 * words]: of each bit.

    Every one of ``rows`` must be less than there are papers.
    """
    for row in rows:
        for word in range(filed.shape[1]):
            bits = filed[row, word]
            while bits:
                lowest = bits & (~bits + np.uint64(1))
                counts[word * 64 + bits_set(lowest - np.uint64(1))] += 1
                bits ^= lowest
