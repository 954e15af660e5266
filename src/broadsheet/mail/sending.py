"""Sending what is due: taking it, and carrying each digest to the mail server just once.

``ledger`` keeps each row's way, ``transport`` talks with the server, ``pace`` says how fast.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from broadsheet.errors import BadInput, Upstream
from broadsheet.mail import bounces, choosing, headers, ledger, message, taking, transport
from broadsheet.mail.ledger import Settled
from broadsheet.mail.message import Letter
from broadsheet.mail.models import Delivery, Progress
from broadsheet.mail.pace import Pace
from broadsheet.mail.taking import Taken
from broadsheet.mail.transport import Answer, Verdict

logger = logging.getLogger(__name__)

LOOK_EVERY = 30.0
"""Seconds between two looks for what became due, during a long run."""

MOST_REFUSALS = 25
"""Refusals for good in a row after which the set-up is at fault rather than the addresses: sending stops."""

IN_HAND = 2000
"""Rows queued at once, so that memory does not grow with the number of readers."""

TAKEN_TOGETHER = 100
"""Rows read in one query."""


@dataclass
class Sent(Taken):
    """What a run did. later: to be tried again. doubtful: sent again, as the server's answer to them was lost."""

    sent: int = 0
    later: int = 0
    failed: int = 0
    dropped: int = 0
    doubtful: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return it for JSON."""
        return asdict(self)

    def sentence(self) -> str:
        """Return it as a sentence, without what did not happen."""
        words = {
            "sent": "sent",
            "later": "put off",
            "failed": "refused",
            "dropped": "dropped",
            "doubtful": "sent again after an answer was lost",
            "empty": "had nothing to say",
            "waiting": "wait for late papers or the search index",
        }
        told = [f"{count} {words[name]}" for name, count in self.as_dict().items() if count and name in words]
        return f"Digests: {', '.join(told)}." if told else "Nothing is due."


@dataclass
class _Run:
    """What all connections of one run share."""

    clock: Callable[[], datetime]
    stop: Callable[[], bool]
    report: Callable[[float, float | None, str], None]
    pace: Pace
    tally: Sent = field(default_factory=Sent)
    refusals: int = 0
    began: float = field(default_factory=time.monotonic)
    total: int = 0
    looked: float = -math.inf
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_time_to_look(self) -> bool:
        """Whether others may have become due since the last look."""
        return time.monotonic() - self.looked > LOOK_EVERY

    def sleep(self, seconds: float) -> bool:
        """Wait in short steps; return False where the run is to stop."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.stop():
                return False
            time.sleep(min(left, 0.2))
        return not self.stop()

    def count(self, what: str) -> None:
        """Count one digest, and tell how far the run is."""
        with self.lock:
            setattr(self.tally, what, getattr(self.tally, what) + 1)
            done = self.tally.sent + self.tally.later + self.tally.failed + self.tally.dropped
            rate = self.tally.sent / max(time.monotonic() - self.began, 0.001)
        self.report(done, max(self.total, done), f"{self.tally.sent} sent, {rate:.0f} a second")


def _quiet(_: float, __: float | None, ___: str) -> None:
    """Tell nobody."""


def run(
    now: datetime | None = None,
    *,
    stop: Callable[[], bool] = bool,
    report: Callable[[float, float | None, str], None] = _quiet,
) -> Sent:
    """Send everything that is due, and what was left over, and return what was done.

    now: the moment that counts; the clock's where none is given. stop: asked before each mail. report: told how far it
    is. Raises Conflict where another process sends, Upstream where the mail server cannot be used; what was not sent
    stays due.
    """

    def clock() -> datetime:
        return now or timezone.now()

    if not ledger.has_work(clock()):
        return Sent()
    pace = Pace(settings.MAIL_PER_MINUTE, settings.MAIL_PER_DOMAIN)
    work = _Run(clock, stop, report, pace)
    with ledger.only_sender():
        work.tally.doubtful = ledger.recover(clock())
        lanes = [_Lane(work) for _ in range(settings.MAIL_CONNECTIONS)]
        try:
            _carry_all(work, lanes)
            choosing.forget_unused(clock())
        finally:
            for lane in lanes:
                lane.carrier.close()
    return work.tally


def _carry_all(work: _Run, lanes: Sequence["_Lane"]) -> None:
    """Take and carry until nothing is left whose time has come."""
    while not work.stop():
        now = work.clock()
        if work.is_time_to_look():
            taking.take(now, work.tally, stop=work.stop)
            tally = work.tally
            work.total = tally.sent + tally.later + tally.failed + tally.dropped + ledger.queue(now).count()
            work.looked = time.monotonic()
        rows = list(ledger.queue(now, without=work.pace.full()).values_list("pk", flat=True)[:IN_HAND])
        if rows:
            _carry(rows, lanes)
        elif not ledger.queue(now).exists():
            return
        # All that is left goes to domains that have had their share of this minute, or became free since.
        work.sleep(min(work.pace.until_free(), 1.0) if len(rows) < IN_HAND else 0)


def _carry(rows: Sequence[int], lanes: Sequence["_Lane"]) -> None:
    """Carry rows over all connections, a stretch of them each, so that each letter is written by one of them."""
    if len(lanes) == 1:
        lanes[0].carry(rows)
        return
    size = -(-len(rows) // len(lanes))
    with ThreadPoolExecutor(len(lanes), thread_name_prefix="digests") as threads:
        stretches = (rows[start : start + size] for start in range(0, len(rows), size))
        begun = [threads.submit(lane.carry_apart, rows) for lane, rows in zip(lanes, stretches, strict=False)]
        for done in begun:
            done.result()


class _Lane:
    """One connection to the mail server, and the one row that is in hand on it."""

    def __init__(self, work: _Run) -> None:
        self._work = work
        self.carrier = transport.carrier()
        self._sender = settings.BOUNCE_ADDRESS or headers.sender()[1]
        self._letter: tuple[int, Letter] | None = None
        self._held: Settled | None = None
        """What became of the mail sent last, until it is written together with the claim of the next."""

    def carry_apart(self, rows: Sequence[int]) -> None:
        """Carry rows on a thread of its own, with a database connection of its own."""
        try:
            ledger.make_durable()
            self.carry(rows)
        finally:
            connection.close()

    def carry(self, rows: Sequence[int]) -> None:
        """Carry rows one by one. Raises Upstream where the server cannot be used."""
        try:
            for start in range(0, len(rows), TAKEN_TOGETHER):
                for row in ledger.read(rows[start : start + TAKEN_TOGETHER]):
                    if self._work.stop() or self._work.is_time_to_look():
                        return
                    self._carry_one(row)
        finally:
            self._settle()

    def _carry_one(self, row: Delivery) -> None:
        wait = self._work.pace.claim(row.subscription.address.rpartition("@")[2].lower())
        if wait == math.inf:
            return
        if wait:
            self._settle()
            if not self._work.sleep(wait):
                return
        raw = self._written(row)
        if raw is None:
            return
        self._connect()
        held, self._held = self._held, None
        if not self._surely(lambda: ledger.step(held, row)):
            self._work.count("dropped")
            return
        answer = self.carrier.send(self._sender, row.subscription.address, raw)
        self._held = self._outcome(row, answer)
        self._follow_up(row, answer)

    def _settle(self) -> None:
        """Write what became of the mail sent last, before anything that takes time."""
        held, self._held = self._held, None
        if held is not None:
            self._surely(lambda: ledger.step(held, None))

    def _surely(self, write: Callable[[], Any]) -> Any:
        return ledger.surely(write, pause=time.sleep)

    def _connect(self) -> None:
        """Have a connection, after some more tries where there is none. Raises Upstream."""
        for wait in (1.0, 4.0, 10.0, None):
            try:
                self.carrier.ready()
            except Upstream:
                self._settle()
                if wait is None or not self._work.sleep(wait):
                    raise
            else:
                return

    def _written(self, row: Delivery) -> bytes | None:
        """Return the mail of a row; one that cannot be written must not keep the others waiting."""
        try:
            if self._letter is None or self._letter[0] != row.choice_id:
                self._settle()
                self._letter = row.choice_id, message.letter(row.choice, row.subscription)
            return self._letter[1].fill(row.subscription, row, self._work.clock())
        except BadInput as error:
            ledger.step(ledger.refused(row, str(error)), None)
            self._work.count("failed")
        except Exception as error:
            logger.exception("Digest %s could not be written; it is tried again", row.token)
            ledger.step(ledger.later(row, f"Not written: {type(error).__name__}", self._work.clock()), None)
            self._work.count("later")
        return None

    def _outcome(self, row: Delivery, answer: Answer) -> Settled:
        """Return what a row becomes by the server's answer."""
        now = self._work.clock()
        if answer.verdict is Verdict.SENT:
            return ledger.sent(row, answer.text, now)
        if answer.verdict is Verdict.REFUSED:
            return ledger.refused(row, answer.text)
        ours = answer.verdict is Verdict.OURS or answer.too_fast
        return ledger.later(row, answer.text, now, counted=not ours)

    def _follow_up(self, row: Delivery, answer: Answer) -> None:
        """Do what an answer asks for beside the row: another pace, another address, an operator."""
        work = self._work
        work.count({Verdict.SENT: "sent", Verdict.REFUSED: "failed"}.get(answer.verdict, "later"))
        if answer.verdict is Verdict.SENT:
            work.refusals = 0
            work.pace.went_well()
            return
        given_up = self._held is not None and self._held.progress is Progress.FAILED
        self._settle()
        if given_up and answer.verdict is Verdict.LATER and not answer.in_doubt:
            ledger.give_back(Delivery.objects.filter(pk=row.pk))
        if answer.in_doubt:
            logger.warning(
                "Digest %s (edition %s) was handed to the mail server, which did not answer: it is sent again later "
                "under the same Message-ID.",
                row.token,
                row.edition,
            )
        if answer.too_fast:
            work.pace.too_fast()
        if answer.verdict is Verdict.OURS:
            raise Upstream(f"The mail server refuses this site: {answer.text}.", "Check BROADSHEET_MAIL and MAIL_FROM.")
        if answer.verdict is Verdict.REFUSED:
            code, _, words = answer.text.partition(" ")
            if answer.at_address and code.isdigit():
                bounces.refused(row, int(code), words)
            work.refusals += 1
            if work.refusals >= MOST_REFUSALS:
                raise Upstream(
                    f"The mail server refused {work.refusals} digests in a row, the last by: {answer.text}.",
                    "Ask its operator why; what was not tried stays due.",
                )
