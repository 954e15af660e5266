"""A paper's versions, licence and withdrawal on its page, and its full text as Markdown."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.core.cache import cache, caches
from tests import cast

from broadsheet.enrich.models import FullText
from broadsheet.papers.models import Version
from broadsheet.work.models import Answered

pytestmark = pytest.mark.django_db
BY = "https://creativecommons.org/licenses/by/4.0/"
FIRST, SECOND = datetime(2026, 1, 2, 12, tzinfo=UTC), datetime(2026, 1, 9, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()
    caches["texts"].clear()


@pytest.fixture
def arxiv(settings) -> Iterator[list[str]]:
    """An arXiv that has the same text of every paper, under its own licence; what it was asked for."""
    page = (Path(__file__).parents[1] / "data" / "latexml-paper.html").read_bytes()
    page = page.replace(b"CC BY-SA 4.0", b"arXiv.org perpetual non-exclusive license")
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.OFFLINE, settings.ARXIV_DELAY, settings.HOST_DELAY = False, 0, 0
    settings.ARXIV_HTML = f"http://127.0.0.1:{server.server_port}/html"
    yield asked
    server.shutdown()
    server.server_close()


def test_versions_are_one_list_with_dates_and_former_titles(client):
    history = [[1, FIRST.isoformat(), "9kb"], [2, SECOND.isoformat(), "12kb"]]
    paper = cast.paper(version=2, history=history, licence=BY, updated=SECOND)
    Version.objects.create(
        paper=paper, number=1, title="Old <b>Title</b>", abstract="Old.", updated=FIRST, source="arxiv"
    )
    text = client.get("/papers/2601.00001").text
    assert text.index("Version 2, ") < text.index("Version 1, ")
    assert '<time datetime="2026-01-09">' in text
    assert "12kb" in text
    assert "Title of v1: <strong>Old" in text
    assert "<b>Title" not in text
    assert f'Licence: <a href="{BY}"' in text
    assert "Read as Markdown" in text


@pytest.mark.django_db(transaction=True)
def test_a_text_under_a_closed_licence_is_stored_nowhere(client, arxiv, monkeypatch):
    monkeypatch.setattr("broadsheet.web.views.paper.PATIENCE", 60)  # however busy the machine is
    cast.paper()
    for _ in range(2):
        answer = client.get("/papers/2601.00001.md")
        assert "Networks are *made* up" in answer.text
        assert "not stored here" in answer.text
        assert answer["Cache-Control"] == "no-store"
    assert arxiv == ["/html/2601.00001v1"]
    assert FullText.objects.get().markdown == ""
    assert not Answered.objects.exists(), "nor is arXiv's own answer"


def test_a_withdrawal_is_shown_with_its_day_and_reason(client):
    cast.paper(withdrawn=SECOND, comment="Withdrawn due to an <i>error</i> in Lemma 2")
    text = client.get("/papers/2601.00001").text
    assert 'This paper was withdrawn on <time datetime="2026-01-09">' in text
    assert "“Withdrawn due to an" in text
    assert "<i>error" not in text
    assert "Authors’ comment" not in text, "it is told once"
    cast.paper("2601.00002", comment="12 pages")
    assert "Authors’ comment: 12 pages" in client.get("/papers/2601.00002").text


def test_a_text_that_is_here_is_given_with_its_licence(client):
    paper = cast.paper()
    FullText.objects.create(
        paper=paper, version=1, licence=BY, markdown="## Abstract\n\nIts own.\n\n## 1 Intro", found=True, fetched=FIRST
    )
    answer = client.get("/papers/2601.00001.md")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith("# Scaling Laws for Small Papers\n\n- Authors: Ada Example, Bo Sample\n")
    assert answer["Cache-Control"] == "no-cache"
    assert answer.text.count("## Abstract") == 1
    assert "## 1 Intro" in answer.text
    assert f"Licence: [CC BY 4.0]({BY})." in answer.text
    assert "<https://arxiv.org/html/2601.00001>" in answer.text


def test_a_text_without_an_abstract_gets_the_one_that_is_here(client):
    FullText.objects.create(paper=cast.paper(), version=1, licence=BY, markdown="## 1 Intro", found=True, fetched=FIRST)
    text = client.get("/papers/2601.00001.md").text
    assert text.index("## Abstract") < text.index("We measure how short papers grow.") < text.index("## 1 Intro")


def test_offline_the_abstract_is_given_with_the_address_of_the_text(client):
    cast.paper()
    answer = client.get("/papers/2601.00001.md")
    assert "We measure how short papers grow." in answer.text
    assert "The full text is at <https://arxiv.org/html/2601.00001>" in answer.text
    assert "Retry-After" not in answer


@pytest.mark.django_db(transaction=True)
def test_a_network_that_fetched_enough_gets_the_abstract_and_is_told_when_to_come_back(client, settings, monkeypatch):
    settings.OFFLINE = False
    monkeypatch.setattr("broadsheet.web.views.paper.NETWORK_TEXTS", 1)
    monkeypatch.setattr("broadsheet.web.views.paper.PATIENCE", 0.05)
    settings.ARXIV_HTML = "http://127.0.0.1:9/html"  # nobody answers there
    for number in (1, 2):
        cast.paper(f"2601.0000{number}")
        answer = client.get(f"/papers/2601.0000{number}.md")
        assert answer.status_code == 200
        assert answer["Retry-After"] == "30"
        assert answer["Cache-Control"] == "no-store"
        assert "it is not here now" in answer.text
    assert client.head("/papers/2601.00001.md").status_code == 200
    for left in threading.enumerate():
        if left.name == "fulltext":
            left.join(30)  # it writes to the database that the next test uses


def test_the_twin_of_a_paper_is_readable_as_markdown(client):
    from broadsheet.sources.arxiv_html import read

    page = read((Path(__file__).parents[1] / "data" / "latexml-paper.html").read_bytes())
    assert page
    FullText.objects.create(
        paper=cast.paper(), version=1, licence=page.licence, markdown=page.markdown, found=True, fetched=FIRST
    )
    answer = client.get("/papers/2601.00001", headers={"Accept": "text/markdown"})
    assert "| Ours | $\\vert x\\vert$ | 2 |" in answer.text
