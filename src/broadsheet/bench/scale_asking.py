"""Search measured in this process, in the corpus that its state directory holds: times, recall, and opening.

Every function is of one measurement, and returns what is told of it as JSON. A measurement by the clock ends after
``LONGEST`` seconds with the queries that it got to; each says how many these were.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from broadsheet.bench.scale_queries import SHORT, Asked
from broadsheet.bench.watched import Timer, anonymous, percentiles
from broadsheet.papers.models import Paper
from broadsheet.search import current, hybrid
from broadsheet.search.asked import TOKENS
from broadsheet.search.index import Facts, Filters, Scored, Vector
from broadsheet.search.keeping import documents
from broadsheet.search.meaning.vectors import Vectors
from broadsheet.search.query import parse
from broadsheet.search.reader import WholeReader
from broadsheet.search.tuning import DEFAULT, MEANING, WORDS, Ranking

LIMIT = 25
"""Results of a page."""

DEPTH = 20
"""Results in which recall is told."""

WARM_UP = 50
LONGEST = 90.0
SCANNED = 300
"""Queries that are compared with the exact scan."""
SAMPLE = 2000
NEAR = 100
"""Papers nearest by the index's own vectors that are compared anew by the vectors they were made of."""

SELECTIVITY = 0.001
FILTERS = 10
WITH_FILTER = 300

type Report = Callable[[int, int], None]
type Floats = NDArray[np.float32]

SYSTEMS: dict[str, Ranking] = {"hybrid": DEFAULT, "words": WORDS, "meaning": MEANING}


def costs() -> dict[str, Any]:
    """Return the processor time that the vector of a paper costs when it is built, in microseconds, measured alone."""
    papers = list(Paper.objects.order_by("pk")[:SAMPLE])
    texts = {paper.pk: documents.text_of(paper) for paper in papers}
    space = current.space()
    documents.vectors_of(dict(list(texts.items())[:10]), space)
    used = time.process_time()
    made = documents.vectors_of(texts, space)
    reading = time.process_time() - used
    with TemporaryDirectory(prefix="broadsheet-scale-") as passing:
        vectors = Vectors.anew(Path(passing) / "vectors")
        vectors.put(dict(list(made.items())[:10]), {pk: Facts() for pk in made})  # which loads the compiled loops
        used = time.process_time()
        vectors.put(made, {pk: Facts() for pk in made})
        putting = time.process_time() - used
        vectors.close()
    number = max(1, len(made))
    return {"vectors_us": (reading + putting) / number * 1e6, "reading_us": reading / number * 1e6}


def searched(queries: Sequence[Asked], report: Report) -> dict[str, Any]:
    """Ask all queries as readers do, fused, by words alone and by meaning alone; and embed them alone."""
    encoder = current.encoder()
    for one in queries[:WARM_UP]:
        hybrid.search(parse(one.text), limit=LIMIT)
    told: dict[str, Any] = {"warm_up": min(WARM_UP, len(queries)), "kinds": {}}
    if encoder is not None:
        embedding = Timer()
        for one in queries:
            with embedding:
                encoder.embed_query(parse(one.text).text, tokens=TOKENS)
        told["embedding"] = embedding.told()
    for place, (name, ranking) in enumerate(SYSTEMS.items()):
        timer, kinds = Timer(), list[str]()
        until = time.monotonic() + LONGEST
        for number, one in enumerate(queries):
            with timer:
                hybrid.search(parse(one.text), limit=LIMIT, ranking=ranking)
            kinds.append(one.kind)
            report(place * len(queries) + number + 1, len(SYSTEMS) * len(queries))
            if time.monotonic() > until:
                break
        told[name] = timer.told()
        told["kinds"][name] = {
            kind: percentiles([ms for ms, its in zip(timer.milliseconds, kinds, strict=True) if its == kind])
            for kind in dict.fromkeys(kinds)
        }
        told[name]["short"] = percentiles([ms for ms, k in zip(timer.milliseconds, kinds, strict=True) if k in SHORT])
    told["anonymous_mb"] = anonymous()
    return told


def nearest(titles: Sequence[str], report: Report) -> dict[str, Any]:
    """Compare dense search with an exact scan of all vectors, by recall; the queries are titles.

    The scan is over the vectors of the index. Its first ``NEAR`` are compared once more by the vectors that they were
    made of, so that what the index's own rounding costs counts as lost.
    """
    index = _reader()
    if not len(asked := _embedded(titles)):
        return {}
    timer, found = Timer(), list[Sequence[Scored]]()
    for vector in asked[:WARM_UP]:
        index.meaning(vector, limit=DEPTH, filters=Filters())
    for vector in asked:
        with timer:
            found.append(index.meaning(vector, limit=DEPTH, filters=Filters()))
    report(1, 3)
    began = time.perf_counter()
    near = _scanned(index.vectors.each(), asked)
    scan = time.perf_counter() - began
    report(2, 3)
    shares = [
        recall(vector, hits, {*map(int, ids), *(hit.id for hit in hits)})
        for vector, hits, ids in zip(asked, found, near, strict=True)
    ]
    report(3, 3)
    told = timer.told() | {"recall": float(np.mean(shares)), "worst": float(np.min(shares)), "scan_seconds": scan}
    return told | {"depth": DEPTH, "vectors": index.vectors.size()}


def filtered(titles: Sequence[str], papers: int, report: Report) -> dict[str, Any]:
    """Compare dense search under filters of some thousandth of the papers, a category and the newest days, with all."""
    index = _reader()
    filters = list(_filters(index, papers))
    if not filters or not len(asked := _embedded(titles[: max(1, WITH_FILTER // len(filters))])):
        return {}
    timer, shares, passing = Timer(), list[float](), list[int]()
    for number, one in enumerate(filters, start=1):
        ids = set(index.lexicon.matching(one).tolist())
        passing.append(len(ids))
        exact = _vectors(ids)
        index.meaning(asked[0], limit=DEPTH, filters=one)
        for vector in asked:
            with timer:
                hits = index.meaning(vector, limit=DEPTH, filters=one)
            shares.append(_share(vector, hits, exact))
        report(number, len(filters))
    share = float(np.mean(passing)) / papers
    return timer.told() | {"recall": float(np.mean(shares)), "filters": len(filters), "selectivity": share}


def opened(words: str, meaning: str) -> dict[str, Any]:
    """Open the index in a process that has not, and tell the milliseconds to the first answers, and its memory."""
    before, steps = anonymous(), dict[str, float]()
    began = time.perf_counter()
    current.searcher()
    steps["open"] = (time.perf_counter() - began) * 1000
    hybrid.search(parse(words), limit=LIMIT, ranking=WORDS)
    steps["first_words"] = (time.perf_counter() - began) * 1000
    current.encoder()
    steps["encoder"] = (time.perf_counter() - began) * 1000
    hybrid.search(parse(meaning), limit=LIMIT)
    steps["first_hybrid"] = (time.perf_counter() - began) * 1000
    return steps | {"anonymous_mb": anonymous(), "anonymous_before_mb": before}


def recall(vector: Vector, hits: Sequence[Scored], among: set[int]) -> float:
    """Return the share of the ``DEPTH`` nearest that were found, by the vectors that the papers' texts have.

    among: the papers of which the nearest are told. One as near as the last of them counts as well.
    """
    return _share(vector, hits, _vectors(among))


def _share(vector: Vector, hits: Sequence[Scored], exact: dict[int, Vector]) -> float:
    if not exact:
        return 1.0
    scores = {pk: float(one @ vector) for pk, one in exact.items()}
    wanted = sorted(scores.values(), reverse=True)[:DEPTH]
    return sum(scores.get(hit.id, -1.0) >= wanted[-1] - 1e-6 for hit in hits[:DEPTH]) / len(wanted)


def _vectors(ids: set[int]) -> dict[int, Vector]:
    """Return the vectors that papers are given when they are indexed, unrounded."""
    papers = [one for some in batched(sorted(ids), 500) for one in Paper.objects.filter(pk__in=some)]
    made = documents.documents_of(papers)
    return {one.id: one.vector for one in made if one.vector is not None}


def _scanned(blocks: Iterator[tuple[NDArray[Any], Floats]], asked: Floats) -> NDArray[np.int64]:
    """Return the ids of the nearest by all vectors, shape (queries, ``NEAR`` or as many as there are)."""
    best = np.full((len(asked), 0), -2.0, dtype=np.float32)
    kept = np.zeros((len(asked), 0), dtype=np.int64)
    for ids, vectors in blocks:
        scores = np.hstack((best, asked @ vectors.T))
        whose = np.hstack((kept, np.broadcast_to(ids.astype(np.int64), (len(asked), len(ids)))))
        if scores.shape[1] > NEAR:
            first = np.argpartition(-scores, NEAR, axis=1)[:, :NEAR]
            scores, whose = np.take_along_axis(scores, first, 1), np.take_along_axis(whose, first, 1)
        best, kept = scores, whose
    return kept


def _filters(index: WholeReader, papers: int) -> Iterator[Filters]:
    """Yield filters by a category and the newest days, each of some ``SELECTIVITY`` of the papers."""
    wanted = max(1, round(papers * SELECTIVITY))
    last = Paper.objects.exclude(day=None).latest("day").day or date.max
    counted = index.tally(filters=Filters(), facets=True).categories
    names = [name for name, number in counted if number >= 10 * wanted and ("." in name or "-" in name)]
    for name in names[:FILTERS]:
        low, high = 1, 20_000
        while low < high:
            days = (low + high) // 2
            held = index.tally(filters=Filters((name,), since=last - timedelta(days=days))).total
            low, high = (days + 1, high) if held < wanted else (low, days)
        yield Filters((name,), since=last - timedelta(days=low))


def _embedded(texts: Sequence[str]) -> Floats:
    encoder = current.encoder()
    if encoder is None:
        return np.zeros((0, 1), dtype=np.float32)
    return np.stack([encoder.embed_query(text) for text in texts])


def _reader() -> WholeReader:
    found = current.searcher()
    assert isinstance(found, WholeReader), "a measurement has files of its own"
    return found
