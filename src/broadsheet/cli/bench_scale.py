"""What ``bench scale`` does: makes papers, takes them in as anybody would, measures each thing in a new process."""

import json
import multiprocessing
import shlex
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from broadsheet.cli import start
from broadsheet.cli.out import progress
from broadsheet.cli.start import fail, heeded_stop

if TYPE_CHECKING:
    from broadsheet.bench.scale_pool import Real

LEAST = 100
"""Papers of the smallest corpus."""

DAYS = 9
"""Days of papers that are made beside a corpus, to be added one in each run."""

_DAY_BEFORE = 30  # so that these days are not of the future


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked. data: directory of the site's own papers. source: a file of records to make papers of instead."""

    sizes: tuple[int, ...]
    queries: int
    seed: int
    baselines: tuple[str, ...]
    data: Path | None
    source: Path | None


def read_sizes(text: str | None, papers: int) -> tuple[int, ...]:
    """Return the sizes that were asked for; ``papers`` where none was. Raises UsageError for what is no number."""
    if text is None:
        return (papers,)
    parts = text.replace("_", "").split(",")
    if not all(part.strip().isdecimal() and int(part) >= LEAST for part in parts):
        raise click.UsageError(f"--sizes takes numbers of {LEAST} and more with commas between, not {text[:60]!r}.")
    return tuple(int(part) for part in parts)


def run_scale(asked: Asked, keep: Path | None, *, as_json: bool) -> None:
    """Measure each size, one after the other, and print what came out."""
    with start.folder_of(keep) as home:
        from broadsheet.bench import scale_report

        facts = scale_report.facts(f"broadsheet {shlex.join(sys.argv[1:])}")
        sizes = [_measured(home / str(papers), papers, asked) for papers in asked.sizes]
        answer = {"facts": facts, "sizes": sizes}
        click.echo(json.dumps(answer, indent=1) if as_json else scale_report.table(answer))


def _measured(folder: Path, papers: int, asked: Asked) -> dict[str, Any]:
    """Return all figures of one size, with its corpus and state directory in a folder."""
    from broadsheet.bench.watched import disk, load

    before = [round(one, 1) for one in load()]
    home, file = folder / "home", folder / "papers.jsonl"
    home.mkdir(parents=True, exist_ok=True)
    made = _fresh(_make, folder, papers, asked)
    with start.processes_in(home):
        built = _build(folder, home, file)
        told: dict[str, Any] = {"papers": papers, "made": made}
        words = _fresh(_costs, home)
        told["building"] = _building(built, words)
        drawn = (file, papers, asked.queries, asked.seed)
        for part in (_asking, _nearest, _filtered, _pages, _opened):
            told[part.__name__.strip("_")] = _fresh(part, home, *drawn)
        told["opened"]["process_ms"] = told["opened"].pop("ended") * 1000
        told["disk"] = {
            "store": disk(home / "broadsheet.sqlite3"),
            "words": disk(home / "index" / "words"),
            "vectors": disk(home / "index") - disk(home / "index" / "words"),
        }
        told["baselines"] = {name: _fresh(_baseline, home, *drawn, name) for name in asked.baselines}
        if days := sorted(folder.glob("day-*.jsonl")):
            told["added"] = _fresh(_added, home, *drawn, days[0])
            days[0].rename(days[0].with_suffix(".taken"))
    told["load"] = [*before, *(round(one, 1) for one in load())]
    (folder / "measured.json").write_text(json.dumps(told, indent=1))  # should a later size be stopped
    return told


def _fresh(function: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Return what a function gives in a process of its own: Django loads one state directory and no other."""
    began = time.perf_counter()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        answer = process.submit(function, *arguments).result()
    return answer | ({"ended": time.perf_counter() - began} if function is _opened else {})


def _make(folder: Path, papers: int, asked: Asked) -> dict[str, Any]:
    """Make the corpus and the days to come where they are not there yet; return what tells about them."""
    path, file = folder / "made.json", folder / "papers.jsonl"
    wanted = {"papers": papers, "seed": asked.seed}
    told: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if told and {name: told[name] for name in wanted} != wanted:
        fail(f"{folder} holds papers made with seed {told['seed']}.", "Name that seed, or another folder.")
    if file.exists():
        return told
    start.load(asked.data)
    start.update_tables()
    from broadsheet.bench import scale_papers, scale_pool

    with heeded_stop() as stop, progress("Reading real papers") as advance:
        pool = scale_pool.read(_real(asked, advance), asked.seed)
    last = date.fromisoformat(told.get("last") or str(datetime.now(UTC).date() - timedelta(days=_DAY_BEFORE)))
    told = wanted | {"last": last.isoformat(), "of": len(pool.papers), "growth": round(pool.growth, 3)}
    told |= {"topics": len(pool.topics) - 1, "coined": round(pool.coined(papers), 3)}
    path.write_text(json.dumps(told))
    maker = scale_papers.Maker(pool, papers, last, asked.seed)
    for number in range(1, DAYS + 1):
        size = min(scale_papers.A_DAY, max(10, papers // 10))
        (folder / f"day-{number}.jsonl").write_text("".join(maker.day(number, size)), encoding="utf-8")
    with heeded_stop() as stop, progress("Making papers") as advance:
        scale_papers.write(
            file, maker, papers, report=lambda done, total: advance(done, total, f"{done} papers"), stop=stop
        )
        if stop():
            raise KeyboardInterrupt
    return told


def _real(asked: Asked, advance: Callable[[float, float | None, str], None]) -> "Iterator[Real]":
    """Yield the papers to make others of: of the file that was named, else of the site."""
    from broadsheet.bench.scale_pool import Real
    from broadsheet.papers.models import Paper
    from broadsheet.places import open_place
    from broadsheet.sources.record import Record

    if asked.source is not None:
        found = open_place(str(asked.source), None).source
        for item in found.fetch():
            if isinstance(item.row, Record):
                advance(found.done, found.total, f"{item.position} rows")
                yield Real(item.row.title, item.row.abstract, item.row.authors, item.row.categories)
        return
    rows = Paper.objects.standing().order_by("-pk").values_list("title", "abstract", "authors", "categories")
    for number, (title, abstract, authors, categories) in enumerate(rows.iterator(1000), start=1):
        advance(number, None, f"{number} papers")
        yield Real(title, abstract, tuple(authors), tuple(categories))


def _build(folder: Path, home: Path, file: Path) -> list[dict[str, Any]]:
    """Take the corpus in with the product's own command, or go on with it; return what each run of that measured."""
    path = folder / "built.json"
    told: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"whole": False, "runs": []}
    if told["whole"]:
        return list(told["runs"])
    from broadsheet.bench.watched import Watch, processor_of_children

    before, began, used = _stored(home), time.perf_counter(), processor_of_children()
    command = subprocess.Popen([sys.executable, "-m", "broadsheet", "ingest", str(file)], stdout=sys.stderr)  # noqa: S603 (ours)
    watch = Watch(command.pid)
    try:
        code = command.wait()
    except KeyboardInterrupt:
        code = command.wait() or 130  # it was told as well, and stops where it can go on
    watch.end()
    own, others = str(command.pid), [pid for pid in watch.memory if pid != str(command.pid)]
    run = {
        "papers": _stored(home) - before,
        "seconds": time.perf_counter() - began,
        "processor": processor_of_children() - used,
        "storing": watch.processor(own),
        "busiest": watch.busiest(),
        "storing_mb": watch.memory.get(own, 0.0),
        "filling_mb": sum(watch.memory[pid] for pid in others),
    }
    told = {"whole": code == 0, "runs": [*told["runs"], run]}
    path.write_text(json.dumps(told))
    if code == 130:
        raise KeyboardInterrupt
    if code:
        fail(f"The papers of {file} could not be taken in (code {code}).", "The same command goes on.")
    return list(told["runs"])


def _building(runs: list[dict[str, Any]], costs: dict[str, Any]) -> dict[str, Any]:
    """Return what the runs of building tell together. costs: of the vectors of a paper, measured alone."""
    from broadsheet.bench.scale_report import bound

    papers = max(1, sum(run["papers"] for run in runs))
    seconds, processor, storing = (sum(run[name] for run in runs) for name in ("seconds", "processor", "storing"))
    told = {
        "runs": len(runs),
        "seconds": seconds,
        "rate": papers / seconds,
        "processor_us": processor / papers * 1e6,
        "storing_us": storing / papers * 1e6,
        "vectors_us": costs["vectors_us"],
        "words_us": max(0.0, (processor - storing) / papers * 1e6 - costs["vectors_us"]),
        "busy": processor / seconds / (multiprocessing.cpu_count() or 1),
        "busiest": max(run["busiest"] for run in runs) / max(run["seconds"] for run in runs),
        "storing_mb": max(run["storing_mb"] for run in runs),
        "filling_mb": max(run["filling_mb"] for run in runs),
        "anonymous_mb": max(run["storing_mb"] + run["filling_mb"] for run in runs),
    }
    return told | {"bound": bound(told)}


def _stored(home: Path) -> int:
    """Return how many papers are stored; 0 where there is no table yet."""
    path = home / "broadsheet.sqlite3"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        try:
            return int(db.execute("SELECT count(*) FROM papers_paper").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


@contextmanager
def _loaded(home: Path, what: str) -> Iterator[Callable[[int, int], None]]:
    """Load Django on the state directory, with the model where there is one; yields what shows how far it is.

    All files are read through first, as a server that has run for a while has them in memory.
    """
    from broadsheet.bench.watched import read_through

    start.load(home)
    read_through(home)
    from broadsheet.search import current

    try:
        with progress(what) as advance:
            yield lambda done, total: advance(done, total, "")
    finally:
        current.release()


def _costs(home: Path) -> dict[str, Any]:
    with _loaded(home, "Costs of a paper"):
        from broadsheet.bench import scale_asking
        from broadsheet.search import current

        current.embedder(build=True)
        return scale_asking.costs()


def _asking(home: Path, file: Path, papers: int, queries: int, seed: int) -> dict[str, Any]:
    with _loaded(home, "Searching") as report:
        from broadsheet.bench import scale_asking, scale_queries

        return scale_asking.searched(scale_queries.drawn(file, papers, queries, seed).queries, report)


def _nearest(home: Path, file: Path, papers: int, queries: int, seed: int) -> dict[str, Any]:
    with _loaded(home, "Against an exact scan") as report:
        from broadsheet.bench import scale_asking, scale_queries

        titles = scale_queries.drawn(file, papers, queries, seed).titles[: scale_asking.SCANNED]
        return scale_asking.nearest(titles, report)


def _filtered(home: Path, file: Path, papers: int, queries: int, seed: int) -> dict[str, Any]:
    with _loaded(home, "With a filter") as report:
        from broadsheet.bench import scale_asking, scale_queries

        return scale_asking.filtered(scale_queries.drawn(file, papers, queries, seed).titles, papers, report)


def _pages(home: Path, file: Path, papers: int, queries: int, seed: int) -> dict[str, Any]:
    with _loaded(home, "Pages") as report:
        from broadsheet.bench import scale_queries, scale_serving

        return scale_serving.pages(scale_queries.drawn(file, papers, queries, seed).queries, report)


def _opened(home: Path, file: Path, papers: int, queries: int, seed: int) -> dict[str, Any]:
    from broadsheet.bench import scale_queries

    drawn = scale_queries.drawn(file, papers, 20, seed + 1)
    began = time.perf_counter()
    with _loaded(home, "Opening"):
        from broadsheet.bench import scale_asking

        loading = (time.perf_counter() - began) * 1000
        return scale_asking.opened(drawn.queries[0].text, drawn.titles[0]) | {"loading_ms": loading}


def _baseline(home: Path, file: Path, papers: int, queries: int, seed: int, name: str) -> dict[str, Any]:
    with _loaded(home, f"Baseline: {name}") as report:
        from broadsheet.bench import scale_baselines, scale_queries

        drawn = scale_queries.drawn(file, papers, queries, seed)
        if name == "exact":
            return scale_baselines.exact(drawn.titles, report)
        measure = scale_baselines.fts5 if name == "fts5" else scale_baselines.tantivy
        return measure(file, home.parent, papers, drawn.queries, report)


def _added(home: Path, file: Path, papers: int, queries: int, seed: int, day: Path) -> dict[str, Any]:
    with _loaded(home, "A day of papers"):
        from broadsheet.bench import scale_queries, scale_serving

        with day.open(encoding="utf-8") as lines:
            dates = [json.loads(line)["announced"] for line in lines]
        drawn = scale_queries.drawn(file, papers, queries, seed)
        return scale_serving.added(day, date.fromisoformat(dates[0]), len(dates), drawn.queries)
