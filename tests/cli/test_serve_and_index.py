"""Whose the index is when ``serve`` and the commands that ask it begin: one that is held, one of an older layout."""

import json

import pytest
from filelock import FileLock
from tests.conftest import broadsheet, free_port, lay_day, start_site

WORDS = {"BROADSHEET_MODEL": "none"}


@pytest.fixture
def home(tmp_path):
    return lay_day(tmp_path / "home")


def test_a_server_tells_whether_a_command_or_another_server_has_the_index(home):
    with FileLock(home / "index" / "owner.lock"):
        answer = broadsheet(home, "serve", "--port", str(free_port()), **WORDS)
    assert (answer.returncode, "Another command has the search index" in answer.stderr) == (1, True), answer.stderr
    site = start_site(home, **WORDS)
    try:
        answer = broadsheet(home, "serve", "--port", str(free_port()), **WORDS)
        assert (answer.returncode, "Another Broadsheet serves" in answer.stderr) == (1, True), answer.stderr
    finally:
        assert site.stop() == 0


def test_a_search_in_an_index_of_an_older_layout_makes_it_anew_first(home):
    def found():
        answer = broadsheet(home, "search", "model", "--json", **WORDS)
        assert answer.returncode == 0, answer.stderr
        return [hit["id"] for hit in json.loads(answer.stdout)]

    before = found()
    (home / "index" / "schema.json").write_text(json.dumps({"schema": 4}))
    (home / "index" / "shard").mkdir()
    status = json.loads(broadsheet(home, "status", "--json", **WORDS).stdout)
    assert (status["searchable_by_words"], status["to_be_indexed"]) == (0, status["papers"])
    assert found() == before != []
    assert not (home / "index" / "shard").exists()
