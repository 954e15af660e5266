"""Filling the index while papers are being stored: processes beside the one that stores them. The work is ``upkeep``'s.

One takes papers over, another makes them ready for that (``ahead``). They follow the papers by their stamps, as a
server does, so that a kill of either costs some seconds' work. A server that starts meanwhile asks for the index, and
goes on where they were.
"""

import contextlib
import gc
import logging
import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from broadsheet.errors import BroadsheetError, Conflict
from broadsheet.search.keeping.ahead import FROM, Ahead, make_ready
from broadsheet.search.machine import locks

if TYPE_CHECKING:
    from broadsheet.search.index import Index
    from broadsheet.search.keeping.upkeep import Report, Stop

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.1
"""Seconds between two looks for further papers."""

PATIENCE = 60.0
"""Seconds that the index is waited for where another process fills it: one that was asked for it, or was killed."""

SILENCE = 300.0
"""Seconds without a word after which the process that fills the index is taken to hang, and ended.

It is silent longest where the engine ends and merges what it wrote. Where it was not hanging after all, what it had not
noted yet is taken over again.
"""

AT_THE_END = 5.0
"""Seconds for a process to end that has nothing left to do."""

_END, _STOP = "end", "stop"


class Filling:
    """Processes that take papers over until they are told that all are stored. Begun and ended by who stores them.

    ahead: papers from which on others are made ready ahead. began: when, by the clock that only rises.
    """

    def __init__(self, ahead: int = FROM) -> None:
        # Not forked: the engines have threads, and so may who begins this.
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        asking, answering = context.Pipe()
        self._process = context.Process(target=_follow, args=(there, asking, ahead), daemon=True)
        self._before = context.Process(target=make_ready, args=(answering,), daemon=True)
        for process in (self._process, self._before):
            process.start()
        for end in (there, asking, answering):
            end.close()
        self._told = (0, 0)
        self.began = self._heard = time.monotonic()

    def finish(self, *, report: "Report", stop: "Stop") -> int:
        """Wait until what is stored by now is taken over; return how many papers were, in all.

        Stopped, it returns after the batch in hand. Papers are left where it was killed or hangs, where the disk had no
        room, and where a server has the index.
        """
        self._tell(_END)
        self._heard = time.monotonic()  # before that it is silent
        while self._listen(LOOK_EVERY):
            report(*self._told)
            if stop():
                break
        self.close()
        return self._told[0]

    def close(self) -> None:
        """Have it end after the batch in hand, and wait for that, no longer than ``SILENCE``: the index is free then.

        A second call does nothing.
        """
        if self._pipe.closed:
            return
        self._tell(_STOP)
        self._heard = time.monotonic()
        try:
            while self._listen(LOOK_EVERY):
                pass
        finally:  # also where who waits here is told to stop again
            self._pipe.close()
            for process in (self._process, self._before):
                process.join(AT_THE_END)
                process.kill()  # it hangs, and what it has noted is on disk
                process.join(AT_THE_END)

    def _tell(self, what: str) -> None:
        with contextlib.suppress(OSError):  # it has ended
            self._pipe.send(what)

    def _listen(self, seconds: float) -> bool:
        """Take in what it tells; return whether it may tell more."""
        try:
            if self._pipe.poll(seconds):
                self._told = self._pipe.recv()
                self._heard = time.monotonic()
        except (EOFError, OSError):
            return False
        if time.monotonic() - self._heard > SILENCE:
            logger.warning(
                "The process that fills the index hangs and is ended. What it noted is kept; the rest follows."
            )
            self._process.kill()
            return False
        return True


def _follow(pipe: Connection, asking: Connection, ahead: int) -> None:
    """Live as the process beside. Django is loaded within, as a new process imports this module first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who began this process ends it
    set_up()
    from django.db import DatabaseError

    from broadsheet.search import current
    from broadsheet.search.meaning.grouping import Grouping

    Grouping.beside = False
    told: list[str] = []

    def unwanted() -> bool:
        told.append(_heard(pipe))
        return told[-1] == _STOP

    try:
        with locks.held(locks.FILLING, within=PATIENCE, stop=unwanted):
            try:
                _take_over(current.own(), pipe, Ahead(asking, ahead), all_stored=_END in told)
            finally:
                current.release()
    except Conflict:  # a server has the index, and follows the papers itself
        return
    except (BroadsheetError, DatabaseError, OSError) as error:  # who stores tells it with its way out, where it lasts
        logger.warning("The index could not be filled while papers were stored: %s", getattr(error, "message", error))


def set_up() -> None:
    """Load Django in a process that takes in many papers and does nothing else."""
    import django

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would begin some, to do sums that nobody does here
    django.setup()
    few_collections()


def few_collections() -> None:
    """Have Python look for circles of dead things seldom, in a process that takes in many papers.

    There are next to none, and looking for them takes a sixth of the time of storing.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _take_over(index: "Index", pipe: Connection, ahead: Ahead, *, all_stored: bool) -> None:
    from broadsheet.search.keeping import upkeep

    taking = upkeep.TakingOver(index, ahead.waiting)
    total = taking.left if all_stored else 0

    def unwanted() -> bool:
        _say(pipe, taking.done, total)  # else it would be taken to hang
        return _heard(pipe) == _STOP or locks.is_held(locks.WANTED)

    while not locks.is_held(locks.WANTED):
        told = _heard(pipe)
        if told == _STOP:
            break
        if told == _END:
            all_stored, total = True, taking.done + taking.left
        if taking.step():
            if all_stored:  # before that nobody listens
                _say(pipe, taking.done, total)
        elif all_stored:
            taking.end()
            settle(index, stop=unwanted)
            break
        else:
            time.sleep(LOOK_EVERY)
    taking.note()
    _say(pipe, taking.done, total or taking.done + taking.left)


def settle(index: "Index", *, stop: "Stop") -> None:
    """Have the vectors of an index that was filled grouped, where that is due; a server would do it at its start.

    Where the disk has no room for that the index is whole all the same.
    """
    from broadsheet.search.whole import WholeIndex

    if isinstance(index, WholeIndex):
        try:
            index.vectors.settle(stop=stop)
        except BroadsheetError as error:
            logger.warning("%s Until there is, searches by meaning compare all vectors' codes.", error.message)


def _heard(pipe: Connection) -> str:
    """Return what who began this process wants; where it is gone it wants an end."""
    try:
        return str(pipe.recv()) if pipe.poll() else ""
    except (EOFError, OSError):
        return _STOP


def _say(pipe: Connection, done: int, total: int) -> None:
    with contextlib.suppress(OSError):
        pipe.send((done, max(total, done)))


def is_under_way() -> bool:
    """Whether a process fills the index now, beside one that stores papers."""
    return locks.is_held(locks.FILLING)


def taken_from_filling() -> "Index":
    """Have the process that fills the index leave it, and return it. Raises Conflict where it does not in a minute."""
    from broadsheet.search import current

    with locks.held(locks.WANTED, within=PATIENCE), locks.held(locks.FILLING, within=PATIENCE):
        return current.own()
