"""A clock that stands still until it is moved: whoever sleeps by it moves it, so that days pass in moments."""

import threading
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

import time_machine


class MovableClock:
    """The time of a whole process, as ``datetime`` and ``time.time`` tell it. Only ever goes on."""

    def __init__(self, start: datetime) -> None:
        self._moment = start.astimezone(UTC)
        self._travel = time_machine.travel(self._moment, tick=False)
        self._lock = threading.Lock()
        self.slept = 0.0

    def __enter__(self) -> Self:
        self._traveller = self._travel.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._travel.stop()

    def now(self) -> datetime:
        """Return the moment it shows."""
        return self._moment

    def time(self) -> float:
        """Return the moment it shows, in seconds since 1970."""
        return self._moment.timestamp()

    def sleep(self, seconds: float) -> None:
        """Let some seconds pass at once."""
        with self._lock:
            self.slept += max(0.0, seconds)
            # Whole microseconds, rounded up, as whoever sleeps asks the clock whether it was long enough.
            self._to(self._moment + timedelta(microseconds=int(max(0.0, seconds) * 1_000_000) + 1))

    def to(self, moment: datetime) -> None:
        """Go on to a moment; one that has passed changes nothing."""
        with self._lock:
            self._to(max(self._moment, moment))

    def _to(self, moment: datetime) -> None:
        self._moment = moment
        self._traveller.move_to(moment)
