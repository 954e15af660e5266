"""The arithmetic of "like this, but": moving a query vector, pushing away, and slates of unlike papers. No database.

The moves are those of an embedding steered by text; feedback is J. Rocchio's (Relevance Feedback in Information
Retrieval, 1971), slates are chosen by the maximal marginal relevance of J. Carbonell and J. Goldstein (SIGIR 1998).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.index import Vector

Numbers = NDArray[np.float32]

MORE, LESS, PENALTY = 0.7, 0.7, 0.5
"""How far the vector moves to what is wanted, out of what is not, and how much nearness to the latter costs."""
FREE = 0.25
"""The cosine up to which a paper may be near to what is not wanted at no cost: everything of a field is a little."""
KEPT, DROPPED = 0.6, 0.3
"""Rocchio's beta and gamma; alpha is 1."""
FIRST_BALANCE, NEXT_BALANCE = 0.5, 0.15
"""Relevance against variety in the first round, and how much more relevance counts in each later one."""
RADIUS, LEAST_RADIUS = 200, 25
"""Papers among which the first slate is chosen; each later round looks at half as many, the nearest."""
LAST_ROUND = 9


def fed_back(start: Sequence[Vector], kept: Sequence[Vector], dropped: Sequence[Vector]) -> Vector | None:
    """Return the unit vector of the papers begun with, drawn to the kept ones and pushed from the dropped ones.

    None where nothing has a vector.
    """
    moved = [weight * np.mean(group, axis=0) for weight, group in _weighed(start, kept, dropped) if len(group)]
    return unit(np.sum(moved, axis=0)) if len(start) or len(kept) else None


def steered(
    base: Vector, more: Vector | None, less: Sequence[Vector], *, toward: float = MORE, away: float = LESS
) -> Vector:
    """Return norm(base + toward * more - away * the part of base that points to each of ``less``)."""
    moved = base.astype(np.float32)
    for unwanted in less:
        moved = moved - away * max(0.0, float(base @ unwanted)) * unwanted
    if more is not None:
        moved = moved + toward * more
    return unit(moved)


def nearness(rows: Numbers, aim: Vector, less: Sequence[Vector], *, penalty: float = PENALTY) -> Numbers:
    """Return the cosine of each row to the aim, less what its nearness to anything unwanted costs."""
    near = rows @ aim
    for unwanted in less:
        near = near - penalty * np.maximum(0.0, rows @ unwanted - FREE)
    found: Numbers = near.astype(np.float32)
    return found


def balance(number: int) -> float:
    """Return how much relevance counts against variety in a round, from 0 to 1."""
    return min(1.0, FIRST_BALANCE + NEXT_BALANCE * (number - 1))


def radius(number: int) -> int:
    """Return among how many of the best papers the slate of a round is chosen."""
    return max(LEAST_RADIUS, RADIUS >> (number - 1))


def varied(worth: Numbers, rows: Numbers, limit: int, *, weight: float) -> list[int]:
    """Choose places one after the other: good, and unlike what was chosen before.

    worth: of each candidate, from 0 to 1, best first. rows: their unit vectors; zeros for those without one.
    weight: of worth against the cosine to the nearest of the chosen; 1 keeps the order.
    """
    left = np.arange(len(worth))
    nearest = np.zeros(len(worth), dtype=np.float32)
    picked: list[int] = []
    while len(left) and len(picked) < limit:
        best = int(left[np.argmax(weight * worth[left] - (1 - weight) * nearest[left])])
        picked.append(best)
        left = left[left != best]
        nearest = np.maximum(nearest, rows @ rows[best])
    return picked


def scaled(scores: Numbers) -> Numbers:
    """Return scores at [0, 1] by their least and greatest; equal ones are all 1."""
    if not len(scores):
        return scores
    low, high = scores.min(), scores.max()
    found: Numbers = ((scores - low) / (high - low) if high > low else np.ones_like(scores)).astype(np.float32)
    return found


def unit(vector: Vector) -> Vector:
    """Return a vector at length one; zeros stay zeros."""
    length = float(np.linalg.norm(vector))
    found: Vector = (vector / length if length else vector).astype(np.float32)
    return found


def _weighed(
    start: Sequence[Vector], kept: Sequence[Vector], dropped: Sequence[Vector]
) -> tuple[tuple[float, Sequence[Vector]], ...]:
    return (1.0, start), (KEPT, kept), (-DROPPED, dropped)
