"""What ``bench pages`` does: the captured papers alone, and among others of the site, each in a place of its own."""

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from broadsheet.cli import beside
from broadsheet.cli.bench_known import index, take_in, with_model


def run_pages(file: Path, negatives: int, systems: tuple[str, ...], keep: Path | None, *, as_json: bool) -> None:
    """Make both corpora where they are not here yet, ask the query of each page, and print what came out."""
    from broadsheet.bench import pages

    with TemporaryDirectory(prefix="broadsheet-bench-") as passing:
        corpora = []
        for number in (0, negatives):
            # A process loads one state directory and no other.
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
                folder = (keep or Path(passing)) / (f"{number} others" if number else "alone")
                corpora.append(process.submit(_measured, folder, file, number, systems).result())
    answer = {"corpora": corpora, "gates": pages.gates(corpora[0]["systems"])}
    click.echo(json.dumps(answer, indent=1) if as_json else pages.table(answer))


def _measured(folder: Path, file: Path, negatives: int, systems: tuple[str, ...]) -> dict[str, Any]:
    with beside.apart_with_store(folder, None):
        from broadsheet.bench import pages
        from broadsheet.search import current, state
        from broadsheet.sources.jsonl import fingerprint

        captured = pages.read(file)
        take_in(pages.Corpus(captured, negatives), f"{fingerprint(file)[:40]}-{negatives}")
        index(captured.papers)
        known = state.read(now=True)
        try:
            current.own()  # which a process that another began does not do by itself
            found = pages.measure(captured, with_model(systems))
        finally:
            current.release()
        return {"papers": known.papers, "vectors": known.vectors, "systems": found}
