"""What ``bench index`` does: the vectors kept here are asked in several codes; nothing of the site is changed."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from broadsheet.cli.out import progress, safe
from broadsheet.cli.start import fail, heeded_stop, readable_errors, stopped_by_term

if TYPE_CHECKING:
    from broadsheet.bench.codes import Collection, Row


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for. papers: 0 for all that have a vector; more than these are made of them."""

    papers: int
    queries: int
    seed: int


def run_index(asked: Asked, *, as_json: bool) -> None:
    """Measure on the papers here, and print a table or JSON."""
    from django.conf import settings

    from broadsheet.bench import codes
    from broadsheet.search import current

    mark, ids, real = codes.kept(asked.papers, asked.seed)
    if len(ids) < 2 * codes.TOP:
        fail(
            f"Only {len(ids)} papers here have a vector.",
            f"It takes {2 * codes.TOP}: run broadsheet serve for a while.",
        )
    queries, of = codes.asked_of(ids, real, current.embedder(mark, build=True), asked.queries, asked.seed)
    stopped = readable_errors("Nothing of it is kept.")
    with stopped, stopped_by_term(), TemporaryDirectory(prefix="bench-", dir=settings.HOME) as folder:
        vectors = codes.made_from(real, asked.papers, asked.seed, Path(folder) / "vectors")
        collection = codes.Collection(vectors, len(real), queries, of)
        with heeded_stop() as stop, progress("Measuring") as advance:
            rows = codes.measure(collection, advance, stop)
    answer = _answer(asked, collection, rows)
    click.echo(json.dumps(answer, indent=1) if as_json else _table(collection, rows))


def _answer(asked: Asked, collection: "Collection", rows: list["Row"]) -> dict[str, object]:
    from broadsheet.bench import codes

    count, dim = collection.vectors.shape
    return {
        "papers": count,
        "made": count - collection.real,
        "dim": dim,
        "queries": len(collection.queries),
        "asked": collection.asked,
        "seed": asked.seed,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "rows": [asdict(row) for row in rows],
        "budgets": {budget: asdict(row) for budget, row in codes.best_within(rows, dim).items()},
        "default": asdict(codes.DEFAULT) | {"why": codes.why_default(rows)},
    }


def _table(collection: "Collection", rows: list["Row"]) -> str:
    from broadsheet.bench import codes

    count, dim = collection.vectors.shape
    made = f" ({count - collection.real} of them made of the others)" if count > collection.real else ""
    lines = [
        f"{count} vectors{made} of {dim} numbers, {len(collection.queries)} queries: {safe(collection.asked)}",
        "code               rescored  recall@10     @20   p50 ms   p99 ms   CPU ms   read   disk",
    ]
    lines += [
        f"{row.name:<18}{row.candidates or 'all':>9}{row.recall10:>11.4f}{row.recall20:>8.4f}{row.p50:>9.2f}"
        f"{row.p99:>9.2f}{row.cpu:>9.2f}{row.resident:>7}{row.disk:>7}"
        for row in rows
    ]
    lines += ["read: bytes of each paper that a query reads; disk: bytes of each paper on disk.", ""]
    for budget, row in codes.best_within(rows, dim).items():
        way = f"{row.name}, {row.candidates} rescored" if row.candidates else f"{row.name}, all compared"
        lines.append(f"{budget:>4} bytes a paper: {way}: {row.recall20:.4f} at {row.cpu:.2f} ms of processor time")
    return "\n".join([*lines, "", codes.why_default(rows)]).rstrip()
