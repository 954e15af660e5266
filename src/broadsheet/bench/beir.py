"""The quality of search on a collection with judgments, asked as readers ask. Reading it is ``sources.beir``."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.bench import measures
from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper
from broadsheet.search import hybrid
from broadsheet.search.query import parse
from broadsheet.search.tuning import SYSTEMS
from broadsheet.sources.beir import Judgments, key_of

DEPTH = 100
LENGTHS = ((1, 3), (4, 8), (9, 20), (21, 10_000))
"""Groups of queries by their number of words."""

MEASURES: dict[str, Callable[[Sequence[str], Mapping[str, int]], float]] = {
    "nDCG@10": measures.ndcg,
    "linear nDCG@10": measures.linear_ndcg,
    "R@100": measures.recall,
    "MRR@10": measures.reciprocal_rank,
    "AP": measures.average_precision,
}
FIRST = "nDCG@10"

type Report = Callable[[int, int], None]
type Scores = dict[str, dict[str, float]]


@dataclass(slots=True)
class Measured:
    """What came out. scores: by system, measure and query. milliseconds: of each query, by system."""

    documents: int
    queries: dict[str, str]
    scores: dict[str, Scores] = field(default_factory=dict)
    milliseconds: dict[str, list[float]] = field(default_factory=dict)


def measure(judged: Judgments, systems: Sequence[str], report: Report) -> Measured:
    """Ask every judged query of each system and score what comes.

    systems: of SYSTEMS. report: called with (done, total) queries.
    A query that is the name of a paper brings no list, as for a reader, who is led to it: it counts as found first.
    """
    names = {key_of(document): document for grades in judged.qrels.values() for document in grades}
    keys = dict(Paper.objects.values_list("pk", "key"))
    found = Measured(len(keys), judged.queries)
    done, total = 0, len(systems) * len(judged.queries)
    for system in systems:
        scores: Scores = {name: {} for name in MEASURES}
        times = []
        for query, text in judged.queries.items():
            began = time.perf_counter()
            results = hybrid.search(parse(text), limit=DEPTH, ranking=SYSTEMS[system])
            times.append(1000 * (time.perf_counter() - began))
            listed = [results.jump] if results.jump else [keys[hit.paper_id] for hit in results.hits]
            ranking = [names.get(key, key) for key in listed]
            for name, score in MEASURES.items():
                scores[name][query] = score(ranking, judged.qrels[query])
            done += 1
            report(done, total)
        found.scores[system], found.milliseconds[system] = scores, times
    return found


def as_json(found: Measured) -> dict[str, Any]:
    """Return everything that was measured, each query by itself, for files and for ``--compare``."""
    return {
        "documents": found.documents,
        "queries": found.queries,
        "systems": {
            system: {
                "means": {name: measures.interval(list(values.values()))._asdict() for name, values in scores.items()},
                "milliseconds": _times(found.milliseconds[system]),
                "by_length": _by_length(found, system),
                "scores": scores,
            }
            for system, scores in found.scores.items()
        },
        "differences": [
            {"system": one, "than": other} | measures.difference(*_paired(found, one, other))._asdict()
            for other, one in combinations(found.scores, 2)
        ],
    }


def compared(ours: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    """Return how each system differs from the same one in an earlier answer, over the queries that both have.

    path: a file that ``--json`` wrote. Raises BadInput where it is none, or has no query in common.
    """
    try:
        theirs = json.loads(path.read_text(encoding="utf-8"))
        known = {name: system["scores"][FIRST] for name, system in theirs["systems"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is no answer of this command: {error!r}.", "Give a file written with --json.") from None
    rows = []
    for name, system in ours["systems"].items():
        scores = system["scores"][FIRST]
        both = [query for query in scores if query in known.get(name, {})]
        if both:
            found = measures.difference([scores[q] for q in both], [known[name][q] for q in both])
            rows.append({"system": name, "queries": len(both)} | found._asdict())
    if not rows:
        raise BadInput(f"{path} has no query and system in common with this run.", "Compare runs of one collection.")
    return rows


def table(answer: dict[str, Any]) -> str:
    """Return the answer as a table for people: a line a system, then the groups, then the differences."""
    lines = [f"{answer['documents']} documents, {len(answer['queries'])} judged queries; in brackets 95 % intervals"]
    lines.append(f"{'system':<9}" + "".join(f"{name:>24}" for name in MEASURES) + f"{'p50 ms':>9}{'p99 ms':>9}")
    for name, system in answer["systems"].items():
        cells = (system["means"][measure] for measure in MEASURES)
        shown = "".join(f"{f'{one["mean"]:.4f} ({one["low"]:.3f}-{one["high"]:.3f})':>24}" for one in cells)
        times = system["milliseconds"]
        lines.append(f"{name:<9}{shown}{times['p50']:>9.1f}{times['p99']:>9.1f}")
    lines.append(f"{FIRST} by number of words in the query:")
    for name, system in answer["systems"].items():
        groups = (f"{one['words']}: {one['mean']:.4f} ({one['queries']})" for one in system["by_length"])
        lines.append(f"  {name:<9}" + "   ".join(groups))
    lines += [_said(f"{row['system']} than {row['than']}", row) for row in answer["differences"]]
    lines += [_said(f"{row['system']}, against the other file", row) for row in answer.get("compared", [])]
    return "\n".join(lines)


def _said(what: str, row: dict[str, Any]) -> str:
    return f"{what}: {row['mean']:+.4f} {FIRST}, p = {row['p']:.4f}, better {row['better']}, worse {row['worse']}"


def _paired(found: Measured, one: str, other: str) -> tuple[list[float], list[float]]:
    ours, theirs = found.scores[one][FIRST], found.scores[other][FIRST]
    return [ours[query] for query in found.queries], [theirs[query] for query in found.queries]


def _times(milliseconds: Sequence[float]) -> dict[str, float]:
    p50, p99 = np.percentile(milliseconds, (50, 99))
    return {"p50": float(p50), "p99": float(p99)}


def _by_length(found: Measured, system: str) -> list[dict[str, Any]]:
    rows = []
    for least, most in LENGTHS:
        scores = [
            score
            for query, score in found.scores[system][FIRST].items()
            if least <= len(found.queries[query].split()) <= most
        ]
        if scores:
            words = f"{least}-{most}" if most < LENGTHS[-1][1] else f"{least}+"
            rows.append({"words": words, "queries": len(scores)} | measures.interval(scores)._asdict())
    return rows
