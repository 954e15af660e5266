"""The loops that choose the best of scored papers, compiled. Who scores them: ``posting_kernels``.

Most papers are no better than what was gathered before, and are passed over many at a time. The others are gathered in
room for some more than are wanted, and cut down to those wanted whenever that is full: a heap, of which each paper
finds its place by itself, takes half as long again.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.compiled import bits_set, compiled

type Array = NDArray[Any]

STRETCH = 64
"""Papers that are looked at together."""


@compiled
def least_of_best(scores: Array, number: int, spare: Array) -> Any:
    """Return the least of the ``number`` highest of some scores. spare: room for all of them."""
    spare[: len(scores)] = scores
    low, high, place = 0, len(scores) - 1, number - 1
    while low < high:
        middle = spare[(low + high) // 2]
        above, below = low, high
        while above <= below:
            while spare[above] > middle:
                above += 1
            while spare[below] < middle:
                below -= 1
            if above <= below:
                spare[above], spare[below] = spare[below], spare[above]
                above += 1
                below -= 1
        if place <= below:
            high = below
        elif place >= above:
            low = above
        else:
            break
    return spare[place]


@compiled
def cut_down(best: Array, best_ids: Array, size: int, limit: int, spare: Array) -> Any:
    """Keep the best of those gathered, of equals those that came first; return the least score that is kept."""
    least = least_of_best(best[:size], limit, spare)
    above = 0
    for place in range(size):
        above += best[place] > least
    equals, kept = limit - above, 0
    for place in range(size):
        score = best[place]
        if score > least or (score == least and equals > 0):
            equals -= score == least
            best[kept], best_ids[kept] = score, best_ids[place]
            kept += 1
    return least


@compiled
def holds_above(scores: Array, least: Any) -> Any:
    """Tell whether one of some scores is above another one. Most stretches hold none, and this takes many at a time."""
    above = np.uint32(0)
    for place in range(len(scores)):
        above = np.uint32(above | np.uint32(scores[place] > least))
    return above > 0


@compiled
def those_above(scores: Array, least: Any) -> Any:
    """Return which of up to 64 scores are above another one, a bit each."""
    above = np.uint64(0)
    for place in range(len(scores)):
        above |= np.uint64(scores[place] > least) << np.uint64(place)
    return above


@compiled
def surely_reached(scores: Array, limit: int) -> Any:
    """Return a score that is below those of ``limit`` papers at least, by the best ones of stretches; 0 where unknown.

    Else each of the first papers would be gathered. No score is below 0, so their order is that of whole numbers, of
    which many are compared at a time.
    """
    highest, numbers = np.empty(-(-len(scores) // STRETCH), np.int32), scores.view(np.int32)
    if len(highest) < limit:
        return np.float32(0)
    for stretch in range(len(highest)):
        some, most = numbers[stretch * STRETCH : (stretch + 1) * STRETCH], np.int32(0)
        for place in range(len(some)):
            most = max(most, some[place])
        highest[stretch] = most
    reached = highest.view(np.float32)
    return least_of_best(reached, limit, np.empty_like(reached)) * np.float32(0.99999)


@compiled
def keep_best(
    scores: Array,
    ids: Array,
    among: Array,
    narrowed: bool,
    limit: int,
    best: Array,
    best_ids: Array,
    spare: Array,
    size: int,
    least: Any,
) -> Any:
    """Gather the papers of a segment that may be among the best; return how many there are then, and the least score.

    ids: of the papers. among: where ``narrowed``, the set of those that may be found. best, best_ids, spare: room for
    more than ``limit`` and a stretch of papers. least: that a score must be above.
    """
    if size == 0 and not narrowed:
        least = surely_reached(scores[: len(ids)], limit)
    for first in range(0, len(ids), STRETCH):
        last = min(first + STRETCH, len(ids))
        wanted = among[first // STRETCH] if narrowed else ~np.uint64(0)
        if wanted == 0 or not holds_above(scores[first:last], least):
            continue
        if size + STRETCH > len(best):
            least = cut_down(best, best_ids, size, limit, spare)
            size = limit
        wanted &= those_above(scores[first:last], least)
        while wanted:
            lowest = wanted & (~wanted + np.uint64(1))
            wanted ^= lowest
            paper = first + np.int64(bits_set(lowest - np.uint64(1)))
            best[size], best_ids[size] = scores[paper], ids[paper]
            size += 1
    return size, least
