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


@pytest.mark.parametrize("how", ["papers come", "the doctor is asked"])
def test_a_server_under_which_vectors_are_cut_goes_on_and_has_them_again(tmp_path, how):
    first, more = tmp_path / "first.jsonl", tmp_path / "more.jsonl"
    first.write_text(rows(PAPERS))
    more.write_text(rows(PAPERS + 10))
    home = tmp_path / "home"
    assert broadsheet(home, "ingest", str(first)).returncode == 0
    site = start_site(home)
    os.truncate(home / "index" / "vectors" / "rows", 0)
    if how == "papers come":
        assert broadsheet(home, "ingest", str(more)).returncode == 0
    else:
        broadsheet(home, "doctor", "index", "--mend")
    until = time.monotonic() + 60
    while (found := broadsheet(home, "doctor", "index")).returncode and time.monotonic() < until:
        time.sleep(1)
    assert found.returncode == 0, found.stdout
    assert site.stop() == 0
