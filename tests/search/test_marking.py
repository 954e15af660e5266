"""What is marked in a text, and which passage of it is shown."""

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.papers.escaping import escape
from broadsheet.search import highlight


def title(text: str, marks: highlight.Marks) -> str:
    """Return a title with its marks, as the page shows it."""
    return highlight.marked([(escape(text), "")], marks)[0][0]


def passage(text: str, query: str) -> str:
    """Return the passage of an abstract that a page shows for a query."""
    return highlight.marked([("", text)], highlight.pattern(query))[0][1]


@pytest.mark.parametrize(
    ("query", "text", "shown"),
    [
        (
            "train",
            "Training trained trains; trainable, retrain",
            "<mark>Training</mark> <mark>trained</mark> <mark>trai",
        ),
        ("istanbul", "İSTANBUL & Istanbul", "<mark>İSTANBUL</mark> &amp; <mark>Istanbul</mark>"),
        ("graphs", "ﬁne ß Graph_x graphs", "ﬁne ß Graph_x <mark>graphs</mark>"),
        ("STRASSE", "<b> Strasse", "&lt;b&gt; <mark>Strasse</mark>"),
        ("x", "x-ray x2 x", "<mark>x</mark>-ray x2 <mark>x</mark>"),
        ("graph graphs", "graphs", "<mark>graphs</mark>"),
    ],
)
def test_words_are_marked_whole_with_their_usual_endings(query, text, shown):
    assert title(text, highlight.pattern(query)).startswith(shown)


def test_the_passage_is_the_sentence_with_most_of_the_words():
    text = "Graphs are old.  Networks\nof graphs are new. " + "Proteins fold in water at rest. " * 9
    found = passage(text, "graph network")
    assert found.startswith("… <mark>Networks</mark> of <mark>graphs</mark> are new. Proteins")
    assert found.endswith(" …")
    assert passage(text, "rhinoceros") == ""
    assert passage(text, "the of") == ""


@pytest.mark.parametrize("begin", ["Graphs", "“Graphs", '"(Graphs'])
@pytest.mark.parametrize("end", [".", "!", "?"])
def test_a_sentence_begins_with_a_capital_or_a_quotation(begin, end):
    text = f"Of old{end} {begin} are new. " + "Proteins fold in water at rest. " * 9
    split = begin != '"(Graphs'
    assert passage(text, "graph new").startswith("… " if split else "Of old")


def test_each_paper_of_a_page_has_its_own_marks():
    papers = [("Graph", "A graph."), ("Tree &amp; graphs", "of trees\nİ and the  graph"), ("", ""), ("graph", "graph")]
    assert highlight.marked(papers, highlight.pattern("graph")) == [
        ("<mark>Graph</mark>", "A <mark>graph</mark>."),
        ("Tree &amp; <mark>graphs</mark>", "of trees İ and the <mark>graph</mark>"),
        ("", ""),
        ("<mark>graph</mark>", "<mark>graph</mark>"),
    ]


def test_formulas_stay_as_they_are_and_what_stands_around_them_is_marked():
    title = 'Graph &lt;b&gt; of <math><mi>x</mi></math> and <code class="tex">x</code> x'
    [(shown, _)] = highlight.marked([(title, "")], highlight.pattern("graph x b"))
    assert shown == (
        "<mark>Graph</mark> &lt;<mark>b</mark>&gt; of <math><mi>x</mi></math> and "
        '<code class="tex">x</code> <mark>x</mark>'
    )


def test_a_long_sentence_is_cut_to_some_words_around_its_first_mark():
    text = "word " * 100 + "graph " + "word " * 100
    found = passage(text, "graph")
    assert len(found) <= highlight.LONGEST + len("… <mark></mark> …")
    assert found.startswith("… word")
    assert found.count("<mark>graph</mark>") == 1
    assert found.endswith("word …")


@given(st.text(max_size=60), st.text("aßİſ ﬁ.x", max_size=12))
def test_marks_never_change_a_text(text, query):
    marks = highlight.pattern(query + text[:3])
    assert "".join(piece["text"] for piece in highlight.pieces(text, marks)) == text
    for shown in (title(text, marks), passage(text, query + text[:3]).strip("… ")):
        bare = shown.replace("<mark>", "").replace("</mark>", "")
        assert unescape(bare) in (text, "") or unescape(bare) in " ".join(text.split())
