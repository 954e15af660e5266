"""What an edition of a digest holds: chosen once for all who share preferences and window, then kept as it is.

How papers are picked out lives in ``picking``; who is mailed when, in ``sending``.
"""

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings

from broadsheet.community import follows
from broadsheet.errors import BroadsheetError
from broadsheet.ledger import standing
from broadsheet.mail import overview, schedule
from broadsheet.mail.chosen import Made, forget_unused, kept, papers_of
from broadsheet.mail.history import had
from broadsheet.mail.models import Cadence, Choice, Pick, Subscription
from broadsheet.mail.picking import Pool, Readings
from broadsheet.ranking import entries
from broadsheet.ranking.entries import Covered
from broadsheet.ranking.listings import PRIVATE, Listing
from broadsheet.search.keeping import upkeep

__all__ = ["choice_for", "choices_for", "draft", "forget_unused", "must_wait", "waiting"]

log = logging.getLogger(__name__)

_OF_THE_DAY = frozenset({"day", "week", "month", "new", "search", "category", "author", "organization", *PRIVATE})
"""Lists that wait for the papers of the day."""

_OF_ONE_READER = frozenset({*PRIVATE, "list"})
"""Lists on which it matters who asks."""

INDEX_WAIT = timedelta(hours=1)
"""How long searches wait for papers that are not in the index yet: what is told once counts as told whole."""

_BY_THE_CLOCK = frozenset({"trending", "reader", "list", *PRIVATE})
"""Lists whose entries are told apart by the moment, and not by editions alone."""


def choice_for(subscription: Subscription, edition: str, now: datetime) -> Choice | None:
    """Return what an edition holds for a subscription, chosen now or before; None where there is nothing to say."""
    return _Chooser(now).choices([(subscription, edition)]).get(subscription.pk)


def choices_for(
    subscriptions: Sequence[Subscription], now: datetime, upto: Covered | None = None
) -> dict[int, Choice | None]:
    """Return what the editions hold that are due, by the primary keys of the subscriptions, with few queries a batch.

    A choice never holds a paper that the subscription was told of before. Subscriptions whose list cannot be asked
    now, as the search index does not answer, are left out. upto: how far papers have come at least, where it is noted
    already; so the batches of one run share their choices while papers come in.
    """
    return _Chooser(now, upto).choices([(one, schedule.edition_at(one, now)) for one in subscriptions])


def draft(subscription: Subscription, edition: str, now: datetime) -> Choice | None:
    """Return what an edition would hold now, without keeping it: its picks are in ``drafted``.

    The subscription need not be stored either.
    """
    chooser = _Chooser(now)
    asked = chooser.asked(subscription, edition)
    pool = chooser.pool(asked)
    if pool is None:
        return None
    told = had([subscription.pk], pool.papers, edition).get(subscription.pk, set()) if subscription.pk else set()
    made = chooser.make(asked, pool, told)
    if not made.picked:
        return None
    found = Choice(**made.columns)
    found.drafted = [Pick(paper=one.paper, place=place, why=one.why) for place, one in enumerate(made.picked)]
    return found


def waiting(subscriptions: Iterable[Subscription], now: datetime) -> set[int]:
    """Return which subscriptions should wait, by primary key: papers of the day are late, and may come yet.

    None waits longer than BROADSHEET_DIGEST_WAIT_HOURS after its moment.
    """
    longest = timedelta(hours=settings.DIGEST_WAIT)
    day = standing.expected_day(now)
    patient = {one.pk for one in subscriptions if _minds(one, day) and one.due and now < one.due + longest}
    return patient if patient and standing.standing(day, now).late else set()


def must_wait(subscription: Subscription, now: datetime) -> bool:
    """Tell whether one subscription should wait; for many ask ``waiting``."""
    return subscription.pk in waiting([subscription], now)


# --- How it is done ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Window:
    """One list from one moment on, as one reader may see it: what is chosen from. until: '' where it plays no part."""

    kind: str
    value: str
    reader: int | None
    least_votes: int
    day: date | None
    paper: int
    stamp: int
    until: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody is to be told. key: of the choice for all who were told of none of its papers before."""

    subscription: Subscription
    edition: str
    window: _Window
    key: str

    @property
    def since(self) -> dict[str, Any]:
        """Up to where the edition before went, ready for JSON: where nobody gets this one, it begins there again."""
        one = self.subscription
        return {
            "covered_day": one.covered_day.isoformat() if one.covered_day else None,
            "covered_paper": one.covered_paper,
            "covered_stamp": one.covered_stamp,
            "covered_until": one.covered_until.isoformat(),
        }


class _Chooser:
    """One look at all lists, up to one moment; what several choices need is read once."""

    def __init__(self, now: datetime, upto: Covered | None = None) -> None:
        self.now = now
        self.upto = upto or entries.covered_now(now)
        self.day = standing.expected_day(now)
        self.readings = Readings()
        self._arrival: standing.Standing | None = None
        self._weeks: dict[date, dict[str, Any]] = {}
        self._unasked: dict[_Window, str] = {}

    def choices(self, wanted: Sequence[tuple[Subscription, str]]) -> dict[int, Choice | None]:
        """Return the choice of each subscription and edition."""
        asked = [self.asked(subscription, edition) for subscription, edition in wanted]
        choices = self._get_or_make({one.key: one for one in asked})
        papers = papers_of(choices.values())
        again = _told_again(asked, {key: papers[choice.pk] for key, choice in choices.items()})
        keys = {one.subscription.pk: one.key for one in asked}
        if again:
            own = self._without_told(again)
            keys |= {pk: key for pk, (key, _) in own.items()}
            choices |= {key: choice for key, choice in own.values() if choice}
            papers = papers_of(choices.values())
        if self._unasked:
            log.warning(
                "%s lists cannot be told by mail now and are asked again: %s",
                len(self._unasked),
                next(iter(self._unasked.values())),
            )
        found = {pk: choices.get(key) for pk, key in keys.items()}
        unasked = {one.subscription.pk for one in asked if one.window in self._unasked}
        return {
            pk: choice if choice and papers[choice.pk] else None
            for pk, choice in found.items()
            if choice or pk not in unasked
        }

    def asked(self, subscription: Subscription, edition: str) -> _Asked:
        """Return what a subscription asks for, told apart from all that is not the same."""
        timed = subscription.kind in _BY_THE_CLOCK or bool(subscription.least_votes)
        window = _Window(
            subscription.kind,
            subscription.value,
            subscription.reader_id if subscription.kind in _OF_ONE_READER else None,
            subscription.least_votes,
            subscription.covered_day,
            subscription.covered_paper,
            subscription.covered_stamp,
            subscription.covered_until.isoformat() if timed else "",
        )
        after = (str(window.day), window.paper, window.stamp, window.until)
        told = (subscription.preferences, edition, window.reader, after)
        upto = (str(self.upto.day), self.upto.paper, self.upto.stamp, self.now.isoformat() if timed else "")
        early = self._minds_late(subscription)
        return _Asked(subscription, edition, window, _digest([told, upto, early]))

    def pool(self, asked: _Asked) -> Pool | None:
        """Return what there is to choose from; None where a list cannot be asked now, so that it is asked again."""
        one, window = asked.subscription, asked.window
        listed = Listing(window.kind, window.value)  # type: ignore[arg-type]  # checked when it was made
        covered = Covered(window.day, window.paper, one.covered_until, window.stamp)
        viewer = one.reader if window.reader else None
        if one.due and one.due <= self.now < one.due + INDEX_WAIT and self._lacking and _searches(one):
            self._unasked[window] = "the search index does not hold all papers yet"
            return None
        try:
            entered = entries.since(listed, covered, viewer=viewer, least_votes=window.least_votes)
        except BroadsheetError as error:
            self._unasked[window] = str(error)
            return None
        return Pool(entered, self.readings)

    def make(self, asked: _Asked, pool: Pool, had: Collection[int]) -> Made:
        """Choose. had: papers that are not told again."""
        picked, among = pool.pick(asked.subscription, had)
        facts: dict[str, Any] = {"chosen_from": among, "since": asked.since}
        if picked and asked.subscription.cadence == Cadence.WEEKLY and self.upto.day:
            facts["overview"] = self._week(self.upto.day)
        columns = {
            "preferences": asked.subscription.preferences,
            "edition": asked.edition,
            "early": self._arrived().sentence[:200] if self._minds_late(asked.subscription) else "",
            "facts": facts,
        }
        return Made(columns, picked)

    def _get_or_make(self, asked: Mapping[str, _Asked]) -> dict[str, Choice]:
        """Return the choices of some keys, those that are not there yet made and kept."""
        found = {choice.key: choice for choice in Choice.objects.filter(key__in=list(asked))}
        for several in _by_window(one for key, one in asked.items() if key not in found):
            pool = self.pool(several[0])
            if pool:
                found |= kept({one.key: self.make(one, pool, ()) for one in several})
        return found

    def _without_told(self, again: Sequence[_Asked]) -> dict[int, tuple[str, Choice | None]]:
        """Return key and choice of subscriptions that leave out what each was told of before, by primary key."""
        found: dict[int, tuple[str, Choice | None]] = {}
        for several in _by_window(again):
            pool = self.pool(several[0])
            if not pool:
                continue
            for one in several:
                pk = one.subscription.pk
                told = had([pk], pool.papers, one.edition).get(pk, set())
                key = _digest([one.key, sorted(told)])
                choice = Choice.objects.filter(key=key).first()
                found[pk] = key, choice or kept({key: self.make(one, pool, told)})[key]
        return found

    def _minds_late(self, subscription: Subscription) -> str:
        """Return how late the papers of the day are, where a subscription minds: part of what is told."""
        return self._arrived().state if _minds(subscription, self.day) and self._arrived().late else ""

    @cached_property
    def _lacking(self) -> bool:
        return upkeep.lacks_papers()

    def _arrived(self) -> standing.Standing:
        if self._arrival is None:
            self._arrival = standing.standing(self.day, self.now)
        return self._arrival

    def _week(self, last: date) -> dict[str, Any]:
        if last not in self._weeks:
            self._weeks[last] = overview.of_week(last)
        return self._weeks[last]


def _searches(subscription: Subscription) -> bool:
    """Tell whether the search index is asked for a list."""
    reader = subscription.reader if subscription.kind in PRIVATE else None
    return subscription.kind == "search" or bool(reader and follows.of(reader).filter(kind="search").exists())


def _minds(subscription: Subscription, day: date) -> bool:
    """Tell whether late papers of a day matter: of lists of the day, unless it was covered, and not once a week."""
    covered = subscription.covered_day is not None and subscription.covered_day >= day
    return subscription.kind in _OF_THE_DAY and subscription.cadence != Cadence.WEEKLY and not covered


def _by_window(asked: Iterable[_Asked]) -> Iterable[list[_Asked]]:
    """Return what is asked for list by list, so that no more than one list is held in memory."""
    found: defaultdict[_Window, list[_Asked]] = defaultdict(list)
    for one in asked:
        found[one.window].append(one)
    return found.values()


def _told_again(asked: Sequence[_Asked], papers: Mapping[str, set[int]]) -> list[_Asked]:
    """Return those who were told of a paper of their choice before. papers: of each choice, by its key."""
    by_edition: defaultdict[str, list[_Asked]] = defaultdict(list)
    for one in asked:
        if papers.get(one.key):
            by_edition[one.edition].append(one)
    again: list[_Asked] = []
    for edition, several in by_edition.items():
        held = set().union(*(papers[key] for key in {one.key for one in several}))
        told = had([one.subscription.pk for one in several], held, edition)
        again += [one for one in several if papers[one.key] & told.get(one.subscription.pk, set())]
    return again


def _digest(told: object) -> str:
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:40]
