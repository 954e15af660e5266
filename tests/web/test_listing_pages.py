"""The pages of a category and of the papers for one reader."""

import pytest
from django.core.cache import cache
from tests import cast

from broadsheet.community import follows, marks, votes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _calm(settings):
    settings.MODEL = "none"
    cache.clear()


def test_a_category_has_a_page_with_its_papers_newest_first(client, paper):
    cast.paper("2601.00002", "A Newer Paper", categories=["cs.LG", "cs.CL"], day="2026-01-06")
    cast.paper("2601.00003", "Elsewhere", categories=["math.CO"])
    shown = client.get("/categories/cs.CL")
    assert shown.status_code == 200
    assert shown.text.index("A Newer Paper") < shown.text.index("Scaling Laws")
    assert "Elsewhere" not in shown.text
    assert "<h1>Papers in cs.CL</h1>" in shown.text
    assert "2 papers" in shown.text
    assert "A Newer Paper" in client.get("/categories/cs").text


def test_a_category_has_one_address(client, paper):
    answer = client.get("/categories/CS.cl")
    assert (answer.status_code, answer["Location"]) == (301, "/categories/cs.CL")


@pytest.mark.parametrize("name", ["math.CO", "%3Cscript%3E", "cs.CL'--", "x", "cs.", "a" * 300, "%00"])
def test_what_is_no_category_here_is_not_there(client, paper, name):
    answer = client.get(f"/categories/{name}")
    assert answer.status_code == 404
    assert "<script>" not in answer.text


def test_the_page_of_a_category_can_be_followed_and_is_kept_for_visitors(client, ada, paper):
    first = client.get("/categories/cs.CL")
    assert first["ETag"]
    client.force_login(ada)
    shown = client.get("/categories/cs.CL").text
    assert 'name="kind" value="category"' in shown
    assert client.post("/follow", {"kind": "category", "value": "cs.CL", "do": "follow"}).status_code == 302
    assert 'href="/categories/cs.CL"' in client.get("/following").text


def test_the_papers_for_one_reader_stand_with_their_reasons(client, ada, bo, paper):
    follows.follow(ada, "category", "cs")
    client.force_login(ada)
    shown = client.get("/for-me")
    assert shown.status_code == 200
    assert "no-store" in shown["Cache-Control"]
    assert "Scaling Laws" in shown.text
    assert "in cs, which you follow" in shown.text
    assert 'href="/for-me"' in client.get("/papers/new").text
    client.force_login(bo)
    empty = client.get("/for-me").text
    assert "Scaling Laws" not in empty
    assert "Nothing yet" in empty


def test_reasons_are_shown_as_text(client, ada, paper):
    other = cast.paper("2601.00002", "<b>Bold</b> & more", authors=["<i>Cy</i> Third"])
    cast.paper("2601.00003", "By the same", authors=["<i>Cy</i> Third"])
    votes.cast(ada, other)
    client.force_login(ada)
    shown = client.get("/for-me").text
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; more" in shown
    assert "<i>Cy" not in shown


def test_for_a_visitor_the_page_leads_to_signing_in(client, paper):
    answer = client.get("/for-me")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in")
    assert 'href="/for-me"' not in client.get("/papers/new").text


def test_a_category_of_which_all_is_set_aside_says_so(client, ada, paper):
    marks.mark(ada, paper, "not-interested")
    client.force_login(ada)
    shown = client.get("/categories/cs.CL")
    assert shown.status_code == 200
    assert "hidden=1" in shown.text
