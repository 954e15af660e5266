"""One thing done beside another: calls that let go of Python's lock, in threads that are kept. Never the database's."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

_MOST = 2 * (os.process_cpu_count() or 1)
_kept: list[ThreadPoolExecutor] = []
if hasattr(os, "register_at_fork"):  # a fork has the pool, but none of its threads
    os.register_at_fork(after_in_child=_kept.clear)


class Begun[T]:
    """A call that another thread has begun, or will once it is free.

    beside: whether the call is worth another thread; else it is done by who asks for its result.
    """

    def __init__(self, call: Callable[[], T], *, beside: bool = True) -> None:
        self._call = call
        self._future: Future[T] | None = _threads().submit(call) if beside else None

    def result(self) -> T:
        """Return what the call returns, or raise what it raises. What no thread has begun is done by this one."""
        return self._call() if self._future is None or self._future.cancel() else self._future.result()


def _threads() -> ThreadPoolExecutor:
    if not _kept:
        # Of two made at once one is let go of; its threads end with it.
        _kept.append(ThreadPoolExecutor(_MOST, "beside"))
    return _kept[0]
