"""Gates of one process for tests of sources, which know no database; the real ones are tested in tests/work."""

import time
from collections.abc import Callable
from typing import Any

from broadsheet.errors import Upstream
from broadsheet.sources.gate import LONGEST_WAIT
from broadsheet.sources.http import PoliteClient


class Clock:
    """A clock that moves only when somebody sleeps by it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Gates:
    """The gates of all hosts: for one host each a delay and a pause. Does for one thread what ``work.gates`` does."""

    def __init__(self, delay: float = 0, clock: Clock | None = None) -> None:
        self.delay = delay
        self.clock: Callable[[], float] = clock or time.time
        self.sleep = clock.sleep if clock else lambda _: None
        self.opens: dict[str, float] = {}
        self.held: dict[str, float] = {}

    def __call__(self, host: str) -> "_Gate":
        return _Gate(self, host)


class _Gate:
    def __init__(self, gates: Gates, host: str) -> None:
        self.gates, self.host = gates, host

    def wait(self, lease: float = 0) -> None:
        gates, now = self.gates, self.gates.clock()
        held = gates.held.get(self.host, 0) - now
        if held > LONGEST_WAIT:
            raise Upstream(f"{self.host} asked for a pause of {held:.0f} s more.", "Try again after that.")
        left = max(held, gates.opens.get(self.host, 0) - now)
        if left > 0:
            gates.sleep(left)
        gates.opens[self.host] = gates.clock() + gates.delay

    def goes_on(self) -> None:
        """Answers take no time by these clocks."""

    def done(self) -> None:
        """Nor does anybody else wait."""

    def hold(self, seconds: float) -> None:
        self.gates.held[self.host] = max(self.gates.held.get(self.host, 0), self.gates.clock() + seconds)


def polite(delay: float = 0, clock: Clock | None = None, gates: Gates | None = None, **more: Any) -> PoliteClient:
    """Return a polite client that waits by a clock of its own, or not at all."""
    if clock is not None:
        more["clock"] = clock
    return PoliteClient(gates or Gates(delay, clock), **more)
