"""Papers made ready for the index in a process of its own, ahead of the one that takes them over: ``fill`` begins both.

Reading them and making texts and vectors of them is as much work as taking them in, and all of it Python's.
"""

import logging
import pickle
import signal
import threading
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broadsheet.search.keeping.documents import Batch

logger = logging.getLogger(__name__)

FROM = 10_000
"""Papers that are taken over before others are made ready ahead: beginning that takes a second of processor time."""

BATCHES = 12
"""Batches that are ready at once, of some 5 MB each: as many as are made while the index writes to disk."""

PATIENCE = 30.0
"""Seconds that a batch is waited for; it takes a third of one. A server waits twice as long for the index."""


class Ahead:
    """The batches that another process makes ready, for who takes them over.

    pipe: leads to ``make_ready``. first: how many papers are not asked for there.
    """

    def __init__(self, pipe: Connection, first: int = FROM) -> None:
        self._pipe: Connection | None = pipe
        self._first = first
        self._ready = SimpleQueue[bytes]()
        self._taken = self._asked = 0
        threading.Thread(target=self._receive, args=(pipe,), name="ready", daemon=True).start()

    def waiting(self, after: int, space: str) -> "Batch":
        """Return what ``upkeep.waiting`` does; after: the stamp of the last paper that it returned, at first any."""
        from broadsheet.search.keeping import upkeep

        batch = None
        if self._pipe is not None and self._taken >= self._first:
            try:
                batch = self._next(self._pipe, after, space)
            except (EOFError, OSError):
                logger.warning("The process that makes papers ready does not answer; who takes them over does it.")
                self._pipe = None
        # None may be ready because there were none a moment ago.
        batch = batch or upkeep.waiting(after, space)
        self._taken += batch.papers
        return batch

    def _next(self, pipe: Connection, after: int, space: str) -> "Batch | None":
        """Return the next papers; None where none were there. Raises EOFError or OSError where nobody answers."""
        from broadsheet.search.keeping import upkeep

        if not self._asked:
            self._ask(pipe, after, space)
        while self._asked:
            try:
                told = self._ready.get(timeout=PATIENCE)
            except Empty:
                raise EOFError from None
            if not told:
                raise EOFError
            batch: Batch = pickle.loads(told)  # noqa: S301 (of our own process)
            self._asked -= 1
            while batch.papers == upkeep.BATCH and self._asked < BATCHES:
                self._ask(pipe, None, space)
            if batch.papers:
                return batch
        return None

    def _ask(self, pipe: Connection, after: int | None, space: str) -> None:
        pipe.send((after, space))
        self._asked += 1

    def _receive(self, pipe: Connection) -> None:
        """Take in what is ready: a pipe holds less than one batch."""
        try:
            while True:
                self._ready.put(pipe.recv_bytes())
        except (EOFError, OSError):
            self._ready.put(b"")


def make_ready(pipe: Connection) -> None:
    """Live as the process that makes papers ready: each time it is asked the next ones, as long as somebody may ask.

    It is asked for those after a stamp, or, by None, for those after the last that it gave.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with who asks
    from django.db import DatabaseError

    last = 0
    try:
        after, space = pipe.recv()
        from broadsheet.search.keeping.fill import set_up

        set_up()  # not before there is something to do
        from broadsheet.search.keeping import upkeep

        while True:
            last = last if after is None else after
            batch = upkeep.waiting(last, space)
            last = batch.stamp or last  # none where none is waiting
            pipe.send_bytes(pickle.dumps(batch, pickle.HIGHEST_PROTOCOL))
            after, space = pipe.recv()
    except (EOFError, OSError):
        return
    except DatabaseError as error:  # as of a full disk
        logger.warning("Papers cannot be made ready ahead: %s", error)
    except Exception:
        logger.exception("papers cannot be made ready ahead; who takes them over does it")
