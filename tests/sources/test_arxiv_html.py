"""arXiv's HTML of a paper: what its page tells beside the text, what is no paper, and what its licence allows."""

from pathlib import Path

import httpx2
import pytest
from tests.gates import polite

from broadsheet.errors import Upstream
from broadsheet.sources import arxiv_html
from broadsheet.sources.arxiv_html import ARXIV_LICENCE, address_of, ask, licence_name, may_be_kept, read

PAPER = (Path(__file__).parents[1] / "data" / "latexml-paper.html").read_bytes()
BY_SA = "https://creativecommons.org/licenses/by-sa/4.0/"


def test_a_page_tells_its_licence_and_version():
    page = read(PAPER)
    assert page
    assert page.markdown.startswith("## Abstract\n")
    assert (page.licence, page.version) == (BY_SA, 2)


@pytest.mark.parametrize(
    ("told", "licence"),
    [
        ("License: CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("License: CC BY-NC-ND 4.0", "https://creativecommons.org/licenses/by-nc-nd/4.0/"),
        ("License: CC Zero", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("License: CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("License: arXiv.org perpetual non-exclusive license", ARXIV_LICENCE),
        ("License: ask us", ""),
        ("", ""),
    ],
)
def test_licences_are_known_by_their_names(told, licence):
    page = read(PAPER.replace(b"License: CC BY-SA 4.0", told.encode()))
    assert page
    assert page.licence == licence
    assert may_be_kept(page.licence) == ("creativecommons" in licence)


def test_a_link_to_a_licence_counts_more_than_its_name():
    link = b'href="http://creativecommons.org/licenses/by-nc/4.0/"'
    page = read(PAPER.replace(b'href="https://info.arxiv.org/help/license/index.html#licenses-available"', link))
    assert page
    assert page.licence == "http://creativecommons.org/licenses/by-nc/4.0/"


@pytest.mark.parametrize(
    "licence",
    ["", ARXIV_LICENCE, "http://creativecommons.org.example.org/licenses/by/4.0/", "http://creativecommons.org/", "x"],
)
def test_what_is_no_free_licence_allows_nothing(licence):
    assert not may_be_kept(licence)


def test_licences_have_names():
    assert licence_name(BY_SA) == "CC BY-SA 4.0"
    assert licence_name("http://creativecommons.org/publicdomain/zero/1.0/") == "CC0 1.0"
    assert licence_name("http://creativecommons.org/licenses/publicdomain/") == "public domain"
    assert licence_name(ARXIV_LICENCE) == "arXiv’s non-exclusive licence"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body><p>Not found</p></body></html>",
        b'<article class="ltx_document"><p>See pages 1-last of <a href="https://0_main.pdf">0_main.pdf</a></p></article>',
        b"\xff\xfe\x00",
    ],
)
def test_a_page_without_a_paper_is_none(body):
    assert read(body) is None


def test_a_page_larger_than_any_paper_is_none(monkeypatch):
    monkeypatch.setattr(arxiv_html, "MOST_BYTES", len(PAPER) - 1)
    assert read(PAPER) is None


def test_a_paper_is_asked_for_by_id_and_version():
    assert address_of("https://arxiv.org/html/", "cs/0601001", None) == "https://arxiv.org/html/cs/0601001"
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(200, content=PAPER) if "v2" in str(request.url) else httpx2.Response(404)

    client = polite(transport=httpx2.MockTransport(answer))
    assert ask(client, address_of("http://127.0.0.1/html", "2601.00002", 2)) == read(PAPER)
    assert ask(client, address_of("http://127.0.0.1/html", "2601.00002", 3)) is None
    assert asked == ["http://127.0.0.1/html/2601.00002v2", "http://127.0.0.1/html/2601.00002v3"]


def test_another_status_is_told():
    client = polite(transport=httpx2.MockTransport(lambda _: httpx2.Response(403)))
    with pytest.raises(Upstream, match="answered 403"):
        ask(client, "http://127.0.0.1/html/2601.00002")
