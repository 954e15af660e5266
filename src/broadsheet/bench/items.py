"""A logistic item model: how a system would do on all queries, from its scores on a few. Pure arithmetic.

P(system s answers query q) = 1 / (1 + exp(b_q - a_s)), with an ability a for each system and a difficulty b for each
query (Rasch, 1960), used to save runs on a benchmark that grows as LiveXiv does (Shabtay et al., 2024). A score between
0 and 1, such as nDCG, counts as that much of an answer (Papke and Wooldridge, 1996).
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.bench.measures import SEED

ANCHORS = 200
"""Queries on which every system is run, so that their difficulties are known."""
ASKED = 50
"""Queries on which a new system is run."""

ABILITY_SPREAD, DIFFICULTY_SPREAD = 3.0, 6.0
"""Standard deviations believed in before anything is seen; else who answers everything would be infinitely able."""

LEAST_SPREAD = 0.7
"""So much at least a new system may lie apart from the known ones, which often are much alike."""

APART = 0.01
"""Systems that lie so far apart on all queries should be told in their order; nearer ones change places by chance."""

_ROUNDS, _CLOSE, _STEP = 500, 1e-7, 1.0

type Numbers = NDArray[np.float64]


class Fitted(NamedTuple):
    """What was fitted. abilities: one a system, difficulties: one a query, on one scale with mean difficulty 0."""

    abilities: Numbers
    difficulties: Numbers


class Estimated(NamedTuple):
    """How a system would do on all queries. asked: the queries it was run on, by their places, in that order."""

    mean: float
    ability: float
    asked: tuple[int, ...]


class Checked(NamedTuple):
    """An estimate beside the full run of the same system; both are means, error is the estimate less the full run.

    simple: the error without a model: of the mean over as many anchors, drawn by the share of each group.
    """

    system: str
    full: float
    estimate: float
    error: float
    simple: float


def probability(abilities: Numbers, difficulties: Numbers) -> Numbers:
    """Return the probability of an answer for each ability (rows) and difficulty (columns)."""
    return np.asarray(1 / (1 + np.exp(np.subtract.outer(-abilities, -difficulties))), dtype=np.float64)


def fit(scores: Numbers) -> Fitted:
    """Fit abilities and difficulties to scores by their posterior mode, with Newton's steps taken in turn.

    scores: a row a system, a column a query, in [0, 1]; NaN where a system was not run on a query.
    Raises ValueError for scores outside of that, and where nothing was run.
    """
    seen = ~np.isnan(scores)
    if not seen.any() or (scores[seen] < 0).any() or (scores[seen] > 1).any():
        raise ValueError("Scores are numbers from 0 to 1, at least one of them.")
    filled = np.where(seen, scores, 0.0)
    abilities, difficulties = np.zeros(scores.shape[0]), np.zeros(scores.shape[1])
    for _ in range(_ROUNDS):
        before = abilities.copy(), difficulties.copy()
        gap, weight = _slopes(filled, seen, abilities, difficulties)
        abilities = abilities + _step(gap.sum(1), weight.sum(1), abilities, ABILITY_SPREAD)
        gap, weight = _slopes(filled, seen, abilities, difficulties)
        difficulties = difficulties + _step(-gap.sum(0), weight.sum(0), difficulties, DIFFICULTY_SPREAD)
        centre = difficulties.mean()  # the scale has no zero of its own
        abilities, difficulties = abilities - centre, difficulties - centre
        if max(np.abs(abilities - before[0]).max(), np.abs(difficulties - before[1]).max()) < _CLOSE:
            break
    return Fitted(abilities, difficulties)


def estimate(fitted: Fitted, ask: Callable[[int], float], count: int = ASKED) -> Estimated:
    """Run a new system on a few queries and tell how it would do on all whose difficulty is known.

    ask: runs it on the query at a place and returns its score. The next query is always the one that tells most of the
    ability as it is believed so far, which is the one with the largest p (1 - p). The mean is taken of the scores that
    were seen and of the probabilities of the rest.
    """
    known = fitted.difficulties
    centre = float(fitted.abilities.mean())
    spread = max(float(fitted.abilities.std()), LEAST_SPREAD)
    ability, asked, seen = centre, list[int](), list[float]()
    for _ in range(min(count, len(known))):
        chances = probability(np.array([ability]), known)[0]
        information = chances * (1 - chances)
        information[asked] = -1
        asked.append(int(information.argmax()))
        seen.append(ask(asked[-1]))
        ability = _ability(np.array(seen), known[asked], centre, spread)
    expected = probability(np.array([ability]), known)[0]
    expected[asked] = seen
    return Estimated(float(expected.mean()), ability, tuple(asked))


def check(scores: Mapping[str, Sequence[float]], groups: Sequence[str], count: int = ASKED) -> list[Checked]:
    """Treat each system in turn as new, and lay its estimate beside its full run.

    scores: of each system, one a query. groups: of each query, such as its task; the anchors (``anchors_of``) hold all
    groups by their share. Difficulties are fitted on the anchors without the system in question. What the known
    systems do better or worse on all queries than on those of which it is made is added to the estimate, and to the one
    without a model alike.
    """
    table = table_of(scores)
    places, drawn = anchors_of(groups), anchors_of(groups, count)
    found = []
    for row, name in enumerate(scores):
        others = np.delete(table, row, axis=0)
        # mypy cannot tell of what kind the default of a lambda's argument is.
        told = estimate(fit(others[:, places]), lambda place, row=row: float(table[row, places[place]]), count)  # type: ignore[misc]
        shift = float(others.mean() - others[:, places].mean())
        guess = min(1.0, max(0.0, told.mean + shift))
        full = float(table[row].mean())
        simple = float(table[row, drawn].mean() + others.mean() - others[:, drawn].mean())
        found.append(Checked(name, full, guess, guess - full, simple - full))
    return found


def table_of(scores: Mapping[str, Sequence[float]]) -> Numbers:
    """Return scores by system as ``fit`` takes them: a row a system, a column a query."""
    return np.array([list(found) for found in scores.values()], dtype=np.float64)


def anchors_of(groups: Sequence[str], count: int = ANCHORS) -> list[int]:
    """Return the places of the anchors: all where there are no more, else drawn (seeded) by the share of each group."""
    if len(groups) <= count:
        return list(range(len(groups)))
    random = np.random.default_rng(SEED)
    # In the order of groups every so-manieth is taken, so that each group gets its share whatever its size.
    mixed = sorted(random.permutation(len(groups)).tolist(), key=lambda place: groups[place])
    return sorted(mixed[int(step * len(groups) / count)] for step in range(count))


def tau(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return how far two lists of numbers rank alike: Kendall's tau-b, which knows ties; 0 where one is constant."""
    pairs = list(combinations(range(len(ours)), 2))
    one = np.array([np.sign(ours[i] - ours[j]) for i, j in pairs])
    other = np.array([np.sign(theirs[i] - theirs[j]) for i, j in pairs])
    untied = float(np.abs(one).sum() * np.abs(other).sum()) ** 0.5 if pairs else 0.0
    return float((one * other).sum() / untied) if untied else 0.0


def in_order(full: Sequence[float], told: Sequence[float], least: float = APART) -> tuple[int, int]:
    """Return how many pairs that lie ``least`` or more apart in full are told in the same order, and how many do."""
    far = [(i, j) for i, j in combinations(range(len(full)), 2) if abs(full[i] - full[j]) >= least]
    return sum((full[i] - full[j]) * (told[i] - told[j]) > 0 for i, j in far), len(far)


def _slopes(
    scores: Numbers, seen: NDArray[np.bool_], abilities: Numbers, difficulties: Numbers
) -> tuple[Numbers, Numbers]:
    """Return what is left to explain, and the information, of each run."""
    chances = probability(abilities, difficulties)
    return np.where(seen, scores - chances, 0.0), np.where(seen, chances * (1 - chances), 0.0)


def _step(slope: Numbers, information: Numbers, at: Numbers, spread: float) -> Numbers:
    """Return Newton's step to the posterior mode, no longer than what keeps it from leaping over."""
    step = (slope - at / spread**2) / (information + 1 / spread**2)
    return np.asarray(np.clip(step, -_STEP, _STEP), dtype=np.float64)


def _ability(scores: Numbers, difficulties: Numbers, centre: float, spread: float) -> float:
    """Return the most probable ability, believed to lie ``spread`` about ``centre`` before anything was seen."""
    ability = np.array([centre])
    for _ in range(_ROUNDS):
        chances = probability(ability, difficulties)[0]
        step = _step(
            np.array([(scores - chances).sum()]), np.array([(chances * (1 - chances)).sum()]), ability - centre, spread
        )
        ability = ability + step
        if abs(float(step[0])) < _CLOSE:
            break
    return float(ability[0])
