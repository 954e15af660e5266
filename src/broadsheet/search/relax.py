"""What to leave out of a query that finds little, and how many papers each way would find."""

import time
from dataclasses import replace
from typing import NamedTuple

from broadsheet.search.grammar import Part
from broadsheet.search.index import Searcher, Term
from broadsheet.search.query import Query, parse

FEW = 3
"""With so many papers that hold everything, nothing has to be left out."""
MOST_WAYS = 4
_MOST_PARTS = 12
_SECONDS = 0.03
"""Of a processor, after which no other way is counted; what was not counted is not offered."""


class Way(NamedTuple):
    """A query with one part left out: what is left out, what remains, and how many papers hold all of that.

    about: that number is an estimate.
    """

    without: str
    text: str
    number: int
    about: bool = False


def ways(searcher: Searcher, query: Query, found: int) -> list[Way]:
    """Return the queries with one part less that find more than ``found`` papers, the most fruitful first.

    They are counted in the order in which the parts were typed, for as long as that takes little.
    """
    if not 1 < len(query.parts) <= _MOST_PARTS:
        return []
    given, begun = query.given, time.thread_time()
    tried = []
    for place, part in enumerate(query.parts):
        if time.thread_time() - begun > _SECONDS:
            break
        rest = " ".join(str(other) for other in (*query.parts[:place], *query.parts[place + 1 :]))
        less = parse(rest, categories=given.categories, since=given.since, until=given.until)
        if less.key or less.empty or _orders(part):
            continue
        terms = (*less.filters.terms, *([Term("words", less.text)] if less.text else []))
        told = searcher.tally(filters=replace(less.filters, terms=terms))
        if told.total > found:
            tried.append(Way(str(part), rest, told.total, told.about))
    return sorted(tried, key=lambda way: -way.number)[:MOST_WAYS]


def _orders(part: Part) -> bool:
    return part.field == "sort"
