"""The reusable holdout: how one half of the queries answers many questions without wearing out. Pure arithmetic.

It is Thresholdout (Dwork et al., 2015), stricter in one point: there the half that is shown answers wherever both
agree within T. Two rankings often differ by less than T, so that the shown half alone would judge them, which is the
half they were tuned on. Here only the half kept back answers, with noise of the same scale and for the same price; it
is asked where the shown difference is one that would count.

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
"""Draws from a Laplace distribution around 0 with the scale that it is given, and never more than ``most``."""


class Thresholds(NamedTuple):
    """Up to which difference the halves agree, and the scale of the noise upon answers of the one kept back."""

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


def most(scale: float) -> float:
    """Return what noise of a scale never exceeds: 19 of 20 draws lie within, and the others are left out.

    A margin that is wider by this much cannot be exceeded by noise, whatever was drawn.
    """
    return scale * math.log(CONFIDENCE)


def laplace(seed: int, asked: int) -> Noise:
    """Return the noise of one question: another one for each, the same for the same. asked: questions before it.

    Drawn by the inverse of the distribution, whose tails beyond ``most`` are cut off (Geng et al., 2020).
    """
    draw = np.random.default_rng((seed, asked))

    def noise(scale: float) -> float:
        size = -scale * math.log(1 - draw.random() * (1 - 1 / CONFIDENCE))
        return math.copysign(size, draw.random() - 0.5)

    return noise


def ask(shown: float, kept_back: float, margin: float, scale: float, noise: Noise) -> Answer:
    """Return the mean over the half kept back, with noise, where the shown one is beyond the margin; else the shown.

    shown, kept_back: the same mean difference over each half. Where the shown one does not count, nothing is at stake,
    and nothing of the half kept back is told, so it stays as good as new.
    """
    if abs(shown) <= margin:
        return Answer(shown, kept_back=False)
    return Answer(kept_back + noise(scale), kept_back=True)


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

    def ask(self, shown: float, kept_back: float, margin: float) -> Answer:
        """Answer one question and count it. margin: as the function of that name gives it."""
        scale = thresholds(self.queries).scale
        answer = ask(shown, kept_back, margin, scale, laplace(self.seed, self.asked))
        self.asked += 1
        self.left -= answer.kept_back
        return answer


def margin(spread: float, tried: int, queries: int) -> float:
    """Return what a mean difference must exceed to count, after ``tried`` settings on so many queries.

    spread: standard deviation of the differences. Occam's margin is for scores that may fall anywhere in [0, 1], whose
    deviation is one half at most; two rankings differ little on most queries, and the margin shrinks with that. To it
    comes all that the noise upon an answer may be.
    """
    return min(1.0, 2 * spread * occam(tried, queries) + most(thresholds(queries).scale))
