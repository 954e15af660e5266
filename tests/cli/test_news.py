"""The newest papers from a network: a real server asks an imitation of arXiv on this machine."""

import itertools
import socket
import time
import urllib.request

import pytest
from tests.arxiv_imitation import Imitation
from tests.conftest import broadsheet, start_site


@pytest.fixture
def arxiv():
    server = Imitation(450)
    yield server
    server.shutdown()
    server.server_close()


def settings(arxiv, delay="1"):
    return {
        "BROADSHEET_MODEL": "none",
        "BROADSHEET_OFFLINE": "no",
        "BROADSHEET_ARXIV_API": arxiv.url,
        "BROADSHEET_ARXIV_DELAY_SECONDS": delay,
        "BROADSHEET_CATEGORIES": "cs.LG hep-th",
        "BROADSHEET_CONTACT": "mailto:operator@example.org",
    }


def test_a_fresh_server_with_a_network_shows_todays_papers_and_fetches_the_rest_politely(tmp_path, arxiv):
    site = start_site(tmp_path / "home", **settings(arxiv))
    try:
        with urllib.request.urlopen(site.url) as page:
            text = page.read().decode()
        assert "News number" in text
        assert "sample edition" not in text
        until = time.monotonic() + 30
        while len(arxiv.asked) < 4 and time.monotonic() < until:
            time.sleep(0.2)
    finally:
        assert site.stop() == 0
    times = [moment for moment, _, _ in arxiv.asked]
    assert len(times) >= 4, "one request for the first page, three for all 450 papers"
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.95
    assert {agent for _, agent, _ in arxiv.asked} == {"broadsheet/0.1.0 (+mailto:operator@example.org)"}
    assert arxiv.asked[0][2]["search_query"] == ["cat:cs.LG OR cat:hep-th"]


def test_one_paper_comes_by_its_id_and_all_news_by_one_word(tmp_path, arxiv):
    by_id = broadsheet(tmp_path, "ingest", "https://arxiv.org/abs/2305.12102v2", **settings(arxiv, "0"))
    assert "1 added" in by_id.stdout, by_id.stderr
    news = broadsheet(tmp_path, "ingest", "arxiv", **settings(arxiv, "0"))
    assert "450 added" in news.stdout, news.stderr
    again = broadsheet(tmp_path, "ingest", "arxiv", **settings(arxiv, "0"))
    assert "0 added" in again.stdout


def test_a_host_that_accepts_and_never_answers_does_not_hold_the_start_up(tmp_path):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}/api"
        site = start_site(
            tmp_path / "home", BROADSHEET_MODEL="none", BROADSHEET_OFFLINE="no", BROADSHEET_ARXIV_API=address
        )
        try:
            assert "The sample edition is shown instead." in site.log.read_text()
        finally:
            site.stop()
