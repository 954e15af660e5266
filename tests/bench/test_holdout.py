"""The reusable holdout against a plain one, on settings of which none is better than another."""

import math

import numpy as np
import pytest

from broadsheet.bench import holdout

SILENT = holdout.Thresholds(0.04, 0.0)


def no_noise(_scale):
    return 0.0


def test_halves_that_agree_tell_the_shown_mean_and_cost_nothing():
    assert holdout.ask(0.52, 0.49, SILENT, no_noise) == (0.52, False)


def test_halves_that_differ_tell_what_was_kept_back():
    assert holdout.ask(0.60, 0.50, SILENT, no_noise) == (0.50, True)


def test_thresholds_follow_the_number_of_queries():
    threshold, scale = holdout.thresholds(1000)
    assert threshold == pytest.approx(1.3 / math.sqrt(1000))
    assert scale == pytest.approx(threshold / 4)


def test_the_margin_grows_with_what_was_tried():
    assert holdout.occam(1, 1000) == pytest.approx(math.sqrt(math.log(20) / 2000))
    assert holdout.occam(50, 1000) == pytest.approx(math.sqrt((math.log(50) + math.log(20)) / 2000))
    assert holdout.margin(0.5, 50, 1000) == pytest.approx(holdout.occam(50, 1000))
    assert holdout.margin(0.1, 50, 1000) == pytest.approx(holdout.occam(50, 1000) / 5)


def test_each_question_draws_its_own_noise_and_a_rerun_the_same():
    first, again, next_one = (holdout.laplace(7, asked)(0.01) for asked in (0, 0, 1))
    assert first == again != next_one


def adaptively_chosen(seed, *, reusable, tweaks=500, n=1000):
    """Tell what a holdout reports of a ranking that was tuned on it with tweaks of which none is better than another.

    A query is won or lost by chance, one of two, so the truth is .5. Each tweak draws one query in a hundred anew, and
    is kept where the holdout reports more than before.
    """
    draw = np.random.default_rng(seed)
    kept = holdout.Reusable(n, left=1000, seed=seed)

    def ask(halves):
        shown, kept_back = (float(half.mean()) for half in halves)
        return kept.ask(shown, kept_back).value if reusable else kept_back

    halves = draw.random((2, n)) < 0.5
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
    assert not kept.ask(0.5, 0.5).kept_back
    assert kept.left == 3
    assert kept.ask(0.9, 0.5).kept_back
    assert (kept.left, kept.asked) == (2, 2)
