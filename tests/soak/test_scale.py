"""``broadsheet bench scale`` for real, at 100,000 papers: every part measured, and nothing lost when it is stopped.

``SCALE_SIZES=100000,1000000 SCALE_FOLDER=/somewhere make soak ARGS="-k scale"`` is the long form, which takes ten
gigabytes in that folder and goes on there when it is called again after a stop or a kill.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.conftest import broadsheet, environment, hear_ctrl_c

PAPERS = "papers-2025-2026.jsonl.xz"
SIZES = os.environ.get("SCALE_SIZES", "100000")
BASELINES = [word for name in ("fts5", "tantivy", "exact") for word in ("--baseline", name)]
HOURS = 4


@pytest.mark.soak
def test_scale_is_measured_whole(tmp_path, shared_data):
    folder = Path(os.environ.get("SCALE_FOLDER", tmp_path))
    asked = ["bench", "scale", "--sizes", SIZES, "--from", str(shared_data(PAPERS)), "--keep", str(folder)]
    done = broadsheet(tmp_path / "site", *asked, *BASELINES, "--json", timeout=HOURS * 3600)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    from broadsheet.bench import scale_report

    print(f"\n{scale_report.table(answer)}")
    for one in answer["sizes"]:
        assert one["added"]["found"] == one["added"]["papers"], "all papers of the day are found"
        assert one["nearest"]["recall"] >= 0.98
        assert one["filtered"]["recall"] >= 0.99
        assert one["building"]["anonymous_mb"] <= 2500
        assert one["pages"]["anonymous_mb"] <= 1500


@pytest.mark.soak
def test_scale_goes_on_where_it_was_stopped(tmp_path, shared_data):
    asked = [
        "bench",
        "scale",
        "--papers",
        "30000",
        "--from",
        str(shared_data(PAPERS)),
        "--keep",
        str(tmp_path / "kept"),
    ]
    home = tmp_path / "site"
    run = subprocess.Popen(
        [sys.executable, "-m", "broadsheet", *asked, "--json"],
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: (os.setpgrp(), hear_ctrl_c()),
    )
    store = tmp_path / "kept" / "30000" / "home" / "broadsheet.sqlite3"
    until = time.monotonic() + 600
    while not store.exists() and run.poll() is None and time.monotonic() < until:
        time.sleep(0.2)
    time.sleep(3)
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(120) == 130
    done = broadsheet(home, *asked, "--json", timeout=HOURS * 3600)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["sizes"][0]
    assert told["building"]["runs"] >= 1
    assert told["nearest"]["vectors"] == 30_000
