"""What came of a replay: the product's tables compared with the story that was told, and a table of its days.

All of it is plain data once it is made, so that what is asked of it needs no database.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from tests.replay.replay_papers import OURS, Made
from tests.replay.replay_run import Played, Seen, play, prepared, run_due, subscribe, timetable
from tests.replay.replay_story import Story, at
from tests.replay.replay_world import usual

from broadsheet import pipeline, places
from broadsheet.ledger.models import Announcement
from broadsheet.mail.models import Delivery, Progress
from broadsheet.papers import harvests
from broadsheet.papers.models import Paper, Version
from broadsheet.work.models import JobRun


@dataclass(frozen=True)
class Mailed:
    """One digest that was sent. day: the newest listing announced by then. missing: so many of it were not here yet.

    early: what the digest says is missing.
    """

    at: datetime
    to: str
    edition: str
    weekly: bool
    day: date
    missing: int
    early: str


@dataclass(frozen=True)
class Row:
    """A row of the ledger. history: (moment, state, received, expected) at each change."""

    day: date
    state: str
    received: int
    expected: int | None
    history: tuple[tuple[datetime, str, int, int | None], ...]

    def states(self) -> list[str]:
        """Return the states it was in, each once for as long as it lasted."""
        told = [state for _, state, _, _ in self.history]
        return [state for place, state in enumerate(told) if place == 0 or told[place - 1] != state]

    def at(self, moment: datetime) -> str:
        """Return the state it was in at a moment; '' before it was there."""
        return next((state for since, state, _, _ in reversed(self.history) if since <= moment), "")

    def complete_since(self) -> datetime | None:
        """Return since when it has been complete."""
        found = None
        for since, state, _, _ in reversed(self.history):
            if state != "complete":
                break
            found = since
        return found


@dataclass(frozen=True)
class Outcome:
    """What came of a story. wrong_*: a line for each thing that is not as arXiv has it; empty when all is well."""

    story: Story
    papers: int
    wrong_papers: list[str]
    wrong_texts: list[str]
    too_near: list[str]
    requests: dict[date, Counter[str]]
    rows: dict[date, Row]
    mailed: list[Mailed]
    seen: list[Seen]
    found: dict[str, datetime]
    unmet: list[str]
    runs: dict[str, int]
    failures: list[str]

    def table(self) -> str:
        """Return the days as a Markdown table."""
        lines = [
            "| day | what went wrong | states in the ledger | complete (UTC) | papers | requests | early mails |",
            "|---|---|---|---|---|---|---|",
        ]
        for day in sorted({*self.story.days, *self.story.holidays}):
            row = self.rows.get(day)
            states = ", ".join(row.states()) if row else "none"
            since = row.complete_since() if row else None
            complete = f"{since:%d %b %H:%M}" if since else ""
            early = sum(bool(one.early) for one in self.mailed if one.day == day)
            wrong = self.story.told.get(day, "holiday" if day in self.story.holidays else "")
            number = sum(self.requests.get(day, Counter()).values())
            received = row.received if row else 0
            lines.append(f"| {day:%a %d %b} | {wrong} | {states} | {complete} | {received} | {number} | {early} |")
        return "\n".join(lines)


def replayed(story: Story, home: Path, page: int) -> Outcome:
    """Play a story to its end, from a first harvest of what came before it, and return what came of it."""
    with prepared(story, home, page) as played:
        fill(story)
        entries = timetable()
        play(played, lambda: run_due(entries, played.clock))
        return outcome(played)


def fill(story: Story) -> None:
    """Take in what came before a story, and have its readers."""
    for place in harvests.places(since=story.before[0]):
        opened = places.open_place(place)
        pipeline.take_in(opened.source, place=place, fingerprint=opened.fingerprint)
    subscribe(story)


def outcome(played: Played) -> Outcome:
    """Read what came of a story from the product's tables."""
    runs = Counter(JobRun.objects.values_list("job__name", flat=True))
    failed = JobRun.objects.filter(ok=False).select_related("job").order_by("started")
    return Outcome(
        story=played.story,
        papers=Paper.objects.count(),
        wrong_papers=_wrong_papers(played),
        wrong_texts=_wrong_texts(played),
        too_near=_too_near(played),
        requests=_requests(played),
        rows=_rows(),
        mailed=_mailed(played),
        seen=played.seen,
        found=dict(Paper.objects.filter(key__in=_absent(played.story)).values_list("key", "added")),
        unmet=[f"{one.door} {one.since}: {one.hit} of {one.times}" for one in played.site.faults if not one.hit],
        runs=dict(runs),
        failures=[f"{run.started:%d %b %H:%M} {run.job.name}: {run.result}" for run in failed],
    )


def _wrong_papers(played: Played) -> list[str]:
    """Return a line for each paper that is missing, here without belonging here, or under a wrong day."""
    here = {paper.key: paper for paper in Paper.objects.all()}
    known = {one.id: one for one in played.story.papers}
    found = [f"{one.id} of {one.day} is missing" for one in played.story.ours() if one.id not in here]
    for key, paper in here.items():
        if key not in known:
            found.append(f"{key} came from nowhere")
        elif paper.day != known[key].day:
            found.append(f"{key} of {known[key].day} stands under {paper.day}")
        elif paper.same_as_id:
            found.append(f"{key} was taken for another paper")
    return found


def _wrong_texts(played: Played) -> list[str]:
    """Return a line for each paper whose title, version, withdrawal or earlier titles are not arXiv's."""
    earlier = set(Version.objects.values_list("paper__key", flat=True))
    here = Paper.objects.in_bulk([one.id for one in played.story.ours()], field_name="key")
    found = []
    for one in played.story.ours():
        paper = here.get(one.id)
        if paper is None or "oai" in one.absent:
            continue
        last, first = one.texts[-1], one.texts[0]
        if paper.title.split() != last.title.split() or paper.version != len(one.texts):
            found.append(f"{one.id} v{len(one.texts)} {last.title!r} is v{paper.version} {paper.title!r} here")
        if bool(paper.withdrawn) != (last.withdrawn or bool(one.deleted)):
            found.append(f"{one.id} is withdrawn here: {paper.withdrawn}")
        if last.title != first.title and one.id not in earlier:
            found.append(f"{one.id} has lost its earlier title")
    return found


def _too_near(played: Played, delay: float = 3.0) -> list[str]:
    """Return a line for each two requests with less than the delay between them, whatever door they went to."""
    moments = sorted(one.at for one in played.site.asked)
    least = timedelta(seconds=delay)
    return [f"{later} after {earlier}" for earlier, later in pairwise(moments) if later - earlier < least]


def _requests(played: Played) -> dict[date, Counter[str]]:
    found: dict[date, Counter[str]] = defaultdict(Counter)
    for one in played.site.asked:
        found[one.at.date()][one.door] += 1
    return dict(found)


def _rows() -> dict[date, Row]:
    return {
        row.day: Row(
            row.day,
            row.state,
            row.received,
            row.expected,
            tuple((datetime.fromisoformat(at), state, came, due) for at, state, came, due in row.history),
        )
        for row in Announcement.objects.filter(category="")
    }


def _mailed(played: Played) -> list[Mailed]:
    added = dict(Paper.objects.values_list("key", "added"))
    by_day: defaultdict[date, list[Made]] = defaultdict(list)
    for one in played.story.papers:
        if set(OURS) & set(one.categories) and not one.absent:
            by_day[one.day].append(one)
    days = [*played.story.before, *played.story.days]
    found = []
    rows = Delivery.objects.filter(progress=Progress.SENT).select_related("choice", "subscription").order_by("taken")
    for row in rows:
        day = max(day for day in days if usual(day) <= row.taken)
        missing = sum(one.id not in added or added[one.id] > row.taken for one in by_day[day])
        weekly = row.subscription.cadence == "weekly"
        found.append(Mailed(row.taken, row.subscription.address, row.edition, weekly, day, missing, row.choice.early))
    return found


def _absent(story: Story) -> Sequence[str]:
    return [*story.hidden, *story.out_of_feed]


def states_at(outcome: Outcome, hour: int) -> dict[date, str]:
    """Return the state that each watched day was in at an hour of that day, by UTC."""
    return {day: outcome.rows[day].at(at(day, hour)) if day in outcome.rows else "" for day in outcome.story.days}


def sent_twice(mailed: Iterable[Mailed]) -> list[tuple[str, str]]:
    """Return who got which edition more than once."""
    return [key for key, number in Counter((one.to, one.edition) for one in mailed).items() if number > 1]
