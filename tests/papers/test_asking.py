"""By which index the table of papers answers: a page of a day, and a look at the state, stay quick among millions."""

from datetime import date, timedelta

import pytest
from django.db import connection
from tests.records import record

from broadsheet.papers.actions import join, store
from broadsheet.papers.models import Paper

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 5)


@pytest.fixture
def papers():
    store([record(f"2601.{n:05}", title=f"Alpha {n}", announced=DAY + timedelta(days=n)) for n in range(6)])
    return list(Paper.objects.order_by("pk"))


def test_papers_that_are_another_are_no_papers_of_their_own(papers):
    join(papers[0], papers[1], "hand")
    assert Paper.objects.number_standing() == Paper.objects.standing().count() == 5
    assert Paper.objects.filter(title="Alpha 3").number_standing() == 1


def test_papers_of_a_day_are_found_by_their_day_and_those_that_are_another_by_which_it_is(papers):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL chooses by what the tables hold")
    of_a_day = Paper.objects.standing().filter(withdrawn__isnull=True).of_days(DAY, DAY)
    assert "SEARCH papers_paper USING INDEX paper_edition (day>? AND day<?)" in of_a_day.explain()
    for others in (papers[0].others.all(), Paper.objects.filter(same_as__in=papers[:3])):
        assert "paper_same_as (same_as_id=?)" in others.explain()
    assert "paper_same_as" in Paper.objects.filter(same_as__isnull=False).explain()
    assert "paper_standing" in Paper.objects.standing().values("pk").explain()
