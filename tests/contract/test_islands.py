"""The two data islands of the pages, read as scrapers of the original read them."""

import html
import json
import re
import urllib.request
from typing import Any

import pytest
from huggingface_hub.hf_api import PaperInfo


def island(live: Any, path: str, target: str) -> dict[str, Any]:
    with urllib.request.urlopen(live.url + path, timeout=10) as answer:
        page = answer.read().decode()
    found = re.findall(rf'<div[^>]*data-target="{target}"[^>]*data-props="([^"]*)"', page)
    assert len(found) == 1
    props = json.loads(html.unescape(found[0]))
    assert isinstance(props, dict)
    return props


def test_the_page_of_a_day_carries_its_papers(live: Any):
    props = island(live, "/papers/date/2026-01-05", "DailyPapers")
    assert (props["periodType"], props["dateString"]) == ("day", "2026-01-05")
    assert props["prevDate"] < "2026-01-05"
    shown = {paper["paper"]["id"]: paper for paper in props["dailyPapers"]}
    assert shown["2601.00002"]["title"] == '<script>alert(1)</script> in Titles & Other "Marks"'
    assert PaperInfo(**shown["2601.00002"]).upvotes == 58


@pytest.mark.parametrize(("path", "kind"), [("/papers/week/2026-W02", "week"), ("/papers/month/2026-01", "month")])
def test_the_pages_of_weeks_and_months_say_which_they_are(live: Any, path: str, kind: str):
    props = island(live, path, "DailyPapers")
    assert props["periodType"] == kind
    assert props["dateString"] == path.rsplit("/", 1)[-1]


def test_the_page_of_a_paper_carries_it(live: Any):
    props = island(live, "/papers/2601.00002", "PaperContent")
    assert props["paper"]["id"] == "2601.00002"
    with urllib.request.urlopen(live.url + props["markdownContentUrl"], timeout=10) as answer:
        assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
