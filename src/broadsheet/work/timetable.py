"""What an entry of the timetable is, and when one runs next. The timetable itself is ``jobs``."""

import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

type Stop = Callable[[], bool]
"""Whether a job is to end at its next batch."""


@dataclass(frozen=True)
class Every:
    """A moment every so many seconds, counted from the one before, however long a run takes."""

    seconds: int

    def after(self, planned: datetime, now: datetime) -> datetime:
        """Return the first moment after now; those that were missed are passed over."""
        step = timedelta(seconds=self.seconds)
        if planned > now + step:  # the clock was set back
            return now + step
        return planned if planned > now else planned + ((now - planned) // step + 1) * step

    def first(self, now: datetime) -> datetime:
        """Return when a job runs that never ran: at once."""
        return now

    def __str__(self) -> str:
        for length, word in ((3600, "hour"), (60, "minute"), (1, "second")):
            if self.seconds % length == 0:
                count = self.seconds // length
                return f"every {word}" if count == 1 else f"every {count} {word}s"
        raise AssertionError


@dataclass(frozen=True)
class Daily:
    """A moment every day, by the clocks of a zone, as when summer time begins or ends."""

    hour: int
    minute: int
    zone: str = "UTC"

    def after(self, planned: datetime, now: datetime) -> datetime:
        """Return the first moment after now; those that were missed are passed over."""
        zone = zoneinfo.ZoneInfo(self.zone)
        day = now.astimezone(zone).date()
        while True:
            # An hour that summer time leaves out counts as the one after it, one that comes twice as the first.
            moment = datetime.combine(day, time(self.hour, self.minute), zone).astimezone(UTC)
            if moment > now:
                return moment
            day += timedelta(days=1)

    def first(self, now: datetime) -> datetime:
        """Return when a job runs that never ran: at its hour."""
        return self.after(now, now)

    def __str__(self) -> str:
        return f"daily at {self.hour:02}:{self.minute:02} {self.zone}"


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Entry:
    """One line of the timetable.

    name: what it is called in addresses and commands. when: how often. what: a sentence for operators. function: does
    it, asks ``stop`` between two batches, and returns one sentence on what it did. stands: whether it is in the
    timetable under the present settings. lane: jobs of one lane run one after the other in a process, so that what is
    quick does not wait behind what is long. patience: seconds it is waited for when all is to end.
    """

    name: str
    when: Every | Daily
    what: str
    function: Callable[[Stop], str]
    stands: Callable[[], bool] = _always
    lane: str = "here"
    patience: float = 5.0
