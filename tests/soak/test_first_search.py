"""The first start after an installation: search is compiled before a reader asks, and the server says so."""

import time
import urllib.request
from pathlib import Path

from tests.conftest import start_site


def loops(folder: Path) -> set[Path]:
    """Return the machine code that is kept."""
    return set(folder.rglob("*.nbc"))


def test_a_server_says_that_search_is_being_compiled_and_when_that_is_done(tmp_path):
    kept = tmp_path / "loops"
    site = start_site(tmp_path / "home", NUMBA_CACHE_DIR=str(kept))
    until = time.monotonic() + 240
    while "Search is ready, after" not in site.log.read_text() and time.monotonic() < until:
        time.sleep(0.5)
    said = site.log.read_text()
    assert said.index("Search is being made ready") < said.index("Search is ready, after")
    before = loops(kept)
    for query in ("learning", "%22language+models%22"):
        urllib.request.urlopen(f"{site.url}/papers?q={query}", timeout=60).close()
    assert before
    assert loops(kept) == before
    assert site.stop() == 0


def test_a_server_whose_search_is_ready_at_once_says_nothing_of_it(tmp_path):
    site = start_site(tmp_path / "home")
    for query in ("learning", "%22language+models%22"):  # by which its loops are there, whoever compiles them
        urllib.request.urlopen(f"{site.url}/papers?q={query}", timeout=120).close()
    site.stop()
    site = start_site(tmp_path / "home")
    time.sleep(9)
    assert "Search is" not in site.log.read_text()
    assert site.stop() == 0
