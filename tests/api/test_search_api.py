"""Search by the API: order, limits, jumps to a paper and the marks of what matched."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from broadsheet.errors import Conflict
from broadsheet.papers.models import Paper
from broadsheet.search import current, highlight
from broadsheet.search.index import Filters, Need, Scored, Tally, Vector


class Shelf:
    """An index that knows a word when the title has it; a stand-in behind the port of search."""

    space = ""

    def words(
        self, text: str, *, limit: int, filters: Filters, alike: object = (), whole: bool = False
    ) -> list[Scored]:
        found = [
            Scored(paper.pk, float(paper.votes))
            for paper in Paper.objects.all()
            if set(text.casefold().split()) & set(paper.title.casefold().replace(",", "").split())
        ]
        return sorted(found, key=lambda scored: -scored.score)[:limit]

    def newest(self, *, limit: int, filters: Filters) -> list[Scored]:
        return []

    def tally(self, *, filters: Filters, facets: bool = False) -> Tally:
        return Tally(0)

    def meaning(self, vector: Sequence[float], *, limit: int, filters: Filters) -> list[Scored]:
        return []

    def size(self) -> int:
        return Paper.objects.count()

    def having(self, ids: NDArray[np.int64], needs: Sequence[Need]) -> NDArray[np.int64]:
        return np.zeros(0, np.int64)

    def vectors_of(self, ids: Sequence[int]) -> dict[int, Vector]:
        return {}

    def close(self) -> None: ...


@pytest.fixture(autouse=True)
def shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "searcher", Shelf)
    monkeypatch.setattr(current, "embedder", lambda *_, **__: None)
    monkeypatch.setattr(current, "why_no_model", lambda: "the model is switched off (BROADSHEET_MODEL=none).")


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["paper"]["id"] for item in answer.json()]


def test_papers_are_found_best_first_and_cut_to_the_limit(get: Any):
    assert ids(get("papers/search", q="days measured")) == ["2611.00002", "2611.00001"]
    assert ids(get("papers/search", q="days measured", limit=1)) == ["2611.00002"]


def test_the_link_leads_to_the_next_page_and_a_made_up_cursor_is_refused(get: Any, client: Any):
    first = get("papers/search", q="days measured", limit=1)
    link = re.search(r"<(.*)>; rel=.?next", first.headers["Link"])
    assert link
    second = client.get(link[1])
    assert ids(second) == ["2611.00001"]
    assert "Link" not in second.headers
    assert get("papers/search", q="days", cursor="made_up").status_code == 400


def test_what_an_operator_cannot_read_is_told_in_the_warning(get: Any):
    answer = get("papers/search", q="days measured since:then")
    assert ids(answer) == ["2611.00002", "2611.00001"]
    assert "since:then" in answer.headers["X-HF-Warning"]


def test_an_id_or_an_address_gives_that_paper_alone(get: Any):
    for q in ("2611.00001", "2611.00001v3", "arXiv:2611.00001", "https://arxiv.org/abs/2611.00001"):
        assert ids(get("papers/search", q=q)) == ["2611.00001"]


def test_without_a_query_the_newest_papers_come(get: Any):
    assert ids(get("papers/search", limit=2)) == ["2611.00002", "2611.00001"]
    assert ids(get("papers/search", q="   ", limit=1)) == ["2611.00002"]


def test_nothing_found_is_an_empty_list(get: Any):
    assert ids(get("papers/search", q="zebra")) == []


def test_a_query_of_250_characters_is_searched_for_and_a_longer_one_refused(get: Any):
    assert get("papers/search", q="d" * 250).status_code == 200
    refused = get("papers/search", q="d" * 251)
    assert refused.status_code == 400
    assert "250" in refused.json()["error"]


@pytest.mark.parametrize("limit", [0, 121])
def test_a_limit_out_of_bounds_is_refused(get: Any, limit: int):
    assert get("papers/search", q="days", limit=limit).status_code == 400


def test_what_matched_is_marked_in_title_and_summary(get: Any):
    item = get("papers/search", q="day").json() or get("papers/search", q="days").json()
    pieces = item[0]["highlightedTitle"]
    assert "".join(piece["text"] for piece in pieces) == "Small Models, Long Days"
    assert [piece["text"] for piece in pieces if piece["type"] == "highlight"] == ["Days"]
    assert {"type": "highlight", "text": "days"} in item[0]["highlightedSummary"]
    assert item[0]["upvoted"] is False


def test_what_is_missing_for_a_full_answer_is_told_in_a_header(get: Any):
    warning = get("papers/search", q="days").headers["X-HF-Warning"]
    assert warning.startswith("search; Searched by words alone")


def test_a_held_index_is_told_and_not_a_failure(get: Any, monkeypatch: pytest.MonkeyPatch):
    def held() -> None:
        raise Conflict("Another process holds the index.", "Stop it, or ask it.")

    monkeypatch.setattr(current, "searcher", held)
    answer = get("papers/search", q="days")
    assert answer.status_code == 503
    assert answer.json()["error"] == "Another process holds the index. Stop it, or ask it."


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("learning", "Learned learners learn", ["Learned", "learners", "learn"]),
        ("the art of C++", "The C in art", ["C", "art"]),
        ("models", "A MODEL of modelling", ["MODEL"]),
        ("über", "Über alles", ["Über"]),
        ("the of", "the state of the art", []),
        (".*", "anything", []),
        ("", "anything", []),
    ],
)
def test_words_are_marked_in_their_usual_endings(query: str, text: str, marked: list[str]):
    pieces = highlight.pieces(text, highlight.pattern(query))
    assert [piece["text"] for piece in pieces if piece["type"] == "highlight"] == marked
    assert "".join(piece["text"] for piece in pieces) == text


def test_an_empty_text_has_no_pieces():
    assert highlight.pieces("", highlight.pattern("days")) == []
