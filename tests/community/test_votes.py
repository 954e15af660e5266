"""Votes through their verbs: one a reader a paper, counted from the rows, and what of them trends."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import close_old_connections, connection, connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from tests import cast

from broadsheet.accounts.models import Role
from broadsheet.community import tally, votes
from broadsheet.community.models import Claim, ClaimState, Comment, Vote
from broadsheet.errors import NotFound, Refused, SignInNeeded, TooMany
from broadsheet.papers import scores
from broadsheet.papers.models import Counter, Paper, VotesSeen

pytestmark = pytest.mark.django_db

LAST_DAY = date(2026, 1, 5)


def claimed(paper, reader, state=ClaimState.VERIFIED):
    return Claim.objects.create(paper=paper, reader=reader, author_name="Ada Example", proof="orcid", state=state)


def sentence(paper):
    return str(tally.tallies([Paper.objects.get(pk=paper.pk)])[paper.pk])


# --- One vote a reader a paper --------------------------------------------------------------------------------------


def test_a_vote_counts_at_once_and_only_once(ada, bo, paper):
    assert votes.cast(ada, paper) is True
    assert votes.cast(ada, paper) is False
    assert votes.cast(bo, paper) is True
    assert paper.votes == 2
    assert Paper.objects.get().all_votes == 2


def test_a_reader_takes_a_vote_back_and_casts_it_again(ada, paper):
    assert votes.take_back(ada, paper) is False
    votes.cast(ada, paper)
    assert votes.take_back(ada, paper) is True
    assert votes.take_back(ada, paper) is False
    assert paper.votes == 0
    assert paper.trending is None
    assert votes.cast(ada, paper) is True
    assert paper.votes == 1
    assert Vote.objects.count() == 1


def test_a_vote_cast_again_is_as_old_as_it_was(ada, paper):
    votes.cast(ada, paper)
    before = paper.trending
    with time_machine.travel(timezone.now() + timedelta(days=9)):
        votes.take_back(ada, paper)
        votes.cast(ada, paper)
    assert paper.trending == before is not None


def test_imported_votes_and_those_here_are_one_number_with_the_split_beside_it(ada):
    paper = cast.paper(imported_votes=9)
    votes.cast(ada, paper)
    assert paper.votes == 10
    assert sentence(paper) == "10 votes: 9 imported, 1 here"


def test_a_vote_makes_kept_pages_new_and_a_second_one_does_not(ada, paper):
    votes.cast(ada, paper)
    after = Counter.objects.get(name="activity").value
    votes.cast(ada, paper)
    assert Counter.objects.get(name="activity").value == after
    votes.take_back(ada, paper)
    assert Counter.objects.get(name="activity").value == after + 1


def test_who_may_not_vote_is_told_why(ada, paper):
    with pytest.raises(SignInNeeded, match="Sign in to vote"):
        votes.cast(AnonymousUser(), paper)
    ada.suspended_until = timezone.now() + timedelta(days=1)
    with pytest.raises(Refused, match="cannot vote until"):
        votes.cast(ada, paper)
    assert not Vote.objects.exists()


def test_a_paper_that_is_gone_cannot_be_voted_for(ada, paper):
    Paper.objects.all().delete()
    with pytest.raises(NotFound):
        votes.cast(ada, paper)


def test_votes_have_a_limit_by_account_and_new_accounts_a_tenth_of_it(ada, paper, monkeypatch):
    monkeypatch.setattr(votes, "VOTES_PER_HOUR", 20)
    young = cast.reader("yu", days=0)
    votes.cast(young, paper)
    votes.take_back(young, paper)
    with pytest.raises(TooMany):
        votes.cast(young, paper)
    for _ in range(10):
        votes.cast(ada, paper)
        votes.take_back(ada, paper)
    with pytest.raises(TooMany) as refusal:
        votes.cast(ada, paper)
    assert refusal.value.wait > 0
    assert paper.votes == 0


# --- What trends ----------------------------------------------------------------------------------------------------


def test_a_vote_trends_as_of_its_moment_on_the_scale_of_imported_ones(paper):
    reader = cast.reader("old", days=5000)
    with time_machine.travel(datetime(2026, 1, 5, 12, tzinfo=UTC), tick=False):
        votes.cast(reader, paper)
    assert paper.trending == pytest.approx(scores.trending([(LAST_DAY, 1)], LAST_DAY))


def test_votes_here_add_to_imported_ones_in_trending():
    paper = cast.paper(imported_votes=2)
    crowd = [cast.reader(name, days=5000) for name in ("old", "elder")]
    VotesSeen.objects.create(paper=paper, day=LAST_DAY, votes=2)
    with time_machine.travel(datetime(2026, 1, 5, 12, tzinfo=UTC), tick=False):
        for reader in crowd:
            votes.cast(reader, paper)
    assert paper.trending == pytest.approx(scores.trending([(LAST_DAY, 4)], LAST_DAY))


def test_new_accounts_wait_for_the_quorum_and_say_so(ada, bo, paper, settings):
    settings.QUORUM = 2
    young = [cast.reader(f"yu{number}", days=0) for number in range(3)]
    for reader in young:
        votes.cast(reader, paper)
    assert paper.votes == 3
    assert paper.trending is None
    assert sentence(paper) == "3 votes: 0 imported, 3 here; 3 wait for the quorum of older accounts"
    votes.cast(ada, paper)
    alone = paper.trending
    assert sentence(paper).endswith("3 wait for the quorum of older accounts")
    votes.cast(bo, paper)
    assert paper.trending > alone + 1
    assert sentence(paper) == "5 votes: 0 imported, 5 here"
    votes.take_back(bo, paper)
    assert paper.trending == pytest.approx(alone)


def test_a_waiting_vote_counts_once_its_account_is_old_and_the_paper_is_scored_again(paper, settings):
    young = cast.reader("yu", days=0)
    votes.cast(young, paper)
    assert paper.trending is None
    settings.NEW_DAYS = 3
    with time_machine.travel(timezone.now() + timedelta(days=3, hours=1)):
        assert votes.come_of_age(timedelta(hours=2)) == 1
        assert votes.come_of_age(timedelta(minutes=30)) == 0
    paper.refresh_from_db()
    assert paper.trending is not None


def test_who_was_given_a_role_does_not_wait(paper):
    votes.cast(cast.reader("tru", Role.TRUSTED, days=0), paper)
    assert paper.trending is not None


def test_where_one_reads_alone_there_is_no_quorum(paper, settings):
    settings.MODE = "single"
    votes.cast(cast.reader("one", days=0), paper)
    assert paper.trending is not None
    assert sentence(paper) == "1 vote: 0 imported, 1 here"


def test_an_authors_vote_for_their_own_paper_is_shown_and_does_not_trend(ada, bo, paper):
    claimed(paper, ada)
    votes.cast(ada, paper)
    assert paper.votes == 1
    assert paper.trending is None
    assert sentence(paper) == "1 vote: 0 imported, 1 here; 1 by its authors, which does not trend"
    other = cast.paper("2601.00002", "Another Paper")
    votes.cast(ada, other)
    assert other.trending is not None
    claimed(paper, bo, ClaimState.PENDING)
    votes.cast(bo, paper)
    assert paper.trending is not None


def test_authors_do_not_help_new_accounts_over_the_quorum(ada, paper, settings):
    settings.QUORUM = 1
    claimed(paper, ada)
    votes.cast(ada, paper)
    votes.cast(cast.reader("yu", days=0), paper)
    assert paper.trending is None


def test_comments_never_lift_a_paper(ada, bo, paper):
    votes.cast(ada, paper)
    before = paper.trending
    for number in range(50):
        Comment.objects.create(paper=paper, author=bo, text=f"{number}")
    Paper.objects.update(reader_comments=50, imported_comments=50)
    votes.rescore([paper.pk])
    paper.refresh_from_db()
    assert paper.trending == before
    quiet = cast.paper("2601.00002", "A Quiet Paper", imported_comments=500)
    votes.rescore([quiet.pk])
    quiet.refresh_from_db()
    assert quiet.trending is None


# --- Void and withdrawn ---------------------------------------------------------------------------------------------


def test_void_votes_count_nowhere_and_can_be_counted_again(ada, bo, paper):
    other = cast.paper("2601.00002", "Another Paper")
    for each in (paper, other):
        votes.cast(ada, each)
    votes.cast(bo, paper)
    with_both = paper.trending
    assert votes.void(ada, void=True) == [paper.pk, other.pk]
    assert votes.void(ada, void=True) == []
    paper.refresh_from_db()
    other.refresh_from_db()
    assert (paper.votes, other.votes) == (1, 0)
    assert other.trending is None
    assert paper.trending < with_both
    assert sentence(paper) == "1 vote: 0 imported, 1 here; 1 made void by moderation and not counted"
    assert votes.void(ada, void=False) == [paper.pk, other.pk]
    paper.refresh_from_db()
    assert (paper.votes, paper.trending) == (2, pytest.approx(with_both))


def test_a_void_vote_stays_void_when_it_is_cast_again(ada, paper):
    votes.cast(ada, paper)
    votes.void(ada, void=True)
    votes.take_back(ada, paper)
    votes.cast(ada, paper)
    assert paper.votes == 0


def test_a_closed_account_withdraws_its_votes(ada, bo, paper):
    votes.cast(ada, paper)
    votes.cast(bo, paper)
    assert votes.withdraw_all(ada) == [paper.pk]
    paper.refresh_from_db()
    assert paper.votes == 1
    assert list(Vote.objects.standing().values_list("reader__username", flat=True)) == ["bo"]


# --- Scores are made from the rows alone ----------------------------------------------------------------------------

acts = st.lists(
    st.tuples(
        st.sampled_from(["cast", "back", "void", "count", "seen"]),
        st.integers(0, 4),
        st.integers(0, 2),
        st.integers(0, 60 * 70),  # within which no account stops being new
    ),
    min_size=1,
    max_size=15,
)


@given(acts)
@with_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_score_from_single_acts_equals_the_score_made_anew(db, steps):
    with transaction.atomic():
        readers = [cast.reader(f"reader{number}", days=(0, 30)[number % 2]) for number in range(5)]
        papers = [cast.paper(f"2601.0000{number}", f"Paper {number}") for number in range(3)]
        claimed(papers[0], readers[1])
        begin = timezone.now()
        for act, who, which, minutes in sorted(steps, key=lambda step: step[3]):
            with time_machine.travel(begin + timedelta(minutes=minutes), tick=False):
                _do(act, readers[who], papers[which], minutes)
        with time_machine.travel(begin + timedelta(days=30), tick=False):  # every account is old by then
            votes.rescore([paper.pk for paper in papers])
            for paper in papers:
                paper.refresh_from_db()
                standing = Vote.objects.standing().filter(paper=paper)
                assert paper.reader_votes == standing.count()
                mine = [vote.cast for vote in standing if (paper, vote.reader) != (papers[0], readers[1])]
                seen = list(VotesSeen.objects.filter(paper=paper).values_list("day", "votes"))
                assert paper.trending == pytest.approx(scores.trending(seen, paper.day, mine))
        transaction.set_rollback(True)


def _do(act, reader, paper, number):
    if act in ("cast", "back"):
        (votes.cast if act == "cast" else votes.take_back)(reader, paper)
    elif act in ("void", "count"):
        votes.void(reader, void=act == "void")
    else:
        VotesSeen.objects.update_or_create(paper=paper, day=LAST_DAY, defaults={"votes": number % 9})
        votes.rescore([paper.pk])
    paper.refresh_from_db()
    stored = paper.trending
    votes.rescore([paper.pk])
    paper.refresh_from_db()
    assert paper.trending == stored


# --- All at once ----------------------------------------------------------------------------------------------------


def at_once(work, number):
    """Run ``work(0)`` to ``work(number - 1)`` on a thread each, started together."""
    ready = threading.Barrier(number)

    def run(place):
        try:
            connection.ensure_connection()
            ready.wait(30)
            return work(place)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


@pytest.mark.django_db(transaction=True)
def test_double_clicks_and_parallel_requests_leave_one_vote(ada, paper):
    changed = at_once(lambda _: votes.cast(ada, Paper.objects.get()), 8)
    assert sorted(changed) == [False] * 7 + [True]
    assert Vote.objects.count() == 1
    assert Paper.objects.get().votes == 1


@pytest.mark.django_db(transaction=True)
def test_no_vote_is_lost_and_none_counted_twice_when_many_vote_at_once(paper):
    crowd = [cast.reader(f"reader{number}") for number in range(12)]

    def vote(place):
        for _ in range(3):
            votes.cast(crowd[place], Paper.objects.get())
            if place % 3 == 0:
                votes.take_back(crowd[place], Paper.objects.get())

    at_once(vote, 12)
    paper.refresh_from_db()
    assert paper.votes == Vote.objects.standing().count() == 8
    stored = paper.trending
    votes.rescore([paper.pk])
    paper.refresh_from_db()
    assert paper.trending == pytest.approx(stored)


@pytest.mark.django_db(transaction=True)
def test_votes_void_and_cast_at_once_over_several_papers_do_not_wait_in_a_ring(paper):
    papers = [paper, cast.paper("2601.00002", "Second"), cast.paper("2601.00003", "Third")]
    crowd = [cast.reader(f"reader{number}") for number in range(6)]
    for reader in crowd:
        for each in papers:
            votes.cast(reader, each)

    def act(place):
        if place % 2:
            votes.void(crowd[place], void=True)
        else:
            for each in reversed(Paper.objects.all()):
                votes.take_back(crowd[place], each)
        close_old_connections()

    at_once(act, 6)
    assert set(Paper.objects.values_list("reader_votes", flat=True)) == {0}
    assert not Vote.objects.standing().exists()
