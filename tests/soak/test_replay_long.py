"""Thirty listings of real papers are replayed with all that can go wrong; prints the table of docs/ledger.md."""

import time

import pytest
from tests.replay.replay_outcome import replayed, sent_twice
from tests.replay.replay_story import at, long

pytestmark = pytest.mark.soak

MOST_REQUESTS = 120


@pytest.mark.django_db
def test_thirty_days_of_real_papers(shared_data, tmp_path):
    story = long(shared_data("papers-2025-2026.jsonl.xz"))
    began = time.monotonic()
    told = replayed(story, tmp_path, page=500)
    days = story.days
    asked = [sum(told.requests[day].values()) for day in days if day not in story.told]
    print(f"\n{told.table()}\n")
    print(f"{len(days)} listings, {told.papers:,} papers here, {len(story.ours()):,} of them announced in these days")
    print(f"{len(told.mailed)} digests, {sum(bool(one.early) for one in told.mailed)} of them say that they are early")
    print(f"{min(asked)} to {max(asked)} requests on a day on which nothing went wrong; {told.runs}")
    print(f"{time.monotonic() - began:.0f} s; failed runs: {told.failures}")
    assert told.wrong_papers == []
    assert told.wrong_texts == []
    assert told.unmet == []
    assert told.too_near == []
    assert {day: told.rows[day].state for day in days} == dict.fromkeys(days, "complete")
    down = {since.date() for since, _ in story.away} | {until.date() for _, until in story.away} | {days[13]}
    assert {day for day in days if "late" in told.rows[day].states()} - down == {*story.late}
    for day, until in story.halves.items():
        assert told.rows[day].at(at(day, 9)) == "partial"
        assert told.rows[day].complete_since() >= until
    assert all(told.rows[day].state == "holiday" for day in story.holidays)
    daily = [one for one in told.mailed if not one.weekly]
    assert [one for one in daily if one.missing and not one.early] == []
    assert [one for one in daily if one.early and not one.missing] == []
    assert sent_twice(told.mailed) == []
    assert max(asked) <= MOST_REQUESTS, "docs/ledger.md tells how many there are"
    assert set(told.found) == {*story.hidden, *story.out_of_feed}
