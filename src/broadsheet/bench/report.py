"""What was measured, as JSON, against an earlier answer, and as a table for people. Asking is ``asking``."""

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.bench import measures
from broadsheet.bench.asking import Measured
from broadsheet.errors import BadInput

LENGTHS = ((1, 3), (4, 8), (9, 20), (21, 10_000))
"""Groups of queries by their number of words."""


def as_json(found: Measured) -> dict[str, Any]:
    """Return everything that was measured, each query by itself, for files and for ``--compare``."""
    groups = {"length": {query: length_of(text) for query, text in found.queries.items()}} | found.groups
    return {
        "documents": found.documents,
        "measure": found.first,
        "queries": found.queries,
        "systems": {
            system: {
                "means": {name: measures.interval(list(values.values()))._asdict() for name, values in scores.items()},
                "milliseconds": _times(found.milliseconds[system]),
                **{
                    f"by_{name}": _by_group("words" if name == "length" else name, group, scores[found.first])
                    for name, group in groups.items()
                },
                "scores": scores,
            }
            for system, scores in found.scores.items()
        },
        "differences": [
            {"system": one, "than": other} | measures.difference(*_paired(found, one, other))._asdict()
            for other, one in combinations(found.scores, 2)
        ],
    }


def length_of(text: str) -> str:
    """Return which of LENGTHS a query is of, such as ``4-8``."""
    words = max(1, len(text.split()))
    least, most = next((least, most) for least, most in LENGTHS if words <= most)
    return f"{least}-{most}" if most < LENGTHS[-1][1] else f"{least}+"


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
        cells = (f"{one['mean']:.4f} ({one['low']:.3f}-{one['high']:.3f})" for one in system["means"].values())
        times = system["milliseconds"]
        shown = "".join(f"{cell:>24}" for cell in cells)
        lines.append(f"{name:<{width}}{shown}{times['p50']:>9.1f}{times['p99']:>9.1f}")
    lines += _groups(systems, first, width)
    lines += [_said(f"{row['system']} than {row['than']}", first, row) for row in answer["differences"]]
    lines += [_said(f"{row['system']}, against the other file", first, row) for row in answer.get("compared", [])]
    return "\n".join(lines)


def _groups(systems: Mapping[str, Any], first: str, width: int) -> list[str]:
    lines = []
    kinds = [name for name in next(iter(systems.values()), {}) if name.startswith("by_")]
    for kind in kinds:
        column = "words" if kind == "by_length" else kind.removeprefix("by_")
        lines.append(f"{first} by {'number of words in the query' if column == 'words' else column}:")
        for name, system in systems.items():
            groups = (f"{one[column]}: {one['mean']:.4f} ({one['queries']})" for one in system[kind])
            lines.append(f"  {name:<{width}}" + "   ".join(groups))
    return lines


def _said(what: str, first: str, row: dict[str, Any]) -> str:
    return f"{what}: {row['mean']:+.4f} {first}, p = {row['p']:.4f}, better {row['better']}, worse {row['worse']}"


def _paired(found: Measured, one: str, other: str) -> tuple[list[float], list[float]]:
    ours, theirs = found.scores[one][found.first], found.scores[other][found.first]
    return [ours[query] for query in found.queries], [theirs[query] for query in found.queries]


def _times(milliseconds: Sequence[float]) -> dict[str, float]:
    p50, p99 = np.percentile(milliseconds, (50, 99))
    return {"p50": float(p50), "p99": float(p99)}


def _by_group(column: str, group_of: Mapping[str, str], scores: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return a row for each group that has queries: those of lengths from short to long, others by name."""
    names = sorted({group_of[query] for query in scores}, key=lambda name: (_number(name), name))
    rows = []
    for name in names:
        held = [score for query, score in scores.items() if group_of[query] == name]
        rows.append({column: name, "queries": len(held)} | measures.interval(held)._asdict())
    return rows


def _number(name: str) -> int:
    """Return the number with which a name begins; names of letters come after all numbers."""
    digits = name.partition("-")[0].rstrip("+")
    return int(digits) if digits.isdecimal() else 1 << 32
