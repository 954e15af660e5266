"""Two rankings of the same question made one: pure arithmetic. Who asks for them, and what else decides: ``hybrid``.

What each way of fusing is worth is told in docs/search/quality.md.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from math import sqrt
from operator import itemgetter
from typing import Literal, NamedTuple, Self, overload

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.index import Ranked, Scored
from broadsheet.search.orders import Place
from broadsheet.search.tuning import DEFAULT, Ranking

type Length = Literal["short", "usual", "whole"]
type Ids = NDArray[np.int64]
type Scores = NDArray[np.float64]

FEWEST = 20
"""Papers that the mean and deviation of a ranking are reckoned of, at least."""
FIRST = 10
"""Papers whose mean score by words all are held against."""
LEAST_SHARE = 0.001
"""Share of the best score that a paper among these counts as having, at least: a mean of nothing would be nothing."""
ALL_WORDS, FEW, MANY_WORDS = 0.2, 10, 4
"""What a paper that holds all the words has more: so much where hardly another does, and half of it where FEW do; less
of it too in a query of fewer than MANY_WORDS, as two or three words meet by chance."""
SHORT = 3
"""Words up to which a query is short."""
SHORT_SHARE = 0.75
"""What is left of the share of meaning in a short query: with few words to go by, those words are what is meant."""

NOBODY: Ids = np.zeros(0, np.int64)
_WHY = ((), ("words",), ("meaning",), ("words", "meaning"))


class Holding(NamedTuple):
    """Papers that hold all the words that were typed, in rising order. more: what each of them has for that."""

    papers: Ids
    more: float

    @classmethod
    def of(cls, papers: Ids, words: int) -> Self:
        """Return what papers have more that hold all of so many words, of which none is among the commonest: of a
        thousand papers one has each of five words for a reason, a hundred that have each of two have it by chance."""
        return cls(papers, ALL_WORDS * min(1.0, (words - 1) / (MANY_WORDS - 1)) / (1 + len(papers) / FEW))


class Hit(NamedTuple):
    """One result. score: higher is better; in [0, 1] by relevance, exact titles above. why: any of ``title``,
    ``phrase``, ``words``, ``meaning``, ``listed`` (it fulfils the conditions, and no words were typed)."""

    paper_id: int
    score: float
    why: tuple[str, ...]

    @property
    def place(self) -> Place:
        """Where the hit stands among all; ``after`` of a search begins behind it."""
        return self.score, self.paper_id


class Hits(Sequence[Hit]):
    """Hits, best first, each made when it is looked at: a page shows 25 of some six hundred.

    order: places of the papers in the other arrays. ids, scores: of the papers. why: places in _WHY.
    """

    def __init__(self, order: Ids, ids: Ids, scores: Scores, why: Ids) -> None:
        self._order, self._columns = order, (ids, scores, why)

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, at: int) -> Hit: ...

    @overload
    def __getitem__(self, at: slice) -> list[Hit]: ...

    def __getitem__(self, at: int | slice) -> Hit | list[Hit]:
        if not isinstance(at, slice):
            return self[at : at + 1 or None][0]
        places = self._order[at]
        ids, scores, why = (column[places].tolist() for column in self._columns)
        # No call of Python's for each of them.
        return list(map(partial(tuple.__new__, Hit), zip(ids, scores, map(_WHY.__getitem__, why), strict=True)))

    def __iter__(self) -> Iterator[Hit]:
        return iter(self[:])


def fuse(
    words: Sequence[Scored],
    meaning: Sequence[Scored],
    weight: float,
    ranking: Ranking = DEFAULT,
    cosines: Sequence[Scored] = (),
    *,
    length: Length = "usual",
    holding: Holding | None = None,
) -> Hits:
    """Fuse two rankings, each best first, as ``ranking.fusion`` says.

    weight: share of meaning, in [0, 1]; where one ranking is empty the other decides alone. cosines: of the papers that
    words found and that have a vector, which only the fusion ``cosine`` asks for. length: of the query, by which
    this fusion takes scores by words as shares of the best (short), cubes of shares of the first ones' mean, or these
    shares themselves (whole texts). holding: papers that hold all the words, which it puts further up. Returns papers
    sorted by score; equal scores keep the order of the ids, newest first, so that pages are stable.
    """
    if not words or not meaning:
        weight = 1.0 if meaning else 0.0
    if ranking.fusion == "cosine":
        return _by_cosines(words, meaning, weight, ranking.depth, cosines if meaning else (), length, holding)
    (word_ids, of_words), (meaning_ids, of_meaning) = _apart(words), _apart(meaning)
    ids, places = np.unique(np.concatenate((word_ids, meaning_ids)), return_inverse=True)
    among = _Among(len(ids), places[: len(words)], places[len(words) :])
    why = np.zeros(among.number, np.int64)
    why[among.words] = 1
    why[among.meaning] += 2
    match ranking.fusion:
        case "rrf":
            by_words = _laid(_reciprocal(len(words), ranking.rrf_k), among.words, among.number)
            by_meaning = _laid(_reciprocal(len(meaning), ranking.rrf_k), among.meaning, among.number)
        case "weighted":
            by_words = _laid(_spread(of_words), among.words, among.number)
            by_meaning = _laid(_spread(of_meaning), among.meaning, among.number)
        case "z":
            by_words = _standardised(of_words, among.words, among.number)
            by_meaning = _standardised(of_meaning, among.meaning, among.number)
    scores = (1 - weight) * by_words + weight * by_meaning
    if ranking.fusion == "z":
        scores = _spread(scores)
    return Hits(among.number - 1 - _best_first(scores[::-1]), ids, scores, why)  # ids rise: from behind, the newest


def _by_cosines(
    words: Sequence[Scored],
    meaning: Sequence[Scored],
    weight: float,
    depth: int,
    cosines: Sequence[Scored],
    length: Length,
    holding: Holding | None,
) -> Hits:
    """Add cosines and, of scores by words, a third of their cubes, as shares of the first ones' geometric mean.

    Of that mean and not of the best, so that one paper far ahead, as that whose own abstract was typed, does not make
    all others count as little. Cubes, so that of papers which hold most of the words those that hold them all stand
    apart; a third, as then a step near 1 counts as much as that of the share itself. In short queries, whose words many
    papers hold, it is the share of the best. Of whole texts no other paper holds most of the words, so it is the plain
    share of that mean; where few were found, ``_usual`` says what they are held against. A paper
    that a full list by words lacks counts as its last; one without a vector as the farthest that has one. To all that
    is added what papers have more that hold all the words. Every search waits for this, so it is one compiled loop.
    """
    from broadsheet.search import fusing_loops

    last = float(words[-1].score) if len(words) >= max(1, depth) else 0.0
    by_words = _by_id(words)
    cubed = length == "usual"
    usual = _usual(by_words[1], 1 if length == "short" else FIRST, cubed=cubed)
    most = len(words) + len(meaning)
    ids, scores, beside, why = np.empty(most, np.int64), np.empty(most), np.empty(most), np.empty(most, np.int64)
    above = holding or Holding(NOBODY, 0.0)
    number = fusing_loops.summed(
        *by_words, *_by_id(meaning), *_by_id(cosines), last, usual, cubed, weight, *above,
        ids, scores, beside, why,
    )  # fmt: skip
    return Hits(_best_first(scores[:number]), ids, scores, why)


def _usual(scores: Scores, first: int, *, cubed: bool) -> float:
    """Return the geometric mean of the first scores, best first; above 0.

    Where fewer were found, as under narrow conditions, what makes the share of the best 1, or a third of its cube: two
    papers are too few to tell what is usual.
    """
    best = float(scores[0]) if len(scores) else 0.0
    if best <= 0:
        return 1.0
    if len(scores) < first:
        return float(best / np.cbrt(3)) if cubed else best
    return best * float(np.exp(np.log(np.maximum(scores[:first] / best, LEAST_SHARE)).mean()))


def _by_id(scored: Sequence[Scored]) -> tuple[Ids, Scores, Ids]:
    """Return the papers of a ranking, their scores, and its places by rising ids."""
    ids, scores = _apart(scored)
    return ids, scores, ids.argsort()


def _best_first(scores: Scores) -> Ids:
    """Return the places of scores, the highest first, of equal ones the first."""
    return np.argsort(-scores, kind="stable")


def share_of_meaning(text: str, weight: float, *, by_length: bool) -> float:
    """Return the share of meaning for a query: ``weight``, of which a short query leaves less to it.

    0 and 1 stay as they are: they mean one kind of search alone.
    """
    return weight * SHORT_SHARE if by_length and weight < 1 and is_short(text) else weight


def is_short(text: str) -> bool:
    """Whether a query has so few words that each of them counts."""
    return len(text.split()) <= SHORT


class _Among(NamedTuple):
    """All candidates. number: of them. words, meaning: the place among all of each paper of both rankings."""

    number: int
    words: Ids
    meaning: Ids


def papers_of(scored: Sequence[Scored], first: int | None = None) -> Ids:
    """Return the papers of a ranking, or its first ones, in rising order."""
    return np.sort(_apart(scored)[0][:first])


def _apart(scored: Sequence[Scored]) -> tuple[Ids, Scores]:
    """Return the papers of a ranking and their scores."""
    if isinstance(scored, Ranked):
        return scored.ids, scored.scores.astype(np.float64)
    number = len(scored)
    return (
        np.fromiter(map(itemgetter(0), scored), np.int64, number),
        np.fromiter(map(itemgetter(1), scored), np.float64, number),
    )


def _laid(scores: Scores, places: Ids, number: int, other: float = 0.0) -> Scores:
    """Return the scores of so many papers, of which a ranking has some at some places; ``other`` for the rest."""
    laid = np.full(number, other)
    laid[places] = scores
    return laid


def _spread(scores: Scores) -> Scores:
    """Map scores to [0, 1] by the least and the greatest; where all are equal, to 1."""
    if not len(scores):
        return scores
    highest, lowest = scores.max(), scores.min()
    return np.ones(len(scores)) if highest == lowest else (scores - lowest) / (highest - lowest)


def _reciprocal(number: int, k: int) -> Scores:
    """Map so many ranks to (k + 1) / (k + rank), 1 for the first: reciprocal rank fusion (Cormack et al., 2009)."""
    return (k + 1) / (k + np.arange(1.0, number + 1))


def _standardised(scores: Scores, places: Ids, number: int) -> Scores:
    """Map scores to their distance from the mean of the ranking, in standard deviations.

    A ranking with one outstanding paper thereby speaks louder than one in which all are alike, which is what knowing
    a paper by its words looks like. Of all candidates, those that the ranking lacks count as its last.
    """
    # What a short ranking lacks has none of the words: without it a single hit would be nothing outstanding.
    told = np.concatenate((scores, np.zeros(max(0, FEWEST - len(scores)))))
    mean = told.mean()
    deviation = sqrt(((told - mean) ** 2).mean()) or 1.0
    return _laid((scores - mean) / deviation, places, number, (told.min() - mean) / deviation)
