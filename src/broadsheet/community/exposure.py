"""Fair exposure: the rotating slot of papers that nobody has voted for yet, and a second chance for those with a few.

How often the slot has shown a paper is counted in memory and written at most once a minute, so that a page that is
read is not a page that writes. The lists themselves live in ``ranking``.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from django.db import DatabaseError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from broadsheet.community.models import Glance, Vote
from broadsheet.community.tally import is_grown
from broadsheet.papers.models import Paper, PaperQuerySet

logger = logging.getLogger(__name__)

PLACES = 2
"""Papers in the slot."""

SECOND_CHANCE = timedelta(days=14)
"""How long before the newest edition a paper may have appeared to be shown once more."""

FEW = 3
"""Votes up to which a paper gets its second chance; beyond that, readers have found it."""

WRITE_EVERY = 60.0
"""Seconds between two writings of the counts, in each process."""

_CHOICE = 8
_lock = threading.Lock()
_counted: Counter[int] = Counter()
_written = time.monotonic()


@dataclass(frozen=True, slots=True)
class Shown:
    """A paper in the slot. why: it is among those nobody voted for, or it gets a second chance."""

    paper: Paper
    why: Literal["unseen", "second"]


def slot(
    day: date, *, newest: bool, beside: Collection[int] | None, unwanted: QuerySet[Any, int] | None = None
) -> list[Shown]:
    """Choose the papers of the slot on the page of a day, those shown least first, and count them as shown.

    Args:
        day: the edition that is open.
        newest: whether it is the newest; there one of the two places goes to a second chance, if a paper is due one.
        beside: papers, by primary key, that stand on the page anyway; None if all papers of the day do.
        unwanted: papers, by primary key, that this reader does not want to see.
    """
    shelf = Paper.objects.standing().filter(withdrawn__isnull=True)
    if unwanted is not None:
        shelf = shelf.exclude(pk__in=unwanted)
    again = _least_shown(_due(shelf, day))[:1] if newest else []
    unseen: list[Paper] = []
    if beside is not None:
        far_down = shelf.of_days(day, day).filter(all_votes=0).exclude(pk__in=beside)
        unseen = _least_shown(far_down)[: PLACES - len(again)]
    chosen = [*(Shown(paper, "unseen") for paper in unseen), *(Shown(paper, "second") for paper in again)]
    _count(shown.paper.pk for shown in chosen)
    return chosen


def write() -> None:
    """Write what was counted since the last time; where the database cannot take it, it is kept for the next."""
    global _written  # noqa: PLW0603  # one clock a process
    with _lock:
        counted = dict(_counted)
        _counted.clear()
        _written = time.monotonic()
    if not counted:
        return
    try:
        with transaction.atomic():
            known = Paper.objects.filter(pk__in=counted).order_by("pk").values_list("pk", flat=True)
            papers = list(known)
            Glance.objects.bulk_create([Glance(paper_id=pk) for pk in papers], ignore_conflicts=True)
            for pk in papers:
                Glance.objects.filter(pk=pk).update(shown=F("shown") + counted[pk])
    except DatabaseError:
        logger.warning("How often papers were shown could not be written; it is tried again.", exc_info=True)
        with _lock:
            _counted.update(counted)


def forget() -> None:
    """Forget what was counted and not written."""
    with _lock:
        _counted.clear()


def _due(shelf: PaperQuerySet, day: date) -> PaperQuerySet:
    """Return the papers due a second chance: of the last days, with a few votes not all of them of new accounts."""
    found = Vote.objects.standing().filter(is_grown(), paper=OuterRef("pk"))
    few = shelf.of_days(day - SECOND_CHANCE, day - timedelta(days=1)).filter(all_votes__range=(1, FEW))
    return few.filter(Q(imported_votes__gt=0) | Exists(found))


def _least_shown(papers: PaperQuerySet) -> list[Paper]:
    """Return some papers, those shown least first; what is counted and not yet written is counted too."""
    shown = Coalesce("glance__shown", 0)
    some = papers.annotate(shown=shown).order_by("shown", "-all_votes", "-day", "pk")[:_CHOICE]
    return sorted(some, key=lambda paper: vars(paper)["shown"] + _counted[paper.pk])


def _count(papers: Iterable[int]) -> None:
    with _lock:
        _counted.update(papers)
        due = time.monotonic() - _written >= WRITE_EVERY
    if due:
        write()
