"""The day of the listing: cut-off, weekend, summer time, and days as they really came."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.sources import arxiv_calendar
from broadsheet.sources.arxiv_calendar import CUT_OFF, EASTERN, announced_on


def eastern(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=EASTERN)


@pytest.mark.parametrize(
    ("submitted", "listed"),
    [
        ("2025-05-12T13:59:59", "2025-05-13"),  # Monday
        ("2025-05-12T14:00:00", "2025-05-14"),
        ("2025-05-13T13:59:59", "2025-05-14"),
        ("2025-05-14T14:00:00", "2025-05-16"),
        ("2025-05-15T13:59:59", "2025-05-16"),
        ("2025-05-15T14:00:00", "2025-05-19"),  # Thursday's and Friday's papers share Sunday evening
        ("2025-05-16T13:59:59", "2025-05-19"),
        ("2025-05-16T14:00:00", "2025-05-20"),  # Friday afternoon to Monday's cut-off is Tuesday's listing
        ("2025-05-17T03:00:00", "2025-05-20"),
        ("2025-05-18T23:59:59", "2025-05-20"),
        ("2025-05-19T13:59:59", "2025-05-20"),
        ("2025-05-19T14:00:00", "2025-05-21"),
    ],
)
def test_a_paper_is_listed_on_the_day_after_its_cut_off(submitted, listed):
    assert announced_on(eastern(submitted)) == date.fromisoformat(listed)


@pytest.mark.parametrize(
    ("moment", "listed"),
    [
        ("2025-03-07T18:59:59+00:00", "2025-03-10"),  # the last Friday of winter time closes at 19:00 UTC
        ("2025-03-07T19:00:00+00:00", "2025-03-11"),
        ("2025-03-10T17:59:59+00:00", "2025-03-11"),  # the first Monday of summer time at 18:00 UTC
        ("2025-03-10T18:00:00+00:00", "2025-03-12"),
        ("2025-11-03T18:59:59+00:00", "2025-11-04"),
        ("2025-11-03T19:00:00+00:00", "2025-11-05"),
    ],
)
def test_the_cut_off_follows_new_york_through_the_year(moment, listed):
    assert announced_on(datetime.fromisoformat(moment)) == date.fromisoformat(listed)


@pytest.mark.parametrize(
    ("key", "submitted", "listed"),
    [
        ("2505.07416", "2025-05-12T10:11:28", "2025-05-13"),
        ("2505.08665", "2025-05-13T15:27:24", "2025-05-14"),
        ("2509.22646", "2025-09-26T17:59:54", "2025-09-29"),  # six seconds before Friday's cut-off
        ("2509.24002", "2025-09-28T17:53:27", "2025-09-30"),
        ("2509.25189", "2025-09-29T17:59:57", "2025-09-30"),
        ("2509.25541", "2025-09-29T21:55:55", "2025-10-01"),
        ("2512.16093", "2025-12-18T02:21:30", "2025-12-19"),
        ("2512.20557", "2025-12-23T17:56:36", "2025-12-24"),
        ("2512.20757", "2025-12-23T20:43:06", "2025-12-25"),
        ("2512.21338", "2025-12-24T18:59:58", "2025-12-25"),
        ("2602.07345", "2026-02-07T04:00:20", "2026-02-10"),
        ("2602.12675", "2026-02-13T07:16:02", "2026-02-16"),
        ("2602.15989", "2026-02-17T20:26:37", "2026-02-19"),
    ],
)
def test_real_papers_were_listed_on_the_computed_day(key, submitted, listed):
    assert announced_on(datetime.fromisoformat(submitted).replace(tzinfo=UTC)) == date.fromisoformat(listed), key


@given(st.datetimes(datetime.fromisoformat("1992-01-01"), datetime.fromisoformat("2100-01-01"), timezones=st.just(UTC)))
def test_a_listing_falls_on_a_weekday_soon_after_and_never_runs_backwards(submitted):
    listed = announced_on(submitted)
    assert listed.weekday() < 5
    days = (listed - submitted.astimezone(EASTERN).date()).days
    assert 1 <= days <= 7, "a weekend with a holiday before and after it"
    assert announced_on(submitted + timedelta(hours=1)) >= listed
    assert announced_on(submitted.astimezone(EASTERN)) == listed
    assert CUT_OFF.tzinfo is None, "the cut-off is wall time in New York"


@pytest.mark.parametrize(
    ("day", "announced"),
    [
        (date(2026, 3, 6), "2026-03-06T01:00"),
        (date(2026, 3, 9), "2026-03-09T00:00"),  # the evening of the Sunday on which summer time begins
        (date(2026, 10, 30), "2026-10-30T00:00"),
        (date(2026, 11, 2), "2026-11-02T01:00"),  # and on which it ends
    ],
)
def test_the_announcement_follows_new_york_through_both_changes_of_the_clock(day, announced):
    moment = datetime.fromisoformat(announced).replace(tzinfo=UTC)
    assert arxiv_calendar.announced_at(day) == moment
    assert arxiv_calendar.expected_day(moment) == day
    assert arxiv_calendar.expected_day(moment - timedelta(seconds=1)) == arxiv_calendar.day_before(day)


@given(st.dates(date(1991, 8, 1), date(2099, 12, 31)))
def test_windows_of_listings_follow_each_other_without_a_hole_and_hold_the_papers_of_their_day(day):
    if not arxiv_calendar.is_announcement_day(day):
        assert arxiv_calendar.why_none(day)
        return
    first, last = arxiv_calendar.window(day)
    assert arxiv_calendar.window(arxiv_calendar.day_after(day))[0] == last
    assert announced_on(first) == announced_on(last - timedelta(seconds=1)) == day
    assert first < last < arxiv_calendar.announced_at(day)


@given(st.dates())
def test_every_day_of_the_calendar_is_one_kind_or_another(day):
    assert bool(arxiv_calendar.why_none(day)) != arxiv_calendar.is_announcement_day(day)
    assert bool(arxiv_calendar.holiday_before(day)) == (arxiv_calendar.why_none(day) == "holiday")


@pytest.mark.parametrize("day", [date.min, date.min + timedelta(days=1), date.max])
def test_both_ends_of_the_calendar_are_answered(day):
    assert arxiv_calendar.why_none(day) == ""
    assert arxiv_calendar.holiday_before(day) == ""


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)], ids=str)
def test_a_moment_at_an_end_of_the_calendar_is_refused_as_other_broken_times_are(moment):
    with pytest.raises(ValueError, match="no moment"):
        announced_on(moment)
