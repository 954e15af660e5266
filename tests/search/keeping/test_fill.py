"""An index that is filled by a process beside the one that stores: what is found then, and what kills leave."""

import json
import signal
import subprocess
import sys

import pytest
from filelock import FileLock
from tests.cli.test_commands import WORDS, counted, rows
from tests.conftest import broadsheet, environment, in_turn, lay_tables

from broadsheet.errors import Conflict
from broadsheet.search.keeping import fill

# Batches of 100 papers, of which the second has processes begin that fill the index. WAY happens after the sixth.
INGEST = """
import os, signal, sys, time
from broadsheet.cli import indexing, main
import broadsheet.search.keeping.fill as fill
indexing.BESIDE_FROM = 2
begun = []
class Filling(fill.Filling):
    def __init__(self):
        super().__init__(ahead=150)
        begun.append(self)
fill.Filling = Filling
def under_way():
    while not fill.is_under_way():
        time.sleep(0.02)
def happens(batch):
    if batch == 6:
        WAY
import broadsheet.cli.papers as papers
def counted(stop, indexed=papers.indexed):
    from contextlib import contextmanager
    from broadsheet import pipeline
    pipeline.BATCH = 100
    @contextmanager
    def watched():
        with indexed(stop=stop) as stored:
            batches = []
            def seen():
                stored()
                batches.append(1)
                happens(len(batches))
            yield seen
    return watched()
papers.indexed = lambda *, stop: counted(stop)
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it would be ignored
    sys.argv = ["broadsheet", "ingest", sys.argv[1]]
    main()
"""
WAYS = {
    "finish": "pass",
    "kill": "under_way(); os.kill(os.getpid(), signal.SIGKILL)",
    "kill early": "os.kill(os.getpid(), signal.SIGKILL)",
    "kill the filling": "under_way(); os.kill(begun[0]._process.pid, signal.SIGKILL)",
    "kill what makes ready": "under_way(); os.kill(begun[0]._before.pid, signal.SIGKILL)",
    "hang": "under_way(); fill.SILENCE = 1.0; os.kill(begun[0]._process.pid, signal.SIGSTOP)",
    "interrupt": "under_way(); os.kill(os.getpid(), signal.SIGINT)",
    "interrupt while it hangs": "under_way(); fill.SILENCE = 1.0; os.kill(begun[0]._process.pid, signal.SIGSTOP);"
    " os.kill(begun[0]._before.pid, signal.SIGSTOP); os.kill(os.getpid(), signal.SIGINT)",
}
FILL = """
import time
import django
if __name__ == "__main__":
    django.setup()
    from broadsheet.search import current
    from broadsheet.search.keeping import fill, upkeep
    filling = fill.Filling()
    while not fill.is_under_way():
        time.sleep(0.02)
    index = fill.taken_from_filling()
    print(filling.finish(report=print, stop=lambda: False) + upkeep.behind() - 1000)
    upkeep.catch_up(index)
    print(index.size(), fill.is_under_way())
    current.release()
"""


def run(home, script, *arguments, **more):
    lay_tables(home, WORDS | more)
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=environment(home, **(WORDS | more)) | {"DJANGO_SETTINGS_MODULE": "broadsheet.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def ingest(home, path, way="finish"):
    return run(home, INGEST.replace("WAY", WAYS[way]), path)


def found(home, *queries):
    """Return the status, and what each query finds."""
    asked = [("search", query, "--limit", "300", "--json") for query in queries]
    status, *answers = map(json.loads, in_turn(home, ("status", "--json"), *asked, **WORDS))
    return status, [[hit["id"] for hit in answer] for answer in answers]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(rows(1000))
    return path


def test_what_was_filled_beside_is_what_is_filled_afterwards(tmp_path, file):
    taken = ingest(tmp_path / "beside", file)
    assert taken.returncode == 0, taken.stderr
    assert "1000 papers indexed" in taken.stdout
    broadsheet(tmp_path / "after", "ingest", str(file), **WORDS)
    queries = ('"subject 13"', 'ti:"paper 77"', 'cat:cs "what paper 500 says"')
    status, ids = found(tmp_path / "beside", *queries)
    assert ids == found(tmp_path / "after", *queries)[1]
    assert all(ids)
    assert status["to_be_indexed"] == 0


# Two of the four ways in each run of the suite, all of them in the long one.
@pytest.mark.parametrize(
    "way",
    [
        "kill",
        pytest.param("kill early", marks=pytest.mark.soak),
        pytest.param("interrupt", marks=pytest.mark.soak),
        "interrupt while it hangs",
    ],
)
def test_an_ingest_that_is_killed_goes_on_where_it_was(tmp_path, file, way):
    home = tmp_path / "home"
    assert ingest(home, file, way).returncode == (130 if "interrupt" in way else -signal.SIGKILL)
    taken = ingest(home, file)
    assert taken.returncode == 0, taken.stderr
    status, (ids,) = found(home, 'ti:"paper 77"')
    assert (status["papers"], status["searchable_by_words"], status["to_be_indexed"]) == (1000, 1000, 0)
    assert ids == ["2501.00078"]


@pytest.mark.parametrize("way", ["kill the filling", "kill what makes ready"])
def test_papers_that_came_after_the_filling_was_killed_are_taken_over_too(tmp_path, file, way):
    taken = ingest(tmp_path / "home", file, way)
    assert taken.returncode == 0, taken.stderr
    status = counted(tmp_path / "home")
    assert (status["searchable_by_words"], status["to_be_indexed"]) == (1000, 0)


def test_a_filling_that_hangs_is_ended_and_what_it_left_is_taken_over(tmp_path, file):
    taken = ingest(tmp_path / "home", file, "hang")
    assert taken.returncode == 0, taken.stderr
    assert "The process that fills the index hangs and is ended." in taken.stderr
    status = counted(tmp_path / "home")
    assert (status["searchable_by_words"], status["to_be_indexed"]) == (1000, 0)


def test_papers_that_change_or_turn_out_to_be_others_meanwhile_are_there_once(tmp_path, file):
    lines = file.read_text().splitlines()
    changed = [line.replace("Paper ", "Zebra ") for line in lines[:300]]
    file.write_text("\n".join([*lines, *changed]))
    home = tmp_path / "home"
    taken = ingest(home, file)
    assert "1000 added, 300 updated" in taken.stdout, taken.stderr
    status, (zebras,) = found(home, "ti:zebra")
    assert (status["searchable_by_words"], len(zebras)) == (1000, 300)
    same = {"id": "doi:10.5555/x", "title": "Zebra 4 on subject 4", "abstract": "Anew.", "other_ids": ["2501.00005"]}
    (tmp_path / "same.jsonl").write_text(json.dumps(same))
    assert broadsheet(home, "ingest", str(tmp_path / "same.jsonl"), **WORDS).returncode == 0
    assert counted(home)["searchable_by_words"] == 1000


def test_a_server_that_begins_meanwhile_is_left_the_index(tmp_path, file):
    home = tmp_path / "home"
    assert broadsheet(home, "ingest", str(file), "--no-index", **WORDS).returncode == 0
    told = run(home, FILL)
    assert told.stdout.splitlines()[-2:] == ["0", "1000 False"], told.stderr
    assert counted(home)["searchable_by_words"] == 1000


def test_where_a_server_has_the_index_it_takes_the_papers_over(tmp_path, file):
    home = tmp_path / "home"
    (home / "index").mkdir(parents=True)
    with FileLock(home / "index" / "owner.lock"):
        taken = ingest(home, file)
    assert taken.returncode == 0, taken.stderr
    assert "The running server takes the papers into its index." in taken.stdout
    assert counted(home)["to_be_indexed"] == 1000


def test_an_index_that_is_not_left_is_not_waited_for_longer_than_that(settings, tmp_path, monkeypatch):
    settings.INDEX_DIR = tmp_path / "index"
    monkeypatch.setattr(fill, "PATIENCE", 0.2)
    assert not fill.is_under_way()
    with FileLock(settings.INDEX_DIR / "filling.lock"):
        assert fill.is_under_way()
        with pytest.raises(Conflict, match="Another process fills"):
            fill.taken_from_filling()
    assert not fill.is_under_way()
