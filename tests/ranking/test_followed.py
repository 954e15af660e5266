"""What is new of all that one reader follows, in one list."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from broadsheet.accounts import organizations
from broadsheet.accounts.models import User
from broadsheet.community import follows, lists, marks, votes
from broadsheet.community.models import Submission
from broadsheet.errors import BroadsheetError, NotFound
from broadsheet.ranking import entries, followed
from broadsheet.ranking.entries import Covered
from broadsheet.ranking.listings import listing

pytestmark = pytest.mark.django_db
BEGIN = Covered(None, 0, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def told(ada):
    """A function that returns what is on ada's list: the end of each key, with the reason."""

    def tell(covered: Covered | None = None) -> dict[str, str]:
        mine = listing("following", "", ada)
        found = entries.since(mine, covered, viewer=ada) if covered else entries.on_list(mine, viewer=ada)
        return {entry.paper.key[-2:]: entry.why for entry in found}

    return tell


def test_papers_come_with_the_reason_in_words(day_of, ada, bo, told, indexed):
    day_of(0, 1, authors=["Cy  THIRD"], categories=["math.CO"])
    day_of(0, 2, categories=["hep-th"])
    day_of(0, 3, categories=["physics.optics"])
    day_of(0, 4, organization_slug="lab", organization="The Lab", categories=["math.CO"])
    day_of(0, 5, abstract="On zebras.", categories=["math.CO"])
    day_of(0, 6, categories=["math.CO"])
    indexed()
    organizations.found(bo, "lab", "The Lab")
    for kind, value in (
        ("author", "Cy Third"),
        ("category", "hep-th"),
        ("category", "physics"),
        ("organization", "lab"),
        ("search", "zebra"),
    ):
        follows.follow(ada, kind, value)
    assert told() == told(BEGIN) == {
        "01": "by Cy Third, whom you follow",
        "02": "in hep-th, which you follow",
        "03": "in physics, which you follow",
        "04": "from The Lab, which you follow",
        "05": "matches your search “zebra”",
    }  # fmt: skip


def test_what_readers_and_lists_add_is_new_when_they_add_it(day_of, clock, ada, bo, told):
    first, second, third = day_of(0, 1, 2, 3)
    User.objects.filter(pk=bo.pk).update(public_votes=True)
    held = lists.create(bo, "To read", public=True)
    follows.follow(ada, "reader", "bo")
    follows.follow(ada, "list", held.public_id)
    clock.shift(timedelta(days=40))
    covered = entries.covered_now(timezone.now())
    clock.shift(60)
    votes.cast(bo, first)
    lists.add(bo, held, second)
    Submission.objects.create(paper=third, reader=bo, day=third.day)
    wanted = {"01": "Bo voted for it", "02": "new in the list “To read”", "03": "Bo submitted it"}
    assert told(covered) == told() == wanted
    User.objects.filter(pk=bo.pk).update(public_votes=False)
    lists.edit(bo, held, public=False)
    assert told(covered) == told() == {"03": "Bo submitted it"}


def test_a_paper_that_several_follows_bring_comes_once_with_the_strongest_reasons(day_of, ada, told):
    day_of(0, 1, authors=["Ada Example"], categories=["cs.CL", "cs.LG"])
    for kind, value in (("category", "cs.CL"), ("category", "cs"), ("author", "Ada Example")):
        follows.follow(ada, kind, value)
    assert told()["01"].startswith("by Ada Example, whom you follow; in cs")
    assert told()["01"].count(";") == 1


def test_only_what_came_after_what_was_covered_is_told(day_of, ada, told):
    follows.follow(ada, "category", "cs")
    day_of(0, 1)
    covered = entries.covered_now(timezone.now())
    day_of(1, 2)
    day_of(0, 3, late=timedelta(days=1))
    assert sorted(told(covered)) == ["02", "03"]


def test_what_a_reader_is_not_interested_in_stays_away(day_of, ada, told):
    first, _ = day_of(0, 1, 2)
    follows.follow(ada, "category", "cs")
    marks.mark(ada, first, "not-interested")
    assert list(told()) == ["02"]


def test_it_is_nobody_elses(day_of, ada, bo):
    day_of(0, 1)
    follows.follow(ada, "category", "cs")
    mine = listing("following", "", ada)
    for other in (bo, None):
        with pytest.raises(NotFound):
            entries.on_list(mine, viewer=other)
        assert entries.since(mine, BEGIN, viewer=other) == []


def test_a_silent_index_leaves_the_page_whole_and_holds_the_mail_back(day_of, ada, told, index, monkeypatch):
    day_of(0, 1)
    follows.follow(ada, "category", "cs")
    follows.follow(ada, "search", "zebra")

    def silent(*_args, **_kwargs):
        raise BroadsheetError("The search index is not open yet.")

    monkeypatch.setattr("broadsheet.search.current.searcher", silent)
    assert list(told()) == ["01"]
    with pytest.raises(BroadsheetError):
        told(BEGIN)


def test_the_number_of_queries_does_not_grow_with_the_papers(day_of, ada, django_assert_max_num_queries, told):
    follows.follow(ada, "category", "cs")
    follows.follow(ada, "author", "Ada Example")
    day_of(0, *range(1, 31))
    with django_assert_max_num_queries(10):
        assert len(told(BEGIN)) == 30


def test_names_are_compared_as_they_are_read():
    assert followed.folded('Zo\\"e  ÜNAL') == followed.folded("Zoë Ünal")
