"""Which two sentences of an abstract tell most of it. Pure but for the model it is given; the kind is ``from_corpus``.

With a model: the pair whose meaning together is nearest to the whole abstract's, which takes sentences that are central
to it and unlike each other, with a small preference for those that say what was done. Without one: the pair that
covers most of the abstract's words, each weighed by its rarity on this site.
"""

import itertools
import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from broadsheet.papers import phrases, sentences, tex

type Vectors = NDArray[np.float32]

SHORTEST, LONGEST = 40, 420
"""Letters of a sentence that may stand in an extract."""

MOST = 14
"""Sentences of an abstract that are looked at."""

_POINTING = re.compile(
    r"(?i)^(?:however|therefore|thus|hence|moreover|furthermore|additionally|in addition|besides|instead|specifically|"
    r"also|then|these|those|this|that|such|it|they|its|their|here|finally|second|third|first|as a result|but|and|so|"
    r"yet|consequently|for example|"
    r"for instance|in contrast|to this end|to address (?:this|these)|by doing so|nevertheless|"
    r"while|meanwhile|conversely|similarly|accordingly|as such|notably|particularly|in particular|more specifically)\b"
)
_OWN = re.compile(r"(?i)\bwe\b|\b(?:this|the present) (?:paper|work|study|article|survey|review|report|thesis)\b")
_ADDRESS = re.compile(r"(?i)https?:|www\.|\bcode\b[^.]{0,40}\bavailable\b|\bgithub\b")
POINTS_BACK, TELLS_OWN = 0.06, 0.03
"""Likeness that a sentence loses which points to one that is not shown, and gains which says what the authors did."""


def sentences_of(abstract: str) -> list[str]:
    """Return an abstract's sentences as they are shown."""
    return sentences.split(tex.plain(abstract))


def usable(found: Sequence[str]) -> list[int]:
    """Return the places of those sentences that may stand in an extract."""
    return [
        place for place, one in enumerate(found[:MOST]) if SHORTEST <= len(one) <= LONGEST and not _ADDRESS.search(one)
    ]


def by_meaning(found: Sequence[str], places: Sequence[int], whole: Vectors, vectors: Vectors) -> list[int]:
    """Return the places of the two sentences that mean most of what the abstract does, in their order.

    whole: vector of the abstract. vectors: of the sentences at ``places``; all of unit length.
    """

    def worth(one: int, other: int) -> float:
        both = vectors[one] + vectors[other]
        likeness = float(both @ whole) / (float(np.linalg.norm(both)) or 1.0)
        return likeness + _manner(found[places[one]]) + _manner(found[places[other]])

    return _best(places, worth)


def by_words(
    found: Sequence[str], places: Sequence[int], papers: int, frequency: Callable[[list[str]], list[int]]
) -> list[int]:
    """Return the places of the two sentences that hold most of the abstract's weight of words, for their length."""
    held = [phrases.counted("", one) for one in found]
    names = sorted(set().union(*held)) if held else []
    weights = {
        name: float(np.log((papers + 1) / (seen + 1)) + 0.1) for name, seen in zip(names, frequency(names), strict=True)
    }
    total = sum(weights.values()) or 1.0

    def worth(one: int, other: int) -> float:
        covered = sum(weights[name] for name in held[places[one]] | held[places[other]])
        signs = len(found[places[one]]) + len(found[places[other]])
        return covered / total / (1 + signs / LONGEST) + _manner(found[places[one]]) + _manner(found[places[other]])

    return _best(places, worth)


def _best(places: Sequence[int], worth: Callable[[int, int], float]) -> list[int]:
    pairs = itertools.combinations(range(len(places)), 2)
    first, second = max(pairs, key=lambda pair: (worth(*pair), -pair[0], -pair[1]))
    return [places[first], places[second]]


def _manner(sentence: str) -> float:
    return (TELLS_OWN if _OWN.search(sentence) else 0.0) - (POINTS_BACK if _POINTING.search(sentence) else 0.0)
