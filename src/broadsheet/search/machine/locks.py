"""Locks in the folder of the index, by which processes know of each other. That of its owner is taken by ``whole``."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from filelock import FileLock, Timeout

from broadsheet.errors import Conflict

FILLING, WANTED, SERVING = "filling.lock", "wanted.lock", "serving.lock"
"""Held by a process that fills the index, by a server that wants to have it, and by one that serves from it."""

LOOK_EVERY = 0.1
"""Seconds between two tries."""


@contextlib.contextmanager
def held(name: str, *, within: float, stop: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Hold a lock of the index. Raises Conflict where another does for ``within`` seconds, or until ``stop``."""
    lock = _lock(name)
    until = time.monotonic() + within
    while True:
        try:
            lock.acquire(timeout=LOOK_EVERY)
            break
        except Timeout:
            if stop() or time.monotonic() > until:
                raise Conflict("Another process fills the index.", "Try again in a minute.") from None
    try:
        yield
    finally:
        lock.release()


def is_held(name: str) -> bool:
    """Whether some process holds a lock of the index. One that may not be written is nobody's: who opens it tells."""
    try:
        with _lock(name).acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


def _lock(name: str) -> FileLock:
    folder = Path(settings.INDEX_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / name, thread_local=False)
