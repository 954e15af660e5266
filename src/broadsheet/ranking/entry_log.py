"""The log of ranked lists: what was seen on each, and when first, so that a feed does not reorder as votes change.

What stands on a list now comes from ``entries``, which asks here.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Min
from django.db.models.functions import Coalesce
from django.utils import timezone

from broadsheet.papers.models import Paper
from broadsheet.ranking.coming import Entered, Span
from broadsheet.ranking.models import Entry, RankedList

MOST_LISTS = 2000
"""Ranked lists that are remembered because somebody asked for their feed; more are told as they stand."""

MOST_OF_READERS = 10_000
"""The same, together with what readers have by mail or at a secret address, which the others cannot crowd out."""

MOST_ENTRIES = 1000
"""Entries of one list, the newest; what stands on the list now stays in any case."""

FORGOTTEN_AFTER = timedelta(days=30)
"""Time after which a list that nobody asks for is forgotten."""

_LONGEST = 200
_SHOWN = Coalesce("paper__same_as", "paper")


def asked(key: str, standing: Collection[Entered], *, most: int | None) -> RankedList | None:
    """Return the log of a list that is asked for, with what stands on it noted; None where there is no room for one.

    What stands there when its log is begun entered with its edition, as nobody knows better.
    most: with how many others it is still begun; None for any number.
    """
    if len(key) > _LONGEST:
        return None
    log = RankedList.objects.filter(key=key).first()
    if log is None:
        return _begun(key, standing) if most is None or RankedList.objects.count() < most else None
    if log.asked < timezone.now() - timedelta(days=1):
        RankedList.objects.filter(pk=log.pk).update(asked=timezone.now())
    note(log, standing)
    return log


def note(log: RankedList, standing: Collection[Entered]) -> None:
    """Note what stands on a list: what was not seen there before entered now."""
    known = set(log.entries.annotate(shown=_SHOWN).values_list("shown", flat=True))
    fresh = [entry for entry in standing if entry.paper.pk not in known]
    if not fresh:
        return
    now = timezone.now()
    _write(log, [(entry, now) for entry in fresh])
    if len(known) + len(fresh) > MOST_ENTRIES:
        _trim(log, {entry.paper.pk for entry in standing})


def entries(log: RankedList, span: Span, only: Collection[int] | None = None) -> list[Entered]:
    """Return what a log holds, what entered last first. only: these papers, by primary key.

    A paper that came under two ids is there once, since the first of them entered.
    """
    found = log.entries.annotate(shown=_SHOWN).values("shown").annotate(first=Min("entered"), last=Max("pk"))
    if only is not None:
        found = found.filter(shown__in=only)
    if span.since:
        found = found.filter(first__gt=span.since)
    moments = dict(found.order_by("-first", "-last").values_list("shown", "first")[: span.limit])
    papers = Paper.objects.in_bulk(moments)
    return [Entered(papers[pk], moment) for pk, moment in moments.items() if pk in papers]


def forget(now: datetime) -> int:
    """Forget the lists that nobody has asked for in a while; return how many."""
    gone, by_kind = RankedList.objects.filter(asked__lt=now - FORGOTTEN_AFTER).delete()
    return by_kind.get(RankedList._meta.label, 0) if gone else 0


@transaction.atomic
def _begun(key: str, standing: Collection[Entered]) -> RankedList:
    now = timezone.now()
    log, begun = RankedList.objects.get_or_create(key=key, defaults={"asked": now})
    if begun:
        _write(log, [(entry, min(entry.at, now)) for entry in standing])
    return log


def _write(log: RankedList, entered: Iterable[tuple[Entered, datetime]]) -> None:
    Entry.objects.bulk_create(
        [
            Entry(list=log, paper=entry.paper, entered=moment)
            for entry, moment in sorted(entered, key=lambda one: (one[0].at, one[0].paper.pk))
        ],
        ignore_conflicts=True,  # another process saw it too
    )


def _trim(log: RankedList, standing: set[int]) -> None:
    kept = log.entries.order_by(F("entered").desc(), "-pk").values_list("pk", "paper")[MOST_ENTRIES:]
    log.entries.filter(pk__in=[pk for pk, paper in kept if paper not in standing]).delete()
