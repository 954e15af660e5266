"""Discussions of many comments come in pages; the address of a comment leads to the right one."""

import re

import pytest
from tests import cast

from broadsheet.community import discussion, reading
from broadsheet.community.models import Comment


@pytest.fixture
def talk(db, ada, bo):
    """A paper with 250 comments: 150 begin a thread, and the first of them has 100 replies."""
    paper = cast.paper()
    first = Comment.objects.create(paper=paper, author=ada, text="comment 0")
    Comment.objects.bulk_create(Comment(paper=paper, author=bo, text=f"comment {n}") for n in range(1, 150))
    Comment.objects.bulk_create(Comment(paper=paper, author=bo, parent=first, text=f"reply {n}") for n in range(100))
    discussion.recount(paper)
    return paper


def shown(client, paper, page=""):
    return re.findall(r"<p>((?:comment|reply) \d+)</p>", client.get(f"/papers/{paper.key}{page}").text)


def test_a_long_discussion_comes_in_pages_and_nothing_is_lost(client, talk):
    pages = [shown(client, talk, f"?p={number}") for number in (1, 2, 3)]
    assert pages[0] == ["comment 0", *(f"reply {n}" for n in range(100))], "a thread is never parted"
    assert pages[1] == [f"comment {n}" for n in range(1, 101)]
    assert pages[2] == [f"comment {n}" for n in range(101, 150)]
    assert shown(client, talk) == pages[0]
    assert shown(client, talk, "?p=99") == pages[2]
    assert shown(client, talk, "?p=x") == pages[0]


def test_the_newest_page_is_linked(client, talk):
    assert '<a href="?p=3#discussion">Newest</a>' in client.get(f"/papers/{talk.key}").text
    assert "Newest" not in client.get(f"/papers/{talk.key}?p=3").text


def test_the_address_of_a_comment_leads_to_its_page(client, talk):
    places = {"comment 0": "", "reply 99": "", "comment 1": "?p=2", "comment 149": "?p=3"}
    for text, page in places.items():
        made = Comment.objects.get(text=text)
        answer = client.get(f"/comments/{made.public_id}")
        assert answer["Location"] == f"/papers/{talk.key}{page}#comment-{made.public_id}"


def test_who_writes_comes_back_to_the_page_with_their_words(client, ada, talk):
    client.force_login(ada)
    answer = client.post("/comments", {"paper": talk.key, "text": "the last"})
    made = Comment.objects.get(text="the last")
    assert answer["Location"] == f"/papers/{talk.key}?p=3#comment-{made.public_id}"


def test_a_short_discussion_has_no_pages(client, ada):
    paper = cast.paper("2601.00002", "A Short Talk")
    discussion.comment(ada, paper, "the only one")
    assert "Pages of the discussion" not in client.get(f"/papers/{paper.key}").text


def test_what_was_deleted_takes_no_room(talk, ada):
    Comment.objects.filter(text__in=[f"comment {n}" for n in range(1, 150)]).update(
        text="", deleted="2026-01-06T00:00Z"
    )
    assert reading.part(talk, ada).last == 1


def test_a_long_discussion_costs_no_more_queries_than_a_short_one(client, ada, talk, django_assert_max_num_queries):
    client.force_login(ada)
    client.get(f"/papers/{talk.key}")
    # Up to one more than without: a small store counts rare words anew for the papers that are like this one.
    with django_assert_max_num_queries(27):
        client.get(f"/papers/{talk.key}?p=2")
