"""Asking judged queries of search as readers ask, and scoring what comes. Which queries: ``beir``, ``known_item``."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from broadsheet.bench.subgroups import length_of
from broadsheet.papers.models import Paper
from broadsheet.search import hybrid
from broadsheet.search.query import parse
from broadsheet.search.tuning import named

DEPTH = 100
"""Results of a query that are looked at."""

type Report = Callable[[int, int], None]
type Score = Callable[[Sequence[str], Mapping[str, int]], float]
type Scores = dict[str, dict[str, float]]


@dataclass(slots=True)
class Measured:
    """What came out. scores: by system, measure and query. milliseconds: of each query, by system.

    first: the measure by which systems and groups are compared. groups: by their name, the group of each query.
    unknown: by what queries cannot be told apart here, and why.
    """

    documents: int
    queries: dict[str, str]
    first: str
    scores: dict[str, Scores] = field(default_factory=dict)
    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    groups: dict[str, dict[str, str]] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)


def ask(
    queries: Mapping[str, str],
    qrels: Mapping[str, Mapping[str, int]],
    systems: Sequence[str],
    measures: Mapping[str, Score],
    report: Report,
    *,
    names: Mapping[str, str] | None = None,
) -> Measured:
    """Ask every query of each system and score what comes; the first of the measures is that of comparisons.

    qrels: grade of a document by query and by its key, or by what ``names`` calls the document of that key.
    systems: as ``tuning.named`` reads them. report: called with (done, total) queries.
    A query that is the name of a paper brings no list, as for a reader, who is led to it: it counts as found first.
    Raises BadInput for a system that is none.
    """
    names = names or {}
    rankings = {system: named(system) for system in systems}
    keys = dict(Paper.objects.values_list("pk", "key"))
    found = Measured(len(keys), dict(queries), next(iter(measures)))
    found.groups["length"] = {query: length_of(text) for query, text in queries.items()}
    done, total = 0, len(rankings) * len(queries)
    for system, ranking in rankings.items():
        scores: Scores = {name: {} for name in measures}
        times = []
        for query, text in queries.items():
            began = time.perf_counter()
            results = hybrid.search(parse(text), limit=DEPTH, ranking=ranking)
            times.append(1000 * (time.perf_counter() - began))
            listed = [results.jump] if results.jump else [keys[hit.paper_id] for hit in results.hits]
            documents = [names.get(key, key) for key in listed]
            for name, score in measures.items():
                scores[name][query] = score(documents, qrels[query])
            done += 1
            report(done, total)
        found.scores[system], found.milliseconds[system] = scores, times
    return found
