"""Takes a snapshot in, watching the command: rate by the clock and by processor time, memory over time, disk.

``python -m tests.soak.import_measured FILE FOLDER`` stores FILE and fills the index in FOLDER/home. Stopped or killed,
it goes on at the next call, and its papers are counted once; what was measured is appended to FOLDER/measured.jsonl.
"""

import ctypes
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from itertools import batched, islice
from pathlib import Path

from broadsheet.bench.watched import anonymous, begun_by, disk, processor_of_children

WORDS = {"BROADSHEET_MODEL": "none", "BROADSHEET_OFFLINE": "yes"}
EVERY = 0.5
PR_SET_CHILD_SUBREAPER = 36
COMPARED = 30_000
"""Papers that go into a plain table and its FTS5, to know how fast the machine is at this moment."""


class Watch:
    """Anonymous memory of a process, and of the largest that it or one of these began, in MB, twice a second."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.parent: list[float] = []
        self.child: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            self.parent.append(anonymous(str(self._pid)))
            self.child.append(max(map(anonymous, begun_by(str(self._pid))), default=0.0))


def quarters(looks: list[float]) -> list[int]:
    """Return the peak of each quarter of the time, in whole MB."""
    size = max(1, -(-len(looks) // 4))
    return [round(max(some)) for some in batched(looks, size)]


def take_orphans() -> None:
    """Have what a child leaves behind become this process's own, so that its processor time is counted too."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wait_for_orphans() -> None:
    with suppress(ChildProcessError):
        while True:
            os.wait()


def stored(home: Path, what: str = "papers_paper") -> int:
    """Return how many papers are there, or rows of something else."""
    path = home / "broadsheet.sqlite3"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return int(db.execute(f"SELECT count(*) FROM {what}").fetchone()[0])


def compared(file: Path, folder: Path) -> dict:
    """Put the first papers into one plain table and its FTS5 index: microseconds of processor time of a paper."""
    path = folder / "plain.sqlite3"
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "CREATE TABLE paper"
        " (id INTEGER PRIMARY KEY, key TEXT UNIQUE, title TEXT, abstract TEXT, authors TEXT, facts TEXT);"
        "CREATE VIRTUAL TABLE words USING fts5(title, abstract, authors, content='', tokenize='porter unicode61');"
    )
    began, number = time.process_time(), 0
    with file.open("rb") as lines:
        for some in batched(map(json.loads, islice(lines, COMPARED)), 1000):
            rows = [
                (number + place, row["id"], row["title"], row["abstract"], row["authors"], json.dumps(row["versions"]))
                for place, row in enumerate(some, start=1)
            ]
            number += len(rows)
            with db:
                db.executemany("INSERT INTO paper VALUES (?, ?, ?, ?, ?, ?)", rows)
                texts = [(pk, title, abstract, authors) for pk, _, title, abstract, authors, _ in rows]
                db.executemany("INSERT INTO words (rowid, title, abstract, authors) VALUES (?, ?, ?, ?)", texts)
    db.close()
    taken = (time.process_time() - began) / max(1, number) * 1e6
    told = {"plain_us": taken, "plain_bytes": disk(path) / max(1, number)}
    path.unlink()
    return told


def run(file: Path, folder: Path) -> dict:
    """Take a file in, or go on with it; print what was measured, keep it, and return it."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    before, began, used = stored(home), time.perf_counter(), processor_of_children()
    take_orphans()
    # Where all is stored, any search fills the rest of the index.
    is_stored = stored(home, "papers_run WHERE finished IS NOT NULL")
    order = ["search", "paper"] if is_stored else ["ingest", str(file)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BROADSHEET_", "DJANGO_"))}
    command = subprocess.Popen(
        [sys.executable, "-m", "broadsheet", *order], env=kept | WORDS | {"BROADSHEET_HOME": str(home)}
    )
    watch = Watch(command.pid)
    try:
        code = command.wait()
    finally:
        watch.end()
    wait_for_orphans()
    told = {
        "code": code,
        "papers": stored(home) - before,
        "held": stored(home),
        "seconds": time.perf_counter() - began,
        "processor": processor_of_children() - used,
        "parent": quarters(watch.parent),
        "child": quarters(watch.child),
        "store": disk(home) - disk(home / "index"),
        "index": disk(home / "index"),
    }
    told |= compared(file, folder)
    with (folder / "measured.jsonl").open("a") as kept:
        kept.write(json.dumps(told) + "\n")
    tell(told)
    return told


def tell(told: dict) -> None:
    papers, held = max(1, told["papers"]), max(1, told["held"])
    each = told["processor"] / papers
    memory = (
        f"the command {told['parent']} MB, the process that fills the index {told['child']} MB, by quarters of the time"
    )
    print(
        f"\n{told['papers']} papers stored and searchable by words ({told['held']} are there), {os.cpu_count()} cores\n"
        f"  by the clock      {told['seconds']:8.1f} s, {papers / told['seconds']:.0f} a second\n"
        f"  processor time    {told['processor']:8.1f} s, {each * 1e6:.0f} us a paper:"
        f" {2 / each:.0f} a second on two free cores\n"
        f"  one table + FTS5  {told['plain_us']:8.0f} us a paper, {told['plain_bytes']:.0f} bytes, minutes after it\n"
        f"  anonymous memory  {memory}\n"
        f"  disk              store {told['store'] / held:.0f}, index {told['index'] / held:.0f} bytes a paper",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), Path(sys.argv[2]))["code"])
