"""Markdown of comments: what it makes, that nothing it makes can run, and that no text takes it long."""

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.payloads import dangers, payloads

from broadsheet.community import markdown
from broadsheet.papers import mathml

DATA = Path(__file__).parents[1] / "data"
N = 65_536


def html(text, *known):
    return str(markdown.to_html(text, frozenset(known))).strip()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**b** _e_ ~~s~~ `c`", "<p><strong>b</strong> <em>e</em> <s>s</s> <code>c</code></p>"),
        ("# One\n## Two\n###### Six", "<h4>One</h4>\n<h5>Two</h5>\n<h6>Six</h6>"),
        ("### Three\n##### Five", "<h4>Three</h4>\n<h5>Five</h5>"),
        ("Under\n=====", "<h4>Under</h4>"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("7. a", '<ol start="7">\n<li>a</li>\n</ol>'),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>"),
        ("```python\na < b\n```", "<pre><code>a &lt; b\n</code></pre>"),
        ("a <b>bold</b> claim", "<p>a &lt;b&gt;bold&lt;/b&gt; claim</p>"),
        ("[x](http://a.org)", '<p><a href="http://a.org" rel="nofollow ugc noopener">x</a></p>'),
        ("[m](mailto:a@b.org)", '<p><a href="mailto:a@b.org" rel="nofollow ugc noopener">m</a></p>'),
        ("[j](javascript:x)", "<p>[j](javascript:x)</p>"),
        ("[o](//evil.org)", "<p>[o](//evil.org)</p>"),
        ("![pic](http://a.org/p.png)", '<p><a href="http://a.org/p.png" rel="nofollow ugc noopener">pic</a></p>'),
        (
            "see http://a.org/x_y_z.",
            '<p>see <a href="http://a.org/x_y_z" rel="nofollow ugc noopener">http://a.org/x_y_z</a>.</p>',
        ),
        ("`http://a.org`", "<p><code>http://a.org</code></p>"),
        ("$x^2$", "<p><math><msup><mi>x</mi><mn>2</mn></msup></math></p>"),
        (r"\(x^2\)", "<p><math><msup><mi>x</mi><mn>2</mn></msup></math></p>"),
        ("$$x$$", '<p><math display="block"><mi>x</mi></math></p>'),
        ("`$x$`", "<p><code>$x$</code></p>"),
        ("```\n$$x$$\n```", "<pre><code>$$x$$\n</code></pre>"),
        ("it costs $5 and $6", "<p>it costs $5 and $6</p>"),
        (r"\$x\$", "<p>$x$</p>"),
        (r"$\nosuch{x}$", r'<p><code class="tex">\nosuch{x}</code></p>'),
        ("a\r\nb", "<p>a\nb</p>"),
        ("a  \nb", "<p>a<br>\nb</p>"),
        ("\x1b[31mred\u202e", "<p>[31mred</p>"),
    ],
)
def test_what_readers_write_becomes_html(text, shown):
    assert html(text) == shown


def test_a_formula_of_several_lines_is_no_list():
    shown = html("before\n$$\na\n+ b\n- c\n$$\nafter")
    assert shown.count("<math") == 1
    assert "<li>" not in shown
    assert "$$" not in shown


def test_a_table_keeps_its_cells():
    shown = html("|a|b|\n|:-|-:|\n|1|**2**|")
    assert shown.count("<td>") == 2
    assert "<strong>2</strong>" in shown
    assert "style" not in shown


def test_names_of_known_readers_are_links_outside_code_and_links():
    shown = html("@ada @Ada, (@ada) @nobody a@ada.org `@ada` [@ada](http://a.org) \\@ada @ada-x @ada.org", "ada")
    assert shown.count('<a href="/readers/ada" class="mention"') == 3
    assert markdown.read("@ada `@bo` [@cy](http://a.org) \\@di x@ed @Ada").names == ("ada",)


@pytest.mark.parametrize(
    "text",
    [
        "2601.00001",
        "(arXiv:2601.00001v2)",
        "https://arxiv.org/abs/2601.00001v3",
        "[x](https://arxiv.org/pdf/2601.00001.pdf)",
        "<https://huggingface.co/papers/2601.00001>",
        "https://papers.example.org/papers/2601.00001#comment-1",
        "[x](/papers/2601.00001)",
    ],
)
def test_papers_that_a_text_names_are_found(text):
    assert markdown.read(text).papers == ("2601.00001",)


@pytest.mark.parametrize("text", ["12601.00001", "1.2601.00001", "2699.00001", "`2601.00001`", "x/2601.00001"])
def test_what_is_no_paper_is_none(text):
    assert markdown.read(text).papers == ()


def test_every_element_that_formulas_are_made_of_survives_the_cleaning():
    written = (DATA / "tex-golden.json").read_text()
    formulas = re.findall(r"\$([^$]{1,200})\$", " ".join(json.dumps(json.loads(written)).split()).replace("\\\\", "\\"))
    formulas += [
        r"\begin{matrix}a&b\\c&d\end{matrix}",
        r"\sqrt[3]{x}",
        r"\overline{x}",
        r"{}_a^b X_c^d",
        r"\text{if } x",
    ]
    made = [made for formula in formulas if (made := mathml.element(formula))]
    assert len(made) > 10
    for one in made:
        assert re.sub(r"\s|&nbsp;|\u00a0", "", markdown._CLEANER.clean(one)) == re.sub(r"\s|\u00a0", "", one)


@pytest.mark.parametrize("payload", payloads(), ids=lambda payload: ascii(payload)[:50])
def test_no_payload_becomes_more_than_text(payload):
    for text in (payload, f"> - {payload}", f"[{payload}](http://a.org)", f"`{payload}`", f"$x${payload}$y$"):
        assert dangers(html(text, "ada")) == []
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html(text))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*payloads(), "\n", "\n\n", "> ", "- ", "```", "$", "$$", "|", "[", "](", ")", "\\", "*"]))
)
def test_no_mixture_of_payloads_becomes_more_than_text(parts):
    shown = html("".join(parts)[:N])
    assert dangers(shown) == []


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="[]()<>!*_~`$\\|&;#@:/.-+=\"'{}^ \n\tax1", max_size=400))
def test_no_jumble_of_signs_becomes_more_than_text(text):
    shown = html(text, "a", "x")
    assert dangers(shown) == []
    assert markdown._CLEANER.clean(shown).strip() == shown, "what was cleaned is clean"


NASTY = {
    "brackets": "[" * 100_000,
    "pairs of brackets": "[" * 2_900 + "]" * 2_900,
    "quotes": "> " * (N // 2),
    "quotes on many lines": ("> " * 12 + "a\n") * 2_500,
    "lazy quotes": ">" * 15 + "\n" + "a\n" * 32_000,
    "lists": "- " * (N // 2),
    "lists ever deeper": "\n".join(" " * (2 * depth) + "- a" for depth in range(250)),
    "quotes and lists": "- > - > - > a\n" * 4_600,
    "emphasis": "*a_" * (N // 3),
    "emphasis within the limit": "a**b" + "c* " * 2_900,
    "tildes": "a~~~b " * 800,
    "backticks": "".join("`" * n + " " for n in range(360)),
    "links": "[a](" * (N // 4),
    "links with titles": '[a](b "' * 850,
    "images": "![a" * (N // 3),
    "dollars": "$" * N,
    "dollars and braces": "$a{" * 299,
    "display": "$$a\n" * 16_000,
    "deep formulas": ("$" + "x^{" * 300 + "}" * 300 + "$ ") * 50,
    "wide table": "|" * 700 + "\n" + "|-" * 700 + "\n" + "a\n" * 30_000,
    "many tables": "|x\n|-\n" * 10_000,
    "entities": "&amp;" * (N // 5),
    "tags": "<a " * (N // 3),
    "names": "@a " * (N // 3),
    "addresses": "http://a.b " * (N // 11),
    "an address of brackets": "http://a.b/" + "(" * (N - 11),
    "ids": "2601.00001 " * (N // 11),
    "lines": "a\n" * (N // 2),
    "headings": "# a\n" * (N // 4),
    "fences": "```\n" * (N // 4),
    "backslashes": "\\" * N,
    "spaces": " " * (N - 1) + "a",
    "tabs": "a" + "\t" * (N - 2) + "a",
}


@pytest.mark.parametrize("name", NASTY)
def test_no_text_takes_long_or_grows_without_end(name):
    text = NASTY[name][:N]
    began = time.process_time()
    shown = html(text)
    assert time.process_time() - began < 6, "a second or so is usual; a text that explodes takes minutes"
    assert len(shown) < 20 * len(text) + 1_000
    assert dangers(shown) == []


def test_a_text_of_signs_alone_is_shown_as_it_is():
    assert html("[" * 7_000) == "<p>" + "[" * 7_000 + "</p>"


def test_a_text_is_read_once():
    text = "read me once, **please**"
    markdown.read(text)
    before = markdown.read.cache_info().hits
    markdown.read(text)
    assert markdown.read.cache_info().hits == before + 1
