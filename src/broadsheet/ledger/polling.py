"""When to look for news next: rules over moments, without database or clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from broadsheet.ledger.rules import State
from broadsheet.sources import arxiv_calendar

OFTEN = timedelta(minutes=10)
"""From the announcement on, until a batch is complete."""
SELDOM = timedelta(minutes=30)
"""Once a batch has been late or partial for hours."""
HOURLY = timedelta(hours=1)
RARELY = timedelta(hours=6)
"""For a day that has stayed incomplete for a whole day, as over a weekend."""
BACK_OFF = timedelta(hours=6)
ENOUGH = timedelta(hours=12)
"""For so long after an announcement a complete day is looked at still, as papers may follow."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the newest day that was announced. looked: when the sources were asked for it last."""

    state: State
    looked: datetime | None


def next_look(now: datetime, seen: Seen) -> datetime:
    """Return when the sources are to be asked next; not after now means at once.

    Nothing is asked on weekends and holidays while the day before them is complete. A holiday that is only expected is
    looked at each hour, as arXiv may announce on it.
    """
    day = arxiv_calendar.expected_day(now)
    announced = arxiv_calendar.announced_at(day)
    upcoming = next_announcement(now)
    if seen.looked is None or seen.looked < announced <= now:
        return now
    age = seen.looked - announced
    if seen.state != "complete":
        return min(upcoming, seen.looked + _patience(age))
    if age < ENOUGH:
        return min(upcoming, seen.looked + HOURLY)
    return _unsure_evening(now, seen.looked) or upcoming


def next_announcement(now: datetime) -> datetime:
    """Return when arXiv announces next, by the calendar."""
    return arxiv_calendar.announced_at(arxiv_calendar.day_after(arxiv_calendar.expected_day(now)))


def _patience(age: timedelta) -> timedelta:
    if age < BACK_OFF:
        return OFTEN
    return SELDOM if age < timedelta(days=1) else RARELY


def _unsure_evening(now: datetime, looked: datetime) -> datetime | None:
    """Return when to look on a holiday that may be none; None on all other days."""
    today = arxiv_calendar.day_of(now)
    if arxiv_calendar.why_none(today) != "holiday" or arxiv_calendar.is_sure(today):
        return None
    announced = arxiv_calendar.announced_at(today)
    if now >= announced + ENOUGH:
        return None
    return max(announced, looked + HOURLY)
