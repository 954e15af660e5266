"""The doors of the suite: shared data where present, and a real server on a small made-up day of papers."""

import atexit
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from tests import cast

from broadsheet.accounts.models import Role

SHARED = Path(os.environ.get("BROADSHEET_SHARED", Path(__file__).parents[2] / "shared" / "data"))
DATA = Path(__file__).parent / "data"
ABSENT = Path(__file__).parent / "absent"
"""Modules that stand in the way of what the tests' own tools bring along, which would take a third of a second."""

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")


def pytest_configure() -> None:
    """Have the suite hear SIGINT as in a terminal, also where a script runs it beside other things."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, on PostgreSQL, what would say once more what it says on SQLite: above all what opens no database."""
    if settings.POSTGRES is None:
        return
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for one in items:
        fixtures = set(getattr(one, "fixturenames", ()))
        marked = one.get_closest_marker("django_db") or one.get_closest_marker("both")
        opens = marked or fixtures & {"db", "transactional_db"}
        (kept if opens and not one.get_closest_marker("once") else left).append(one)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


@pytest.fixture
def ada(db: None) -> Any:
    """A reader."""
    return cast.reader("ada")


@pytest.fixture
def bo(db: None) -> Any:
    """Another reader."""
    return cast.reader("bo")


@pytest.fixture
def mo(db: None) -> Any:
    """A moderator."""
    return cast.reader("mo", Role.MODERATOR)


@pytest.fixture
def al(db: None) -> Any:
    """An administrator."""
    return cast.reader("al", Role.ADMIN)


@pytest.fixture
def paper(db: None) -> Any:
    """A paper."""
    return cast.paper()


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Path of a file of the shared data, or a skip that says what is missing."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"shared data not here: {path} (set BROADSHEET_SHARED to its folder)")
        return path

    return find


@dataclass
class Site:
    """A running ``broadsheet serve``. url: without a final slash. home: its state directory."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Stop the server and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(30)


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return a process environment that knows nothing but a state directory; no network is asked."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BROADSHEET_", "DJANGO_"))}
    kept["PYTHONPATH"] = os.pathsep.join([str(ABSENT), *filter(None, [kept.get("PYTHONPATH")])])
    return kept | {"BROADSHEET_HOME": str(home), "BROADSHEET_OFFLINE": "yes", "COLUMNS": "100"} | more


@functools.cache
def made_tables() -> Path:
    """Return a database with empty tables, made once: making them takes a command three times as long as the rest."""
    if settings.TABLES.is_file():
        return Path(settings.TABLES)
    home = Path(tempfile.mkdtemp(prefix="broadsheet-tables-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    made = "from broadsheet.cli.start import load, update_tables; load(None); update_tables()"
    subprocess.run([sys.executable, "-c", made], env=environment(home), timeout=120, check=True)
    return home / "broadsheet.sqlite3"


def lay_tables(home: Path, more: dict[str, str]) -> None:
    """Put empty tables into a state directory that has none. Who tests the very first start does without."""
    if "BROADSHEET_DATABASE" not in more and not (home / "broadsheet.sqlite3").exists():
        home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made_tables(), home / "broadsheet.sqlite3")


def broadsheet(
    home: Path, *arguments: str, timeout: float = 120, first_start: bool = False, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end in a process of its own. first_start: it makes the tables itself."""
    if not first_start:
        lay_tables(home, more)
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "broadsheet", *arguments],
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


IN_TURN = """
import json, sys
from click.testing import CliRunner
from broadsheet.cli import main
answers = [CliRunner().invoke(main, command) for command in json.loads(sys.argv[1])]
print(json.dumps([(answer.exit_code, answer.stdout, answer.stderr) for answer in answers]))
"""


def in_turn(home: Path, *commands: Sequence[str], **more: str) -> list[str]:
    """Run commands to their ends in one process, which starts once, and return what each printed. All have to work."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IN_TURN, json.dumps(commands)],
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert [code for code, _, _ in answers] == [0] * len(commands), answers
    return [printed for _, printed, _ in answers]


@functools.cache
def made_day() -> Path:
    """Return a state directory with the papers of tests/data/day.jsonl, found by words; made once, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="broadsheet-day-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    taken = broadsheet(folder / "home", "ingest", str(DATA / "day.jsonl"), BROADSHEET_MODEL="none")
    assert taken.returncode == 0, taken.stderr
    return folder / "home"


def lay_day(home: Path) -> Path:
    """Make a state directory one with that day's papers, and return it. Who tests how papers come in does without."""
    return shutil.copytree(made_day(), home, dirs_exist_ok=True)


def hear_ctrl_c() -> None:
    """Make a new process hear SIGINT even where the suite itself runs in the background of a shell that ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_site(home: Path, *arguments: str, first_start: bool = False, **more: str) -> Site:
    """Start ``broadsheet serve`` and return once it answers. first_start: it makes the tables itself."""
    if not first_start:
        lay_tables(home, more)
    port = free_port()
    log = home.parent / f"{home.name}-serve-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "broadsheet", "serve", "--port", str(port), *arguments],
            env=environment(home, **more),
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=hear_ctrl_c,
        )
    site = Site(f"http://127.0.0.1:{port}", home, process, log)
    until = time.monotonic() + 180
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{site.url}/robots.txt", timeout=5).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            return site
    process.kill()
    process.wait()
    pytest.fail(f"the server did not come up:\n{log.read_text()}")


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A real server on the sample edition and the made-up day of tests/data/day.jsonl, searched by words."""
    home = tmp_path_factory.mktemp("live")
    settings = {"BROADSHEET_MODEL": "none", "BROADSHEET_API_RATE": "0", "BROADSHEET_PAGE_RATE": "0"}
    taken = broadsheet(home, "ingest", "sample", str(DATA / "day.jsonl"), **settings)
    assert taken.returncode == 0, taken.stderr
    site = start_site(home, **settings)
    yield site
    assert site.stop() == 0
