"""Zotero's web API, imitated on this machine in the shape of its version 3."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.gates import polite

from broadsheet.community import zotero
from broadsheet.errors import BadInput, NotFound, Refused, Upstream

KEY = "P9NiFoyLeZu2bZNvvuQPDWsd"


def item(number: int, **data: object) -> dict[str, object]:
    key = f"ITEM{number:04}"
    return {
        "key": key,
        "version": 7,
        "library": {"type": "user", "id": 475425},
        "links": {},
        "meta": {"creatorSummary": "Example", "numChildren": 1},
        "data": {
            "key": key,
            "version": 7,
            "itemType": "preprint",
            "title": f"Paper {number}",
            "creators": [{"creatorType": "author", "firstName": "Ada", "lastName": "Example"}],
            "tags": [],
            "collections": [],
            "relations": {},
        }
        | data,
    }


class Zotero(ThreadingHTTPServer):
    """What the imitation holds and was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.items: list[object] = []
        self.asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.busy = 0
        self.version = "100"
        self.redirect = ""
        self.body: bytes | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    server: Zotero

    def do_GET(self) -> None:
        site = self.server
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query)
        site.asked.append((parts.path, asked, {name.lower(): value for name, value in self.headers.items()}))
        if site.busy:
            site.busy -= 1
            return self._send(429, b"busy", {"Retry-After": "3"})
        if site.redirect:
            return self._send(302, b"", {"Location": site.redirect})
        if parts.path == "/users/1/items/top" and self.headers.get("Zotero-API-Key") != KEY:
            return self._send(403, b"Forbidden")
        if not parts.path.startswith(("/users/1/", "/groups/22/")):
            return self._send(404, b"Not found")
        start, limit = int(asked["start"][0]), int(asked["limit"][0])
        body = site.body or json.dumps(site.items[start : start + limit]).encode()
        headers = {"Total-Results": str(len(site.items)), "Last-Modified-Version": site.version, "Backoff": "2"}
        return self._send(200, body, headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(settings) -> Iterator[Zotero]:
    server = Zotero()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.ZOTERO_API, settings.OFFLINE = server.url, False
    yield server
    server.shutdown()
    server.server_close()


class Clock:
    """A clock that waiting moves on, so that pauses take no time."""

    def __init__(self) -> None:
        self.now, self.slept = 1_000_000.0, []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock):
    return polite(0.2, clock)


def test_a_library_is_read_page_by_page_with_its_key_and_pauses(server, client, clock):
    server.items = [item(number) for number in range(230)]
    entries = zotero.fetch("user", "1", key=KEY, client=client)
    assert [entry.title for entry in entries] == [f"Paper {number}" for number in range(230)]
    assert entries[0].authors == ("Ada Example",)
    assert [asked["start"] for _, asked, _ in server.asked] == [["0"], ["100"], ["200"]]
    path, asked, headers = server.asked[0]
    assert (path, asked["limit"], asked["format"]) == ("/users/1/items/top", ["100"], ["json"])
    assert (headers["zotero-api-version"], headers["zotero-api-key"]) == ("3", KEY)
    assert all("key" not in asked for _, asked, _ in server.asked)
    assert sum(clock.slept) >= 4  # two pauses that the host asked for


def test_items_are_understood_and_what_is_no_paper_is_left_out(server, client):
    server.items = [
        item(1, url="http://arxiv.org/abs/2601.00001"),
        item(2, archiveID="arXiv:2601.00002"),
        item(3, extra="arXiv:2601.00003 [cs]\ntldr: x"),
        item(4, DOI="10.48550/arXiv.2601.00004"),
        item(
            5,
            itemType="journalArticle",
            DOI="10.1000/x",
            title="<i>One</i> &lt; two",
            creators=[{"name": "A Group", "creatorType": "author"}],
        ),
        item(6, itemType="attachment"),
        item(7, itemType="note"),
        item(8, itemType="annotation"),
        "junk",
    ]
    entries = zotero.fetch("group", "22", collection="ABCD2345", client=client)
    assert [entry.arxiv for entry in entries] == ["2601.00001", "2601.00002", "2601.00003", "2601.00004", "", ""]
    assert (entries[4].doi, entries[4].title, entries[4].authors) == ("10.1000/x", "One &lt; two", ("A Group",))
    assert entries[5].problem
    assert server.asked[0][0] == "/groups/22/collections/ABCD2345/items/top"
    assert "zotero-api-key" not in server.asked[0][2]


def test_a_busy_zotero_is_asked_again_when_it_says(server, client, clock):
    server.items, server.busy = [item(1)], 2
    assert len(zotero.fetch("group", "22", client=client)) == 1
    assert sum(clock.slept) >= 6


def test_what_zotero_refuses_is_told_without_the_key(server, client):
    with pytest.raises(Refused) as refused:
        zotero.fetch("user", "1", key="A" * 24, client=client)
    assert "A" * 24 not in str(refused.value)
    with pytest.raises(NotFound):
        zotero.fetch("user", "2", client=client)


def test_answers_that_are_none_are_told(server, client):
    server.body = b"<html>"
    with pytest.raises(Upstream, match="not the list"):
        zotero.fetch("group", "22", client=client)
    server.body, server.items = None, [item(number) for number in range(2001)]
    with pytest.raises(BadInput, match="2,001 items"):
        zotero.fetch("group", "22", client=client)


def test_a_library_that_changes_meanwhile_is_not_half_read(server, client):
    server.items = [item(number) for number in range(150)]
    original = Answering.do_GET

    def changing(self):
        original(self)
        self.server.version = "101"

    Answering.do_GET = changing
    try:
        with pytest.raises(Upstream, match="changed"):
            zotero.fetch("group", "22", client=client)
    finally:
        Answering.do_GET = original


def test_the_key_does_not_follow_a_redirect(server, client):
    other = Zotero()
    threading.Thread(target=other.serve_forever, daemon=True).start()
    server.redirect = f"{other.url}/users/1/items/top?start=0&limit=100"
    try:
        with pytest.raises(Refused):
            zotero.fetch("user", "1", key=KEY, client=client)
    finally:
        other.shutdown()
        other.server_close()
    assert other.asked
    assert "zotero-api-key" not in other.asked[0][2]


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "planet", "library": "1"},
        {"kind": "user", "library": "../1"},
        {"kind": "user", "library": ""},
        {"kind": "user", "library": "1", "collection": "x/../../"},
        {"kind": "user", "library": "1", "key": "a\r\nX: y"},
    ],
)
def test_what_cannot_be_right_is_not_asked(server, client, given):
    with pytest.raises(BadInput):
        zotero.fetch(given.pop("kind"), given.pop("library"), client=client, **given)
    assert not server.asked


def test_a_site_off_the_network_asks_nobody(settings):
    settings.OFFLINE = True
    with pytest.raises(Refused, match="asks no network"):
        zotero.fetch("user", "1")
