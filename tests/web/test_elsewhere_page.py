"""The page that asks arXiv for what is not here yet: who may, what it shows, and that it changes nothing."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner
from django.db import OperationalError, connections
from tests import cast

from broadsheet import pipeline
from broadsheet.cli import main
from broadsheet.papers.models import Paper
from broadsheet.search.query import parse

pytestmark = pytest.mark.django_db(transaction=True)
TWO = (Path(__file__).parents[1] / "data" / "atom-two-papers.xml").read_bytes()


class Api(ThreadingHTTPServer):
    """arXiv's API, which finds the same two papers for everything. asked: the queries."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[str] = []
        self.status, self.body = 200, TWO
        self.may_answer = threading.Event()
        self.may_answer.set()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Answer(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self.server.asked.append(parse_qs(urlsplit(self.path).query)["search_query"][0])
        assert self.server.may_answer.wait(5)
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def arxiv(settings) -> Iterator[Api]:
    server = Api()
    settings.OFFLINE, settings.ARXIV_DELAY = False, 0
    settings.ARXIV_API = f"http://127.0.0.1:{server.server_port}/api/query"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(client, ada):
    client.force_login(ada)
    return client


def test_what_arxiv_finds_is_shown_with_what_is_here(page, arxiv):
    cast.paper("2601.00002", "Made-up Networks & Their Examples")
    text = page.get("/papers/elsewhere?q=networks+cat:cs.CL").text
    assert arxiv.asked == ["all:networks AND cat:cs.CL"]
    assert '<a href="/papers/2601.00002">Made-up Networks &amp; Their Examples</a>' in text
    assert 'name="arxivId" value="math/0601001"' in text
    assert 'name="arxivId" value="2601.00002"' not in text
    assert "2 papers at arXiv" in text
    assert Paper.objects.count() == 1, "looking brings nothing here"


def test_a_visitor_is_led_to_sign_in_and_nothing_is_asked(client, arxiv):
    answer = client.get("/papers/elsewhere?q=networks")
    assert answer.status_code == 302
    assert answer.url.startswith("/sign-in?next=")
    assert arxiv.asked == []


def test_beyond_some_questions_an_hour_nobody_is_asked(page, arxiv, monkeypatch):
    monkeypatch.setattr(pipeline, "ASKED_PER_HOUR", 1)
    assert page.get("/papers/elsewhere?q=networks").status_code == 200
    answer = page.get("/papers/elsewhere?q=networks")
    assert answer.status_code == 429
    assert "too often" in answer.text
    assert int(answer["Retry-After"]) > 60
    assert len(arxiv.asked) == 1


@pytest.mark.parametrize("query", ["", "?q=", "?q=+&p=x"])
def test_without_words_the_page_says_what_it_does(page, arxiv, query):
    assert "What is not here yet" in page.get(f"/papers/elsewhere{query}").text
    assert arxiv.asked == []


def test_a_query_that_arxiv_cannot_be_asked_says_why(page, arxiv):
    answer = page.get("/papers/elsewhere?q=-nights")
    assert answer.status_code == 400
    assert "nothing to ask arXiv for" in answer.text


def test_an_arxiv_that_is_out_of_order_is_told(page, arxiv):
    arxiv.status = 403
    answer = page.get("/papers/elsewhere?q=networks")
    assert answer.status_code == 502
    assert "arXiv could not be asked" in answer.text


def test_offline_nothing_is_asked(page, arxiv, settings):
    settings.OFFLINE = True
    assert page.get("/papers/elsewhere?q=networks").status_code == 403
    assert arxiv.asked == []


def test_what_arxiv_cannot_be_asked_for_is_told_above_what_it_finds(page, arxiv):
    text = page.get("/papers/elsewhere?q=networks+has:code").text
    assert text.index("arXiv cannot be asked for has:code.") < text.index("An Old Example")


@pytest.mark.parametrize("query", ["doi:10.1000/182", "https://aclanthology.org/2024.acl-long.1"])
def test_a_paper_that_is_none_of_arxiv_is_not_asked_for(page, arxiv, query):
    answer = page.get("/papers/elsewhere", {"q": query})
    assert answer.status_code == 400
    assert "is not a paper of arXiv" in answer.text
    assert arxiv.asked == []


def test_while_arxiv_is_asked_for_one_reader_another_is_told_to_come_back(page, arxiv, bo):
    arxiv.may_answer.clear()
    query = parse("networks")
    first = threading.Thread(target=lambda: (pipeline.ask_arxiv(bo, query), connections.close_all()))
    first.start()
    while not arxiv.asked:
        time.sleep(0.01)
    answer = page.get("/papers/elsewhere?q=networks")
    assert (answer.status_code, answer["Retry-After"]) == (429, "5")
    assert first.is_alive()
    arxiv.may_answer.set()
    first.join(5)
    assert page.get("/papers/elsewhere?q=networks").status_code == 200
    assert len(arxiv.asked) == 2


def test_trouble_of_our_own_is_not_told_as_nothing_found(arxiv, ada, monkeypatch):
    def out_of_order(*_: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("broadsheet.work.gates.Gate.wait", out_of_order)
    with pytest.raises(OperationalError):
        pipeline.ask_arxiv(ada, parse("networks"))


def test_hostile_titles_stay_text(page, arxiv):
    arxiv.body = TWO.replace(b"An Old Example", b"&lt;script&gt;alert(1)&lt;/script&gt;")
    text = page.get("/papers/elsewhere?q=networks").text
    assert "<script>alert(1)" not in text
    assert "alert(1)" in text


def test_the_command_shows_the_same(arxiv):
    cast.paper("2601.00002")
    done = CliRunner().invoke(main, ["search", "--arxiv", "ti:networks"])
    assert done.exit_code == 0, done.output
    assert arxiv.asked == ["ti:networks"]
    assert "2601.00002        2026-01-05  here  Made-up Networks & Their Examples" in done.stdout
    assert "math/0601001      2006-01-02  -     An Old Example" in done.stdout
