"""The card of a paper, as lists show it."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import RequestFactory

from broadsheet.papers.models import Paper
from broadsheet.web import cards
from broadsheet.web.templatetags.papers import at, paper_address

HOSTILE = "\"><script>x</script>'&"


def card(paper: Paper, visitor: object, why: str = "") -> str:
    request = RequestFactory().get("/papers/trending")
    request.user = visitor
    cards.dress(request, [paper])
    shown = Template("{% load cards %}{% paper_card paper why %}")
    frame = {"request": request, "here": HOSTILE, "csrf_token": "token"}
    return shown.render(Context(frame | {"paper": paper, "why": why}))


class Parts(HTMLParser):
    """Which attributes stand in which elements of a card."""

    def __init__(self, shown: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.feed(shown)

    def handle_starttag(self, tag, attrs):
        self.found |= {(tag, name) for name, _ in attrs} | {(tag, "")}


def test_a_card_shows_what_is_known_and_no_line_for_what_is_not(paper, ada):
    paper.authors = ["Ada", "Bo", "Cy", "Di", "Eve", "Flo"]
    paper.imported_comments, paper.code_url, paper.code_stars = 2, "https://github.com/ada/code", 7
    paper.project_url, paper.day, paper.abstract_kind = "https://example.org/p", date(2026, 1, 5), "description"
    shown = card(paper, ada, "near in meaning")
    assert '<p class="byline">Ada, Bo, Cy, Di and 2 more</p>' in shown
    assert "<li>2 comments</li>" in shown
    assert '<span class="stars">★ 7<span class="unseen"> stars</span></span></li>' in shown
    assert '<a href="https://example.org/p" rel="nofollow noopener">Project' in shown
    assert '<li><time datetime="2026-01-05">5 Jan 2026</time></li>' in shown
    assert '<p class="abstract"><span class="mark">description</span> ' in shown
    assert '<li class="why">near in meaning</li>' in shown
    bare = Paper(pk=paper.pk, key=paper.key, title="Bare", authors=[], abstract="", categories=[])
    shown = card(bare, ada)
    for name in ("byline", "mark", "abstract", "unfold", "why", "stars", "time", "categories"):
        assert f'class="{name}"' not in shown
        assert f"<{name}" not in shown


@pytest.mark.parametrize("field", ["title", "abstract", "organization", "abstract_kind", "code_url", "project_url"])
def test_nothing_that_a_source_brought_gets_out_of_its_place(paper, ada, field):
    paper.organization, paper.code_url, paper.code_stars = "Example", "https://example.org/code", 7
    known = Parts(card(paper, ada)).found
    setattr(paper, field, ("https://example.org/" if field.endswith("_url") else "") + HOSTILE)
    shown = card(paper, ada, HOSTILE)
    assert "<script" not in shown
    assert Parts(shown).found <= known
    paper.authors, paper.categories, paper.key = [HOSTILE], [HOSTILE, "cs.LG"], HOSTILE
    shown = card(paper, ada)
    assert "<script" not in shown
    assert Parts(shown).found <= known


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//example.org", "https://x.example/ y"]
)
def test_an_address_that_is_none_of_the_web_is_no_link(paper, ada, address):
    paper.code_url = paper.project_url = address
    assert re.findall(r'href="([^"]*)"', card(paper, ada)) == [paper_address(paper.key)]


def test_a_visitor_gets_the_way_to_sign_in_and_a_reader_a_form_with_its_token(paper, ada):
    shown = card(paper, AnonymousUser())
    assert "<form" not in shown
    assert f'<a class="vote" rel="nofollow" href="{at("sign-in")}?vote={paper.key}&amp;next=' in shown
    shown = card(paper, ada)
    assert f'action="{paper_address(paper.key)}/vote"' in shown
    assert '<input type="hidden" name="csrfmiddlewaretoken" value="token">' in shown
    assert "sign-in" not in shown


@pytest.mark.parametrize("key", ["2601.00001", "hep-th/9901001", "made:1-2", "a b", "ä%/?#", "doi:10.1/(x)"])
def test_the_address_of_a_paper_is_that_of_its_page(key):
    assert paper_address(key) == at("paper", key)
