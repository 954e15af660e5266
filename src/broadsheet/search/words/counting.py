"""How many papers fulfil conditions, by category and by year: exactly, or where that took long, by a sample of days.

What is an estimate is told as one (``index.Tally``), and has two digits at most.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, NamedTuple

import tantivy as engine
from tantivy import Query

from broadsheet.search.index import Filters, Tally
from broadsheet.search.postings.asking import View
from broadsheet.search.postings.sets import Sets
from broadsheet.search.terms import fields as terms
from broadsheet.search.words.conditions import Asked, asked
from broadsheet.search.words.counted import Counts
from broadsheet.search.words.filed import Counted
from broadsheet.search.words.holders import Held

DEAR = 4_000_000
"""Places that are read at most for an exact number, as long as a sample will do: some 20 ms of a processor."""
MANY = 100_000
"""Papers up to which the engine counts each one's categories, which takes it 60 ns a paper."""

_STEPS = (16, 64, 256)
"""A sample is every so many days, which has all days of the week; the first that is told in no time."""
_YEARS = 50
LEAST_PAPERS = 200_000
"""Papers of an index that is sampled."""
LEAST_SEEN = 500
"""Papers that a sample must hold to tell a number, in one digit, and in two where it holds four times as many."""

_MOST_CATEGORIES, _MOST_YEARS = 40, 100
_EACH_SEGMENT = 10_000
"""Values that each segment tells; more than there are categories, so that counts are exact."""
_TOTAL = {terms.ID: {"value_count": {"field": terms.ID}}}
_FACETS: dict[str, Any] = {
    name: {"terms": {"field": name, "size": most, "segment_size": _EACH_SEGMENT}}
    for name, most in ((terms.CATEGORIES, _MOST_CATEGORIES), (terms.YEAR, _MOST_YEARS))
} | _TOTAL
"""What is counted beside the papers, which are counted by their ids in the same pass."""


class _Sample(NamedTuple):
    """Some papers that stand for others. query: what finds those of them that fulfil it all. scale: others to one."""

    query: Query
    scale: float


def tally(
    searcher: engine.Searcher,
    filters: Filters,
    *,
    facets: bool,
    holding: Callable[[Filters], Held],
    filed: Callable[[Filters], Sets],
    view: View,
    counts: Counts,
) -> Tally:
    """Count the papers that fulfil filters; with ``facets`` by category and by year too.

    holding, filed: find the papers themselves, once for all that asks, the latter those that fulfil facts alone. view:
    of the postings, in which ``counts`` counts what they tell; the engine is asked for the rest.
    """
    if (seen := counts.of(view, filters, facets=facets, holding=holding, filed=filed)) is not None:
        return _told(seen)
    wanted = asked(filters, searcher.doc_freq, searcher.num_docs)
    dear, total = wanted.places > DEAR, None
    if filters.ids is None and (dear or (facets and any(term.where != "words" for term in filters.terms))):
        held = holding(filters)
        if not facets:
            return Tally(held.total, about=held.about)
        if dear and (estimate := estimated(searcher, filters, facets=True)):
            return estimate
        total = None if held.about else held.total
    if facets and wanted.papers > MANY:
        total = _number(searcher, or_all(wanted)) if total is None else total
        estimate = estimated(searcher, filters, facets=True) if total > MANY else None
        if estimate:
            return estimate._replace(total=total, about=False)
    return counted(searcher, or_all(wanted), facets=facets)


def estimated(searcher: engine.Searcher, filters: Filters, *, facets: bool = False) -> Tally | None:
    """Return what a sample tells; None where it holds too little of it."""
    sample = _sample(searcher, filters)
    if sample is None:
        return None
    seen = counted(searcher, sample.query, facets=facets)
    if seen.total < LEAST_SEEN:
        return None
    return Tally(
        _rounded(seen.total, sample.scale),
        tuple((name, _rounded(number, sample.scale)) for name, number in seen.categories),
        tuple((year, _rounded(number, sample.scale)) for year, number in seen.years),
        about=True,
        rough=facets,
    )


def _sample(searcher: engine.Searcher, filters: Filters) -> _Sample | None:
    """Return a sample of those papers that fulfil the facts of filters, which are counted in no time; None if too few.

    Days differ in how many papers they have, so the sample stands for as many times itself as the facts have papers.
    """
    papers = searcher.num_docs
    if papers < LEAST_PAPERS or filters.ids is not None:
        return None
    facts = Filters(
        filters.categories, filters.since, filters.until, not_categories=filters.not_categories, has=filters.has,
        lacks=filters.lacks,
    )  # fmt: skip
    today = datetime.now(UTC).date().toordinal() + 1
    for step in _STEPS:
        days = [day for day in range(today - 366 * _YEARS, today + 1) if day % step == 0]
        of = Query.term_set_query(terms.SCHEMA, terms.DAY, days), papers / step
        wanted = asked(filters, searcher.doc_freq, papers, of=of)
        if wanted.places <= DEAR:
            break
    of_facts = _number(searcher, or_all(asked(facts, searcher.doc_freq, papers, of=of)))
    if of_facts < LEAST_SEEN:
        return None
    return _Sample(or_all(wanted), _number(searcher, or_all(asked(facts, searcher.doc_freq, papers))) / of_facts)


def or_all(wanted: Asked) -> Query:
    """Return the query of what is asked for."""
    return Query.all_query() if wanted.query is None else wanted.query


def _number(searcher: engine.Searcher, query: Query) -> int:
    return int(searcher.aggregate(query, _TOTAL)[terms.ID]["value"])


def counted(searcher: engine.Searcher, query: Query, *, facets: bool) -> Tally:
    """Count exactly the papers that a query finds; with ``facets`` by category and by year too."""
    if not facets:
        return Tally(_number(searcher, query))
    found = searcher.aggregate(query, _FACETS)
    categories, years = (
        [(bucket["key"], int(bucket["doc_count"])) for bucket in found[name]["buckets"]]
        for name in (terms.CATEGORIES, terms.YEAR)
    )
    total = int(found[terms.ID]["value"])
    return Tally(total, tuple(categories), tuple((int(year), number) for year, number in years))


def _told(seen: Counted) -> Tally:
    """Return what was counted in postings, the largest numbers first. By category and year it may be a sample."""
    rough = seen.every > 1

    def largest[N: (str, int)](numbers: list[tuple[N, int]], most: int) -> tuple[tuple[N, int], ...]:
        first = sorted(numbers, key=itemgetter(1), reverse=True)[:most]  # of as many papers in the order they have
        return tuple((name, _rounded(number, seen.every) if rough else number) for name, number in first)

    categories, years = largest(seen.categories, _MOST_CATEGORIES), largest(seen.years, _MOST_YEARS)
    return Tally(seen.total, categories, years, rough=rough)


def _rounded(seen: int, scale: float) -> int:
    """Return what a number of a sample stands for, in one or two digits."""
    number = max(seen * scale, 1.0)
    digits = 2 if seen >= 4 * LEAST_SEEN else 1
    return int(round(number, digits - 1 - math.floor(math.log10(number))))
