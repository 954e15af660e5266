"""The real clients of the hub: the Python one in this process, the command line as a program of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from huggingface_hub import HfApi, set_client_factory
from huggingface_hub.utils import close_session
from huggingface_hub.utils._http import default_client_factory
from pytest_django import Settings

from broadsheet.accounts import limits
from broadsheet.community.votes import rescore
from broadsheet.papers.actions import store
from broadsheet.sources.record import Record
from broadsheet.wsgi import application

FORMATS = ("human", "agent", "json", "quiet")

PAPERS = (
    Record(
        id="2611.00001",
        title="Small Models, Long Days",
        source="arxiv",
        abstract="We measure the days of small models.",
        authors=("A. Example", "B. Sample"),
        categories=("cs.CL",),
        published=datetime(2026, 11, 18, 17, 8, tzinfo=UTC),
        announced=date(2026, 11, 20),
        votes=9,
        comment_count=4,
        keywords=("days", "models"),
        machine_summary="Days are measured.",
        code_url="https://github.com/example/days",
        code_stars=12,
        project_url="https://example.org/days",
        organization=("example", "Example Institute"),
    ),
    Record(id="2611.00002", title="Naïve Readers", source="arxiv", abstract="読む", announced=date(2026, 11, 20)),
    Record(id="cs/0601001", title="An Old Paper", source="list", announced=date(2006, 1, 2)),
)


@pytest.fixture
def unlimited(settings: Settings) -> None:
    settings.API_RATE = 0
    limits.forget()


@pytest.fixture(autouse=True)
def one_transaction() -> Iterator[None]:
    """Keep the test's connection, as Django's own test client does: after a request the application would close it."""
    for moment in (request_started, request_finished):
        moment.disconnect(close_old_connections)
    yield
    for moment in (request_started, request_finished):
        moment.connect(close_old_connections)


@pytest.fixture
def client(db: None, unlimited: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HfApi]:
    """The hub's own Python client; only its way to the server is replaced, by a call of our WSGI application."""
    rescore(store(PAPERS).voted)
    # At its first use it asks for the list of agents, at the hub of its environment and not at its own `endpoint`.
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://testserver")
    monkeypatch.setattr("huggingface_hub.constants.AGENT_HARNESSES_PATH", str(tmp_path / "agents.json"))
    monkeypatch.setattr("huggingface_hub.utils._detect_agent._registry", None)
    with default_client_factory() as usual:
        hooks = usual.event_hooks
    way = httpx2.WSGITransport(app=application)
    set_client_factory(lambda: httpx2.Client(transport=way, event_hooks=hooks, follow_redirects=True))
    yield HfApi(endpoint="http://testserver", token=False)
    close_session()
    set_client_factory(default_client_factory)


Hf = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hf(live: Any, tmp_path: Path) -> Hf:
    """Run the command line against the live server, in a home of its own, with its arguments."""
    program = Path(sys.executable).with_name("hf")
    if not program.exists():
        pytest.skip("the command line hf of huggingface_hub is not installed beside this Python")
    known = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    environment = known | {
        "HF_ENDPOINT": live.url,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HOME": str(tmp_path),
        "NO_PROXY": "*",
        "COLUMNS": "200",
        "PYTHONUTF8": "1",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(program), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.fixture
def hf_formats(hf: Hf) -> Callable[..., dict[str, str]]:
    """Run a command in every format at once, each of which must succeed, and return what was printed by format."""

    def run(*arguments: str) -> dict[str, str]:
        def one(name: str) -> str:
            done = hf(*arguments, "--format", name)
            assert done.returncode == 0, done.stderr
            return done.stdout

        with ThreadPoolExecutor(len(FORMATS)) as pool:
            return dict(zip(FORMATS, pool.map(one, FORMATS), strict=True))

    return run
