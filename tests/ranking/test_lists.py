"""Days, weeks and months, and the papers in them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.records import record

from broadsheet.community import votes
from broadsheet.errors import BadInput
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.ranking import lists


@pytest.mark.parametrize(
    ("kind", "text", "first", "last"),
    [
        ("day", "2026-02-28", date(2026, 2, 28), date(2026, 2, 28)),
        ("week", "2026-W01", date(2025, 12, 29), date(2026, 1, 4)),
        ("week", "2020-W53", date(2020, 12, 28), date(2021, 1, 3)),
        ("month", "2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("month", "2025-12", date(2025, 12, 1), date(2025, 12, 31)),
    ],
)
def test_a_period_is_read_from_its_text(kind, text, first, last):
    period = lists.period(kind, text)
    assert (period.first, period.last, period.label) == (first, last, text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("day", "2026-02-30"), ("day", "2026-2-3"), ("day", "today"), ("week", "2025-W53"), ("week", "2026-W00"),
     ("month", "2026-13"), ("month", ""), ("day", "0000-01-01"), ("day", "٢٠٢٦-01-01")],
)  # fmt: skip
def test_what_is_not_a_period_is_refused_with_an_example(kind, text):
    with pytest.raises(BadInput) as refused:
        lists.period(kind, text)
    assert "written like 20" in refused.value.hint


@given(st.dates(), st.sampled_from(lists.KINDS))
def test_every_day_lies_in_its_period_and_the_label_reads_back(day, kind):
    period = lists.period_around(kind, day)
    assert period.first <= day <= period.last
    assert lists.period(kind, period.label) == period


@pytest.mark.django_db
def test_a_day_is_ordered_by_votes_then_by_place_in_the_source():
    store([record("2501.00001", votes=1), record("2501.00002"), record("2501.00003", votes=7), record("2501.00004")])
    keys = [paper.key for paper in lists.papers_of(lists.period("day", "2025-01-02"))]
    assert keys == ["2501.00003", "2501.00001", "2501.00002", "2501.00004"]


@pytest.mark.django_db
def test_neighbours_are_the_nearest_editions_that_have_papers():
    for number, day in enumerate([date(2025, 1, 2), date(2025, 1, 3), date(2025, 1, 20)], start=1):
        store([record(f"2501.0000{number}", announced=day)])
    assert lists.neighbours(lists.period("day", "2025-01-03")) == ("2025-01-02", "2025-01-20")
    assert lists.neighbours(lists.period("week", "2025-W01")) == (None, "2025-W04")
    assert lists.neighbours(lists.period("month", "2025-01")) == (None, None)
    assert lists.newest_day() == date(2025, 1, 20)


@pytest.mark.django_db
def test_trending_puts_fresh_votes_before_as_many_old_ones():
    store(
        [
            record("2501.00001", votes_seen=((date(2025, 1, 2), 20),)),
            record("2501.00002", votes_seen=((date(2025, 1, 30), 20),)),
            record("2501.00003"),
        ]
    )
    votes.rescore(list(Paper.objects.values_list("pk", flat=True)))
    assert [paper.key for paper in lists.trending()] == ["2501.00002", "2501.00001"]
