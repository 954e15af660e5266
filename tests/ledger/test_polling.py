"""When arXiv is asked next: nothing on quiet days, often after an announcement, and ever more seldom."""

from datetime import datetime, timedelta

import pytest

from broadsheet.ledger.polling import Seen, next_look
from broadsheet.sources import arxiv_calendar


def utc(text):
    return datetime.fromisoformat(f"{text}+00:00")


NEXT = utc("2026-11-23T01:00")  # Sunday evening


@pytest.mark.parametrize(
    ("now", "state", "looked", "due"),
    [
        ("2026-11-20T01:00", "complete", "2026-11-20T00:30", "2026-11-20T01:00"),  # just announced
        ("2026-11-20T01:05", "not-out", None, "2026-11-20T01:05"),
        ("2026-11-20T01:05", "not-out", "2026-11-20T01:00", "2026-11-20T01:10"),
        ("2026-11-20T06:55", "late", "2026-11-20T06:55", "2026-11-20T07:05"),
        ("2026-11-20T07:10", "late", "2026-11-20T07:05", "2026-11-20T07:35"),  # after hours it backs off
        ("2026-11-20T07:10", "partial", "2026-11-20T07:05", "2026-11-20T07:35"),
        ("2026-11-21T12:00", "partial", "2026-11-21T11:00", "2026-11-21T17:00"),  # a weekend
        ("2026-11-20T02:00", "complete", "2026-11-20T02:00", "2026-11-20T03:00"),
        ("2026-11-20T14:00", "complete", "2026-11-20T13:00", "2026-11-23T01:00"),
        ("2026-11-21T12:00", "complete", "2026-11-20T13:00", "2026-11-23T01:00"),
        ("2026-11-23T00:59", "complete", "2026-11-20T13:00", "2026-11-23T01:00"),
        # a holiday that is known: from Wednesday's announcement to Sunday's
        ("2026-11-27T12:00", "complete", "2026-11-26T13:30", "2026-11-30T01:00"),
        # one that is only expected, on 15 January 2027 it is not; on MLK day it is
        ("2027-01-19T03:00", "complete", "2027-01-18T14:00", "2027-01-19T01:00"),
        ("2027-01-19T03:00", "complete", "2027-01-19T02:30", "2027-01-19T03:30"),
    ],
)
def test_the_next_look(now, state, looked, due):
    assert next_look(utc(now), Seen(state, utc(looked) if looked else None)) == utc(due)


def test_a_day_that_stays_incomplete_does_not_hold_up_the_next_announcement():
    assert next_look(utc("2026-11-23T00:58"), Seen("late", utc("2026-11-23T00:50"))) == NEXT


def test_a_whole_week_of_looks_is_frequent_when_it_matters_and_silent_on_the_weekend():
    now, looked, asked = utc("2026-11-16T01:00"), None, []
    while now < utc("2026-11-23T01:00"):
        hours = now - arxiv_calendar.announced_at(arxiv_calendar.expected_day(now))
        state = "complete" if hours >= timedelta(hours=4) else "not-out"
        if next_look(now, Seen(state, looked)) <= now:
            looked = now
            asked.append(now)
        now += timedelta(minutes=1)
    assert len(asked) == 5 * (24 + 9)
    assert max(asked) < utc("2026-11-20T14:00")
