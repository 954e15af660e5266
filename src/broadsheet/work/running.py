"""Running jobs: a look each second for what is due, a thread for each lane, signs of life, and how a run ends.

Any number of these may run at once, in one process or several: who runs a job is settled by ``actions``.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connections
from django.utils import timezone

from broadsheet.errors import BroadsheetError, Conflict
from broadsheet.work import actions
from broadsheet.work.actions import LEASE, Held
from broadsheet.work.models import JobRun
from broadsheet.work.timetable import Entry

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks for jobs that are due."""

SETTLE_EVERY = 60.0
"""Seconds between two looks for moments that only a wrong clock could have set."""

AFTER_TROUBLE = 10.0
"""Seconds until a database that did not answer is asked again."""

PATIENCE = 5.0
"""Seconds that the look for what is due, or a job run by hand, is waited for when all is to end. What a job has stored
is stored in whole transactions, so one that waits for a host may be left behind."""

LEFT_BEHIND = "It did not end when all was stopped; the next start carries on."
NO_ANSWER = (OperationalError, InterfaceError)
"""What Django raises where a database is locked for too long, away, or has dropped the connection."""


class Running:
    """One run in hand. stopped: whether all is to end."""

    def __init__(self, entry: Entry, held: Held, stopped: Callable[[], bool]) -> None:
        self.entry, self.held = entry, held
        self._stopped = stopped
        self._lost = threading.Event()
        self._heard = False

    def stop(self) -> bool:
        """Whether the job is to end at its next batch; what jobs are given to ask."""
        self._heard = self._heard or self._stopped() or self._lost.is_set()
        return self._heard

    def renew(self, lease: timedelta) -> None:
        """Give a sign of life, and have the job end where it is not ours any more or is to rest."""
        if not actions.renew(self.held, timezone.now(), lease):
            self._lost.set()

    def carry_out(self) -> None:
        """Do the job, and write down how it went and when it runs next."""
        ok, result = self._outcome()
        while not _answered("writing down how a job ended", lambda: self._write_down(ok, result)):
            if self._lost.wait(AFTER_TROUBLE) or self._stopped():
                return

    def leave_behind(self) -> None:
        """Let go of a job that does not end, so that the next process need not wait until it counts as dead."""
        now = timezone.now()
        actions.finish(self.held, now, ok=False, result=LEFT_BEHIND, next_at=now)

    def _write_down(self, ok: bool, result: str) -> None:
        now = timezone.now()
        if self._heard:
            result, next_at = f"{result} It was stopped and goes on later.", now
        elif ok:
            next_at = self.entry.when.after(self.held.planned, now)
        else:
            next_at = now + actions.pause_after_failure(self.entry.name)
        actions.finish(self.held, now, ok=ok, result=result, next_at=next_at)

    def _outcome(self) -> tuple[bool, str]:
        try:
            return True, self.entry.function(self.stop)
        except BroadsheetError as error:
            logger.warning("The job %s failed: %s", self.entry.name, error)
            return False, str(error)
        except NO_ANSWER as error:
            logger.warning("The job %s failed: %s", self.entry.name, _first_line(error))
            return False, f"The database did not answer: {_first_line(error)}."
        except Exception as error:
            logger.exception("The job %s failed", self.entry.name)
            return False, f"{type(error).__name__}: {error}"


class Runner:
    """Runs the jobs of a timetable until it is stopped. lease: how long a job counts as held after a sign of life."""

    def __init__(self, entries: Iterable[Entry], *, lease: timedelta = LEASE, look_every: float = LOOK_EVERY) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._lease, self._look_every = lease, look_every
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._lanes: dict[str, threading.Thread] = {}
        self._in_hand: dict[str, Running] = {}
        self._settled: float | None = None
        self._renewed = 0.0
        self._looking = threading.Thread(target=self._keep_looking, name="timetable", daemon=True)

    def start(self) -> None:
        """Begin to look for what is due."""
        if not self._stopped.is_set():
            self._looking.start()

    def stop(self) -> None:
        """Ask all jobs to end at their next batch, wait for them a little, and let go of those that do not end."""
        self._stopped.set()
        if self._looking.ident is not None:
            self._looking.join(PATIENCE)
        began = time.monotonic()
        with self._lock:
            lanes, in_hand = dict(self._lanes), dict(self._in_hand)
        for lane, thread in lanes.items():
            patience = in_hand[lane].entry.patience if lane in in_hand else PATIENCE
            thread.join(max(0.0, began + patience - time.monotonic()))
            if thread.is_alive() and lane in in_hand:
                _answered("letting go of a job", in_hand[lane].leave_behind)

    def _keep_looking(self) -> None:
        while not self._stopped.is_set():
            answered = _answered("looking into the timetable", self._look)
            self._stopped.wait(self._look_every if answered else AFTER_TROUBLE)
        connections.close_all()

    def _look(self) -> None:
        if self._settled is None or time.monotonic() - self._settled > SETTLE_EVERY:
            actions.settle(self._entries.values(), timezone.now(), self._lease)
            self._settled = time.monotonic()
        self._begin_what_is_due()
        self._give_signs_of_life()

    def _begin_what_is_due(self) -> None:
        with self._lock:
            free = [entry.name for entry in self._entries.values() if entry.lane not in self._lanes]
        for name in actions.due(free, timezone.now()):
            entry = self._entries[name]
            with self._lock:
                if entry.lane in self._lanes or self._stopped.is_set():
                    continue
                thread = threading.Thread(target=self._run, args=(entry,), name=f"job {name}", daemon=True)
                self._lanes[entry.lane] = thread
                # Under the lock, so that whoever stops never sees a thread that has not begun.
                thread.start()

    def _give_signs_of_life(self) -> None:
        if time.monotonic() - self._renewed < self._lease.total_seconds() / 6:
            return
        self._renewed = time.monotonic()
        with self._lock:
            in_hand = list(self._in_hand.values())
        for running in in_hand:
            running.renew(self._lease)

    def _run(self, entry: Entry) -> None:
        try:
            _answered(f"running the job {entry.name}", lambda: self._take_and_do(entry))
        finally:
            connections.close_all()
            with self._lock:
                self._in_hand.pop(entry.lane, None)
                self._lanes.pop(entry.lane, None)

    def _take_and_do(self, entry: Entry) -> None:
        held = actions.take(entry.name, timezone.now(), self._lease)
        if held is not None:
            running = Running(entry, held, self._stopped.is_set)
            with self._lock:
                self._in_hand[entry.lane] = running
            running.carry_out()


def run_now(
    entry: Entry,
    by: str,
    *,
    stop: Callable[[], bool] = lambda: False,
    tick: Callable[[float], None] = lambda _: None,
    lease: timedelta = LEASE,
) -> JobRun:
    """Run one job now, due or not, and return its run. tick: called several times a second with the seconds so far.

    Raises Conflict where another process runs it.
    """
    actions.settle([entry], timezone.now())
    held = actions.take(entry.name, timezone.now(), lease, by=by)
    if held is None:
        raise Conflict(
            f"The job {entry.name} is being run by another process.",
            "`broadsheet jobs` shows since when. One that was killed lets go of it after a minute.",
        )
    running = Running(entry, held._replace(forced=True), stop)

    def work() -> None:
        try:
            running.carry_out()
        finally:
            connections.close_all()

    thread = threading.Thread(target=work, name=f"job {entry.name}", daemon=True)
    began = renewed = time.monotonic()
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.1)
            tick(time.monotonic() - began)
            if time.monotonic() - renewed > lease.total_seconds() / 6:
                renewed = time.monotonic()
                running.renew(lease)
    except KeyboardInterrupt:
        thread.join(PATIENCE)
        running.leave_behind()
        raise
    return JobRun.objects.get(pk=held.run.pk)


def _answered(doing: str, do: Callable[[], object]) -> bool:
    """Do something, log what goes wrong, and go on: a thread that dies would leave the site silently out of date.

    Returns False where the database did not answer, which is worth another try after a while.
    """
    try:
        do()
    except NO_ANSWER as error:
        logger.warning("%s: the database does not answer (%s); it is tried again", doing, _first_line(error))
        connections.close_all()
        return False
    except Exception:
        logger.exception("%s failed; it is tried again", doing)
        connections.close_all()
    return True


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300] or type(error).__name__
