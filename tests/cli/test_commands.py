"""The commands as a person runs them: processes of their own on a directory of their own."""

import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ProcessPoolExecutor

import pytest
from tests.conftest import (
    DATA,
    broadsheet,
    environment,
    free_port,
    hear_ctrl_c,
    in_turn,
    lay_day,
    lay_tables,
    start_site,
)

from broadsheet.cli import start
from broadsheet.cli.start import heeded_stop

WORDS = {"BROADSHEET_MODEL": "none"}


def rows(number: int) -> str:
    """Return so many made-up records as JSON lines."""
    return "".join(
        json.dumps(
            {
                "id": f"25{1 + n // 99999:02}.{1 + n % 99999:05}",
                "title": f"Paper {n} on subject {n % 97}",
                "abstract": f"What paper {n} says of subject {n % 97}, at some length.",
                "authors": ["A. Example"],
                "categories": ["cs.LG"],
                "first_listed": "2025-01-02",
            }
        )
        + "\n"
        for n in range(number)
    )


def counted(home):
    answer = broadsheet(home, "status", "--json", **WORDS)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_help_needs_no_state_and_names_the_options_of_serve(tmp_path):
    shown = broadsheet(tmp_path / "none", "serve", "--help", first_start=True)
    assert shown.returncode == 0
    for word in ("--host", "--port", "--data", "--workers"):
        assert word in shown.stdout
    assert not (tmp_path / "none").exists()


def test_ingest_then_search_as_text_and_as_json(tmp_path):
    taken = broadsheet(tmp_path, "ingest", str(DATA / "day.jsonl"), first_start=True, **WORDS)
    assert taken.returncode == 0, taken.stderr
    assert "42 added, 0 updated, 0 unchanged, 0 rejected" in taken.stdout
    again = broadsheet(tmp_path, "ingest", str(DATA / "day.jsonl"), **WORDS)
    assert "0 added, 0 updated, 42 unchanged" in again.stdout
    found = broadsheet(tmp_path, "search", "speech recognition", "--limit", "2", **WORDS)
    assert "Speech Recognition" in found.stdout
    assert len(found.stdout.splitlines()) == 2
    asked = (("networks", "--category", "stat.ML"), ("arXiv:2601.00003v2",))
    answer, jumped = map(json.loads, in_turn(tmp_path, *(("search", *words, "--json") for words in asked), **WORDS))
    assert all("stat.ML" in paper["categories"] for paper in answer)
    assert [paper["id"] for paper in jumped] == ["2601.00003"]


def test_what_cannot_be_read_is_named_with_line_and_reason(tmp_path):
    path = tmp_path / "mixed.jsonl"
    path.write_text(rows(1) + "not json\n" + '{"id": "nonsense", "title": "x"}\n')
    taken = broadsheet(tmp_path / "home", "ingest", str(path), "--no-index", **WORDS)
    assert taken.returncode == 0
    assert "row 2" in taken.stderr
    assert "row 3" in taken.stderr
    assert "2 rejected" in taken.stdout
    kept = next((tmp_path / "home" / "rejects").iterdir())
    assert str(kept) in taken.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ingest", "no-such-file.jsonl"), "no-such-file.jsonl"),
        (("search", "x", "--category", "what is this"), "not a category"),
        (("search", "x", "--since", "2026-02-01", "--until", "2026-01-01"), "ends"),
        (("bench", "front"), "no edition"),
        (("search", " "), "empty"),
    ],
)
def test_a_mistake_is_answered_by_a_sentence_and_code_one(tmp_path, arguments, words):
    answer = broadsheet(tmp_path, *arguments, **WORDS)
    assert answer.returncode == 1
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_setting_that_cannot_be_read_is_named(tmp_path):
    answer = broadsheet(tmp_path, "status", BROADSHEET_PAGE_SIZE="many")
    assert answer.returncode == 1
    assert "BROADSHEET_PAGE_SIZE" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_two_instances_on_two_directories_do_not_meet(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    broadsheet(one, "ingest", str(DATA / "day.jsonl"), "--no-index", **WORDS)
    assert counted(one)["papers"] == 42
    assert counted(other)["papers"] == 0


def test_a_killed_ingest_carries_on_and_loses_nothing(tmp_path):
    path = tmp_path / "many.jsonl"
    path.write_text(rows(5_000))
    lay_tables(tmp_path / "home", WORDS)
    for least in (10, 50):
        process = subprocess.Popen(
            [sys.executable, "-m", "broadsheet", "ingest", str(path), "--no-index"],
            env=environment(tmp_path / "home", **WORDS),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        assert any(int(line.split(" %")[0].rpartition(" ")[2]) >= least for line in process.stderr)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    last = broadsheet(tmp_path / "home", "ingest", str(path), **WORDS)
    assert last.returncode == 0, last.stderr
    now = counted(tmp_path / "home")
    assert (now["papers"], now["searchable_by_words"]) == (5_000, 5_000)


def test_ctrl_c_stops_an_ingest_with_a_sentence(tmp_path):
    path = tmp_path / "many.jsonl"
    path.write_text(rows(60_000))
    lay_tables(tmp_path / "home", WORDS)
    process = subprocess.Popen(
        [sys.executable, "-m", "broadsheet", "ingest", str(path)],
        env=environment(tmp_path / "home", **WORDS),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hear_ctrl_c,
    )
    assert process.stdout is not None
    assert "Taking in" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "carries on" in output
    assert "Traceback" not in output


def test_a_ctrl_c_that_a_callback_swallowed_is_heeded_all_the_same():
    def work() -> None:
        with heeded_stop() as stop:
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            assert stop()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # the suite itself may run where it is ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
    finally:
        signal.signal(signal.SIGINT, before)


def stop_impatiently(home):
    """Start a server and press Ctrl-C many times, which has to end it as once does."""
    site = start_site(home, "--workers", "2", **WORDS)
    for pause in (0, 0.001, 0.01, 0.05, 0, 0, 0.1, 0.2):
        if site.process.poll() is None:
            site.process.send_signal(signal.SIGINT)
        time.sleep(pause)
    assert site.process.wait(30) == 0
    assert "Traceback" not in site.log.read_text()


def test_an_impatient_ctrl_c_stops_the_server_as_a_patient_one_does(tmp_path):
    stop_impatiently(lay_day(tmp_path / "home"))


def test_a_fresh_server_without_a_network_says_so_and_shows_the_sample(tmp_path):
    site = start_site(
        tmp_path / "home",
        first_start=True,
        BROADSHEET_OFFLINE="no",
        BROADSHEET_ARXIV_API="http://127.0.0.1:9/api",
        **WORDS,
    )
    try:
        with urllib.request.urlopen(site.url) as page:
            assert page.url.endswith("/papers/date/2025-12-12")
            assert b"sample edition" in page.read()
        assert "arXiv cannot be reached (127.0.0.1). The sample edition is shown instead." in site.log.read_text()
        assert str(tmp_path / "home") in site.log.read_text()
    finally:
        assert site.stop() == 0
    assert "carries on" in site.log.read_text()


def test_a_running_server_takes_in_what_another_command_stores_and_answers_its_search(tmp_path):
    site = start_site(tmp_path / "home", "--workers", "2", **WORDS)
    try:
        taken = broadsheet(tmp_path / "home", "ingest", str(DATA / "day.jsonl"), **WORDS)
        assert "The running server takes the papers into its index" in taken.stdout
        until = time.monotonic() + 20
        found = ""
        while "Speech Recognition" not in found and time.monotonic() < until:
            time.sleep(0.3)
            found = broadsheet(tmp_path / "home", "search", "measuring speech recognition", **WORDS).stdout
        assert "Speech Recognition" in found
        with urllib.request.urlopen(site.url + "/papers?q=measuring+speech+recognition") as page:
            assert b"Measuring What Matters in Speech Recognition" in page.read()
        second = broadsheet(tmp_path / "home", "serve", "--port", str(free_port()), **WORDS)
        assert second.returncode == 1
        assert "Traceback" not in second.stderr
    finally:
        assert site.stop() == 0


def test_a_taken_port_is_named_before_anything_is_done(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = broadsheet(tmp_path / "home", "serve", "--port", str(port), **WORDS)
    assert refused.returncode == 1
    assert f"127.0.0.1:{port}" in refused.stderr
    assert "--port" in refused.stderr
    assert counted(tmp_path / "home")["papers"] == 0


def test_an_index_that_was_lost_comes_back_by_itself(tmp_path):
    home = lay_day(tmp_path / "home")
    shutil.rmtree(home / "index")
    rebuilt = broadsheet(home, "reindex", **WORDS)
    assert "42 papers indexed" in rebuilt.stdout
    assert "Speech" in broadsheet(home, "search", "speech recognition", **WORDS).stdout


def test_a_damaged_index_is_put_aside_and_made_again(tmp_path):
    home = lay_day(tmp_path / "home")
    for path in (home / "index").rglob("*"):
        if path.is_file() and path.name != "state.json":
            path.write_bytes(b"\x00broken\xff" * 9)
    site = start_site(home, **WORDS)
    try:
        with urllib.request.urlopen(site.url + "/papers?q=speech+recognition") as page:
            assert b"Speech Recognition" in page.read()
    finally:
        site.stop()


def _wait_for(address):
    """Return once a server answers, as one that is still starting cannot be asked to stop in order."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"nothing answers at {address}")


def test_a_killed_servers_workers_end_and_the_next_start_gets_the_port_and_has_all_it_had(tmp_path):
    site = start_site(tmp_path / "home", **WORDS)
    port = site.url.rsplit(":", 1)[1]
    os.kill(site.process.pid, signal.SIGKILL)
    site.process.wait()
    until = time.monotonic() + 15
    last = None
    while time.monotonic() < until:
        last = subprocess.Popen(
            [sys.executable, "-m", "broadsheet", "serve", "--port", port],
            env=environment(tmp_path / "home", **WORDS),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            last.wait(4)
        except subprocess.TimeoutExpired:
            break
        time.sleep(0.5)
    assert last is not None
    _wait_for(f"{site.url}/robots.txt")
    assert last.poll() is None, last.communicate()[0]
    with urllib.request.urlopen(site.url + "/papers?q=quantum") as page:
        assert b"result" in page.read()
    last.terminate()
    assert last.wait(30) == 0
    assert last.stdout is not None
    last.stdout.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIME_ZONE", "Mars/Base"),
        ("LOG_LEVEL", "LOUD"),
        ("DATABASE", "foo"),
        ("EMBED_TOKENS", "1"),
        ("OFFLINE", "maybe"),
        ("CATEGORIES", "what!"),
        ("CATEGORIES", "cs"),  # an archive, which is no paper's category: each day would be late
    ],
)
def test_every_setting_that_cannot_be_read_is_named(tmp_path, name, value):
    answer = broadsheet(tmp_path, "status", **{f"BROADSHEET_{name}": value})
    assert answer.returncode == 1
    assert f"BROADSHEET_{name}" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_search_takes_over_what_was_only_stored(tmp_path):
    broadsheet(tmp_path, "ingest", str(DATA / "day.jsonl"), "--no-index", **WORDS)
    found = broadsheet(tmp_path, "search", "speech recognition", "--json", "--limit", "1", **WORDS)
    assert "Speech" in json.loads(found.stdout)[0]["title"]


@pytest.fixture(params=["Ctrl-C", "SIGTERM"])
def ended(request):
    """A measurement that somebody ends from outside. Returns its folder."""

    def run(keep, work=lambda folder: None):
        with start.folder_of(keep) as folder:
            (folder / "papers").write_text("many")
            work(folder)
            if request.param == "SIGTERM":
                signal.raise_signal(signal.SIGTERM)
            raise KeyboardInterrupt

    return run


def test_a_measurement_that_is_ended_leaves_nothing_behind_and_says_so(ended, capsys):
    folders = []
    with pytest.raises(SystemExit, match="130"):
        ended(None, folders.append)
    assert [folder.exists() for folder in folders] == [False]
    assert "Stopped. Nothing is kept; with --keep FOLDER what is done is" in capsys.readouterr().err


def test_a_measurement_that_is_kept_carries_on(ended, capsys, tmp_path):
    with pytest.raises(SystemExit, match="130"):
        ended(tmp_path)
    assert (tmp_path / "papers").exists()
    assert "What was done so far is kept; the same command carries on." in capsys.readouterr().err


def test_processes_of_a_measurement_end_with_it():
    spawn = multiprocessing.get_context("spawn")

    def measure():
        with start.folder_of(None), ProcessPoolExecutor(1, mp_context=spawn) as process:
            process.submit(os.getpid).result()
            process.submit(time.sleep, 600)
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(SystemExit, match="130"):
        measure()


def test_a_measurement_apart_knows_neither_the_database_nor_the_search_server_of_the_site(tmp_path, monkeypatch):
    loaded = {}
    monkeypatch.setattr(start, "load", lambda home: loaded.update(os.environ, home=home))
    monkeypatch.setattr(start, "update_tables", lambda: None)
    for name in ("BROADSHEET_DATABASE", "BROADSHEET_SEARCH_URL"):
        monkeypatch.setenv(name, "http://site.example.org")
    with start.apart(tmp_path):
        assert loaded["home"] == tmp_path
        assert not {"BROADSHEET_DATABASE", "BROADSHEET_SEARCH_URL"} & loaded.keys()
