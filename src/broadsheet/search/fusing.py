"""Two rankings of the same question made one: pure arithmetic. Who asks for them, and what else decides: ``hybrid``.

What each way of fusing is worth is told in docs/search/quality.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from statistics import fmean
from typing import NamedTuple

from broadsheet.search.index import Scored
from broadsheet.search.tuning import DEFAULT, Ranking

FEWEST = 20
"""Papers that the mean and deviation of a ranking are reckoned of, at least."""
SHORT = 3
"""Words up to which a query is short."""
SHORT_SHARE = 0.75
"""What is left of the share of meaning in a short query: with few words to go by, those words are what is meant."""

_WORDS, _MEANING, _BOTH = ("words",), ("meaning",), ("words", "meaning")


class Fused(NamedTuple):
    """One paper of a fused ranking. score: in [0, 1], higher is better. why: ``words``, ``meaning`` or both."""

    id: int
    score: float
    why: tuple[str, ...]


def fuse(
    words: Sequence[Scored],
    meaning: Sequence[Scored],
    weight: float,
    ranking: Ranking = DEFAULT,
    near: Sequence[Scored] = (),
) -> list[Fused]:
    """Fuse two rankings, each best first, as ``ranking.fusion`` says.

    weight: share of meaning, in [0, 1]; where one ranking is empty the other decides alone. near: cosines of papers
    that words alone found; only the fusion ``cosine`` heeds them. Returns papers sorted by score; equal scores keep
    the order of the ids, newest first, so that pages are stable.
    """
    if not words or not meaning:
        weight = 1.0 if meaning else 0.0
    why: dict[int, tuple[str, ...]] = dict.fromkeys((pk for pk, _ in words), _WORDS)
    for pk, _ in meaning:
        why[pk] = _BOTH if pk in why else _MEANING
    match ranking.fusion:
        case "rrf":
            by_words, by_meaning = _reciprocal(words, ranking.rrf_k), _reciprocal(meaning, ranking.rrf_k)
        case "weighted":
            by_words, by_meaning = _normalised(words), _normalised(meaning)
        case "cosine":
            by_words, by_meaning = _of_the_best(words, why, ranking.depth), _cosines(meaning, near, why)
        case "z":
            by_words, by_meaning = _standardised(words, why), _standardised(meaning, why)
    scores = {pk: (1 - weight) * by_words.get(pk, 0.0) + weight * by_meaning.get(pk, 0.0) for pk in why}
    if ranking.fusion in {"z", "cosine"}:
        scores = _spread(scores)
    # Tuples are compared without a call of Python's for each of six hundred.
    order = sorted([(-score, -pk) for pk, score in scores.items()])
    return [Fused(-pk, -score, why[-pk]) for score, pk in order]


def share_of_meaning(text: str, weight: float, *, by_length: bool) -> float:
    """Return the share of meaning for a query: ``weight``, of which a short query leaves less to it.

    0 and 1 stay as they are: they mean one kind of search alone.
    """
    return weight * SHORT_SHARE if by_length and weight < 1 and is_short(text) else weight


def is_short(text: str) -> bool:
    """Whether a query has so few words that each of them counts."""
    return len(text.split()) <= SHORT


def _normalised(scored: Sequence[Scored]) -> dict[int, float]:
    """Map scores to [0, 1] by the least and the greatest; where all are equal, to 1."""
    return _spread(dict(scored))


def _spread(scores: Mapping[int, float]) -> dict[int, float]:
    highest, lowest = max(scores.values(), default=0.0), min(scores.values(), default=0.0)
    if highest == lowest:
        return dict.fromkeys(scores, 1.0)
    width = highest - lowest
    return {pk: (score - lowest) / width for pk, score in scores.items()}


def _reciprocal(scored: Sequence[Scored], k: int) -> dict[int, float]:
    """Map ranks to (k + 1) / (k + rank), 1 for the first: reciprocal rank fusion (Cormack et al., 2009)."""
    return {one.id: (k + 1) / (k + rank) for rank, one in enumerate(scored, start=1)}


def _of_the_best(words: Sequence[Scored], among: Iterable[int], depth: int) -> dict[int, float]:
    """Map BM25 scores to their share of the best one. A paper that a full list lacks counts as its last."""
    best = max((score for _, score in words), default=0.0) or 1.0
    last = min(score for _, score in words) / best if len(words) >= depth else 0.0
    return dict.fromkeys(among, last) | {pk: score / best for pk, score in words}


def _cosines(meaning: Sequence[Scored], near: Sequence[Scored], among: Iterable[int]) -> dict[int, float]:
    """Take cosines as they are; a paper without a vector counts as the farthest that has one."""
    known = dict([*near, *meaning])
    return dict.fromkeys(among, min(known.values(), default=0.0)) | known


def _standardised(scored: Sequence[Scored], among: Iterable[int]) -> dict[int, float]:
    """Map scores to their distance from the mean of the ranking, in standard deviations.

    A ranking with one outstanding paper thereby speaks louder than one in which all are alike, which is what knowing
    a paper by its words looks like. among: all candidates; those that the ranking lacks count as its last.
    """
    scores = [score for _, score in scored]
    # What a short ranking lacks has none of the words: without it a single hit would be nothing outstanding.
    scores += [0.0] * (FEWEST - len(scores))
    mean = fmean(scores)
    # pstdev would reckon in fractions, for milliseconds.
    deviation = sqrt(fmean((score - mean) ** 2 for score in scores)) or 1.0
    last = (min(scores) - mean) / deviation
    return dict.fromkeys(among, last) | {pk: (score - mean) / deviation for pk, score in scored}
