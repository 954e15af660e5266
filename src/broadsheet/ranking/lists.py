"""The lists that readers see: editions of a day, a week and a month, and trending. Scores: ``community.votes``."""

import contextlib
import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.db.models import Max, Q, Subquery

from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper, PaperQuerySet

Kind = Literal["day", "week", "month"]
KINDS: tuple[Kind, ...] = ("day", "week", "month")
_EXAMPLES = {"day": "2026-11-21", "week": "2026-W47", "month": "2026-11"}


@dataclass(frozen=True, slots=True)
class Period:
    """A day, an ISO week or a month. label: as it stands in URLs; first and last day are both included."""

    kind: Kind
    first: date
    last: date
    label: str


def period_around(kind: Kind, day: date) -> Period:
    """Return the period of a kind that holds a day."""
    if kind == "day":
        return Period(kind, day, day, day.isoformat())
    if kind == "week":
        year, week, weekday = day.isocalendar()
        monday = day.toordinal() - weekday + 1
        last = date.fromordinal(min(monday + 6, date.max.toordinal()))
        return Period(kind, date.fromordinal(monday), last, f"{year:04}-W{week:02}")
    last = day.replace(day=monthrange(day.year, day.month)[1])
    return Period(kind, day.replace(day=1), last, day.isoformat()[:7])


def period(kind: Kind, text: str) -> Period:
    """Read a period from its text in a URL or a query.

    Raises BadInput, naming the text and the form it should have.
    """
    found: Period | None = None
    with contextlib.suppress(ValueError, OverflowError):
        if kind == "day" and re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            found = period_around(kind, date.fromisoformat(text))
        elif kind == "week" and (week := re.fullmatch(r"(\d{4})-W(\d\d)", text, re.ASCII)):
            found = period_around(kind, date.fromisocalendar(int(week[1]), int(week[2]), 1))
        elif kind == "month" and re.fullmatch(r"\d{4}-\d\d", text, re.ASCII):
            found = period_around(kind, date.fromisoformat(f"{text}-01"))
    if found:
        return found
    raise BadInput(f"{text[:40]!r} is not a {kind}.", f"A {kind} is written like {_EXAMPLES[kind]}.")


def newest_day() -> date | None:
    """Return the day of the newest edition, None before the first paper."""
    newest: date | None = Paper.objects.aggregate(newest=Max("day"))["newest"]
    return newest


def papers_of(period: Period) -> PaperQuerySet:
    """Return the papers of a period, best first."""
    return Paper.objects.of_days(period.first, period.last).ranked()


def trending() -> PaperQuerySet:
    """Return the papers that readers turn to now, by the formula of docs/ranking."""
    return Paper.objects.trending()


def added() -> PaperQuerySet:
    """Return all papers, those that came here last first: a list on which votes play no part."""
    return Paper.objects.standing().order_by("-pk")


def neighbours(period: Period) -> tuple[str | None, str | None]:
    """Return the labels of the nearest earlier and later periods of the same kind that have papers."""
    before = Paper.objects.filter(day__lt=period.first).order_by("-day").values("day")[:1]
    after = Paper.objects.filter(day__gt=period.last).order_by("day").values("day")[:1]
    nearest = Paper.objects.filter(Q(day=Subquery(before)) | Q(day=Subquery(after)))
    days = list(nearest.order_by("day").values_list("day", flat=True).distinct())
    earlier = next((day for day in days if day and day < period.first), None)
    later = next((day for day in days if day and day > period.last), None)
    return (
        period_around(period.kind, earlier).label if earlier else None,
        period_around(period.kind, later).label if later else None,
    )
