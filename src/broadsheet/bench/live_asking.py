"""Asking the queries of a week's benchmark, in an index of its own that readers never see.

In it the papers that are asked for lack their title, or the sentence that is asked. It always holds as many papers
where the site has them, all with vectors of the model (``live_vectors``), so that weeks can be laid beside one another,
and is thrown away at the end. What was read and asked is noted, so that a run that was stopped goes on.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from itertools import batched
from pathlib import Path
from typing import Any

import numpy as np
from django.db.models import Max, Min

from broadsheet.bench import measures
from broadsheet.bench.live import Item, Made, Week, masked_text
from broadsheet.bench.live_vectors import Vectors
from broadsheet.errors import Refused
from broadsheet.papers.models import Paper
from broadsheet.search import current, hybrid
from broadsheet.search.index import Document, Filters, Index
from broadsheet.search.keeping import upkeep
from broadsheet.search.query import Query
from broadsheet.search.tuning import Ranking

DOCUMENTS = 10_000
"""Papers in the index: those of the week, and earlier ones drawn by chance."""

DEPTH = 100
_BATCH = 100
_DRAWN = 5_000

MEASURES: dict[str, Callable[[Sequence[str], Mapping[str, int]], float]] = {
    "nDCG@10": measures.ndcg,
    "MRR@10": measures.reciprocal_rank,
    "R@100": measures.recall,
}
FIRST = "nDCG@10"

type Scores = dict[str, dict[str, list[float]]]
"""By system and measure, one a query in the order of the items."""
type Report = Callable[[int, int], None]
type Stop = Callable[[], bool]


class Stopped(Exception):
    """The run was asked to stop; what was asked so far is noted."""


def systems_here(systems: Mapping[str, Ranking]) -> dict[str, Ranking]:
    """Return the systems that can be run here: without the model those of words alone. Raises Refused for none."""
    if current.embedder() is not None:
        return dict(systems)
    here = {name: ranking for name, ranking in systems.items() if ranking.weight == 0}
    if not here:
        raise Refused(f"{', '.join(systems)} cannot be asked: {current.why_no_model()}", "By words alone: words.")
    return here


@contextmanager
def index_of(made: Made, folder: Path, report: Report, stop: Stop, *, rest: float = 0.0) -> Iterator[Index]:
    """Make the index of a benchmark in a folder, and let this thread search it within the block.

    rest: seconds to wait for each second of work. Raises Stopped, and Conflict where another process has the folder;
    it is removed at the end. Vectors that the model had to read stay beside it.
    """
    asked = {item.paper: item for item in made.items if item.masked}
    ours = False
    week = Paper.objects.standing().of_days(made.week.first, made.week.last).order_by("pk")
    pks = [*week.values_list("pk", flat=True), *_earlier(made.week, DOCUMENTS - week.count())]

    def heed() -> None:
        if stop():
            raise Stopped

    embedder = current.embedder()
    try:
        with current.apart(folder) as index:
            ours = True
            vectors = Vectors(embedder, folder.parent, heed) if embedder else None
            for number, some in enumerate(batched(pks, _BATCH)):
                heed()
                began = time.monotonic()
                documents = _documents(list(Paper.objects.filter(pk__in=some)), asked)
                index.add(vectors.given(documents) if vectors else documents)
                report(min((number + 1) * _BATCH, len(pks)), len(pks))
                upkeep.rest(time.monotonic() - began, 1 / (1 + rest), stop)
            index.flush()
            with current.instead(index):
                yield index
    finally:
        if ours:  # else another process measures there
            shutil.rmtree(folder, ignore_errors=True)


def ask_all(
    made: Made, systems: Mapping[str, Ranking], noted: Path, report: Report, stop: Stop, *, rest: float = 0.0
) -> Scores:
    """Ask each query of each system, within ``index_of``, and return the scores.

    noted: a file in which each query is noted once it was asked of all systems; those that are there are not asked
    again. rest: seconds to wait for each second of work. Raises Stopped.
    """
    known = _read(noted, _mark(made, systems))
    keys = dict[int, str]()
    with noted.open("a", encoding="utf-8") as lines:
        for number in range(len(known), len(made.items)):
            if stop():
                raise Stopped
            began = time.monotonic()
            row = {name: ask(made, number, ranking, keys) for name, ranking in systems.items()}
            known.append(row)
            lines.write(json.dumps(row) + "\n")
            lines.flush()
            report(number + 1, len(made.items))
            time.sleep(rest * (time.monotonic() - began))
    return {
        name: {measure: [row[name][place] for row in known] for place, measure in enumerate(MEASURES)}
        for name in systems
    }


def ask(made: Made, number: int, ranking: Ranking, keys: dict[int, str]) -> list[float]:
    """Ask one query of one system and return its scores by MEASURES. keys: of papers by primary key, kept for more.

    A query is plain words here: operators that a title or sentence may hold are not read.
    """
    item = made.items[number]
    filters = Filters(since=made.week.first, until=made.week.last) if item.within else Filters()
    hits = hybrid.search(Query(item.query, filters, given=filters), limit=DEPTH + 1, ranking=ranking).hits
    missing = [hit.paper_id for hit in hits if hit.paper_id not in keys]
    keys.update(Paper.objects.filter(pk__in=missing).values_list("pk", "key"))
    ranked = [keys[hit.paper_id] for hit in hits if item.paper in item.grades or keys[hit.paper_id] != item.paper]
    return [round(score(ranked[:DEPTH], item.grades), 6) for score in MEASURES.values()]


def fingerprint(made: Made) -> str:
    """Return a digest of the queries and their answers: other ones are another benchmark."""
    rows = [[item.task, item.query, item.paper, sorted(item.grades.items())] for item in made.items]
    return hashlib.blake2b(json.dumps(rows).encode(), digest_size=16).hexdigest()


def _mark(made: Made, systems: Mapping[str, Ranking]) -> dict[str, Any]:
    embedder = current.embedder()
    return {
        "of": fingerprint(made),
        "systems": {name: str(ranking) for name, ranking in systems.items()},
        "model": embedder.mark if embedder else "",
    }


def _read(noted: Path, mark: dict[str, Any]) -> list[dict[str, list[float]]]:
    """Return what was noted of the same queries and systems; the file is begun anew for others.

    What stands behind a line that was cut off, as by a power failure, is taken out of the file.
    """
    noted.parent.mkdir(parents=True, exist_ok=True)
    rows: list[Any] = []
    with suppress(OSError, ValueError):  # not there, or cut off
        rows.extend(map(json.loads, noted.read_text(encoding="utf-8").splitlines()))
    rows = rows if rows[:1] == [mark] else [mark]
    noted.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return rows[1:]


def _earlier(week: Week, count: int) -> list[int]:
    """Draw papers of editions before the week, by primary key, the same ones each time."""
    earlier = Paper.objects.standing().filter(day__lt=week.first)
    ends = earlier.aggregate(low=Min("pk"), high=Max("pk"))
    if count <= 0 or ends["low"] is None:
        return []
    random = np.random.default_rng(week.seed)
    span = ends["high"] - ends["low"] + 1
    found: dict[int, None] = {}
    # Where most keys are of other papers, or nearly all are wanted, drawing misses often; so it ends in any case.
    for _ in range(-(-20 * count // _DRAWN)):
        drawn = (ends["low"] + random.integers(span, size=_DRAWN)).tolist()
        here = {pk for some in batched(drawn, 900) for pk in earlier.filter(pk__in=some).values_list("pk", flat=True)}
        found |= {pk: None for pk in drawn if pk in here}
        if len(found) >= count:
            break
    return list(found)[:count]


def _documents(papers: Sequence[Paper], asked: Mapping[str, Item]) -> list[Document]:
    """Return what the index is told of papers, but for vectors: those that are asked for without what is asked."""
    return [upkeep.document_of(_without(one, asked[one.key]) if one.key in asked else one) for one in papers]


def _without(paper: Paper, item: Item) -> Paper:
    masked = copy(paper)
    masked.title, masked.abstract = masked_text(paper, item)
    return masked
