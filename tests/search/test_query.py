"""Queries taken apart."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import BadInput
from broadsheet.search.query import LONGEST, parse


@pytest.mark.parametrize(
    "text",
    ["2305.12102", "2305.12102v3", "arXiv:2305.12102", "https://arxiv.org/abs/2305.12102v1",
     "https://arxiv.org/pdf/2305.12102.pdf", "https://huggingface.co/papers/2305.12102", " 10.48550/arXiv.2305.12102 "],
)  # fmt: skip
def test_whatever_names_a_paper_is_its_key(text):
    assert parse(text).key == "2305.12102"


@pytest.mark.parametrize(
    "text", ["graph networks", "papers of 2305", "", "10.1000/182", "see arXiv:2305.12102 for more"]
)
def test_words_are_not_a_key(text):
    assert parse(text).key is None


def test_blanks_and_control_characters_are_folded():
    assert parse("  graph\t\x00 \x1b[31mnetworks\n").text == "graph [31mnetworks"


def test_a_long_query_is_cut_and_says_so():
    query = parse("word " * 2000)
    assert query.cut
    assert len(query.text) <= LONGEST


def test_filters_are_kept():
    query = parse("x", categories=["cs.LG", "cs.LG", "hep-th"], since=date(2025, 1, 1), until=date(2025, 1, 1))
    assert query.filters.categories == ("cs.LG", "hep-th")
    assert (query.filters.since, query.filters.until) == (date(2025, 1, 1), date(2025, 1, 1))


def test_a_range_that_ends_before_it_begins_is_refused():
    with pytest.raises(BadInput, match="2025-01-02"):
        parse("x", since=date(2025, 1, 2), until=date(2025, 1, 1))


@pytest.mark.parametrize("category", ["", "cs LG", "cs.", "'; drop table", "c" * 99, "cs.LG.x"])
def test_what_cannot_be_a_category_is_refused(category):
    with pytest.raises(BadInput):
        parse("x", categories=[category])


@given(st.text(max_size=500))
def test_any_text_is_taken_apart(text):
    query = parse(text)
    assert query.text.isprintable() or not query.text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("cs.lg", "cs.LG"), ("MATH.ag", "math.AG"), ("HEP-TH", "hep-th"), ("Physics.AO-PH", "physics.ao-ph")],
)
def test_a_category_is_known_in_any_case(typed, meant):
    assert parse("x", categories=[typed]).filters.categories == (meant,)
