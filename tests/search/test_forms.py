"""Words in their several ways, asked of the index itself: compounds, letters, questions, acronyms."""

import pytest

from broadsheet.search.index import Document, Filters
from broadsheet.search.text.compounds import Alike

pytestmark = pytest.mark.django_db


def found(index, text, alike=()):
    return [hit.id for hit in index.words(text, limit=9, filters=Filters(), alike=alike)]


@pytest.mark.parametrize(
    ("held", "typed"),
    [
        ("Self-supervised vision", "selfsupervised"),
        ("A dataset of birds", "data set"),
        ("A pre-training run", "pretraining"),
        ("Pretraining of birds", "pre-training"),
        ("GPT-4 alone", "gpt4"),
        ("The β decay", "beta"),
        ("A beta function", "β"),
        ("H₂O and CO₂", "CO2"),
        ("Written in C++", "c++"),
        ("ℓ₁ norms", "l1"),
        ("Films of Cu_xBi₂Se₃", "CuxBi2Se3"),
        ("Near T_c", "Tc"),
        ("Near Tc", "T_c"),
        ("La_(3-x)Nd_xNi₂O₇", "La3-xNdxNi2O7"),
    ],
)
def test_a_paper_is_found_however_the_word_is_written(index, held, typed):
    index.add([Document(1, held, "", ""), Document(2, "Something else", "", "")])
    index.flush()
    assert found(index, typed) == [1]


def test_a_word_just_as_it_was_typed_comes_before_its_other_endings(index):
    index.add([Document(1, "", "It learned much.", ""), Document(2, "", "It learns much.", "")])
    index.flush()
    assert found(index, "learns")[0] == 2
    assert found(index, "learned")[0] == 1


def test_words_that_only_ask_find_nothing_in_a_question(index):
    index.add([Document(1, "When wings could flutter", "", ""), Document(2, "Anyone there must", "", "")])
    index.flush()
    assert found(index, "when could anyone there see wings?") == [1]


def test_the_other_form_of_an_acronym_is_found_below_the_form_that_was_typed(index):
    alike = [Alike("LLM", "large language model")]
    index.add(
        [
            Document(1, "", "A large language model for plants.", ""),
            Document(2, "", "An LLM for plants.", ""),
            Document(3, "", "A language of large birds.", ""),
        ]
    )
    index.flush()
    assert found(index, "LLM plants", alike) == [2, 1]
    assert found(index, "LLM plants") == [2, 1]
    assert found(index, "LLM") == [2]
    assert found(index, "LLM", alike) == [2, 1]
