"""Which phrases a text has, and which are key to it by how the papers of a site use words. Pure.

As a kind of facts: ``enrich.from_corpus``.

Candidates are runs of words between stop words and punctuation, as in RAKE (Rose et al. 2010), and their parts of up to
four words; they are weighed by TF-IDF with the length factor of C-value (Frantzi et al. 2000), and occurrences inside a
longer candidate are taken off the shorter one's count, as there.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from broadsheet.papers import tex, words

MOST_WORDS = 4
MOST = 5
"""Phrases of a paper."""

_WORD = re.compile(r"[^\W\d_][\w'’]*(?:[-–/][\w'’]+)*\+*|\d+[A-Za-z][\w-]*|\S", re.UNICODE)
_LETTER = re.compile(r"[^\W\d_]")


class Phrase(NamedTuple):
    """A phrase with its weight. text: as it stands in the paper first."""

    text: str
    weight: float


def candidates(text: str) -> Iterator[list[str]]:
    """Yield the runs of words between stop words and punctuation, as they are written."""
    run: list[str] = []
    for word in _WORD.findall(text):
        bare = word.lower()
        if (
            (len(word) == 1 and not word.isalnum())
            or (bare in words.STOP and bare not in words.INNER)
            or not _LETTER.search(word)
        ):
            if run:
                yield run
            run = []
        else:
            run.append(word)
    if run:
        yield run


def parts(run: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the phrases in a run: folded, to be counted, and as written."""
    for start in range(len(run)):
        for end in range(start + 1, min(start + MOST_WORDS, len(run)) + 1):
            part = run[start:end]
            if _may_stand(part):
                yield fold(part), " ".join(part)


def _may_stand(part: list[str]) -> bool:
    first, last = part[0].lower(), part[-1].lower()
    if first in words.NEVER_FIRST:
        return False
    if len(part) == 1:
        return first not in words.INNER and len(first) > 2
    return len(last) > 1


def fold(part: Iterable[str]) -> str:
    """Return words as they are counted: small, and without the sign of the plural on the last."""
    text = " ".join(part).lower().replace("–", "-").replace("’", "'")
    if text.endswith("ies") and len(text) > 5:
        return f"{text[:-3]}y"
    return text[:-1] if text.endswith("s") and not text.endswith(("ss", "us", "is")) and len(text) > 3 else text


def texts(title: str, abstract: str) -> tuple[str, str]:
    """Return title and abstract as they are read for phrases."""
    return tex.plain(title), tex.plain(abstract)


def counted(title: str, abstract: str) -> set[str]:
    """Return the folded phrases of a paper, each once: what ``frequencies`` counts."""
    return {folded for text in texts(title, abstract) for run in candidates(text) for folded, _ in parts(run)}


def choose(
    title: str, abstract: str, papers: int, frequency: Callable[[list[str]], list[int]], most: int = MOST
) -> list[Phrase]:
    """Return the key phrases of a paper, the weightiest first.

    papers: of the site. frequency: in how many of them phrases stand, for a list of folded phrases.
    """
    found = _Counted.of(title, abstract)
    names = list(found.counts)
    weights = {
        name: _weight(name, found.counts[name], seen, papers, alone=name in found.whole)
        for name, seen in zip(names, frequency(names), strict=True)
    }
    chosen: list[Phrase] = []
    for name in sorted(names, key=lambda name: (-weights[name], name)):
        if len(chosen) == most or weights[name] <= 0:
            break
        if not any(_overlap(name, fold([one.text])) for one in chosen):
            chosen.append(Phrase(found.written[name], round(weights[name], 3)))
    return chosen


def by_tfidf(
    title: str, abstract: str, papers: int, frequency: Callable[[list[str]], list[int]], most: int = MOST
) -> list[str]:
    """Return the candidates of greatest plain TF-IDF, against which ``bench phrases`` compares."""
    found = _Counted.of(title, abstract)
    names = list(found.counts)
    weights = {
        name: found.counts[name] * math.log((papers + 1) / (seen + 1))
        for name, seen in zip(names, frequency(names), strict=True)
    }
    return [found.written[name] for name in sorted(names, key=lambda name: (-weights[name], name))[:most]]


class _Counted(NamedTuple):
    """The phrases of one paper. whole: those that fill a run. written: each as it stands there first."""

    counts: Counter[str]
    whole: set[str]
    written: dict[str, str]

    @classmethod
    def of(cls, title: str, abstract: str) -> "_Counted":
        found = cls(Counter(), set(), {})
        for text in texts(title, abstract):
            for run in candidates(text):
                if len(run) <= MOST_WORDS and _may_stand(run):
                    found.whole.add(fold(run))
                for folded, shown in parts(run):
                    found.counts[folded] += 1
                    found.written.setdefault(folded, shown)
        return found


SELDOM = 10
"""A phrase that fewer papers have is no rarer than one that so many have: it is as often a slip as a find."""

COMMON = 30
"""Papers from which on a phrase is surely one; below, the weight falls with the logarithm."""

INSIDE = 0.5
"""What a phrase is worth that stands only inside longer runs."""

ONE_WORD = 0.75
"""What a single word is worth."""


def _weight(name: str, count: float, seen: int, papers: int, *, alone: bool) -> float:
    size = name.count(" ") + 1
    rarity = math.log((papers + 1) / max(seen, SELDOM)) if papers > SELDOM else 1.0
    known = min(1.0, math.log(1 + max(seen, 1)) / math.log(1 + COMMON))
    return math.sqrt(count) * rarity * size * known * (1.0 if alone else INSIDE) * (ONE_WORD if size == 1 else 1.0)


def _overlap(one: str, other: str) -> bool:
    """Whether two phrases share half of the shorter one's words."""
    mine, others = set(one.split()), set(other.split())
    return len(mine & others) * 2 >= min(len(mine), len(others)) + (len(mine) > 2 and len(others) > 2)
