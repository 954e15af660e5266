"""Taking what is due into the ledger: a row for each digest that has something to say, and when the next one is due.

What a digest holds is ``choosing``'s; how rows are sent lives in ``sending``.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from broadsheet.mail import choosing, schedule, subscribed
from broadsheet.mail.models import Choice, Delivery, Progress, Subscription
from broadsheet.ranking import entries
from broadsheet.ranking.entries import Covered

BATCH = 1000
"""Subscriptions looked at and taken in one transaction."""

ASKED_AGAIN = timedelta(hours=12)
"""How long after its moment a list is asked again that could not be asked; then the next mail holds what it missed."""

MARGIN = timedelta(minutes=1)
"""What is dated before a look may be written just after it, so the next look begins that much earlier. No paper comes
twice by it, as none that was told is told again."""


@dataclass
class Taken:
    """What became of those that were due. taken: a row each. empty: nothing to say. waiting: papers are late, or the
    search index does not answer.
    """

    taken: int = 0
    empty: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """One digest that would be sent. tries: how often it was tried already."""

    address: str
    title: str
    edition: str
    papers: int
    early: bool
    tries: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)

    def sentence(self) -> str:
        """Return it as a line."""
        more = " (early)" if self.early else ""
        again = f", tried {self.tries} times" if self.tries else ""
        return f"{self.address}: {self.title}, {self.edition}{more}, {self.papers} papers{again}"


def take(now: datetime, taken: Taken, *, stop: Callable[[], bool] = bool) -> None:
    """Take every digest that is due, batch by batch, each in one transaction; adds to the counts of ``taken``."""
    # Noted before anything is chosen: what comes in meanwhile is told next time.
    covered = entries.covered_now(now)
    for batch in _batches(now):
        if stop():
            return
        _take_batch(batch, covered, now, taken)


def plan(now: datetime | None = None) -> Iterator[Planned]:
    """Yield what would be sent at a moment, through the very steps of sending; nothing of it is kept."""
    now = now or timezone.now()
    open_rows = Delivery.objects.filter(next_try__lte=now, progress__in=(Progress.TAKEN, Progress.SENDING))
    yield from _planned(open_rows)
    covered = entries.covered_now(now)
    for batch in _batches(now):
        with transaction.atomic():
            before = open_rows.order_by("-pk").values_list("pk", flat=True).first() or 0
            _take_batch(batch, covered, now, Taken())
            found = list(_planned(open_rows.filter(pk__gt=before)))
            transaction.set_rollback(True)
        yield from found


def _planned(rows: QuerySet[Delivery]) -> Iterator[Planned]:
    counted = rows.select_related("subscription", "choice").annotate(papers=Count("choice__picks")).order_by("pk")
    for row in counted.iterator(chunk_size=BATCH):
        yield Planned(
            row.subscription.address,
            subscribed.title(row.subscription),
            row.edition,
            row.papers,
            bool(row.choice.early),
            row.tries,
        )


def _batches(now: datetime) -> Iterator[list[Subscription]]:
    """Yield the subscriptions that are due, those that wait longest first; each once, whatever becomes of it."""
    after = Q()
    while batch := list(Subscription.objects.filter(after, due__lte=now).order_by("due", "pk")[:BATCH]):
        yield batch
        last = batch[-1]
        after = Q(due=last.due, pk__gt=last.pk) | Q(due__gt=last.due)


def _take_batch(batch: Sequence[Subscription], covered: Covered, now: datetime, taken: Taken) -> None:
    patient = choosing.waiting(batch, now)
    ready = [one for one in batch if one.pk not in patient]
    choices = choosing.choices_for(ready, now, covered) if ready else {}
    ready = [one for one in ready if one.pk in choices or not one.due or now >= one.due + ASKED_AGAIN]
    taken.waiting += len(batch) - len(ready)
    if not ready:
        return
    with transaction.atomic():
        held = _unchanged(ready)
        made = _rows(held, choices, now)
        Delivery.objects.bulk_create(made, ignore_conflicts=True)
        told = {row.subscription_id: row for row in made}
        _move_on(held, told, covered, now)
    taken.taken += len(made)
    taken.empty += len(held) - len(made)


def _unchanged(batch: Sequence[Subscription]) -> list[Subscription]:
    """Hold the subscriptions until the transaction ends, but those that their readers changed or ended meanwhile."""
    pks = [one.pk for one in batch]
    held = Subscription.objects.select_for_update().filter(pk__in=pks).order_by("pk")
    standing = {pk: (due, key) for pk, due, key in held.values_list("pk", "due", "preferences")}
    return [one for one in batch if standing.get(one.pk) == (one.due, one.preferences)]


def _rows(held: Sequence[Subscription], choices: dict[int, Choice | None], now: datetime) -> list[Delivery]:
    """Return the rows of those that have something to be told, may be mailed and have not had this edition yet."""
    pks = [one.pk for one in held]
    allowed = set(Subscription.objects.filter(subscribed.may_be_mailed(), pk__in=pks).values_list("pk", flat=True))
    rows = [
        Delivery(subscription=one, edition=choice.edition, choice=choice, next_try=now)
        for one in held
        if one.pk in allowed and (choice := choices.get(one.pk)) is not None
    ]
    editions = {row.edition for row in rows}
    had = set(
        Delivery.objects.filter(subscription__in=pks, edition__in=editions).values_list("subscription_id", "edition")
    )
    return [row for row in rows if (row.subscription_id, row.edition) not in had]


def _move_on(held: Sequence[Subscription], told: dict[int, Delivery], covered: Covered, now: datetime) -> None:
    """Set when each is looked at next, and, for those that are told something, up to where that goes."""
    moves: dict[tuple[datetime, bool], list[int]] = defaultdict(list)
    for one in held:
        row = told.get(one.pk)
        due = schedule.next_due(one, now, told=row.edition if row else "")
        moves[due, row is not None].append(one.pk)
    reached = {
        "covered_day": covered.day,
        "covered_paper": covered.paper,
        "covered_stamp": covered.stamp,
        "covered_until": covered.until - MARGIN,
    }
    for (due, covers), pks in moves.items():
        Subscription.objects.filter(pk__in=pks).update(due=due, **(reached if covers else {}))
