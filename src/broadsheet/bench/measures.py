"""Measures of a ranking against judgments, and whether two systems differ: pure arithmetic. Collections are ``beir``.

A ranking is a sequence of document ids, best first. Judgments (qrels) map the id of a document to its grade; a
document without one counts as grade 0.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

type Ranking = Sequence[str]
type Judged = Mapping[str, int]

ROUNDS = 10_000
SEED = 20_260_101


class Interval(NamedTuple):
    """A mean with the bounds between which it lies in 95 of 100 samples of the queries."""

    mean: float
    low: float
    high: float


class Difference(NamedTuple):
    """How much one system is better than another on the same queries. p: that so much comes by chance, two-sided."""

    mean: float
    p: float
    better: int
    worse: int


def ndcg(ranking: Ranking, judged: Judged, depth: int = 10) -> float:
    """Return the normalised discounted cumulative gain, with gains of 2^grade - 1.

    depth: ranks that count. 0 where nothing is relevant. Source: Järvelin and Kekäläinen, 2002; gains by Burges, 2005.
    """
    ideal = _discounted(sorted(judged.values(), reverse=True)[:depth])
    return _discounted([judged.get(document, 0) for document in ranking[:depth]]) / ideal if ideal else 0.0


def linear_ndcg(ranking: Ranking, judged: Judged, depth: int = 10) -> float:
    """Return nDCG with the grades themselves as gains, as trec_eval and the published figures of BEIR have it."""
    ideal = _discounted(sorted(judged.values(), reverse=True)[:depth], linear=True)
    found = _discounted([judged.get(document, 0) for document in ranking[:depth]], linear=True)
    return found / ideal if ideal else 0.0


def recall(ranking: Ranking, judged: Judged, depth: int = 100) -> float:
    """Return the share of the relevant documents that stand in the first ``depth`` ranks; 0 where none is relevant."""
    relevant = {document for document, grade in judged.items() if grade > 0}
    return len(relevant & set(ranking[:depth])) / len(relevant) if relevant else 0.0


def precision(ranking: Ranking, judged: Judged, depth: int = 20) -> float:
    """Return the share of the first ``depth`` ranks at which a relevant document stands; empty ranks count as not."""
    return sum(judged.get(document, 0) > 0 for document in ranking[:depth]) / depth


def reciprocal_rank(ranking: Ranking, judged: Judged, depth: int = 10) -> float:
    """Return one over the rank of the first relevant document, 0 where none stands in the first ``depth``."""
    ranks = (rank for rank, document in enumerate(ranking[:depth], start=1) if judged.get(document, 0) > 0)
    return 1 / rank if (rank := next(ranks, 0)) else 0.0


def average_precision(ranking: Ranking, judged: Judged) -> float:
    """Return the mean of the precisions at the ranks of the relevant documents; those not found count as 0."""
    relevant = sum(grade > 0 for grade in judged.values())
    found, total = 0, 0.0
    for rank, document in enumerate(ranking, start=1):
        if judged.get(document, 0) > 0:
            found += 1
            total += found / rank
    return total / relevant if relevant else 0.0


def interval(values: Sequence[float], *, rounds: int = ROUNDS, seed: int = SEED) -> Interval:
    """Return the mean of one value a query, with its 95 % percentile bootstrap interval (Efron, 1979).

    rounds: samples drawn; seed: the same one gives the same bounds. An empty sequence gives zeros.
    """
    if not values:
        return Interval(0.0, 0.0, 0.0)
    scores = np.asarray(values, dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(scores), size=(rounds, len(scores)))
    low, high = np.percentile(scores[drawn].mean(axis=1), (2.5, 97.5))
    return Interval(float(scores.mean()), float(low), float(high))


def difference(ours: Sequence[float], theirs: Sequence[float], *, rounds: int = ROUNDS, seed: int = SEED) -> Difference:
    """Return how much ``ours`` is better, by the paired randomisation test (Smucker, Allan and Carterette, 2007).

    ours, theirs: one value a query, in the same order. Under the null hypothesis each pair may be swapped, so the
    signs of the differences are drawn ``rounds`` times. Raises ValueError where the lengths differ.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} queries cannot be paired with {len(theirs)}.")
    gains = np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)
    if not gains.any():
        return Difference(0.0, 1.0, 0, 0)
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(rounds, len(gains)))
    as_far = np.abs((signs * gains).mean(axis=1)) >= abs(gains.mean()) - 1e-12
    # The arrangement that was seen is one of all: without it p could be 0.
    p = (int(as_far.sum()) + 1) / (rounds + 1)
    return Difference(float(gains.mean()), p, int((gains > 0).sum()), int((gains < 0).sum()))


def _discounted(grades: Sequence[int], *, linear: bool = False) -> float:
    gains = (max(grade, 0) if linear else 2 ** max(grade, 0) - 1 for grade in grades)
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
