"""The model's files come from a folder or a hub, whole or not at all; a broken download carries on."""

import hashlib
import http.server
import re
import socket
import threading

import filelock
import pytest

from broadsheet.errors import BadInput, Conflict, NotFound, Refused, Upstream
from broadsheet.search.encoders import embed, weights

CONTENT = {"model.safetensors": bytes(range(256)) * 400, "tokenizer.json": b'{"version": "1.0"}'}


class Hub(http.server.ThreadingHTTPServer):
    """A hub on this machine: serves ``files``, remembers what was asked, and breaks off where it is told to."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files = dict(CONTENT)
        self.asked = []
        self.break_after = []  # for each answer to come: bytes after which the line goes dead
        self.ranges = True
        self.status = None

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        hub, wanted = self.server, self.headers.get("Range")
        hub.asked.append((self.path, wanted))
        if self.path.startswith("/example/"):
            self.send_response(302)
            self.send_header("Location", f"{hub.address}/elsewhere/{self.path.rsplit('/')[-1]}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = hub.files.get(self.path.rsplit("/")[-1])
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and hub.ranges else 0
        status = hub.status or (
            404 if content is None else 416 if start and start >= len(content) else 206 if start else 200
        )
        body = content[start:] if status in {200, 206} else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        stop = hub.break_after.pop(0) if hub.break_after else None
        self.wfile.write(body[:stop])
        self.close_connection = stop is not None

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    with Hub() as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def published(monkeypatch):
    files = [weights.Published(name, len(text), hashlib.sha256(text).hexdigest()) for name, text in CONTENT.items()]
    monkeypatch.setitem(
        weights.MODELS, "tiny", weights.Model("example/tiny", "a_package_that_is_not_there", *files, 4, 16)
    )
    monkeypatch.setattr(weights, "PAUSE", 0)


@pytest.fixture
def models(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "given"
    place.mkdir()
    for name, content in CONTENT.items():
        (place / name).write_bytes(content)
    return place


def here(models):
    """What lies in the model's folder, locks aside."""
    return {path.name: path.read_bytes() for path in (models / "tiny").iterdir() if path.suffix != ".lock"}


def test_the_files_come_from_the_hub_by_its_own_paths_and_redirects(hub, models):
    told = []
    embed.get(models, "tiny", endpoint=f"{hub.address}/", report=lambda done, total: told.append((done, total)))
    assert here(models) == CONTENT
    assert embed.available(models, "tiny").state == "buildable"
    assert [path for path, _ in hub.asked] == [
        "/example/tiny/resolve/main/model.safetensors",
        "/elsewhere/model.safetensors",
        "/example/tiny/resolve/main/tokenizer.json",
        "/elsewhere/tokenizer.json",
    ]
    total = sum(map(len, CONTENT.values()))
    assert told == sorted(told)
    assert told[-1] == (total, total)


def test_files_that_are_here_are_not_fetched_again_and_damaged_ones_are(hub, models):
    weights.get(models, "tiny", endpoint=hub.address)
    hub.asked.clear()
    (models / "tiny" / "tokenizer.json").write_bytes(b"x" * len(CONTENT["tokenizer.json"]))
    weights.get(models, "tiny", endpoint=hub.address)
    assert here(models) == CONTENT
    assert {path.rsplit("/")[-1] for path, _ in hub.asked} == {"tokenizer.json"}


def test_a_download_that_breaks_off_carries_on_where_it_stopped(hub, models):
    hub.break_after = [40_000, 30_000]
    weights.get(models, "tiny", endpoint=hub.address)
    assert here(models) == CONTENT
    served = [wanted for path, wanted in hub.asked if path == "/elsewhere/model.safetensors"]
    assert served == [None, "bytes=40000-", "bytes=70000-"]


def test_a_download_given_up_carries_on_at_the_next_call(hub, models, monkeypatch):
    monkeypatch.setattr(weights, "TRIES", 1)
    hub.break_after = [40_000]
    with pytest.raises(Upstream, match=r"40,000 of 102,400 bytes") as caught:
        weights.get(models, "tiny", endpoint=hub.address)
    assert "carries on" in caught.value.hint
    assert embed.available(models, "tiny").state == "missing"
    hub.asked.clear()
    weights.get(models, "tiny", endpoint=hub.address)
    assert hub.asked[0] == ("/example/tiny/resolve/main/model.safetensors", "bytes=40000-")
    assert here(models) == CONTENT


def test_a_server_that_knows_no_ranges_is_read_from_the_beginning(hub, models):
    hub.break_after, hub.ranges = [40_000], False
    weights.get(models, "tiny", endpoint=hub.address)
    assert here(models) == CONTENT


@pytest.mark.parametrize("left", [b"", b"foreign" * 20_000, CONTENT["model.safetensors"]])
def test_whatever_an_earlier_try_left_the_file_comes_out_right(hub, models, left):
    (models / "tiny").mkdir(parents=True)
    (models / "tiny" / "model.safetensors.part").write_bytes(left)
    weights.get(models, "tiny", endpoint=hub.address)
    assert here(models) == CONTENT


def test_a_range_that_the_server_does_not_have_is_begun_anew(hub, models):
    (models / "tiny").mkdir(parents=True)
    (models / "tiny" / "model.safetensors.part").write_bytes(b"x" * 50_000)
    hub.files["model.safetensors"] = b"short"
    with pytest.raises(Upstream, match="5 of 102,400"):
        weights.get(models, "tiny", endpoint=hub.address)
    assert [wanted for _, wanted in hub.asked][:4] == ["bytes=50000-", "bytes=50000-", None, None]


def test_a_wrong_file_is_refused_with_both_hashes_and_leaves_nothing(hub, models):
    wrong = b"x" * len(CONTENT["model.safetensors"])
    hub.files["model.safetensors"] = wrong
    with pytest.raises(Refused) as caught:
        weights.get(models, "tiny", endpoint=hub.address)
    assert hashlib.sha256(wrong).hexdigest() in caught.value.message
    assert weights.MODELS["tiny"].weights.sha256 in caught.value.message
    assert here(models) == {}


def test_a_file_larger_than_published_is_refused_and_leaves_nothing(hub, models):
    hub.files["model.safetensors"] *= 2
    with pytest.raises(Refused, match="more than the 102,400 bytes"):
        weights.get(models, "tiny", endpoint=hub.address)
    assert here(models) == {}


@pytest.mark.parametrize("status", [401, 404, 429, 503])
def test_a_hub_that_refuses_is_named_with_its_answer(hub, models, status):
    hub.status = status
    with pytest.raises(Upstream, match=f"answers {status}") as caught:
        weights.get(models, "tiny", endpoint=hub.address)
    assert hub.address in caught.value.message
    assert "--from PATH" in caught.value.hint


def test_a_hub_that_cannot_be_reached_is_named(models):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Upstream, match=f"{address}.* cannot be had"):
            weights.get(models, "tiny", endpoint=address)


@pytest.mark.parametrize("endpoint", ["", "hub", "ftp://hub", "http://[::1", "http://\0"])
def test_an_address_that_is_none_is_told_as_such(models, endpoint):
    with pytest.raises(Upstream):
        weights.get(models, "tiny", endpoint=endpoint)


def test_the_files_come_from_a_folder(models, folder):
    told = []
    weights.get(models, "tiny", origin=folder, report=lambda done, total: told.append(done == total))
    assert here(models) == CONTENT
    assert told[-1]


def test_a_folder_without_the_files_is_told_which_is_missing(models, folder):
    (folder / "tokenizer.json").unlink()
    with pytest.raises(NotFound, match=r"no tokenizer\.json in .*given"):
        weights.get(models, "tiny", origin=folder)


def test_a_wrong_file_in_a_folder_is_refused_and_leaves_what_was_here(models, folder):
    weights.get(models, "tiny", origin=folder)
    (models / "tiny" / "model.safetensors").unlink()
    (folder / "model.safetensors").write_bytes(b"another model")
    with pytest.raises(Refused, match="expected SHA-256"):
        weights.get(models, "tiny", origin=folder)
    assert set(here(models)) == {"tokenizer.json"}


def test_only_one_process_brings_the_files(models, folder):
    (models / "tiny").mkdir(parents=True)
    with filelock.FileLock(models / "tiny" / "get.lock"), pytest.raises(Conflict, match="Another process"):
        weights.get(models, "tiny", origin=folder)


def test_a_place_that_cannot_be_written_is_named(models, folder):
    models.write_text("a file where a folder should be")
    with pytest.raises(Refused, match="models") as caught:
        weights.get(models, "tiny", origin=folder)
    assert "BROADSHEET_HOME" in caught.value.hint


def test_an_unknown_model_is_bad_input(models):
    with pytest.raises(BadInput, match="Known: all-MiniLM-L6-v2"):
        weights.get(models, "word2vec")
    assert not models.exists()
