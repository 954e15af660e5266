"""``bench index``: which codes of vectors find what exact search finds, in what time, on the vectors kept here.

The arithmetic is the product's own (``search/codes``). What is printed of it: ``cli/bench_index``.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.db.models import Count

from broadsheet.errors import NotFound
from broadsheet.papers.models import Paper
from broadsheet.search.encoders.embed import Embedder
from broadsheet.search.index import Vector
from broadsheet.search.meaning import codes, passing
from broadsheet.search.meaning.codes import Coding, Floats, Rows
from broadsheet.search.meaning.columns import columns_of
from broadsheet.search.models import Embedding

CODES = (384, 512, 768)
CANDIDATES = (1000, 2000, 4000)
DEFAULT = Coding()
TOP = 20

AIM = 0.98
"""Share of the nearest that a search has to find."""

MOVED = 0.55
"""How far a made vector lies from a real one, in the difference of two others."""

_BLOCK = 8192

type Report = Callable[[int, int, str], None]
type Stop = Callable[[], bool]
type _Find = Callable[[Vector], Rows]


@dataclass(frozen=True, slots=True)
class Row:
    """One way to look for the nearest. bits: of a code; 0 for none, where ``candidates`` is 0 too: all are compared.

    recall10, recall20: share of the exact nearest that is found. p50, p99: milliseconds a query. cpu: mean processor
    milliseconds. resident: bytes of each paper that a query without filters reads; those that are rescored aside.
    disk: bytes of each paper on disk, facts and sums with them.
    """

    name: str
    bits: int
    candidates: int
    recall10: float
    recall20: float
    p50: float
    p99: float
    cpu: float
    resident: int
    disk: int


@dataclass(frozen=True, slots=True)
class Collection:
    """What is measured on. vectors: [n, dim], the first ``real`` of them those of papers here. queries: [m, dim].

    asked: in words, what the queries are.
    """

    vectors: Floats
    real: int
    queries: Floats
    asked: str


def kept(papers: int, seed: int) -> tuple[str, Rows, Floats]:
    """Return the mark of the model most vectors here are of, and so many papers at most that have one, drawn by seed.

    papers: 0 for all. Raises NotFound where no paper has one.
    """
    common = Embedding.objects.values_list("model").annotate(count=Count("pk")).order_by("-count", "model").first()
    if common is None:
        raise NotFound("No paper here has a vector of the model yet.", "A running server makes them: broadsheet serve.")
    mine = Embedding.objects.filter(model=common[0])
    ids = np.fromiter(mine.order_by("pk").values_list("pk", flat=True), np.int64)
    if 0 < papers < len(ids):
        ids = np.sort(np.random.default_rng(seed).choice(ids, papers, replace=False))
    wanted = set(ids.tolist())
    rows = mine.order_by("pk").values_list("pk", "vector").iterator(_BLOCK)
    found = [np.frombuffer(vector, "<f2").astype(np.float32) for pk, vector in rows if pk in wanted]
    return common[0], ids, codes.unit(np.stack(found))


def made_from(real: Floats, papers: int, seed: int, path: Path) -> Floats:
    """Return vectors in a file: the real ones, and as many as are missing made of them.

    A made one is a real one moved by ``MOVED`` of the difference of two others, so that they lie as real ones do.
    """
    count = max(papers, len(real))
    random = np.random.default_rng(seed)
    vectors: Floats = np.memmap(path, np.float32, "w+", shape=(count, real.shape[1]))
    vectors[: len(real)] = real
    for begin in range(len(real), count, len(real)):
        end = min(begin + len(real), count)
        vectors[begin:end] = moved(real, random)[: end - begin]
    return vectors


def moved(real: Floats, random: np.random.Generator) -> Floats:
    """Return each vector moved by the difference of two others."""
    others = random.permutation(len(real))
    return codes.unit(real + MOVED * (real[others] - real[np.roll(others, 1)]))


def asked_of(ids: Rows, real: Floats, embedder: Embedder | None, queries: int, seed: int) -> tuple[Floats, str]:
    """Return vectors to ask for and what they are: those of titles, or without a model those of papers, moved."""
    random = np.random.default_rng(seed + 1)
    drawn = random.choice(len(ids), min(queries, len(ids)), replace=False)
    if embedder is None:
        return moved(real, random)[drawn], "vectors of papers, moved"
    titles = Paper.objects.in_bulk(ids[drawn].tolist())
    texts = [titles[pk].title for pk in ids[drawn].tolist() if pk in titles]
    return codes.unit(np.stack([embedder.embed_query(text) for text in texts])), f"titles, by {embedder.name}"


def measure(collection: Collection, report: Report, stop: Stop = lambda: False) -> list[Row]:
    """Ask all queries in all ways. Between two ways it ends where ``stop`` says so, with those that were measured."""
    vectors, dim = collection.vectors, collection.vectors.shape[1]
    total = 4 + len(CODES) * (1 + len(CANDIDATES))
    steps = iter(range(1, total + 1))

    def done(what: str) -> None:
        report(next(steps), total, what)

    exact = _exact(vectors, collection.queries)
    done("exact search")
    small, scales = _small(vectors)
    done("small numbers")
    rows = [_asked("none", Coding(0, 0), collection.queries[:50], exact, _plain(vectors), dim * 4)]
    done("none")
    if not stop():
        rows.append(_asked("int8", Coding(0, 0), collection.queries, exact, _all_small(small, scales), dim + 4))
        done("int8")
    for bits in CODES:
        if stop():
            break
        frame = codes.fitted(vectors[:: max(1, len(vectors) // 65_536)], bits)
        held = _held(vectors, frame, small, scales)
        done(f"codes of {bits} bits")
        for candidates in CANDIDATES:
            coding = Coding(bits, candidates)
            find = _by_codes(frame, held, candidates)
            rows.append(_asked(f"{bits} bits, int8", coding, collection.queries, exact, find, bits // 8))
            done(f"{bits} bits, {candidates} rescored")
    return rows


def best_within(rows: list[Row], dim: int) -> dict[int, Row]:
    """Return what finds most within each budget of resident bytes a paper; the quicker of two that find as much."""
    budgets = (48, 64, 96, dim + 4)
    return {
        budget: max(fits, key=lambda row: (round(row.recall20, 3), -row.cpu))
        for budget in budgets
        if (fits := [row for row in rows if row.resident <= budget])
    }


def why_default(rows: list[Row]) -> str:
    """Return which coding the product uses, and what the smaller and the larger one would give instead, by ``rows``."""
    at = {row.bits: row for row in rows if row.candidates == DEFAULT.candidates}
    if at.keys() != set(CODES):
        return ""
    mine, less, more = at[DEFAULT.bits], at[CODES[0]], at[CODES[-1]]

    def beside(row: Row) -> str:
        return (
            f"{row.bits} bits: {row.resident - mine.resident:+} bytes a paper, {row.cpu - mine.cpu:+.1f} ms, "
            f"{(row.recall20 - mine.recall20) * 100:+.1f} points"
        )

    enough = "as" if mine.recall20 >= AIM else "less than"
    return (
        f"Default: {mine.bits} bits, {mine.candidates} rescored. "
        f"Of the {TOP} nearest it finds {mine.recall20:.1%} here, "
        f"{enough} the {AIM:.0%} aimed at, in {mine.cpu:.1f} ms of processor time and {mine.resident} bytes a paper. "
        f"{beside(less)}. {beside(more)}."
    )


def _blocks(vectors: Floats) -> Iterator[Floats]:
    for begin in range(0, len(vectors), _BLOCK):
        yield np.asarray(vectors[begin : begin + _BLOCK])


def _exact(vectors: Floats, queries: Floats) -> Rows:
    """Return the nearest of each query [m, TOP] by plain sums, nearest first."""
    scores = np.full((len(queries), TOP), -np.inf, np.float32)
    rows = np.zeros((len(queries), TOP), np.int64)
    for number, block in enumerate(_blocks(vectors)):
        every = np.concatenate([scores, queries @ block.T], axis=1)
        here = np.broadcast_to(np.arange(len(block)) + number * _BLOCK, (len(queries), len(block)))
        of = np.concatenate([rows, here], axis=1)
        best = np.argpartition(-every, TOP - 1, axis=1)[:, :TOP]
        scores, rows = np.take_along_axis(every, best, axis=1), np.take_along_axis(of, best, axis=1)
    return np.take_along_axis(rows, np.argsort(-scores, axis=1, kind="stable"), axis=1)


def _small(vectors: Floats) -> tuple[codes.Small, Floats]:
    """Return vectors as small numbers and their scales, with rows of nothing up to a whole block of codes."""
    rows = -(-len(vectors) // codes.BLOCK) * codes.BLOCK
    small, scales = np.zeros((rows, vectors.shape[1]), np.int8), np.zeros(rows, np.float32)
    for number, block in enumerate(_blocks(vectors)):
        part = slice(number * _BLOCK, number * _BLOCK + len(block))
        small[part], scales[part] = codes.quantised(block)
    return small, scales


def _held(vectors: Floats, frame: codes.Frame, small: codes.Small, scales: Floats) -> codes.Held:
    """Return vectors as the columns by which the product searches."""
    coded = np.zeros((len(small), codes.words_coded(len(frame.shift))), np.uint64)
    leans = np.zeros(len(small), np.float32)
    for number, block in enumerate(_blocks(vectors)):
        part = slice(number * _BLOCK, number * _BLOCK + len(block))
        coded[part], leans[part] = frame.codes(block), frame.leans(block)
    blocks, more = codes.blocked(coded)
    return codes.as_held(blocks, more, leans, small, scales, np.arange(len(small)))


def _plain(vectors: Floats) -> _Find:
    def find(query: Vector) -> Rows:
        scores = np.concatenate([block @ query for block in _blocks(vectors)])
        found: Rows = np.argsort(-scores, kind="stable")[:TOP]
        return found

    return find


def _all_small(small: codes.Small, scales: Floats) -> _Find:
    rows, nothing = np.arange(len(small), dtype=np.int32), np.zeros(0)
    held = codes.as_held(nothing, nothing, nothing, small, scales, np.arange(len(small)))
    return lambda query: codes.compared(held, query, rows, limit=TOP)[0]


def _by_codes(frame: codes.Frame, held: codes.Held, candidates: int) -> _Find:
    number = len(held.ids)
    bits = passing.every(number)

    def find(query: Vector) -> Rows:
        return codes.nearest(frame, held, query, bits, number, limit=TOP, candidates=candidates)[0]

    return find


def _asked(name: str, coding: Coding, queries: Floats, exact: Rows, find: _Find, resident: int) -> Row:
    """Ask by all queries, the first once more before the clock runs."""
    find(queries[0])
    took, cpu, hits10, hits20 = [], [], [], []
    for query, wanted in zip(queries, exact, strict=False):
        began, began_cpu = time.perf_counter(), time.process_time()
        found = find(query).tolist()
        took.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - began_cpu) * 1000)
        hits10.append(len(set(found[:10]) & set(wanted[:10].tolist())) / min(10, len(wanted)))
        hits20.append(len(set(found) & set(wanted.tolist())) / len(wanted))
    dim = queries.shape[1]
    disk = sum(column.bytes for column in columns_of(dim, coding.bits, 0)) + (3 * dim - 4 if name == "none" else 0)
    p50, p99 = np.quantile(took, [0.5, 0.99]).tolist()
    return Row(
        name,
        coding.bits,
        coding.candidates,
        float(np.mean(hits10)),
        float(np.mean(hits20)),
        p50,
        p99,
        float(np.mean(cpu)),
        resident,
        disk,
    )
