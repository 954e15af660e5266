"""The site with its index on a search server: pages, commands, how far it is, and who writes (``imitated_server``)."""

import secrets
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator

import pytest
from tests.conftest import DATA, broadsheet, environment, start_site
from tests.records import record
from tests.search import tiny_model

from broadsheet.errors import Conflict, Refused, Upstream
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search import cluster, current, hybrid, state
from broadsheet.search.encoders import choice
from broadsheet.search.index import Filters, Index
from broadsheet.search.keeping import standby, swap, swap_gate, upkeep
from broadsheet.search.keeping.following import Following
from broadsheet.search.query import parse
from broadsheet.search.server.lock import WritersPlace


@pytest.fixture
def index(db, imitated, tmp_path, settings) -> Iterator[Index]:
    settings.INDEX_DIR, settings.MODEL = tmp_path / "index", "none"
    settings.SEARCH_URL, settings.SEARCH_PREFIX = imitated, f"test-{secrets.token_hex(4)}"
    current.release()
    store([record("2501.00001", title="Graph networks"), record("2501.00002", title="Proteins", abstract="A graph.")])
    yield current.own()
    current.release()
    settings.SEARCH_URL = ""
    state.read(now=True)


def test_a_page_finds_what_is_on_the_server(index, client):
    upkeep.catch_up(index)
    found = client.get("/papers", {"q": "graph networks"}).content.decode()
    assert "<mark>Graph</mark> <mark>networks</mark>" in found
    assert "2 papers" in client.get("/papers", {"q": "graph"}).content.decode()


def test_how_far_the_index_is_lies_on_the_server(index, settings):
    upkeep.catch_up(index)
    assert cluster.told()["papers"] == state.read(now=True).papers == 2
    assert not (settings.INDEX_DIR / "state.json").exists()
    current.release()
    assert state.read(now=True).papers == upkeep.behind() + 2 == 2  # a process that only reads is told the same
    with pytest.raises(Conflict, match="does not write"):
        state.write(state.State())
    assert [hit.paper_id for hit in hybrid.search(parse("proteins"), limit=9).hits] == [
        Paper.objects.get(title="Proteins").pk
    ]


def test_a_wish_to_rebuild_is_done_in_place(index):
    upkeep.catch_up(index)
    upkeep.ask_for_rebuild()
    assert upkeep.behind() == 2
    upkeep.catch_up(index)
    assert (upkeep.behind(), index.size()) == (0, 2)


def test_how_far_the_index_was_is_known_while_the_server_is_away(index, monkeypatch):
    upkeep.catch_up(index)
    current.release()
    assert state.read(now=True).papers == 2
    monkeypatch.setattr(cluster, "told", _away)
    assert state.read(now=True).papers == 2


def _away() -> None:
    raise Upstream("The search server does not answer.")


def test_a_change_of_model_is_one_step_on_the_server_too(db, imitated, tmp_path, settings):
    settings.SEARCH_URL, settings.SEARCH_PREFIX = imitated, f"test-{secrets.token_hex(4)}"
    settings.INDEX_DIR, settings.MODEL, settings.MODELS_DIR = tmp_path / "index", "one", tiny_model.add_two(tmp_path)
    current.release()
    current.forget_model()
    choice.forget()
    store([record(f"2501.{n:05}", title=f"graph model {n}") for n in range(1, 9)])
    index = current.own()
    upkeep.catch_up(index)
    upkeep.backfill(index, current.embedder())
    reader = cluster.reader()
    assert reader.vectors.size() == 8
    papers = swap_gate.sample(swap.asked(), 8)
    swap_gate.read(swap.ready("two"), papers, report=lambda *_: None, stop=lambda: False)
    swap.wish("two")
    assert swap.go_on(index)
    mark = choice.space_of("two").mark
    assert (index.space, index.vectors.size(), choice.mark()) == (mark, 8, mark)
    assert reader.space == choice.space_of("one").mark
    asked = current.embedder(current.searcher().space).embed_query("graph model")
    assert len(current.searcher().meaning(asked, limit=5, filters=Filters())) == 5
    reader.close()
    current.release()
    current.forget_model()
    choice.forget()
    settings.SEARCH_URL = ""
    state.read(now=True)


def test_another_machine_takes_the_writers_place_once_that_is_free(tmp_path, monkeypatch):
    tried, following = threading.Event(), threading.Event()

    def own() -> WritersPlace:
        tried.set()
        return WritersPlace(tmp_path, "search", shared=False)

    monkeypatch.setattr(current, "own", own)
    monkeypatch.setattr(standby, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(Following, "start", lambda _: following.set())
    place = own()
    tried.clear()
    waiting = standby.Standby()
    waiting.start()
    assert tried.wait(20)
    assert not following.is_set()
    place.leave()
    assert following.wait(20)
    waiting.stop()
    with pytest.raises(Conflict):
        own()


def test_what_keeps_a_machine_from_the_writers_place_is_told_once(monkeypatch, caplog):
    tries, following = iter([Refused("No room.")] * 3), threading.Event()

    def own() -> None:
        for reason in tries:
            raise reason

    monkeypatch.setattr(current, "own", own)
    monkeypatch.setattr(standby, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(Following, "start", lambda _: following.set())
    waiting = standby.Standby()
    waiting.start()
    assert following.wait(20)
    waiting.stop()
    assert caplog.messages.count("waiting for the index: No room.") == 1


def test_commands_and_a_server_of_two_processes_find_what_was_taken_in(imitated, tmp_path):
    told = {"BROADSHEET_MODEL": "none", "BROADSHEET_SEARCH_URL": imitated, "BROADSHEET_SEARCH_PREFIX": "test-commands"}
    few = tmp_path / "few.jsonl"
    few.write_text("".join((DATA / "day.jsonl").read_text().splitlines(keepends=True)[:5]))
    taken = broadsheet(tmp_path / "home", "ingest", str(few), **told)
    assert taken.returncode == 0, taken.stderr
    assert "papers indexed" in taken.stdout + taken.stderr
    found = broadsheet(tmp_path / "home", "search", "scaling laws", **told)
    assert found.returncode == 0, found.stderr
    assert "Scaling Laws" in found.stdout
    site = start_site(tmp_path / "home", "--workers", "2", **told)
    try:
        for _ in range(4):
            with urllib.request.urlopen(f"{site.url}/papers?q=scaling+laws", timeout=30) as page:
                assert "<mark>Scaling</mark> <mark>Laws</mark>" in page.read().decode()
    finally:
        assert site.stop() == 0, site.log.read_text()
    assert not (tmp_path / "home" / "index" / "words").exists()


def test_an_address_that_is_none_stops_the_start(tmp_path):
    failed = broadsheet(tmp_path / "home", "status", BROADSHEET_SEARCH_URL="10.0.0.5:6333")
    assert failed.returncode
    assert "BROADSHEET_SEARCH_URL is '10.0.0.5:6333'" in failed.stderr


def test_without_the_servers_client_the_start_says_what_to_install(tmp_path):
    script = "import sys; sys.modules['qdrant_client'] = None; import broadsheet.settings"
    known = environment(tmp_path, BROADSHEET_SEARCH_URL="http://127.0.0.1:6333")
    failed = subprocess.run([sys.executable, "-c", script], env=known, capture_output=True, text=True, check=False)
    assert "pip install 'broadsheet[cluster]'" in failed.stderr
