"""What a paper shares with a draft: phrases that both hold, and the sentences of the two that are nearest.

Which papers are looked at, and in what order they are shown, is ``drafts``.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from broadsheet.papers import phrases, sentences
from broadsheet.papers.tex import plain
from broadsheet.search.encoders.student import Encoder
from broadsheet.search.index import Filters, Searcher, Term

MOST_PHRASES = 3
MOST_SENTENCES = 14
TOKENS = 96
LEAST_COSINE, LEAST_OVERLAP = 0.4, 0.22
"""From which two sentences are shown as near: by the model, and by their words where there is none."""

USUAL_WORD, USUAL_PHRASE = 0.02, 0.05
"""Shares of the site's papers beyond which a word, and a phrase, is too usual to tell anything."""

FEWEST_PAPERS = 2_000
"""A smaller site is reckoned as having so many: its few papers cannot tell what is usual."""

MOST_COUNTED = 120
"""Phrases of one draft that the index is asked about, some milliseconds each; beyond it long ones count as rare."""

LOOKED_AT = 16

_WORD = re.compile(r"[^\W\d_]{3,}")
_TRIED = 2
"""Sentences of a paper, those with most words in common, that the model is asked about."""


class Near(NamedTuple):
    """Two sentences that are near each other: the paper's and the draft's."""

    theirs: str
    yours: str


NOTHING = Near("", "")


class Rarity:
    """How telling phrases are, by how many papers of the site hold them; the index is asked once for each."""

    def __init__(self, searcher: Searcher) -> None:
        self._searcher = searcher
        self._papers = max(searcher.size(), FEWEST_PAPERS)
        self._known: dict[str, float] = {}

    def worth(self, phrase: str) -> float:
        """Return a number above 0 that rises with length and rarity; 0 for what too many papers hold."""
        if phrase not in self._known:
            size = 1 + phrase.count(" ")
            asked = len(self._known) < MOST_COUNTED
            share = self._share(phrase) if asked else float(size == 1)
            usual = share > (USUAL_WORD if size == 1 else USUAL_PHRASE)
            self._known[phrase] = 0.0 if usual else min(size, 3) * -math.log(max(share, 1 / self._papers))
        return self._known[phrase]

    def _share(self, phrase: str) -> float:
        holding = Filters(terms=(Term("any", phrase, exact=True),))
        return self._searcher.tally(filters=holding).total / self._papers


def of(title: str, abstract: str) -> dict[str, str]:
    """Return the phrases of a text: folded, and as it writes them first."""
    found: dict[str, str] = {}
    for text in phrases.texts(title, abstract):
        for run in phrases.candidates(text):
            for folded, written in phrases.parts(run):
                found.setdefault(folded, written)
    return found


def shared(draft: Mapping[str, str], paper: Mapping[str, str], rarity: Rarity) -> tuple[str, ...]:
    """Return the phrases that draft and paper both hold, longer ones first, as the draft writes them."""
    both = sorted(draft.keys() & paper.keys(), key=lambda name: (-name.count(" "), name))
    chosen: list[str] = []
    for name in both[:LOOKED_AT]:
        if len(chosen) == MOST_PHRASES:
            break
        apart = not any(set(name.split()) & set(other.split()) for other in chosen)
        if apart and rarity.worth(draft[name]) > 0:
            chosen.append(name)
    return tuple(draft[name] for name in sorted(chosen, key=lambda name: (-rarity.worth(draft[name]), name)))


def nearest(draft: str, papers: Sequence[str], encoder: Encoder | None) -> list[Near]:
    """Return for each abstract its sentence that is nearest to one of the draft's; ``NOTHING`` where none is near.

    Words choose the sentences that are looked at, the model which of them it is: reading them all would take seconds.
    """
    ours = sentences.split(plain(draft))[:MOST_SENTENCES]
    theirs = [sentences.split(plain(text))[:MOST_SENTENCES] for text in papers]
    if not ours or not any(theirs):
        return [NOTHING] * len(papers)
    words = _Overlap([*ours, *(one for some in theirs for one in some)])
    tried = [sorted(((words.best(one, ours), one) for one in some), reverse=True)[:_TRIED] for some in theirs]
    if encoder is None:
        return [_by_words(some) for some in tried]
    return _by_meaning(ours, [[one for _, one in some] for some in tried], encoder)


def _by_words(tried: Sequence[tuple[tuple[float, str], str]]) -> Near:
    if not tried or tried[0][0][0] < LEAST_OVERLAP:
        return NOTHING
    (_, yours), theirs = tried[0]
    return Near(theirs, yours)


def _by_meaning(ours: Sequence[str], tried: Sequence[Sequence[str]], encoder: Encoder) -> list[Near]:
    flat = [one for some in tried for one in some]
    vectors = encoder.embed([*ours, *flat], tokens=TOKENS)
    alike = vectors[len(ours) :] @ vectors[: len(ours)].T
    found, at = [], 0
    for some in tried:
        part = alike[at : at + len(some)]
        at += len(some)
        if not len(part) or part.max() < LEAST_COSINE:
            found.append(NOTHING)
            continue
        theirs, yours = np.unravel_index(int(part.argmax()), part.shape)
        found.append(Near(some[int(theirs)], ours[int(yours)]))
    return found


class _Overlap:
    """How much sentences have in common by their words, the rarer the more; cosine of their sets of words."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._words = {text: frozenset(_WORD.findall(text.casefold())) for text in texts}
        seen = Counter(word for text in texts for word in self._words[text])
        self._weight = {word: 1 + math.log(len(texts) / number) for word, number in seen.items()}
        self._length = {text: math.sqrt(sum(map(self._weight.__getitem__, own))) for text, own in self._words.items()}

    def best(self, text: str, others: Sequence[str]) -> tuple[float, str]:
        """Return the nearest of others, and how near it is, in [0, 1]."""
        return max((self._of(text, other), other) for other in others)

    def _of(self, one: str, other: str) -> float:
        both = sum(self._weight[word] for word in self._words[one] & self._words[other])
        return both / (self._length[one] * self._length[other]) if both else 0.0
