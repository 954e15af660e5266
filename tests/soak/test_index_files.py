"""Every kind of file in the folder of an index, damaged in every way: it is told, and mended, and nothing is lost."""

import os
import time

import pytest
from tests.conftest import broadsheet, start_site
from tests.index_damaged import DAMAGES, begun, holds, kinds
from tests.index_killed import rows

from broadsheet.search import current, state

pytestmark = pytest.mark.soak
PAPERS = 300


@pytest.mark.django_db
@pytest.mark.parametrize("way", DAMAGES)
def test_each_kind_of_file_may_be_damaged_in_every_way(tmp_path, settings, monkeypatch, way):
    settings.INDEX_DIR = tmp_path / "index"
    begun(monkeypatch, grouped=True)
    for kind in kinds(settings.INDEX_DIR):
        holds(settings.INDEX_DIR, kind, way)
    current.release()
    state.read(now=True)


def test_a_server_under_which_vectors_are_cut_says_so_and_has_them_again_when_it_is_started_again(tmp_path):
    first, more = tmp_path / "first.jsonl", tmp_path / "more.jsonl"
    first.write_text(rows(PAPERS))
    more.write_text(rows(PAPERS + 10))
    home = tmp_path / "home"
    assert broadsheet(home, "ingest", str(first)).returncode == 0
    site = start_site(home)
    os.truncate(home / "index" / "vectors" / "rows", 0)
    assert broadsheet(home, "ingest", str(more)).returncode == 0
    until = time.monotonic() + 60
    while "rows was cut" not in site.log.read_text() and time.monotonic() < until:
        time.sleep(0.2)
    asked = broadsheet(home, "doctor", "index", "--mend")
    assert asked.returncode == 1
    assert "stop the server" in asked.stdout
    assert site.stop() == 0
    site = start_site(home)
    until = time.monotonic() + 60
    while (found := broadsheet(home, "doctor", "index")).returncode and time.monotonic() < until:
        time.sleep(1)
    assert found.returncode == 0, found.stdout
    assert site.stop() == 0
