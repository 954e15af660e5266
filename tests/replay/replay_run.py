"""Plays a story: the product's own timetable runs against the imitation of arXiv, by the clock of the story.

What came of it is read from the product's tables, in ``replay_outcome``.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone
from tests.mail_rows import subscription
from tests.replay.replay_clock import MovableClock
from tests.replay.replay_papers import OURS
from tests.replay.replay_site import ReplaySite
from tests.replay.replay_story import Story

from broadsheet import jobs
from broadsheet.ledger import standing
from broadsheet.sources.arxiv_calendar import expected_day
from broadsheet.work import actions, gates
from broadsheet.work.running import Running
from broadsheet.work.timetable import Entry

OFTEN, SELDOM = timedelta(minutes=30), timedelta(hours=2)
"""The steps of the clock between two looks at what is due, while a day is awaited and once it is complete."""

LEASE = timedelta(days=2)
"""A job counts as held for so long: signs of life are given by a thread that knows nothing of the story's clock."""

JOBS = ("news", "harvest", "reread", "gaps", "ledger", "digests", "tidy")
"""The jobs of the timetable that a replay runs: those that bring papers, judge what came, and mail it."""


@dataclass
class Seen:
    """What the site said at a moment: of which day, its state, and the line on the front page."""

    at: datetime
    day: Any
    state: str
    line: str


@dataclass
class Played:
    """A story that was played, and what was seen on the way."""

    story: Story
    site: ReplaySite
    clock: MovableClock
    seen: list[Seen] = field(default_factory=list)


@contextmanager
def prepared(story: Story, home: Path, page: int) -> Iterator[Played]:
    """Serve a story, point the product at it, and let the product sleep by the clock of the story."""
    with MovableClock(story.start) as clock, pytest.MonkeyPatch.context() as patch:
        site = ReplaySite(story.world(), clock, page=page)
        site.faults, site.down = story.faults, story.down
        # The one thing that is changed of the product: whoever waits at a gate moves the clock instead.
        patch.setitem(gates.gate.__kwdefaults__, "sleep", clock.sleep)
        patch.setitem(gates.gate.__kwdefaults__, "clock", clock.time)
        told = {
            "OFFLINE": False,
            "HOME": home,
            "CATEGORIES": OURS,
            "SEND_DIGESTS": True,
            "ENRICH": ["none"],
            "ARXIV_API": site.address("api"),
            "ARXIV_OAI": site.address("oai"),
            "ARXIV_RSS": site.address("rss"),
        }
        with override_settings(**told):
            yield Played(story, site, clock)
        site.close()


def subscribe(story: Story) -> None:
    """Have four readers: of the day early, in the morning and in the afternoon, and of the week."""
    first = story.start
    for name, hour in (("ada", 5), ("bo", 8), ("mo", 15)):
        subscription(f"{name}@example.org", "day", cadence="daily", hour=hour, due=first, covered_until=first)
    subscription("al@example.org", "new", cadence="weekly", hour=9, due=first, covered_until=first)


def timetable() -> list[Entry]:
    """Return the product's own timetable, as far as it brings papers, judges what came, and mails it."""
    return [entry for entry in jobs.standing() if entry.name in JOBS]


def run_due(entries: Sequence[Entry], clock: MovableClock) -> None:
    """Take and run what is due, through the doors by which the product's own runner does, on this thread."""
    by_name = {entry.name: entry for entry in entries}
    actions.settle(entries, timezone.now())
    for name in actions.due(list(by_name), timezone.now()):
        held = actions.take(name, timezone.now(), LEASE)
        if held is not None:
            Running(by_name[name], held, lambda: False).carry_out()
            clock.sleep(1)


def play(played: Played, look_due: Callable[[], None], until: datetime | None = None) -> None:
    """Look for what is due, step by step, until the story ends, or a moment; while this site is down nothing runs."""
    clock, story = played.clock, played.story
    while clock.now() < (until or story.end):
        for since, back in story.away:
            if since <= clock.now() < back:
                clock.to(back)
        look_due()
        seen = look(clock.now())
        played.seen.append(seen)
        clock.to(clock.now() + (SELDOM if seen.state == "complete" else OFTEN))


def look(now: datetime) -> Seen:
    """Return what the site says at a moment."""
    row = standing.kept(expected_day(now))
    return Seen(now, expected_day(now), row.state if row else "", standing.front_line(now))
