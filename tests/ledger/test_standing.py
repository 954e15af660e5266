"""Whether the papers of a day have come: by arXiv's own numbers, or compared with the days before."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests import cast

from broadsheet.ledger import keeping
from broadsheet.ledger.standing import calendar, front_line, standing
from broadsheet.papers.models import Paper

FRIDAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings):
    settings.OFFLINE = False
    from django.core.cache import cache

    cache.clear()


def come(day, number, at):
    for _ in range(number):
        made = cast.paper(f"2611.{Paper.objects.count():05}", day=day, announced=day)
        Paper.objects.filter(pk=made.pk).update(added=at)


def weeks(number, *, at=timedelta(hours=1), count=4):
    for back in range(1, count + 1):
        come(FRIDAY - timedelta(weeks=back), number, NOW - timedelta(weeks=back) - at)


def test_a_day_of_which_nothing_came_is_late():
    weeks(10)
    found = standing(FRIDAY, NOW)
    assert (found.state, found.received, found.usual, found.late) == ("late", 0, 10, True)
    assert found.sentence == "The papers of Friday, 20 November have not come yet; they follow in the next mail."


def test_a_digest_waits_for_papers_that_are_announced_though_nobody_calls_them_late_yet():
    weeks(10, at=timedelta(hours=6))
    found = standing(FRIDAY, NOW - timedelta(hours=5))
    assert (found.state, found.late) == ("not-out", True)


def test_a_day_that_has_as_many_papers_as_usual_is_complete():
    weeks(10)
    come(FRIDAY, 10, NOW)
    found = standing(FRIDAY, NOW)
    assert (found.state, found.sentence, found.late) == ("complete", "", False)


@pytest.mark.parametrize(
    ("papers", "minutes", "state"),
    [
        (7, 5, "partial"),  # they are coming right now
        (7, 15, "complete"),
        (3, 15, "partial"),
        (3, 181, "complete"),  # a small day
        (1, 181, "partial"),
    ],
)
def test_with_fewer_papers_it_matters_for_how_long_nothing_has_come(papers, minutes, state):
    weeks(10, at=timedelta(hours=4))
    come(FRIDAY, papers, NOW - timedelta(minutes=minutes))
    found = standing(FRIDAY, NOW)
    assert found.state == state
    assert found.sentence.startswith(f"Only {papers} of about 10 papers") is (state == "partial")


def test_a_site_whose_days_fill_up_later_is_not_late_in_the_morning():
    weeks(10, at=timedelta(hours=-6))
    come(FRIDAY, 1, NOW - timedelta(minutes=1))
    assert standing(FRIDAY, NOW).state == "complete"


def test_one_holiday_among_the_weeks_changes_little():
    weeks(10, count=3)
    assert standing(FRIDAY, NOW).usual == 10


def test_a_site_of_a_few_days_is_compared_with_these():
    for back, day in enumerate((date(2026, 11, 19), date(2026, 11, 18), date(2026, 11, 17)), start=1):
        come(day, 10, NOW - timedelta(days=back, hours=1))
    assert (standing(FRIDAY, NOW).usual, standing(FRIDAY, NOW).state) == (10, "late")


def test_without_days_to_compare_with_nothing_is_expected():
    weeks(10, count=1)
    assert not standing(FRIDAY, NOW).late
    come(FRIDAY, 1, NOW)
    assert standing(FRIDAY, NOW).state == "complete"


def test_arxivs_own_number_counts_before_all_comparison():
    weeks(10)
    come(FRIDAY, 12, NOW - timedelta(hours=1))
    keeping.note_total(FRIDAY, "", 13)
    found = standing(FRIDAY, NOW)
    assert (found.state, found.received, found.expected) == ("partial", 12, 13)
    assert found.sentence == (
        "Only 12 of 13 papers of Friday, 20 November have come so far; the others follow in the next mail."
    )
    come(FRIDAY, 1, NOW)
    assert standing(FRIDAY, NOW).state == "complete", "no Friday has had more"


def test_a_young_site_waits_for_a_while_whether_more_comes():
    come(FRIDAY, 13, NOW)
    keeping.note_total(FRIDAY, "", 13)
    assert standing(FRIDAY, NOW).state == "partial"
    assert standing(FRIDAY, NOW + timedelta(minutes=30)).state == "complete"


def test_half_of_a_large_weekday_is_not_taken_for_a_whole_small_one():
    weeks(20)
    for back, day in enumerate((date(2026, 11, 19), date(2026, 11, 18), date(2026, 11, 17)), start=1):
        come(day, 10, NOW - timedelta(days=back, hours=1))
    come(FRIDAY, 10, NOW - timedelta(hours=4))
    keeping.note_total(FRIDAY, "", 10)
    assert standing(FRIDAY, NOW).state == "partial"
    assert standing(FRIDAY, NOW + timedelta(hours=7)).state == "complete", "it is a small day after all"


def test_on_the_first_start_a_small_day_of_long_ago_is_whole_at_once():
    for day in (date(2026, 11, 18), date(2026, 11, 17), date(2026, 11, 16)):
        come(day, 20, NOW)
    come(date(2026, 11, 19), 8, NOW)
    keeping.note_total(date(2026, 11, 19), "", 8)
    assert standing(date(2026, 11, 19), NOW).state == "complete"


def test_papers_of_other_categories_do_not_stand_for_missing_ones():
    keeping.note_total(FRIDAY, "", 2)
    come(FRIDAY, 1, NOW - timedelta(hours=1))
    cast.paper("2611.09999", day=FRIDAY, announced=FRIDAY, categories=["math.CO"])
    assert standing(FRIDAY, NOW).received == 1


@pytest.mark.parametrize(
    ("day", "state"),
    [(date(2026, 11, 21), "weekend"), (date(2026, 11, 27), "holiday"), (FRIDAY, "not-out")],
)
def test_nothing_is_late_on_weekends_and_holidays_nor_before_it_is_announced(day, state):
    weeks(10)
    moment = datetime(2026, 11, 20, 0, 59, tzinfo=UTC) if day == FRIDAY else NOW + timedelta(days=8)
    found = standing(day, moment)
    assert (found.state, found.late, found.sentence) == (state, False, "")


def test_half_a_day_is_told_of_even_where_the_place_says_that_this_is_all():
    weeks(100)
    for back in (1, 2, 3):
        come(FRIDAY - timedelta(days=back), 100, NOW - timedelta(days=back, hours=5))
    come(FRIDAY, 50, NOW - timedelta(minutes=20))
    keeping.note_total(FRIDAY, "", 50)
    found = standing(FRIDAY, NOW)
    assert (found.state, found.late) == ("partial", True)
    assert found.sentence.startswith("Perhaps not all papers of Friday, 20 November have come so far, only 50")


# --- The line on the front page ---------------------------------------------------------------------------------------


def line(now=NOW):
    keeping.recount([FRIDAY], now)
    return front_line(now)


def test_the_front_page_says_nothing_when_all_is_well():
    weeks(10)
    come(FRIDAY, 10, NOW - timedelta(hours=1))
    assert line() == ""


def test_the_front_page_says_that_papers_are_late():
    weeks(10)
    assert line() == "The papers of Friday, 20 November are late: none has come yet."


def test_the_front_page_says_how_many_have_come():
    keeping.note_total(FRIDAY, "", 13)
    come(FRIDAY, 4, NOW)
    assert line() == "The papers of Friday, 20 November are not all here yet: 4 of 13 have come."


def test_an_estimate_is_called_one():
    weeks(10)
    come(FRIDAY, 4, NOW)
    assert line() == "The papers of Friday, 20 November are not all here yet: 4 of about 10 have come."


def test_on_a_holiday_the_front_page_says_that_nothing_is_announced():
    assert front_line(datetime(2026, 11, 27, 12, tzinfo=UTC)) == (
        "arXiv announces nothing today: holiday (Thanksgiving)."
    )
    assert front_line(datetime(2026, 11, 28, 12, tzinfo=UTC)) == "", "a weekend is no news"


def test_the_line_costs_one_query_a_minute():
    with CaptureQueriesContext(connection) as queries:
        front_line(NOW)
        front_line(NOW + timedelta(seconds=30))
    assert len(queries) == 1


def test_the_calendar_has_every_day_with_what_was_noted():
    come(FRIDAY, 4, NOW - timedelta(hours=1))
    keeping.note_total(FRIDAY, "", 13)
    keeping.recount([FRIDAY], NOW)
    days = {one.day: one for one in calendar(date(2026, 11, 1), date(2026, 11, 30))}
    assert len(days) == 30
    assert (days[FRIDAY].state, days[FRIDAY].received, days[FRIDAY].missing) == ("partial", 4, 9)
    assert days[date(2026, 11, 27)].state == "holiday"
    assert days[date(2026, 11, 27)].name == "Thanksgiving"
    assert days[date(2026, 11, 22)].state == "weekend"
    assert days[date(2026, 11, 3)].state is None
