"""The loops that choose the best of scored papers, compiled. Who scores them: ``kernels``.

Most papers are no better than what was gathered before, and are passed over many at a time. The others are gathered in
room for some more than are wanted, and cut down to those wanted whenever that is full: a heap, of which each paper
finds its place by itself, takes half as long again.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj
from numpy.typing import NDArray

from broadsheet.search.machine.compiled import compiled
from broadsheet.search.machine.instructions import bits_set

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
def cut_down(best: Array, best_places: Array, size: int, limit: int, spare: Array) -> Any:
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
            best[kept], best_places[kept] = score, best_places[place]
            kept += 1
    return least


@intrinsic
def _those_above(_context: Any, scores: Any, first: Any, least: Any) -> Any:
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        # numba's inside has no types.
        held = arrayobj.make_array(signature.args[0])(context, builder, given[0])  # type: ignore[no-untyped-call]
        place = cgutils.get_item_pointer(context, builder, signature.args[0], held, [given[1]])  # type: ignore[no-untyped-call]
        many = ir.VectorType(ir.FloatType(), STRETCH)
        some = builder.load(builder.bitcast(place, many.as_pointer()), align=4)
        one = builder.insert_element(ir.Constant(many, ir.Undefined), given[2], ir.IntType(32)(0))
        same = ir.Constant(ir.VectorType(ir.IntType(32), STRETCH), [0] * STRETCH)
        other = builder.shuffle_vector(one, ir.Constant(many, ir.Undefined), same)
        return builder.bitcast(builder.fcmp_ordered(">", some, other), ir.IntType(STRETCH))

    return types.uint64(scores, first, least), made


those_above = cast("Callable[[Array, int, Any], Any]", _those_above)
"""Returns which of a stretch of scores (32 bits) are above another one, a bit each. Whoever calls it sees to it that
all of the stretch is there. A loop takes three times as long, as compilers do not make of it what processors can do.
For compiled functions alone."""


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
    count: int,
    begin: int,
    among: Array,
    narrowed: bool,
    limit: int,
    best: Array,
    best_places: Array,
    spare: Array,
    size: int,
    least: Any,
) -> Any:
    """Gather the papers of a segment that may be among the best; return how many there are then, and the least score.

    scores: of ``count`` papers, with room for whole stretches. begin: what the place of the first is called. among:
    where ``narrowed``, the set of those that may be found. best, best_places, spare: room for more than ``limit`` and
    a stretch of papers. least: that a score must be above.
    """
    if size == 0 and not narrowed:
        least = surely_reached(scores[:count], limit)
    for stretch in range(min(-(-count // STRETCH), len(scores) // STRETCH)):
        first = stretch * STRETCH
        above = those_above(scores, first, least)
        if narrowed:
            above &= among[stretch]
        if first + STRETCH > count:
            above &= (np.uint64(1) << np.uint64(count - first)) - np.uint64(1)
        if above == 0:
            continue
        if size + STRETCH > len(best):
            least = cut_down(best, best_places, size, limit, spare)
            size = limit
            above &= those_above(scores, first, least)
        while above:
            lowest = above & (~above + np.uint64(1))
            above ^= lowest
            paper = first + np.int64(bits_set(lowest - np.uint64(1)))
            best[size], best_places[size] = scores[paper], begin + paper
            size += 1
    return size, least
