"""The same measures as ir_measures computes them (by trec_eval's own code), over rankings drawn by chance."""

from functools import partial

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import AP, RR, P, R, nDCG

from broadsheet.bench import known_item, measures

DOCUMENTS = [f"d{number}" for number in range(60)]
GAINS = {1: 1, 2: 3, 3: 7}
"""2^grade - 1, which there is a mapping of grades to gains."""

OURS_AND_THEIRS = [
    (measures.ndcg, nDCG(gains=GAINS) @ 10),
    (partial(measures.ndcg, depth=5), nDCG(gains=GAINS) @ 5),
    (measures.linear_ndcg, nDCG @ 10),
    (measures.recall, R @ 100),
    (known_item.MEASURES["R@1"], R @ 1),
    (known_item.MEASURES["R@10"], R @ 10),
    (measures.reciprocal_rank, RR @ 10),
    (partial(measures.reciprocal_rank, depth=1000), RR),
    (measures.average_precision, AP),
    (partial(measures.precision, depth=20), P @ 20),
]

rankings = st.lists(st.sampled_from(DOCUMENTS), unique=True, min_size=1, max_size=60)
judgments = st.dictionaries(st.sampled_from(DOCUMENTS), st.integers(0, 3), min_size=1, max_size=40)


def theirs(measure, ranking, judged):
    run = {"q": {document: float(len(ranking) - rank) for rank, document in enumerate(ranking)}}
    return ir_measures.calc_aggregate([measure], {"q": judged}, run)[measure]


@pytest.mark.parametrize(("our", "their"), OURS_AND_THEIRS, ids=lambda one: str(one) if hasattr(one, "NAME") else "")
@settings(max_examples=60, deadline=None)
@given(ranking=rankings, judged=judgments)
def test_a_measure_is_what_others_make_of_it(our, their, ranking, judged):
    assert our(ranking, judged) == pytest.approx(theirs(their, ranking, judged), abs=1e-6)


def test_the_grades_of_a_query_are_worked_out_by_hand():
    judged, ranking = {"a": 3, "b": 0, "c": 1, "d": 2}, ["x", "a", "c"]
    # a at rank 2 gains 7 / log2 3, c at rank 3 gains 1 / 2; at best a, d, c gain 7 + 3 / log2 3 + 1 / 2.
    assert measures.ndcg(ranking, judged) == pytest.approx((4.416508 + 0.5) / (7 + 1.892789 + 0.5), abs=1e-6)
    assert theirs(nDCG(gains=GAINS) @ 10, ranking, judged) == pytest.approx(0.523434, abs=1e-6)


def test_precision_counts_places_that_were_not_filled():
    assert measures.precision(["a", "x"], {"a": 1}, depth=20) == 1 / 20
    assert measures.precision(["x"] * 20 + ["a"], {"a": 1}, depth=20) == 0
    assert measures.precision(["a", "b"], {"a": 1, "b": 0}, depth=2) == 1 / 2
