"""A paper as Markdown: what is in it, and that texts of sources stay text."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from broadsheet.hub import paper_markdown
from broadsheet.papers.models import Paper


def a_paper(**changed: object) -> Paper:
    facts = {
        "key": "2611.00001",
        "title": "Small Models, Long Days",
        "abstract": "We measure days.",
        "authors": ["A. Example", "B. Sample"],
        "categories": ["cs.CL"],
        "published": datetime(2026, 11, 18, 17, 8, tzinfo=UTC),
        "day": date(2026, 11, 20),
        "code_url": "https://github.com/example/days",
        "code_stars": 12,
        "source": "arxiv",
    }
    return Paper(**(facts | changed))


def test_title_authors_links_and_abstract_are_there():
    lines = paper_markdown(a_paper()).splitlines()
    assert lines[0] == "# Small Models, Long Days"
    assert "- Authors: A. Example, B. Sample" in lines
    assert "- arXiv: https://arxiv.org/abs/2611.00001" in lines
    assert "- Edition: 2026-11-20" in lines
    assert "- Code: <https://github.com/example/days> (12 stars)" in lines
    assert lines[lines.index("## Abstract") + 2] == "We measure days."


def test_what_is_not_known_leaves_no_line():
    text = paper_markdown(Paper(key="2611.00002", title="Bare", source="sample"))
    assert "None" not in text
    assert "Published" not in text
    assert "The source gave no abstract" in text


def test_a_paper_from_elsewhere_has_no_arxiv_address():
    assert "arxiv.org" not in paper_markdown(a_paper(key="workshop-7"))


def test_a_description_is_not_called_an_abstract():
    text = paper_markdown(a_paper(abstract_kind="description"))
    assert "## Description" in text
    assert "## Abstract" not in text


def test_control_characters_do_not_reach_a_terminal():
    assert "\x1b" not in paper_markdown(a_paper(title="A \x1b[31mred\x1b[0m title"))
    turned = a_paper(title="A \u202edenrut title", code_url="https://example.org/\u202ex", licence="http://x.org/\x9bx")
    assert not {"\u202e", "\x9b"} & set(paper_markdown(turned))


def test_a_text_cannot_become_a_heading_link_picture_or_tag():
    hostile = (
        "&lt;b&gt; _c_ ~~d~~ # Not a heading ![x](https://example.org/x.png) "
        "[y](javascript:alert(1)) <script>alert(1)</script> `z`"
    )
    html = MarkdownIt("commonmark").render(paper_markdown(a_paper(title="T", abstract=hostile)))
    assert html.count("<h1>") == 1
    for tag in ("<img", "<script", 'javascript:alert(1)"', "<code"):
        assert tag not in html
    assert "&lt;b&gt; _c_ ~~d~~ # Not" in html


signs = st.text(st.sampled_from("ab1. #>-+*_=~`[]()<>!\\&:/\n$"), min_size=1, max_size=40)


@given(signs)
def test_any_abstract_stays_one_paragraph_of_text(abstract: str):
    html = MarkdownIt("commonmark").render(paper_markdown(a_paper(abstract=f"x {abstract} x"[: len(abstract)])))
    body = html.split("<h2>Abstract</h2>\n", 1)[1]
    for tag in ("<a ", "<img", "<h", "<ul", "<ol", "<pre", "<code", "<blockquote", "<hr"):
        assert tag not in body
