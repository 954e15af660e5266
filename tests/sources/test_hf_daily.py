"""A daily_papers answer in both generations, as it came and as it was once saved; accounts stay out."""

import ast
import dataclasses
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from broadsheet.errors import BadInput
from broadsheet.sources import hf_daily
from broadsheet.sources.hf_daily import HfDaily, answer_of
from broadsheet.sources.record import Item, Record, Reject

TWIN = Path(__file__).parents[1] / "data" / "hub-daily.json"
DAYS = [
    "2024-05-27",
    "2024-08-05",
    "2024-12-11",
    "2024-12-23",
    "2025-05-14",
    "2025-10-01",
    "2025-12-25",
    "2026-02-19",
    "2026-08-21",
]
ACCOUNT = {"avatarUrl": "/avatars/reader-1.svg", "isPro": False, "fullname": "reader-1", "user": "reader-1"}


# Later than the outer time, which then is the publication shifted to New York, as in rows since 2025.
SHIFTED = "2024-05-27T07:50:58.348Z"


def row(**paper: Any) -> dict[str, Any]:
    """Return a row of the first generation, as it came until 2024."""
    return {
        "paper": {
            "id": "2405.00001",
            "authors": [
                {"_id": "66540321d200a2ecdf784ffe", "name": "A. Example", "user": ACCOUNT, "hidden": False},
                {"_id": "66540321d200a2ecdf784fff", "name": "B. Instance", "hidden": True},
            ],
            "publishedAt": "2024-05-24T17:34:15.000Z",
            "title": "Made-up Models\n  of Examples",
            "summary": "We make\nmodels up.",
            "upvotes": 32,
        }
        | paper,
        "publishedAt": "2024-05-27T03:50:58.348Z",
        "title": "Made-up Models of Examples",
        "numComments": 3,
        "submittedBy": ACCOUNT,
    }


def read(folder: Path, answer: object, name: str = "answer.json", **given: Any) -> list[Item]:
    path = folder / name
    path.write_text(answer if isinstance(answer, str) else json.dumps(answer))
    return list(HfDaily(path, **given).fetch())


def one(folder: Path, answer: object, name: str = "answer.json", **given: Any) -> Record:
    [item] = read(folder, [answer], name, **given)
    assert isinstance(item.row, Record), item.row
    return item.row


def refusal(folder: Path, answer: object) -> str:
    [item] = read(folder, [answer])
    assert isinstance(item.row, Reject)
    return item.row.reason


def test_the_first_generation_is_read(tmp_path):
    assert one(tmp_path, row()) == Record(
        id="2405.00001",
        title="Made-up Models of Examples",
        source="huggingface-daily",
        abstract="We make models up.",
        authors=("A. Example", "B. Instance"),
        featured=date(2024, 5, 27),
        published=datetime(2024, 5, 24, 17, 34, 15, tzinfo=UTC),
        votes=32,
        comment_count=3,
    )


def test_the_second_generation_is_read():
    record = next(item.row for item in HfDaily(TWIN).fetch())
    assert record == Record(
        id="2611.00001",
        title="Small Models, Long Days",
        source="huggingface-daily",
        abstract="We measure the days of small models.",
        authors=("A. Example", "B. Sample"),
        featured=date(2026, 11, 20),
        published=datetime(2026, 11, 18, 17, 8, tzinfo=UTC),
        votes=9,
        comment_count=4,
        keywords=("days", "models"),
        machine_summary="Days are measured.",
        code_url="https://github.com/example/days",
        code_stars=12,
        project_url="https://example.org/days",
        organization=("example", "Example Institute"),
    )


def test_a_row_saved_as_a_python_value_in_a_text_is_read_the_same(tmp_path):
    whole = row(withdrawnAt=None, ai_keywords=["it's", 'a "test"'])
    assert one(tmp_path, repr(whole)) == one(tmp_path, whole)


def test_a_withdrawal_is_kept(tmp_path):
    assert one(tmp_path, row(withdrawnAt="2024-06-01T00:00:00Z")).withdrawn == datetime(2024, 6, 1, tzinfo=UTC)


def test_a_file_named_after_a_day_is_of_that_day(tmp_path):
    assert one(tmp_path, row(), "2024-05-27.json").featured == date(2024, 5, 27)
    assert one(tmp_path, row(submittedOnDailyAt="2024-05-20"), "2024-05-27.json").featured == date(2024, 5, 27)
    assert one(tmp_path, row(), "2024-05-27.json", day=date(2024, 5, 28)).featured == date(2024, 5, 28)


@pytest.mark.parametrize("name", ["2024-13-01.json", "2024-02-30.json", "daily-2024-05-27.json", "2024-05-27b.json"])
def test_a_file_with_another_name_is_of_no_day(tmp_path, name):
    assert one(tmp_path, row(publishedAt=SHIFTED), name).featured is None


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("2025-10-01T00:00:00.000Z", "2025-10-01"),  # a bare day
        ("2025-10-01", "2025-10-01"),
        ("2025-10-01T00:18:03.860Z", "2025-10-01"),  # still the evening before in New York
        ("2025-10-01T23:59:59Z", "2025-10-01"),
        ("2025-12-31T23:00:00-05:00", "2026-01-01"),
    ],
)
def test_the_day_of_a_row_is_the_utc_day_on_which_it_was_submitted(tmp_path, told, day):
    assert one(tmp_path, row(submittedOnDailyAt=told)).featured == date.fromisoformat(day)


@pytest.mark.parametrize("told", ["soon", "", 5, None, "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59Z"])
def test_a_day_that_cannot_be_read_is_not_known(tmp_path, told):
    assert one(tmp_path, row(submittedOnDailyAt=told, publishedAt=SHIFTED)).featured is None


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "The row is not an object but NoneType."),
        (5, "The row is not an object but int."),
        ({}, "The row has no paper."),
        ({"paper": "2405.00001"}, "The row has no paper."),
        (row(id="nonsense"), "'nonsense' is not an arXiv id."),
        (row(id=None), "The row has no id."),
        (row(authors="A. Example"), "authors is not a list of objects with a name."),
        (row(authors=["A. Example"]), "authors is not a list of objects with a name."),
        (row(authors=[{"name": None}]), "authors is not a list of objects with a name."),
        (row(organization="Example"), "organization is not an object."),
        (row(upvotes=-1), "upvotes is -1; it takes a whole number that is not negative."),
        (row(publishedAt="soon"), "published is 'soon'; it takes a day like 2026-11-21, or a time."),
        ("None", "The row is not an object but NoneType."),
        ("__import__('os').getpid()", "The row is a text that does not hold an object."),
        ("{'paper': ", "The row is a text that does not hold an object."),
        ("(" * 100_000, "The row is a text that does not hold an object."),
        ("-" * 100_000 + "1", "The row is a text that does not hold an object."),
        ("[" * 90_000 + "]" * 90_000, "The row is a text that does not hold an object."),
        ("\0", "The row is a text that does not hold an object."),
        ("x" * 200_001, "The row is a text of 200001 characters; at most 200000 are read."),
        ("{'paper': {'id': '2405.00001', 'title': 'T', 'upvotes': 0x" + "f" * 9000 + "}}", "The row holds a number"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_row_that_is_no_paper_is_rejected_with_the_reason_and_the_rest_goes_in(tmp_path, answer, told):
    assert told in refusal(tmp_path, answer)
    items = read(tmp_path, [row(), answer, row()])
    assert [type(item.row) for item in items] == [Record, Reject, Record]
    assert [item.position for item in items] == [1, 2, 3]
    assert 0 < len(items[1].row.raw) <= 10_000


@pytest.mark.parametrize("text", ["", "nonsense", "{}", '{"error": "x"}', "null", '"[]"', "[" * 100_000, "\xff"])
def test_a_file_that_is_not_an_array_is_refused_by_name(tmp_path, text):
    path = tmp_path / "answer.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadInput, match=r"answer\.json is not (JSON|a daily_papers answer)"):
        list(HfDaily(path).fetch())


def test_a_file_that_is_far_too_large_is_not_even_read(tmp_path, monkeypatch):
    monkeypatch.setattr(hf_daily, "MOST_BYTES", 10)
    path = tmp_path / "answer.json"
    path.write_text("[" + " " * 20 + "]")
    with pytest.raises(BadInput, match=r"answer\.json has 22 bytes; a daily_papers answer has 10 at most"):
        answer_of(path)


def test_it_resumes_and_tells_how_far_it_is(tmp_path):
    path = tmp_path / "answer.json"
    path.write_text(json.dumps([row(id=f"2405.0000{n}") for n in range(1, 6)]))
    source = HfDaily(path)
    rows = source.fetch(after=3)
    assert next(rows).position == 4
    assert (source.done, source.total) == (4, 5)
    assert [item.row.id for item in rows] == ["2405.00005"]
    for after in (0, 5, 9):
        again = HfDaily(path)
        list(again.fetch(after))
        assert (again.done, again.total) == (5, 5)


def test_a_name_goes_before_its_own(tmp_path):
    assert one(tmp_path, row(), name="answer.json").source == "huggingface-daily"
    path = tmp_path / "answer.json"
    assert [item.row.source for item in HfDaily(path, "press").fetch()] == ["press"]


def test_no_account_comes_in(tmp_path):
    answer = row(submittedOnDailyBy=ACCOUNT, discussionId="66540321d200a2ecdf785000")
    taken = repr(one(tmp_path, answer))
    assert "reader" not in taken
    assert "avatar" not in taken
    assert not re.search(r"[0-9a-f]{24}", taken)


def _told(paper: dict[str, Any], outer: dict[str, Any]) -> tuple[object, ...]:
    """Return what a recorded row says, read without the code under test."""
    return (
        paper["id"],
        " ".join(paper["title"].split()),
        " ".join(paper["summary"].split()),
        tuple(author["name"].strip() for author in paper["authors"]),
        paper["upvotes"],
        outer["numComments"],
        paper.get("githubRepo", ""),
        paper.get("githubStars"),
        tuple(paper.get("ai_keywords") or ()),
        (paper.get("organization") or {}).get("name", ""),
    )


@pytest.mark.shared
@pytest.mark.parametrize("day", DAYS)
def test_every_recorded_answer_is_read_without_loss(shared_data, day):
    path = shared_data(f"feeds/hf-api/{day}.json")
    rows = [ast.literal_eval(row) if isinstance(row, str) else row for row in json.loads(path.read_text())]
    items = list(HfDaily(path).fetch())
    assert [item.row for item in items if isinstance(item.row, Reject)] == []
    assert len(items) == path.read_text().count("numComments"), "counted without JSON"
    records = [item.row for item in items if isinstance(item.row, Record)]
    for record, row in zip(records, rows, strict=True):
        seen = (
            *(record.id, record.title, record.abstract, record.authors, record.votes, record.comment_count),
            *(record.code_url, record.code_stars, record.keywords, record.organization[0]),
        )
        assert seen == _told(row["paper"], row)
        assert record.featured == date.fromisoformat(day)
        texts = [value for value in dataclasses.astuple(record) if isinstance(value, str)]
        assert not [text for text in [*texts, *record.authors] if re.search(r"\breader-\d+|/avatars/", text)]


@pytest.mark.shared
@pytest.mark.parametrize("day", DAYS)
def test_the_rows_own_day_is_that_of_the_recorded_edition(shared_data, tmp_path, day):
    (tmp_path / "answer.json").write_bytes(shared_data(f"feeds/hf-api/{day}.json").read_bytes())
    days = [item.row.featured for item in HfDaily(tmp_path / "answer.json").fetch()]
    assert set(days) == {date.fromisoformat(day)}
