"""Measures of a ranking against judgments, and whether two systems differ: pure arithmetic. Collections are ``beir``.

A ranking is a sequence of document ids, best first. Judgments (qrels) map the id of a document to its grade; a
document without one counts as grade 0.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

type Ranking = Sequence[str]
type Judged = Mapping[str, int]

ROUNDS = 10_000
SEED = 20_260_101
DRAWN = 4_000_000
"""Numbers that are drawn at a time, some 64 MB."""


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
    return intervals([values], rounds=rounds, seed=seed)[0]


def intervals(columns: Sequence[Sequence[float]], *, rounds: int = ROUNDS, seed: int = SEED) -> list[Interval]:
    """Return the interval of each of some sequences over the same queries, as ``interval`` gives it, at once.

    Raises ValueError where their lengths differ.
    """
    scores = np.array([list(values) for values in columns], dtype=np.float64).T
    if not scores.size:
        return [Interval(0.0, 0.0, 0.0)] * len(columns)
    random, queries = np.random.default_rng(seed), len(scores)
    means = []
    for some in _batches(rounds, queries):
        drawn = random.integers(0, queries, size=(some, queries))
        drawn += np.arange(some)[:, None] * queries
        times = np.bincount(drawn.ravel(), minlength=some * queries).reshape(some, queries)
        means.append(times @ scores / queries)
    low, high = np.percentile(np.concatenate(means), (2.5, 97.5), axis=0)
    return [Interval(*map(float, bounds)) for bounds in zip(scores.mean(axis=0), low, high, strict=True)]


def difference(ours: Sequence[float], theirs: Sequence[float], *, rounds: int = ROUNDS, seed: int = SEED) -> Difference:
    """Return how much ``ours`` is better, by the paired randomisation test (Smucker, Allan and Carterette, 2007).

    ours, theirs: one value a query, in the same order. Under the null hypothesis each pair may be swapped, so the
    signs of the differences are drawn ``rounds`` times. Raises ValueError where the lengths differ.
    """
    return differences([(ours, theirs)], rounds=rounds, seed=seed)[0]


def differences(
    pairs: Sequence[tuple[Sequence[float], Sequence[float]]], *, rounds: int = ROUNDS, seed: int = SEED
) -> list[Difference]:
    """Return how much the first of each pair is better, as ``difference`` tells it; all are over the same queries.

    Raises ValueError where lengths differ.
    """
    for ours, theirs in pairs:
        if len(ours) != len(theirs):
            raise ValueError(f"{len(ours)} queries cannot be paired with {len(theirs)}.")
    gains = np.array([np.subtract(ours, theirs) for ours, theirs in pairs], dtype=np.float64).T
    if not gains.size:
        return [Difference(0.0, 1.0, 0, 0)] * len(pairs)
    random, queries = np.random.default_rng(seed), len(gains)
    as_far = np.zeros(len(pairs), dtype=np.int64)
    for some in _batches(rounds, queries):
        signs = random.choice((-1.0, 1.0), size=(some, queries))
        as_far += (np.abs(signs @ gains / queries) >= np.abs(gains.mean(axis=0)) - 1e-12).sum(axis=0)
    # The arrangement that was seen is one of all: without it p could be 0.
    return [
        Difference(float(one.mean()), float(far + 1) / (rounds + 1), int((one > 0).sum()), int((one < 0).sum()))
        for one, far in zip(gains.T, as_far, strict=True)
    ]


def _batches(rounds: int, queries: int) -> Iterator[int]:
    """Yield how many rounds are drawn at a time, so that many queries take no more memory than some do."""
    most = max(1, DRAWN // queries)
    for begin in range(0, rounds, most):
        yield min(most, rounds - begin)


def _discounted(grades: Sequence[int], *, linear: bool = False) -> float:
    gains = (max(grade, 0) if linear else 2 ** max(grade, 0) - 1 for grade in grades)
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
