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


def by_half(shown, kept_back, seed=5, queries=QUERIES, spread=0.05):
    """Scores of .5 by one ranking, and by another one that gains something else in each half."""
    draw = np.random.default_rng(seed)
    gains = {q: kept_back if experiments._is_kept_back(seed, q) else shown for q in queries}
    theirs = {q: float(np.clip(0.5 + gain + draw.normal(0, spread), 0, 1)) for q, gain in gains.items()}
    return dict.fromkeys(queries, 0.5), theirs


def test_a_ranking_that_is_better_on_both_halves_is_told_so_by_the_half_kept_back_for_one_answer():
    told = compare(scores(), scores(0.3))
    assert told.verdict == "better"
    assert told.shown == pytest.approx(0.3)
    assert told.difference != told.shown
    assert told.difference == pytest.approx(0.3, abs=told.noise)
    assert told.queries == Holdout.objects.get().queries == len(QUERIES) - told.shown_queries
    assert (told.cost, told.left) == (1, experiments.BUDGET - 1)


def test_the_other_way_round_it_is_worse():
    assert compare(scores(0.3), scores()).verdict == "worse"


def test_what_is_within_the_margin_does_not_count_and_nothing_of_the_half_kept_back_is_told():
    told = compare(scores(), scores(seed=2))
    assert told.verdict == "no difference that counts"
    assert abs(told.shown) <= told.margin
    assert (told.difference, told.cost, told.left) == (None, 0, experiments.BUDGET)


def test_what_is_great_on_the_half_kept_back_alone_is_not_asked_for():
    told = compare(*by_half(shown=0.0, kept_back=0.4))
    assert (told.verdict, told.difference, told.cost) == ("no difference that counts", None, 0)


def test_what_was_tuned_on_the_shown_half_is_found_out_and_costs_an_answer():
    told = compare(*by_half(shown=0.3, kept_back=0.0))
    assert told.verdict == "no difference that counts"
    assert told.shown == pytest.approx(0.3, abs=0.02)
    assert told.difference == pytest.approx(0.0, abs=told.noise + 0.02)
    assert abs(told.shown - told.difference) > told.agree
    assert (told.cost, told.left) == (1, experiments.BUDGET - 1)


@pytest.mark.once
@pytest.mark.parametrize(("shown", "asked"), [(0.05, False), (0.2, True)])
def test_no_half_that_is_shown_makes_a_ranking_better_that_is_worse_on_the_other(monkeypatch, shown, asked):
    monkeypatch.setattr(experiments.measures, "interval", lambda _gains: (0.0, 0.0, 0.0))  # as slow as all the rest
    queries, verdicts = QUERIES[:225], []
    for seed in range(200):
        monkeypatch.setattr(experiments.secrets, "randbits", lambda _bits, seed=seed: seed)
        on = experiments.QuerySet(f"made-up {seed}", "a" * 64)
        ours, theirs = by_half(shown, -0.04, seed, queries)
        told = experiments.compare(on, "words", "fused", ours, theirs, measure="nDCG@10")
        assert told.cost == asked
        verdicts.append(told.verdict)
    assert "better" not in verdicts
    assert "no difference that counts" in verdicts


@pytest.mark.once
def test_a_great_difference_is_found_whatever_the_halves_and_the_noise(monkeypatch):
    monkeypatch.setattr(experiments.measures, "interval", lambda _gains: (0.0, 0.0, 0.0))
    for seed in range(200):
        monkeypatch.setattr(experiments.secrets, "randbits", lambda _bits, seed=seed: seed)
        on = experiments.QuerySet(f"made-up {seed}", "a" * 64)
        ours, theirs = by_half(0.25, 0.25, seed, QUERIES[:225])
        assert experiments.compare(on, "words", "fused", ours, theirs, measure="nDCG@10").verdict == "better"


def test_the_same_question_is_answered_the_same_and_counted_once():
    ours, theirs = by_half(shown=0.3, kept_back=0.0)
    first = compare(ours, theirs)
    compare(ours, by_half(shown=0.3, kept_back=0.1)[1])  # other code or papers, and then the first again
    again = compare(ours, theirs)
    assert (again.again, again.cost, again.left) == (True, 0, first.left - 1)
    assert again.difference == first.difference
    assert Comparison.objects.count() == 2


def test_an_answer_by_the_rule_of_before_is_listed_without_its_verdict_and_not_given_again():
    first = compare(*by_half(shown=0.3, kept_back=0.0))
    row = Comparison.objects.get()
    del row.answer["rule"], row.answer["told"]["noise"], row.answer["told"]["shown_queries"]
    row.answer["told"] |= {"verdict": "better", "difference": first.shown, "cost": 0}
    row.save()
    (listed,) = experiments.history()[0]["comparisons"]
    assert (listed["verdict"], listed["difference"], listed["shown"]) == (experiments.EARLIER, None, first.shown)
    told = compare(*by_half(shown=0.3, kept_back=0.0))
    assert (told.again, told.verdict, told.tried) == (False, "no difference that counts", 2)


def test_the_margin_grows_with_each_ranking_that_was_tried():
    margins = [compare(scores(), scores(seed=2), other=f"weight=0.{tenth}").margin for tenth in (1, 2, 3)]
    assert margins == sorted(set(margins))
    assert compare(scores(), scores(seed=2), other="weight=0.3").tried == 3


def test_a_changed_ranking_of_the_same_name_is_another_that_was_tried():
    assert [compare(scores(), scores(seed=seed)).tried for seed in (2, 3, 4)] == [1, 2, 3]


def test_a_spent_set_refuses_and_names_the_way_out():
    assert compare(scores(), scores(0.3), other="depth=17", budget=1).left == 0
    with pytest.raises(Refused, match="spent") as refused:
        compare(scores(), scores(0.3))
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
    compare(scores(), scores(0.3))
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


def test_judged_queries_are_known_as_a_set_from_whatever_folder_they_are_read(tmp_path):
    queries, qrels = {"q1": "lanterns"}, {"q1": {"d1": 1}}
    assert not experiments.is_set(tmp_path, queries, qrels)
    on = experiments.of_collection(tmp_path / "of lanterns", queries, qrels)
    experiments.place(tmp_path, on.name).mkdir(parents=True)
    assert experiments.is_set(tmp_path, queries, qrels)
    assert not experiments.is_set(tmp_path, queries, {"q1": {"d1": 2}})
    assert not experiments.is_set(tmp_path, {"q1": "ships"}, qrels)


def test_other_judgments_make_another_fingerprint():
    queries = {"q1": "lanterns"}
    assert experiments.fingerprint(queries, {"q1": {"d1": 1}}) != experiments.fingerprint(queries, {"q1": {"d1": 2}})
    assert experiments.fingerprint(queries) != experiments.fingerprint({"q1": "ships"})
