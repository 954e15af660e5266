"""Submitting papers: who may when, told with the hour at which it works; one submission a paper, whatever races."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.utils import timezone
from tests import cast
from tests.records import record

from broadsheet.community import submissions
from broadsheet.community.models import Comment, Submission, Vote
from broadsheet.errors import BadInput, BroadsheetError, Conflict, Refused, SignInNeeded, TooMany
from broadsheet.papers.actions import store
from broadsheet.papers.editions import edition_day, weekend_ends
from broadsheet.papers.models import Counter, Paper, Version

pytestmark = pytest.mark.django_db

WEDNESDAY = datetime(2026, 1, 7, 15, tzinfo=UTC)
LONG = "We measure how short papers grow, and we find that they grow by one page each year until they are long."
OTHER = "Nothing of the former text is left: a new theorem on trees, its proof, and two hundred worked examples follow."


@pytest.fixture(autouse=True)
def a_wednesday():
    with time_machine.travel(WEDNESDAY, tick=True) as clock:
        yield clock


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def test_a_submitted_paper_stands_in_todays_edition_with_its_submitters_vote(ada, paper):
    before = Counter.objects.get(name="stamp").value
    made = submissions.submit(ada, paper)
    paper.refresh_from_db()
    assert (made.reader, made.version, made.day) == (ada, 1, date(2026, 1, 7))
    assert (paper.featured, paper.day, paper.reader_votes) == (date(2026, 1, 7), date(2026, 1, 7), 1)
    assert Vote.objects.get().reader == ada
    assert paper.stamp > before, "the index follows by the stamp"
    assert paper.trending is not None


def test_a_first_comment_goes_with_it_and_one_that_cannot_be_taken_keeps_all_of_it_back(ada, bo, paper):
    with pytest.raises(BadInput):
        submissions.submit(ada, paper, "x" * 70_000)
    assert not Submission.objects.exists()
    assert not Vote.objects.exists()
    submissions.submit(bo, paper, "Why I bring this.")
    assert Comment.objects.get().text == "Why I bring this."


def test_visitors_are_asked_to_sign_in(paper):
    with pytest.raises(SignInNeeded):
        submissions.submit(AnonymousUser(), paper)


def test_a_second_submission_is_told_who_submitted_when_and_where_it_stands(ada, bo, paper):
    submissions.submit(ada, paper)
    with pytest.raises(Conflict) as refusal:
        submissions.submit(bo, paper)
    assert "submitted by ada on 2026-01-07 15:00 UTC" in refusal.value.message
    assert f"/papers/{paper.key}" in refusal.value.hint


def test_a_paper_of_a_daily_list_has_been_in_an_edition_already(ada):
    listed = cast.paper(featured=date(2026, 1, 5))
    with pytest.raises(Conflict, match="daily list of 2026-01-05"):
        submissions.submit(ada, listed)


def test_the_window_counts_from_the_first_version_and_its_refusal_names_the_hour(ada, paper, settings):
    with at(datetime(2026, 1, 16, 12, 0, tzinfo=UTC)):
        assert submissions.submit(ada, paper)
    late = cast.paper("2601.00002")
    with at(datetime(2026, 1, 16, 12, 1, tzinfo=UTC)), pytest.raises(Refused, match="until 2026-01-16 12:00 UTC"):
        submissions.submit(ada, late)
    settings.SUBMIT_DAYS = 0
    with at(datetime(2027, 1, 15, 12, tzinfo=UTC)):
        assert submissions.submit(ada, late)


def test_where_only_the_day_is_known_the_window_counts_from_it(ada):
    old = cast.paper(published=None, announced=date(2025, 12, 1), day=date(2025, 12, 1))
    with pytest.raises(Refused, match="until 2025-12-15 00:00 UTC"):
        submissions.submit(ada, old)
    assert submissions.submit(ada, cast.paper("2601.00002", published=None, announced=None, day=None))


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-01-10T05:00", "2026-01-12 05:00 UTC"),  # Saturday 00:00 in New York, winter
        ("2026-01-12T04:59", "2026-01-12 05:00 UTC"),
        ("2026-07-11T04:00", "2026-07-13 04:00 UTC"),  # summer
        ("2026-03-07T12:00", "2026-03-09 04:00 UTC"),  # the clocks go forward on the Sunday
        ("2026-10-31T12:00", "2026-11-02 05:00 UTC"),  # and back
    ],
)
def test_weekends_by_the_clock_of_new_york_are_refused_until_monday(ada, settings, now, opens):
    settings.SUBMIT_DAYS = 0
    paper = cast.paper()
    with at(datetime.fromisoformat(now).replace(tzinfo=UTC)):
        with pytest.raises(Refused, match="weekends") as refusal:
            submissions.submit(ada, paper)
        assert opens in refusal.value.hint
    with at(datetime.strptime(opens, "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)):
        made = submissions.submit(ada, paper)
    assert made.day.weekday() == 0


def test_weekends_can_be_opened_and_bring_papers_to_mondays_edition(ada, paper, settings):
    settings.SUBMIT_WEEKENDS = True
    with at(datetime(2026, 1, 10, 15, tzinfo=UTC)):
        assert submissions.submit(ada, paper).day == date(2026, 1, 12)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-01-07T15:00", "2026-01-07"),
        ("2026-01-08T00:59", "2026-01-07"),  # Wednesday 19:59 in New York
        ("2026-01-08T01:00", "2026-01-08"),
        ("2026-01-10T01:00", "2026-01-12"),  # Friday 20:00
        ("2026-07-08T23:59", "2026-07-08"),
        ("2026-07-09T00:00", "2026-07-09"),
        ("2026-03-09T00:00", "2026-03-09"),  # Sunday 20:00, on the day the clocks went forward
    ],
)
def test_the_edition_rolls_over_when_arxiv_announces(moment, day):
    assert edition_day(datetime.fromisoformat(moment).replace(tzinfo=UTC)) == date.fromisoformat(day)


def test_no_weekend_on_a_weekday():
    assert weekend_ends(WEDNESDAY) is None


def test_a_reader_submits_so_many_a_day_and_is_told_when_it_works_again(ada, settings, a_wednesday):
    settings.SUBMIT_PER_DAY = 2
    for number in (1, 2):
        submissions.submit(ada, cast.paper(f"2601.0000{number}"))
        a_wednesday.shift(timedelta(hours=1))
    with pytest.raises(TooMany) as refusal:
        submissions.submit(ada, cast.paper("2601.00003"))
    assert "2026-01-08 15:00 UTC" in refusal.value.hint
    assert 22 * 3600 - 60 < refusal.value.wait <= 22 * 3600 + 1
    a_wednesday.shift(timedelta(seconds=refusal.value.wait))
    assert submissions.submit(ada, Paper.objects.get(key="2601.00003"))


def test_a_new_account_submits_a_tenth(settings):
    settings.SUBMIT_PER_DAY = 5
    newcomer = cast.reader("new", days=0)
    submissions.submit(newcomer, cast.paper())
    with pytest.raises(TooMany, match=r"A new account can submit 1 paper in 24 hours"):
        submissions.submit(newcomer, cast.paper("2601.00002"))


def test_a_suspended_reader_and_a_withdrawn_paper_are_refused(ada, bo, paper):
    ada.suspended_until = timezone.now() + timedelta(days=1)
    ada.save()
    with pytest.raises(Refused, match="cannot submit"):
        submissions.submit(ada, paper)
    gone = cast.paper("2601.00002", withdrawn=timezone.now())
    with pytest.raises(Refused, match="withdrawn"):
        submissions.submit(bo, gone)


def arrived(version: int, abstract: str, updated: datetime) -> Paper:
    """Take a version in, as arXiv tells of it."""
    came = record("2601.00007", version=version, abstract=abstract, updated=updated, source="arxiv", announced=None)
    store([came])
    return Paper.objects.get(key="2601.00007")


def test_a_large_new_version_can_be_submitted_again_and_its_window_counts_from_its_date(ada, bo, a_wednesday):
    submissions.submit(ada, arrived(1, LONG, WEDNESDAY))
    a_wednesday.move_to(datetime(2026, 3, 4, 15, tzinfo=UTC))
    paper = arrived(2, OTHER, datetime(2026, 3, 2, tzinfo=UTC))
    made = submissions.submit(bo, paper)
    paper.refresh_from_db()
    assert (made.version, made.reader) == (2, bo)
    assert (paper.featured, paper.resubmitted, paper.day) == (date(2026, 1, 7), date(2026, 3, 4), date(2026, 3, 4))
    with pytest.raises(Conflict, match="submitted by bo"):
        submissions.submit(ada, paper)


def test_a_new_version_is_refused_after_its_own_window(ada, a_wednesday):
    submissions.submit(ada, arrived(1, LONG, WEDNESDAY))
    a_wednesday.move_to(datetime(2026, 3, 25, 15, tzinfo=UTC))
    paper = arrived(2, OTHER, datetime(2026, 3, 2, tzinfo=UTC))
    with pytest.raises(Refused, match="until 2026-03-16 00:00 UTC: 14 days from its version 2"):
        submissions.submit(ada, paper)


def test_a_small_new_version_is_the_same_paper(ada, bo):
    submissions.submit(ada, arrived(1, LONG, WEDNESDAY))
    paper = arrived(2, LONG.replace("one page", "two pages"), WEDNESDAY + timedelta(days=1))
    with pytest.raises(Conflict):
        submissions.submit(bo, paper)
    same_text = arrived(3, paper.abstract, WEDNESDAY + timedelta(days=2))
    with pytest.raises(Conflict):
        submissions.submit(bo, same_text)


def test_a_version_is_compared_with_the_text_that_was_submitted(ada, bo):
    submissions.submit(ada, arrived(2, LONG, WEDNESDAY))
    arrived(1, OTHER, WEDNESDAY - timedelta(days=9))  # an old text that comes late is no new version
    paper = arrived(3, LONG + " Typos.", WEDNESDAY + timedelta(days=1))
    assert Version.objects.count() == 2
    with pytest.raises(Conflict):
        submissions.submit(bo, paper)


def test_reading_sources_again_leaves_the_day_that_a_reader_chose(ada):
    submissions.submit(ada, arrived(1, LONG, WEDNESDAY))
    assert arrived(1, LONG, WEDNESDAY).day == date(2026, 1, 7)


def at_once(act, number):
    """Call ``act`` with 0, 1, .. on threads of their own; return what each gave or raised."""

    def run(place):
        try:
            return act(place)
        except BroadsheetError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


@pytest.mark.django_db(transaction=True)
def test_of_parallel_submissions_one_stands_and_the_others_are_told(paper):
    crowd = [cast.reader(f"reader{number}") for number in range(4)]
    given = at_once(lambda place: submissions.submit(crowd[place], paper), 4)
    assert sorted(type(one).__name__ for one in given) == ["Conflict"] * 3 + ["Submission"]
    assert Submission.objects.count() == Vote.objects.count() == 1
    assert Paper.objects.get().votes == 1


@pytest.mark.django_db(transaction=True)
def test_the_daily_number_holds_when_papers_are_sent_at_once(ada, settings):
    settings.SUBMIT_PER_DAY = 2
    papers = [cast.paper(f"2601.0001{number}") for number in range(5)]
    given = at_once(lambda place: submissions.submit(ada, papers[place]), 5)
    assert sum(isinstance(one, TooMany) for one in given) == 3
    assert Submission.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_submitting_and_taking_in_the_same_papers_at_once_come_to_an_end(ada, settings):
    settings.SUBMIT_PER_DAY = 20
    keys = [f"2601.0001{number}" for number in range(6)]
    papers = [cast.paper(key) for key in keys]

    def act(place):
        if place % 2:
            return store([record(key, votes=place * 10 + turn) for turn, key in enumerate(keys)])
        return [submissions.submit(ada, papers[place + turn]) for turn in range(2)]

    assert not [one for one in at_once(act, 6) if isinstance(one, Exception)]
    assert Submission.objects.count() == 6
    assert set(Paper.objects.values_list("day", flat=True)) == {date(2026, 1, 7)}
