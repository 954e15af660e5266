"""When a digest comes, by the reader's own clock: every zone, every day on which clocks are changed, no day twice."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.mail.models import Subscription
from broadsheet.mail.schedule import edition, edition_at, next_due, zone_of

ZONES = sorted(name for name in zoneinfo.available_timezones() if "/" in name)


def one(cadence="daily", hour=7, zone="UTC", weekday=0):
    return Subscription(cadence=cadence, hour=hour, zone=zone, weekday=weekday)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(moment, zone):
    return moment.astimezone(zoneinfo.ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def run(subscription, after, number, **more):
    """Return so many moments, one after the other."""
    found = [next_due(subscription, after, **more)]
    while len(found) < number:
        found.append(next_due(subscription, found[-1], **more))
    return found


def test_a_daily_one_comes_at_the_readers_hour():
    berlin = one(zone="Europe/Berlin")
    assert next_due(berlin, utc("2026-11-20T05:59")) == utc("2026-11-20T06:00")
    assert next_due(berlin, utc("2026-11-20T06:00")) == utc("2026-11-21T06:00"), "the moment itself is over"
    assert next_due(one(zone="Asia/Kolkata"), utc("2026-11-20T12:00")) == utc("2026-11-21T01:30")


def test_on_weekdays_it_leaves_out_the_readers_saturday_and_sunday():
    tokyo = one("weekdays", zone="Asia/Tokyo")
    # Friday 7:00 in Tokyo is Thursday in UTC, and Monday 7:00 is Sunday.
    assert next_due(tokyo, utc("2026-11-19T21:00")) == utc("2026-11-19T22:00")
    assert next_due(tokyo, utc("2026-11-19T22:00")) == utc("2026-11-22T22:00")
    assert edition(tokyo, utc("2026-11-22T22:00")) == "2026-11-23"


def test_a_weekly_one_comes_on_its_day_and_is_named_after_the_week():
    friday = one("weekly", weekday=4, hour=18, zone="America/New_York")
    due = next_due(friday, utc("2026-11-20T23:00"))
    assert due == utc("2026-11-27T23:00")
    assert edition(friday, due) == "2026-W48"
    assert edition(one("weekly"), utc("2027-01-01T07:00")) == "2026-W53"


def test_where_the_hour_does_not_exist_it_comes_at_the_first_moment_after():
    days = run(one(hour=2, zone="Europe/Berlin"), utc("2026-03-27T12:00"), 3)
    assert [local(day, "Europe/Berlin") for day in days] == [
        "2026-03-28 02:00",
        "2026-03-29 03:00",
        "2026-03-30 02:00",
    ]


def test_where_the_hour_comes_twice_it_comes_at_the_first():
    days = run(one(hour=2, zone="Europe/Berlin"), utc("2026-10-24T12:00"), 2)
    assert days == [utc("2026-10-25T00:00"), utc("2026-10-26T01:00")]


def test_a_gap_that_reaches_over_midnight_loses_no_day():
    days = run(one(hour=23, zone="America/Nuuk"), utc("2026-03-27T12:00"), 3)
    nuuk = one(hour=23, zone="America/Nuuk")
    assert [edition(nuuk, day) for day in days] == ["2026-03-27", "2026-03-28", "2026-03-29"]


def test_a_day_that_a_zone_skipped_has_none():
    apia = one(hour=7, zone="Pacific/Apia")
    days = run(apia, utc("2011-12-29T12:00"), 3)
    assert [edition(apia, day) for day in days] == ["2011-12-29", "2011-12-31", "2012-01-01"]


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    hour=st.integers(0, 23),
    weekday=st.integers(0, 6),
    cadence=st.sampled_from(["daily", "weekdays", "weekly"]),
    after=st.integers(946_684_800, 2_114_380_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_everywhere_each_edition_comes_once_and_none_is_left_out(zone, hour, weekday, cadence, after):
    subscription = one(cadence, hour, zone, weekday)
    moments = run(subscription, after, 12)
    assert moments[0] > after
    labels = [edition(subscription, moment) for moment in moments]
    assert len(set(labels)) == len(labels)
    for before, later in pairwise(moments):
        assert timedelta(0) < later - before <= {"daily": 2, "weekdays": 5, "weekly": 15}[cadence] * timedelta(days=1)
    days = [moment.astimezone(zone_of(subscription)).date() for moment in moments]
    if cadence == "weekdays":
        assert all(day.weekday() < 5 for day in days)
    if cadence == "weekly":
        assert all(day.weekday() == weekday for day in days)


def test_when_there_is_something_it_is_looked_at_each_hour_from_the_readers_own_on():
    something = one("something", hour=8, zone="Europe/Berlin")
    assert next_due(something, utc("2026-11-20T02:10"), told="") == utc("2026-11-20T07:00")
    assert next_due(something, utc("2026-11-20T07:00"), told="") == utc("2026-11-20T08:00")
    assert next_due(something, utc("2026-11-20T22:30"), told="") == utc("2026-11-21T07:00"), "not before the hour again"


def test_once_one_was_sent_that_day_it_is_looked_at_on_the_next():
    something = one("something", hour=8, zone="Europe/Berlin")
    assert next_due(something, utc("2026-11-20T09:00"), told="2026-11-20") == utc("2026-11-21T07:00")


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Lord_Howe", "America/Nuuk"])
def test_the_hours_are_the_readers_own_full_ones(zone):
    for moment in run(one("something", hour=0, zone=zone), utc("2026-06-20T02:10"), 30, told=""):
        assert local(moment, zone).endswith(":00")


def test_a_zone_that_this_machine_does_not_know_counts_as_utc():
    assert next_due(one(zone="Europe/Atlantis"), utc("2026-11-20T05:00")) == utc("2026-11-20T07:00")
    assert edition(one(zone="../../etc/passwd"), utc("2026-11-20T23:30")) == date(2026, 11, 20).isoformat()


def test_what_was_missed_is_told_under_the_date_of_the_last_edition_that_would_have_come():
    away = datetime(2026, 11, 18, 9, tzinfo=UTC)  # a Wednesday, at 10 in Berlin
    due = datetime(2026, 11, 9, 6, tzinfo=UTC)
    told = {
        "daily": "2026-11-18",
        "weekdays": "2026-11-18",
        "weekly": "2026-W47",
        "something": "2026-11-18",
    }
    for cadence, label in told.items():
        one = Subscription(cadence=cadence, hour=7, zone="Europe/Berlin", due=due)
        assert edition_at(one, away) == label, cadence
        assert edition_at(one, due + timedelta(hours=3)) == edition(one, due)
    early = Subscription(cadence="something", hour=7, zone="Europe/Berlin", due=due)
    assert edition_at(early, datetime(2026, 11, 18, 2, tzinfo=UTC)) == "2026-11-17", "not before the hour"
    long_ago = Subscription(cadence="weekly", weekday=4, hour=7, zone="UTC", due=datetime(2020, 1, 3, 7, tzinfo=UTC))
    assert edition_at(long_ago, away) == "2026-W46"
