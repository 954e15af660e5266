"""Trending as arithmetic: numbers and days in, a number out. No database, no clock; the lists it orders are elsewhere.

The method is forward decay (G. Cormode, V. Shkapenyuk, D. Srivastava, B. Xu: Forward Decay: A Practical Time Decay
Model for Streaming Systems, ICDE 2009): a vote's weight grows with the day it was cast instead of shrinking with its
age. All weights differ from the decayed ones by one factor common to all papers, so a score stays right until the
paper's votes change. ``docs/ranking.md`` tells why this formula and what it was measured against.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

HALF_LIFE = timedelta(hours=18)
"""Time in which a vote loses half its weight. Measured: ``broadsheet bench trending``, docs/ranking."""

EPOCH = date(2000, 1, 1)
"""The day on which a vote's forward weight is 1. Any day would do; changing it changes every stored score."""

_NOON = datetime(EPOCH.year, EPOCH.month, EPOCH.day, 12, tzinfo=UTC)

LONGEST_GAP = 365
"""Days before a reading over which its new votes are shared at most, so that a wild date costs no time."""


def votes_by_day(votes_seen: Sequence[tuple[date, int]], first_day: date | None) -> dict[date, float]:
    """Tell on which days a paper's votes were cast, as well as readings of its running count can tell.

    Votes between two readings are shared out evenly over the days from the one to the other, both included, because
    a count is read at some hour within its day. The votes of the first reading go to ``first_day``: most votes come
    early. A count that falls means votes taken back, and the newest are taken back first: a paper never had more
    votes than it had later.

    Args:
        votes_seen: (day, votes so far) as read, in any order; of several readings on one day the highest counts.
        first_day: the day readers could first vote, None where unknown. A reading before it stays on its own day.

    Returns:
        Votes by day, without days on which none were cast. They add up to the newest count.
    """
    readings = sorted(dict(sorted(votes_seen)).items())
    kept = list(accumulate((votes for _, votes in reversed(readings)), min))[::-1]
    cast: dict[date, float] = {}
    known, before = 0, None
    for (day, _), votes in zip(readings, kept, strict=True):
        if before is None:
            end, gap = min(first_day or day, day), 0
        else:
            end, gap = day, min((day - before).days, LONGEST_GAP)
        if votes > known:
            for on in (end - timedelta(days=back) for back in range(gap + 1)):
                cast[on] = cast.get(on, 0.0) + (votes - known) / (gap + 1)
        known, before = votes, day
    return cast


def trending_of(cast: Mapping[date, float], *, half_life: timedelta = HALF_LIFE) -> float | None:
    """Return the trending score of votes whose days are known: log2 of the sum of votes * 2^(days since EPOCH / h).

    Args:
        cast: votes by day; only those above zero count.
        half_life: time in which a vote loses half its weight.

    Returns:
        The score in half-lives, higher is better; None without votes. Finite for every day that a date can hold: the
        newest day is taken out of the sum before powers are formed.
    """
    held = {day: votes for day, votes in cast.items() if votes > 0}
    if not held:
        return None
    newest = max(held)
    at_newest = sum(votes * 2.0 ** ((day - newest) / half_life) for day, votes in held.items())
    return (newest - EPOCH) / half_life + math.log2(at_newest)


def merged(first: float | None, second: float | None) -> float | None:
    """Return the score of the votes of two scores taken together; None stands for no votes."""
    if first is None or second is None:
        return second if first is None else first
    higher, lower = max(first, second), min(first, second)
    return higher + math.log2(1.0 + 2.0 ** (lower - higher))


def trending_of_dated(cast: Iterable[datetime], *, half_life: timedelta = HALF_LIFE) -> float | None:
    """Return the trending score of votes whose moments are known: those of readers here.

    The hour of an imported vote is unknown, so it is taken as cast at noon (UTC) of its day. A dated vote is weighed
    by its moment on the same scale: one at noon weighs as much as an imported vote of that day.

    Args:
        cast: when each vote was cast, with time zones.
        half_life: time in which a vote loses half its weight.

    Returns:
        The score in half-lives; None without votes.
    """
    ages = sorted((moment - _NOON) / half_life for moment in cast)
    if not ages:
        return None
    return ages[-1] + math.log2(math.fsum(2.0 ** (age - ages[-1]) for age in ages))


def trending(
    votes_seen: Sequence[tuple[date, int]],
    first_day: date | None,
    own: Iterable[datetime] = (),
    *,
    half_life: timedelta = HALF_LIFE,
) -> float | None:
    """Return the trending score of a paper, to be stored and sorted by; it needs no update as time passes.

    Args:
        votes_seen: (day, votes so far) as read on several days, in any order.
        first_day: the day readers could first vote (the edition's day), None where unknown.
        own: when each vote of a reader here that counts was cast, in any order.
        half_life: time in which a vote loses half its weight.

    Returns:
        The score in half-lives, higher is better, comparable between papers and days; None without votes.
    """
    imported = trending_of(votes_by_day(votes_seen, first_day), half_life=half_life)
    return merged(imported, trending_of_dated(own, half_life=half_life))


def decayed_votes(score: float, at: date, *, half_life: timedelta = HALF_LIFE) -> float:
    """Return the number that a trending score stands for on a day, to show to readers.

    Args:
        score: as from ``trending`` with the same half-life.
        at: the day to count for; a time counts as its day.
        half_life: time in which a vote loses half its weight.

    Returns:
        Votes, those of the day itself counting whole, those of one half-life before counting half. Far in the future
        0; for a day so long before the votes that no float holds it, infinity.
    """
    exponent = score - (date(at.year, at.month, at.day) - EPOCH) / half_life
    return 2.0**exponent if exponent < 1024 else math.inf
