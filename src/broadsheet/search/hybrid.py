"""Search as readers get it: words and meaning fused, exact titles first. Engines are asked through the port only."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings

from broadsheet.papers.models import Paper
from broadsheet.papers.titles import title_key
from broadsheet.search import current, state
from broadsheet.search.index import Filters, Scored, Searcher
from broadsheet.search.query import Query

DEPTH = 300
"""Candidates asked of each kind of search, the same for every page: scores are normalised over them, so another
number on the next page would reorder what the last one showed. Who needs more wants a filter."""

LEAST_COSINE = 0.2
"""What is less alike is not "near in meaning": nonsense reaches about so much with the best of some hundred papers."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. score: in [0, 1], exact titles above. why: any of ``title``, ``words``, ``meaning``."""

    paper_id: int
    score: float
    why: tuple[str, ...]


@dataclass(slots=True)
class Results:
    """One page of results. total: how many candidates were found. jump: key of the paper that the query names.

    notes: sentences for the reader, such as what is missing for a full answer.
    """

    hits: list[Hit]
    total: int
    jump: str | None = None
    notes: list[str] = field(default_factory=list)


def search(query: Query, *, limit: int, offset: int = 0) -> Results:
    """Return results ``offset`` to ``offset + limit`` for a query, best first.

    Words and meaning are each min-max normalised and summed with the weight BROADSHEET_DENSE_WEIGHT_PERCENT
    (docs/search). Without a model words alone decide and a note says so.
    """
    if query.key and Paper.objects.filter(key=query.key).exists():
        return Results([], 0, jump=query.key)
    results = Results([], 0)
    if query.cut:
        results.notes.append("The query was too long; its beginning was searched for.")
    if not query.text:
        return results
    searcher = current.searcher()
    words = searcher.words(query.text, limit=DEPTH, filters=query.filters)
    meaning = _by_meaning(searcher, query, results.notes)
    known = state.read()
    if meaning and known.share < 1:
        results.notes.append(f"Search by meaning reaches {known.vectors} of {known.papers} papers so far.")
    # While vectors are still being made, meaning counts by the share of papers that it can see.
    hits = _titles_first(query, fuse(words, meaning, settings.DENSE_WEIGHT * known.share))
    if hits and not words and "title" not in hits[0].why:
        results.notes.append("No paper holds these words; these are the nearest in meaning.")
    results.total = len(hits)
    results.hits = hits[offset : offset + limit]
    return results


def fuse(words: Sequence[Scored], meaning: Sequence[Scored], weight: float) -> list[Hit]:
    """Fuse two rankings by a weighted sum of their min-max normalised scores.

    weight: share of meaning, in [0, 1]. A paper that one ranking lacks gets nothing from it.
    Returns hits sorted by score; equal scores keep the order of the ids, so that pages are stable.
    """
    by_words, by_meaning = _normalised(words), _normalised(meaning)
    if not by_words or not by_meaning:
        weight = 1.0 if by_meaning else 0.0
    hits = [
        Hit(
            pk,
            (1 - weight) * by_words.get(pk, 0.0) + weight * by_meaning.get(pk, 0.0),
            tuple(name for name, found in (("words", by_words), ("meaning", by_meaning)) if pk in found),
        )
        for pk in by_words.keys() | by_meaning.keys()
    ]
    return sorted(hits, key=lambda hit: (-hit.score, -hit.paper_id))


def _normalised(scored: Sequence[Scored]) -> dict[int, float]:
    """Map scores to [0, 1]; the last candidate keeps a little, as it was found all the same."""
    if not scored:
        return {}
    highest = max(score for _, score in scored)
    lowest = min(score for _, score in scored)
    width = (highest - lowest) or 1.0
    return {pk: (score - lowest) / width if highest > lowest else 1.0 for pk, score in scored}


def _by_meaning(searcher: Searcher, query: Query, notes: list[str]) -> list[Scored]:
    embedder = current.embedder()
    if embedder is None:
        notes.append(f"Searched by words alone: {current.why_no_model()}")
        return []
    vector = embedder.embed([query.text])[0]
    nearest = searcher.meaning(vector, limit=DEPTH, filters=query.filters)
    return [hit for hit in nearest if hit.score >= LEAST_COSINE]


def _titles_first(query: Query, hits: list[Hit]) -> list[Hit]:
    """Put papers whose whole title was typed in front."""
    key = title_key(query.text)
    named = Paper.objects.filter(title_key=key).order_by("-day", "-pk")[:20] if key else ()
    exact = [paper.pk for paper in named if passes(paper, query.filters)]
    front = [Hit(pk, 2.0, ("title",)) for pk in exact]
    return front + [hit for hit in hits if hit.paper_id not in set(exact)]


def passes(paper: Paper, filters: Filters) -> bool:
    """Whether a paper fulfils the filters; says of one row what the index says of all."""
    named = {part for category in paper.categories for part in (category, category.split(".")[0])}
    if filters.categories and named.isdisjoint(filters.categories):
        return False
    if (filters.since or filters.until) and paper.day is None:
        return False
    return not (
        (filters.since and paper.day and paper.day < filters.since)
        or (filters.until and paper.day and paper.day > filters.until)
    )
