"""When a day's papers are not out, partly here, all here or late: rules over numbers, without database or clock.

The numbers are counted in ``counting``; when to look again is told by ``polling``.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from broadsheet.sources import arxiv_calendar

State = Literal["not-out", "partial", "complete", "late", "holiday", "weekend"]

LEAST_PAPERS = 5
"""With fewer papers than that on such a day nothing can be told from their number."""

MOST = 0.5
"""Of the usual number: with so many, and nothing coming for a while, an edition is taken to be whole."""
FEW = 0.2
"""As many are a small day, once nothing has come for long."""
LIKELY = 0.65
"""Of what such days have had lately: with fewer, a number told to be all may be that of half a batch."""
A_WHILE = timedelta(minutes=10)
SETTLED = timedelta(minutes=30)
"""For so long nothing may come before a number told is believed, where no earlier day can be compared."""
LONG = timedelta(hours=3)
SMALL_DAY = timedelta(hours=11)
"""For so long nothing may come before few papers, of which a place tells that they are all, are taken for a small day.
Half a batch is told of as if it were all, and digests go out meanwhile; operators are told an hour later."""
OLD = timedelta(days=1)
"""So long after its announcement no day is half out: the number told then is all, as on the first start of a site."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a day.

    received: papers of our categories that were announced on it. expected: how many some place has told, None for
    unknown. edition: papers of that edition, whatever their source. usual: how many editions have by this hour.
    typical: how many they have in the end. quiet: since when no more came, None where none has. age: since when the day
    was announced.
    """

    received: int = 0
    expected: int | None = None
    edition: int = 0
    usual: int = 0
    typical: int = 0
    quiet: timedelta | None = None
    age: timedelta = timedelta()


def state_of(day: date, now: datetime, facts: Facts, grace: timedelta) -> State:
    """Return how far a day is. grace: how long after the announcement nothing is called late yet."""
    closed = arxiv_calendar.why_none(day)
    if closed and not (closed == "holiday" and facts.received >= max(LEAST_PAPERS, FEW * facts.typical)):
        return closed
    announced = arxiv_calendar.announced_at(day)
    if now < announced:
        return "not-out"
    if not (facts.received or facts.edition):
        return "late" if has_basis(facts) and now >= announced + grace else "not-out"
    return "complete" if is_whole(facts) else "partial"


def has_basis(facts: Facts) -> bool:
    """Whether papers are to be expected at all: a place told so, or there are some by this hour on other days."""
    return bool(facts.expected) or facts.usual >= LEAST_PAPERS


def is_whole(facts: Facts) -> bool:
    """Whether all papers of a day seem to be here, by the number told, or by those of other days."""
    if facts.expected is None:
        return facts.usual < LEAST_PAPERS or _seems_whole(facts)
    return facts.received >= facts.expected and is_believable(facts)


def is_believable(facts: Facts) -> bool:
    """Whether a number told can be that of a whole day: half a batch is told of as if it were all there is."""
    quiet = facts.quiet or timedelta()
    if facts.age >= OLD:
        return True
    if facts.typical < LEAST_PAPERS:
        return quiet >= SETTLED
    return facts.received >= LIKELY * facts.typical or quiet >= SMALL_DAY


def _seems_whole(facts: Facts) -> bool:
    quiet = facts.quiet or timedelta()
    return (
        facts.edition >= facts.usual
        or (facts.edition >= MOST * facts.usual and quiet >= A_WHILE and not _is_half(facts))
        or (facts.edition >= FEW * facts.usual and quiet >= LONG)
    )


def _is_half(facts: Facts) -> bool:
    return facts.edition < LIKELY * facts.typical and (facts.quiet or timedelta()) < SETTLED


def state_of_category(whole: State, all_of: Facts, received: int, expected: int | None) -> State:
    """Return how far one category is. whole: the state of all together, all_of: its facts."""
    if whole in ("weekend", "holiday", "not-out", "late") or not expected:
        return whole
    if received >= expected and (whole == "complete" or is_believable(all_of)):
        return "complete"
    return "partial"
