"""Follows: of what is here, once each, and their newest papers in a few queries."""

from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from tests import cast

from broadsheet.accounts.models import Organization
from broadsheet.community import follows, lists, news
from broadsheet.community.models import Follow, Submission, Vote
from broadsheet.errors import BadInput, NotFound, Refused, SignInNeeded


def none(query):
    return []


def newest(reader, searched=none):
    return {f"{one.follow.kind}:{one.follow.value}": [p.key for p in one.papers] for one in news.news(reader, searched)}


def test_something_is_followed_once_and_left(ada):
    assert follows.follow(ada, "author", "  Ada   Example ") is True
    assert follows.follow(ada, "author", "Ada Example") is False
    assert follows.follows(ada, "author", "Ada Example")
    assert follows.unfollow(ada, "author", "Ada Example") is True
    assert follows.unfollow(ada, "author", "Ada Example") is False
    with pytest.raises(SignInNeeded):
        follows.follow(AnonymousUser(), "author", "Ada Example")
    assert list(follows.of(AnonymousUser())) == []


@pytest.mark.parametrize(
    ("kind", "value", "fault"),
    [
        ("planet", "x", BadInput),
        ("author", " ", BadInput),
        ("author", "x" * 301, BadInput),
        ("author", "a\x00b", BadInput),
        ("category", "no category", BadInput),
        ("reader", "ada", BadInput),
        ("reader", "nobody", NotFound),
        ("organization", "nowhere", NotFound),
        ("list", "0" * 24, NotFound),
    ],
)
def test_what_is_not_here_is_not_followed(ada, kind, value, fault):
    with pytest.raises(fault):
        follows.follow(ada, kind, value)
    assert Follow.objects.count() == 0


def test_a_private_list_is_followed_by_its_owner_alone(ada, bo, paper):
    made = lists.create(bo, "Private")
    with pytest.raises(NotFound):
        follows.follow(ada, "list", made.public_id)
    assert follows.follow(bo, "list", made.public_id)
    lists.edit(bo, made, public=True)
    assert follows.follow(ada, "list", made.public_id)
    lists.add(bo, made, paper)
    assert newest(ada) == {f"list:{made.public_id}": [paper.key]}
    lists.edit(bo, made, public=False)
    (told,) = news.news(ada, none)
    assert (told.papers, told.new, told.list, told.name) == ([], 0, None, "a list that is private now")


def test_there_is_an_end_to_following(ada, monkeypatch):
    monkeypatch.setattr(follows, "MOST", 1)
    follows.follow(ada, "author", "A")
    with pytest.raises(Refused, match="at most 1"):
        follows.follow(ada, "author", "B")


def test_each_follow_shows_its_newest_papers(ada, bo, paper):
    Organization.objects.create(slug="lab", name="The Lab")
    other = cast.paper(
        "2602.00001",
        "Other",
        authors=["Al Other", r"Zo\"e Last"],
        categories=["stat.ML", "math.OC"],
        organization_slug="lab",
        day=date(2026, 2, 1),
    )
    third = cast.paper("2602.00002", "Third", authors=["Ada Example"], categories=["cs.CL"], day=date(2026, 2, 2))
    for kind, value in [
        ("author", "ada example"),
        ("author", "Zoë Last"),
        ("category", "cs.CL"),
        ("category", "stat"),
        ("organization", "lab"),
        ("reader", "bo"),
        ("search", "small"),
    ]:
        follows.follow(ada, kind, value)
    Vote.objects.create(paper=other, reader=bo, cast=timezone.now())
    Submission.objects.create(paper=paper, reader=bo, day=date(2026, 1, 5))
    assert newest(ada, lambda query: [third.pk] if query == "small" else []) == {
        "author:ada example": [third.key, paper.key],
        "author:Zoë Last": [other.key],
        "category:cs.CL": [third.key, paper.key],
        "category:stat": [other.key],
        "organization:lab": [other.key],
        "reader:bo": [paper.key],
        "search:small": [third.key],
    }
    bo.public_votes = True
    bo.save()
    assert newest(ada)["reader:bo"] == [paper.key, other.key]


def test_what_came_since_the_last_look_is_counted(ada, paper):
    follows.follow(ada, "category", "cs.CL")
    assert [one.new for one in news.news(ada, none)] == [0]
    cast.paper("2602.00002", "Third", categories=["cs.CL"], day=date(2026, 2, 2))
    assert [one.new for one in news.news(ada, none)] == [1]
    follows.seen(ada)
    assert [one.new for one in news.news(ada, none)] == [0]


def test_a_hundred_follows_take_few_queries(ada, bo, paper, django_assert_max_num_queries):
    for number in range(30):
        follows.follow(ada, "author", f"Author {number}")
        follows.follow(ada, "category", f"cs.{chr(65 + number % 26)}{chr(65 + number // 26)}")
        made = lists.create(bo, f"List {number}", public=True)
        lists.add(bo, made, paper)
        follows.follow(ada, "list", made.public_id)
    follows.follow(ada, "reader", "bo")
    with django_assert_max_num_queries(10):
        assert len(news.news(ada, none)) == 91
