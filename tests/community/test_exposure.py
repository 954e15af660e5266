"""Fair exposure: the slot of unseen papers takes turns, and papers with a few votes get a second chance."""

from datetime import date, timedelta

import pytest
from tests import cast

from broadsheet.community import exposure, marks, votes
from broadsheet.community.models import Glance
from broadsheet.papers.models import Paper

pytestmark = pytest.mark.django_db

DAY = date(2026, 1, 5)


@pytest.fixture(autouse=True)
def _fresh():
    exposure.forget()
    yield
    exposure.forget()


def crowd(number, **facts):
    return [cast.paper(f"2601.{place:05}", f"Paper {place}", **facts) for place in range(1, number + 1)]


def keys(shown):
    return [one.paper.key for one in shown]


def test_unseen_papers_take_turns_before_anything_is_written(db, monkeypatch):
    monkeypatch.setattr(exposure, "WRITE_EVERY", 3600.0)  # a machine may be slow
    crowd(4)
    turns = [keys(exposure.slot(DAY, newest=False, beside=[])) for _ in range(4)]
    assert turns[0] != turns[1]
    assert sorted(turns[0] + turns[1]) == sorted(turns[2] + turns[3]) == [f"2601.{n:05}" for n in range(1, 5)]
    assert not Glance.objects.exists()


def test_counts_are_written_together_and_the_turns_go_on(db, monkeypatch):
    crowd(3)
    first = keys(exposure.slot(DAY, newest=False, beside=[]))
    exposure.write()
    assert dict(Glance.objects.values_list("paper__key", "shown")) == dict.fromkeys(first, 1)
    third = ({paper.key for paper in Paper.objects.all()} - set(first)).pop()
    assert third in keys(exposure.slot(DAY, newest=False, beside=[]))
    exposure.write()
    exposure.write()
    assert sum(Glance.objects.values_list("shown", flat=True)) == 4


def test_counts_are_written_by_themselves_after_a_while(db, monkeypatch):
    crowd(1)
    monkeypatch.setattr(exposure, "WRITE_EVERY", 0.0)
    exposure.slot(DAY, newest=False, beside=[])
    assert Glance.objects.get().shown == 1


def test_a_count_of_a_paper_that_is_gone_is_dropped(db):
    crowd(2)
    exposure.slot(DAY, newest=False, beside=[])
    Paper.objects.filter(key="2601.00001").delete()
    exposure.write()
    assert Glance.objects.get().paper.key == "2601.00002"


def test_a_paper_with_a_vote_leaves_the_slot(ada):
    papers = crowd(2)
    votes.cast(ada, papers[0])
    assert keys(exposure.slot(DAY, newest=False, beside=[])) == ["2601.00002"]


def test_what_stands_on_the_page_or_is_unwanted_is_not_in_the_slot(ada):
    papers = crowd(3)
    marks.mark(ada, papers[1], "not-interested")
    chosen = exposure.slot(DAY, newest=False, beside=[papers[0].pk], unwanted=marks.unwanted(ada))
    assert keys(chosen) == ["2601.00003"]
    assert exposure.slot(DAY, newest=False, beside=None) == []


def test_papers_of_other_days_and_withdrawn_ones_are_not_unseen_ones(db):
    cast.paper("2601.00001", "Yesterday", day=DAY - timedelta(days=1))
    cast.paper("2601.00002", "Withdrawn", withdrawn="2026-01-06T00:00:00Z")
    assert exposure.slot(DAY, newest=False, beside=[]) == []


def test_a_paper_with_a_few_votes_gets_a_second_chance_on_the_newest_day(ada):
    crowd(3)
    earlier = cast.paper("2512.00001", "Few Votes", day=DAY - timedelta(days=10))
    votes.cast(ada, earlier)
    shown = exposure.slot(DAY, newest=True, beside=[])
    assert [(one.why, one.paper.key) for one in shown] == [("unseen", "2601.00001"), ("second", "2512.00001")]
    assert {one.why for one in exposure.slot(DAY, newest=False, beside=[])} == {"unseen"}


@pytest.mark.parametrize(
    ("facts", "due"),
    [
        ({"day": DAY - timedelta(days=14), "imported_votes": 3}, True),
        ({"day": DAY - timedelta(days=14), "imported_votes": 4}, False),
        ({"day": DAY - timedelta(days=15), "imported_votes": 3}, False),
        ({"day": DAY - timedelta(days=1), "imported_votes": 0}, False),
        ({"day": DAY, "imported_votes": 1}, False),
    ],
)
def test_a_second_chance_is_for_the_last_fortnight_and_one_to_three_votes(db, facts, due):
    cast.paper("2512.00001", "Few Votes", **facts)
    assert [one.why for one in exposure.slot(DAY, newest=True, beside=[])] == (["second"] if due else [])


def test_votes_of_new_accounts_alone_earn_no_second_chance(ada):
    earlier = cast.paper("2512.00001", "Few Votes", day=DAY - timedelta(days=10))
    votes.cast(cast.reader("yu", days=0), earlier)
    assert exposure.slot(DAY, newest=True, beside=[]) == []
    votes.cast(ada, earlier)
    assert keys(exposure.slot(DAY, newest=True, beside=[])) == ["2512.00001"]
