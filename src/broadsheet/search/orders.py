"""Papers that fulfil conditions, by day or by votes. What is best by relevance: ``hybrid``."""

import math
from dataclasses import replace
from datetime import date
from itertools import batched

from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper
from broadsheet.search.index import Filters, Scored, Searcher
from broadsheet.search.query import Order

MOST = 20_000
"""Papers that can be paged through or put into an order by votes; the newest of those that match."""
_AT_ONCE, _ONE_BY_ONE = 500, 5_000
"""Papers that are asked for by their ids in one question, and up to which that takes less than by their days."""

type Place = tuple[float, int]
"""Where a hit stands among all: its score and its paper. A page begins behind one, whatever was added since."""


def written(place: Place) -> str:
    """Return a place as text for an address."""
    return f"{place[0].hex()}_{place[1]}"


def read(text: str) -> Place:
    """Return the place that a text names. Raises BadInput for one that was not written here."""
    score, _, pk = text.partition("_")
    try:
        place = float.fromhex(score), int(pk)
    except (ValueError, OverflowError):
        place = math.nan, 0
    if not (math.isfinite(place[0]) and 0 < place[1] < 1 << 63):
        raise BadInput(f"{text[:40]!r} is no place in these results.", "Begin again at the first page.")
    return place


def listed(searcher: Searcher, order: Order, filters: Filters, upto: int, after: Place | None) -> list[Scored]:
    """Return the first ``upto`` papers that fulfil the filters, or as many behind ``after`` and some before it.

    order: ``votes``, or else by day, newest first; the score is the one or the other. Those with as much go by id.
    """
    if order == "votes":
        return _by_votes(searcher.newest(limit=MOST, filters=filters))
    if after:
        last = date.fromordinal(max(1, int(after[0])))
        filters = replace(filters, until=min(last, filters.until or last))
        # The day of the last page may be a long one, and all of it comes again.
        upto += searcher.tally(filters=replace(filters, since=max(last, filters.since or last))).total
    found = searcher.newest(limit=min(upto, MOST), filters=filters)
    if len(found) == min(upto, MOST) > 0:
        # Those of one day come in any order, so the last day is taken whole, or pages would overlap.
        day = date.fromordinal(int(found[-1].score))
        of_day = replace(filters, since=day, until=day)
        whole = searcher.newest(limit=searcher.tally(filters=of_day).total, filters=of_day)
        found = [hit for hit in found if hit.score > found[-1].score] + whole
    return sorted(found, key=lambda hit: (-hit.score, -hit.id))


def _by_votes(found: list[Scored]) -> list[Scored]:
    if not found:
        return []
    voted = Paper.objects.filter(all_votes__gt=0).values_list("pk", "all_votes")
    votes: dict[int, int] = {}
    if len(found) <= _ONE_BY_ONE:
        for some in batched((hit.id for hit in found), _AT_ONCE, strict=False):
            votes |= voted.filter(pk__in=some)
    else:
        # A database index has the votes of a range of days.
        last, first = date.fromordinal(int(found[0].score)), date.fromordinal(int(found[-1].score))
        votes |= voted.filter(day__gte=first, day__lte=last)
    # Papers without votes come last, the newest first among them, as their ids rise with time.
    return sorted((Scored(pk, float(votes.get(pk, 0))) for pk, _ in found), key=lambda hit: (-hit.score, -hit.id))
