"""What others take for the same papers and queries: SQLite's FTS5, plain Tantivy, and an exact scan of all vectors."""

import json
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import batched
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.bench.scale_asking import DEPTH, LIMIT
from broadsheet.bench.scale_queries import SHORT, Asked
from broadsheet.bench.watched import Timer, anonymous, disk
from broadsheet.search import current

BASELINES = ("fts5", "tantivy", "exact")
LONGEST = 45.0
WARM_UP = 5
SCANS = 100
BATCH = 5000

type Report = Callable[[int, int], None]

_WORD = re.compile(r"[^\W_]+")


def fts5(papers: Path, folder: Path, number: int, queries: Sequence[Asked], report: Report) -> dict[str, Any]:
    """Index titles and abstracts with FTS5 (porter, no copy of the texts) and ask for any of the words, by bm25."""
    path = folder / "fts5.sqlite3"
    path.unlink(missing_ok=True)
    began, used = time.perf_counter(), time.process_time()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            "CREATE VIRTUAL TABLE words USING fts5(title, abstract, content='', tokenize='porter unicode61');"
        )
        for rows in batched(_texts(papers, number, report), BATCH):
            with db:
                db.executemany("INSERT INTO words (rowid, title, abstract) VALUES (?, ?, ?)", rows)
        built = _built(number, began, used)

        def ask(text: str) -> None:
            match = " OR ".join(f'"{word}"' for word in _WORD.findall(text))
            asked = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words) LIMIT ?"
            db.execute(asked, (match, LIMIT)).fetchall()

        told = built | _asked(ask, queries)
    told["disk"] = disk(path)
    path.unlink()
    return told


def tantivy(papers: Path, folder: Path, number: int, queries: Sequence[Asked], report: Report) -> dict[str, Any]:
    """Index titles and abstracts with Tantivy as it comes, and ask for any of the words in either."""
    import tantivy as engine

    path = folder / "tantivy"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    schema = engine.SchemaBuilder()
    schema.add_unsigned_field("id", stored=True)
    schema.add_text_field("title")
    schema.add_text_field("abstract")
    index = engine.Index(schema.build(), str(path))
    began, used = time.perf_counter(), time.process_time()
    writer = index.writer()
    for pk, title, abstract in _texts(papers, number, report):
        writer.add_document(engine.Document(id=pk, title=title, abstract=abstract))
    writer.commit()
    writer.wait_merging_threads()
    built = _built(number, began, used)
    index.reload()
    searcher = index.searcher()

    def ask(text: str) -> None:
        query = index.parse_query(" ".join(_WORD.findall(text)), ["title", "abstract"])
        for _, address in searcher.search(query, LIMIT).hits:
            searcher.doc(address)

    told = built | _asked(ask, queries) | {"disk": disk(path)}
    shutil.rmtree(path)
    return told


def exact(titles: Sequence[str], report: Report) -> dict[str, Any]:
    """Hold all vectors as float32 and compare each with each query, one thread at a time as the engine lets it."""
    index = current.searcher()
    encoder = current.encoder()
    blocks = getattr(index, "vectors", None)
    if encoder is None or blocks is None:
        return {}
    began, used = time.perf_counter(), time.process_time()
    parts = [(ids, vectors) for ids, vectors in blocks.each()]
    matrix = np.concatenate([vectors for _, vectors in parts])
    del parts
    built = _built(len(matrix), began, used)
    asked = [encoder.embed_query(title) for title in titles[:SCANS]]
    report(1, 2)
    timer = Timer()
    until = time.monotonic() + LONGEST
    for vector in asked:
        with timer:
            scores = matrix @ vector
            first = np.argpartition(-scores, min(DEPTH, len(scores) - 1))[:DEPTH]
            first[np.argsort(-scores[first])]
        if time.monotonic() > until:
            break
    report(2, 2)
    return built | timer.told() | {"anonymous_mb": anonymous(), "disk": 0}


def _asked(ask: Callable[[str], None], queries: Sequence[Asked]) -> dict[str, Any]:
    short = [one.text for one in queries if one.kind in SHORT]
    for text in short[:WARM_UP]:
        ask(text)
    timer = Timer()
    until = time.monotonic() + LONGEST
    for text in short:
        with timer:
            ask(text)
        if time.monotonic() > until:
            break
    return timer.told() | {"anonymous_mb": anonymous()}


def _texts(papers: Path, number: int, report: Report) -> Iterator[tuple[int, str, str]]:
    with papers.open("rb") as lines:
        for place, line in enumerate(lines, start=1):
            row = json.loads(line)
            yield place, row["title"], row["abstract"]
            if place % BATCH == 0:
                report(place, number)


def _built(number: int, began: float, used: float) -> dict[str, Any]:
    seconds, processor = time.perf_counter() - began, time.process_time() - used
    return {"build_seconds": seconds, "build_processor": processor, "build_rate": number / max(seconds, 1e-9)}
