"""The two lines under a title: what the paper is about, not how important its field is."""

import pytest

from broadsheet.mail.extract import LONGEST, two_lines
from broadsheet.papers.models import Paper


def lines(abstract, longest=LONGEST):
    return two_lines(Paper(title="", abstract=abstract), longest)


def test_the_lines_begin_where_the_authors_say_what_they_did():
    assert lines("Papers grow. They are long. We tell by which law. It is short. Third.") == (
        "We tell by which law. It is short."
    )
    assert lines("Papers grow. This paper tells why.") == "This paper tells why."


def test_who_never_says_so_is_told_from_the_beginning():
    assert (
        lines("Small papers grow. They grow by laws. The laws are simple.") == "Small papers grow. They grow by laws."
    )


def test_sentences_that_clear_the_throat_are_passed_over():
    text = (
        "Large language models have achieved remarkable success. Recently, agents have become popular. "
        "A benchmark of agents is told of. It holds a hundred tasks. Results vary."
    )
    assert lines(text) == "A benchmark of agents is told of. It holds a hundred tasks."


def test_an_opening_that_tells_of_the_paper_itself_stays():
    assert (
        lines("In this paper we recently found a law. It holds.") == "In this paper we recently found a law. It holds."
    )


@pytest.mark.parametrize(
    "link", ["To bridge this gap, ", "To this end, ", "In this paper, ", "To address these limitations of models, "]
)
def test_words_that_point_back_to_what_is_not_shown_are_left_out(link):
    assert lines(f"Papers grow. {link}we find a law.") == "We find a law."


def test_where_nothing_else_is_said_the_opening_stands():
    assert lines("Deep learning has become popular.") == "Deep learning has become popular."


@pytest.mark.parametrize(
    "sentence",
    [
        "We compare with Example et al. (2020) and others, e.g. Sample.",
        "The method of J. Example wins on 3.5 of 4 tasks.",
        "See Fig. 2 for what we measured vs. Eq. 3 there.",
    ],
)
def test_abbreviations_initials_and_numbers_do_not_end_a_sentence(sentence):
    assert lines(f"{sentence} It is short. Third.") == f"{sentence} It is short."


def test_a_long_second_sentence_is_cut_between_words():
    told = lines("We show one thing. " + "And many words follow here " * 20 + ".", 100)
    assert len(told) <= 100
    assert told.startswith("We show one thing. And many words")
    assert told.endswith("…")
    assert told[:-1].split()[-1] in ("And", "many", "words", "follow", "here")


def test_a_long_first_sentence_stands_alone_and_is_cut():
    told = lines("We show " + "x" * 50 + " and " + "y" * 300 + ".", 100)
    assert told == "We show " + "x" * 50 + " and…"


def test_a_word_without_end_is_cut_too():
    assert lines("x" * 5000, 100) == "x" * 99 + "…"


def test_mathematics_is_readable_and_lines_are_joined():
    assert lines("We bound\nthe $\\alpha^2$ norm.\x07 It\tis tight.") == "We bound the α² norm. It is tight."


def test_no_abstract_is_no_line():
    assert lines("") == ""
    assert lines(" \n ") == ""
