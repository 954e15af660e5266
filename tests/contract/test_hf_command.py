"""The real command line ``hf papers`` against a live server: every command in every format."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.contract.conftest import Hf

Formats = Callable[..., dict[str, str]]

DAY = "2026-01-05"


def raw(live: Any, path: str) -> Any:
    with urllib.request.urlopen(live.url + path, timeout=10) as answer:
        return json.loads(answer.read())


def test_ls_prints_the_day_in_every_format(live: Any, hf_formats: Formats):
    day = raw(live, f"/api/daily_papers?date={DAY}&limit=50")
    printed = hf_formats("papers", "ls", "--date", DAY, "--no-truncate")
    assert printed["quiet"].split() == [item["paper"]["id"] for item in day]
    assert len(day) == 40
    assert all(item["title"] in printed["human"] for item in day)
    header, *rows = printed["agent"].splitlines()
    assert header.split("\t") == ["id", "title", "upvotes", "comments", "published_at", "submitted_by_name"]
    for row, item in zip(rows, day, strict=True):
        assert row.split("\t") == [
            item["paper"]["id"],
            item["title"],
            str(item["upvotes"]),
            str(item["numComments"]),
            item["paper"]["publishedAt"].replace(".000Z", "+00:00"),
            item["submittedBy"]["fullname"],
        ]
    assert {paper["submitted_at"] for paper in json.loads(printed["json"])} == {f"{DAY}T00:00:00+00:00"}


def test_a_paper_without_votes_has_zero_and_not_none(hf: Hf):
    done = hf("papers", "ls", "--date", "2026-01-07", "--format", "agent")
    assert done.stdout.splitlines()[1].split("\t")[:4] == ["2601.00099", "A Paper of the Following Day", "0", "0"]


def test_search_prints_what_is_found_in_every_format(live: Any, hf_formats: Formats):
    found = raw(live, "/api/papers/search?q=quantum+error+correction&limit=20")
    printed = hf_formats("papers", "search", "quantum error correction")
    assert printed["quiet"].split() == [item["paper"]["id"] for item in found]
    assert {"2601.00004", "2601.00024"} <= set(printed["quiet"].split())
    assert [paper["title"] for paper in json.loads(printed["json"])] == [item["title"] for item in found]
    assert printed["agent"].splitlines()[0].split("\t") == ["id", "title", "summary", "upvotes", "published_at"]
    assert "2601.00004" in printed["human"]


def test_info_prints_the_paper_in_every_format(hf_formats: Formats):
    for text in hf_formats("papers", "info", "cs/0601001").values():
        info = json.loads(text)
        assert (info["id"], info["title"], info["upvotes"]) == ("cs/0601001", "An Old-Style Identifier", 3)
        assert info["published_at"] == "2006-01-02T09:00:00+00:00"


def test_read_prints_the_text(hf_formats: Formats):
    printed = hf_formats("papers", "read", "2601.00003v2")
    for name in ("human", "agent"):
        assert "# A Plain Baseline for Speech Recognition" in printed[name]
        assert "tenth of its cost" in printed[name]


def test_an_unknown_paper_is_said_to_be_unknown(hf: Hf):
    for command in ("info", "read"):
        done = hf("papers", command, "2699.99999")
        assert done.returncode == 1
        assert "Paper '2699.99999' not found" in done.stderr


def test_what_is_wrong_with_a_question_is_said(hf: Hf):
    done = hf("papers", "ls", "--week", "2026-47")
    assert done.returncode == 1
    assert "A week is written like 2026-W47." in done.stderr


def test_an_empty_day_is_no_error(hf: Hf):
    done = hf("papers", "ls", "--date", "2026-01-10", "--format", "json")
    assert (done.returncode, done.stdout.strip()) == (0, "[]")


def test_the_list_of_agents_is_kept_by_the_command_line(hf: Hf, tmp_path: Path):
    assert hf("papers", "ls", "--limit", "1").returncode == 0
    kept = [path for path in (tmp_path / "hf").rglob("*.json") if "standardEnvVars" in path.read_text()]
    assert len(kept) == 1
