"""One paper, and all of them by cursor."""

import re
from typing import Any

import pytest
from django.test import Client

from broadsheet.papers.models import Paper


@pytest.mark.parametrize("name", ["2611.00001", "2611.00001v1", "2611.00001v17", "arXiv:2611.00001"])
def test_a_paper_is_found_by_its_id_with_and_without_version(get: Any, name: str):
    answer = get(f"papers/{name}")
    assert answer.status_code == 200
    assert answer.json()["id"] == "2611.00001"
    assert answer.json()["title"] == "Small Models, Long Days"


@pytest.mark.parametrize("name", ["cs/0601001", "cs/0601001v2", "cs%2F0601001"])
def test_an_old_id_with_its_slash_is_found(get: Any, name: str):
    assert get(f"papers/{name}").json()["id"] == "cs/0601001"


@pytest.mark.parametrize(
    "name", ["2611.99999", "nothing", "2611.0000/", "x" * 500, "%00", "2611.00001%00", "%F0%9F%93%B0"]
)
def test_an_unknown_paper_is_a_404_with_an_error(get: Any, name: str):
    answer = get(f"papers/{name}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json()["error"]
    assert "X-Error-Code" not in answer


def test_the_comments_are_added_only_when_asked_for(get: Any):
    assert "comments" not in get("papers/2611.00001").json()
    assert get("papers/2611.00001", field="comments").json()["comments"] == []


def test_nothing_is_linked_to_any_paper_known_or_not(get: Any):
    for name in ("2611.00001", "cs/0601001", "2699.99999"):
        assert get(f"arxiv/{name}/repos").json() == {"models": [], "datasets": [], "spaces": []}


def test_all_papers_come_by_cursor_newest_first(get: Any, client: Client):
    answer = get("papers", limit=2)
    seen = [item["paper"]["id"] for item in answer.json()]
    while link := answer.headers.get("Link"):
        found = re.fullmatch(r'<(\S+cursor=\S+)>; rel="next"', link)
        assert found
        answer = client.get(found[1])
        seen += [item["paper"]["id"] for item in answer.json()]
    assert sorted(seen) == sorted(paper.key for paper in Paper.objects.all())
    assert seen[2:] == ["2611.00003", "2610.00004", "cs/0601001"]


def test_papers_that_arrive_meanwhile_do_not_shift_the_pages(get: Any, client: Client):
    first = get("papers", limit=2)
    Paper.objects.create(key="2611.00009", title="Late", day="2026-11-21", source="list", text_source="list", stamp=99)
    after = client.get(re.search(r"<(.*)>", first.headers["Link"])[1])
    assert [item["paper"]["id"] for item in after.json()] == ["2611.00003", "2610.00004"]


@pytest.mark.parametrize("cursor", ["x", "2026-11-20", "2026-11-20.", "2026-13-01.1", ".1", "2026-11-20.1e9"])
def test_a_cursor_that_is_not_ours_is_refused(get: Any, cursor: str):
    answer = get("papers", cursor=cursor)
    assert answer.status_code == 400
    assert "cursor" in answer.json()["error"]
