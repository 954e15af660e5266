"""How far the papers of a day are, for pages, mails and operators. Reads alone; ``keeping`` writes what is kept."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.cache import cache

from broadsheet.ledger.counting import ALL, facts_of, shares, told
from broadsheet.ledger.models import Announcement
from broadsheet.ledger.rules import Facts, State, has_basis, state_of
from broadsheet.sources import arxiv_calendar
from broadsheet.sources.arxiv_calendar import expected_day

__all__ = [
    "Day",
    "Standing",
    "asks_arxiv",
    "calendar",
    "expected_day",
    "front_line",
    "kept",
    "left_out",
    "rows_of",
    "standing",
]

MOST_LEFT_OUT = 60
"""So many days back the ledger is completed."""

KEPT_FOR = 60
"""Seconds for which pages keep the line of the day."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the papers of a day are at a moment.

    received: how many are here. expected: how many should be, as arXiv told; None for unknown. usual: about how many
    editions have by this hour. sentence: what is missing, for readers of a mail; '' where nothing is. late: whether
    papers are to be expected still.
    """

    day: date
    state: State
    received: int
    expected: int | None = None
    usual: int = 0
    sentence: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar. state: '' where nothing is noted. estimated: expected is computed from other days."""

    day: date
    state: State | None
    received: int = 0
    expected: int | None = None
    estimated: bool = False
    name: str = ""

    @property
    def missing(self) -> int:
        """How many papers are missing, as far as it is known."""
        return max(0, (self.expected or 0) - self.received)


def standing(day: date, now: datetime) -> Standing:
    """Tell how far the papers of a day are at a moment, counted anew: a few queries.

    Where arXiv's number is known, papers are late while fewer are here; else by comparison with other days: what was
    here by the same hour of the same weekday in the last weeks, so that a site whose editions fill up during the day
    is not called late in the morning.
    """
    row = Announcement.objects.filter(day=day, category=ALL).first()
    facts = facts_of(day, now, shares(day, now)[ALL].received, told(row))
    state = state_of(day, now, facts, grace())
    out = now >= arxiv_calendar.announced_at(day) and not arxiv_calendar.why_none(day)
    late = state in ("partial", "late") or (state == "not-out" and out and has_basis(facts))
    received = facts.edition if facts.expected is None else facts.received
    sentence = _sentence(day, facts, received) if late else ""
    return Standing(day, state, received, facts.expected, facts.usual, sentence, late)


def kept(day: date) -> Announcement | None:
    """Return what the ledger last noted of a day; None where nothing is."""
    return Announcement.objects.filter(day=day, category=ALL).first()


def rows_of(day: date) -> list[Announcement]:
    """Return all rows of a day, that of all together first."""
    return list(Announcement.objects.filter(day=day).order_by("category"))


def calendar(first: date, last: date) -> list[Day]:
    """Return every day from the first to the last, as the ledger noted it; by the calendar where it noted nothing."""
    rows = {row.day: row for row in Announcement.objects.filter(category=ALL, day__gte=first, day__lte=last)}
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [_day(day, rows.get(day)) for day in days]


def left_out(now: datetime) -> list[date]:
    """Return the days since the ledger was last kept of which it noted nothing, as the site was down; oldest first."""
    today = arxiv_calendar.day_of(now)
    last = Announcement.objects.filter(category=ALL, day__lt=today).order_by("-day").values_list("day", flat=True)
    known = set(last[:MOST_LEFT_OUT])
    first = max(today - timedelta(days=MOST_LEFT_OUT), min(known, default=today))
    days = (first + timedelta(days=number) for number in range((today - first).days))
    return [day for day in days if day not in known and arxiv_calendar.is_announcement_day(day)]


def front_line(now: datetime) -> str:
    """Return the line that the front page shows where today's papers are late, partly here, or none come; else ''.

    One query a minute, of what the ledger noted last. A site that does not ask arXiv by itself promises no papers.
    """
    if not asks_arxiv():
        return ""
    key = f"front-line-{now:%Y%m%d%H%M}"
    line: str | None = cache.get(key)
    if line is None:
        line = _front_line(now)
        cache.set(key, line, KEPT_FOR)
    return line


def asks_arxiv() -> bool:
    """Whether this site asks arXiv for papers by itself: it may be offline, or fed from other places alone."""
    return bool(settings.CATEGORIES) and not settings.OFFLINE


def grace() -> timedelta:
    """Return how long after an announcement nothing is called late yet."""
    return timedelta(hours=settings.LATE_HOURS)


def _front_line(now: datetime) -> str:
    today = arxiv_calendar.day_of(now)
    row = kept(expected_day(now))
    if row and row.state == "partial":
        if row.expected and row.received >= row.expected:
            return f"The papers of {_named(row.day)} may not all be here yet: {row.received:,} have come."
        of = f"{row.received:,} of {'about ' if told(row) is None else ''}{row.expected:,}" if row.expected else "some"
        return f"The papers of {_named(row.day)} are not all here yet: {of} have come."
    if row and row.state == "late":
        return f"The papers of {_named(row.day)} are late: none has come yet."
    if arxiv_calendar.why_none(today) == "holiday" and not (row and row.day == today):
        return f"arXiv announces nothing today: holiday ({arxiv_calendar.holiday_before(today)})."
    return ""


def _day(day: date, row: Announcement | None) -> Day:
    name = arxiv_calendar.holiday_before(day)
    if row is None:
        return Day(day, arxiv_calendar.why_none(day) or None, name=name)
    return Day(day, row.state, row.received, row.expected, told(row) is None, name)  # type: ignore[arg-type]  # the column's words are these


def _sentence(day: date, facts: Facts, received: int) -> str:
    name = _named(day)
    if not received:
        return f"The papers of {name} have not come yet; they follow in the next mail."
    if facts.expected and facts.received < facts.expected:
        of = f"of {facts.expected:,}"
    elif facts.expected is None:
        of = f"of about {facts.usual:,}"
    else:
        return f"Perhaps not all papers of {name} have come so far, only {received:,}; others follow in the next mail."
    return f"Only {received:,} {of} papers of {name} have come so far; the others follow in the next mail."


def _named(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B}"
