"""The gate before a host: a least delay between two requests, over all threads and processes of one state directory."""

import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from broadsheet.errors import Upstream

LONGEST_WAIT = 120.0
"""Seconds that anybody waits before a gate; one that is held for longer turns away at once."""

_LONGEST_HOLD = 86_400.0


class Gate:
    """Lets requests to one host through, one by one.

    folder: where the host's gate is kept; whoever shares it shares the gate. delay: seconds between two requests.
    clock, sleep: of the system's time in seconds, which all processes share; given by tests.
    """

    def __init__(
        self,
        folder: Path,
        host: str,
        delay: float,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^a-z0-9.-]", "_", host.lower())
        self._host = host
        self._lock = FileLock(folder / f"{name}.lock")
        self._next = folder / f"{name}.next"
        self._hold = folder / f"{name}.hold"
        self._delay = delay
        self._clock = clock
        self._sleep = sleep

    def wait(self) -> None:
        """Return when a request may start. The next one, anywhere, starts at least ``delay`` seconds later.

        Raises Upstream where the host asked for a pause that is longer than anybody should wait.
        """
        with self._lock:
            # Waiting inside the lock queues the others; a killed process releases it with its file.
            while (left := max(self._left(self._next), self._left(self._hold))) > 0:
                if left > max(LONGEST_WAIT, self._delay):
                    raise Upstream(f"{self._host} asked for a pause of {left:.0f} s more.", "Try again after that.")
                self._sleep(left)
            self._write(self._next, self._delay)

    def hold(self, seconds: float) -> None:
        """Let nobody through for some seconds, a day at most, as a host asked by Retry-After."""
        # Without the lock, so that whoever waits inside it sees this on waking up.
        if seconds > self._left(self._hold):
            self._write(self._hold, min(seconds, _LONGEST_HOLD))

    def _left(self, file: Path) -> float:
        """Return the seconds left of a pause; where the clock was set back since, it begins anew."""
        try:
            began, seconds = (float(part) for part in file.read_text().split())
        except (OSError, ValueError):
            return 0.0
        if began > self._clock():
            self._write(file, seconds)
            return seconds
        return began + seconds - self._clock()

    def _write(self, file: Path, seconds: float) -> None:
        """Note a pause that begins now. Nobody ever reads half of it, whenever this is killed."""
        draft = file.with_name(f"{file.name}.{os.getpid()}-{threading.get_ident()}")
        draft.write_text(f"{self._clock()!r} {seconds!r}")
        draft.replace(file)
