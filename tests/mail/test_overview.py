"""The week in numbers."""

from datetime import date

import pytest
from tests import cast

from broadsheet.mail import overview

pytestmark = pytest.mark.django_db


def test_a_week_tells_papers_of_each_day_active_categories_and_what_had_most_votes():
    for number, (day, categories, votes) in enumerate(
        [
            (date(2026, 11, 16), ["cs.CL", "cs.LG"], 4),
            (date(2026, 11, 18), ["cs.CL"], 9),
            (date(2026, 11, 18), ["math.CO"], 0),
            (date(2026, 11, 21), [], 1),
            (date(2026, 11, 13), ["cs.CV"], 99),  # the week before
        ]
    ):
        cast.paper(f"2611.{number:05}", r"The $\alpha$ paper", day=day, categories=categories, imported_votes=votes)
    assert overview.of_week(date(2026, 11, 20)) == {
        "last": "2026-11-20",
        "days": [
            ["2026-11-16", 1],
            ["2026-11-17", 0],
            ["2026-11-18", 2],
            ["2026-11-19", 0],
            ["2026-11-20", 0],
        ],
        "categories": [["cs.CL", 2], ["math.CO", 1]],
        "voted": [["2611.00001", "The α paper", 9], ["2611.00000", "The α paper", 4]],
    }
    assert ["2026-11-21", 1] in overview.of_week(date(2026, 11, 22))["days"], "a weekend that had papers is told"


def test_a_withdrawn_paper_is_not_named():
    cast.paper(day=date(2026, 11, 20), imported_votes=3, withdrawn="2026-11-20T00:00:00Z")
    assert overview.of_week(date(2026, 11, 20))["voted"] == []


def test_a_week_without_papers_has_no_overview():
    assert overview.of_week(date(2026, 11, 20)) == {}
