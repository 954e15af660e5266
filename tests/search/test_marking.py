"""What is marked in a text, and which passage of it is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.search import highlight


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
    assert highlight.marked(text, highlight.pattern(query)).startswith(shown)


def test_the_passage_is_the_sentence_with_most_of_the_words():
    text = "Graphs are old.  Networks\nof graphs are new. " + "Proteins fold in water at rest. " * 9
    found = highlight.passage(text, highlight.pattern("graph network"))
    assert found is not None
    assert found.text.startswith("Networks of graphs are new. Proteins")
    assert found.html().startswith("… <mark>Networks</mark> of <mark>graphs</mark> are new.")
    assert found.html().endswith(" …")
    assert highlight.passage(text, highlight.pattern("rhinoceros")) is None
    assert highlight.passage(text, highlight.pattern("the of")) is None


def test_a_long_sentence_is_cut_to_some_words_around_its_first_mark():
    text = "word " * 100 + "graph " + "word " * 100
    found = highlight.passage(text, highlight.pattern("graph"))
    assert found is not None
    assert len(found.text) <= highlight.LONGEST
    assert found.html().startswith("… word")
    assert found.html().count("<mark>graph</mark>") == 1
    assert found.html().endswith("word …")


@given(st.text(max_size=60), st.text("aßİſ ﬁ.x", max_size=12))
def test_marks_never_change_a_text(text, query):
    marks = highlight.pattern(query + text[:3])
    assert "".join(piece["text"] for piece in highlight.pieces(text, marks)) == text
    bare = highlight.marked(text, marks).replace("<mark>", "").replace("</mark>", "")
    assert bare == highlight.marked(text, ())
    found = highlight.passage(text, marks)
    assert found is None or found.text in " ".join(text.split())
