"""Comparisons on a set of queries of which one half is kept back."""

import numpy as np
import pytest

from broadsheet.bench import experiments
from broadsheet.bench.models import Comparison, Holdout
from broadsheet.errors import BadInput, Refused

pytestmark = pytest.mark.django_db

ON = experiments.QuerySet("made-up", "a" * 64, "Take another seed.")
QUERIES = [f"q{number}" for number in range(400)]


@pytest.fixture(autouse=True)
def the_same_halves(monkeypatch):
    """Halves and noise are drawn by chance; here always the same, so that no answer comes by luck."""
    monkeypatch.setattr(experiments.secrets, "randbits", lambda _bits: 5)


def scores(gain=0.0, seed=1):
    """Scores of 400 queries around .5, all better by a gain."""
    drawn = np.random.default_rng(seed).normal(0.5, 0.02, len(QUERIES))
    return dict(zip(QUERIES, np.clip(drawn + gain, 0, 1).tolist(), strict=True))


def compare(ours, theirs, other="weight=0.4", **more):
    return experiments.compare(ON, "default", other, ours, theirs, measure="nDCG@10", **more)


def overfitted():
    """Scores that are better by a tenth on the half that is shown, and by nothing on the other."""
    compare(scores(), scores(seed=2), other="depth=17")
    seed = Holdout.objects.get().noise["seed"]
    plain = scores()
    return {q: score + (0.0 if experiments._is_kept_back(seed, q) else 0.3) for q, score in plain.items()}


def test_a_ranking_that_is_better_on_both_halves_is_told_so_and_costs_nothing():
    told = compare(scores(), scores(0.1))
    assert told.verdict == "better"
    assert told.difference == pytest.approx(0.1, abs=0.02)
    assert told.cost == 0
    assert told.left == told.budget == experiments.BUDGET


def test_the_other_way_round_it_is_worse():
    assert compare(scores(0.1), scores()).verdict == "worse"


def test_what_is_within_the_margin_does_not_count():
    told = compare(scores(), scores(seed=2))
    assert told.verdict == "no difference that counts"
    assert abs(told.difference) <= told.margin


def test_what_was_tuned_on_the_shown_half_is_found_out_and_costs_an_answer():
    told = compare(scores(), overfitted())
    assert told.shown == pytest.approx(0.3)
    assert told.difference < 0.15
    assert told.cost == 1
    assert told.left == told.budget - 1


def test_the_same_question_is_answered_the_same_and_counted_once():
    theirs = overfitted()
    first, again = compare(scores(), theirs), compare(scores(), theirs)
    assert (again.again, again.cost, again.left) == (True, 0, first.left)
    assert again.difference == first.difference
    assert Comparison.objects.filter(other="weight=0.4").count() == 1


def test_the_margin_grows_with_each_ranking_that_was_tried():
    margins = [compare(scores(), scores(seed=2), other=f"weight=0.{tenth}").margin for tenth in (1, 2, 3)]
    assert margins == sorted(set(margins))
    assert compare(scores(), scores(seed=2), other="weight=0.3").tried == 3


def test_a_spent_set_refuses_and_names_the_way_out():
    Holdout.objects.all().delete()
    theirs = scores()
    compare(scores(), scores(seed=2), other="depth=17", budget=1)
    Holdout.objects.update(spent=1)
    with pytest.raises(Refused, match="spent") as refused:
        compare(scores(), theirs)
    assert refused.value.hint == "Take another seed."
    with pytest.raises(Refused, match="spent"):
        experiments.check(ON)


def test_a_budget_stays_as_it_was_named_first():
    compare(scores(), scores(seed=2), budget=5)
    with pytest.raises(BadInput, match="budget of 5"):
        compare(scores(), scores(seed=3), other="weight=0.1", budget=9)


def test_other_queries_are_not_asked_under_the_same_name():
    compare(scores(), scores(seed=2))
    with pytest.raises(Refused, match="not those that it had"):
        experiments.check(experiments.QuerySet(ON.name, "b" * 64))


def test_rankings_are_compared_as_what_they_are_however_they_are_written():
    with pytest.raises(BadInput, match="Both rankings"):
        experiments.compare(ON, "fused", "default", scores(), scores(), measure="nDCG@10")
    with pytest.raises(BadInput, match="no setting"):
        compare(scores(), scores(), other="speed=9")


def test_few_queries_and_missing_scores_are_refused():
    few = dict(list(scores().items())[:10])
    with pytest.raises(BadInput, match="10 queries"):
        compare(few, few)
    with pytest.raises(BadInput, match="10 queries have a score by both rankings, of 400"):
        compare(few, scores())


def test_the_history_tells_what_was_asked_and_nothing_of_single_queries():
    compare(scores(), scores(0.1))
    (kept,) = experiments.history()
    assert kept["on"] == "made-up"
    assert kept["comparisons"][0]["verdict"] == "better"
    assert "q17" not in str(kept)
    assert "q17" not in str(Comparison.objects.get().answer)


def test_the_half_that_is_shown_is_told_by_group_and_small_groups_together():
    groups = {"field": {q: "cs" if n < 300 else "math" if n < 396 else f"rare {n}" for n, q in enumerate(QUERIES)}}
    told = compare(scores(), scores(0.1, seed=2), groups=groups)
    rows = {row["group"]: row for row in told.by_group}
    assert rows.keys() == {"cs", "math"}, "four others are too few to be told even together"
    kept_back = Holdout.objects.get().queries
    assert sum(row["queries"] for row in rows.values()) <= len(QUERIES) - kept_back
    assert rows["cs"]["low"] < rows["cs"]["mean"] < rows["cs"]["high"]
    assert rows["cs"]["mean"] == pytest.approx(0.1, abs=0.02)
    assert told.bounds[0] < told.shown < told.bounds[1]
    again = compare(scores(), scores(0.1, seed=2), groups=groups)
    assert (again.again, again.by_group) == (True, told.by_group)


def test_other_judgments_make_another_fingerprint():
    queries = {"q1": "lanterns"}
    assert experiments.fingerprint(queries, {"q1": {"d1": 1}}) != experiments.fingerprint(queries, {"q1": {"d1": 2}})
    assert experiments.fingerprint(queries) != experiments.fingerprint({"q1": "ships"})
