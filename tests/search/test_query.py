"""Queries taken apart."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import BadInput
from broadsheet.search.index import Term
from broadsheet.search.query import LONGEST, MOST_IDS, MOST_TERMS, WHOLE, literal, parse


@pytest.mark.parametrize(
    "text",
    ["2305.12102", "2305.12102v3", "arXiv:2305.12102", "https://arxiv.org/abs/2305.12102v1",
     "https://arxiv.org/pdf/2305.12102.pdf", "https://huggingface.co/papers/2305.12102", " 10.48550/arXiv.2305.12102 ",
     "arXiv:2305.12102v1 [cs.CL] 20 May 2023"],
)  # fmt: skip
def test_whatever_names_a_paper_is_its_key(text):
    assert parse(text).key == "2305.12102"


@pytest.mark.parametrize(
    "text", ["graph networks", "papers of 2305", "", "10.1000 182", "see arXiv:2305.12102 for more"]
)
def test_words_are_not_a_key(text):
    assert parse(text).key is None


def test_blanks_and_control_characters_are_folded():
    assert parse("  graph\t\x00 \x1b[31mnetworks\n").text == "graph [31mnetworks"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (r"Fe$_5$GeTe$_2$ magnetism", "Fe₅GeTe₂ magnetism"),
        (r"$\ell_1$ regularization", "ℓ₁ regularization"),
        (r"\alpha-divergence", "α-divergence"),
        (r"\emph{all} of it", "all of it"),
        (r"Schr\"odinger and G\"odel", "Schrödinger and Gödel"),
        (r"Poincar\'e conjecture", "Poincaré conjecture"),
        (r"regularity of $-\Delta u$ with ``sinks''", "regularity of −Δu with sinks"),
        ("below $5 and above $10 a query", "below $5 and above $10 a query"),
        ("a $ sign", "a sign"),
    ],
)
def test_tex_is_read_as_the_papers_are(typed, read):
    assert parse(typed).text == read


def test_what_tex_makes_is_no_operator():
    for typed in (r"spin $-1/2$ chains", r"charge $-2e$", r"\textbf{-survey}", r"$x$ of ``sinks''"):
        assert (parse(typed).filters.without, parse(typed).filters.terms) == ((), ())
    assert parse(r"$x$ -$\alpha$ -\"a phrase\"").filters.without[0] == Term("any", "α")


def test_tex_is_read_within_operators_too():
    query = parse(r'ti:"$\alpha$-MoO$_3$ crystals" -survey')
    assert query.filters.terms == (Term("title", "α-MoO₃ crystals", exact=True),)
    assert query.filters.without == (Term("any", "survey"),)


def test_a_long_query_is_cut_and_says_so():
    query = parse("word " * 2000)
    assert query.cut
    assert len(query.text) <= LONGEST


def test_in_a_whole_text_quotation_marks_and_dashes_are_its_author_s():
    text = " ".join(["word"] * WHOLE) + ' the "attention sink" -not a minus cat:cs.LG'
    query = parse(text)
    assert query.text.endswith("word the attention sink not a minus")
    assert (query.filters.terms, query.filters.without) == ((), ())
    assert query.filters.categories == ("cs.LG",)
    assert query.whole
    assert query.notes == ("In so long a text quotation marks and dashes are read as words.",)
    assert all(" " not in part.text for part in query.parts)


def test_conditions_make_no_whole_text_of_a_few_words():
    excluded = parse("graph networks " + " ".join(f"-x{number}" for number in range(WHOLE)))
    assert len(excluded.filters.without) == MOST_TERMS
    phrase = parse('"' + "word " * WHOLE + '"')
    assert phrase.filters.terms[0].exact
    assert not excluded.whole
    assert not phrase.whole
    assert not parse("word " * (WHOLE - 1) + '"a phrase" -not').whole


def test_a_literal_text_is_nothing_but_words():
    query = literal("cat:cs.LG  “attention  sinks” -not . ti:\x00nothing? 2305.12102")
    assert query.text == "cat:cs.LG attention sinks -not ti: nothing? 2305.12102"
    assert literal(r"$\alpha$ decay").text == "α decay"
    assert (query.filters, query.key, query.keys) == (parse("a").filters, None, ())


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


TODAY = date(2026, 11, 21)


@pytest.fixture
def today(time_machine):
    time_machine.move_to("2026-11-21T12:00:00Z")


def terms(text):
    return [tuple(term) for term in parse(text).filters.terms]


def test_operators_become_conditions_and_the_rest_is_words():
    query = parse('sparse ti:attention abs:"long context" au:"van der Berg" cat:cs.lg -cat:math -survey has:code')
    assert query.text == "sparse attention long context"
    assert query.filters.categories == ("cs.LG",)
    assert query.filters.not_categories == ("math",)
    assert query.filters.has == ("code",)
    assert [tuple(term) for term in query.filters.terms] == [
        ("title", "attention", False),
        ("abstract", "long context", True),
        ("authors", "van der Berg", False),
    ]
    assert [tuple(term) for term in query.filters.without] == [("any", "survey", False)]
    assert query.notes == ()


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("since:2025-02-03", date(2025, 2, 3), None),
        ("since:2025-02 until:2025-03", date(2025, 2, 1), date(2025, 3, 31)),
        ("until:2024-02", None, date(2024, 2, 29)),
        ("year:2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("year:2023-2025", date(2023, 1, 1), date(2025, 12, 31)),
        ("year:2024-", date(2024, 1, 1), None),
        ("since:7d", date(2026, 11, 14), None),
        ("since:yesterday until:today", date(2026, 11, 20), TODAY),
        ("year:2025 since:2025-06", date(2025, 6, 1), date(2025, 12, 31)),
        ("until:9999", None, date(9999, 12, 31)),
    ],
)
def test_days_are_read_as_people_write_them(today, text, since, until):
    query = parse(f"{text} x")
    assert (query.filters.since, query.filters.until, query.notes) == (since, until, ())


@pytest.mark.parametrize(
    "text",
    ["since:then", "until:2025-13", "year:0", "year:2025-2023", "since:99999y", "cat:what?", "id:no", "has:money",
     "sort:luck", "-id:2305.12102", "since:2025-02-30", "year:99999"],
)  # fmt: skip
def test_what_an_operator_cannot_read_is_left_out_and_said(text):
    query = parse(f"graphs {text}")
    assert query.text == "graphs"
    assert query.filters == parse("graphs").filters
    assert text.removeprefix("-").split(":")[1] in query.notes[0]


def test_of_very_many_conditions_the_first_count_and_it_is_said():
    query = parse("graphs " + " ".join(f"ti:w{place} -x{place}" for place in range(MOST_TERMS)))
    assert (len(query.filters.terms), len(query.filters.without)) == (MOST_TERMS // 2, MOST_TERMS // 2)
    assert f"first {MOST_TERMS} conditions" in query.notes[0]
    query = parse(" ".join(f"id:2501.{place:05}" for place in range(1, 99)))
    assert (len(query.keys), f"first {MOST_IDS} ids" in query.notes[0]) == (MOST_IDS, True)


def test_of_very_many_odd_operators_some_are_told_one_by_one():
    notes = parse("graphs " + "since:then " * 90).notes
    assert len(notes) == 6
    assert notes[-1].startswith("85 more")


def test_a_range_in_the_text_that_ends_before_it_begins_is_said():
    assert "nothing lies in it" in parse("x since:2025 until:2024").notes[0]


def test_filters_beside_the_text_narrow_it():
    query = parse("x since:2025 cat:cs", categories=["stat.ML"], since=date(2025, 6, 1), until=date(2026, 1, 1))
    assert (query.filters.since, query.filters.until) == (date(2025, 6, 1), date(2026, 1, 1))
    assert query.filters.categories == ("stat.ML", "cs")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("self-attention k-means", "self-attention k-means"),
        ("BERT: pre-training of x", "BERT: pre-training of x"),
        ("foo:bar C++ a - b", "foo:bar C++ a b"),
        ('an "open quote', "an open quote"),
        ('"" "  " x', "x"),
        ("“curly quotes” x", "curly quotes x"),
        ("ti: cat: x", "ti: cat: x"),
        ("https://example.org/x?a=b", "https://example.org/x?a=b"),
    ],
)
def test_what_is_no_operator_is_words(text, words):
    query = parse(text)
    assert query.text == words
    assert query.filters.without == ()


def test_phrases_are_exact_and_names_are_not():
    assert terms('"graph networks" ti:"graph networks" au:"A. Example" au:example') == [
        ("any", "graph networks", True),
        ("title", "graph networks", True),
        ("authors", "A. Example", False),
        ("authors", "example", False),
    ]
    assert parse('-"graph networks"').filters.without[0].exact


def test_an_id_alone_names_a_paper_and_beside_words_narrows():
    assert parse("id:2305.12102v2").key == "2305.12102"
    assert parse("id:2305.12102 id:2305.12103").keys == ("2305.12102", "2305.12103")
    assert (parse("id:2305.12102 x").keys, parse("id:2305.12102 x").key) == (("2305.12102",), None)


def test_the_order_is_the_last_that_was_typed():
    assert parse("x sort:date").order == "date"
    assert parse("x sort:date sort:VOTES").order == "votes"
    assert parse("x").order == "relevance"


@pytest.mark.parametrize(("text", "empty"), [("", True), ("-", True), ('"" -', True), ("cat:cs", False), ("-x", False)])
def test_a_query_is_empty_where_nothing_is_asked_for(text, empty):
    assert parse(text).empty is empty


OPERATORS = st.sampled_from(
    ["ti:", "abs:", "au:", "cat:", "id:", "since:", "until:", "year:", "has:", "sort:", "-", '"', "“", " ", ":", "2025",
     "cs.LG", "a", "中", "\x00", "💥", "\ud800", "١٢", "²"]
)  # fmt: skip


@given(st.lists(OPERATORS, max_size=40).map("".join))
def test_any_heap_of_operators_is_understood_somehow(text):
    query = parse(text)
    assert len(query.filters.terms) + len(query.filters.without) <= MOST_TERMS
    assert len(query.keys) <= MOST_IDS
    assert all(part.text for part in query.parts)
    again = parse(" ".join(map(str, query.parts)))
    assert (again.text, again.filters) == (query.text, query.filters)
