"""The timetable by commands: a worker of its own, the list, and one job by hand."""

import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from tests.conftest import broadsheet, environment, hear_ctrl_c, start_site

WORDS = {"BROADSHEET_MODEL": "none"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    home = tmp_path_factory.mktemp("made") / "home"
    assert broadsheet(home, "jobs", **WORDS).returncode == 0
    return home


@pytest.fixture
def home(tmp_path, made):
    return shutil.copytree(made, tmp_path / "home")


def has_run(home, name):
    """Look into the database itself, as a command takes seconds to start."""
    with contextlib.closing(sqlite3.connect(home / "broadsheet.sqlite3", timeout=30)) as database:
        ended = "SELECT 1 FROM work_jobrun JOIN work_job ON work_job.id = job_id WHERE name = ? AND ended IS NOT NULL"
        return database.execute(ended, [name]).fetchone() is not None


def listed(home):
    told = broadsheet(home, "jobs", "--json", **WORDS)
    assert told.returncode == 0, told.stderr
    return {job["name"]: job for job in json.loads(told.stdout)}


def worker(home):
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "broadsheet", "worker"],
        env=environment(home, **WORDS),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hear_ctrl_c,
    )
    too_long = threading.Timer(60, process.kill)
    too_long.start()
    return process, too_long


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_runs_what_is_due_and_stops_on_a_signal(home, how):
    process, too_long = worker(home)
    assert process.stdout.readline().startswith("Running ")
    until = time.monotonic() + 40
    while not has_run(home, "scores"):
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(how)
    rest, _ = process.communicate(timeout=30)
    too_long.cancel()
    assert process.returncode == 0
    assert rest.strip() == "Stopped. The next start carries on."
    assert listed(home)["scores"]["last"]["ok"] is True


def test_a_job_is_run_by_hand_and_listed(home):
    ran = broadsheet(home, "jobs", "run", "tidy", **WORDS)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "0 runs and 0 answers forgotten.\n"
    told = broadsheet(home, "jobs", **WORDS)
    assert "0 runs and 0 answers forgotten." in told.stdout
    assert listed(home)["tidy"]["last"]["by"] == "operator"


def test_a_job_that_is_not_there_is_told(home):
    told = broadsheet(home, "jobs", "run", "nothing", **WORDS)
    assert told.returncode == 1
    assert told.stderr.startswith("broadsheet: There is no job 'nothing'.")


def test_a_server_without_jobs_leaves_them_to_others_and_one_with_them_does_what_is_asked(home):
    site = start_site(home, "--no-jobs", **WORDS)
    asked = broadsheet(home, "jobs", "run", "tidy", "--ask", **WORDS)
    assert asked.stdout == "tidy runs as soon as a server or worker can.\n"
    assert site.stop() == 0
    assert listed(home)["tidy"]["state"] == "asked for, waits for a server or worker"
    site = start_site(home, **WORDS)
    try:
        until = time.monotonic() + 40
        while not has_run(home, "tidy"):
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        assert site.stop() == 0
