"""A site whose index is at work in a process of its own, to be killed; and what must hold right after each kill."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
from tests.conftest import broadsheet, environment
from tests.search import tiny_model

from broadsheet.search.encoders import added
from broadsheet.search.index import Filters
from broadsheet.search.keeping.standing import holder
from broadsheet.search.machine import layout
from broadsheet.search.whole import WholeIndex

EVERYTHING = Filters()
TO_A, TO_B = (("model", "use", f"tiny-{name}", "--force", "--pairs", "100") for name in "ab")


def rows(number: int) -> str:
    """Return so many made-up records as JSON lines, whose abstracts hold words that the made-up models know."""
    choose = random.Random(1)
    known = [word for word in tiny_model.WORDS if word.isalpha()]
    return "".join(
        json.dumps(
            {
                "id": f"25{1 + n // 99999:02}.{1 + n % 99999:05}",
                "title": f"Paper {n} on subject {n % 97}",
                "abstract": f"What paper {n} says: {' '.join(choose.choices(known, k=12))}.",
                "authors": ["A. Example"],
                "categories": ["cs.LG"],
                "first_listed": "2025-01-02",
            }
        )
        + "\n"
        for n in range(number)
    )


# Ways of work that take as long as a test likes. PORTIONS are small, so that most of the time goes into what is killed.
HEAD = """
import sys
import django
if __name__ == "__main__":
    django.setup()
    from broadsheet.search import current
    from broadsheet.search.keeping import upkeep
    upkeep.BATCH, upkeep.NOTE_EVERY, upkeep.NOTE_VECTORS, upkeep.SHOW_EVERY = 40, 80, 64, 0.0
    index = current.own()
    print("at work", flush=True)
"""
WORK = {
    "flush": f"{HEAD}    upkeep.ask_for_rebuild()\n    upkeep.catch_up(index)\n    current.release()\n",
    "upgrade": f"{HEAD}    upkeep.backfill(index, current.embedder(build=True))\n    current.release()\n",
}


class Killed:
    """A state directory. ``kill`` lets some work begin there, kills it, and looks at what is left."""

    def __init__(self, home: Path, seed: int, **settings: str) -> None:
        self.home = home
        self.index = home / "index"
        self.settings = {"DJANGO_SETTINGS_MODULE": "broadsheet.settings"} | settings
        self.choose = random.Random(seed)
        self.reader: WholeIndex | None = None
        self.told: list[str] = []

    # --- Commands ---

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        answer = broadsheet(self.home, *arguments, **self.settings)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer

    def fill(self, number: int, *options: str) -> Path:
        """Take so many papers in; return the file they came from."""
        path = self.home.parent / f"rows-{number}.jsonl"
        path.write_text(rows(number))
        self.run("ingest", str(path), *options)
        return path

    def _begin(self, work: str) -> subprocess.Popen[str]:
        """Begin some work: one of ``WORK``, or the words of a command."""
        script = ["-c", WORK[work]] if work in WORK else ["-m", "broadsheet", *work.split()]
        self.home.mkdir(exist_ok=True)
        return subprocess.Popen(
            [sys.executable, *script],
            env=environment(self.home, **self.settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    # --- The kill ---

    def kill(self, work: str, within: float, *, alone: bool = False, storing: bool = False) -> bool:
        """Kill some work at a moment within so many seconds after it has the index; return whether it was at work.

        alone: only the process that was begun, and not those that it began. storing: after it has stored something.
        """
        before = self.stored()
        process = self._begin(work)
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            if self.stored() > before if storing else holder(self.index / "owner.lock") is not None:
                break
            time.sleep(0.01)
        after = self.choose.uniform(0, within)
        time.sleep(after)
        stored, noted = self.stored(), self.noted()
        died = process.poll() is None
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL) if alone else os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._hold(stored, noted)
        sign = "stored something" if storing else "had the index"
        name = work.split(maxsplit=1)[0]
        line = f"{name}: killed {after:.2f} s after it {sign}, {stored} stored, {noted} noted"
        self.told.append(line if died else f"{name}: had ended by itself")
        return died

    def _hold(self, stored: int, noted: int) -> None:
        """Hold what is left against the promise: no paper is lost, and searches are answered at once."""
        assert self.stored() >= stored, "papers that had been acknowledged are gone"
        with closing(sqlite3.connect(self.home / "broadsheet.sqlite3")) as database:
            assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)
        if noted:
            self.asked(noted)
            # Whoever opens the index now finds as much as who has had it open all the time.
            with closing(WholeIndex.read(self.index)) as anew:
                assert anew.size() >= noted

    def asked(self, least: int) -> None:
        """Ask the index as a server's worker does, which has it open while others write: it must know so many."""
        self.reader = self.reader.fresh() if self.reader else WholeIndex.read(self.index)
        assert self.reader.size() >= least
        assert len(self.reader.words("subject", limit=least, filters=EVERYTHING)) >= least
        if dim := getattr(self.reader.vectors, "dim", 0):
            vector = np.eye(1, dim, dtype=np.float32)[0]
            near = self.reader.meaning(vector, limit=10, filters=EVERYTHING)
            assert len(near) == min(10, self.reader.vectors.size())

    # --- What is there ---

    def stored(self) -> int:
        """Return the number of papers in the database, as another process sees it."""
        path = self.home / "broadsheet.sqlite3"
        if not path.exists():
            return 0
        with closing(sqlite3.connect(path, timeout=30)) as database:
            try:
                return int(database.execute("SELECT count(*) FROM papers_paper").fetchone()[0])
            except sqlite3.OperationalError:  # no tables yet
                return 0

    def noted(self) -> int:
        """Return the number of papers that the index has noted to hold."""
        try:
            return int(json.loads((self.index / "state.json").read_text())["papers"])
        except (OSError, ValueError, KeyError):
            return 0

    def space(self) -> str:
        """Return the mark of the model that the index is of."""
        return layout.read(self.index).space

    def is_whole(self, number: int) -> None:
        """Hold the site at the end: everything is there and found, and the doctor has nothing to say."""
        answer = broadsheet(self.home, "doctor", "index", "--json", **self.settings)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        wrong = [check for check in json.loads(answer.stdout)["checks"] if check["finding"] in ("weak", "bad")]
        assert not wrong
        assert (self.stored(), self.noted()) == (number, number)
        self.asked(number)

    def close(self) -> None:
        """Let go of the index."""
        if self.reader:
            self.reader.close()


def with_models(site: Killed) -> None:
    """Give a site two made-up models to change to; it begins with the static table of the one that is not built."""
    for name, seed in (("tiny-a", 7), ("tiny-b", 8)):
        added.add(site.home / "models", tiny_model.saved(site.home.parent / name, seed), name)
