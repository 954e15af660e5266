"""The first start after an installation: search is compiled before a reader asks, and the server says so once."""

import time
import urllib.request
from pathlib import Path

import pytest
from tests.conftest import Site, start_site

pytestmark = pytest.mark.soak
LOOKED = 5.0 + 3.0
"""Seconds after which a server whose loops are kept has had its look at the search."""


def loops(folder: Path) -> set[Path]:
    """Return the machine code that is kept."""
    return set(folder.rglob("*.nbc"))


def said_by(site: Site, text: str, seconds: float) -> bool:
    """Wait for a server to say something, as long as it runs."""
    until = time.monotonic() + seconds
    while text not in site.log.read_text() and time.monotonic() < until and site.process.poll() is None:
        time.sleep(0.5)
    return text in site.log.read_text()


def test_a_server_says_that_search_is_being_compiled_and_when_that_is_done_and_the_next_need_not(tmp_path):
    kept = tmp_path / "loops"
    site = start_site(tmp_path / "home", NUMBA_CACHE_DIR=str(kept))
    try:
        assert said_by(site, "Search is ready.", 240)
        assert site.log.read_text().count("Search is being made ready.") == 1
        before = loops(kept)
        for query in ("learning", "%22language+models%22"):
            urllib.request.urlopen(f"{site.url}/papers?q={query}", timeout=60).close()
        assert before
        assert loops(kept) == before
    finally:
        assert site.stop() == 0
    again = start_site(tmp_path / "home", NUMBA_CACHE_DIR=str(kept))
    try:
        time.sleep(LOOKED)
        urllib.request.urlopen(f"{again.url}/papers?q=learning", timeout=60).close()
        assert loops(kept) == before
    finally:
        assert again.stop() == 0
