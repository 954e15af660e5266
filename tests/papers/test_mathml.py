"""Formulas as MathML: what is built, what is refused, and that only known elements and attributes come through."""

import re

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.papers import mathml
from broadsheet.papers.segments import LONGEST_FORMULA

ATTRIBUTES = {"display", "stretchy", "fence", "accent", "movablelimits", "displaystyle", "minsize", "maxsize", "width"}
ATTRIBUTES |= {"lspace", "rspace", "form", "scriptlevel", "linethickness", "columnalign", "mathvariant"}

COMMANDS = [r"\frac", r"\sqrt", r"\hat", r"\text{", r"\mathbb{R}", r"\left(", r"\right)", r"\begin{matrix}", r"\\", "&"]
COMMANDS += [
    r"\end{matrix}",
    r"\sum",
    r"\log",
    "^",
    "_",
    "{",
    "}",
    "x",
    "1",
    "<",
    ">",
    r"\href{a}{b}",
    r"\color{red}",
    "%",
]
COMMANDS += [
    r"\def\a{\a\a}",
    r"\unicode{x41}",
    r"\operatorname{f}",
    r"\phantom{x}",
    r"\boxed{y}",
    "'",
    " ",
    "\x07",
    "\ue205",
]


def words(html: str) -> str:
    """What the formula reads as, without its elements."""
    return "".join(fromstring(html).itertext())


@pytest.mark.parametrize(
    ("formula", "reads"),
    [
        (r"\alpha^2", "α2"),
        (r"\frac{a}{b}", "ab"),
        (r"\mathbb{R}^d", "ℝd"),
        (r"\mathcal{O}(n)", "𝒪(n)"),
        (r"\mathcal{NP}", "𝒩𝒫"),
        (r"\mathfrak{g}, \mathscr{H}, \mathsf{P}", "𝔤,ℋ,𝖯"),
        (r"\mathbf{xy}", "𝐱𝐲"),
        (r"\bm{x} + \boldsymbol{\beta}", "𝒙+𝜷"),
        (r"\text{if } x > 0", "if\u00a0x>0"),
        (r"\text{61.2\%}\uparrow", "61.2%↑"),
        (r"\textbf{a_b \& {c}}", "a_b\u00a0&\u00a0c"),
        (r"\text{for $k$ and \'e}", "for\u00a0k\u00a0and\u00a0'e"),
        ("30% of", "30%of"),
        (r"x \sim \mathcal{N}", "x∼𝒩"),
        (r"\R, \eps, \cO, \degree", "ℝ,ϵ,𝒪,∘"),
        (r"\tfracλ{\sqrt{n}}", "λn"),
        (r"\nicefrac{1}{2}", "12"),
        (r"f(x) = \operatorname{rank}(A)", "f(x)=rank(A)"),
    ],
)
def test_a_formula_reads_as_its_author_meant_it(formula, reads):
    assert words(mathml.element(formula)) == reads


def test_upright_letters_are_one_word_and_a_single_one_stays_upright():
    assert "<mi>ReLU</mi>" in mathml.element(r"\mathrm{ReLU}(x)")
    assert '<mi mathvariant="normal">d</mi>' in mathml.element(r"\mathrm{d}x")


def test_a_function_stands_apart_from_its_argument_but_not_from_a_bracket():
    assert mathml.element(r"n\log n").count("<mspace") == 2
    assert mathml.element(r"\log_2 n").count("<mspace") == 1
    assert "<mspace" not in mathml.element(r"\log(n)")
    assert "<mi>argmin</mi>" in mathml.element(r"\operatorname*{argmin}_x f")


def test_relations_and_brackets_are_operators():
    html = mathml.element(r"\langle x \rangle \leqslant ∞ ∼ y")
    assert '<mo stretchy="false">⟨</mo>' in html
    assert "<mo>⩽</mo>" in html
    assert "<mo>∼</mo>" in html
    assert "<mi>∞</mi>" in html


def test_display_formulas_say_so():
    assert mathml.element("x", display=True).startswith('<math display="block">')
    assert mathml.element("x") == "<math><mi>x</mi></math>"


@pytest.mark.parametrize(
    "formula",
    [
        r"\nosuchcommand",
        r"\frac{1}",
        "x^",
        r"\left(x",
        r"\text{open",
        r"\def\a{\a\a}\a",
        r"\newcommand{\b}{\b\b}\b",
        r"\href{javascript:alert(1)}{x}",
        r"\style{color:red}{x}",
        r"\color{red}x",
        r"\includegraphics{x}",
        r"\rule{9cm}{9cm}",
        "x" * (LONGEST_FORMULA + 1),
        "{" * 900 + "}" * 900,
        r"\sqrt" * 300,
        "\ue205",
    ],
)
def test_what_cannot_or_must_not_be_converted_is_refused(formula):
    assert mathml.element(formula) == ""


def test_markup_in_a_formula_is_text():
    html = mathml.element(r"\text{<script>alert(1)</script>} < a & \unicode{x3c}b")
    assert words(html).startswith("<script>alert(1)</script>")
    assert "<script" not in html


@given(st.lists(st.sampled_from(COMMANDS), max_size=12).map("".join) | st.text(max_size=30))
def test_only_known_elements_and_attributes_come_through(formula):
    html = mathml.element(re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "", formula))
    for element in fromstring(html or "<math/>").iter():
        assert element.tag == "math" or re.fullmatch("m[a-z]+|none", element.tag)
        assert element.tag not in {"maction", "mglyph", "menclose"}
        assert set(element.attrib) <= ATTRIBUTES


def test_the_cache_can_be_emptied():
    mathml.element("x+y+z")
    mathml.forget()
    assert mathml.element.cache_info().currsize == 0
