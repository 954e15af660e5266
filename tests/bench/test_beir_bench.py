"""A judged collection asked: what a query may not find, and what is odd about judgments."""

import pytest
from tests.records import record

from broadsheet.bench import beir
from broadsheet.papers.actions import store
from broadsheet.search import asked, current
from broadsheet.search.keeping import upkeep
from broadsheet.sources.beir import Judgments, key_of

LANTERNS, SHIPS = "Lanterns on ships", "Ships of the north"


@pytest.fixture
def library(db, tmp_path, settings):
    settings.INDEX_DIR, settings.MODEL = tmp_path / "index", "none"
    current.release()
    rows = {"q1": LANTERNS, "7": SHIPS, "d1": "Lanterns in towns", "d2": "Towns"}
    store([record(key_of(key), title=title, abstract="", source="beir") for key, title in rows.items()])
    upkeep.catch_up(current.own())
    yield
    current.release()


def measured(queries, qrels):
    found = beir.measure(Judgments(queries, qrels), ["words"], lambda done, total: None)
    return found.scores["words"]["MRR@10"]


def test_a_query_that_is_a_document_itself_is_no_answer_to_itself(library):
    assert measured({"q1": LANTERNS}, {"q1": {"d1": 1}}) == {"q1": 1}
    assert measured({"q1": f"{LANTERNS}."}, {"q1": {"d1": 1}}) == {"q1": 1}


def test_a_document_that_has_but_the_number_of_a_query_is_another_one(library):
    assert measured({"7": "ships north"}, {"7": {"7": 1}}) == {"7": 1}
    assert measured({"7": "lanterns ships"}, {"7": {"q1": 1, "7": 0}}) == {"7": 1}


def test_a_query_that_was_judged_to_be_its_own_answer_is_one(library):
    assert measured({"q1": LANTERNS}, {"q1": {"q1": 1}}) == {"q1": 1}


@pytest.mark.parametrize(
    "query",
    ['"lanterns" towns "no such phrase"', "lanterns -towns", "cat:math lanterns towns", "ti:nothing lanterns towns"],
)
def test_nothing_in_a_query_is_an_operator(library, query):
    assert measured({"q": query}, {"q": {"d1": 1}}) == {"q": 1}


def test_each_system_makes_the_vectors_of_its_queries_anew(library, monkeypatch):
    forgotten = []
    monkeypatch.setattr(asked, "forget", lambda: forgotten.append(True))
    beir.measure(Judgments({"q": "ships"}, {"q": {"d1": 1}}), ["words", "fused"], lambda done, total: None)
    assert len(forgotten) == 2


def test_judgments_that_say_nothing_of_a_system_are_told(library):
    judged = Judgments(
        {"q1": "ships", "q2": "towns", "q3": "a" * 2001, "q4": "?!"},
        {"q1": {"gone": 1, "d1": 1}, "q2": {"d1": 0, "lost": -1}, "q3": {"d1": 1}, "q4": {"d1": 1}},
        without_text=("q9",),
    )
    told = beir.odd(judged)
    assert told == [
        "1 judged queries have no text in queries.jsonl and are left out, such as 'q9'.",
        "1 queries hold no words and count as 0 for every system, such as 'q4'.",
        "1 documents that count as relevant are not in the corpus, so nothing finds them, such as 'gone'.",
        "1 queries have no relevant document and count as 0 for every system, such as 'q2'.",
        "1 queries are longer than 2000 characters, of which the first are asked for, such as 'q3'.",
    ]
    assert beir.odd(Judgments({"q1": "ships"}, {"q1": {"d1": 1}})) == []
