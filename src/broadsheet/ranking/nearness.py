"""How near papers are to a text, by its words and by its meaning: what similar papers and drafts are ranked by.

Who else is near, and what each kind counts, is for who asks: ``similar``, ``draft_search``. What each part is worth:
docs/search/quality.md.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from django.db.models import Max, Min
from numpy.typing import NDArray

from broadsheet.papers.models import Paper
from broadsheet.ranking.key_terms import ENOUGH, Seen, counted, in_common, key_terms, weighed
from broadsheet.search.index import Filters, Searcher, Vector
from broadsheet.search.kept import vectors_of

type Nearness = dict[int, float]
"""How near papers are, by primary key, the best of them about 1."""

EVERYTHING = Filters()
CANDIDATES = 200
"""Papers asked of words and of meaning each."""
READ = 100
"""Candidates whose texts are read, the best by what the index tells; more take longer, and find what nobody reads."""
BY_INDEX = 0.5
"""The share of BM25 in nearness by words; the rest is the cosine of the texts' words."""

SAMPLE, NEIGHBOURS = 1_000, 10
"""Papers by which it is told how near a paper is to all the others, and how many of them, the nearest, count."""


@dataclass(frozen=True, slots=True)
class Text:
    """What papers are near to. vector: None where nothing can read it."""

    title: str
    abstract: str
    vector: Vector | None = None


class Parts(NamedTuple):
    """The candidates by each kind of likeness."""

    words: Nearness
    meaning: Nearness


class _Crowd(NamedTuple):
    """A sample of the papers: their primary keys, their vectors as columns, and their own mean nearness to the rest."""

    pks: NDArray[np.int64]
    columns: NDArray[np.float32]
    usual: float


_kept: dict[str, _Crowd] = {}


def parts(
    searcher: Searcher,
    text: Text,
    *,
    words: bool = True,
    meaning: bool = True,
    filters: Filters = EVERYTHING,
    also: Collection[int] = (),
    but: Collection[int] = (),
) -> Parts:
    """Return how near papers are to a text, those that words or meaning find and ``also``, without ``but``.

    words, meaning: whether each is asked. Raises what the index does where it cannot be asked.
    """
    seen = counted() if words else None
    terms = key_terms(text.title, text.abstract, seen=seen) if seen else ""
    limit = CANDIDATES + len(but)
    found = {hit.id: hit.score for hit in searcher.words(terms, limit=limit, filters=filters)} if terms else {}
    vector = text.vector if meaning else None
    nearest = searcher.meaning(vector, limit=limit, filters=filters) if vector is not None else []
    pool = sorted({*found, *also, *(hit.id for hit in nearest)}.difference(but))
    if terms and (missing := tuple(pk for pk in pool if pk not in found)):
        found |= {hit.id: hit.score for hit in searcher.words(terms, limit=len(missing), filters=Filters(ids=missing))}
    by_index = _of_the_best({pk: found[pk] for pk in pool if pk in found})
    cosines = _by_meaning(searcher, vector, pool) if vector is not None else {}
    if not seen:
        return Parts({}, cosines)
    first = sorted(pool, key=lambda pk: (-by_index.get(pk, 0.0) - cosines.get(pk, 0.0), -pk))[:READ]
    by_text = _by_text(text, first, seen)
    both = {pk: BY_INDEX * by_index.get(pk, 0.0) + (1 - BY_INDEX) * by_text.get(pk, 0.0) for pk in pool}
    return Parts({pk: score for pk, score in both.items() if score > 0}, cosines)


def forget() -> None:
    """Draw the sample of papers anew at the next question."""
    _kept.clear()


def _of_the_best(scores: Nearness) -> Nearness:
    best = max(scores.values(), default=0.0) or 1.0
    return {pk: score / best for pk, score in scores.items()}


def _by_text(text: Text, pks: Sequence[int], seen: Seen) -> Nearness:
    """Return the cosines of papers' words with a text's, of which long and short papers have the same chance."""
    own = weighed(text.title, text.abstract, seen)
    rows = Paper.objects.filter(pk__in=pks).values_list("pk", "title", "abstract")
    return _of_the_best({pk: in_common(own, weighed(title, abstract, seen)) for pk, title, abstract in rows})


def _by_meaning(searcher: Searcher, vector: Vector, pks: Sequence[int]) -> Nearness:
    """Return the cosines of papers, less what a paper is nearer to all others than is usual.

    Some papers are near to everything in such a space, and stand in each list for it ("hubs"): M. Radovanovic et al.,
    Hubs in Space (JMLR, 2010); set right as by A. Conneau et al., Word Translation Without Parallel Data (ICLR, 2018).
    What points away is not near at all.
    """
    known = vectors_of(pks, searcher)
    if not known:
        return {}
    ids = np.fromiter(known, np.int64, len(known))
    rows = np.stack(list(known.values()))
    cosines = rows @ vector
    scores = cosines - _excess(searcher, ids, rows)
    return {pk: max(float(score), 0.0) for pk, score, cosine in zip(known, scores, cosines, strict=True) if cosine > 0}


def _excess(searcher: Searcher, ids: NDArray[np.int64], rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much nearer papers are to their nearest of a sample than papers are mostly; 0 in a small store."""
    crowd = _crowd(searcher)
    if crowd is None:
        return np.zeros(len(ids), dtype=np.float32)
    return _nearest(ids, rows, crowd) - crowd.usual


def _nearest(ids: NDArray[np.int64], rows: NDArray[np.float32], crowd: _Crowd) -> NDArray[np.float32]:
    """Return the mean cosine of each paper with its nearest of the crowd, of which it is none itself."""
    near = rows @ crowd.columns
    near[ids[:, None] == crowd.pks] = -1.0
    return np.partition(near, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:].mean(axis=1).astype(np.float32)


def _crowd(searcher: Searcher) -> _Crowd | None:
    """Return papers drawn by chance, once in a process for each model; None where too few have a vector."""
    if searcher.space in _kept:
        return _kept[searcher.space]
    known = vectors_of(_drawn(), searcher)
    if len(known) < ENOUGH:
        return None
    rows = np.stack(list(known.values()))
    bare = _Crowd(np.fromiter(known, np.int64, len(known)), np.ascontiguousarray(rows.T), 0.0)
    crowd = bare._replace(usual=float(_nearest(bare.pks, rows, bare).mean()))
    _kept[searcher.space] = crowd
    return crowd


def _drawn() -> list[int]:
    """Return primary keys of papers of all times, the same ones each time; the newest alone are about few things."""
    papers = Paper.objects.standing()
    ends = papers.aggregate(low=Min("pk"), high=Max("pk"))
    if ends["low"] is None:
        return []
    keys = np.unique(np.linspace(ends["low"], ends["high"], SAMPLE, dtype=np.int64)).tolist()
    return list(papers.filter(pk__in=keys).values_list("pk", flat=True))
