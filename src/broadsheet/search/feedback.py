"""Pseudo-relevance feedback: what the first results hold is added to a short query. Off by default.

What it is worth is told in docs/search/quality.md. Asking with what comes out is ``hybrid``'s.
"""

import re
from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np

from broadsheet.papers.models import Paper
from broadsheet.search.index import Scored, Searcher, Vector
from broadsheet.search.kept import vectors_of

FIRST = 5
"""Results that are believed to be relevant."""
BETA = 0.5
"""Weight of their mean vector beside that of the query."""
WORDS, LAMBDA = 10, 0.3
"""Words that are added, and their weight beside those of the query."""
BACKGROUND = 50
"""Results from the end of the list, which tell how common a word is among papers that are not quite it."""

_WORD = re.compile(r"[^\W\d_]{4,}")


def moved(vector: Vector, first: Sequence[int], searcher: Searcher | None = None) -> Vector:
    """Return a query's vector moved towards those of its first results (Rocchio, 1971), of unit length.

    first: their primary keys; those without a vector do not count. searcher: in whose space the query's vector lies;
    None for the one that searches ask now.
    """
    near = vectors_of(first, searcher)
    if not near:
        return vector
    sum_ = vector + BETA * np.mean(list(near.values()), axis=0)
    moved: Vector = (sum_ / np.linalg.norm(sum_)).astype(np.float32)
    return moved


def words_of(text: str, first: Sequence[int], last: Sequence[int]) -> list[str]:
    """Return words that the first results hold more than the last ones, the strongest first, none of the query's.

    A relevance model (RM3, Lavrenko and Croft, 2001) of which the words are chosen by how far they tell the first from
    the background (Carpineto et al., 2001), as the index does not tell in how many papers a word stands.
    """
    asked = set(_WORD.findall(text.casefold()))
    ours, theirs = _held(first), _held(last)
    if not ours:
        return []
    share: dict[str, float] = {}
    for counted in ours:
        for word, times in counted.items():
            share[word] = share.get(word, 0.0) + times / counted.total() / len(ours)
    beside = Counter(word for counted in theirs for word in counted)
    worth = {
        word: part * log((1 + len(theirs)) / (0.5 + beside[word]))
        for word, part in share.items()
        if word not in asked and sum(word in counted for counted in ours) > 1
    }
    return sorted(worth, key=lambda word: (-worth[word], word))[:WORDS]


def added(words: Sequence[Scored], more: Sequence[Scored], asked: int, extra: int, limit: int) -> list[Scored]:
    """Return the ranking by the words of the query and by those added: sums of BM25, of which it is one over words.

    more: the ranking by the added words alone, ``extra`` of them beside ``asked`` of the query; together they weigh
    LAMBDA of those of the query.
    """
    scores = dict(words)
    for pk, score in more:
        scores[pk] = scores.get(pk, 0.0) + LAMBDA * score * min(1.0, asked / max(1, extra))
    ranked = sorted(scores.items(), key=lambda item: (-item[1], -item[0]))
    return [Scored(pk, score) for pk, score in ranked[:limit]]


def _held(pks: Sequence[int]) -> list[Counter[str]]:
    rows = Paper.objects.filter(pk__in=list(pks)).values_list("title", "abstract")
    return [Counter(_WORD.findall(f"{title} {abstract}".casefold())) for title, abstract in rows]
