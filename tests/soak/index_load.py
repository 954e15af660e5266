"""Load on the index by real processes: one that owns it, two that store papers, one that reads in many threads."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.conftest import broadsheet, environment

THREADS = 8

OWNER = """
import sys, time
import django
django.setup()
from broadsheet.search import current
from broadsheet.search.keeping import upkeep
from broadsheet.search.keeping.following import Following
import broadsheet.search.keeping.following as following
following.LOOK_EVERY = 0.1
index = current.own()
following = Following(index)
following.start()
print("open", flush=True)
sys.stdin.read()
while upkeep.behind():
    time.sleep(0.05)
following.stop()
current.release()
"""

READER = """
import json, sys, threading, time
import django
django.setup()
from broadsheet.search import current, hybrid, query
until = time.monotonic() + float(sys.argv[1])
took, failed = [], []
def reads(number):
    n = number
    while time.monotonic() < until:
        n += 7
        began = time.perf_counter()
        try:
            hybrid.search(query.parse(f"what paper {n % 300} says of subject {n % 97}"), limit=20, tally=True)
        except BaseException as error:
            failed.append(repr(error))
        took.append(time.perf_counter() - began)
threads = [threading.Thread(target=reads, args=(number,)) for number in range(int(sys.argv[2]))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
took = sorted(1000 * one for one in took)
print(json.dumps({"reads": len(took), "failed": failed,
    "a_second": round(len(took) / float(sys.argv[1]), 1),
    "p50": took[len(took) // 2], "p99": took[len(took) * 99 // 100], "slowest": took[-1]}))
"""


def rows(name: str, number: int) -> str:
    """Return so many made-up records as JSON lines, under ids of their own."""
    return "".join(
        json.dumps(
            {
                "id": f"25{name}.{1 + n:05}",
                "title": f"Paper {n} of {name} on subject {n % 97}",
                "abstract": f"What paper {n} says of subject {n % 97}, at some length.",
                "authors": ["A. Example"],
                "categories": ["cs.LG"],
                "first_listed": "2025-01-02",
            }
        )
        + "\n"
        for n in range(number)
    )


def run(folder: Path, *, papers: int, seconds: float, model: str = "none") -> dict[str, Any]:
    """Load an index for so long, while two processes store so many papers each.

    Returns what was measured in milliseconds, what failed, and how many papers were acknowledged and are found.
    """
    home = folder / "home"
    home.mkdir()
    knobs = {"BROADSHEET_MODEL": model}
    for name in ("01", "02"):
        (folder / f"{name}.jsonl").write_text(rows(name, papers))
    (folder / "first.jsonl").write_text(rows("03", 20))
    assert broadsheet(home, "ingest", str(folder / "first.jsonl"), **knobs).returncode == 0
    owner = _begin(home, OWNER, **knobs)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "open\n"
    reader = _begin(home, READER, str(seconds), str(THREADS), **knobs)
    commands: list[str] = []
    stop = threading.Event()
    searching = threading.Thread(target=_search, args=(home, knobs, stop, commands))
    searching.start()
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "broadsheet", "ingest", str(folder / f"{name}.jsonl")],
            env=environment(home, **knobs),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("01", "02")
    ]
    stored = [writer.communicate(timeout=600) for writer in writers]
    told: dict[str, Any] = json.loads(reader.communicate(timeout=600)[0])
    stop.set()
    searching.join()
    owner.communicate(timeout=600)
    told["failed"] += [error for writer, (_, error) in zip(writers, stored, strict=True) if writer.returncode]
    told["failed"] += [line for line in commands if line != "found"]
    told["acknowledged"] = sum(papers for _ in stored)
    told["left_to_the_owner"] = sum("running server takes" in said for said, _ in stored)
    told["commands"] = len(commands)
    told["found"] = _found(home, knobs)
    return told


def _begin(home: Path, script: str, *arguments: str, **knobs: str) -> "subprocess.Popen[str]":
    known = environment(home, **knobs) | {"DJANGO_SETTINGS_MODULE": "broadsheet.settings"}
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env=known,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _search(home: Path, knobs: dict[str, str], stop: threading.Event, told: list[str]) -> None:
    """Search by the command, again and again."""
    while not stop.is_set():
        answer = broadsheet(home, "search", "paper of 03 on subject 7", "--json", **knobs)
        found = answer.returncode == 0 and json.loads(answer.stdout)
        told.append("found" if found else answer.stderr or "nothing found")
        time.sleep(0.1)


FOUND = """
import django
django.setup()
from broadsheet.papers.models import Paper
from broadsheet.search import current
from broadsheet.search.index import Filters, Term
reader = current.searcher()
found = 0
for paper in Paper.objects.exclude(title__contains=" of 03 "):
    wanted = Filters(terms=(Term("title", paper.title, exact=True),))
    found += [hit.id for hit in reader.words(paper.title, limit=1, filters=wanted)] == [paper.pk]
print(found)
"""


def _found(home: Path, knobs: dict[str, str]) -> int:
    """Return how many of the papers that were stored are found by their title."""
    return int(_begin(home, FOUND, **knobs).communicate(timeout=600)[0])
