"""Papers like some, but different, by the API."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from broadsheet.errors import Conflict
from broadsheet.papers.models import Paper
from broadsheet.search import current
from broadsheet.search.index import Filters, Need, Scored, Vector


class Shelf:
    """An index in which every paper answers to every word, the newest best; a stand-in behind the port of search."""

    space = ""

    def words(
        self, text: str, *, limit: int, filters: Filters, alike: object = (), whole: bool = False
    ) -> list[Scored]:
        papers = Paper.objects.all() if filters.ids is None else Paper.objects.filter(pk__in=filters.ids)
        return [
            Scored(paper.pk, float(paper.pk))
            for paper in papers
            if filters.since is None or (paper.day and paper.day >= filters.since)
        ][:limit]

    def meaning(self, vector: Sequence[float], *, limit: int, filters: Filters) -> list[Scored]:
        return []

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


def test_papers_like_one_are_all_but_itself(get, papers):
    answer = get("papers/like", id="2611.00003")
    assert answer.status_code == 200
    found = [item["paper"]["id"] for item in answer.json()["papers"]]
    assert "2611.00003" not in found
    assert set(found) == {paper.id for paper in papers} - {"2611.00003"}


def test_words_say_what_should_differ_and_the_answer_how_they_were_read(get, papers):
    answer = get("papers/like", id="2611.00003", but="newer").json()
    assert {item["paper"]["id"] for item in answer["papers"]} == {"2611.00001", "2611.00002"}
    assert answer["understood"] == ["newer", "from 2026-11-20"]


def test_what_was_kept_and_dropped_is_told_and_not_shown_again(get, papers):
    answer = get("papers/like", id="2611.00003", keep="2611.00001", drop="2611.00002", round=2).json()
    assert (answer["round"], answer["kept"], answer["dropped"]) == (2, ["2611.00001"], ["2611.00002"])
    assert {item["paper"]["id"] for item in answer["papers"]} == {"2610.00004", "cs/0601001"}


def test_without_a_model_a_header_says_so(get, papers):
    assert "by words alone" in get("papers/like", id="2611.00003").headers["X-HF-Warning"]


@pytest.mark.parametrize(("asked", "code"), [({}, 400), ({"id": "2611.99999"}, 404), ({"id": "x", "round": 0}, 400)])
def test_what_cannot_be_asked_is_said(get, papers, asked, code):
    assert get("papers/like", **asked).status_code == code


def test_an_index_held_elsewhere_means_later(get, papers, monkeypatch):
    def held() -> Shelf:
        raise Conflict("The search index is in use.", "Try again.")

    monkeypatch.setattr(current, "searcher", held)
    assert get("papers/like", id="2611.00003").status_code == 503
