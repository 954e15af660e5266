"""Commands and the server where disks let nothing be written, or the database is damaged: what they ask, and say."""

import json
import shutil
import urllib.request

import pytest
from tests.cli.test_commands import WORDS, rows
from tests.conftest import broadsheet, start_site
from tests.disks import closed, small_disk


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a home whose index lacks one of 21 papers, and what they came from."""
    folder = tmp_path_factory.mktemp("made")
    for number in (20, 21):
        (folder / "rows.jsonl").write_text(rows(number))
        told = [] if number == 20 else ["--no-index"]
        assert broadsheet(folder / "home", "ingest", str(folder / "rows.jsonl"), *told, **WORDS).returncode == 0
    return folder


@pytest.fixture
def home(tmp_path, made):
    """A copy of it whose index is on a disk of its own."""
    home = shutil.copytree(made, tmp_path, dirs_exist_ok=True) / "home"
    with small_disk(tmp_path / "disk") as disk:
        shutil.move(home / "index", disk / "index")
        (home / "index").symlink_to(disk / "index")
        yield home


def test_an_index_that_may_not_be_written_is_asked_and_each_command_says_so(home):
    def found(paper):
        answer = broadsheet(home, "search", f'ti:"paper {paper}"', "--json", **WORDS)
        assert answer.returncode == 0, answer.stderr
        return [hit["title"] for hit in json.loads(answer.stdout)], answer.stderr

    with closed(home.parent / "disk"):
        titles, told = found(3)
        assert titles[0] == "Paper 3 on subject 3"
        assert "not found yet. The search index may not be written" in told
        assert "Paper 20 on subject 20" not in found(20)[0]
        for command in (["ingest", str(home.parent / "rows.jsonl")], ["reindex"], ["doctor", "index", "--mend"]):
            answer = broadsheet(home, *command, **WORDS)
            assert answer.returncode == 1
            assert "The search index may not be written" in answer.stderr
            assert "Traceback" not in answer.stderr
        assert "may not be written" in broadsheet(home, "doctor", **WORDS).stdout
        assert broadsheet(home, "index", "status", **WORDS).returncode == 0
    assert "Paper 20 on subject 20" in found(20)[0]


def test_a_server_begins_all_the_same_and_answers_from_what_is_there(home):
    with closed(home.parent / "disk"):
        site = start_site(home, **WORDS)
        with urllib.request.urlopen(f"{site.url}/papers?q=paper+3") as answer:
            page = answer.read().decode()
        stopped = site.stop()
    assert stopped == 0
    assert "Paper 3 on subject 3" in page
    assert "Searches go on in the index as it is." in site.log.read_text()


def test_a_database_that_is_damaged_is_named_with_the_way_out(tmp_path):
    path = tmp_path / "home" / "broadsheet.sqlite3"
    path.parent.mkdir()
    path.write_bytes(b"nonsense" * 1024)
    answer = broadsheet(tmp_path / "home", "status", **WORDS)
    assert answer.returncode == 1
    assert f"The database is damaged: {path}" in answer.stderr
    assert "backup" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_database_that_may_not_be_written_is_named_with_the_way_out(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        assert broadsheet(disk, "status", **WORDS).returncode == 0
        with closed(disk):
            answer = broadsheet(disk, "status", **WORDS)
    assert answer.returncode == 1
    assert f"The database may not be written: {disk / 'broadsheet.sqlite3'}" in answer.stderr
    assert "Traceback" not in answer.stderr
