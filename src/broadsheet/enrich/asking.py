"""What the kinds of facts that ask hosts have in common: which papers wait, when to ask again, when to give up."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from broadsheet.enrich import facts
from broadsheet.enrich.models import Fact
from broadsheet.enrich.run import Stop
from broadsheet.errors import BroadsheetError, Upstream
from broadsheet.papers.actions import note_activity
from broadsheet.papers.models import Counter, Paper, PaperQuerySet

logger = logging.getLogger(__name__)

FAILURES = 3
"""Failures in a row after which a place is left alone until the next run: then it is the place and not the paper."""

NEWEST = (F("day").desc(nulls_last=True), "-all_votes", "-pk")
"""The newest edition first, and in it the most voted; PostgreSQL would begin with papers without a day."""

_AGES = ((30, 3), (120, 7), (365, 30))
_OLD = 90


def waiting(kind: str, sources: Sequence[str], now: datetime, papers: PaperQuerySet) -> PaperQuerySet:
    """Return papers of which some source has not been asked, or is to be asked again; newest and most voted first.

    A changed paper is no reason to ask: what others say of it does not change with its text.
    """
    lacks = Q()
    for source in sources:
        rows = Fact.objects.filter(Q(next_at=None) | Q(next_at__gt=now), paper=OuterRef("pk"), kind=kind, source=source)
        lacks |= Q(~Exists(rows))
    return papers.filter(lacks, same_as=None).order_by(*NEWEST)


def unasked(kind: str, source: str, papers: Sequence[Paper], now: datetime) -> list[Paper]:
    """Return those of some papers of which one source is to be asked now."""
    settled = Fact.objects.filter(Q(next_at=None) | Q(next_at__gt=now), paper__in=papers, kind=kind, source=source)
    known = set(settled.values_list("paper", flat=True))
    return [paper for paper in papers if paper.pk not in known]


def again(paper: Paper, now: datetime) -> datetime:
    """Return when to ask about a paper again: a new one in days, an old one in months."""
    age = (now.date() - paper.day).days if paper.day else _OLD * 5
    days = next((wait for within, wait in _AGES if age <= within), _OLD)
    return now + timedelta(days=days)


def keep(found: Sequence[facts.Found], now: datetime) -> None:
    """Write down what was found, and have the kept pages made anew where there is something to show."""
    if found:
        facts.write_all(found, now)
        if any(one.value for one in found):
            note_activity()


def left(kind: str, per_day: int, now: datetime) -> int:
    """Return how many questions of a kind this day, by UTC, still allows."""
    asked = Counter.objects.filter(name=_day(kind, now)).values_list("value", flat=True).first() or 0
    return max(0, per_day - asked)


def spend(kind: str, per_day: int, now: datetime) -> bool:
    """Count one question of a kind, unless the day has had its number; return whether it may be asked.

    Over all processes, in one statement: two who ask at once do not both get the last one.
    """
    today = _day(kind, now)
    _, is_first = Counter.objects.get_or_create(name=today)
    if is_first:
        Counter.objects.filter(name__startswith=f"{kind} ", name__lt=today).delete()
    return bool(Counter.objects.filter(name=today, value__lt=per_day).update(value=F("value") + 1))


def _day(kind: str, now: datetime) -> str:
    return f"{kind} {now.astimezone(UTC):%Y-%m-%d}"


class Patience:
    """Failures in a row of one place during one look. Each is written down with its papers."""

    def __init__(self, kind: str, source: str) -> None:
        self._kind, self._source, self._row = kind, source, 0

    def failed(self, papers: Sequence[Paper], error: BroadsheetError, now: datetime) -> None:
        """Note a failure. Raises it where the place itself is the trouble: it refuses, or fails again and again."""
        if not isinstance(error, Upstream):
            raise error
        for paper in papers:
            facts.failed(paper, self._kind, self._source, str(error), now)
        self._row += 1
        if self._row >= FAILURES:
            raise error

    def answered(self) -> None:
        """Note that the place has answered."""
        self._row = 0


class Places:
    """Several places that are asked for the same kind of facts, each apart: one that fails keeps no other from it.

    at_once: of each place by its name, how many papers go into one question.
    """

    def __init__(self, kind: str, at_once: Mapping[str, int]) -> None:
        self._kind, self._at_once = kind, at_once
        self._patience = {name: Patience(kind, name) for name in at_once}
        self._given_up: dict[str, BroadsheetError] = {}

    def wanted(self, now: datetime) -> PaperQuerySet:
        """Return the papers that a place is to be asked about; none for a place that has been given up."""
        left = [name for name in self._at_once if name not in self._given_up]
        return waiting(self._kind, left, now, Paper.objects.all() if left else Paper.objects.none())

    def look(self, papers: Sequence[Paper], stop: Stop, ask: Callable[[str, Sequence[Paper]], None]) -> int:
        """Ask each place about the papers that wait for it, and return how many were asked about.

        ask: asks one place about some papers and writes down what it told. Raises what went wrong where none is left.
        """
        done: set[int] = set()
        for source, size in self._at_once.items():
            due = unasked(self._kind, source, papers, timezone.now())
            for start in range(0, len(due), size):
                if stop() or source in self._given_up:
                    break
                batch = due[start : start + size]
                self._ask(source, batch, ask)
                done |= {paper.pk for paper in batch}
        if self._given_up and len(self._given_up) == len(self._at_once):
            raise next(iter(self._given_up.values()))
        return len(done)

    def _ask(self, source: str, papers: Sequence[Paper], ask: Callable[[str, Sequence[Paper]], None]) -> None:
        try:
            ask(source, papers)
        except BroadsheetError as error:
            try:
                self._patience[source].failed(papers, error, timezone.now())
            except BroadsheetError as last:
                self._given_up[source] = last
                logger.warning("%s is left alone until the next run: %s", source, last)
        else:
            self._patience[source].answered()
