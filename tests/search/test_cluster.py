"""What an index on a search server adds to the contract: rebuilding beside, spaces, one writer, and errors told.

Asked of an imitation of a server (``imitated_server``); of its version and failures a few answers are made up.
"""

import json
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from django.db import connection
from qdrant_client import models
from tests.search import imitated_server
from tests.search.asking import EVERYTHING, ids, paper, put, words

from broadsheet.errors import BadInput, BroadsheetError, Conflict, Upstream
from broadsheet.search import cluster
from broadsheet.search.cluster import ClusterIndex
from broadsheet.search.machine.trouble import IndexStale
from broadsheet.search.server import reader as cluster_reader
from broadsheet.search.server.connection import Server
from broadsheet.search.server.lock import WritersPlace
from broadsheet.search.server.reader import ClusterReader, Place

EAST, NORTH = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])


@pytest.fixture
def where(imitated, tmp_path) -> Place:
    """The same for the length of a test; another has other names on the server."""
    return Place(imitated, tmp_path, prefix=f"test-{zlib.crc32(str(tmp_path).encode()):x}")


def own(where: Place, **more) -> ClusterIndex:
    return ClusterIndex.own(where, space="one/1", dim=3, **more)


def collections(where: Place) -> list[str]:
    server = Server.at(where.url, where.key)
    with server.asked("looking") as client:
        names = [one.name for one in client.get_collections().collections]
    server.let_go()
    return [name for name in names if name.startswith(where.prefix)]


# --- Made anew beside ---------------------------------------------------------------------------------------------


def test_an_index_made_anew_is_searched_once_it_is_complete(where, monkeypatch):
    index = own(where)
    put(index, [paper(1, "alpha old"), paper(2, "alpha old")])
    index.close()
    more = replace(where, shards=2)
    index, reader = own(more), ClusterReader.open(more)
    put(index, [paper(1, "alpha new")])
    assert (index.size(), index.ids(-1, 9)) == (1, [1])
    assert sorted(words(index, "old")) == sorted(words(reader, "old")) == sorted(words(index.fresh(), "old")) == [1, 2]
    index.complete()
    assert words(index, "alpha") == words(index.fresh(), "new") == [1]
    assert sorted(words(reader, "old")) == [1, 2]  # who searches still has the former one
    monkeypatch.setattr(cluster_reader, "FRESH", -1)
    assert words(reader.fresh(), "alpha") == [1]
    assert len(collections(where)) == 2
    monkeypatch.setattr(cluster, "KEEP_FORMER", -1)
    index.flush()
    assert len(collections(where)) == 1
    index.complete()
    assert words(index, "alpha") == [1]
    reader.close()
    index.close()


def test_a_making_that_was_left_goes_on(where):
    own(where).close()
    index = own(where, anew=True)
    put(index, [paper(1, "alpha")])
    index.close()
    index = own(where, anew=True)
    assert (index.size(), words(index, "alpha")) == (1, [])
    index.complete()
    index.close()
    index = own(where)
    assert words(index, "alpha") == [1]
    assert len(collections(where)) == 1  # what it replaced is gone with the next start
    index.close()


def test_what_is_not_ours_is_neither_used_nor_deleted(where):
    server = Server.at(where.url, where.key)
    with server.asked("making") as client:
        client.create_collection(f"{where.alias}-0badcafe", vectors_config={})
        client.create_collection(f"{where.alias}-other", vectors_config={})
    with pytest.raises(IndexStale, match=r"-0badcafe .* not one of Broadsheet's"):
        own(where)
    with server.asked("naming") as client:
        client.delete_collection(f"{where.alias}-0badcafe")
        to = models.CreateAlias(collection_name=f"{where.alias}-other", alias_name=where.alias)
        client.update_collection_aliases([models.CreateAliasOperation(create_alias=to)])
    for opened in (own, ClusterReader.open):
        with pytest.raises(IndexStale, match="other") as raised:
            opened(where)
        assert "BROADSHEET_SEARCH_PREFIX" in raised.value.hint
    assert collections(where) == [f"{where.alias}-other"]
    beside = own(replace(where, prefix=f"{where.prefix}-mine"))
    assert beside.size() == 0
    beside.close()
    server.let_go()


def test_there_is_nothing_to_read_before_it_was_made(where):
    with pytest.raises(Conflict, match="no search index test-") as raised:
        ClusterReader.open(where)
    assert "serve" in raised.value.hint


# --- Spaces -------------------------------------------------------------------------------------------------------


def test_a_change_of_space_is_one_step_that_readers_notice(where, monkeypatch):
    index = own(where)
    put(index, [paper(1, "alpha", vector=EAST), paper(2, "alpha", vector=NORTH)])
    reader = ClusterReader.open(where)
    coming = index.begin_vectors("vectors-2", 2)
    coming.put({1: np.array([0.0, 1.0]), 2: np.array([1.0, 0.0]), 77: np.array([1.0, 0.0])}, {})
    assert (index.space, ids(index.meaning(EAST, limit=1, filters=EVERYTHING))) == ("one/1", [1])
    index.use_vectors("vectors-2", "two/1")
    assert (index.space, index.vectors.dim, index.fresh().space) == ("two/1", 2, "two/1")
    assert ids(index.meaning(np.array([1.0, 0.0]), limit=1, filters=EVERYTHING)) == [2]
    assert (reader.space, ids(reader.meaning(EAST, limit=1, filters=EVERYTHING))) == ("one/1", [1])
    monkeypatch.setattr(cluster_reader, "FRESH", -1)
    assert reader.fresh().space == "two/1"
    monkeypatch.setattr(cluster, "KEEP_FORMER", -1)
    index.flush()
    with pytest.raises(BroadsheetError):
        reader.meaning(EAST, limit=1, filters=EVERYTHING)  # the former vectors are gone by now
    with pytest.raises(BadInput, match="vector"):
        index.meaning(EAST, limit=1, filters=EVERYTHING)
    reader.close()
    index.close()


def test_vectors_are_read_and_filled_by_name(where, monkeypatch):
    index = own(where)
    put(index, [paper(pk, "alpha", vector=EAST if pk % 2 else NORTH) for pk in range(9)])
    put(index, [paper(9, "alpha")])
    held = index.vectors
    assert (held.size(), held.ids().tolist(), sorted(held.get([1, 9, 77]))) == (9, list(range(9)), [1])
    read = {int(pk): vector for numbers, made in held.each(4) for pk, vector in zip(numbers, made, strict=True)}
    assert sorted(read) == list(range(9))
    np.testing.assert_allclose(read[3], EAST, atol=1e-6)
    held.remove([3, 77])
    assert held.size() == 8
    with pytest.raises(Conflict, match="searched"):
        index.begin_vectors("vectors", 3)
    index.begin_vectors("vectors-2", 3).put({1: EAST}, {})
    assert index.begin_vectors("vectors-2", 2).size() == 0
    index.use_vectors("vectors-2", "two/1")
    index.begin_vectors("vectors", 3)  # the former name again, whose vectors are still to be taken away
    monkeypatch.setattr(cluster, "KEEP_FORMER", -1)
    index.flush()
    index.use_vectors("vectors", "one/1")
    index.flush()
    with pytest.raises(BadInput, match="vectors-2"):
        index.use_vectors("vectors-2", "two/1")
    index.close()


def test_a_change_that_was_left_is_swept_away(where):
    index = own(where)
    index.begin_vectors("vectors-2", 2)
    index.begin_vectors("vectors-3", 2)
    index.drop_vectors("vectors-3")
    index.close()
    index = own(where)
    with pytest.raises(BadInput, match="vectors-2"):
        index.use_vectors("vectors-2", "two/1")
    index.close()


# --- Who writes ---------------------------------------------------------------------------------------------------


def test_one_process_writes_and_any_reads(where):
    index = own(where)
    put(index, [paper(1, "alpha")])
    with pytest.raises(Conflict, match="in use"):
        own(where)
    reader = ClusterReader.open(where)
    assert words(reader, "alpha") == [1]
    index.tell({"papers": 1})
    assert reader.told() == index.told() == {"papers": 1}
    index.close()
    assert words(reader, "alpha") == [1]
    reader.close()
    own(where).close()


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="machines share PostgreSQL alone: BROADSHEET_SUITE")
def test_a_process_of_another_machine_is_kept_out_by_the_database(tmp_path):
    first = WritersPlace(tmp_path / "one", "search", shared=True)
    with pytest.raises(Conflict, match="another machine"):
        WritersPlace(tmp_path / "two", "search", shared=True)
    first.check()
    WritersPlace(tmp_path / "two", "another", shared=True).leave()
    first._session.close()  # as when the database was started again
    second = WritersPlace(tmp_path / "two", "search", shared=True)
    for _ in range(2):
        with pytest.raises(Conflict, match="another machine"):
            first.check()
    second.leave()
    first.check()
    first.leave()
    WritersPlace(tmp_path / "two", "search", shared=True).leave()


# --- Errors -------------------------------------------------------------------------------------------------------


@pytest.fixture
def answering() -> Iterator[Callable[[dict[str, tuple[int, object]]], str]]:
    """Start what answers like a server with what is said for each path, and 500 else; return its address."""
    started: list[HTTPServer] = []

    def start(answers: dict[str, tuple[int, object]]) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, content = answers.get(self.path, (500, {"status": {"error": "made up"}}))
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Answer)
        started.append(server)
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def version(number: str) -> tuple[int, object]:
    return 200, {"title": "made up", "version": number}


def test_a_server_that_is_not_there_is_named(tmp_path, free_port):
    address = f"http://127.0.0.1:{free_port}"
    with pytest.raises(Upstream, match=f"{address} .BROADSHEET_SEARCH_URL. did not answer") as raised:
        ClusterReader.open(Place(address, tmp_path))
    assert "files of this machine" in raised.value.hint


@pytest.fixture
def free_port() -> int:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as taken:
        return taken.server_port


def test_a_server_that_is_too_old_is_told_so(tmp_path, answering):
    address = answering({"/": version("1.19.4"), "/aliases": (200, {"result": {"aliases": []}})})
    with pytest.raises(BroadsheetError, match=r"is Qdrant 1.19.4; .* 1.20 or newer") as raised:
        own(Place(address, tmp_path))
    assert "Update" in raised.value.hint
    WritersPlace(tmp_path, "again", shared=False).leave()  # nothing is held after a failure


@pytest.mark.parametrize(("key", "said"), [("", "wants a key"), ("wrong", "refuses the key")])
def test_a_key_that_is_wrong_or_missing_is_told(tmp_path, key, said):
    with imitated_server.running("right") as address:
        with pytest.raises(Upstream, match=said) as raised:
            ClusterReader.open(Place(address, tmp_path, key))
        own(Place(address, tmp_path, "right")).close()
    assert "BROADSHEET_SEARCH_KEY" in raised.value.hint
    assert "wrong" not in str(raised.value)


def test_any_other_answer_is_told_without_secrets_of_the_address(tmp_path, answering):
    address = answering({"/": version("1.21.3-dev")}).replace("http://", "http://user:secret@")
    with pytest.raises(Upstream, match=r"answered 500 while .*made up") as raised:
        ClusterReader.open(Place(address, tmp_path))
    assert "secret" not in str(raised.value)
