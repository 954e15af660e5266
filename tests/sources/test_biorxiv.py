"""Preprints of bioRxiv and medRxiv: versions, withdrawals, slices of any size, and answers that are out of order."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from broadsheet.errors import Upstream
from broadsheet.sources import biorxiv
from broadsheet.sources.record import Record, Reject

ANSWER: Any = json.loads((Path(__file__).parents[1] / "data" / "places" / "biorxiv.json").read_bytes())


def answer(start: int, size: int, total: int, cursor: int | None = None) -> dict[str, Any]:
    rows = [{"doi": f"10.1101/{n}", "title": f"Paper {n}", "date": "2026-08-01"} for n in range(start, start + size)]
    return {
        "messages": [{"status": "ok", "cursor": start if cursor is None else cursor, "total": str(total)}],
        "collection": rows,
    }


def test_a_preprint_is_read_whole():
    assert next(biorxiv.read(ANSWER, "biorxiv")) == Record(
        id="doi:10.64898/2026.07.31.000001",
        title="Examples in mice and men",
        source="biorxiv",
        abstract="Mice take examples as men do.",
        authors=("A. Example", "B. van der Instance", "The Case Consortium"),
        version=1,
        published=datetime(2026, 8, 1, tzinfo=UTC),
        updated=datetime(2026, 8, 1, tzinfo=UTC),
        doi="10.64898/2026.07.31.000001",
        keywords=("animal behavior and cognition",),
    )


def test_a_later_version_is_the_same_paper_and_does_not_move_its_first_day():
    row = list(biorxiv.read(ANSWER, "biorxiv"))[1]
    assert isinstance(row, Record)
    assert (row.id, row.version, row.published) == ("doi:10.64898/2026.07.31.000001", 2, None)
    assert row.doi == "10.1234/example.2026.5", "the journal's own, once there is one"


def test_a_withdrawn_preprint_is_withdrawn_and_a_row_without_a_title_rejected():
    rows = list(biorxiv.read(ANSWER, "biorxiv"))
    assert isinstance(rows[2], Record)
    assert rows[2].withdrawn == datetime(2026, 8, 2, tzinfo=UTC)
    assert isinstance(rows[3], Reject)
    assert rows[3].reason == "10.64898/2026.07.31.000003: The row has no title."


@pytest.mark.parametrize(
    "row", [None, "x", {}, {"title": "T"}, {"title": "T", "doi": "none"}, {"doi": 7, "title": "T"}]
)
def test_a_row_of_another_shape_is_rejected(row):
    (found,) = biorxiv.read({"messages": [], "collection": [row]}, "biorxiv")
    assert isinstance(found, Reject)


@pytest.mark.parametrize("first", [0, 45])
def test_slices_are_asked_for_until_the_total(first):
    asked = []
    total = first + 75

    def more(given: int) -> dict[str, Any]:
        asked.append(given)
        return answer(first + given, min(30, total - first - given), total)

    rows = list(biorxiv.read(answer(first, 30, total), "biorxiv", more))
    assert len({row.id for row in rows if isinstance(row, Record)}) == 75
    assert asked == [30, 60]


def test_an_answer_that_ends_too_early_is_told_after_what_it_gave():
    rows: list[Record | Reject] = []
    with pytest.raises(Upstream, match="sent 30 of 75"):
        rows.extend(biorxiv.read(answer(0, 30, 75), "biorxiv", lambda given: answer(given, 0, 75)))
    assert len(rows) == 30


def test_no_posts_are_no_trouble_but_an_error_is():
    assert list(biorxiv.read({"messages": [{"status": "no posts found"}], "collection": []}, "biorxiv")) == []
    with pytest.raises(Upstream, match="Error: something went wrong"):
        list(biorxiv.read({"messages": [{"status": "Error: something went wrong"}], "collection": []}, "biorxiv"))


@pytest.mark.parametrize("broken", [{}, [], {"collection": {}, "messages": []}])
def test_an_answer_of_another_shape_is_trouble_upstream(broken):
    with pytest.raises(Upstream, match="holds no collection"):
        list(biorxiv.read(broken, "biorxiv"))


@pytest.mark.parametrize(
    ("address", "start", "later"),
    [
        ("/details/biorxiv/2026-08-01/2026-08-02", 30, "/details/biorxiv/2026-08-01/2026-08-02/30/json"),
        ("/details/medrxiv/2026-08-01/2026-08-02/45/json", 30, "/details/medrxiv/2026-08-01/2026-08-02/75/json"),
        ("/details/biorxiv/5d/0", 100, "/details/biorxiv/5d/100/json"),
        ("/details/biorxiv/10.1101/339747/na/json", 1, "/details/biorxiv/10.1101/339747/na/json"),
    ],
)
def test_the_address_of_a_later_slice(address, start, later):
    assert biorxiv.slice_of(f"https://api.biorxiv.org{address}", start) == f"https://api.biorxiv.org{later}"


def test_the_page_of_a_preprint_is_asked_of_the_api():
    page = "https://www.medrxiv.org/content/10.1101/2024.01.02.000002v3.full"
    assert biorxiv.api_address(page) == "https://api.biorxiv.org/details/medrxiv/10.1101/2024.01.02.000002/na/json"
    assert biorxiv.api_address("https://example.org/content/1") == "https://example.org/content/1"


def test_an_answer_is_named_after_its_server():
    assert biorxiv.server_of(ANSWER) == "biorxiv"
    assert biorxiv.server_of({"collection": [{"server": "medRxiv"}]}) == "medrxiv"
    assert biorxiv.server_of({"collection": []}) == "biorxiv"
