"""Papers whose whole title was typed, whatever else a search brings. Putting them in front is ``hybrid``'s."""

from dataclasses import replace

from django.db import connection

from broadsheet.papers.models import Paper
from broadsheet.papers.titles import title_key
from broadsheet.search.index import Filters, Searcher
from broadsheet.search.query import Query

LONGEST = 1000
"""Characters of a text that may be a title; what is longer is an abstract."""

MOST = 20
"""Papers of one title that are found, the newest: "Erratum" is the title of many."""


def as_typed(searcher: Searcher, query: Query) -> list[int]:
    """Return the primary keys of the papers whose whole title was typed, the highest first.

    A title may read like operators, which do not count then.
    """
    texts = {query.text: query.filters, query.typed: query.given}  # one text where no operators were typed
    keys = {title_key(text): filters for text, filters in texts.items() if len(text) <= LONGEST}
    keys.pop("", None)
    named = [paper for paper in _called(list(keys)) if _passes(searcher, paper, keys[paper.title_key])] if keys else []
    return sorted((paper.pk for paper in named), reverse=True)


def _called(keys: list[str]) -> list[Paper]:
    """Return the newest papers that stand under some keys of titles. For each search it is asked, mostly in vain."""
    table, quoted = Paper._meta.db_table, ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        # Making the same query of the model's takes longer than asking it. With the condition that they stand, SQLite
        # would read every one that does, as it takes that for the rarer one.
        cursor.execute(f"SELECT id FROM {table} WHERE title_key IN ({quoted}) LIMIT 1", keys)  # noqa: S608 - ours
        if cursor.fetchone() is None:
            return []
    newest = Paper.objects.filter(title_key__in=keys).order_by("-day", "-pk")[:MOST]
    return [paper for paper in newest if paper.same_as_id is None]


def _passes(searcher: Searcher, paper: Paper, filters: Filters) -> bool:
    """Whether a paper fulfils the filters; the index is asked where only it can tell."""
    if filters != Filters(filters.categories, filters.since, filters.until):
        return bool(searcher.tally(filters=replace(filters, ids=(paper.pk,))).total)
    return _fulfils(paper, filters)


def _fulfils(paper: Paper, filters: Filters) -> bool:
    """Whether a paper fulfils filters by category and day; says of one row what the index says of all."""
    named = {part for category in paper.categories for part in (category, category.split(".")[0])}
    if filters.categories and named.isdisjoint(filters.categories):
        return False
    if (filters.since or filters.until) and paper.day is None:
        return False
    return not (
        (filters.since and paper.day and paper.day < filters.since)
        or (filters.until and paper.day and paper.day > filters.until)
    )
