"""The papers of a replay, and what arXiv says of each when: real ones of the shared data, or a small made-up twin.

On which moments that is shown lives in ``replay_world``; nothing of the product is imported here, so that a calendar or
a reading that is wrong in the product is not wrong in the same way here.
"""

import json
import lzma
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
OURS = ["cs.AI", "cs.CL", "cs.CV", "cs.LG", "stat.ML"]
WORDS = ["quiet", "sparse", "latent", "causal", "neural", "robust", "modular", "fluent", "dense", "remote", "shallow"]
THINGS = ["graphs", "sentences", "images", "robots", "proofs", "agents", "markets", "circuits", "melodies", "atlases"]
DOINGS = ["sorting", "weighing", "folding", "tracing", "guessing", "naming", "planning", "mending", "counting"]


@dataclass(frozen=True, slots=True)
class Text:
    """One version of a paper. day: of the listing that announces it."""

    day: date
    submitted: datetime
    title: str
    abstract: str
    comment: str = ""
    withdrawn: bool = False


@dataclass(slots=True)
class Made:
    """One paper, with all that will become of it.

    crosses: (day, category) of later cross-lists. touched: days on which its datestamp moves though nothing changed.
    deleted: the day from which arXiv says that it is deleted. absent: doors that never show it of themselves.
    half: the half of its edition it is in, 0 or 1.
    """

    id: str
    authors: list[str]
    categories: list[str]
    texts: list[Text]
    crosses: list[tuple[date, str]] = field(default_factory=list)
    touched: list[date] = field(default_factory=list)
    deleted: date | None = None
    absent: frozenset[str] = frozenset()
    half: int = 0

    @property
    def day(self) -> date:
        """The day of its first listing."""
        return self.texts[0].day

    def is_ours(self) -> bool:
        """Whether it is ever in one of the categories that are taken in."""
        return bool(set(OURS) & {*self.categories, *(name for _, name in self.crosses)})


def cut_off(listing: date) -> datetime:
    """Return until when papers are submitted that a listing carries, were it held as usual."""
    before = listing - timedelta(days=3 if listing.weekday() == 0 else 1)
    return datetime.combine(before, time(14), EASTERN).astimezone(UTC)


def windows(days: Sequence[date]) -> dict[date, tuple[datetime, datetime]]:
    """Return between which moments the papers of each listing are submitted; a day left out goes to the next one."""
    found = {}
    before = cut_off(days[0]) - timedelta(days=1)
    for day in days:
        found[day] = (before, cut_off(day))
        before = cut_off(day)
    return found


def listing_days(first: date, last: date, holidays: Iterable[date] = ()) -> list[date]:
    """Return the weekdays of a span without the holidays."""
    off = set(holidays)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5 and day not in off]


def twin(days: Sequence[date], per_day: int = 10) -> list[Made]:
    """Return made-up papers, so many for each listing; every fifth is of a category that is not taken in."""
    choose = random.Random(7)
    found: list[Made] = []
    for day, (since, until) in windows(days).items():
        start = sum(one.day.month == day.month for one in found)
        for place in range(per_day):
            submitted = since + (until - since) * (place + 0.5) / per_day
            title = f"{choose.choice(DOINGS)} {choose.choice(WORDS)} {choose.choice(THINGS)} {start + place}"
            abstract = f"We study {title} with care, and measure it {choose.randrange(100, 999)} times."
            home = "quant-ph" if place % 5 == 4 else choose.choice(OURS)
            also = [choose.choice(OURS)] if place % 3 == 0 and home in OURS else []
            text = Text(day, submitted.replace(microsecond=0), title.capitalize(), abstract, "9 pages")
            name = f"{day:%y%m}.{start + place + 1:05}"
            found.append(Made(name, ["A. Example", "B. Sample"], list(dict.fromkeys([home, *also])), [text]))
    return _halved(found)


def shared(file: Path, days: Sequence[date]) -> list[Made]:
    """Return the real papers of some listings. What was listed on a day without one goes to the next."""
    by_day: dict[date, list[dict[str, object]]] = {day: [] for day in days}
    for row in _rows(file):
        listed = date.fromisoformat(str(row["first_listed"]))
        day = next((day for day in days if day >= listed), None)
        if day and listed > days[0] - timedelta(days=3):
            by_day[day].append(row)
    found = []
    for day, (since, until) in windows(days).items():
        rows = sorted(by_day[day], key=lambda row: str(row["id"]))
        for place, row in enumerate(rows):
            submitted = (since + (until - since) * (place + 0.5) / len(rows)).replace(microsecond=0)
            text = Text(day, submitted, str(row["title"]), str(row["abstract"]), str(row.get("comment") or ""))
            found.append(Made(str(row["id"]), list(row["authors"]), list(row["categories"]), [text]))  # type: ignore[call-overload]
    return _halved(found)


def _rows(file: Path) -> Iterator[dict[str, object]]:
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        seen = set()
        for line in lines:
            row = json.loads(line)
            if row.get("categories") and row.get("first_listed") and row["id"] not in seen:
                seen.add(row["id"])
                yield row


def _halved(papers: list[Made]) -> list[Made]:
    """Note the half of its edition each paper is in."""
    by_day: dict[date, list[Made]] = {}
    for one in papers:
        by_day.setdefault(one.day, []).append(one)
    for several in by_day.values():
        for place, one in enumerate(several):
            one.half = int(place >= len(several) / 2)
    return papers


def lead_on(papers: list[Made], days: Sequence[date], *, replaced: float = 0.25, crossed: float = 0.08) -> None:
    """Make up what becomes of papers on some days: new versions, some with another title, withdrawals, cross-lists.

    replaced, crossed: so many of them a day, as a share of the day's new papers.
    """
    choose = random.Random(11)
    spans = windows(days)
    for day in days[1:]:
        since, until = spans[day]
        before = [one for one in papers if one.day < day and len(one.texts) < 4 and not one.texts[-1].withdrawn]
        number = sum(one.day == day for one in papers)
        # Real ids are drawn in their order, so that the same story is told each time.
        for place, one in enumerate(choose.sample(before, min(len(before), max(1, round(number * replaced))))):
            moment = (since + (until - since) * choose.random()).replace(microsecond=0)
            one.texts.append(_next_text(one, day, moment, place))
        for one in choose.sample(before, min(len(before), max(1, round(number * crossed)))):
            known = {*one.categories, *(name for _, name in one.crosses)}
            others = [name for name in OURS if name not in known]
            if others and not set(OURS).isdisjoint(known):
                one.crosses.append((day, choose.choice(others)))


def _next_text(one: Made, day: date, moment: datetime, place: int) -> Text:
    last = one.texts[-1]
    if place % 40 == 7:
        told = "This paper has been withdrawn by the authors due to an error in Section 2"
        return Text(day, moment, last.title, last.abstract, told, withdrawn=True)
    title = f"{last.title}, Revised" if place % 10 == 3 else last.title
    return Text(day, moment, title, f"{last.abstract} This version mends a proof.", last.comment)
