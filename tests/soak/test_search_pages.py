"""How fast the search page comes over HTTP from a store of 130,789 papers, by words alone, and what its index costs."""

import json
import random
import statistics
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from tests.cli.test_commands import WORDS
from tests.conftest import Site, broadsheet, start_site

ROUNDS = 240
COMMON = {"about", "between", "compare", "could", "different", "focusing", "their", "there", "these", "those", "which"}
KINDS = {
    "three words": "{}",
    "every word": "{}&match=exact",
    "by day": "{} sort:date",
    "without a word": "{} -survey",
    "in the abstract": "{} abs:model",
    "phrase": '{} "language models"',
    "author": "{} au:wang",
    "category and year": "{} cat:cs.LG year:2026",
}


def questions(path: Path) -> list[str]:
    """Return three words of each recorded query, those of five letters and more, common ones aside."""
    asked = [entry["search_query"] for entry in json.loads(path.read_text()).values()]
    cut = [[word.strip(".,?!:;()'\"").lower() for word in text.split()] for text in asked]
    kept = [[word for word in words if len(word) > 4 and word.isalpha() and word not in COMMON] for words in cut]
    return [" ".join(words[:3]) for words in kept if len(words) >= 3]


def taken(site: Site, asked: list[str]) -> list[float]:
    """Return the milliseconds of each page, one after the other, over one line each."""
    times = []
    for text in asked:
        question, _, more = text.partition("&")
        address = f"{site.url}/papers?q={urllib.parse.quote(question)}{more and '&'}{more}"
        began = time.perf_counter()
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert answer.status == 200
            answer.read()
        times.append((time.perf_counter() - began) * 1000)
    return times


@pytest.mark.soak
def test_search_pages_of_a_large_store(tmp_path, shared_data):
    home = tmp_path / "home"
    settings = WORDS | {"BROADSHEET_PAGE_RATE": "0", "BROADSHEET_API_RATE": "0"}
    path = str(shared_data("papers-2025-2026.jsonl.xz"))
    assert broadsheet(home, "ingest", path, timeout=900, **settings).returncode == 0
    asked = questions(shared_data("queries/ai.json"))
    random.Random(5).shuffle(asked)
    began = time.monotonic()
    site = start_site(home, **settings)
    opened = time.monotonic() - began
    disk = sum(file.stat().st_blocks for file in (home / "index").rglob("*")) * 512 >> 20
    try:
        taken(site, asked[:20])
        told = {
            kind: taken(site, [form.format(text) for text in asked[20 : 20 + ROUNDS]]) for kind, form in KINDS.items()
        }
    finally:
        assert site.stop() == 0
    print(f"\nstarted in {opened:.1f} s; index {disk} MB")
    for kind, times in told.items():
        p50, p99 = statistics.median(times), sorted(times)[int(len(times) * 0.99)]
        print(f"{kind:<20} {len(times):>4} pages  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms")
    assert len(told["three words"]) > 100
