"""The ledger of digests: who may send, what is open, and each row's way from taken to sent. One transaction each.

Rows come into it in ``taking``; what is said to the mail server lives in ``transport``.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Count, F, Min, Q, QuerySet
from django.utils import timezone
from filelock import FileLock, Timeout

from broadsheet.errors import Conflict
from broadsheet.mail.models import Choice, Delivery, Progress, State, Subscription

logger = logging.getLogger(__name__)

BACKOFF = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
)
"""Waits before the next try, after the first, the second and so on; the last one goes on."""

LONGEST = timedelta(days=2)
"""After this a digest that no server took is given up: the next one is due."""

MOST_DOMAINS = 100
"""Domains left out in one query; the others that are full are left out one by one."""

PATIENCE = 20
"""Tries to write what was sent, some ten minutes."""

_ADVISORY_LOCK = 0x62726F616473
"""The name of the sender's lock among those of a PostgreSQL database."""


# Written out, as a third of the time of a mail would go into composing them anew.
_SETTLE = """
    UPDATE mail_delivery SET progress = %s, answer = %s, sent = %s, tries = %s, next_try = %s
    WHERE id = %s AND progress <> 'sent'
"""
_CLAIM = """
    UPDATE mail_delivery SET progress = 'sending' WHERE id = %s AND progress = 'taken' AND EXISTS
    (SELECT 1 FROM mail_subscription AS s LEFT JOIN accounts_user AS u ON u.id = s.reader_id
     WHERE s.id = mail_delivery.subscription_id AND s.state = 'active' AND (u.id IS NULL OR
     (u.is_active AND (u.suspended_until IS NULL OR u.suspended_until <= %s))))
"""


@contextlib.contextmanager
def only_sender() -> Iterator[None]:
    """Be the one process that sends, for a while; whoever is killed frees the place at once.

    Raises Conflict where another one sends.
    """
    if connection.vendor == "postgresql":
        with _postgres_lock():
            yield
        return
    settings.HOME.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.HOME / "digests.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise _busy() from None
    try:
        with _durable():
            yield
    finally:
        lock.release()


@contextlib.contextmanager
def _postgres_lock() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ADVISORY_LOCK])
        if not cursor.fetchone()[0]:
            raise _busy()
    try:
        yield
    finally:
        # Where the connection broke the lock went with it.
        if connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY_LOCK])


@contextlib.contextmanager
def _durable() -> Iterator[None]:
    """Have each commit reach the disk: what was sent is known after a loss of power too, as it is on PostgreSQL."""
    if connection.in_atomic_block:
        yield  # it cannot be changed inside a transaction
        return
    make_durable()
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=NORMAL")


def make_durable() -> None:
    """Have the commits of this thread's connection reach the disk."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")


def _busy() -> Conflict:
    return Conflict("Another process sends digests already.", "A running server does it by itself; wait or stop it.")


def has_work(now: datetime) -> bool:
    """Whether anything is due, open or in doubt."""
    return Subscription.objects.filter(due__lte=now).exists() or Delivery.objects.filter(next_try__lte=now).exists()


def recover(now: datetime) -> int:
    """Put what was handed over without a known answer back among the open rows, and return how many these are.

    Only the one sender may ask, before it begins. Such a digest is sent again under the same Message-ID. Rows that no
    server took in two days are given up.
    """
    doubtful = list(Delivery.objects.filter(progress=Progress.SENDING, next_try__isnull=False))
    for row in doubtful:
        logger.warning(
            "Digest %s (edition %s) was handed to the mail server, and its answer was lost: it is sent again under the "
            "same Message-ID.",
            row.token,
            row.edition,
        )
    Delivery.objects.filter(pk__in=[row.pk for row in doubtful]).update(progress=Progress.TAKEN, next_try=now)
    stale = Delivery.objects.filter(progress=Progress.TAKEN, next_try__isnull=False, taken__lt=now - LONGEST)
    give_back(stale.exclude(pk__in=[row.pk for row in doubtful]))
    given_up = stale.update(progress=Progress.FAILED, next_try=None)
    if given_up:
        logger.warning("%s digests were given up, as no mail server took them in two days.", given_up)
    return len(doubtful)


def give_back(rows: QuerySet[Delivery]) -> None:
    """Have the next editions tell what these would have told, as no server took them.

    That may be done twice: what was told since is not told again.
    """
    for choice in Choice.objects.filter(deliveries__in=rows).distinct():
        with transaction.atomic():
            readers = rows.filter(choice=choice).values("subscription")
            held = Subscription.objects.select_for_update().filter(pk__in=readers)
            pks = list(held.order_by("pk").values_list("pk", flat=True))
            if since := choice.facts.get("since"):
                Subscription.objects.filter(pk__in=pks).update(**since)


def queue(now: datetime, *, without: Sequence[str] = ()) -> QuerySet[Delivery]:
    """Return the open rows whose time has come, those of one choice together, so that each is written once.

    without: domains of addresses that wait.
    """
    rows = Delivery.objects.filter(next_try__lte=now, progress=Progress.TAKEN)
    for domain in without[:MOST_DOMAINS]:
        rows = rows.exclude(subscription__address__iendswith=f"@{domain}")
    # The sum keeps SQLite from walking through all that was ever sent, in the order of the choices' index.
    return rows.order_by(F("choice_id") + 0, "id")


def read(ids: Sequence[int]) -> list[Delivery]:
    """Return rows with their subscriptions and choices, in the order of ``queue``."""
    return list(
        Delivery.objects.filter(pk__in=ids).select_related("subscription", "choice").order_by("choice_id", "id")
    )


@dataclass(frozen=True, slots=True)
class Settled:
    """What a row becomes once its answer is known. again: when it is tried again, None where nothing is left to try."""

    row: Delivery
    progress: Progress
    answer: str = ""
    sent: datetime | None = None
    tries: int = 0
    again: datetime | None = None

    def write(self, cursor: CursorWrapper) -> None:
        """Write it into the row, wherever that stands."""
        moment = connection.ops.adapt_datetimefield_value
        values = [self.progress.value, self.answer[:300], moment(self.sent), self.tries, moment(self.again)]
        cursor.execute(_SETTLE, [*values, self.row.pk])


def sent(row: Delivery, answer: str, now: datetime) -> Settled:
    """Return the row as one that the server took."""
    return Settled(row, Progress.SENT, answer, now, row.tries + 1)


def refused(row: Delivery, answer: str) -> Settled:
    """Return the row as one that the server will never take."""
    return Settled(row, Progress.FAILED, answer, None, row.tries + 1)


def later(row: Delivery, answer: str, now: datetime, *, counted: bool = True) -> Settled:
    """Return the row as one to be tried again, or as failed once two days are over. counted: not counted where the
    server had nothing against this mail.
    """
    tries = row.tries + counted
    again = now + BACKOFF[min(max(tries, 1), len(BACKOFF)) - 1]
    if counted and again > row.taken + LONGEST:
        return Settled(row, Progress.FAILED, answer, None, tries)
    return Settled(row, Progress.TAKEN, answer, None, tries, again)


def step(settled: Settled | None, following: Delivery | None) -> bool:
    """Write what became of one row and claim the next, in one commit: so one row at most is ever in doubt.

    Returns whether the next one may be sent: its reader may have left or been suspended since, and then it is dropped.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if settled is not None:
            settled.write(cursor)
        if following is None:
            return False
        cursor.execute(_CLAIM, [following.pk, connection.ops.adapt_datetimefield_value(timezone.now())])
        claimed = bool(cursor.rowcount)
        if not claimed:
            open_row = Delivery.objects.filter(pk=following.pk, progress=Progress.TAKEN)
            open_row.update(progress=Progress.DROPPED, next_try=None)
        return claimed


def surely(write: Callable[[], Any], *, pause: Callable[[float], object]) -> Any:
    """Do what the ledger must hear of, however often the database fails: what was sent must not be forgotten.

    pause: waits some seconds. Raises Conflict after a failure, once it is written: the lock may be somebody else's now.
    """
    failed = 0
    while True:
        try:
            result = write()
        except (OperationalError, InterfaceError) as error:
            failed += 1
            logger.warning("The ledger of digests could not be written, it is tried again: %s", error)
            if failed > PATIENCE or connection.in_atomic_block:
                raise
            connection.close()
            pause(min(2.0**failed, 30.0))
        else:
            if failed:
                raise Conflict("The database was away for a moment.", "Sending begins anew.")
            return result


def status(now: datetime | None = None) -> dict[str, Any]:
    """Return the figures of the sending: who is subscribed, what is due, on its way, sent and refused."""
    now = now or timezone.now()
    day = now - timedelta(days=1)
    subscriptions = Subscription.objects.aggregate(
        active=Count("pk", filter=Q(state=State.ACTIVE)),
        pending=Count("pk", filter=Q(state=State.PENDING)),
        suspended=Count("pk", filter=Q(state=State.SUSPENDED)),
        due_now=Count("pk", filter=Q(due__lte=now)),
        next_due=Min("due"),
    )
    rows = Delivery.objects.aggregate(
        waiting=Count("pk", filter=Q(progress=Progress.TAKEN, tries=0)),
        tried_again_later=Count("pk", filter=Q(progress=Progress.TAKEN, tries__gt=0)),
        in_doubt=Count("pk", filter=Q(progress=Progress.SENDING)),
        sent_in_a_day=Count("pk", filter=Q(sent__gte=day)),
        refused_in_a_day=Count("pk", filter=Q(progress=Progress.FAILED, taken__gte=day)),
    )
    refusals = Delivery.objects.filter(progress__in=[Progress.FAILED, Progress.TAKEN], taken__gte=day).exclude(
        answer=""
    )
    answers = refusals.values_list("answer").annotate(count=Count("pk")).order_by("-count")[:5]
    return subscriptions | rows | {"refusals": [f"{count} × {answer}" for answer, count in answers]}
