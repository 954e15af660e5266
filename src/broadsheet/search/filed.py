"""How many of some papers are filed under each category and year, read of the segments of ``postings``.

For some thousand papers that are known one by one; how many fulfil something, and of more, is ``counting``'s.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.index import Tally
from broadsheet.search.segments import Segment

_CATEGORY = "category "
_EPOCH = 719_163
"""The first day of 1970 as ``date.toordinal`` counts."""


def tally(those: Sequence[Segment], ids: NDArray[np.int64], *, categories: int, years: int) -> Tally:
    """Count papers by category and by year, the largest first. ids: in rising order. categories, years: at most."""
    from broadsheet.search import filed_kernels as kernels

    of_categories: Counter[str] = Counter()
    of_years: Counter[int] = Counter()
    for segment in those:
        rows = _rows(segment, ids)
        if not len(rows):
            continue
        days, filed = segment.parts.days[rows], segment.parts.filed
        dated = (days[days > 0] - _EPOCH).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
        for year, number in zip(*np.unique(dated, return_counts=True), strict=True):
            of_years[int(year)] += int(number)
        counts = np.zeros(64 * filed.shape[1], np.int64)
        kernels.count_bits(filed, rows, counts)
        names = {bit: name for name, bit in segment.names.items() if name.startswith(_CATEGORY)}
        for bit in np.flatnonzero(counts).tolist():
            if bit in names:
                of_categories[names[bit].removeprefix(_CATEGORY)] += int(counts[bit])
    found = sorted(
        ((name, number) for name, number in of_categories.items() if number), key=lambda one: (-one[1], one[0])
    )
    return Tally(len(ids), tuple(found[:categories]), tuple(of_years.most_common(years)))


def _rows(segment: Segment, ids: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the rows of those papers that a segment has and that were not taken out since."""
    own = segment.parts.ids
    if not len(own):
        return np.zeros(0, np.intp)
    some = ids[np.searchsorted(ids, own[0]) : np.searchsorted(ids, own[-1], "right")]
    rows: NDArray[np.intp] = np.searchsorted(own, some)
    rows = rows[own[rows] == some]
    return rows[~np.isin(rows, segment.dead)] if len(segment.dead) else rows
