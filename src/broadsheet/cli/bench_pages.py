"""What ``bench pages`` does: the captured papers alone, and among others of the site, each in a place of its own."""

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import click

from broadsheet.cli import beside
from broadsheet.cli.bench_known import index, say_kinds, take_in, with_model
from broadsheet.cli.start import folder_of


def run_pages(file: Path, negatives: int, systems: tuple[str, ...], keep: Path | None, *, as_json: bool) -> None:
    """Make both corpora where they are not here yet, ask the query of each page, and print what came out."""
    from broadsheet.bench import pages

    with folder_of(keep) as home:
        corpora = []
        for number in (0, negatives):
            # A process loads one state directory and no other.
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
                folder = home / (f"{number} others" if number else "alone")
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
        say_kinds(known)
        try:
            current.own()  # which a process that another began does not do by itself
            found = pages.measure(captured, with_model(systems))
        finally:
            current.release()
        student = known.by_meaning - known.vectors
        return {"papers": known.papers, "vectors": known.vectors, "student": student, "systems": found}
