"""Asking judged queries of search as readers ask, and scoring what comes. Which queries: ``beir``, ``known_item``."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from broadsheet.bench.subgroups import length_of
from broadsheet.papers.models import Paper
from broadsheet.search import asked, hybrid
from broadsheet.search.query import literal
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
    but: Mapping[str, str] | None = None,
) -> Measured:
    """Ask every query of each system and score what comes; the first of the measures is that of comparisons.

    A query is a text: nothing in it is read as an operator, which would leave out what the judges looked at.
    qrels: grade of a document by query and by its key, or by what ``names`` calls the document of that key.
    systems: as ``tuning.named`` reads them. report: called with (done, total) queries. but: by query, the one document
    that is left out of its ranking. Raises BadInput for a system that is none.
    """
    names, but = names or {}, but or {}
    rankings = {system: named(system) for system in systems}
    keys = dict(Paper.objects.values_list("pk", "key"))
    found = Measured(len(keys), dict(queries), next(iter(measures)))
    found.groups["length"] = {query: length_of(text) for query, text in queries.items()}
    done, total = 0, len(rankings) * len(queries)
    for system, ranking in rankings.items():
        scores: Scores = {name: {} for name in measures}
        times = []
        asked.forget()  # each system takes the time that it takes alone
        for query, text in queries.items():
            began = time.perf_counter()
            results = hybrid.search(literal(text), limit=DEPTH + (query in but), ranking=ranking)
            times.append(1000 * (time.perf_counter() - began))
            found_keys = [keys[hit.paper_id] for hit in results.hits]
            documents = [name for key in found_keys if (name := names.get(key, key)) != but.get(query)][:DEPTH]
            for name, score in measures.items():
                scores[name][query] = score(documents, qrels[query])
            done += 1
            report(done, total)
        found.scores[system], found.milliseconds[system] = scores, times
    return found
