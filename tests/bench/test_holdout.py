"""The reusable holdout against a plain one, on settings of which none is better than another."""

import math

import numpy as np
import pytest

from broadsheet.bench import holdout


def no_noise(_scale):
    return 0.0


def test_a_difference_that_does_not_count_is_the_shown_one_and_costs_nothing():
    assert holdout.ask(0.03, -0.20, 0.04, 0.01, no_noise) == (0.03, False)
    assert holdout.ask(-0.03, -0.20, 0.04, 0.01, no_noise) == (-0.03, False)


def test_one_that_would_count_is_that_of_the_half_kept_back_however_near_they_are():
    assert holdout.ask(0.05, 0.04, 0.04, 0.01, no_noise) == (0.04, True)
    assert holdout.ask(-0.05, 0.04, 0.04, 0.01, no_noise) == (0.04, True)


def test_the_noise_is_of_the_scale_of_thresholdout():
    drawn = []
    holdout.ask(0.05, 0.04, 0.04, 0.01, lambda scale: drawn.append(scale) or 0.0)
    assert drawn == [0.01]


def test_thresholds_follow_the_number_of_queries():
    threshold, scale = holdout.thresholds(1000)
    assert threshold == pytest.approx(1.3 / math.sqrt(1000))
    assert scale == pytest.approx(threshold / 4)


def test_the_margin_grows_with_what_was_tried():
    assert holdout.occam(1, 1000) == pytest.approx(math.sqrt(math.log(20) / 2000))
    assert holdout.occam(50, 1000) == pytest.approx(math.sqrt((math.log(50) + math.log(20)) / 2000))
    noise = holdout.most(holdout.thresholds(1000).scale)
    assert holdout.margin(0.5, 50, 1000) == pytest.approx(noise + holdout.occam(50, 1000))
    assert holdout.margin(0.1, 50, 1000) == pytest.approx(noise + holdout.occam(50, 1000) / 5)


def test_the_noise_is_laplaces_and_never_more_than_the_margin_makes_up_for():
    drawn = np.array([holdout.laplace(7, asked)(0.01) for asked in range(5000)])
    assert np.abs(drawn).max() <= holdout.most(0.01) == pytest.approx(0.01 * math.log(20))
    assert abs(drawn.mean()) < 0.0005
    # The mean size of Laplace's, the scale itself, without the twentieth that lies furthest out.
    assert np.abs(drawn).mean() == pytest.approx(0.01 * (1 - math.log(20) / 19), rel=0.03)


def test_each_question_draws_its_own_noise_and_a_rerun_the_same():
    first, again, next_one = (holdout.laplace(7, asked)(0.01) for asked in (0, 0, 1))
    assert first == again != next_one


def adaptively_chosen(seed, *, reusable, tweaks=500, n=1000):
    """Tell what a holdout reports of a ranking that was tuned on it with tweaks of which none is better than another.

    A query is won or lost by chance, one of two, so the truth is .5; on the half that is shown it was tuned to .7
    before, so that the half kept back is asked each time. Each tweak draws one query in a hundred anew, and is kept
    where the holdout reports more than before.
    """
    draw = np.random.default_rng(seed)
    kept = holdout.Reusable(n, left=1000, seed=seed)
    first = (draw.random((2, n)) < 0.5).astype(float)

    def ask(halves):
        if not reusable:
            return float(halves[1].mean())
        shown, kept_back = halves - first
        margin = holdout.margin(float(shown.std()), kept.asked + 1, n)
        answer = kept.ask(float(shown.mean()), float(kept_back.mean()), margin)
        assert answer.kept_back
        assert answer.value <= margin, "none is better"
        return float(first[1].mean()) + answer.value

    halves = np.stack([np.maximum(first[0], draw.random(n) < 0.4), first[1]])
    best = ask(halves)
    for _ in range(tweaks):
        tweaked = np.where(draw.random((2, n)) < 0.01, draw.random((2, n)) < 0.5, halves)
        if (answer := ask(tweaked)) > best:
            halves, best = tweaked, answer
    return ask(halves)


def test_five_hundred_useless_tweaks_look_good_on_a_plain_holdout_and_not_on_the_reusable_one():
    plain = np.mean([adaptively_chosen(seed, reusable=False) for seed in range(10)])
    reusable = np.mean([adaptively_chosen(seed, reusable=True) for seed in range(10)])
    assert plain > 0.59
    assert reusable == pytest.approx(0.5, abs=0.02)


def test_the_budget_falls_with_answers_of_the_half_kept_back_alone():
    kept = holdout.Reusable(1000, left=3, seed=1)
    assert not kept.ask(0.1, 0.9, 0.2).kept_back
    assert kept.left == 3
    assert kept.ask(0.3, 0.3, 0.2).kept_back
    assert (kept.left, kept.asked) == (2, 2)
