"""The logistic item model: what it recovers from made-up answers, and how well a few queries tell of all."""

import numpy as np
import pytest

from broadsheet.bench import items


@pytest.fixture
def world():
    """Forty systems and 400 queries of known ability and difficulty, with the answers drawn from them."""
    random = np.random.default_rng(5)
    abilities, difficulties = random.normal(0.3, 0.8, 40), random.normal(0, 1.2, 400)
    difficulties -= difficulties.mean()
    answers = (random.random((40, 400)) < items.probability(abilities, difficulties)).astype(float)
    return abilities, difficulties, answers


def test_the_probability_is_one_half_where_ability_meets_difficulty():
    assert items.probability(np.array([0.7]), np.array([0.7]))[0, 0] == pytest.approx(0.5)
    # By hand: 1 / (1 + e^(1 - 2)) = 0.731059.
    assert items.probability(np.array([2.0]), np.array([1.0]))[0, 0] == pytest.approx(0.731059, abs=1e-6)


def test_known_abilities_and_difficulties_are_recovered(world):
    abilities, difficulties, answers = world
    fitted = items.fit(answers)
    assert np.sqrt(np.mean((fitted.abilities - abilities) ** 2)) < 0.15
    assert np.corrcoef(fitted.difficulties, difficulties)[0, 1] > 0.93
    assert fitted.difficulties.mean() == pytest.approx(0, abs=1e-6)


def test_what_was_not_run_is_left_out_of_the_fit(world):
    abilities, _, answers = world
    holes = np.random.default_rng(6).random(answers.shape) < 0.4
    fitted = items.fit(np.where(holes, np.nan, answers))
    assert np.sqrt(np.mean((fitted.abilities - abilities) ** 2)) < 0.2


def test_who_answers_everything_or_nothing_gets_a_finite_ability():
    fitted = items.fit(np.array([[1.0] * 30, [0.0] * 30, [0.5] * 30]))
    assert np.isfinite(fitted.abilities).all()
    assert fitted.abilities[0] > fitted.abilities[2] > fitted.abilities[1]


@pytest.mark.parametrize("scores", [[[1.2, 0.0]], [[-0.1, 0.0]], [[np.nan, np.nan]]])
def test_what_is_no_score_is_refused(scores):
    with pytest.raises(ValueError, match="from 0 to 1"):
        items.fit(np.array(scores))


@pytest.mark.parametrize("ability", [-1.0, 0.0, 0.5, 1.5])
def test_fifty_queries_tell_how_a_new_system_does_on_all(world, ability):
    _, difficulties, answers = world
    chances = items.probability(np.array([ability]), difficulties)[0]
    told = items.estimate(items.fit(answers), lambda place: float(chances[place]))
    assert len(set(told.asked)) == items.ASKED
    assert told.mean == pytest.approx(chances.mean(), abs=0.025)


def test_the_queries_asked_are_those_near_the_ability(world):
    _, _, answers = world
    fitted = items.fit(answers)
    told = items.estimate(fitted, lambda place: float(fitted.difficulties[place] < 0.5))
    passed_over = np.delete(fitted.difficulties, list(told.asked))
    far = np.abs(passed_over - told.ability).mean()
    assert np.abs(fitted.difficulties[list(told.asked)] - told.ability).mean() < far


def test_where_all_queries_are_asked_the_estimate_is_the_mean():
    fitted = items.fit(np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]))
    assert items.estimate(fitted, [1.0, 0.5, 0.0].__getitem__, 50).mean == pytest.approx(0.5)


def test_systems_that_follow_the_model_are_told_within_two_and_a_half_points_in_their_order():
    random = np.random.default_rng(7)
    difficulties = random.normal(0, 1.5, 360)
    scores = {
        f"system {number}": items.probability(np.array([ability]), difficulties)[0].tolist()
        for number, ability in enumerate(np.linspace(-0.5, 1.5, 9))
    }
    told = items.check(scores, ["one"] * 180 + ["other"] * 180)
    assert max(abs(one.error) for one in told) < 0.025
    assert items.tau([one.full for one in told], [one.estimate for one in told]) >= 0.9


def test_doing_without_a_model_is_the_mean_of_drawn_queries_set_right_by_the_other_systems():
    scores = {"one": [1.0, 0.0, 1.0, 0.0], "other": [1.0, 1.0, 0.0, 0.0], "new": [0.0, 0.0, 1.0, 1.0]}
    places = items.anchors_of(["a"] * 4, 2)
    told = next(row for row in items.check(scores, ["a"] * 4, 2) if row.system == "new")
    others = [(scores["one"][at] + scores["other"][at]) / 2 for at in range(4)]
    shift = sum(others) / 4 - sum(others[at] for at in places) / 2
    assert told.simple == pytest.approx(sum(scores["new"][at] for at in places) / 2 + shift - 0.5)


def test_anchors_hold_each_group_by_its_share():
    groups = ["title"] * 300 + ["series"] * 100
    chosen = items.anchors_of(groups)
    assert len(set(chosen)) == items.ANCHORS
    assert sum(groups[place] == "series" for place in chosen) == 50
    assert chosen == items.anchors_of(groups), "the same ones each time"
    assert items.anchors_of(["few"] * 7) == list(range(7))


def test_kendalls_tau_is_as_counted_by_hand():
    # Of six pairs five agree and one does not.
    assert items.tau([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx(4 / 6)
    # One pair is tied on one side: 2 agree of sqrt(2 * 3).
    assert items.tau([1, 1, 2], [1, 2, 3]) == pytest.approx(2 / 6**0.5)
    assert items.tau([1, 1], [1, 2]) == 0


def test_only_pairs_that_lie_apart_are_counted_as_in_order_or_not():
    # Apart lie 1 and 3, 1 and 4, 2 and 4; the last of these is told the other way round.
    assert items.in_order([0.50, 0.505, 0.511, 0.52], [0.4, 0.6, 0.5, 0.55]) == (2, 3)
    assert items.in_order([0.5, 0.505], [0.5, 0.4]) == (0, 0)
