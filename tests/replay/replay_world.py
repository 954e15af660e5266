"""What arXiv shows of the papers of a replay at each moment, by its doors: API, OAI-PMH and the feed of the day.

How that is asked for over HTTP lives in ``replay_site``. Every moment here is one of the simulated time.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from tests.arxiv_site import MadeUp
from tests.replay.replay_papers import EASTERN, Made

Door = Literal["api", "oai", "rss"]
DOORS: tuple[Door, ...] = ("api", "oai", "rss")
MOST_ITEMS = 2000


@dataclass(frozen=True, slots=True)
class Edition:
    """One listing. announced: when arXiv does, 20:00 in New York the evening before unless it is late.

    whole_at: until then every door shows its first half only. stale_until: until then the feed holds the day before.
    """

    day: date
    announced: datetime
    whole_at: datetime | None = None
    stale_until: datetime | None = None

    def out(self, door: Door, half: int) -> datetime:
        """Return when a door shows a half of it."""
        if door == "api":
            moment = self.announced + timedelta(minutes=30)
        elif door == "oai":
            moment = self.announced + timedelta(minutes=150)
        else:
            midnight = datetime.combine(self.day, time(), EASTERN).astimezone(UTC)
            moment = max(midnight, self.announced + timedelta(minutes=30), self.stale_until or midnight)
        return max(moment, self.whole_at) if half and self.whole_at else moment


def usual(day: date) -> datetime:
    """Return when a listing is announced as a rule, in UTC."""
    return datetime.combine(day - timedelta(days=1), time(20), EASTERN).astimezone(UTC)


class World:
    """All papers and editions; answers what is shown when."""

    def __init__(self, papers: Sequence[Made], editions: Sequence[Edition]) -> None:
        self.papers = list(papers)
        self.by_id = {one.id: one for one in papers}
        self.editions = {edition.day: edition for edition in editions}
        self._stamped: defaultdict[date, set[str]] = defaultdict(set)
        self._listed: defaultdict[date, list[tuple[str, Made]]] = defaultdict(list)
        self._newest = sorted(papers, key=lambda one: (one.texts[0].submitted, one.id), reverse=True)
        for one in papers:
            self._note(one)
        self._stages = {
            door: sorted({edition.out(door, half) for edition in editions for half in (0, 1)}) for door in DOORS
        }
        self._kept: dict[tuple[object, ...], list[Made]] = {}

    def _note(self, one: Made) -> None:
        for place, text in enumerate(one.texts):
            self._listed[text.day].append(("replace" if place else "new", one))
        for day, _ in one.crosses:
            self._listed[day].append(("cross", one))
        for day in self._days(one):
            self._stamped[self.out(one, day, "oai").date()].add(one.id)

    @staticmethod
    def _days(one: Made) -> list[date]:
        days = [text.day for text in one.texts] + [day for day, _ in one.crosses] + one.touched
        return [*days, one.deleted] if one.deleted else days

    def out(self, one: Made, day: date, door: Door) -> datetime:
        """Return when a door shows what became of a paper on a day."""
        return self.editions[day].out(door, one.half if one.day == day else 0)

    def is_out(self, one: Made, now: datetime, door: Door) -> bool:
        """Whether a door knows a paper, asked for by its id."""
        return self.out(one, one.day, door) <= now

    def stamp(self, one: Made, now: datetime) -> date:
        """Return the day of a paper's last change that OAI-PMH knows of."""
        return max(moment.date() for day in self._days(one) if (moment := self.out(one, day, "oai")) <= now)

    def shown(self, one: Made, now: datetime, door: Door, kind: str = "new") -> MadeUp:
        """Return a paper as a door shows it now."""
        texts = [text for text in one.texts if self.out(one, text.day, door) <= now]
        last = texts[-1]
        return MadeUp(
            id=one.id,
            changed=self.stamp(one, now) if door == "oai" else last.day,
            versions=[text.submitted for text in texts],
            title=last.title,
            authors=", ".join(one.authors),
            categories=" ".join(self.categories(one, now, door)),
            deleted=bool(one.deleted and self.out(one, one.deleted, "oai") <= now),
            withdrawn=last.withdrawn,
            kind=kind,
            abstract=last.abstract,
            comment=last.comment or "9 pages",
        )

    def categories(self, one: Made, now: datetime, door: Door) -> list[str]:
        """Return a paper's categories with the cross-lists that a door knows of."""
        more = [name for day, name in one.crosses if self.out(one, day, door) <= now]
        return [*one.categories, *more]

    def changed(self, since: date, until: date, group: str, now: datetime) -> list[Made]:
        """Return the papers of a set whose last change lies between two days, in the order of their datestamps."""
        found = []
        day = since
        while day <= min(until, now.date()):
            for key in sorted(self._stamped.get(day, ())):
                one = self.by_id[key]
                if "oai" not in one.absent and self.is_out(one, now, "oai") and self.stamp(one, now) == day:
                    found.append(one)
            day += timedelta(days=1)
        return [one for one in found if _in_set(self.categories(one, now, "oai"), group)]

    def feed(self, names: Sequence[str], now: datetime) -> tuple[date, list[MadeUp]]:
        """Return the date that the feed bears and what it holds: nothing on a day without a listing."""
        today = now.astimezone(EASTERN).date()
        if today not in self.editions:
            return today, []
        days = sorted(self.editions)
        edition = self.editions[today]
        if edition.out("rss", 0) > now:
            # The batch of the day before, under today's date: as it was whole.
            edition = self.editions[days[max(0, days.index(today) - 1)]]
        wanted = set(names)
        found = []
        for kind, one in self._listed[edition.day]:
            if "rss" in one.absent or self.out(one, edition.day, "rss") > now:
                continue
            categories = self.categories(one, now, "rss")
            if wanted & set(categories):
                named = kind if kind != "new" or categories[0] in wanted else "cross"
                found.append(self.shown(one, now, "rss", named))
        return today, sorted(found, key=lambda one: one.id)[:MOST_ITEMS]

    def newest(self, names: frozenset[str], since: datetime, until: datetime, now: datetime) -> list[Made]:
        """Return what a search of the API finds, by when it was submitted, newest first."""
        key = ("api", bisect_right(self._stages["api"], now), names, since, until)
        if key not in self._kept:
            if len(self._kept) > 50:
                self._kept.clear()
            self._kept[key] = [
                one
                for one in self._newest
                if since <= one.texts[0].submitted <= until
                and "api" not in one.absent
                and self.is_out(one, now, "api")
                and (not names or names & set(self.categories(one, now, "api")))
            ]
        return self._kept[key]


def _in_set(categories: Sequence[str], group: str) -> bool:
    """Whether a set as OAI-PMH writes it (cs, cs:cs:LG, physics:quant-ph, '' for all) holds a paper."""
    if not group:
        return True
    parts = group.split(":")
    if len(parts) == 3:
        return f"{parts[1]}.{parts[2]}" in categories
    return any(name.split(".")[0] == parts[-1] for name in categories)
