"""Submissions at OpenReview: both shapes of its notes, what is hidden or withdrawn, slices, and its refusals."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from broadsheet.errors import Upstream
from broadsheet.sources import openreview
from broadsheet.sources.record import Record, Reject

ANSWER: Any = json.loads((Path(__file__).parents[1] / "data" / "places" / "openreview.json").read_bytes())


def rows() -> list[Record | Reject]:
    return list(openreview.read(ANSWER, "openreview"))


def note(number: int) -> dict[str, Any]:
    return {"id": f"nOte{number:06}", "content": {"title": {"value": f"Paper {number}"}}}


def test_a_submission_is_read_whole():
    assert rows()[0] == Record(
        id="openreview:aEx4mpLe01",
        title="Deep Examples: Learning without Instances",
        source="openreview",
        abstract="We learn from $n$ examples.",
        authors=("Ada Example", "Bo Instance"),
        published=datetime(2025, 10, 9, tzinfo=UTC),
        updated=datetime(2026, 3, 1, tzinfo=UTC),
        journal_ref="EXAMPLE 2026 Poster",
        keywords=("examples", "instances"),
        code_url="https://github.com/example/deep",
    )


def test_reviews_are_no_papers_and_the_rest_is_a_row_each():
    assert [getattr(row, "id", None) for row in rows()] == [
        "openreview:aEx4mpLe01",
        "openreview:-wItHd_0-2",
        "openreview:bLiNd00003",
        "2301.00001",
        "openreview:oLd0000006",
        None,
    ]


def test_a_withdrawn_submission_is_withdrawn():
    row = rows()[1]
    assert isinstance(row, Record)
    assert row.withdrawn == datetime(2025, 11, 20, tzinfo=UTC)
    assert row.authors == ("Mo Case",)
    assert row.journal_ref == ""


def test_hidden_authors_are_none_and_a_venue_under_review_is_a_comment():
    row = rows()[2]
    assert isinstance(row, Record)
    assert (row.authors, row.comment, row.journal_ref) == ((), "Submitted to EXAMPLE 2026", "")


def test_what_was_brought_over_from_arxiv_is_arxivs_paper_with_arxivs_dates():
    row = rows()[3]
    assert isinstance(row, Record)
    assert (row.id, row.doi, row.published, row.updated) == ("2301.00001", "", None, None)


def test_the_older_shape_is_read_too():
    row = rows()[4]
    assert isinstance(row, Record)
    assert (row.title, row.authors, row.keywords) == ("In the Older Shape", ("Bo Instance",), ("bare", "values"))


def test_a_note_without_a_title_is_rejected_with_its_text():
    row = rows()[5]
    assert isinstance(row, Reject)
    assert row.reason == "note nOtItLe007: The row has no title."
    assert json.loads(row.raw)["id"] == "nOtItLe007"


@pytest.mark.parametrize("broken", [None, 7, {"id": "x"}, {"id": "x", "content": []}])
def test_a_note_of_another_shape_is_rejected(broken):
    (row,) = openreview.read({"notes": [broken]}, "openreview")
    assert isinstance(row, Reject)


def test_slices_are_asked_for_until_all_are_here():
    asked = []

    def more(start: int) -> dict[str, Any]:
        asked.append(start)
        return {"notes": [note(n) for n in range(start, min(start + 2, 5))], "count": 5}

    found = list(openreview.read(more(0), "openreview", more))
    assert [getattr(row, "title", "") for row in found] == [f"Paper {n}" for n in range(5)]
    assert asked == [0, 2, 4]


def test_without_a_count_an_empty_slice_is_the_end():
    found = list(openreview.read({"notes": [note(1)]}, "openreview", lambda _: {"notes": []}))
    assert len(found) == 1


def test_a_server_that_sends_the_same_slice_for_ever_is_left():
    with pytest.raises(Upstream, match="those of the answer before"):
        list(openreview.read({"notes": [note(1)]}, "openreview", lambda _: {"notes": [note(1)]}))


@pytest.mark.parametrize("answer", [{}, {"notes": {}}, "no"])
def test_an_answer_of_another_shape_is_trouble_upstream(answer):
    with pytest.raises(Upstream, match="holds no notes"):
        list(openreview.read(answer, "openreview"))


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        ("https://openreview.net/forum?id=Ab_c-dEf12", "https://api2.openreview.net/notes?id=Ab_c-dEf12"),
        (
            "https://openreview.net/group?id=EXAMPLE.cc/2026/Conference#tab",
            f"{openreview.API}?limit=1000&sort=number%3Aasc&content.venueid=EXAMPLE.cc%2F2026%2FConference&offset=0",
        ),
        ("https://example.org/feed", "https://example.org/feed"),
        ("https://openreview.net/forum", "https://openreview.net/forum"),
    ],
)
def test_pages_are_asked_of_the_api(page, asked):
    assert openreview.api_address(page) == asked


def test_the_limit_and_the_begin_that_a_person_gives_are_kept():
    address = "https://api2.openreview.net/notes?content.venueid=X&limit=50&offset=100"
    assert "limit=50" in openreview.slice_of(address, 50)
    assert "offset=150" in openreview.slice_of(address, 50)


def test_the_check_for_browsers_is_explained_with_a_way_out():
    body = b'{"name": "ChallengeRequiredError", "message": "Challenge verification required", "status": 403}'
    told = openreview.refusal(body, "https://api2.openreview.net/notes?id=x")
    assert told
    assert "only a browser can pass" in told.message
    assert "save" in told.hint
    other = openreview.refusal(b'{"name": "ForbiddenError", "message": "not for you"}', "x")
    assert other
    assert "not for you" in other.message
    assert openreview.refusal(b"<html>", "x") is None
    assert openreview.refusal(b"[]", "x") is None
