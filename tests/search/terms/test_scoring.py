"""Which words of a text are read where reading all would take too long, and what a paper must hold to hold them all."""

import numpy as np
import pytest

from broadsheet.search.terms.fields import BODY, TITLE
from broadsheet.search.terms.scoring import ALWAYS, Part, needs, rarity, telling, worth_reading
from broadsheet.search.text.compounds import Alike

PAPERS = 1000


def read(numbers, most):
    return [part.word for part in chosen([Part(BODY, word, 1.0) for word in numbers], numbers, most)]


def chosen(parts, numbers, most):
    counts = np.array([numbers[part.word] for part in parts])
    return [parts[place] for place in worth_reading(parts, counts, PAPERS, most)]


def test_all_is_read_where_it_may_be_rarest_words_first():
    assert read({"common": 900, "rare": 2, "other": 30}, 1000) == ["rare", "other", "common"]


def test_the_most_telling_words_are_read_whatever_they_take():
    numbers = {f"word{place}": 900 + place for place in range(ALWAYS + 3)}
    assert read(numbers, 0) == [f"word{place}" for place in range(ALWAYS)]


def test_beyond_these_words_are_read_as_long_as_they_take_no_more_than_they_may():
    numbers = {f"rare{place}": 1 for place in range(ALWAYS)} | {"middling": 10, "common": 500}
    assert read(numbers, ALWAYS + 10)[ALWAYS:] == ["middling"]
    assert read(numbers, ALWAYS + 510)[ALWAYS:] == ["middling", "common"]


def test_in_a_whole_text_how_rare_a_word_is_counts_twice():
    parts, counts = [Part(BODY, "rare", 1.0), Part(BODY, "common", 1.0)], np.array([1, 400])
    once, twice = telling(parts, counts, PAPERS), telling(parts, counts, PAPERS, whole=True)
    # By hand: the inverse document frequencies, and their squares over that of a word in no paper.
    rare, common, none = (np.log(1 + (PAPERS - held + 0.5) / (held + 0.5)) for held in (1, 400, 0))
    assert once.tolist() == pytest.approx([rare, common])
    assert twice.tolist() == pytest.approx([rare**2 / none, common**2 / none])
    assert rarity(np.array([0]), PAPERS).tolist() == pytest.approx([1])


def test_what_counts_less_is_left_out_before_what_counts_more():
    numbers = {"graph": 100}
    whole, typed = Part(BODY, "graph", 1.0), Part(TITLE, "graph", 0.2)
    assert chosen([typed, whole], numbers, 150) == [whole]
    assert chosen([typed, whole], numbers, 200) == [whole, typed]


def test_a_word_that_no_paper_holds_is_not_asked_for():
    assert read({"nowhere": 0, "rare": 3}, 100) == ["rare"]
    assert read({"nowhere": 0}, 100) == []


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Graphs of the graph", [["graph", "graphsof", "thegraph"]]),
        ("could graphs be wild?", [["graph", "graphsb"], ["wild", "bewild"]]),
        ("data set", [["data", "dataset"], ["set", "dataset"]]),
        ("C++ code", [["cplusplus"], ["code", "ccode"]]),
        ("T_c of cuprates", [["tc"], ["cuprat", "ofcupr"]]),
        ("spin-lattice", [["spin", "spinlattic"], ["lattic", "spinlattic"]]),
        ("GN wild", [["gn", "gnwild", "graph network"], ["wild", "gnwild"]]),
        ("the of", []),
    ],
)
def test_a_word_is_held_in_each_of_its_forms(text, asked):
    found = needs(text, [Alike("GN", "graph networks")])
    assert [[" ".join(way) for way in ways] for ways in found] == asked
