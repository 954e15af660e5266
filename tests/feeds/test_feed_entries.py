"""What stands in a feed: stable ids and dates, no reordering by votes, options, comments."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests import cast

from broadsheet.community import discussion, lists, moderation, votes
from broadsheet.papers.models import Paper
from broadsheet.search.keeping import upkeep

pytestmark = pytest.mark.django_db


def items(address):
    cache.clear()
    answer = Client().get(address)
    assert answer.status_code == 200, answer.text[:300]
    return json.loads(answer.content)["items"]


def keys(address):
    return [item["id"].rpartition("/")[2] for item in items(address)]


def test_an_entry_stays_itself_when_title_version_and_votes_change(three, ada):
    before = items("/papers/date/2026-01-05.json")
    Paper.objects.filter(key="2601.00001").update(
        title="Renamed", version=2, updated=datetime(2026, 1, 9, 12, tzinfo=UTC), abstract="Other words."
    )
    votes.cast(ada, three[2])
    after = items("/papers/date/2026-01-05.json")
    assert [(one["id"], one["date_published"]) for one in after] == [
        (one["id"], one["date_published"]) for one in before
    ]
    changed = next(one for one in after if one["id"] == "https://arxiv.org/abs/2601.00001")
    assert (changed["title"], changed["date_modified"]) == ("Renamed", "2026-01-09T12:00:00Z")


def test_votes_that_come_later_do_not_reorder_a_ranked_feed(three, ada, bo, mo):
    now = timezone.now()
    with time_machine.travel(now + timedelta(days=1), tick=False):
        votes.cast(ada, three[0])
        assert keys("/papers/trending.json") == ["2601.00001"]
    with time_machine.travel(now + timedelta(days=2), tick=False):
        for reader in (ada, bo, mo):
            votes.cast(reader, three[1])
        assert keys("/papers/trending.json") == ["2601.00002", "2601.00001"]
        entered = {one["id"]: one["date_published"] for one in items("/papers/trending.json")}
    with time_machine.travel(now + timedelta(days=3), tick=False):
        for reader in (bo, mo):
            votes.cast(reader, three[0])
        votes.cast(bo, three[2])
        assert keys("/papers/trending.json") == ["2601.00003", "2601.00002", "2601.00001"]
        later = {one["id"]: one["date_published"] for one in items("/papers/trending.json")}
    assert entered.items() <= later.items()


def test_a_paper_that_is_not_of_arxiv_has_an_id_that_is_an_address_of_nothing(db):
    cast.paper("local-paper", "From elsewhere")
    (item,) = items("/papers.json")
    assert item["id"].startswith("urn:uuid:")
    assert item["url"] == "http://testserver/papers/local-paper"
    assert "external_url" not in item
    assert "arxiv.org" not in item["content_html"]


def test_options_choose_how_many_how_old_and_with_how_many_votes(three, ada):
    assert len(items("/papers.json?n=2")) == 2
    votes.cast(ada, three[1])
    assert keys("/papers/date/2026-01-05.json?votes=1") == ["2601.00002"]
    assert keys("/papers/date/2026-01-05.json?votes=2") == []
    assert items("/papers/date/2026-01-05.json?days=3") == []
    today = timezone.now().date()
    cast.paper("2601.00009", "Of today", day=today, announced=today)
    assert keys("/papers.json?days=3") == ["2601.00009"]
    with time_machine.travel(timezone.now() + timedelta(days=9)):
        assert keys("/papers.json?days=3") == []


def test_the_abstract_is_there_in_full_or_not_at_all(db):
    long = " ".join(f"word{n}" for n in range(1500))
    cast.paper(abstract=f"{long} $\\mathbb{{R}}^n \\leq \\frac{{a}}{{b}}$ end.")
    (whole,) = items("/papers.json")
    assert f"{long} ℝⁿ ≤ a/b end." in whole["content_html"]
    (without,) = items("/papers.json?abstract=no")
    assert "word1" not in without["content_html"]
    assert "Ada Example" in without["content_html"]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("votes=many", "votes is &#x27;many&#x27;."),
        ("votes=-1", "a whole number from 0"),
        ("days=99999", "from 0 to 3650"),
        ("n=0", "from 1 to 500"),
        ("n=501", "from 1 to 500"),
        ("n=", "n is &#x27;&#x27;."),
        ("n=٣", "from 1 to 500"),
        ("abstract=maybe", "It takes yes or no."),
    ],
)
def test_an_option_that_cannot_be_is_refused_with_what_can(three, question, said):
    for path in ("/papers.atom", "/papers/trending.rss", "/papers/2601.00001.json"):
        answer = Client().get(f"{path}?{question}")
        assert answer.status_code == 400
        assert said in answer.text


def test_other_names_in_an_address_are_passed_over(three):
    assert Client().get("/papers.atom?utm_source=x").content == Client().get("/papers.atom").content


def test_what_is_no_list_has_no_feed(three, ada):
    for path, status in {
        "/papers/date/nonsense.atom": 400,
        "/papers/week/2026-W99.rss": 400,
        "/categories/nonsense..x.atom": 400,
        "/papers.atom?q=": 400,
        "/authors/Nobody.atom": 404,
        "/organizations/nothing.json": 404,
        "/readers/ada.atom": 404,  # her votes are private
        "/readers/nobody.atom": 404,
        "/readers/ada/lists/nothing.atom": 404,
        "/papers/2699.00001.atom": 404,
        "/papers/%00.atom": 404,
        "/papers/2601.00001.xml": 404,
    }.items():
        assert Client().get(path).status_code == status, path


def test_a_search_keeps_its_operators_and_the_filters_of_the_page(three, index):
    cast.paper("2601.00004", "The growth of gardens", categories=["q-bio.PE"])
    upkeep.catch_up(index)
    assert len(items("/papers.json?q=growth")) == 4
    assert keys("/papers.json?q=growth+cat:q-bio.PE") == ["2601.00004"]
    assert keys("/papers.json?q=growth&category=q-bio.PE") == ["2601.00004"]
    assert keys("/papers.json?q=growth+-gardens&until=2026-01-04") == []
    whole = json.loads(Client().get("/papers.json?q=growth&category=q-bio.PE&n=3").content)
    assert whole["feed_url"] == "http://testserver/papers.json?q=growth+cat%3Aq-bio.PE&n=3"
    assert keys("/papers.json?q=growth+cat%3Aq-bio.PE&n=3") == ["2601.00004"]


def test_comments_are_a_feed_the_newest_first_without_hidden_and_deleted_ones(ada, bo, mo, paper):
    first = discussion.comment(ada, paper, "First **word** <b> https://example.org/a?b=c&d=e.\nNext line.\n\nMore.")
    hidden = discussion.comment(bo, paper, "To be hidden")
    deleted = discussion.comment(bo, paper, "To be deleted")
    reply = discussion.comment(bo, paper, "A reply", first)
    moderation.hide(mo, hidden, "against the rules")
    discussion.delete(bo, deleted)
    found = items("/papers/2601.00001.json")
    assert [one["title"] for one in found] == ["Bo replies", "Ada comments"]
    assert found[0]["url"] == f"http://testserver/comments/{reply.public_id}"
    assert found[1]["content_html"].startswith(
        "<p>First **word** &lt;b&gt; "
        '<a href="https://example.org/a?b=c&amp;d=e">https://example.org/a?b=c&amp;d=e</a>'
        ".<br>Next line.</p><p>More.</p>"
    )
    assert found[1]["id"].startswith("urn:uuid:")
    assert len(items("/papers/2601.00001.json?n=1")) == 1
    with time_machine.travel(timezone.now() + timedelta(days=9)):
        assert items("/papers/2601.00001.json?days=3") == []
    before = found[1]
    discussion.edit(ada, first, "Better said.")
    after = items("/papers/2601.00001.json")[1]
    assert (after["id"], after["date_published"]) == (before["id"], before["date_published"])
    assert after["content_html"].startswith("<p>Better said.</p>")


def test_a_list_feed_follows_its_list_at_once(ada, paper):
    held = lists.create(ada, "To read", public=True)
    address = "/readers/ada/lists/to-read.json"
    assert json.loads(Client().get(address).content)["items"] == []
    lists.add(ada, held, paper)
    assert len(json.loads(Client().get(address).content)["items"]) == 1
    lists.edit(ada, held, public=False)
    assert Client().get(address).status_code == 404


def test_a_long_feed_takes_no_more_queries_than_a_short_one(db, django_assert_max_num_queries):
    Paper.objects.bulk_create(
        Paper(
            key=f"2601.2{n:04}", title=f"Paper {n}", authors=["A"], categories=["cs.CL"], day=date(2026, 1, 5), stamp=0
        )
        for n in range(300)
    )
    for path in ("/papers.json", "/papers/date/2026-01-05.atom", "/categories/cs.CL.rss"):
        with django_assert_max_num_queries(12):
            assert Client().get(f"{path}?n=300").status_code == 200
