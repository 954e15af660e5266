"""Choosing a few papers that are good and not all of one kind."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.ranking import diversity

LANGUAGE = "transformers translate sentences between languages with attention heads"
GRAPHS = "colouring planar graphs needs four colours by discharging"


def choose(papers, number, **more):
    """Papers are (text, kind, votes)."""
    likeness = diversity.Likeness([text for text, _, _ in papers], [kind for _, kind, _ in papers])
    worth = diversity.relevance([votes for _, _, votes in papers], [None] * len(papers))
    return diversity.chosen(worth, likeness, np.arange(len(papers)), number, **more)


def test_the_most_voted_comes_first():
    assert choose([(LANGUAGE, "cs.CL", 3), (GRAPHS, "math.CO", 9)], 2) == [1, 0]


def test_a_few_votes_less_are_made_up_for_by_being_of_another_kind():
    papers = [(f"{LANGUAGE} {word}", "cs.CL", votes) for word, votes in [("one", 40), ("two", 30), ("three", 29)]]
    papers.append((GRAPHS, "math.CO", 20))
    assert choose(papers, 2) == [0, 3]
    assert choose(papers, 2, balance=1) == [0, 1], "by votes alone it would be the second of the same kind"


def test_votes_still_win_where_the_other_kind_has_hardly_any():
    papers = [(LANGUAGE, "cs.CL", 400), (f"{GRAPHS} in languages", "cs.CL", 300), (GRAPHS, "math.CO", 1)]
    assert choose(papers, 2) == [0, 1]


def test_within_one_kind_the_words_decide():
    papers = [(LANGUAGE, "cs.CL", 10), (LANGUAGE, "cs.CL", 9), (GRAPHS, "cs.CL", 8)]
    assert choose(papers, 2) == [0, 2]


def test_ten_papers_are_not_all_of_the_kind_that_is_voted_for_most():
    papers = [(f"{LANGUAGE} number{place}", "cs.CL", 60 - place) for place in range(15)]
    papers += [(f"{GRAPHS} number{place}", f"math.C{place}", 30 - place) for place in range(10)]
    kinds = [papers[place][1] for place in choose(papers, 10)]
    assert kinds.count("cs.CL") <= 6
    assert kinds[0] == "cs.CL"


def test_without_any_votes_the_order_of_the_list_says_which_are_looked_at():
    papers = [(f"{LANGUAGE} number{place}", "cs.CL", 0) for place in range(300)]
    picked = choose(papers, 10)
    assert picked[0] == 0
    assert max(picked) < diversity.LEAST_POOL


def test_papers_without_category_and_text_are_like_no_other():
    likeness = diversity.Likeness(["", "", LANGUAGE], ["", "", "cs.CL"])
    assert likeness.of_kind(0, np.array([1, 2])).tolist() == [0, 0]
    assert likeness.of_words(0, np.array([1, 2])).tolist() == [0, 0]


def test_trending_decides_between_equal_votes():
    worth = diversity.relevance([5, 5, 5], [10.0, 12.0, None])
    assert worth[1] > worth[0] > worth[2]
    assert worth.max() == 1


@given(
    st.lists(
        st.tuples(st.text(max_size=40), st.sampled_from(["", "cs.CL", "math.CO"]), st.integers(0, 10**6)), max_size=30
    ),
    st.integers(0, 12),
)
def test_whatever_there_is_each_paper_is_chosen_once_and_as_many_as_wanted(papers, number):
    picked = choose(papers, number)
    assert len(picked) == len(set(picked)) == min(number, len(papers))
    assert choose(papers, number) == picked
