"""What is here of a day: papers by category with their first and last id, and how many other days have had."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from statistics import median

from django.conf import settings
from django.db.models import Count, Max, Q

from broadsheet.ledger.models import Announcement
from broadsheet.ledger.rules import Facts
from broadsheet.papers.models import Paper
from broadsheet.sources import arxiv_calendar, arxiv_ids

ALL = ""
"""The category that stands for all together."""

WEEKS = 4
LEAST_WEEKS = 2
DAYS = 8
LEAST_DAYS = 3
ESTIMATE = "estimate"
"""Stands as the place that told a number where none has: it is computed from other days."""


@dataclass(frozen=True, slots=True)
class Share:
    """Papers of one category that were announced on a day. source: where they came from, the most first."""

    received: int = 0
    first_id: str = ""
    last_id: str = ""
    source: str = ""


def shares(day: date, now: datetime) -> dict[str, Share]:
    """Return what is here of a day's announcement, for all together and for each configured category."""
    wanted = set(settings.CATEGORIES)
    found: dict[str, list[tuple[str, str]]] = {ALL: [], **{category: [] for category in settings.CATEGORIES}}
    rows = Paper.objects.filter(announced=day, added__lte=now).values_list("key", "categories", "source")
    for key, categories, source in rows:
        if not arxiv_ids.is_arxiv(key) or (wanted and not wanted.intersection(categories)):
            continue
        found[ALL].append((key, source))
        for category in wanted.intersection(categories):
            found[category].append((key, source))
    return {category: _share(papers) for category, papers in found.items()}


def facts_of(day: date, now: datetime, received: int, expected: int | None) -> Facts:
    """Return what is known of a day. received: of our categories; expected: as some place told it."""
    here = Paper.objects.filter(day=day, added__lte=now).aggregate(papers=Count("pk"), last=Max("added"))
    usual, typical = _other_days(day, now)
    quiet = now - here["last"] if here["last"] else None
    return Facts(received, expected, here["papers"], usual, typical, quiet, now - arxiv_calendar.announced_at(day))


def told(row: Announcement | None) -> int | None:
    """Return the number that a place told for a row; None where none did."""
    return row.expected if row and row.expected_from != ESTIMATE else None


def _share(papers: Sequence[tuple[str, str]]) -> Share:
    if not papers:
        return Share()
    keys = [key for key, _ in papers]
    sources = Counter(source for _, source in papers).most_common()
    return Share(len(papers), min(keys), max(keys), ", ".join(source for source, _ in sources)[:80])


def _other_days(day: date, now: datetime) -> tuple[int, int]:
    """Return how many papers editions have by this hour, and how many in the end; 0 where too few are known.

    Both of the same weekday in the weeks before, or where the site is too young for that, of the last days.
    """
    weeks = [day - timedelta(weeks=back) for back in range(1, WEEKS + 1)]
    lately = [day]
    while len(lately) <= DAYS:
        lately.append(arxiv_calendar.day_before(lately[-1]))
    days = sorted({*weeks, *lately[1:]})
    by_now = reduce(or_, (Q(day=one, added__lte=now - _since(one, day)) for one in days))
    rows = Paper.objects.filter(day__in=days, added__lte=now).values_list("day").order_by("day")
    counts = {one: told for one, *told in rows.annotate(Count("pk"), by_hour=Count("pk", filter=by_now))}
    by_hour = {one: counts.get(one, (0, 0))[1] for one in days}
    usual = _median((by_hour[one] for one in weeks), LEAST_WEEKS)
    usual = usual or _median((by_hour[one] for one in lately[1:]), LEAST_DAYS)
    ended = {one: counts.get(one, (0, 0))[0] for one in days}
    # Weekdays differ by half: half of a Wednesday's papers would be most of a Monday's.
    typical = _median((ended[one] for one in weeks), LEAST_WEEKS)
    return usual, typical or _median((ended[one] for one in lately[1:]), LEAST_DAYS)


def _since(one: date, day: date) -> timedelta:
    """Return how long before a day's announcement another's was."""
    return arxiv_calendar.announced_at(day) - arxiv_calendar.announced_at(one)


def _median(counts: Iterable[int], least: int) -> int:
    known = [count for count in counts if count]
    return round(median(known)) if len(known) >= least else 0
