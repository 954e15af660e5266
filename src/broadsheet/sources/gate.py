"""The gate before a host: a least delay between two requests, over all threads and processes of one state directory."""

import contextlib
import re
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


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
        self._lock = FileLock(folder / f"{name}.lock")
        self._next = folder / f"{name}.next"
        self._delay = delay
        self._clock = clock
        self._sleep = sleep

    def wait(self) -> None:
        """Return when a request may start. The next one, anywhere, starts at least ``delay`` seconds later."""
        with self._lock:
            # Waiting inside the lock queues the others; a killed process releases it with its file.
            wait = min(self._read() - self._clock(), 86_400)
            if wait > 0:
                self._sleep(wait)
            self._write(self._clock() + self._delay)

    def hold(self, seconds: float) -> None:
        """Let nobody through for some seconds, as a host asked by Retry-After."""
        with self._lock:
            self._write(max(self._read(), self._clock() + seconds))

    def _read(self) -> float:
        with contextlib.suppress(OSError, ValueError):
            return float(self._next.read_text())
        return 0.0

    def _write(self, moment: float) -> None:
        self._next.write_text(repr(moment))
