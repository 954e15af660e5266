"""An empty index that is filled in parts, by processes of their own: what is found then, and what a kill leaves."""

import json
import subprocess
import sys

import pytest
from filelock import FileLock
from tests.cli.test_commands import WORDS, counted, rows
from tests.conftest import broadsheet, environment, free_port
from tests.records import record

from broadsheet.errors import Conflict
from broadsheet.papers.actions import store
from broadsheet.search import current, fill, upkeep

INGEST = """
import os, signal, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "broadsheet.settings"
django.setup()
from broadsheet.search import fill
fill.PART, fill.LEAST = 300, 100
together = fill.Filling._put_together
def told(filling):
    print(len(filling._parts), "parts", flush=True)
    if "kill" in sys.argv:
        os.kill(os.getpid(), signal.SIGKILL)
    return together(filling)
fill.Filling._put_together = told
from broadsheet.cli import main
sys.argv = ["broadsheet", "ingest", sys.argv[1]]
main()
"""


def ingest(home, path, way="finish"):
    """Take a file in with parts of 300 papers; ``kill`` ends the process when all parts are done but not together."""
    home.mkdir(exist_ok=True)
    script = INGEST.replace('"kill" in sys.argv', str(way == "kill"))
    return subprocess.run(
        [sys.executable, "-c", script, str(path)],
        env=environment(home, **WORDS),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def found(home, query):
    answer = broadsheet(home, "search", query, "--limit", "300", "--json", **WORDS)
    assert answer.returncode == 0, answer.stderr
    return [hit["id"] for hit in json.loads(answer.stdout)]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(rows(1000))
    return path


def test_parts_hold_what_an_index_made_in_one_piece_holds(tmp_path, file):
    taken = ingest(tmp_path / "parts", file)
    assert taken.returncode == 0, taken.stderr
    assert "1000 papers indexed" in taken.stdout
    assert int(taken.stdout.split(" parts")[0].split()[-1]) > 2
    assert not (tmp_path / "parts" / "index" / "parts").exists()
    broadsheet(tmp_path / "whole", "ingest", str(file), **WORDS)
    for query in ('"subject 13"', 'ti:"paper 77"', 'cat:cs "what paper 500 says"'):
        assert set(found(tmp_path / "parts", query)) == set(found(tmp_path / "whole", query)) != set()
    assert counted(tmp_path / "parts")["to_be_indexed"] == 0


def test_what_was_filled_in_parts_changes_afterwards(tmp_path, file):
    ingest(tmp_path / "home", file)
    new = {"id": "2501.00005", "title": "Zebras at last", "abstract": "Anew.", "version": 2}
    (tmp_path / "new.jsonl").write_text(json.dumps(new))
    again = broadsheet(tmp_path / "home", "ingest", str(tmp_path / "new.jsonl"), "--source", "rows", **WORDS)
    assert "1 updated" in again.stdout
    assert found(tmp_path / "home", "ti:zebras") == ["2501.00005"]
    assert "2501.00005" not in found(tmp_path / "home", '"paper 4 on subject"')
    assert counted(tmp_path / "home")["searchable_by_words"] == 1000


def test_a_paper_that_changed_between_two_parts_is_there_once(tmp_path, file):
    killed = ingest(tmp_path / "home", file, "kill")
    assert killed.returncode == -9
    changed = file.read_text().splitlines()[4].replace("Paper 4 ", "Zebra 4 ")
    (tmp_path / "new.jsonl").write_text(rows(1200).split("\n", 1000)[1000] + changed)
    taken = ingest(tmp_path / "home", tmp_path / "new.jsonl")
    assert "200 added" in taken.stdout, taken.stderr
    assert counted(tmp_path / "home")["searchable_by_words"] == 1200


def test_parts_that_are_done_outlive_a_kill(tmp_path, file):
    ingest(tmp_path / "home", file, "kill")
    notes = sorted((tmp_path / "home" / "index" / "parts").glob("*/part.json"))
    assert len(notes) > 2
    made = [note.stat().st_mtime_ns for note in notes]
    assert ingest(tmp_path / "home", file, "kill").returncode == -9
    assert [note.stat().st_mtime_ns for note in notes] == made
    last = ingest(tmp_path / "home", file)
    assert last.returncode == 0, last.stderr
    assert counted(tmp_path / "home")["searchable_by_words"] == 1000
    assert found(tmp_path / "home", 'ti:"paper 77"') == ["2501.00078"]


def test_parts_of_another_database_are_thrown_away(tmp_path, file):
    ingest(tmp_path / "home", file, "kill")
    for path in (tmp_path / "home").glob("broadsheet.sqlite3*"):
        path.unlink()
    file.write_text(rows(500).replace("Paper", "Zebra"))
    taken = ingest(tmp_path / "home", file)
    assert "500 papers indexed" in taken.stdout, taken.stderr
    assert counted(tmp_path / "home")["searchable_by_words"] == 500
    assert found(tmp_path / "home", 'ti:"zebra 77"') == ["2501.00078"]


@pytest.mark.django_db
def test_a_filling_that_is_under_way_can_be_told(index):
    assert not fill.is_under_way()
    filling = fill.begin(index)
    assert filling is not None
    assert fill.is_under_way()
    with pytest.raises(Conflict, match="Another process fills"):
        fill.begin(index)
    filling.close()
    assert not fill.is_under_way()


def test_a_server_that_begins_meanwhile_says_so(tmp_path, file):
    home = tmp_path / "home"
    assert broadsheet(home, "ingest", str(file), "--no-index", **WORDS).returncode == 0
    (home / "index").mkdir(exist_ok=True)
    with FileLock(home / "index" / "owner.lock"), FileLock(home / "index" / "filling.lock"):
        answer = broadsheet(home, "serve", "--port", str(free_port()), **WORDS)
    assert answer.returncode == 1
    assert f"A command takes papers into the empty index of {home} now." in answer.stderr
    assert "Start again when it is done" in answer.stderr


@pytest.mark.django_db
def test_what_a_killed_filling_left_is_cleared_once_the_index_is_in_use(index, settings):
    left = settings.INDEX_DIR / "parts" / "0000-dead"
    left.mkdir(parents=True)
    current.release()
    assert current.own().size() == 0
    assert left.exists(), "it may be used still"
    store([record("2501.00001")])
    upkeep.catch_up(current.own())
    current.release()
    assert current.own().size() == 1
    assert not left.parent.exists()
