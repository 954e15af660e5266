"""Subgroups of queries, such as fields and years: which query is of which, and what the measures are in each.

Never only the mean: each number has a bootstrap interval. Asking is ``asking``, the whole answer ``report``.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from broadsheet.bench import measures

type Groups = Mapping[str, Mapping[str, str]]
"""By what queries are told apart: the group of each query."""
type Scores = Mapping[str, Mapping[str, Mapping[str, float]]]
"""By system, measure and query."""

KINDS = {
    "length": "number of words in the query",
    "text": "number of words in title and abstract",
    "near": "number of papers that count as near",
}
"""What a kind of groups is called, where its own name does not tell."""

LENGTHS = (1, 4, 9, 21)
"""Words with which each group of queries begins."""

LEAST = 10
"""Queries of a group below which people are not shown an interval: of so few it is too narrow."""


def within(number: int, firsts: Sequence[int]) -> str:
    """Return the group of a number, such as ``4-8``, ``2`` or ``21+``. firsts: the least number of each, rising."""
    for first, following in pairwise(firsts):
        if number < following:
            return f"{first}-{following - 1}" if following - first > 1 else str(first)
    return f"{firsts[-1]}+"


def length_of(text: str) -> str:
    """Return the group of LENGTHS that a query is of, such as ``4-8``."""
    return within(len(text.split()), LENGTHS)


def members(group_of: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the queries of each group: groups that are numbers from small to large, then others by name."""
    held: dict[str, list[str]] = {}
    for query, name in group_of.items():
        held.setdefault(name, []).append(query)
    return {name: held[name] for name in sorted(held, key=lambda name: (_number(name), name))}


def of_systems(groups: Groups, scores: Scores, first: str, times: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Return for each system what its measures are in each group, as ``by_field`` and so on.

    first: the measure of which a row has the mean and the bounds at its head. times: milliseconds by system and query.
    """
    found: dict[str, Any] = {system: {} for system in scores}
    for kind, group_of in groups.items():
        for name, queries in members(group_of).items():
            columns = [[of[query] for query in queries] for own in scores.values() for of in own.values()]
            told = iter(measures.intervals(columns))
            for system, own in scores.items():
                each = {measure: next(told)._asdict() for measure in own}
                row = {column_of(kind): name, "queries": len(queries)} | each[first] | {"measures": each}
                row["milliseconds"] = percentiles([times[system][query] for query in queries])
                found[system].setdefault(f"by_{kind}", []).append(row)
    return found


def of_pairs(groups: Groups, pairs: Sequence[tuple[Mapping[str, float], Mapping[str, float]]]) -> list[dict[str, Any]]:
    """Return for each pair of systems, given by the scores of each query, how much the first is better in a group."""
    found: list[dict[str, Any]] = [{} for _ in pairs]
    for kind, group_of in groups.items():
        for name, queries in members(group_of).items():
            columns = [([ours[one] for one in queries], [theirs[one] for one in queries]) for ours, theirs in pairs]
            for own, told in zip(found, measures.differences(columns), strict=True):
                own.setdefault(f"by_{kind}", []).append(
                    {column_of(kind): name, "queries": len(queries)} | told._asdict()
                )
    return found


def lines(systems: Mapping[str, Mapping[str, Any]], first: str) -> Iterator[str]:
    """Yield tables for people of what ``of_systems`` told: one of each kind of groups, a line a group."""
    kinds = [name.removeprefix("by_") for name in next(iter(systems.values()), {}) if name.startswith("by_")]
    for kind in kinds:
        yield f"{first} {title_of(kind)}:"
        own = {system: told[f"by_{kind}"] for system, told in systems.items()}
        yield from grid(own, column_of(kind))


def grid(rows: Mapping[str, Sequence[Mapping[str, Any]]], column: str) -> Iterator[str]:
    """Yield a line a group and a column a system. rows: of each system, the same groups in the same order."""
    named = next(iter(rows.values()))
    width = max(len(row[column]) for row in named) + 2
    widths = [max(24, len(system) + 2) for system in rows]
    heads = (f"{system:>{wide}}" for system, wide in zip(rows, widths, strict=True))
    yield f"  {'':<{width}}{'queries':>8}" + "".join(heads)
    for place, row in enumerate(named):
        cells = (f"{shown(own[place]):>{wide}}" for own, wide in zip(rows.values(), widths, strict=True))
        yield f"  {row[column]:<{width}}{row['queries']:>8}" + "".join(cells)


def title_of(kind: str) -> str:
    """Return what stands above the groups of a kind."""
    return f"by {KINDS.get(kind, kind)}; groups of fewer than {LEAST} have no interval"


def column_of(kind: str) -> str:
    """Return under which name the rows of a kind of groups have the group."""
    return "words" if kind == "length" else kind


def shown(one: Mapping[str, Any]) -> str:
    """Return a mean and its bounds for people. queries: where it is named and below LEAST, the mean alone."""
    bounds = f" ({one['low']:.3f}-{one['high']:.3f})" if one.get("queries", LEAST) >= LEAST else ""
    return f"{one['mean']:.4f}{bounds}"


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return the median and the 99th percentile of times."""
    p50, p99 = np.percentile(milliseconds, (50, 99))
    return {"p50": float(p50), "p99": float(p99)}


def _number(name: str) -> int:
    """Return the number with which a name begins; names of letters come after all numbers."""
    digits = name.partition("-")[0].rstrip("+")
    return int(digits) if digits.isdecimal() else 1 << 32
