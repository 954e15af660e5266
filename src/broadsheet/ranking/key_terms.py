"""The words that tell a paper from others: frequent in it, and rare in papers at large. What is done with them: others.

How rare a word is, is counted once in a process, in the newest papers: 2,000 of 130,789 gave the same similar papers as
all of them did (docs/search/quality.md). How much two papers have in common by them is the cosine of their weights.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from math import log, sqrt
from operator import mul

from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain

MOST = 40
"""Words of one paper. The engine looks at a hundred; forty found as good papers as sixty and cost less."""
SAMPLE, ENOUGH = 2_000, 500
"""Papers that are counted, and from how many on the counts are kept: a small store is soon another one."""
IN_TITLE = 2
"""How often a word of the title counts."""

_WORD = re.compile(r"[^\W\d_][\w'-]{2,}")


@dataclass(slots=True)
class Seen:
    """In how many of some papers each word stands. rarities: how rare words are, each in both numbers together."""

    papers: int = 0
    words: Counter[str] = field(default_factory=Counter)
    rarities: dict[str, float] = field(default_factory=dict)

    def rarity(self, word: str) -> float:
        """Return the inverse document frequency of a word as it is written."""
        return log((self.papers + 1) / (self.words[word] + 0.5))

    @property
    def unseen(self) -> float:
        """The inverse document frequency of a word that none of these papers holds."""
        return log((self.papers + 1) / 0.5)


_kept: list[Seen] = []


type Weighed = dict[str, float]
"""Words of one text with their weights, of unit length together."""


def key_terms(title: str, abstract: str, most: int = MOST, seen: Seen | None = None) -> str:
    """Return the words to look for papers of like words by, the best first, by TF-IDF. seen: as ``weighed`` has it."""
    seen = seen or counted()
    times = Counter(_words(title) * IN_TITLE + _words(abstract))
    return " ".join(sorted(times, key=lambda word: (-times[word] * seen.rarity(word), word))[:most])


def weighed(title: str, abstract: str, seen: Seen | None = None) -> Weighed:
    """Return all words of a text, in one number, by (1 + log of their times) and how rare they are (TF-IDF).

    seen: what was ``counted``, for who has several texts weighed: in a small store that is done at each question.
    """
    seen = seen or counted()
    # A page has a hundred texts weighed while its reader waits, so most of this runs in C.
    times = Counter(map(_singular, _words(title) * IN_TITLE + _words(abstract)))
    usual, rarity = seen.unseen, seen.rarities.get
    weights = [rarity(word, usual) * (1 + log(number) if number > 1 else 1.0) for word, number in times.items()]
    length = sqrt(sum(map(mul, weights, weights))) or 1.0
    return {word: weight / length for word, weight in zip(times, weights, strict=True)}


def in_common(one: Weighed, other: Weighed) -> float:
    """Return the cosine of two texts' words."""
    return sum(one[word] * other[word] for word in one.keys() & other.keys())


def forget() -> None:
    """Count anew at the next question."""
    _kept.clear()


def counted() -> Seen:
    """Return in how many of the newest papers each word stands."""
    if _kept:
        return _kept[0]
    seen, singulars = Seen(), Counter[str]()
    newest = Paper.objects.standing().order_by("-day", "-pk").values_list("title", "abstract")
    for title, abstract in newest[:SAMPLE]:
        held = {*_words(title), *_words(abstract)}
        seen.words.update(held)
        singulars.update(set(map(_singular, held)))
        seen.papers += 1
    seen.rarities = {word: log((seen.papers + 1) / (number + 0.5)) for word, number in singulars.items()}
    if seen.papers >= ENOUGH:
        _kept[:] = [seen]
    return seen


def _words(text: str) -> list[str]:
    return _WORD.findall(plain(text).casefold())


@lru_cache(maxsize=100_000)  # each text holds a hundred, mostly the same
def _singular(word: str) -> str:
    """Return a word without its plural's or its genitive's end, roughly: what two texts share need not be English."""
    word = word.removesuffix("'s")
    for end, instead in (("ies", "y"), ("es", ""), ("s", "")):
        if word.endswith(end) and len(word) > len(end) + 3:
            return word.removesuffix(end) + instead
    return word
