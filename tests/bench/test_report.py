"""What is told of a measurement: each number by subgroup, with its bounds, as JSON and as a table."""

import json

import pytest

from broadsheet.bench import report, subgroups
from broadsheet.bench.asking import Measured

QUERIES = {f"q{number}": "two words" if number < 12 else "four words it has" for number in range(16)}


@pytest.fixture
def found():
    """Sixteen queries, the last four of another length and field, where the better system is the worse one."""
    made = Measured(100, dict(QUERIES), "nDCG@10")
    for system, gain in (("words", 0.0), ("fused", 0.2)):
        scores = {q: 0.5 + (gain if q in list(QUERIES)[:12] else -gain) for q in QUERIES}
        made.scores[system] = {"nDCG@10": scores, "R@10": dict.fromkeys(QUERIES, 0.25)}
        made.milliseconds[system] = [float(number) for number in range(16)]
    made.groups["length"] = {query: subgroups.length_of(text) for query, text in QUERIES.items()}
    made.groups["field"] = {query: "cs" if number < 12 else "math" for number, query in enumerate(QUERIES)}
    made.unknown = {"year": "nobody says it."}
    return made


def test_each_group_has_all_measures_with_bounds_and_times(found):
    answer = report.as_json(found)
    (many, few) = answer["systems"]["fused"]["by_field"]
    assert (many["field"], many["queries"], few["field"], few["queries"]) == ("cs", 12, "math", 4)
    assert [many[name] for name in ("mean", "low", "high")] == pytest.approx([0.7] * 3)
    assert few["mean"] == pytest.approx(0.3)
    assert few["measures"]["R@10"] == pytest.approx({"mean": 0.25, "low": 0.25, "high": 0.25})
    assert few["milliseconds"]["p50"] == 13.5
    assert [row["words"] for row in answer["systems"]["words"]["by_length"]] == ["1-3", "4-8"]


def test_systems_are_compared_in_each_group_too(found):
    (row,) = report.as_json(found)["differences"]
    assert (row["system"], row["than"]) == ("fused", "words")
    assert row["mean"] == pytest.approx((12 * 0.2 - 4 * 0.2) / 16)
    by_field = {one["field"]: one for one in row["by_field"]}
    assert by_field["cs"]["mean"] == pytest.approx(0.2)
    assert (by_field["cs"]["better"], by_field["cs"]["worse"]) == (12, 0)
    assert by_field["math"]["mean"] == pytest.approx(-0.2)


def test_the_table_shows_bounds_of_groups_that_have_queries_enough(found):
    text = report.table(json.loads(json.dumps(report.as_json(found))))
    rows = [line.split() for line in text.splitlines()]
    assert ["cs", "12", "0.5000", "(0.500-0.500)", "0.7000", "(0.700-0.700)"] in rows
    assert ["math", "4", "0.5000", "0.3000"] in rows
    assert "nDCG@10 by number of words in the query; groups of fewer than 10 have no interval:" in text
    assert "By year: nobody says it." in text


def test_each_query_is_told_with_its_groups(found):
    answer = report.as_json(found)
    assert answer["groups"]["field"]["q15"] == "math"
    assert answer["systems"]["fused"]["scores"]["nDCG@10"]["q15"] == pytest.approx(0.3)


@pytest.mark.parametrize(("number", "group"), [(0, "1-3"), (3, "1-3"), (4, "4-8"), (20, "9-20"), (21, "21+")])
def test_lengths_are_told_in_groups(number, group):
    assert subgroups.length_of(" ".join(["word"] * number)) == group


def test_a_group_of_one_number_is_called_by_it():
    assert [subgroups.within(number, (1, 2, 3, 6)) for number in (1, 2, 5, 6)] == ["1", "2", "3-5", "6+"]


def test_groups_of_numbers_come_in_their_order_and_names_after_them():
    groups = dict(zip("abcd", ("none", "21+", "4-8", "2025"), strict=True))
    assert list(subgroups.members(groups)) == ["4-8", "21+", "2025", "none"]
