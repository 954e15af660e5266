"""Which papers a search that is followed tells of: those that match it, not just the best there are at the time."""

from dataclasses import replace
from datetime import date

from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper
from broadsheet.search import current, hybrid
from broadsheet.search.query import Query, parse

CLOSE = 0.6
"""The cosine from which a paper is told of for its meaning alone (docs/ranking)."""

MOST = 3000
"""Papers of one search, the newest."""


def matches(text: str, first: date | None) -> list[int]:
    """Return the papers that a search tells of, by primary key.

    Those that hold all words, each in any form, and those very near in meaning to a question without phrases; all of
    them fulfil every condition of the search. So what is told depends on the paper alone, and never on the others.

    text: as in the search box. first: the oldest edition that matters.
    Raises what ``hybrid.search`` raises where the index does not answer.
    """
    try:
        query = parse(text, since=first)
    except BadInput:
        return []
    found = hybrid.search(replace(query, order="date"), limit=MOST, exact=True)
    if found.jump:
        return list(Paper.objects.standing().filter(key=found.jump).values_list("pk", flat=True))
    return list(dict.fromkeys([*(hit.paper_id for hit in found.hits), *_near(query)]))


def _near(query: Query) -> list[int]:
    """Return the papers whose meaning is very near to a question in plain words."""
    searcher = current.searcher()
    plain = query.text and not query.keys and not any(part.quoted for part in query.parts)
    embedder = current.embedder(searcher.space) if plain else None
    if embedder is None:
        return []
    nearest = searcher.meaning(embedder.embed_query(query.text), limit=hybrid.DEPTH, filters=query.filters)
    return [hit.id for hit in nearest if hit.score >= CLOSE]
