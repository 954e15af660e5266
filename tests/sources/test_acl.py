"""A collection of the ACL Anthology: marks, formulas, revisions, retractions, ids of both ages, and XML that breaks."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadsheet.errors import BadInput
from broadsheet.sources import acl
from broadsheet.sources.record import Record, Reject

TWIN = Path(__file__).parents[1] / "data" / "places" / "acl.xml"


def wrapped(inner: str, collection: str = "2024.example", volume: str = "long", listed: str = "") -> bytes:
    day = f' ingest-date="{listed}"' if listed else ""
    return f'<collection id="{collection}"><volume id="{volume}"{day}>{inner}</volume></collection>'.encode()


def test_a_paper_is_read_whole():
    first = next(acl.read(TWIN.read_bytes(), "acl"))
    assert first == Record(
        id="acl:2025.example-long.1",
        title="ExampleBench: Taking the Top-$k$ of Examples",
        source="acl",
        abstract="We take the top-$k$ of all examples & of none else; see https://example.org/bench.",
        authors=("Ada Example", "Bo van der Instance", "Mono"),
        version=2,
        published=datetime(2025, 7, 14, tzinfo=UTC),
        updated=datetime(2025, 9, 2, tzinfo=UTC),
        doi="10.18653/v1/2025.example-long.1",
        journal_ref="Proceedings of the 3rd Meeting on Examples (Volume 1: Long Papers), pages 1–22 (2025)",
        keywords=("Best Paper",),
        code_url="https://github.com/example/bench",
    )


def test_every_paper_is_a_row_and_front_matter_is_none():
    rows = list(acl.read(TWIN.read_bytes(), "acl"))
    assert [getattr(row, "id", None) for row in rows] == [
        "acl:2025.example-long.1",
        "acl:2025.example-long.2",
        None,
        "acl:2025.example-journal.1",
    ]
    assert isinstance(rows[2], Reject)
    assert rows[2].reason == "paper 3 of volume 2025.example-long: The row has no title."
    assert "<first>No</first>" in rows[2].raw


def test_a_retracted_paper_is_withdrawn_with_the_notice():
    row = list(acl.read(TWIN.read_bytes(), "acl"))[1]
    assert isinstance(row, Record)
    assert (row.withdrawn, row.comment) == (
        datetime(2025, 10, 6, tzinfo=UTC),
        "The counts were those of another study.",
    )


def test_what_came_there_late_is_of_the_month_it_appeared_in():
    row = list(acl.read(TWIN.read_bytes(), "acl"))[3]
    assert isinstance(row, Record)
    assert row.published == datetime(2025, 3, 1, tzinfo=UTC)
    assert row.journal_ref == "Annals of Examples 12(3), pages 45–67 (2025)"


@pytest.mark.parametrize(
    ("year", "month", "listed", "published"),
    [
        ("2025", "July", "2025-06-20", "2025-06-20"),
        ("2025", "July", "2025-07-31", "2025-07-31"),
        ("2025", "July", "2025-08-01", "2025-07-01"),
        ("2025", "December", "2025-12-31", "2025-12-31"),
        ("2025", "", "2025-03-02", "2025-03-02"),
        ("1974", "", "2020-03-02", None),
        ("1974", "July–August", "", "1974-07-01"),
        ("", "", "", None),
    ],
)
def test_the_day_of_a_paper(year, month, listed, published):
    meta = f"<meta><year>{year}</year><month>{month}</month></meta>"
    row = next(acl.read(wrapped(f"{meta}<paper id='1'><title>T</title></paper>", listed=listed), "acl"))
    assert isinstance(row, Record)
    assert (row.published.date().isoformat() if row.published else None) == published


@pytest.mark.parametrize(
    ("parts", "made"),
    [
        (("2024.acl", "long", "1"), "2024.acl-long.1"),
        (("P16", "1", "1"), "P16-1001"),
        (("W17", "5", "12"), "W17-0512"),
        (("D19", "1", "633"), "D19-1633"),
        (("D19", "55", "7"), "D19-5507"),
        (("C69", "1", "2"), "C69-0102"),
    ],
)
def test_ids_are_made_as_the_anthology_makes_them(parts, made):
    assert acl.anthology_id(*parts) == made


def test_an_older_collection_without_numbers_is_rejected():
    row = next(acl.read(wrapped("<paper id='x'><title>T</title></paper>", collection="P16", volume="1"), "acl"))
    assert isinstance(row, Reject)
    assert "The row has no id." in row.reason


def test_what_stands_before_a_break_is_kept():
    content = TWIN.read_bytes()
    cut = content[: content.index(b'<paper id="3">')]
    rows = []
    with pytest.raises(BadInput, match="cannot be read beyond paper 2") as caught:
        rows.extend(acl.read(cut, "acl"))
    assert [row.id for row in rows if isinstance(row, Record)] == ["acl:2025.example-long.1", "acl:2025.example-long.2"]
    assert "cut off" in caught.value.hint


def test_entities_of_its_own_are_refused():
    bomb = b'<!DOCTYPE c [<!ENTITY a "b">]>' + wrapped("<paper id='1'><title>&a;</title></paper>")
    with pytest.raises(BadInput):
        list(acl.read(bomb, "acl"))


def test_marks_that_are_nested_without_end_do_no_harm():
    deep = "<i>" * 5000 + "x" + "</i>" * 5000
    rows = list(
        acl.read(wrapped(f"<paper id='1'><title>{deep}</title></paper><paper id='2'><title>T</title></paper>"), "acl")
    )
    assert isinstance(rows[0], Reject)
    assert isinstance(rows[1], Record)
