"""Measures against values worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.bench import measures

JUDGED = {"a": 3, "b": 0, "c": 1, "d": 2}
# a at rank 2, c at rank 3: (7 / log2 3 + 1 / 2) of the best (7 + 3 / log2 3 + 1 / 2)
RANKING = ["x", "a", "c"]


def test_ndcg_gains_by_powers_of_two_and_discounts_by_rank():
    best = 7 + 3 / math.log2(3) + 1 / 2
    assert measures.ndcg(RANKING, JUDGED) == pytest.approx((7 / math.log2(3) + 1 / 2) / best)
    assert measures.ndcg(["a", "d", "c"], JUDGED) == 1
    assert measures.ndcg(["b", "x"], JUDGED) == 0
    assert measures.ndcg(RANKING, JUDGED, depth=1) == 0
    assert measures.ndcg(["a"], {"a": 0}) == 0, "nothing is relevant"


def test_linear_ndcg_gains_by_the_grades():
    best = 3 + 2 / math.log2(3) + 1 / 2
    assert measures.linear_ndcg(RANKING, JUDGED) == pytest.approx((3 / math.log2(3) + 1 / 2) / best)


def test_a_negative_grade_gains_nothing():
    assert measures.ndcg(["n", "a"], {"n": -1, "a": 1}) == measures.ndcg(["x", "a"], {"a": 1})


def test_recall_is_the_share_of_the_relevant_that_was_found():
    assert measures.recall(RANKING, JUDGED) == pytest.approx(2 / 3)
    assert measures.recall(RANKING, JUDGED, depth=2) == pytest.approx(1 / 3)
    assert measures.recall(RANKING, {"b": 0}) == 0


def test_reciprocal_rank_looks_for_the_first_relevant_one():
    assert measures.reciprocal_rank(RANKING, JUDGED) == 1 / 2
    assert measures.reciprocal_rank(["b", "x", "d"], JUDGED) == pytest.approx(1 / 3)
    assert measures.reciprocal_rank(["x"] * 10 + ["a"], JUDGED) == 0, "below the depth"


def test_average_precision_counts_what_was_not_found_as_zero():
    assert measures.average_precision(RANKING, JUDGED) == pytest.approx((1 / 2 + 2 / 3) / 3)
    assert measures.average_precision([], JUDGED) == 0


@given(st.permutations(["a", "b", "c", "d", "x", "y"]))
def test_no_order_is_better_than_the_best_and_none_is_below_nothing(ranking):
    for measure in (measures.ndcg, measures.linear_ndcg, measures.average_precision):
        assert 0 <= measure(ranking, JUDGED) <= measure(["a", "d", "c", "b", "x", "y"], JUDGED) + 1e-12


def test_an_interval_holds_its_mean_and_narrows_with_more_queries():
    few, many = measures.interval([0, 1] * 10), measures.interval([0, 1] * 1000)
    assert few.mean == many.mean == 0.5
    assert few.low < many.low < 0.5 < many.high < few.high
    assert measures.interval([0.3] * 5) == pytest.approx((0.3, 0.3, 0.3))
    assert measures.interval([]) == (0, 0, 0)


def test_the_same_seed_gives_the_same_interval():
    values = [0.1, 0.9, 0.4, 0.7]
    assert measures.interval(values) == measures.interval(values)


def test_an_interval_is_that_of_the_means_of_samples_however_many_are_drawn_at_a_time(monkeypatch):
    values = np.random.default_rng(7).random((3, 33))
    drawn = np.random.default_rng(4).integers(0, 33, size=(500, 33))
    low, high = np.percentile(values[:, drawn].mean(axis=2), (2.5, 97.5), axis=1)
    for at_a_time in (33, 1000, measures.DRAWN):
        monkeypatch.setattr(measures, "DRAWN", at_a_time)
        told = measures.intervals(values.tolist(), rounds=500, seed=4)
        assert [one.mean for one in told] == pytest.approx(values.mean(axis=1).tolist())
        assert [one.low for one in told] == pytest.approx(low.tolist())
        assert [one.high for one in told] == pytest.approx(high.tolist())
        assert told[1] == pytest.approx(measures.interval(values[1].tolist(), rounds=500, seed=4))


def test_sequences_over_other_queries_have_no_interval_together():
    assert measures.intervals([]) == []
    assert measures.intervals([[], []]) == [(0, 0, 0)] * 2
    with pytest.raises(ValueError, match="shape"):
        measures.intervals([[0.1, 0.2], [0.1]])


def test_many_pairs_are_told_apart_as_each_is_by_itself(monkeypatch):
    one, other = np.random.default_rng(3).random((2, 40)).tolist()
    alone = [measures.difference(*pair) for pair in ((one, other), (other, one), (one, one))]
    monkeypatch.setattr(measures, "DRAWN", 100)
    assert measures.differences([(one, other), (other, one), (one, one)]) == alone
    assert measures.differences([]) == []


def test_a_difference_in_every_query_is_no_chance_and_one_in_both_directions_is():
    clear = measures.difference([0.6] * 30, [0.5] * 30)
    assert clear.mean == pytest.approx(0.1)
    assert (clear.better, clear.worse) == (30, 0)
    assert clear.p < 0.001
    even = measures.difference([0.6, 0.4] * 15, [0.5] * 30)
    assert even.p > 0.9


def test_the_probability_of_few_queries_is_that_of_all_their_arrangements():
    # Of the eight ways to sign three equal gains two are as far out as the one seen.
    assert measures.difference([1, 1, 1], [0, 0, 0]).p == pytest.approx(2 / 8, abs=0.02)


def test_systems_that_are_equal_do_not_differ():
    assert measures.difference([0.2, 0.3], [0.2, 0.3]) == (0, 1, 0, 0)
    with pytest.raises(ValueError, match="2 queries cannot be paired with 1"):
        measures.difference([0.2, 0.3], [0.2])
