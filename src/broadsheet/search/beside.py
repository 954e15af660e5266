"""One thing done beside another: calls that let go of Python's lock, in threads that are kept. Never the database's."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

_MOST = 2 * (os.process_cpu_count() or 1)
_kept: list[ThreadPoolExecutor] = []
if hasattr(os, "register_at_fork"):  # a fork has the pool, but none of its threads
    os.register_at_fork(after_in_child=_kept.clear)


class Begun[T]:
    """A call that another thread has begun, or will once it is free."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        if not _kept:
            # Of two made at once one is let go of; its threads end with it.
            _kept.append(ThreadPoolExecutor(_MOST, "beside"))
        self._future: Future[T] = _kept[0].submit(call)

    def result(self) -> T:
        """Return what the call returns, or raise what it raises. What no thread has begun is done by this one."""
        return self._call() if self._future.cancel() else self._future.result()
