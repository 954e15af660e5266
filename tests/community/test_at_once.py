"""Acts of several readers on the same things at the same moment: none waits for ever, and counts are right."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from tests import cast

from broadsheet.accounts.models import User
from broadsheet.community import claims, closing, discussion, moderation, submissions, votes
from broadsheet.community.models import Comment, Vote
from broadsheet.errors import BroadsheetError
from broadsheet.papers.models import Paper

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 12


@pytest.fixture(autouse=True)
def _free(settings):
    settings.COMMENTS_PER_HOUR = settings.SUBMIT_PER_DAY = 10_000
    settings.SUBMIT_DAYS, settings.SUBMIT_WEEKENDS = 0, True


def together(*acts: Callable[[int], object], rounds: int = ROUNDS) -> list[str]:
    """Do some acts at the same moment, round by round; return what went wrong beyond refusals."""
    wrong: list[str] = []
    start = threading.Barrier(len(acts), timeout=60)

    def run(act: Callable[[int], object]) -> None:
        try:
            for number in range(rounds):
                start.wait()
                try:
                    act(number)
                except BroadsheetError:
                    continue
                except Exception as error:  # noqa: BLE001 (told below, from the thread)
                    wrong.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def counts_are_right() -> bool:
    return all(
        paper.reader_votes == Vote.objects.standing().filter(paper=paper).count()
        and paper.reader_comments == Comment.objects.filter(paper=paper, hidden=None, deleted=None).count()
        for paper in Paper.objects.all()
    )


def test_replies_and_edits_that_name_readers(ada, bo, mo, paper):
    first = discussion.comment(ada, paper, "A first word.")
    wrong = together(
        lambda number: discussion.comment(bo, paper, f"Reply {number} to @mo", first),
        lambda number: discussion.edit(ada, first, f"Word {number} for @bo{' and @mo' if number % 2 else ''}"),
        lambda number: discussion.edit(ada, first, f"Other word {number}"),
    )
    assert not wrong
    assert counts_are_right()


def test_a_comment_hidden_while_its_author_deletes_it(ada, mo, paper):
    made = [discussion.comment(ada, paper, f"Comment {number}") for number in range(ROUNDS)]
    wrong = together(
        lambda number: moderation.hide(mo, made[number], "against the rules"),
        lambda number: discussion.delete(ada, made[number]),
    )
    assert not wrong
    assert counts_are_right()


def test_everything_undone_and_restored_while_life_goes_on(ada, bo, mo):
    papers = [cast.paper(f"2601.1000{place}", f"Paper {place}") for place in range(4)]
    for paper in papers:
        votes.cast(ada, paper)
        discussion.comment(ada, paper, f"On {paper.key}")
    wrong = together(
        lambda number: (moderation.restore_all if number % 2 else moderation.undo_all)(mo, ada, "as a test"),
        lambda number: discussion.comment(bo, papers[number % 4], f"Word {number} for @ada"),
        lambda number: (votes.take_back if number % 2 else votes.cast)(bo, papers[-number % 4]),
        lambda number: (votes.take_back if number % 2 else votes.cast)(ada, papers[number % 3]),
    )
    assert not wrong
    assert counts_are_right()


def test_accounts_close_while_they_vote_and_others_comment(bo, al):
    papers = [cast.paper(f"2601.1000{place}", f"Paper {place}") for place in range(3)]
    leaving = [cast.reader(f"leaving-{number}") for number in range(ROUNDS)]
    for reader in leaving:
        for paper in papers:
            votes.cast(reader, paper)
    wrong = together(
        lambda number: closing.close(User.objects.get(pk=leaving[number].pk), leaving[number].username, cast.PASSWORD),
        lambda number: discussion.comment(bo, papers[number % 3], f"Word {number} for @al"),
        lambda number: (votes.take_back if number % 2 else votes.cast)(bo, papers[number % 3]),
    )
    assert not wrong
    assert not User.objects.filter(username__startswith="leaving").exists()
    assert counts_are_right()


def test_a_paper_submitted_while_its_reader_votes_and_comments_elsewhere(ada, paper):
    papers = [cast.paper(f"2601.2{number:04}", f"Paper {number}") for number in range(ROUNDS)]
    wrong = together(
        lambda number: submissions.submit(ada, papers[number], f"First word {number}"),
        lambda number: discussion.comment(ada, paper, f"Word {number}"),
        lambda number: votes.cast(ada, papers[number]),
    )
    assert not wrong
    assert Paper.objects.exclude(featured=None).count() == ROUNDS
    assert counts_are_right()


def test_a_claim_decided_while_papers_are_voted_for(bo, mo, paper):
    made = [claims.claim(cast.reader(f"author-{number}"), paper, "Ada Example") for number in range(ROUNDS)]
    wrong = together(
        lambda number: claims.decide(mo, made[number], number % 2 == 0, "was looked at"),
        lambda number: claims.withdraw(made[number].reader, made[number]),
        lambda number: (votes.take_back if number % 2 else votes.cast)(bo, paper),
        lambda number: claims.claim(made[-1 - number].reader, paper, "Bo Sample"),
    )
    assert not wrong
    assert counts_are_right()
