"""The arithmetic of "like this, but", against numbers worked out by hand."""

import numpy as np
import pytest

from broadsheet.ranking import steering

EAST, NORTH, UP = np.eye(3, dtype=np.float32)


def test_without_a_wish_the_vector_stays():
    assert steering.steered(EAST, None, []) == pytest.approx(EAST)


def test_more_draws_the_vector_and_less_takes_its_own_part_out():
    moved = steering.steered(EAST, NORTH, [], toward=0.75)
    assert moved == pytest.approx([0.8, 0.6, 0.0])  # (1, .75) at length one
    halfway = (EAST + NORTH) / np.sqrt(2)
    assert steering.steered(halfway, None, [NORTH], away=1.0) == pytest.approx(EAST)
    assert steering.steered(EAST, None, [-EAST], away=1.0) == pytest.approx(EAST)  # already far from it


def test_nearness_to_what_is_not_wanted_costs_beyond_what_is_free():
    near = steering.nearness(np.array([EAST, NORTH]), EAST, [NORTH], penalty=0.5)
    assert near == pytest.approx([1.0, -0.5 * (1 - steering.FREE)])


def test_kept_papers_draw_and_dropped_ones_push_by_rocchio():
    moved = steering.fed_back([EAST], [NORTH], [UP])
    length = np.sqrt(1 + 0.6**2 + 0.3**2)
    assert moved == pytest.approx(np.array([1, 0.6, -0.3]) / length)
    assert steering.fed_back([], [], [UP]) is None


def test_each_round_looks_nearer_and_at_less_variety():
    assert [steering.balance(number) for number in (1, 2, 3, 5)] == pytest.approx([0.5, 0.65, 0.8, 1.0])
    assert [steering.radius(number) for number in (1, 2, 3, 9)] == [200, 100, 50, 25]


def test_a_varied_slate_passes_over_what_is_like_the_first():
    worth = np.array([1.0, 0.9, 0.5], dtype=np.float32)
    rows = np.array([EAST, EAST, NORTH])
    assert steering.varied(worth, rows, 2, weight=0.5) == [0, 2]
    assert steering.varied(worth, rows, 2, weight=1.0) == [0, 1]
    assert steering.varied(worth, rows, 9, weight=0.5) == [0, 2, 1]


def test_scores_are_scaled_to_their_own_range():
    assert steering.scaled(np.array([2.0, 4.0, 3.0], dtype=np.float32)) == pytest.approx([0, 1, 0.5])
    assert steering.scaled(np.array([2.0, 2.0], dtype=np.float32)) == pytest.approx([1, 1])
