"""What a document is, told by its content, from a file or at an address; and what is said of the rest."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from tests.gates import polite

from broadsheet.errors import BadInput, Upstream
from broadsheet.sources import by_content, web
from broadsheet.sources.hf_daily import HfDaily
from broadsheet.sources.open_source import source_for
from broadsheet.sources.record import Record

PLACES = Path(__file__).parents[1] / "data" / "places"
ROWS = {
    "acl.xml": ("acl-anthology", 4),
    "biorxiv.json": ("biorxiv", 4),
    "feed.atom": ("feed", 3),
    "feed.rdf": ("feed", 1),
    "feed.rss": ("feed", 3),
    "openreview.json": ("openreview", 6),
    "references.bib": ("references", 6),
    "references.json": ("references", 4),
    "references.ris": ("references", 2),
}


class Host:
    """A host whose answers are given by address; remembers what it was asked."""

    def __init__(self, answers: Callable[[httpx2.Request], httpx2.Response]) -> None:
        self.asked: list[str] = []

        def handle(request: httpx2.Request) -> httpx2.Response:
            self.asked.append(str(request.url))
            return answers(request)

        self.client = polite(transport=httpx2.MockTransport(handle))


@pytest.mark.parametrize("name", sorted(ROWS))
def test_every_file_is_read_by_its_source(name):
    source = source_for(PLACES / name)
    assert (source.name, len(list(source.fetch()))) == ROWS[name]
    assert source_for(PLACES / name, "press").name == "press"
    assert all(
        item.row.source == "press"
        for item in source_for(PLACES / name, "press").fetch()
        if isinstance(item.row, Record)
    )


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_same_is_read_at_an_address(name):
    host = Host(lambda _: httpx2.Response(200, content=(PLACES / name).read_bytes()))
    source = web.source_at("https://papers.example.org/today", host.client)
    known, number = ROWS[name]
    assert source.name == ("papers.example.org" if known in ("feed", "references") else known)
    assert len(list(source.fetch())) == number
    assert host.asked == ["https://papers.example.org/today"]


def test_a_daily_papers_answer_and_what_is_no_json_stay_with_their_source(tmp_path):
    for content in ("[]", '[{"paper": {}}]', "[{", ""):
        path = tmp_path / "2025-10-01.json"
        path.write_text(content)
        assert isinstance(source_for(path), HfDaily)


def test_arxivs_own_feeds_are_read_by_their_own_sources():
    content = (PLACES.parent / "atom-two-papers.xml").read_bytes()
    source = by_content.source_of(content.replace(b"<feed", b"<!-- http://arxiv.org/api/x --><feed", 1), "stem")
    assert source
    assert source.name == "arxiv"
    assert all(item.row.abstract_kind == "abstract" for item in source.fetch() if isinstance(item.row, Record))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("papers.bib", b"Dear all,"),
        ("papers.xml", b"<html><body>No feed</body></html>"),
        ("papers.rss", b"<rss"),
        ("papers.atom", b""),
        ("papers.ris", b"{}"),
    ],
)
def test_a_file_that_is_not_what_it_is_called_is_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match="neither a feed nor a file") as caught:
        source_for(path)
    assert name in caught.value.message


def test_a_file_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(by_content, "MOST_BYTES", 3)
    path = tmp_path / "papers.bib"
    path.write_bytes(b"@misc{x, title={T}}")
    with pytest.raises(BadInput, match="has 19 bytes; at most 3"):
        source_for(path)
    assert isinstance(source_for(path.rename(tmp_path / "papers.json")), HfDaily)


def test_later_slices_are_asked_for_as_they_are_read():
    def answers(request: httpx2.Request) -> httpx2.Response:
        start = int(request.url.params["offset"])
        notes = [
            {"id": f"nOte{n:06}", "content": {"title": {"value": f"P {n}"}}} for n in range(start, min(start + 2, 5))
        ]
        return httpx2.Response(200, json={"notes": notes, "count": 5})

    host = Host(answers)
    source = web.source_at("https://openreview.net/group?id=EXAMPLE.cc/2026/Conference", host.client)
    assert len(host.asked) == 1
    assert len(list(source.fetch())) == 5
    assert [httpx2.URL(url).params["offset"] for url in host.asked] == ["0", "2", "4"]
    assert {httpx2.URL(url).params["content.venueid"] for url in host.asked} == {"EXAMPLE.cc/2026/Conference"}
    assert {httpx2.URL(url).params["sort"] for url in host.asked} == {"number:asc"}


def test_later_slices_of_preprints_are_asked_for_as_they_are_read():
    def answers(request: httpx2.Request) -> httpx2.Response:
        start = int(request.url.path.split("/")[-2])
        rows = [{"doi": f"10.1101/{n}", "title": f"P {n}"} for n in range(start, min(start + 2, 5))]
        return httpx2.Response(
            200, json={"messages": [{"status": "ok", "cursor": start, "total": 5}], "collection": rows}
        )

    host = Host(answers)
    address = "https://api.biorxiv.org/details/biorxiv/2026-08-01/2026-08-02/0/json"
    assert len(list(web.source_at(address, host.client).fetch())) == 5
    assert [url.split("/")[-2] for url in host.asked] == ["0", "2", "4"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx2.Response(404, content=b"gone"), "answered 404"),
        (httpx2.Response(200, content=b""), "answered with nothing at all"),
        (httpx2.Response(403, json={"name": "ChallengeRequiredError", "message": "x"}), "only a browser can pass"),
    ],
)
def test_trouble_at_an_address_is_told(answer, said):
    host = Host(lambda _: answer)
    with pytest.raises(Upstream, match=said):
        web.source_at("https://example.org/feed", host.client)


@pytest.mark.parametrize("content", [b"<html>Hello</html>", b"Hello", b"{}", b"[]", b"%PDF-1.7"])
def test_an_address_where_nothing_known_answers_is_refused(content):
    host = Host(lambda _: httpx2.Response(200, content=content))
    with pytest.raises(BadInput, match=r"Nothing that can be read answers at https://example\.org/feed"):
        web.source_at("https://example.org/feed", host.client)


def test_a_later_slice_that_is_no_json_is_trouble_after_what_came_before():
    first = json.dumps({"notes": [{"id": "a", "content": {"title": "T"}}], "count": 2}).encode()
    host = Host(lambda request: httpx2.Response(200, content=first if len(host.asked) == 1 else b"<html>"))
    items = []
    with pytest.raises(Upstream, match=r"A later slice of .* is not JSON"):
        items.extend(web.source_at("https://example.org/notes?x=1", host.client).fetch())
    assert len(items) == 1
