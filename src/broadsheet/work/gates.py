"""The gate before a host, in the database: one request at a time, with a least delay between two, over all processes.

Whoever waits sleeps outside of any transaction and takes the moment when it has come, by an UPDATE that only one can
make. So nobody who is killed while waiting leaves a gap, and the delay counts from when a request really starts. Who
was let through keeps the others out by a lease: one who is killed while a host answers does so for that long.
"""

import time
from collections.abc import Callable

from django.db import connection
from django.db.models import F

from broadsheet.errors import Upstream
from broadsheet.sources.gate import LONGEST_WAIT
from broadsheet.work.models import Gate as Row

_LONGEST_HOLD = 86_400.0
_SLACK = 0.05
"""Seconds added to a delay: a request may be a little slower on its way than the next one."""

_LOOK_EVERY = 0.5
"""Seconds between two looks at a gate that somebody has passed whose request may be done at any moment."""

_ON_ITS_WAY = 0.5
"""Seconds that a request may take until its host begins to answer, before the delay counts all the same: a busy machine
is slow to ask, and hosts count from when they are asked."""


def gate(
    host: str,
    delay: float,
    *,
    pace: str = "",
    clock: Callable[[], float] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> "Gate":
    """Return the gate of a host.

    delay: seconds between two requests. pace: a name under which several hosts are counted together, as their operator
    counts requests to all of them; a pause that one of them asks for holds up that one alone.
    clock, sleep: given by tests.
    """
    return Gate(host, delay, pace or host, clock or _now, sleep)


class Gate:
    """Lets requests to one host through, one by one; made by ``gate``."""

    def __init__(
        self, host: str, delay: float, pace: str, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._host, self._pace = host.lower()[:255], pace.lower()[:255]
        self._delay, self._clock, self._sleep = delay, clock, sleep
        self._lease = self._passed = self._asked = 0.0

    def wait(self, lease: float = 0) -> None:
        """Return when a request may start. The next one, anywhere, starts when it is done, at least the delay later.

        lease: seconds after which the next one may start although this one neither goes on nor is done.
        Raises Upstream where the host asked for a pause that is longer than anybody should wait, or where too many
        wait already; RuntimeError inside a transaction, which would stay open as long as a host likes.
        """
        _refuse_in_transaction(self._host)
        self._lease, waited = lease, 0.0
        while (left := self._left()) > 0:
            waited += left
            if waited > 2 * LONGEST_WAIT + self._delay:
                raise Upstream(f"Too many wait to ask {self._host}, or it answers too slowly.", "Try again later.")
            self._sleep(left)

    def goes_on(self) -> None:
        """Keep the others out for one lease more. The first time tells that the host has been asked for certain."""
        now = self._clock()
        self._asked = self._asked or min(now, self._passed + _ON_ITS_WAY)
        self._open_at(max(now + self._lease, self._next_one()))

    def done(self) -> None:
        """Let the next one through, once the delay has passed since the host was asked."""
        self._open_at(self._next_one())

    def hold(self, seconds: float) -> None:
        """Let nobody through for some seconds, a day at most, as a host asked by Retry-After."""
        self._row(self._host, make=True)
        now = self._clock()
        until = now + min(seconds, _LONGEST_HOLD)
        Row.objects.filter(host=self._host, held__lt=until).update(held=until, noted=now)

    def _left(self) -> float:
        """Take the moment and return 0, or return the seconds after which to try again."""
        while True:
            held = self._row(self._host)
            now = self._clock()
            if held.held > now + max(LONGEST_WAIT, self._delay):
                raise Upstream(
                    f"{self._host} asked for a pause of {held.held - now:.0f} s more.", "Try again after that."
                )
            if held.held > now:
                return held.held - now
            if not self._delay:
                return 0.0
            row = self._row(self._pace, make=True)
            now = self._clock()
            if row.opens > now:
                left = row.opens - now
                return left if left <= self._delay + _SLACK else min(left, _LOOK_EVERY)
            free = Row.objects.filter(host=self._pace, opens=row.opens, noted=row.noted)
            if free.update(opens=now + max(self._delay + _SLACK, self._lease), noted=now):
                self._passed, self._asked = now, 0.0
                return 0.0

    def _next_one(self) -> float:
        return (self._asked or self._passed) + self._delay + _SLACK

    def _open_at(self, moment: float) -> None:
        """Open the gate at a moment, unless another was let through since, or the clock was set back."""
        if self._delay:
            Row.objects.filter(host=self._pace, noted=self._passed).update(opens=moment)

    def _row(self, host: str, *, make: bool = False) -> Row:
        """Return a host's row. Where the clock was set back since it was written, what was left of it begins anew."""
        row = Row.objects.filter(host=host).first()
        if row is None:
            row = Row(host=host)
            if make:
                Row.objects.bulk_create([row], ignore_conflicts=True)
                row = Row.objects.get(host=host)
        # Read after the row, the clock is behind it only if it was set back.
        back = row.noted - self._clock()
        if back > 1:
            Row.objects.filter(host=host, noted=row.noted).update(
                opens=F("opens") - back, held=F("held") - back, noted=F("noted") - back
            )
            row.refresh_from_db()
        return row


def _now() -> float:
    """Return the clock that all share who share the database: the system's, or that of the database's own machine."""
    if connection.vendor != "postgresql":
        return time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        return float(cursor.fetchone()[0])


def _refuse_in_transaction(host: str) -> None:
    # The suite wraps each test in one, which Django marks.
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise RuntimeError(f"{host} is asked inside a transaction, which would wait for a host.")
