"""Lists that can be followed: their spelling, names and addresses."""

import pytest
from django.contrib.auth.models import AnonymousUser
from tests import cast

from broadsheet.accounts import feed_keys
from broadsheet.accounts.models import User
from broadsheet.community import follows, lists
from broadsheet.errors import BadInput, NotFound, SignInNeeded
from broadsheet.papers.models import Paper
from broadsheet.ranking.listings import KINDS, Listing, feed_path, listing, of_follow, path, title

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "value", "page", "feed", "name"),
    [
        ("day", "", "/papers", "/papers.rss", "The papers of the day"),
        ("week", "", "/papers/week", "/papers/week.rss", "The papers of the week"),
        ("month", "", "/papers/month", "/papers/month.rss", "The papers of the month"),
        ("day", "2026-01-05", "/papers/date/2026-01-05", "/papers/date/2026-01-05.rss",
         "Papers of Monday, 5 January 2026"),
        ("week", "2026-W02", "/papers/week/2026-W02", "/papers/week/2026-W02.rss",
         "Papers of the week of 5 January 2026"),
        ("month", "2026-01", "/papers/month/2026-01", "/papers/month/2026-01.rss", "Papers of January 2026"),
        ("trending", "", "/papers/trending", "/papers/trending.rss", "Trending papers"),
        ("new", "", "/papers/new", "/papers/new.rss", "New papers"),
        ("search", "ti:small & \"two words\"", "/papers?q=ti%3Asmall+%26+%22two+words%22",
         "/papers.rss?q=ti%3Asmall+%26+%22two+words%22", 'Search: ti:small & "two words"'),
        ("category", "cs.CL", "/categories/cs.CL", "/categories/cs.CL.rss", "Papers in cs.CL"),
        ("author", "Ada Example", "/authors/Ada%20Example", "/authors/Ada%20Example.rss", "Papers by Ada Example"),
        ("organization", "lab", "/organizations/lab", "/organizations/lab.rss", "Papers of The Lab"),
    ],
)  # fmt: skip
def test_a_list_has_a_name_a_page_and_a_feed(paper, kind, value, page, feed, name):
    Paper.objects.filter(pk=paper.pk).update(organization_slug="lab", organization="The Lab")
    found = listing(kind, value)
    assert found == Listing(found.kind, value)
    assert (path(found), feed_path(found, "rss"), title(found)) == (page, feed, name)


@pytest.mark.parametrize(
    ("kind", "typed", "canonical"),
    [
        ("category", "CS.cl", "cs.CL"),
        ("category", "Math", "math"),
        ("search", "  two \n words\t", "two words"),
        ("author", " Ada  Example", "Ada Example"),
        ("trending", " ", ""),
    ],
)
def test_a_list_has_one_spelling(paper, kind, typed, canonical):
    assert listing(kind, typed).value == canonical


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("nothing", "", BadInput),
        ("day", "2026-W02", BadInput),
        ("week", "soon", BadInput),
        ("trending", "x", BadInput),
        ("search", "", BadInput),
        ("search", "x" * 601, BadInput),
        ("category", "", BadInput),
        ("category", "../x", BadInput),
        ("author", "Nobody Known", NotFound),
        ("author", "", NotFound),
        ("author", "a\0b", NotFound),
        ("organization", "nowhere", NotFound),
        ("reader", "nobody", NotFound),
        ("list", "0" * 24, NotFound),
        ("list", "", NotFound),
        ("following", "", SignInNeeded),
        ("for-me", "0" * 24, NotFound),
    ],
)
def test_what_is_no_list_is_refused(paper, kind, value, error):
    with pytest.raises(error):
        listing(kind, value)


def test_private_lists_are_found_for_their_owner_alone(ada, bo):
    for kind in ("following", "for-me"):
        mine = listing(kind, "", ada)
        assert mine == listing(kind, ada.public_id, ada) == Listing(mine.kind, ada.public_id)
        assert mine.private
        for other in (bo, AnonymousUser(), None):
            with pytest.raises(NotFound):
                listing(kind, ada.public_id, other)


def test_the_feed_of_a_private_list_stands_at_a_secret_of_its_owner(ada):
    mine = listing("following", "", ada)
    start, _, rest = feed_path(mine, "json").removeprefix("/").partition("/")
    token = rest.removesuffix(".json")
    assert (start, path(mine)) == ("feeds", "/following")
    assert feed_keys.opened(token) == (ada, mine.key)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    with pytest.raises(NotFound):
        feed_path(mine)


def test_votes_are_a_list_only_where_their_reader_shows_them(ada):
    with pytest.raises(NotFound):
        listing("reader", "ada")
    User.objects.filter(pk=ada.pk).update(public_votes=True)
    shown = listing("reader", "ADA")
    assert (shown.value, path(shown), title(shown)) == ("ada", "/readers/ada", "What Ada votes for")


def test_a_private_reading_list_is_one_for_its_owner_alone(ada, bo):
    held = lists.create(ada, "To read")
    assert listing("list", held.public_id, ada).value == held.public_id
    for other in (bo, None):
        with pytest.raises(NotFound):
            listing("list", held.public_id, other)
    lists.edit(ada, held, public=True)
    shown = listing("list", held.public_id)
    assert (path(shown), feed_path(shown)) == ("/readers/ada/lists/to-read", "/readers/ada/lists/to-read.atom")
    assert title(shown) == "To read"
    lists.delete(ada, held)
    with pytest.raises(NotFound):
        path(shown)
    assert title(shown) == "A list"


def test_what_is_followed_is_a_list_as_long_as_it_is_there(ada, bo, paper):
    cast.reader("cy", public_votes=True)
    for kind, value in (("category", "cs.CL"), ("search", "small papers"), ("reader", "cy"), ("reader", "bo")):
        follows.follow(ada, kind, value)
    found = {follow.value: of_follow(follow, ada) for follow in follows.of(ada)}
    assert found["small papers"] == Listing("search", "small papers")
    assert found["cy"] == Listing("reader", "cy")
    assert found["bo"] is None  # shows no votes


def test_every_kind_has_a_page(ada, paper):
    User.objects.filter(pk=ada.pk).update(public_votes=True)
    held = lists.create(ada, "Shown", public=True)
    Paper.objects.filter(pk=paper.pk).update(organization_slug="lab", organization="The Lab")
    values = {"search": "words", "category": "cs", "author": "Bo Sample", "organization": "lab", "reader": "ada"}
    values |= {"list": held.public_id}
    pages = {path(listing(kind, values.get(kind, ""), ada)).partition("?")[0] for kind in KINDS}
    assert len(pages) == len(KINDS) - 1  # a search stands on the page of the day
