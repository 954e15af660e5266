"""What is typed here in the language of arXiv's own search."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import BadInput
from broadsheet.search.arxiv_query import translated
from broadsheet.search.query import parse


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("small models", "all:small AND all:models"),
        ('"small models" days', 'all:"small models" AND all:days'),
        ('ti:days abs:"long days" au:sample', 'ti:days AND abs:"long days" AND au:sample'),
        ("days cat:cs.LG", "all:days AND cat:cs.LG"),
        ("days cat:cs.LG cat:stat.ML", "all:days AND (cat:cs.LG OR cat:stat.ML)"),
        ("days cat:cs", "all:days AND cat:cs*"),
        ("days cat:q-bio", "all:days AND cat:q-bio*"),
        ("days cat:hep-th", "all:days AND cat:hep-th"),
        ("days -nights -cat:cs.CV", "all:days ANDNOT all:nights ANDNOT cat:cs.CV"),
        ("days and nights or not", 'all:days AND all:"and" AND all:nights AND all:"or" AND all:"not"'),
        ("days since:2026-01-05 until:2026-01-07", "all:days AND submittedDate:[202601050000 TO 202601072359]"),
        ("days year:2025", "all:days AND submittedDate:[202501010000 TO 202512312359]"),
        ("days since:2026", "all:days AND submittedDate:[202601010000 TO 220001010000]"),
        ("state-of-the-art O'Neil", "all:state-of-the-art AND all:O'Neil"),
        ("(days] OR) {x} all:y", 'all:days AND all:"OR" AND all:x AND all:"all y"'),
        ("Gödel 数学", "all:Gödel AND all:数学"),
    ],
)
def test_queries_are_translated(typed, asked):
    assert translated(parse(typed)).text == asked


def test_filters_beside_the_text_count_too():
    query = parse("days", categories=["cs.CL"], since=date(2026, 1, 5), until=date(2026, 1, 5))
    assert translated(query).text == "all:days AND cat:cs.CL AND submittedDate:[202601050000 TO 202601052359]"


def test_the_order_goes_along_and_what_arxiv_cannot_be_asked_is_told():
    asked = translated(parse("days sort:date has:code"))
    assert (asked.text, asked.newest, asked.notes) == ("all:days", True, ("arXiv cannot be asked for has:code.",))
    assert translated(parse("days sort:votes")).notes == ("arXiv cannot be asked for sort:votes.",)


@pytest.mark.parametrize("typed", ["-nights", "has:code", "...", "-cat:cs.CL"])
def test_nothing_to_look_for_is_told(typed):
    with pytest.raises(BadInput, match="nothing to ask arXiv for"):
        translated(parse(typed))


@given(st.text(alphabet="ab \"'()[]{}:-+*?\\^~&|!", max_size=60))
def test_no_sign_of_its_language_comes_through(typed):
    try:
        asked = translated(parse(typed)).text
    except BadInput:
        return
    assert asked.count('"') % 2 == 0
    assert not set(asked) & set("{}\\^~&|!?")


def test_a_long_query_is_cut():
    asked = translated(parse(" ".join(f"word{n}" for n in range(100))))
    assert asked.text.count(" AND ") == 15
    assert asked.notes == ("arXiv was asked for the first 16 terms; the others were left out.",)
