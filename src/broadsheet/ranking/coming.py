"""When papers come onto lists that are made of editions, votes or places: the parts of which ``entries`` is made."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from broadsheet.papers.models import Paper, PaperQuerySet
from broadsheet.ranking.lists import newest_day

LATE = timedelta(days=7)
"""How long after its edition a paper may come here and count as late; one that comes later is old stock.

As long before it one may come early: what is submitted on a Friday evening is of Monday's edition.
"""

RECENT = 30
"""Days before the newest edition in which searches and what readers follow are looked for, for a page or a feed."""

LONGEST_REST = 100
"""The same for what came after something was covered: mail may rest for weeks."""

LOOKED_AT = 4000
"""The newest papers among which those of what a reader follows are looked for, for a page or a feed."""

LOOKED_AT_ONCE = 10_000
"""The same for what came after something was covered, of which nothing should be missing."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A paper on a list. at: when it entered the list. why: the reason as words of a sentence, '' where it is plain.

    weight: how much its strongest reason says; 0 where there is none.
    """

    paper: Paper
    at: datetime
    why: str = ""
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Covered:
    """Up to where somebody was told already. day: newest edition. paper: newest paper, by primary key. until: when.

    stamp: newest change of a paper; 0 where it is not known.
    """

    day: date | None
    paper: int
    until: datetime
    stamp: int = 0

    def leaves(self) -> Q:
        """Return the condition of papers that were not told: of later editions, or here since, or brought since.

        What readers or a daily list bring into the newest edition may have been here before, in an older one.
        """
        left = Q(pk__gt=self.paper)
        if self.day:
            left |= Q(day__gt=self.day)
        if self.day and self.stamp:
            brought = Q(day=F("featured")) | Q(day=F("resubmitted"))
            left |= Q(day=self.day, stamp__gt=self.stamp) & brought
        return left


class Row(NamedTuple):
    """What is looked at of many papers to find a few."""

    pk: int
    day: date
    added: datetime
    authors: list[str]
    categories: list[str]
    organization: str


@dataclass(frozen=True)
class Span:
    """Which part of a list is asked for: what came after ``covered``, or without it what came last.

    limit: entries at most. least_votes: papers with fewer are left out. days: only what entered in so many; 0 for any.
    """

    limit: int
    covered: Covered | None = None
    least_votes: int = 0
    days: int = 0

    @property
    def since(self) -> datetime | None:
        """The moment after which a paper entered; None for any."""
        if self.covered:
            return self.covered.until
        return timezone.now() - timedelta(days=self.days) if self.days else None

    def first_day(self) -> date | None:
        """Return the oldest edition of which a paper may come; None for any."""
        if self.covered:
            return self.covered.day - LATE if self.covered.day else None
        return (timezone.now() - timedelta(days=self.days) - LATE).date() if self.days else None

    def recent_day(self) -> date | None:
        """Return the same, but no older than some days before the newest edition; None before the first paper."""
        newest = newest_day()
        bound = newest - timedelta(days=LONGEST_REST if self.covered else RECENT) if newest else None
        first = self.first_day()
        return max(bound, first) if bound and first else bound

    def window(self, papers: PaperQuerySet) -> PaperQuerySet:
        """Return those of papers that can be asked for, in any order, where they belong to an edition."""
        papers = papers.filter(day__isnull=False)
        if self.least_votes:
            papers = papers.filter(all_votes__gte=self.least_votes)
        if first := self.first_day():
            papers = papers.filter(day__gte=first)
        return papers.filter(self.covered.leaves()) if self.covered else papers

    def newest(self, papers: PaperQuerySet) -> list[Entered]:
        """Return papers with the moment at which each came into its edition, newest first."""
        found = self.window(papers)
        kept = list(found.order_by("-day", "-pk")[: self.limit])
        if self.covered is None and len(kept) == self.limit:  # those that came late to an older edition
            late = found.filter(day__lt=kept[-1].day, day__gte=_day(kept[0]) - LATE)
            kept += late.order_by("-pk")[: self.limit]
        return self.cut(Entered(paper, came(_day(paper), paper.added)) for paper in kept)

    @cached_property
    def rows(self) -> list[Row]:
        """What there is to look at of the newest papers, LOOKED_AT at most."""
        first = self.recent_day()
        if first is None:
            return []
        found = self.window(Paper.objects.filter(day__gte=first)).order_by("-day", "-pk")
        columns = found.values_list("pk", "day", "added", "authors", "categories", "organization_slug")
        most = LOOKED_AT_ONCE if self.covered else LOOKED_AT
        return [Row(pk, day, *more) for pk, day, *more in columns[:most] if day]

    def events(self, events: QuerySet[Any], moment: str) -> QuerySet[Any]:
        """Return those of votes, places or the like that can be asked for, newest first. moment: the field."""
        if self.least_votes:
            events = events.filter(paper__all_votes__gte=self.least_votes)
        if self.since:
            events = events.filter(**{f"{moment}__gt": self.since})
        return events.order_by(f"-{moment}", "-pk")[: self.limit]

    def cut(self, entered: Iterable[Entered]) -> list[Entered]:
        """Return entries newest first, as many as are asked for and as old as may be."""
        ordered = sorted(entered, key=lambda entry: (entry.at, entry.paper.pk), reverse=True)
        since = None if self.covered else self.since
        return list(islice((entry for entry in ordered if since is None or entry.at > since), self.limit))

    def load(self, moments: dict[int, datetime], why: dict[int, tuple[str, float]] | None = None) -> list[Entered]:
        """Return the papers whose keys and moments are known, newest first, each with its reason and its weight."""
        newest = sorted(moments, key=lambda pk: (moments[pk], pk), reverse=True)[: self.limit]
        papers = Paper.objects.standing().in_bulk(newest)
        told = why or {}
        return self.cut(Entered(papers[pk], moments[pk], *told.get(pk, ())) for pk in newest if pk in papers)


def came(day: date, added: datetime) -> datetime:
    """Return when a paper came into its edition: when it came here, if that was within a week of it, else the day.

    So it is the same whenever it is asked for, and years that are taken in at once stand where they belong. It is never
    to come: the edition may be of tomorrow, what is told of it is not.
    """
    began = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return added if abs(added - began) <= LATE or began > timezone.now() else began


def moments_of(pks: Collection[int], span: Span) -> dict[int, datetime]:
    """Return when each of some papers came into its edition; those that are not asked for are left out."""
    found = span.window(Paper.objects.filter(pk__in=pks)).values_list("pk", "day", "added")
    return {pk: came(day, added) for pk, day, added in found if day}


def _day(paper: Paper) -> date:
    assert paper.day is not None  # ``window`` leaves the others out
    return paper.day
