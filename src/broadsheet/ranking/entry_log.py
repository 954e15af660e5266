"""The log of ranked lists: what was seen on each, and when first, so that a feed does not reorder as votes change.

What stands on a list now comes from ``entries``, which asks here.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from broadsheet.ranking.coming import Entered, Span
from broadsheet.ranking.models import Entry, RankedList

MOST_LISTS = 2000
"""Ranked lists that are remembered; more are told as they stand."""

MOST_ENTRIES = 1000
"""Entries of one list, the newest; what stands on the list now stays in any case."""

FORGOTTEN_AFTER = timedelta(days=30)
"""Time after which a list that nobody asks for is forgotten."""

_LONGEST = 200


def remembered(key: str, *, room: bool) -> RankedList | None:
    """Return the log of a list, begun where there is room; None where there is none.

    room: whether it is begun however many others there are.
    """
    if len(key) > _LONGEST:
        return None
    now = timezone.now()
    log = RankedList.objects.filter(key=key).first()
    if log is None:
        if not room and RankedList.objects.count() >= MOST_LISTS:
            return None
        log, _ = RankedList.objects.get_or_create(key=key, defaults={"asked": now})
    elif log.asked < now - timedelta(days=1):
        RankedList.objects.filter(pk=log.pk).update(asked=now)
    return log


def note(log: RankedList, standing: Collection[Entered]) -> None:
    """Note what stands on a list: what was not seen there before entered now.

    What stood there when its log was begun entered with its edition, as nobody knows better.
    """
    known = dict(log.entries.values_list("paper", "pk"))
    now = timezone.now()
    fresh = [entry for entry in standing if entry.paper.pk not in known]
    if not fresh:
        return
    Entry.objects.bulk_create(
        [
            Entry(list=log, paper=entry.paper, entered=now if known else min(entry.at, now))
            for entry in sorted(fresh, key=lambda entry: (entry.at, entry.paper.pk))
        ],
        ignore_conflicts=True,  # another process saw it too
    )
    if len(known) + len(fresh) > MOST_ENTRIES:
        _trim(log, {entry.paper.pk for entry in standing})


def entries(log: RankedList, span: Span) -> list[Entered]:
    """Return what a log holds, what entered last first."""
    found = log.entries.select_related("paper").order_by("-entered", "-pk")
    if span.since:
        found = found.filter(entered__gt=span.since)
    return [Entered(entry.paper, entry.entered) for entry in found[: span.limit]]


def forget(now: datetime) -> int:
    """Forget the lists that nobody has asked for in a while; return how many."""
    gone, by_kind = RankedList.objects.filter(asked__lt=now - FORGOTTEN_AFTER).delete()
    return by_kind.get(RankedList._meta.label, 0) if gone else 0


def _trim(log: RankedList, standing: set[int]) -> None:
    kept = log.entries.order_by(F("entered").desc(), "-pk").values_list("pk", "paper")[MOST_ENTRIES:]
    log.entries.filter(pk__in=[pk for pk, paper in kept if paper not in standing]).delete()
