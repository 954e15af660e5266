"""What was measured, as JSON, against an earlier answer, and as a table for people.

Asking is ``asking``, subgroups of queries are ``subgroups``.
"""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

from broadsheet.bench import measures, subgroups
from broadsheet.bench.asking import Measured
from broadsheet.errors import BadInput


def as_json(found: Measured) -> dict[str, Any]:
    """Return everything that was measured, each query by itself, for files and for ``--compare``."""
    first = {system: scores[found.first] for system, scores in found.scores.items()}
    times = {
        system: dict(zip(found.queries, milliseconds, strict=True))
        for system, milliseconds in found.milliseconds.items()
    }
    by_group = subgroups.of_systems(found.groups, found.scores, found.first, times)
    return {
        "documents": found.documents,
        "measure": found.first,
        "queries": found.queries,
        "groups": found.groups,
        "groups_unknown": found.unknown,
        "systems": {
            system: {
                "means": _means(scores),
                "milliseconds": subgroups.percentiles(found.milliseconds[system]),
                **by_group[system],
                "scores": scores,
            }
            for system, scores in found.scores.items()
        },
        "differences": _differences(found.groups, first, list(found.queries)),
    }


def compared(ours: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    """Return how each system differs from the same one in an earlier answer, over the queries that both have.

    path: a file that ``--json`` wrote. Raises BadInput where it is none, or has no query in common.
    """
    first = ours["measure"]
    try:
        theirs = json.loads(path.read_text(encoding="utf-8"))
        known = {name: system["scores"][first] for name, system in theirs["systems"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is no answer of this command: {error!r}.", "Give a file written with --json.") from None
    rows = []
    for name, system in ours["systems"].items():
        scores = system["scores"][first]
        both = [query for query in scores if query in known.get(name, {})]
        if both:
            found = measures.difference([scores[q] for q in both], [known[name][q] for q in both])
            rows.append({"system": name, "queries": len(both)} | found._asdict())
    if not rows:
        raise BadInput(f"{path} has no query and system in common with this run.", "Compare runs of one collection.")
    return rows


def table(answer: dict[str, Any], *, title: str = "") -> str:
    """Return the answer as a table for people: a line a system, then the groups, then the differences.

    title: the first line; by default how many documents and queries there are.
    """
    first, systems = answer["measure"], answer["systems"]
    width = max([len("system"), *map(len, systems)]) + 2
    title = title or f"{answer['documents']} documents, {len(answer['queries'])} judged queries"
    named = next(iter(systems.values()))["means"] if systems else {}
    lines = [f"{title}; in brackets 95 % intervals"]
    lines.append(f"{'system':<{width}}" + "".join(f"{name:>24}" for name in named) + f"{'p50 ms':>9}{'p99 ms':>9}")
    for name, system in systems.items():
        cells = "".join(f"{subgroups.shown(one):>24}" for one in system["means"].values())
        times = system["milliseconds"]
        lines.append(f"{name:<{width}}{cells}{times['p50']:>9.1f}{times['p99']:>9.1f}")
    lines += subgroups.lines(systems, first)
    lines += [f"By {kind}: {why}" for kind, why in answer["groups_unknown"].items()]
    lines += [_said(f"{row['system']} than {row['than']}", first, row) for row in answer["differences"]]
    lines += [_said(f"{row['system']}, against the other file", first, row) for row in answer.get("compared", [])]
    return "\n".join(lines)


def _means(scores: dict[str, dict[str, float]]) -> dict[str, Any]:
    told = measures.intervals([list(values.values()) for values in scores.values()])
    return {name: one._asdict() for name, one in zip(scores, told, strict=True)}


def _differences(
    groups: subgroups.Groups, scores: dict[str, dict[str, float]], queries: list[str]
) -> list[dict[str, Any]]:
    """Return how much each system is better than each one before it, over all queries and in each group."""
    pairs = [(one, other) for other, one in combinations(scores, 2)]
    held = [(scores[one], scores[other]) for one, other in pairs]
    whole = measures.differences(
        [([ours[one] for one in queries], [theirs[one] for one in queries]) for ours, theirs in held]
    )
    return [
        {"system": one, "than": other} | told._asdict() | by_group
        for (one, other), told, by_group in zip(pairs, whole, subgroups.of_pairs(groups, held), strict=True)
    ]


def _said(what: str, first: str, row: dict[str, Any]) -> str:
    return f"{what}: {row['mean']:+.4f} {first}, p = {row['p']:.4f}, better {row['better']}, worse {row['worse']}"
