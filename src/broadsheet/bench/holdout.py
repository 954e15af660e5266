"""The reusable holdout: how one half of the queries answers many questions without wearing out. Pure arithmetic.

What is asked of it, and what it has answered, is kept by ``experiments``.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

WANTED = 1000
"""Queries that the half kept back should have; with fewer the thresholds are wide and little can be told."""
CONFIDENCE = 20
"""A margin is wrong once in so many times: 95 %."""

type Noise = Callable[[float], float]
"""Draws from a Laplace distribution around 0 with the scale that it is given."""


class Thresholds(NamedTuple):
    """From which difference of the halves on the one kept back answers, and the scale of the noise upon it."""

    threshold: float
    scale: float


class Answer(NamedTuple):
    """What may be told. kept_back: it comes from the half that is kept back, which costs one of its answers."""

    value: float
    kept_back: bool


def thresholds(queries: int) -> Thresholds:
    """Return the thresholds for scores in [0, 1]: T = 1.3 / sqrt(n), and a quarter of it as the scale of the noise."""
    threshold = 1.3 / math.sqrt(queries)
    return Thresholds(threshold, threshold / 4)


def laplace(seed: int, asked: int) -> Noise:
    """Return the noise of one question: another one for each, the same for the same. asked: questions before it."""
    draw = np.random.default_rng((seed, asked))
    return lambda scale: float(draw.laplace(0.0, scale))


def ask(shown: float, kept_back: float, thresholds: Thresholds, noise: Noise) -> Answer:
    """Return the mean over the half that is shown, unless the half kept back says otherwise; then that, with noise.

    shown, kept_back: the same mean over each half. Thresholdout (Dwork et al., 2015): while the two agree, nothing of
    the half kept back is told, so it stays as good as new; where they do not, what was tuned has overfitted.
    """
    if abs(shown - kept_back) <= thresholds.threshold + noise(2 * thresholds.scale):
        return Answer(shown, kept_back=False)
    return Answer(kept_back + noise(thresholds.scale), kept_back=True)


def occam(tried: int, queries: int) -> float:
    """Return by how much the best of ``tried`` settings may be flattered on so many queries, in 95 of 100 cases.

    By Hoeffding's inequality and a bound over all that were tried, for scores in [0, 1].
    """
    return math.sqrt((math.log(max(1, tried)) + math.log(CONFIDENCE)) / (2 * queries))


@dataclass(slots=True)
class Reusable:
    """A holdout in use: its thresholds, what it may still answer, and how many questions came.

    left: answers that the half kept back still gives. A caller refuses further questions at 0.
    """

    queries: int
    left: int
    seed: int
    asked: int = 0

    def ask(self, shown: float, kept_back: float) -> Answer:
        """Answer one question and count it."""
        answer = ask(shown, kept_back, thresholds(self.queries), laplace(self.seed, self.asked))
        self.asked += 1
        self.left -= answer.kept_back
        return answer


def margin(spread: float, tried: int, queries: int) -> float:
    """Return what a mean difference must exceed to count, after ``tried`` settings on so many queries.

    spread: standard deviation of the differences. Occam's margin is for scores that may fall anywhere in [0, 1], whose
    deviation is one half at most; two rankings differ little on most queries, and the margin shrinks with that.
    """
    return min(1.0, 2 * spread * occam(tried, queries))
