"""Two rankings made one, each way by hand."""

import statistics

import numpy as np
import pytest

from broadsheet.search import fusing
from broadsheet.search.index import Ranked, Scored
from broadsheet.search.tuning import FUSIONS, Ranking

WORDS = [Scored(1, 9.0), Scored(2, 5.0), Scored(3, 1.0)]
MEANING = [Scored(3, 0.9), Scored(4, 0.5)]


def fused(words, meaning, weight, fusion):
    return {
        one.paper_id: (round(one.score, 6), one.why)
        for one in fusing.fuse(words, meaning, weight, Ranking(fusion=fusion))
    }


def test_the_weighted_sum_is_of_scores_normalised_by_least_and_greatest():
    assert fused(WORDS, MEANING, 0.25, "weighted") == {
        1: (0.75, ("words",)),
        2: (0.375, ("words",)),
        3: (0.25, ("words", "meaning")),
        4: (0.0, ("meaning",)),
    }


def test_cosines_are_added_to_the_cubes_of_shares_of_the_best_where_words_found_few():
    cosines = [Scored(2, 0.3), Scored(1, 0.1)]
    found = fusing.fuse(WORDS, MEANING, 0.5, Ranking(fusion="cosine"), cosines)
    # By hand: three are too few for a mean, so the best counts 1, and the others the cubes of their shares of it.
    sums = {1: 1 + 0.1, 2: 125 / 729 + 0.3, 3: 1 / 729 + 0.9, 4: 0.5}
    least, width = sums[2], sums[1] - sums[2]
    assert {one.paper_id: one.score for one in found} == pytest.approx(
        {pk: (s - least) / width for pk, s in sums.items()}
    )
    assert [one.paper_id for one in found] == [1, 3, 4, 2]
    assert found[0].why == ("words",)


def test_in_a_short_query_words_count_as_shares_of_the_best():
    cosines = [Scored(2, 0.3), Scored(1, 0.1)]
    found = fusing.fuse(WORDS, MEANING, 0.5, Ranking(fusion="cosine"), cosines, length="short")
    # By hand: 1: (1 + .1) / 2, 2: (5/9 + .3) / 2, 3: (1/9 + .9) / 2, 4: .5 / 2, the least, which becomes 0.
    sums = {1: 0.55, 2: (5 / 9 + 0.3) / 2, 3: (1 / 9 + 0.9) / 2, 4: 0.25}
    assert {one.paper_id: one.score for one in found} == pytest.approx({pk: (s - 0.25) / 0.3 for pk, s in sums.items()})
    assert [one.paper_id for one in found] == [1, 3, 2, 4]


def test_a_paper_that_holds_all_the_words_has_a_fifth_more_the_less_the_more_papers_do():
    cosines = [Scored(2, 0.3), Scored(1, 0.1)]
    sums = {1: 1 + 0.1, 2: 125 / 729 + 0.3, 3: 1 / 729 + 0.9, 4: 0.5}
    for words, papers, more in ((9, [3], 0.2 / 1.1), (3, [1, 3], 0.2 * 2 / 3 / 1.2), (2, [2], 0.2 / 3 / 1.1)):
        holding = fusing.Holding.of(np.array(papers), words)
        found = fusing.fuse(WORDS, MEANING, 0.5, Ranking(fusion="cosine"), cosines, holding=holding)
        # By hand, as above, halves of each kind: what is more is no half.
        now = {pk: s + 2 * more * (pk in papers) for pk, s in sums.items()}
        least, width = min(now.values()), max(now.values()) - min(now.values())
        assert {one.paper_id: one.score for one in found} == pytest.approx(
            {pk: (s - least) / width for pk, s in now.items()}
        )


def test_the_mean_of_the_first_ten_by_words_is_what_scores_are_held_against():
    words = [Scored(number, 10.0) for number in range(1, 11)] + [Scored(11, 5.0)]
    found = fusing.fuse(words, [Scored(1, 0.5), Scored(11, 0.5)], 0.5, Ranking(fusion="cosine"))
    # All cosines are alike, so the eleventh is less by what its words lack, and both ends are spread to 1 and 0.
    assert {one.paper_id: one.score for one in found} == {**dict.fromkeys(range(1, 11), 1.0), 11: 0.0}
    more = fusing.fuse([*words, Scored(12, 0.1)], [Scored(11, 0.9), Scored(1, 0.2)], 0.5, Ranking(fusion="cosine"))
    # By hand: the first has 1 / 3 + .2, the eleventh 1 / 24 + .9, the twelfth as good as nothing by words, and .2.
    sums = {1: 1 / 3 + 0.2, 11: 1 / 24 + 0.9, 12: 1e-6 / 3 + 0.2}
    width = sums[11] - sums[12]
    told = {one.paper_id: one.score for one in more if one.paper_id in sums}
    assert told == pytest.approx({pk: (s - sums[12]) / width for pk, s in sums.items()})


def test_of_a_whole_text_words_count_as_shares_of_the_mean_of_the_first_ten():
    words = [Scored(number, 10.0) for number in range(1, 11)] + [Scored(11, 5.0)]
    meaning = [Scored(11, 0.9), Scored(1, 0.2)]
    found = fusing.fuse(words, meaning, 0.5, Ranking(fusion="cosine"), length="whole")
    # By hand: the first ten have 1 + .2, which is 0 then, and the eleventh has .5 + .9, which is 1.
    assert {one.paper_id: one.score for one in found} == {**dict.fromkeys(range(1, 11), 0.0), 11: 1.0}
    few = fusing.fuse(WORDS, MEANING, 0.5, Ranking(fusion="cosine"), [Scored(2, 0.3), Scored(1, 0.1)], length="whole")
    sums = {1: 1 + 0.1, 2: 5 / 9 + 0.3, 3: 1 / 9 + 0.9, 4: 0.5}
    told = {one.paper_id: one.score for one in few}
    assert told == pytest.approx({pk: (s - 0.5) / 0.6 for pk, s in sums.items()})


def test_one_paper_far_ahead_by_words_does_not_make_the_others_alike():
    others = [Scored(number, 25.0 - number) for number in range(2, 12)]
    meaning = [Scored(1, 0.9), *(Scored(number, 0.4 + number / 200) for number in range(2, 12))]
    alone = fusing.fuse(others, meaning[1:], 0.5)
    beside = fusing.fuse([Scored(1, 100.0), *others], meaning, 0.5)
    assert [one.paper_id for one in beside] == [1, *(one.paper_id for one in alone)]


def test_of_papers_that_hold_most_words_the_one_that_holds_them_all_stands_apart():
    words = [Scored(1, 20.0), *(Scored(number, 17.0) for number in range(2, 12))]
    meaning = [Scored(2, 0.52), Scored(1, 0.4)]
    # As shares of the best the others' words would be worth .06 less, and their nearness .072 more.
    assert fusing.fuse(words, meaning, 0.6)[0].paper_id == 1


@pytest.mark.parametrize("rest", [[], [Scored(2, 0.2)], [Scored(2, 0.0)]])
def test_few_papers_found_by_words_count_about_as_in_a_short_query(rest):
    meaning = [Scored(3, 0.9), Scored(1, 0.1)]
    # The first has 1 by words: ahead of what is a little nearer, behind what is much nearer where that counts most.
    assert fusing.fuse([Scored(1, 20.0), *rest], meaning, 0.5)[0].paper_id == 1
    assert fusing.fuse([Scored(1, 20.0), *rest], meaning, 0.8)[0].paper_id == 3


def test_scores_by_words_near_to_nothing_still_count():
    words = [Scored(number, 10.0**-35) for number in range(1, 11)]
    meaning = [Scored(11, 0.3), *(Scored(number, 0.2) for number in range(1, 11))]
    assert fusing.fuse(words, meaning, 0.5)[-1].paper_id == 11


def test_of_a_paper_that_both_found_the_cosine_of_the_ranking_counts():
    cosines = [Scored(1, 0.1), Scored(2, 0.3)]
    plain = fusing.fuse(WORDS, MEANING, 0.5, Ranking(fusion="cosine"), cosines)
    assert fusing.fuse(WORDS, MEANING, 0.5, Ranking(fusion="cosine"), [*cosines, Scored(3, -1.0)])[:] == plain[:]


def test_a_paper_that_stands_in_a_ranking_twice_is_one_hit():
    twice = fusing.fuse([*WORDS, WORDS[-1]], [*MEANING, MEANING[-1]], 0.5, Ranking(fusion="cosine"))
    once = fusing.fuse(WORDS, MEANING, 0.5, Ranking(fusion="cosine"))
    assert [(one.paper_id, one.why) for one in twice] == [(one.paper_id, one.why) for one in once]


def test_rankings_as_arrays_are_fused_as_lists_are():
    def arrays(scored):
        return Ranked(np.array([pk for pk, _ in scored]), np.array([score for _, score in scored]))

    for fusion in FUSIONS:
        as_lists = fusing.fuse(WORDS, MEANING, 0.4, Ranking(fusion=fusion))
        assert fusing.fuse(arrays(WORDS), arrays(MEANING), 0.4, Ranking(fusion=fusion))[:] == as_lists[:]


def test_hits_are_a_sequence_like_any_other():
    found = fusing.fuse(WORDS, MEANING, 0.5, Ranking(fusion="rrf"))
    assert [found[place] for place in range(len(found))] == found[:] == list(found)
    assert (found[-1], found[1:3], found[9:]) == (found[:][-1], found[:][1:3], [])
    with pytest.raises(IndexError):
        found[4]
    assert not fusing.fuse([], [], 0.5)


def test_cosines_count_only_where_both_rankings_found_papers():
    cosines = [Scored(1, -0.5), Scored(2, 0.9), Scored(3, 0.1)]
    alone = fusing.fuse(WORDS, [], 0.5, Ranking(fusion="cosine"))
    assert fusing.fuse(WORDS, [], 0.5, Ranking(fusion="cosine"), cosines)[:] == alone[:]


def test_a_paper_without_a_vector_counts_as_the_farthest():
    found = fusing.fuse(
        [Scored(1, 2.0), Scored(2, 2.0)], [Scored(2, 0.8), Scored(3, 0.4)], 0.5, Ranking(fusion="cosine")
    )
    # By hand: 2: 1 + .8, 1: 1 + .4, 3: .4.
    assert {one.paper_id: one.score for one in found} == pytest.approx({2: 1.0, 1: 5 / 7, 3: 0.0})


def test_a_paper_that_a_full_list_by_words_lacks_counts_as_its_last():
    words, meaning = [Scored(1, 4.0), Scored(2, 2.0)], [Scored(3, 0.5), Scored(1, 0.5), Scored(2, 0.5)]
    full = fusing.fuse(words, meaning, 0.5, Ranking(fusion="cosine", depth=2))
    assert {one.paper_id: one.score for one in full} == pytest.approx({1: 1.0, 2: 0.0, 3: 0.0})


def test_reciprocal_ranks_count_places_alone():
    assert fused(WORDS, MEANING, 0.5, "rrf") == {
        1: (0.5, ("words",)),
        2: (round(0.5 * 61 / 62, 6), ("words",)),
        3: (round(0.5 * 61 / 63 + 0.5, 6), ("words", "meaning")),
        4: (round(0.5 * 61 / 62, 6), ("meaning",)),
    }


def test_standard_scores_are_distances_from_the_mean_in_deviations():
    words = [Scored(number, 30.0 - number) for number in range(20)]
    meaning = [Scored(100 + number, 1 - number / 40) for number in range(20)]
    found = fused(words, meaning, 0.4, "z")
    mean, deviation = statistics.fmean(s for _, s in words), statistics.pstdev(s for _, s in words)
    # Both rankings fall evenly, so their standard scores are alike: 1.65 for the first, -1.65 for the last and beyond.
    first = (30.0 - mean) / deviation
    width = 0.6 * (first + first)
    assert found[0][0] == 1.0
    assert found[100][0] == pytest.approx(0.4 * 2 * first / width, abs=1e-6)
    assert found[19][0] == 0.0


def test_one_outstanding_hit_by_words_comes_first_by_standard_scores():
    words = [Scored(1, 40.0), *(Scored(number, 10.0 - number / 100) for number in range(2, 200))]
    meaning = [Scored(number, 0.9 - number / 1000) for number in range(2, 200)]
    assert fusing.fuse(words, meaning, 0.5, Ranking(fusion="z"))[0].paper_id == 1
    assert fusing.fuse(words, meaning, 0.5, Ranking(fusion="rrf"))[0].paper_id == 2


def test_a_single_hit_by_words_is_outstanding():
    meaning = [Scored(number, 0.9 - number / 1000) for number in range(2, 200)]
    assert fusing.fuse([Scored(1, 3.0)], meaning, 0.5)[0].paper_id == 1


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize(("words", "meaning"), [([Scored(1, 2.0)], []), ([], [Scored(1, 0.3)]), ([], [])])
def test_one_ranking_alone_decides_alone(words, meaning, fusion):
    assert [one.score for one in fusing.fuse(words, meaning, 0.5, Ranking(fusion=fusion))] == [1.0] * len(
        words or meaning
    )


@pytest.mark.parametrize("fusion", FUSIONS)
def test_equal_scores_stand_newest_first_and_all_lie_between_nothing_and_one(fusion):
    words = [Scored(number, 1.0) for number in (5, 9, 7)]
    found = fusing.fuse(words, [], 0.5, Ranking(fusion=fusion))
    assert all(0 <= one.score <= 1 for one in found)
    if fusion != "rrf":
        assert [one.paper_id for one in found] == [9, 7, 5]


def test_a_short_query_leaves_less_to_meaning():
    assert fusing.share_of_meaning("graph networks", 0.4, by_length=True) == pytest.approx(0.4 * fusing.SHORT_SHARE)
    assert fusing.SHORT_SHARE < 1
    assert fusing.share_of_meaning("graph networks", 0.4, by_length=False) == 0.4
    assert fusing.share_of_meaning("networks of graphs that learn", 0.4, by_length=True) == 0.4


def test_one_kind_of_search_alone_stays_alone_however_short_the_query():
    assert fusing.share_of_meaning("graphs", 1.0, by_length=True) == 1.0
    assert fusing.share_of_meaning("graphs", 0.0, by_length=True) == 0.0
