"""Choosing a few papers that are good and not all of one kind: maximal marginal relevance. No database, no clock.

The method: J. Carbonell and J. Goldstein, The Use of MMR, Diversity-Based Reranking for Reordering Documents and
Producing Summaries (SIGIR 1998). ``docs/choosing.md`` tells what it costs and gains, measured by ``bench digest``.
"""

import math
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]
Places = NDArray[np.intp]

BALANCE = 0.6
"""Weight of votes against that of being unlike what is chosen already (lambda of the paper); 1 is votes alone."""

POOL = 4
LEAST_POOL = 40
"""Papers looked at, from the best: so many for each one wanted. Else a list without votes would yield its oddest."""

WIDTH = 1024
_WORD = re.compile(r"[^\W\d_]{3,}")
_COMMON = frozenset(
    _WORD.findall(
        "the and for with that this are from which can our has have been these their show its such using also "
        "based than more into both while however not but was were between paper propose proposed method methods "
        "approach results model models new via use used each other only over most existing work study two one all "
        "they under when where across through towards toward without well may per how what any some many large "
        "data learning"
    )
)


class Likeness:
    """How alike papers of one list are, by the words of their titles and abstracts and by their first categories.

    Words are weighed by how rare they are in this very list, and hashed into WIDTH columns: two words that fall
    together make two papers seem a little more alike than they are, which nothing here depends on.
    """

    def __init__(self, texts: Sequence[str], kinds: Sequence[str]) -> None:
        """texts: plain title and abstract of each paper. kinds: its first category, '' where unknown."""
        self.kinds = np.array([zlib.crc32(kind.encode()) if kind else 0 for kind in kinds], dtype=np.int64)
        counted = [Counter(word for word in _WORD.findall(text.casefold()) if word not in _COMMON) for text in texts]
        held_by = Counter(word for words in counted for word in words)
        weights = {word: math.log(len(texts) / number) for word, number in held_by.items()}
        self.rows = np.zeros((len(texts), WIDTH), dtype=np.float32)
        for row, words in zip(self.rows, counted, strict=True):
            for word, number in words.items():
                column, sign = _column(word)
                row[column] += sign * (1 + math.log(number)) * weights[word]
        lengths = np.linalg.norm(self.rows, axis=1, keepdims=True)
        self.rows /= np.where(lengths > 0, lengths, 1)

    def of_words(self, place: int, others: Places) -> Numbers:
        """Return how alike the words of one paper and of others are, each from 0 to 1."""
        found: Numbers = np.maximum(self.rows[others] @ self.rows[place], 0.0)
        return found

    def of_kind(self, place: int, others: Places) -> Numbers:
        """Return 1 for each that has the same first category, else 0; an unknown one is like no other."""
        same = (self.kinds[others] == self.kinds[place]) & (self.kinds[others] != 0)
        found: Numbers = same.astype(np.float32)
        return found


@lru_cache(maxsize=65_536)
def _column(word: str) -> tuple[int, float]:
    """Return where a word is counted, and with which sign, so that words that fall together cancel out on average."""
    mark = zlib.crc32(word.encode())
    return mark % WIDTH, 1.0 if mark & 0x80000000 else -1.0


def relevance(votes: Sequence[int], trending: Sequence[float | None]) -> Numbers:
    """Return how much readers made of each paper, from 0 to 1: four fifths by votes, one fifth by trending.

    votes: logarithms are compared, so that one paper of hundreds does not make all others equal.
    trending: scores in half-lives, best 1, an empty one 0; what is 16 half-lives behind the best counts as nothing.
    """
    by_votes = np.log1p(np.array(votes, dtype=np.float32))
    scores = np.array([-np.inf if score is None else score for score in trending], dtype=np.float32)
    best = scores.max(initial=-np.inf)
    fresh = np.clip(1 + (scores - best) / 16, 0, 1) if math.isfinite(best) else np.zeros_like(by_votes)
    found: Numbers = (0.8 * by_votes / (by_votes.max(initial=0) or 1) + 0.2 * fresh).astype(np.float32)
    return found


def chosen(worth: Numbers, likeness: Likeness, places: Places, number: int, *, balance: float = BALANCE) -> list[int]:
    """Choose papers one after the other: each the best of those that are least like what was chosen before.

    Alike are words, by the nearest of the chosen, and kind, by the part of the whole that is of it already: the
    method's own measure, the nearest alone, would hold the second of a kind to be as bad as the ninth.

    worth: of all papers of the list, from 0 to 1. places: those that may be chosen, what comes first wins a draw.
    number: how many at most. balance: 1 for worth alone.
    Returns places, the first choice first.
    """
    order = np.argsort(-worth[places], kind="stable")
    left = places[order][: max(LEAST_POOL, POOL * number)]
    nearest = np.zeros(len(left), dtype=np.float32)
    same_kind = np.zeros(len(left), dtype=np.float32)
    picked: list[int] = []
    while len(left) and len(picked) < number:
        alike = nearest + same_kind / number
        best = int(np.argmax(balance * worth[left] - (1 - balance) * alike))
        place = int(left[best])
        picked.append(place)
        keep = np.arange(len(left)) != best
        left, nearest, same_kind = left[keep], nearest[keep], same_kind[keep]
        nearest = np.maximum(nearest, likeness.of_words(place, left))
        same_kind += likeness.of_kind(place, left)
    return picked
