"""Co-votes: papers that the same readers chose, by what readers show to everybody and nothing else."""

from math import sqrt

import pytest
from django.utils import timezone
from tests import cast

from broadsheet.community.models import ListItem, Mark, ReadingList, Vote
from broadsheet.ranking.read_together import chosen_with


@pytest.fixture
def others(paper):
    return [cast.paper(f"2601.0000{number}", f"Paper {number}") for number in (2, 3)]


def open_reader(name):
    return cast.reader(name, public_votes=True)


def vote(reader, *papers):
    for one in papers:
        Vote.objects.create(reader=reader, paper=one, cast=timezone.now())


def test_papers_that_two_readers_openly_voted_for_belong_together(paper, others):
    for name in ("ada", "bo", "cy"):
        vote(open_reader(name), paper)
    first, second, _ = (Vote.objects.order_by("pk")[number].reader for number in range(3))
    vote(first, *others)
    vote(second, others[0])
    assert chosen_with(paper) == {others[0].pk: pytest.approx(2 / sqrt(3 * 2))}


def test_private_votes_never_count(paper, others, ada, bo):
    for reader in (ada, bo):
        vote(reader, paper, *others)
    vote(open_reader("cy"), paper, *others)
    assert chosen_with(paper) == {}


def test_votes_that_were_taken_back_or_void_do_not_count(paper, others):
    for name in ("ada", "bo"):
        vote(open_reader(name), paper, *others)
    Vote.objects.filter(paper=others[0]).update(taken_back=timezone.now())
    Vote.objects.filter(paper=others[1]).update(void=True)
    assert chosen_with(paper) == {}


@pytest.mark.parametrize("public", [True, False])
def test_lists_count_where_they_are_public(paper, others, ada, bo, public):
    for reader in (ada, bo):
        kept = ReadingList.objects.create(owner=reader, slug="reading", title="Reading", public=public)
        for place, one in enumerate((paper, others[0])):
            ListItem.objects.create(list=kept, paper=one, position=place)
    assert set(chosen_with(paper)) == ({others[0].pk} if public else set())


def test_marks_never_count(paper, others):
    for name in ("ada", "bo"):
        reader = open_reader(name)
        vote(reader, paper)
        Mark.objects.create(reader=reader, paper=others[0], kind=Mark.READ)
    assert chosen_with(paper) == {}


def test_it_takes_no_more_questions_with_more_readers(paper, others, django_assert_max_num_queries):
    for name in ("ada", "bo", "cy", "di", "ed"):
        vote(open_reader(name), paper, *others)
    with django_assert_max_num_queries(6):
        assert len(chosen_with(paper)) == 2
