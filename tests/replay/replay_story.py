"""The two stories that are replayed: which papers come on which days, and what goes wrong when. Data only."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from tests.arxiv_site import doubled, token_dies
from tests.replay.replay_papers import EASTERN, OURS, Made, lead_on, listing_days, shared, twin
from tests.replay.replay_site import Fault, busy_for, cut_short, dripping, too_many
from tests.replay.replay_world import Edition, World, usual

HOUR = timedelta(hours=1)


@dataclass
class Story:
    """What happens. days: the listings that are watched; those before are here already when it begins.

    holidays: weekdays without a listing. away: spans in which this site is down. down: those in which arXiv is.
    told: what is wrong on a day, in words for the table. late, halves: until when a day is late, or half.
    hidden: ids that no list and no feed ever shows; out_of_feed: those that OAI-PMH alone does.
    """

    days: list[date]
    before: list[date]
    papers: list[Made]
    holidays: list[date] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    away: list[tuple[datetime, datetime]] = field(default_factory=list)
    down: list[tuple[datetime, datetime]] = field(default_factory=list)
    told: dict[date, str] = field(default_factory=dict)
    late: dict[date, datetime] = field(default_factory=dict)
    halves: dict[date, datetime] = field(default_factory=dict)
    stale: dict[date, datetime] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    out_of_feed: list[str] = field(default_factory=list)

    @property
    def start(self) -> datetime:
        """The noon before the first day."""
        return at(self.days[0] - timedelta(days=1), 16)

    @property
    def end(self) -> datetime:
        """The evening of the last day, before arXiv announces the next."""
        return at(self.days[-1], 17, 30)

    def world(self) -> World:
        """Return what arXiv shows of it."""
        editions = []
        for day in [*self.before, *self.days]:
            edition = Edition(day, self.late.get(day, usual(day)), self.halves.get(day), self.stale.get(day))
            editions.append(edition)
        return World(self.papers, editions)

    def ours(self) -> list[Made]:
        """Return the papers of the watched days that belong here."""
        first = self.days[0]
        return [one for one in self.papers if one.day >= first and one.is_ours()]

    def hide(self, day: date, number: int) -> None:
        """Hide a row of ids in the midst of a day from every list and feed, and one paper from feed and searches."""
        of_day = [one for one in self.papers if one.day == day]
        first = of_day[len(of_day) // 4].id
        row = {f"{first[:5]}{int(first[5:]) + place:05}" for place in range(number)}
        for one in self.papers:
            if one.id in row:
                one.absent = frozenset({"api", "oai", "rss"})
                if one.is_ours():
                    self.hidden.append(one.id)
        late = next(one for one in of_day[len(of_day) // 2 :] if set(OURS) & set(one.categories) and not one.absent)
        late.absent = frozenset({"rss", "api"})
        self.out_of_feed.append(late.id)
        self._say(day, f"{number} ids in a row in no list at all, one paper in OAI-PMH alone")

    def breaks(self, day: date, said: str, *faults: Fault) -> None:
        """Have requests of a day go wrong."""
        self.faults += faults
        self._say(day, said)

    def _say(self, day: date, said: str) -> None:
        self.told[day] = f"{self.told[day]}; {said}" if day in self.told else said


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a moment in UTC."""
    return datetime.combine(day, time(hour, minute), UTC)


def short() -> Story:
    """Return six listings of made-up papers around Thanksgiving of 2025, with most of what can go wrong."""
    holiday = date(2025, 11, 28)
    before = listing_days(date(2025, 11, 10), date(2025, 11, 24))
    days = listing_days(date(2025, 11, 25), date(2025, 12, 3), [holiday])
    papers = twin([*before, *days], 20)
    lead_on(papers, [*before, *days])
    story = Story(days, before, papers, [holiday])
    tuesday, wednesday, thursday, monday, second, last = days
    story.breaks(
        tuesday,
        "503 with Retry-After, slow drip, ids sent twice",
        Fault("rss", at(tuesday, 4), busy_for(120), times=2),
        Fault("oai", at(tuesday, 0), dripping(0.01)),
        Fault("oai", at(tuesday, 0), doubled),
    )
    story.halves[wednesday] = at(wednesday, 12)
    story.breaks(wednesday, "half a batch until 12:00", Fault("oai", at(wednesday, 0), cut_short, times=2))
    story.stale[thursday] = at(thursday, 12)
    story.breaks(
        thursday,
        "yesterday's feed until 12:00, tokens die",
        Fault("oai", at(thursday, 0), token_dies, times=2, tokens=True),
        Fault("rss", at(thursday, 5), cut_short),
    )
    story.hide(thursday, 6)
    story.late[monday] = at(monday, 15)
    story.breaks(monday, "announced at 15:00, 14 hours late", Fault("api", at(monday, 0), too_many))
    story.away.append((at(monday, 23), at(second, 23, 30)))
    story.breaks(second, "this site is down all day")
    story.papers[3].touched.append(last)
    return story


def long(file: Path) -> Story:
    """Return thirty listings of real papers, from 20 October to 1 December 2025."""
    holiday = date(2025, 11, 28)
    before = listing_days(date(2025, 9, 22), date(2025, 10, 17))
    days = listing_days(date(2025, 10, 20), date(2025, 12, 1), [holiday])
    papers = shared(file, [*before, *days])
    lead_on(papers, [*before, *days])
    story = Story(days, before, papers, [holiday])
    _break_first_weeks(story, days)
    _break_last_weeks(story, days)
    return story


def _break_first_weeks(story: Story, days: Sequence[date]) -> None:
    story.breaks(
        days[1],
        "503 with Retry-After",
        Fault("rss", at(days[1], 4), busy_for(120), times=2),
        Fault("oai", at(days[1], 0), busy_for(600)),
    )
    story.stale[days[2]] = at(days[2], 13, 30)
    story.breaks(days[2], "yesterday's feed until 13:30")
    story.halves[days[4]] = at(days[4], 11)
    story.breaks(days[4], "half a batch until 11:00")
    story.breaks(days[6], "tokens die", Fault("oai", at(days[6], 0), token_dies, times=8, tokens=True))
    story.breaks(
        days[7],
        "XML breaks off",
        Fault("rss", at(days[7], 4), cut_short, times=2),
        Fault("oai", at(days[7], 0), cut_short, times=4),
    )
    story.breaks(
        days[8], "slow drip", Fault("rss", at(days[8], 4), dripping(0.02)), Fault("oai", at(days[8], 0), dripping(0.02))
    )
    story.breaks(days[9], "ids sent twice", Fault("oai", at(days[9], 0), doubled, times=4))
    story.breaks(days[10], "clocks went back the day before")
    story.late[days[11]] = at(days[11], 14)
    story.breaks(days[11], "announced at 14:00, 13 hours late")
    story.away.append((at(days[12], 22), at(days[14], 2)))
    story.breaks(days[13], "this site is down all day")
    story.stale[days[14]] = at(days[14], 12)
    story.breaks(days[14], "the day's own feed only from 12:00")


def _break_last_weeks(story: Story, days: Sequence[date]) -> None:
    story.hide(days[15], 40)
    story.down.append((at(days[17], 3), at(days[17], 9)))
    story.breaks(days[17], "arXiv answers 502 from 03:00 to 09:00", Fault("rss", at(days[17], 9), too_many))
    old = [one for one in story.papers if one.day in story.before[:3]][:300]
    for one in old:
        one.touched.append(days[19])
    story.breaks(days[19], f"{len(old)} old datestamps move, nothing changed")
    gone = next(one for one in story.ours() if one.day == days[18])
    gone.deleted = days[20]
    story.breaks(days[20], "a paper is deleted")
    story.halves[days[22]] = at(days[22], 12)
    story.breaks(days[22], "half a batch until 12:00")
    story.breaks(days[24], "503, to be left alone for three hours", Fault("rss", at(days[24], 4), busy_for(3 * 3600)))
    _flood(story, days[26])
    story.hide(days[27], 40)


def _flood(story: Story, day: date) -> None:
    """Have so many new versions come on a day that one feed of 2,000 does not hold all."""
    until = datetime.combine(day - timedelta(days=1), time(12), EASTERN).astimezone(UTC)
    first = day - timedelta(days=2)
    for place, one in enumerate([one for one in story.papers if one.day < first and one.texts[-1].day < day][:2200]):
        if all(text.day < day for text in one.texts):
            last = one.texts[-1]
            one.texts.append(replace(last, day=day, submitted=until - place * timedelta(seconds=9)))
    story._say(day, "more than 2,000 in the feed")
