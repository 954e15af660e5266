"""arXiv's holidays: the table, what follows for listings, later years, an operator's own days, real papers."""

import json
import lzma
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from broadsheet.sources import arxiv_calendar, arxiv_holidays
from broadsheet.sources.arxiv_calendar import announced_on, holiday_before, why_none, window


@pytest.fixture
def told():
    yield arxiv_calendar.tell
    arxiv_calendar.tell([])


@pytest.mark.parametrize(
    ("day", "why", "name"),
    [
        ("2025-06-20", "holiday", "Juneteenth"),
        ("2025-06-19", "", ""),
        ("2025-07-07", "holiday", "Independence Day"),  # Friday's holiday takes Sunday evening's announcement with it
        ("2025-07-04", "", ""),
        ("2025-07-05", "weekend", ""),
        ("2025-11-28", "holiday", "Thanksgiving"),
        ("2026-02-17", "", ""),  # Presidents' Day is none at arXiv
        ("2026-11-27", "holiday", "Thanksgiving"),
        ("2027-01-01", "holiday", "winter break"),
        ("2027-01-04", "holiday", "New Year"),
    ],
)
def test_a_day_without_a_listing_says_why(day, why, name):
    assert (why_none(date.fromisoformat(day)), holiday_before(date.fromisoformat(day))) == (why, name)


@pytest.mark.parametrize(
    ("submitted", "listed"),
    [
        ("2025-06-18T13:59:00-04:00", "2025-06-19"),
        ("2025-06-18T14:00:00-04:00", "2025-06-23"),  # Wednesday to Friday's cut-off, over a holiday: Sunday evening
        ("2025-07-03T14:00:00-04:00", "2025-07-08"),  # over Independence Day and its weekend: Monday evening
        ("2025-12-24T13:59:00-05:00", "2025-12-25"),
        ("2025-12-24T14:00:00-05:00", "2025-12-29"),
        ("2026-01-16T14:00:00-05:00", "2026-01-21"),
    ],
)
def test_what_would_have_been_closed_on_a_holiday_waits(submitted, listed):
    assert announced_on(datetime.fromisoformat(submitted)) == date.fromisoformat(listed)


def test_the_window_of_a_listing_holds_what_it_announces():
    day = date(2025, 3, 18)
    while day < date(2028, 1, 10):
        if not why_none(day):
            first, end = window(day)
            assert announced_on(first) == announced_on(end - timedelta(seconds=1)) == day
            assert announced_on(end) > day
        day += timedelta(days=1)


def test_later_years_are_expected_by_rule_and_earlier_ones_unknown():
    assert list(arxiv_holidays.of_year(2027).items()) == [
        (date(2027, 1, 1), "New Year"),
        (date(2027, 1, 18), "Martin Luther King Day"),
        (date(2027, 6, 18), "Juneteenth"),
        (date(2027, 7, 5), "Independence Day"),
        (date(2027, 9, 6), "Labor Day"),
        (date(2027, 11, 25), "Thanksgiving"),
        (date(2027, 12, 24), "Christmas"),
    ]
    assert not arxiv_calendar.is_sure(date(2027, 1, 19))
    assert arxiv_calendar.is_sure(date(2026, 11, 27))
    assert arxiv_holidays.of_year(2019) == {}


def test_the_rules_agree_with_what_arxiv_kept():
    """All holidays that the rules have were kept since arXiv has kept them all, from 2022 on, but two New Years."""
    missed = set()
    for year in range(2022, 2027):
        missed |= set(arxiv_holidays._expected(year)) - set(arxiv_holidays.of_year(year))
    # New Year 2023 and 2024 fell between days of the winter break; Independence Day 2022 was a working day.
    assert missed == {date(2022, 7, 4), date(2022, 12, 26), date(2023, 1, 2), date(2024, 1, 1)}


def test_an_operator_adds_days_and_takes_days_out(told):
    told([date(2026, 11, 18)], [date(2026, 11, 26)])
    assert why_none(date(2026, 11, 19)) == "holiday"
    assert why_none(date(2026, 11, 27)) == ""
    assert announced_on(datetime(2026, 11, 18, 12, tzinfo=UTC)) == date(2026, 11, 20)
    assert announced_on(datetime(2026, 11, 26, 12, tzinfo=UTC)) == date(2026, 11, 27)


def test_the_table_agrees_with_when_real_papers_were_listed_first(shared_data):
    listed = Counter()
    with lzma.open(shared_data("papers-2025-2026.jsonl.xz"), "rt") as file:
        for line in file:
            found = json.loads(line).get("first_listed")
            listed[found] += 1
    quiet, day, last = set(), date(2025, 3, 18), date(2026, 6, 30)
    while day <= last:
        weeks = [listed[(day + timedelta(weeks=n)).isoformat()] for n in (-2, -1, 1, 2)]
        if day.weekday() < 5 and listed[day.isoformat()] < 0.25 * sorted(weeks)[1]:
            quiet.add(day)
        day += timedelta(days=1)
    table = {date(2025, 3, 18) + timedelta(days=n) for n in range(470)}
    table = {one for one in table if why_none(one) == "holiday"}
    assert quiet == table, "days without a listing in the data, and in the table"
