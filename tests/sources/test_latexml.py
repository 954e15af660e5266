"""LaTeXML's HTML as Markdown: what is in it stays, what is no text goes, and hostile pages bring nothing through."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from tests.payloads import payloads

from broadsheet.sources import html_tree, latexml
from broadsheet.sources.html_tree import tree_of
from broadsheet.sources.latexml import Writer

DATA = Path(__file__).parents[1] / "data"
COMMONMARK = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def written(inside: str) -> str:
    return Writer().document(tree_of(f'<article class="ltx_document">{inside}</article>'))


def tokens(markdown: str) -> Iterator[Token]:
    for token in COMMONMARK.parse(markdown):
        yield token
        yield from token.children or ()


def harmless(markdown: str) -> bool:
    """Whether Markdown holds no raw HTML, no picture, no control character, and only links to the web."""
    for token in tokens(markdown):
        if token.type in ("html_block", "html_inline", "image"):
            return False
        if token.type == "link_open" and not str(token.attrs["href"]).lower().startswith(("http://", "https://")):
            return False
    return not any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in markdown if sign != "\n")


PAPER = r"""## Abstract

We make networks up, and show that $a\lt b$ for each of them.

## 1 Introduction

Networks are *made* up (Sample, 2020), as a **bold claim** has it. \[note 1\] \$5 & 3 \* 4; use `a_function()`.

$$x^{2}+y^{2}=z^{2} \tag{1}$$

### 1.1 What is new

- One thing.

  1. Its first part.
- Another.

**Lemma 1.**

It holds.

Figure 1: A made-up curve.

Table 1: Scores.

| Model | Score \| both |  |
|---|---|---|
| Ours | $\vert x\vert$ | 2 |

```Python
def made_up(a):
    return a * 2
```

## References

- Sample (2020) C. Sample. Of examples. [Link](https://doi.org/10.1000/182). Cited by: §1.

## Notes

1. Code is at <https://example.org/code>."""


def test_a_paper_is_written_with_all_its_parts():
    tree = tree_of((DATA / "latexml-paper.html").read_text())
    article = tree.find(of_class="ltx_document")
    assert article
    assert Writer().document(article) == PAPER
    assert harmless(PAPER)


@pytest.mark.parametrize(
    ("page", "markdown"),
    [
        ("<p>One <b> two </b>three</p>", "One **two** three"),
        (
            "<p># no heading</p><p>1. no list</p><p>- none</p>",
            "\\# no heading\n\n1\\. no list\n\n\\- none",
        ),
        ("<p>snake_case and _all_ and a*b</p>", "snake_case and \\_all\\_ and a\\*b"),
        ("<p>&lt;script&gt; &amp;copy; [x](y)</p>", "\\<script> \\&copy; \\[x\\](y)"),
        ("<p>a <code>x`y</code></p>", "a ``x`y``"),
        ("<p><a href='javascript:alert(1)'>click</a> <a href='#S1'>here</a></p>", "click here"),
        ("<p><a href='https://example.org/a(b)'>a <a href='https://example.org/c'>b</a></a></p>", None),
        ("<blockquote><p>One.</p><p>Two.</p></blockquote>", "> One.\n>\n> Two."),
        ("<pre>  a\n\n```b</pre>", "````\n  a\n\n```b\n````"),
        ("<ul><li><span class=ltx_tag># T</span><p>x</li></ul>", "- \\# T x"),
        ("<ul><li><span class=ltx_tag>T</span><pre>&lt;b></pre></li></ul>", "- T\n\n  ```\n  <b>\n  ```"),
        ("<p><a href='https://example.org/\x1b\u202ex'>text</a></p>", "text"),
        ("<dl><dt>Term</dt><dd><p>What it means.</p></dd></dl>", "- **Term**\n  What it means."),
        ("loose<div>text <p>in <p>paragraphs</div>", "loose\n\ntext\n\nin\n\nparagraphs"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "| a | b |\n|---|---|\n| c |  |"),
        ("<table><tr><td><table><tr><td>in<td>side</table></table>", "| in side |\n|---|"),
        ("<p><img src=x alt=curve>text<svg><text>no</text></svg></p>", "text"),
        ("<p>a<script>alert('<p>')</script>b</p>", "ab"),
        ("<math display='block' alttext='a_1 * [x](y) &lt; $z$ \\'></math>", "$$a_1 \\ast [x] (y) \\lt z$$"),
        ("<h2 class='ltx_title ltx_title_section'>On C#</h2>", "## On C\\#"),
        ("<p>ligh\u200bt \u202eright\x07</p>", "light right"),
    ],
)
def test_pieces_are_written(page, markdown):
    found = written(page)
    assert harmless(found)
    if markdown is not None:
        assert found == markdown


def test_no_attack_comes_through_wherever_it_stands(subtests):
    for line in payloads():
        with subtests.test(line=line):
            _see_that_it_stays_text(line)


def _see_that_it_stays_text(line):
    escaped = line.replace("&", "&amp;").replace("<", "&lt;")
    for page in (
        line,
        f"<p>{line}</p>",
        f"<p>{escaped}</p>",
        f"<p><b>{escaped}</b><code>{escaped}</code><a href='{line}'>{escaped}</a></p>",
        f"<h2 class='ltx_title_section'>{escaped}</h2>",
        f"<table><tr><td>{escaped}</td></tr></table>",
        f"<pre>{escaped}</pre>",
        f"<ul><li>{escaped}</li></ul>",
        f"<ul><li><span class='ltx_tag'>T {escaped}</span><pre>{escaped}</pre></li></ul>",
        f"<p>{escaped}\n\n{escaped}</p>",
    ):
        assert harmless(written(page)), page


TAGS = """<p> </p> <b> </b> <i> <ul><li> </ul> <ol> <table><tr><td> </table> <code> </code> </a> <pre> </pre> <math>
    </math> </annotation> <dl><dt> <dd> <blockquote> </span> </h3> <!-- --> <![x <![CDATA[ <!x <? <script> </script>"""
MARKUP = st.sampled_from(
    [
        *TAGS.split(),
        "<a href='http://example.org/*_'>",
        "<a href='javascript:x'>",
        "<annotation encoding='application/x-tex'>",
        "<span class='ltx_note ltx_role_footnote'>",
        "<span class='ltx_tag'>",
        "<h3 class='ltx_title ltx_title_section'>",
    ]
)
SIGNS = st.text(alphabet="ab 1.\n\t\\`*_[]()<>#+-=~!$|&;:^{}'\"/\x00\x1b\u202e", max_size=8)


@settings(max_examples=400, deadline=None)
@given(st.lists(MARKUP | SIGNS | st.sampled_from(["&lt;script>", "&amp;lt;b>", "![x](http://a)", "](javascript:x)"])))
def test_whatever_a_page_holds_its_markdown_is_harmless(parts):
    assert harmless(written("".join(parts)))


def test_elements_without_end_are_kept_within_bounds():
    deep = "<div>" * 20_000 + "in the depth" + "</div>" * 20_000
    assert written(deep) == "in the depth"
    assert written("<ul><li>" * 5000 + "x").endswith("x")
    assert "x" in written("<b><i>" * 5000 + "x")
    assert "x" in written("<blockquote>" * 500 + "x")


def test_a_text_that_is_too_long_is_cut_and_says_so(monkeypatch):
    monkeypatch.setattr(latexml, "MOST_SIGNS", 1000)
    text = written("<p>One more sentence of a paper.</p>" * 500)
    assert len(text) < 2000
    assert text.endswith("goes on at its source._")


@pytest.mark.parametrize("opening", ["<ul><li>", "<blockquote>", "<dl><dd>", "<table><tr><td>", ""])
@pytest.mark.parametrize("piece", ["<p>a</p>", "*", "<code>a</code>", "<math alttext='*'></math>", "<pre>a\na</pre>"])
def test_no_page_makes_a_text_of_many_times_its_bound(monkeypatch, opening, piece):
    monkeypatch.setattr(latexml, "MOST_SIGNS", 3000)
    text = written(opening * 80 + piece * 6000)
    assert len(text) < 3 * 3000
    assert text.endswith("goes on at its source._")
    assert harmless(text)


def test_a_page_of_too_many_elements_is_read_as_far_as_it_goes(monkeypatch):
    monkeypatch.setattr(html_tree, "MOST_NODES", 50)
    assert written("<p>a</p>" * 100).count("a") == 100, "their text stays, without a paragraph of its own"


def test_a_table_has_a_bounded_width():
    text = written("<table><tr><td colspan='999999999'>a<td>b" + "<td>c" * 500 + "</table>")
    assert text.splitlines()[0].count("|") <= latexml.MOST_COLUMNS + 1
