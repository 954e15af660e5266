"""What stands around papers: the reader's own vote, saved place and mark, who brought them and who wrote them."""

from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from tests import cast

from broadsheet.community import lists, marks, votes
from broadsheet.community.around import Around, around
from broadsheet.community.models import Claim, ClaimState, Comment, Submission

pytestmark = pytest.mark.django_db


def test_around_a_paper_nobody_touched_stands_nothing(ada, paper):
    assert around([paper], ada) == {paper.pk: Around()}
    assert around([], ada) == {}


def test_a_reader_sees_their_own_and_nobody_elses(ada, bo, paper):
    votes.cast(ada, paper)
    lists.save(ada, paper)
    marks.mark(ada, paper, "read")
    mine = around([paper], ada)[paper.pk]
    assert (mine.voted, mine.saved, mine.mark) == (True, True, "read")
    assert around([paper], bo)[paper.pk] == Around(voted_on=True)
    assert around([paper], AnonymousUser())[paper.pk] == Around(voted_on=True)
    votes.take_back(ada, paper)
    lists.unsave(ada, paper)
    marks.mark(ada, paper, None)
    assert around([paper], ada)[paper.pk] == Around()


def test_a_paper_in_another_list_is_not_saved(ada, paper):
    other = lists.create(ada, "For the group")
    lists.add(ada, other, paper)
    assert around([paper], ada)[paper.pk].saved is False


def test_who_brought_a_paper_last_is_its_submitter(ada, bo, paper):
    Submission.objects.create(paper=paper, reader=ada, version=1, day=date(2026, 1, 5))
    Submission.objects.create(paper=paper, reader=bo, version=2, day=date(2026, 2, 5))
    assert around([paper], ada)[paper.pk].submitter == bo


def test_an_author_participates_once_they_are_verified_and_speak(ada, paper):
    claim = Claim.objects.create(paper=paper, reader=ada, author_name="Ada Example", proof="orcid")
    comment = Comment.objects.create(paper=paper, author=ada, text="Hello.")
    assert around([paper], ada)[paper.pk] == Around()
    claim.state = ClaimState.VERIFIED
    claim.save()
    found = around([paper], AnonymousUser())[paper.pk]
    assert found.author_participates is True
    assert found.authors == {"Ada Example": ada}
    comment.hidden = timezone.now()
    comment.save()
    assert around([paper], ada)[paper.pk].author_participates is False


def test_a_vote_made_void_is_still_told_of(ada, bo, paper):
    votes.cast(ada, paper)
    votes.void(ada, void=True)
    assert around([paper], bo)[paper.pk].voted_on


def test_a_page_of_papers_costs_one_query_and_one_each_for_submitters_and_authors(ada, django_assert_num_queries):
    papers = [cast.paper(f"2601.0000{number}", f"Paper {number}") for number in range(5)]
    for each in papers:
        votes.cast(ada, each)
        lists.save(ada, each)
    with django_assert_num_queries(1):
        assert all(one.voted and one.saved for one in around(papers, ada).values())
    for each in papers:
        Submission.objects.create(paper=each, reader=ada, version=1, day=date(2026, 1, 5))
        Claim.objects.create(paper=each, reader=ada, author_name="Ada", proof="orcid", state=ClaimState.VERIFIED)
    with django_assert_num_queries(3):
        assert all(one.submitter == ada and one.authors for one in around(papers, AnonymousUser()).values())
    with django_assert_num_queries(1):
        assert not any(one.submitter or one.authors for one in around(papers, ada, people=False).values())
