"""One thing done beside another, or by several threads: calls that let go of Python's lock. Never the database's."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Condition, Lock
from typing import Any

_PAUSE = 2e-4  # seconds; a thread that is free takes up a call within a quarter of that
_MOST = 2 * (os.process_cpu_count() or 1)
_kept: list[ThreadPoolExecutor] = []
if hasattr(os, "register_at_fork"):  # a fork has the pool, but none of its threads
    os.register_at_fork(after_in_child=_kept.clear)


class Begun[T]:
    """A call that another thread has begun, or will once it is free.

    beside: whether the call is worth another thread; else it is done by who first comes to need it.
    """

    def __init__(self, call: Callable[[], T], *, beside: bool = True) -> None:
        self._call = call
        self._beside = beside
        self._claimed, self._waiting = Lock(), Lock()
        self._waiting.acquire()
        self._offered: SimpleQueue[Begun[Any] | None] = SimpleQueue()
        self._future: Future[T] = Future()
        if beside:
            _threads().submit(self._begin)

    def let_begin(self) -> None:
        """Let go of Python's lock until another thread has taken up the call, for a fraction of a millisecond at most.

        A thread that wakes up waits for that lock, which is kept by who goes on in Python, up to milliseconds.
        """
        if self._beside:
            self._waiting.acquire(timeout=_PAUSE)

    def here(self) -> None:
        """Have this thread do it where no other has begun it: what it tells on its way can be waited for then."""
        if self._claimed.acquire(blocking=False):
            self._do()

    def result(self, meanwhile: "Begun[Any] | None" = None) -> T:
        """Return what the call returns, or raise what it raises. What no thread has begun is done by this one.

        While another is about it, this one does what that one offers (``shared``), and ``meanwhile`` once nothing is
        offered, so that neither waits for the other longer than one part takes.
        """
        self.here()
        while not self._future.done():
            if meanwhile is not None and self._offered.empty():
                meanwhile.here()
                meanwhile = None
            elif (part := self._offered.get()) is None:
                break
            else:
                part.here()
        self._offered.put(None)  # for whoever else waits
        return self._future.result()

    def offer(self, part: "Begun[Any]") -> None:
        """Let who waits for the result do a part of it."""
        self._offered.put(part)

    def _begin(self) -> None:
        if self._claimed.acquire(blocking=False):
            self._waiting.release()
            _doing.call = self
            try:
                self._do()
            finally:
                _doing.call = None

    def _do(self) -> None:
        try:
            self._future.set_result(self._call())
        except BaseException as error:  # noqa: BLE001 (raised where the result is asked for)
            self._future.set_exception(error)
        self._offered.put(None)


_doing = threading.local()
"""call: what this thread does for another one, which may be waiting for it."""


def shared[T](calls: Sequence[Callable[[], T]]) -> list[T]:
    """Return what calls return, in their order. Who waits for what this thread does takes some over, from the last."""
    parts = [Begun(call, beside=False) for call in calls]
    asked: Begun[Any] | None = getattr(_doing, "call", None)
    if asked is not None:
        for part in reversed(parts[1:]):
            asked.offer(part)
    for part in parts:
        part.here()
    return [part.result() for part in parts]


class Shared:
    """Work that one thread has begun and others share, who would wait for its end."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._call: Callable[[], None] | None = None
        self._helping = 0
        self._failed: BaseException | None = None
        self._over = False

    def __call__(self, call: Callable[[], None]) -> None:
        """Run a call here and in each thread that helps, which take parts of some work each until none is left.

        Returns when all have ended, and raises what was raised in any of them.
        """
        with self._changed:
            self._call = call
            self._changed.notify_all()
        try:
            call()
        finally:
            with self._changed:
                self._call = None
                while self._helping:
                    self._changed.wait()
        if self._failed is not None:
            raise self._failed

    def help(self) -> None:
        """Take part in all that is called, and return when the work is over."""
        done = None
        with self._changed:
            while not self._over:
                call = self._call
                if call is None or call is done:
                    self._changed.wait()
                    continue
                done, self._helping = call, self._helping + 1
                self._changed.release()
                try:
                    call()
                except BaseException as error:
                    self._failed = error  # what it took up is not done
                    raise
                finally:
                    self._changed.acquire()
                    self._helping -= 1
                    self._changed.notify_all()

    def end(self) -> None:
        """Let go of those who help."""
        with self._changed:
            self._over = True
            self._changed.notify_all()


def _threads() -> ThreadPoolExecutor:
    if not _kept:
        # Of two made at once one is let go of; its threads end with it.
        _kept.append(ThreadPoolExecutor(_MOST, "beside"))
    return _kept[0]
