"""How near papers are to a text: by words in the index and in the text itself, by meaning without hubs."""

from math import log, sqrt

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests import cast

from broadsheet.papers.models import Paper
from broadsheet.ranking import key_terms, nearness
from broadsheet.ranking.nearness import Text
from broadsheet.search import current
from broadsheet.search.encoders import embed
from broadsheet.search.keeping import upkeep
from broadsheet.search.models import Embedding


@pytest.fixture(autouse=True)
def counted_anew():
    key_terms.forget()
    nearness.forget()
    yield
    key_terms.forget()
    nearness.forget()


def vector(*parts):
    row = np.zeros(384, dtype=np.float32)
    row[: len(parts)] = parts
    return row / np.linalg.norm(row)


@pytest.fixture
def shelf(db, index, settings):
    """Take papers in by title, abstract and direction, and return them by title."""
    settings.MODEL = "all-MiniLM-L6-v2"

    def taken_in(*rows):
        for number, (title, abstract, direction) in enumerate(rows):
            paper = cast.paper(f"2601.{number + 1:05}", title, abstract=abstract)
            Embedding.objects.create(
                paper=paper,
                model=embed.mark(settings.MODEL),
                digest=embed.digest(upkeep.text_of(paper)),
                vector=direction.astype("<f2").tobytes(),
            )
        index.add(upkeep.documents_of(list(Paper.objects.all())))
        index.flush()
        return {paper.title: paper.pk for paper in Paper.objects.all()}

    return taken_in


def test_the_words_of_a_small_store_are_counted_once_a_question(shelf):
    rows = [(f"Lantern {number}", "Graphs of lanterns", vector(1, number)) for number in range(6)]
    shelf(*rows)
    with CaptureQueriesContext(connection) as asked:
        near = nearness.parts(current.searcher(), Text("Lantern", "Graphs of lanterns", vector(1)))
    assert len(near.words) == len(rows)
    newest = [one["sql"] for one in asked if f"LIMIT {key_terms.SAMPLE}" in one["sql"]]
    assert len(newest) == 1


def test_words_in_common_count_by_rarity_in_either_number(db):
    for number in range(3):
        cast.paper(f"2601.0000{number}", f"Graphs number {number}", abstract="")
    weights = key_terms.weighed("", "graph graphs lantern")
    usual, rare = (1 + log(2)) * log(4 / 3.5), log(4 / 0.5)
    length = sqrt(usual**2 + rare**2)
    assert weights == pytest.approx({"graph": usual / length, "lantern": rare / length})
    other = key_terms.weighed("", "lanterns")
    assert key_terms.in_common(weights, other) == pytest.approx(rare / length)
    assert key_terms.in_common(weights, key_terms.weighed("", "theories of nothing else")) == 0


def test_a_word_of_the_title_counts_twice(db):
    assert key_terms.weighed("lantern", "graph") == key_terms.weighed("", "lantern graph lantern")


def test_a_long_paper_is_no_nearer_by_its_words_than_a_short_one_about_the_same(shelf):
    own = "Lanterns glow in caves."
    here = shelf(
        ("Short", own, vector(0, 1)),
        ("Long", f"{own} " + " ".join(f"padding{number}" for number in range(60)), vector(0, 1)),
    )
    near = nearness.parts(current.searcher(), Text("Lanterns", own), meaning=False).words
    assert near[here["Short"]] == 1.0, "the best by the index and by its text"
    assert near[here["Long"]] < 0.7


def test_every_candidate_is_told_by_words_whatever_it_was_found_by(shelf):
    here = shelf(("Lanterns", "Lanterns glow.", vector(1)), ("Caves", "A cave has lanterns.", vector(0.9, 0.1)))
    near = nearness.parts(current.searcher(), Text("Glowing lanterns", "", vector(1)), also=[here["Caves"]])
    assert set(near.words) == set(near.meaning) == set(here.values())
    assert near.words[here["Lanterns"]] > near.words[here["Caves"]] > 0


def test_what_is_not_looked_for_is_no_measure_for_the_others(shelf):
    here = shelf(("Lanterns glow", "Lanterns glow.", vector(1)), ("Lanterns", "On lanterns.", vector(0.9, 0.1)))
    near = nearness.parts(current.searcher(), Text("Lanterns glow", "", vector(1)), but=[here["Lanterns glow"]])
    assert near.words == {here["Lanterns"]: 1.0}
    assert set(near.meaning) == {here["Lanterns"]}


def test_a_paper_that_is_near_to_everything_stands_behind_one_that_is_near_to_this_alone(shelf, monkeypatch):
    monkeypatch.setattr(nearness, "ENOUGH", 12)
    monkeypatch.setattr(nearness, "NEIGHBOURS", 3)
    crowd = [(f"Other {number}", "", vector(0.1, 1, *([0] * number), 0.3)) for number in range(12)]
    here = shelf(("Hub", "", vector(1, 1)), ("Near", "", vector(1, 0, *([0] * 20), 1.05)), *crowd)
    asked = Text("Asked", "", vector(1))
    found = nearness.parts(current.searcher(), asked, words=False).meaning
    assert found[here["Near"]] > found[here["Hub"]]
    monkeypatch.setattr(nearness, "ENOUGH", 1000)
    nearness.forget()
    by_cosine = nearness.parts(current.searcher(), asked, words=False).meaning
    assert by_cosine[here["Hub"]] == pytest.approx(sqrt(0.5), abs=1e-3), "a small store tells nothing of hubs"
    assert by_cosine[here["Hub"]] > by_cosine[here["Near"]]


def test_a_paper_of_the_sample_is_not_its_own_neighbour(shelf, monkeypatch):
    monkeypatch.setattr(nearness, "ENOUGH", 4)
    monkeypatch.setattr(nearness, "NEIGHBOURS", 1)
    apart = [(f"Apart {number}", "", vector(*([0] * number), 1)) for number in range(1, 5)]
    here = shelf(("First", "", vector(1)), *apart)
    found = nearness.parts(current.searcher(), Text("Asked", "", vector(1)), words=False).meaning
    assert found == {here["First"]: pytest.approx(1.0)}, "no paper is near to another, so nothing is taken off"
