"""What ``bench similar`` judges: ways to find papers like a paper, and related work of one taken for a draft.

A draft is the title and the abstract of a paper, which is then left out of what is found.
"""

from collections.abc import Callable
from dataclasses import replace

from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.ranking import nearness, similar
from broadsheet.ranking.draft_search import Asking
from broadsheet.ranking.key_terms import key_terms
from broadsheet.ranking.similar import WEIGHTS
from broadsheet.search import current, hybrid
from broadsheet.search.encoders import embed
from broadsheet.search.index import Filters
from broadsheet.search.kept import vectors_of
from broadsheet.search.query import literal

type System = Callable[[Paper], list[int]]
"""Returns papers by primary key, best first; the paper itself may be among them, and does not count."""

_TEXTS = replace(WEIGHTS, authors=0.0, together=0.0)


def _by(**weights: float) -> System:
    """Return a system that asks for similar papers by some kinds of likeness."""
    chosen = replace(_TEXTS, **weights)
    return lambda paper: [near.paper for near in similar.ranked(paper, weights=chosen)]


def _bm25(asked: Callable[[Paper], str]) -> System:
    """Return a system that asks the index for some words of a paper."""

    def found(paper: Paper) -> list[int]:
        hits = current.searcher().words(asked(paper), limit=nearness.CANDIDATES + 1, filters=Filters())
        return [hit.id for hit in hits]

    return found


def _cosine(paper: Paper) -> list[int]:
    searcher = current.searcher()
    vector = vectors_of([paper.pk], searcher).get(paper.pk)
    limit = nearness.CANDIDATES + 1
    return [hit.id for hit in searcher.meaning(vector, limit=limit, filters=Filters())] if vector is not None else []


def _search(paper: Paper) -> list[int]:
    text = embed.text_of(plain(paper.title), plain(paper.abstract))
    hits = hybrid.search(literal(text), limit=2 * nearness.CANDIDATES).hits
    return [hit.paper_id for hit in hits]


def _draft(paper: Paper) -> list[int]:
    asking = Asking(plain(paper.title), plain(paper.abstract), Filters(), [], [], frozenset({paper.pk}))
    return list(asking.ranked())


SYSTEMS: dict[str, System] = {
    "title": _bm25(lambda paper: plain(paper.title)),
    "key terms": _bm25(lambda paper: key_terms(paper.title, paper.abstract)),
    "cosine": _cosine,
    "words": _by(meaning=0.0),
    "meaning": _by(words=0.0),
    "fused": _by(),
    "fused+authors": _by(authors=0.15),
    "search": _search,
    "draft": _draft,
}
"""BM25 of the title, and of the key terms; cosines; nearness by words, by meaning, and by both, which readers get; the
same with authors; the text of the paper as a search; and as a draft."""
