"""Days at arXiv are replayed with most of what can go wrong: every paper comes in once, and the ledger tells the truth.

The same is asked of thirty days of real papers in ``tests/soak/test_replay_long.py``.
"""

import pytest
from django.db import transaction
from tests.replay.replay_outcome import replayed, sent_twice
from tests.replay.replay_story import at, short

pytestmark = pytest.mark.django_db

MOST_REQUESTS = 100
"""Requests on a day on which nothing goes wrong, with pages of OAI-PMH that hold 20 records."""


@pytest.fixture(scope="module")
def played(django_db_setup, django_db_blocker, tmp_path_factory):
    """What came of the story: played once, all that is asked of it here is data."""
    with django_db_blocker.unblock():
        block = transaction.atomic()
        block._from_testcase = True  # as the suite's own around each test: nothing of it is kept
        with block:
            yield replayed(short(), tmp_path_factory.mktemp("replay"), page=20)
            transaction.set_rollback(True)


@pytest.fixture
def days(played):
    return played.story.days


def test_every_paper_is_here_once_under_the_day_of_its_first_listing(played):
    assert played.wrong_papers == []


def test_new_versions_titles_and_withdrawals_are_followed_and_announce_nothing_again(played):
    assert played.wrong_texts == []


def test_every_fault_was_met(played):
    assert played.unmet == []


def test_no_two_requests_are_nearer_than_three_seconds_whatever_door_they_go_to(played):
    assert sum(number for doors in played.requests.values() for number in doors.values()) > 100
    assert played.too_near == []


def test_the_ledger_tells_what_each_day_was(played, days):
    rows = played.rows
    tuesday, wednesday, thursday, monday, second, last = days
    assert {day: rows[day].state for day in days} == dict.fromkeys(days, "complete")
    for day in (tuesday, last):
        assert set(rows[day].states()) <= {"not-out", "partial", "complete"}
        assert rows[day].at(at(day, 6)) == "complete"
    assert rows[wednesday].at(at(wednesday, 11)) == "partial"
    assert rows[wednesday].complete_since() > at(wednesday, 12)
    assert "late" not in rows[thursday].states()
    assert rows[monday].at(at(monday, 12)) == "late"
    assert rows[monday].complete_since() > at(monday, 15)
    assert rows[second].complete_since() > at(second, 23)
    assert played.story.holidays[0] not in rows or rows[played.story.holidays[0]].state == "holiday"
    assert {row.state for row in rows.values() if row.day.weekday() >= 5} <= {"weekend"}


def test_late_is_said_of_late_days_alone(played, days):
    late = {day for day in days if "late" in played.rows[day].states()}
    # When this site is back after a day, whether the ledger looks first, and notes that, or the news is chance.
    assert late - {days[4]} == {days[3]}


def test_the_front_page_says_in_one_line_what_is_late_half_or_none(played, days):
    lines = {day: {seen.line for seen in played.seen if seen.at.date() == day and seen.line} for day in days}
    assert any("may not all be here" in line or "not all here" in line for line in lines[days[1]])
    assert any("late" in line for line in lines[days[3]])
    assert not any("late" in line for day in days if day != days[3] for line in lines[day])
    holiday = played.story.holidays[0]
    assert {seen.line for seen in played.seen if seen.at == max(s.at for s in played.seen if s.at.date() == holiday)}


def test_no_digest_of_a_day_goes_for_half_of_it_without_saying_so(played, days):
    daily = [one for one in played.mailed if not one.weekly]
    assert [one for one in daily if one.missing and not one.early] == []
    assert [one for one in daily if one.missing], "readers who did not want to wait longer were mailed"


def test_no_digest_of_a_whole_day_calls_it_early(played):
    assert [one for one in played.mailed if one.early and not one.missing] == []


def test_each_reader_gets_each_edition_once(played, days):
    assert sent_twice(played.mailed) == []
    editions = [one.edition for one in played.mailed if one.to == "mo@example.org"]
    assert len(editions) >= len(days)


def test_what_only_oai_pmh_knows_comes_with_it_and_a_row_of_ids_in_no_list_is_asked_for(played, days):
    story = played.story
    assert set(played.found) == {*story.hidden, *story.out_of_feed}
    assert all(played.found[key] < at(days[2], 12) for key in story.out_of_feed)
    assert all(played.found[key] < at(days[3], 12) for key in story.hidden)


def test_arxiv_is_asked_modestly_and_hardly_at_all_when_nothing_is_to_come(played, days):
    ordinary = [day for day in days if day not in played.story.told]
    for day in ordinary:
        assert sum(played.requests[day].values()) <= MOST_REQUESTS
        assert played.requests[day]["rss"] <= 30
    for day, doors in played.requests.items():
        if day.weekday() >= 5:
            assert doors["rss"] + doors["api"] <= 8


def test_jobs_fail_only_while_arxiv_does(played):
    assert len(played.failures) <= 3, played.failures
