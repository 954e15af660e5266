"""The words that tell a paper from others: frequent in it, and rare in papers at large. What is done with them: others.

How rare a word is, is counted once in a process, in the newest papers: 2,000 of 130,789 gave the same similar papers as
all of them did (docs/search/quality.md).
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from math import log

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
class _Seen:
    """In how many of some papers each word stands."""

    papers: int = 0
    words: Counter[str] = field(default_factory=Counter)

    def rarity(self, word: str) -> float:
        """Return the inverse document frequency."""
        return log((self.papers + 1) / (self.words[word] + 0.5))


_kept: list[_Seen] = []


def key_terms(paper: Paper, most: int = MOST) -> str:
    """Return the words to look for papers of like words by, the best first, by TF-IDF."""
    seen = _counted()
    times = Counter(_words(paper.title) * IN_TITLE + _words(paper.abstract))
    return " ".join(sorted(times, key=lambda word: (-times[word] * seen.rarity(word), word))[:most])


def forget() -> None:
    """Count anew at the next question."""
    _kept.clear()


def _counted() -> _Seen:
    if _kept:
        return _kept[0]
    seen = _Seen()
    newest = Paper.objects.standing().order_by("-day", "-pk").values_list("title", "abstract")
    for title, abstract in newest[:SAMPLE]:
        seen.words.update({*_words(title), *_words(abstract)})
        seen.papers += 1
    if seen.papers >= ENOUGH:
        _kept[:] = [seen]
    return seen


def _words(text: str) -> list[str]:
    return _WORD.findall(plain(text).casefold())
