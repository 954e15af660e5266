"""Whether the papers of an edition have come, compared with the same weekday of the weeks before."""

from datetime import UTC, date, datetime, timedelta

import pytest
from tests import cast

from broadsheet.papers import arrivals
from broadsheet.papers.models import Paper

FRIDAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def come(day, number, at):
    for _ in range(number):
        made = cast.paper(f"2611.{Paper.objects.count():05}", day=day, announced=day)
        Paper.objects.filter(pk=made.pk).update(added=at)


def weeks(number, *, at=timedelta(hours=1), count=4):
    for back in range(1, count + 1):
        come(FRIDAY - timedelta(weeks=back), number, NOW - timedelta(weeks=back) - at)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-11-20T00:59:00+00:00", "2026-11-19"),  # 19:59 in New York
        ("2026-11-20T01:00:00+00:00", "2026-11-20"),  # arXiv announces Friday's listing on Thursday evening
        ("2026-11-21T12:00:00+00:00", "2026-11-20"),
        ("2026-11-23T00:59:00+00:00", "2026-11-20"),
        ("2026-11-23T01:00:00+00:00", "2026-11-23"),  # Monday's comes on Sunday evening
        ("2026-07-01T00:00:00+00:00", "2026-07-01"),  # in summer an hour earlier
    ],
)
def test_the_day_that_is_expected_is_the_one_that_arxiv_announced_last(moment, day):
    assert arrivals.expected_day(datetime.fromisoformat(moment)) == date.fromisoformat(day)


def test_an_edition_of_which_nothing_came_is_missing():
    weeks(10)
    arrival = arrivals.state(FRIDAY, NOW)
    assert (arrival.state, arrival.papers, arrival.usual, arrival.late) == ("missing", 0, 10, True)
    assert arrival.sentence == "The papers of Friday, 20 November have not come yet; they follow in the next mail."


def test_an_edition_that_has_as_many_papers_as_usual_is_complete():
    weeks(10)
    come(FRIDAY, 10, NOW)
    arrival = arrivals.state(FRIDAY, NOW)
    assert (arrival.state, arrival.sentence, arrival.late) == ("complete", "", False)


@pytest.mark.parametrize(
    ("papers", "minutes", "state"),
    [
        (6, 5, "partial"),  # they are coming right now
        (6, 15, "complete"),
        (3, 15, "partial"),
        (3, 181, "complete"),  # a small day
        (1, 181, "partial"),
    ],
)
def test_with_fewer_papers_it_matters_for_how_long_nothing_has_come(papers, minutes, state):
    weeks(10, at=timedelta(hours=4))
    come(FRIDAY, papers, NOW - timedelta(minutes=minutes))
    arrival = arrivals.state(FRIDAY, NOW)
    assert arrival.state == state
    assert arrival.sentence.startswith(f"Only {papers} of about 10 papers") is (state == "partial")


def test_a_site_whose_days_fill_up_later_is_not_late_in_the_morning():
    weeks(10, at=timedelta(hours=-6))
    come(FRIDAY, 1, NOW - timedelta(minutes=1))
    assert arrivals.state(FRIDAY, NOW).state == "complete"


def test_one_holiday_among_the_weeks_changes_little():
    weeks(10, count=3)
    assert arrivals.state(FRIDAY, NOW).usual == 10


def test_without_weeks_to_compare_with_nothing_is_expected():
    weeks(10, count=1)
    assert arrivals.state(FRIDAY, NOW).state == "none"
    come(FRIDAY, 1, NOW)
    assert arrivals.state(FRIDAY, NOW).state == "complete"


def test_no_edition_is_expected_on_a_weekend_nor_before_it_is_announced():
    weeks(10)
    assert arrivals.state(date(2026, 11, 21), NOW).state == "none"
    assert arrivals.state(FRIDAY, datetime(2026, 11, 20, 0, 59, tzinfo=UTC)).state == "none"
