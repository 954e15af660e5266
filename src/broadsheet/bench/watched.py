"""Processes looked at from outside: their anonymous memory, processor time by thread, and what folders take on disk.

Works where ``/proc`` is; elsewhere memory and threads are told as nothing.
"""

import os
import resource
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

EVERY = 0.25


class Watch:
    """Looks at a process, and at those that it began, until ``end``.

    memory: the peak of anonymous memory of each by its number, in MB. busy: processor seconds of each thread by the
    process's number and the thread's.
    """

    def __init__(self, pid: int) -> None:
        self._pid = str(pid)
        self.memory: dict[str, float] = {}
        self.busy: dict[tuple[str, str], float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    @property
    def all_of_it(self) -> float:
        """Peak anonymous memory of all processes, each by itself, in MB."""
        return sum(self.memory.values())

    def processor(self, pid: str) -> float:
        """Return the processor seconds of the threads of a process."""
        return sum(seconds for (process, _), seconds in self.busy.items() if process == pid)

    def busiest(self) -> float:
        """Return the processor seconds of the thread that used most."""
        return max(self.busy.values(), default=0.0)

    def _keep(self) -> None:
        while not self._over.wait(EVERY):
            for pid in (self._pid, *begun_by(self._pid)):
                self.memory[pid] = max(self.memory.get(pid, 0.0), anonymous(pid))
                for task in Path(f"/proc/{pid}/task").glob("*"):
                    self.busy[pid, task.name] = max(self.busy.get((pid, task.name), 0.0), _seconds(task))


def anonymous(pid: str | int = "self") -> float:
    """Return the memory of a process that no file stands behind, in MB; 0 where that is not told."""
    told = _words(Path(f"/proc/{pid}/status"))
    return int(told[told.index("RssAnon:") + 1]) / 1024 if "RssAnon:" in told else 0.0


def begun_by(pid: str) -> list[str]:
    """Return the processes that one began, with those that they began."""
    children = [line for task in Path(f"/proc/{pid}/task").glob("*/children") for line in _words(task)]
    return children + [further for child in children for further in begun_by(child)]


def processor_of_children() -> float:
    """Return the processor seconds of the processes that this one began and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def disk(path: Path) -> int:
    """Return the bytes that a file or folder takes on disk, holes left out; 0 where it is not there."""
    found = [path, *path.rglob("*")] if path.exists() else []
    return sum(one.stat().st_blocks * 512 for one in found if one.is_file())


class Timer:
    """Times calls by the clock and by the processor time of all threads of this process."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []
        self._processor: list[float] = []
        self._began = self._used = 0.0

    def __enter__(self) -> None:
        self._used, self._began = time.process_time(), time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.milliseconds.append((time.perf_counter() - self._began) * 1000)
        self._processor.append((time.process_time() - self._used) * 1000)

    def told(self) -> dict[str, Any]:
        """Return p50 and p99 in milliseconds, by the clock and of processor time, and of how many calls."""
        return percentiles(self.milliseconds) | {"processor": percentiles(self._processor)}


def percentiles(milliseconds: Sequence[float]) -> dict[str, Any]:
    """Return p50 and p99 of some times, and how many they are; zeros where there is none."""
    p50, p99 = np.percentile(milliseconds or [0.0], (50, 99))
    return {"p50": float(p50), "p99": float(p99), "queries": len(milliseconds)}


def _seconds(task: Path) -> float:
    fields = _words(task / "stat", after=")")
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") if len(fields) > 12 else 0.0


def _words(path: Path, after: str = "") -> list[str]:
    text = ""
    with suppress(OSError):  # the process has ended
        text = path.read_text()
    return (text.rpartition(after)[2] if after else text).split()


def load() -> Iterable[float]:
    """Return how many processes wanted a processor in the last 1, 5 and 15 minutes."""
    return os.getloadavg()


def read_through(folder: Path) -> int:
    """Read all files of a folder once and return their bytes: what is asked next finds them in the system's memory."""
    seen = 0
    for path in sorted(folder.rglob("*")):
        with suppress(OSError), path.open("rb") as file:
            while some := file.read(1 << 22):
                seen += len(some)
    return seen
