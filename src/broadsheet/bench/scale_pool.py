"""Real papers as the matter of made ones: what is near to what among them, and how their vocabulary grows.

Nothing is made here: that is ``scale_papers``. No index, model or database is asked.
"""

import itertools
import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.errors import BadInput

MOST = 80_000
"""Real papers that are held in memory, 2.5 kB each; more take longer and change nothing."""

FEWEST = 50

TOPIC = 40
"""Papers of a topic at most; what is made of one topic is mixed. So many keep the cosines as they are (docs/search)."""

RARE = 2
"""Sentences in which a word stands that may be made another one."""

COMMON = 0.1
"""Share of the papers from which on a word says nothing of their topic."""

_WORD = re.compile(r"[^\W\d_]{3,}")
# Thirty times as quick as ``papers.sentences``; where one abbreviation more or less parts them does not matter here.
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_NUMBERS = 48
_AT_ONCE = 2000
_STEPS = 8


class Real(NamedTuple):
    """What is taken from a real paper."""

    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]


class Sentence(NamedTuple):
    """A sentence, and whether it holds rare words."""

    text: str
    has_rare: bool


@dataclass(frozen=True, slots=True)
class Pool:
    """Real papers in the order of their topics.

    papers: the papers; sentences: of their abstracts. topics: where each topic begins, and the end of the last one.
    rare: words that ``RARE`` sentences and titles hold at most. spread: how many words are in one, in two and so on.
    growth: the exponent by which the number of distinct words grows with the papers (Heaps' law).
    """

    papers: list[Real]
    sentences: list[list[Sentence]]
    topics: NDArray[np.int64]
    rare: frozenset[str]
    spread: dict[int, int]
    growth: float

    def coined(self, number: int) -> float:
        """Return the share of rare words that have to be made new for ``number`` papers to hold words enough.

        Drawn from the pool alone, papers would bring no word that it does not have. By Heaps' law so many papers hold
        V * (number / papers) ** growth distinct words; a word of k sentences is drawn at least once with the
        probability 1 - exp(-k * number / papers). The share is what makes the two equal, 1 at most.
        """
        times = number / len(self.papers)
        wanted = sum(self.spread.values()) * times**self.growth
        low, high = 0.0, 1.0
        for _ in range(40):
            share = (low + high) / 2
            made = sum(
                words * (k * times * share - math.expm1(-k * times * (1 - share)))
                if k <= RARE
                else words * -math.expm1(-k * times)
                for k, words in self.spread.items()
            )
            low, high = (share, high) if made < wanted else (low, share)
        return low


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters, those of fewer than three letters left out."""
    return _WORD.findall(text.lower())


def read(papers: Iterable[Real], seed: int) -> Pool:
    """Make a pool of real papers with a title and an abstract, ``MOST`` at most.

    seed: draws the directions by which topics are told apart. Raises BadInput where there are too few.
    """
    usable = (paper for paper in papers if paper.title and len(paper.abstract) > 100 and paper.authors)
    held = list(islice(usable, MOST))
    if len(held) < FEWEST:
        raise BadInput(
            f"There are {len(held)} papers with title, abstract and authors to make others of; {FEWEST} are needed.",
            "Take more in (broadsheet ingest), or name a file of records with --from.",
        )
    random.Random(seed).shuffle(held)  # noqa: S311 (no secret); else half of them would be the older half
    parted = [_SENTENCE.split(paper.abstract) for paper in held]
    frequency: Counter[str] = Counter()
    spread: Counter[str] = Counter()
    words, half = [], 0
    for number, (paper, theirs) in enumerate(zip(held, parted, strict=True), start=1):
        each = [dict.fromkeys(words_of(text)) for text in (paper.title, *theirs)]
        spread.update(itertools.chain.from_iterable(each))
        words.append(list(dict.fromkeys(itertools.chain.from_iterable(each))))
        frequency.update(words[-1])
        if number == len(held) // 2:
            half = len(frequency)
    order, topics = _by_topic(held, words, frequency, seed)
    rare = frozenset(word for word, times in spread.items() if times <= RARE)
    return Pool(
        papers=[held[place] for place in order],
        sentences=[[Sentence(text, not rare.isdisjoint(words_of(text))) for text in parted[place]] for place in order],
        topics=topics,
        rare=rare,
        spread=dict(Counter(spread.values())),
        growth=math.log2(len(frequency) / max(1, half)),
    )


def _by_topic(
    papers: Sequence[Real], words: Sequence[Sequence[str]], frequency: Counter[str], seed: int
) -> tuple[list[int], NDArray[np.int64]]:
    """Return the places of the papers, those of one topic side by side, and where the topics begin.

    A topic is of one first category, and of what is left when these are halved again and again along the direction in
    which they differ most, as random projections of their words weighed by rarity tell.
    """
    points = _projected(words, frequency, seed)
    fields: dict[str, list[int]] = {}
    for place, paper in enumerate(papers):
        fields.setdefault(paper.categories[0] if paper.categories else "", []).append(place)
    order: list[int] = []
    begins = [0]
    for _, places in sorted(fields.items()):
        for topic in _halved(np.asarray(places), points):
            order += topic.tolist()
            begins.append(len(order))
    return order, np.asarray(begins)


def _halved(places: NDArray[np.int64], points: NDArray[np.float32]) -> Iterator[NDArray[np.int64]]:
    if len(places) <= TOPIC:
        yield places
        return
    here = points[places] - points[places].mean(axis=0)
    along = here[0]
    for _ in range(_STEPS):  # power iteration, near enough
        along = here.T @ (here @ along)
        along /= np.linalg.norm(along) or 1.0
    ranked = places[np.argsort(here @ along, kind="stable")]
    middle = len(ranked) // 2
    yield from _halved(ranked[:middle], points)
    yield from _halved(ranked[middle:], points)


def _projected(words: Sequence[Sequence[str]], frequency: Counter[str], seed: int) -> NDArray[np.float32]:
    """Return a point for each paper, shape (papers, _NUMBERS): near where papers share words that are rare."""
    known = {
        word: number for number, (word, papers) in enumerate(frequency.items()) if 1 < papers < COMMON * len(words)
    }
    rarity = {word: math.log(len(words) / frequency[word]) for word in known}
    numbers = np.random.default_rng(seed)
    rows = numbers.standard_normal((len(frequency), _NUMBERS), dtype=np.float32)
    for word, number in known.items():
        rows[number] *= rarity[word]
    points = np.zeros((len(words), _NUMBERS), dtype=np.float32)
    for begin in range(0, len(words), _AT_ONCE):
        some = [[known[word] for word in one if word in known] or [0] for one in words[begin : begin + _AT_ONCE]]
        starts = np.cumsum([0, *map(len, some[:-1])])
        points[begin : begin + len(some)] = np.add.reduceat(rows[np.concatenate(some)], starts)
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    return np.asarray(points / np.maximum(lengths, 1e-9), dtype=np.float32)
