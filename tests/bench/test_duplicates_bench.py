"""The measurement of duplicates: the ids are the truth, and are hidden from what is measured."""

import json

import pytest
from click.testing import CliRunner

from broadsheet.bench import duplicates
from broadsheet.cli import main
from broadsheet.errors import BadInput

ABSTRACT = (
    "We measure how short papers of field {} grow over the years, in twelve journals and a hundred thousand of them. "
)


def rows(*changes: dict[str, object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in changes)


@pytest.fixture
def files(tmp_path):
    """Two files that share twelve papers, and an erratum and another paper of the same title."""
    papers = [
        {
            "id": f"2601.{number:05}",
            "title": f"Growth of Papers in Field {'abcdefghijkl'[number]}{number}",
            "abstract": ABSTRACT.format(number) + "Growth is slow in all of them. A model explains most of it.",
            "authors": [f"Ada Example{number}", "Bo Sample"],
        }
        for number in range(12)
    ]
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    first.write_text(rows(*papers))
    others = {
        "id": "2602.00001",
        "title": papers[0]["title"],
        "abstract": "Of other things. " * 9,
        "authors": ["Cy Di"],
    }
    second.write_text(rows(*papers, others))
    return first, second


def test_pairs_are_told_apart_and_counted(files):
    measured, mistakes = duplicates.measure(*files)

    plain = next(
        row for row in measured if (row.pairs, row.change, row.threshold) == ("same title", "as they are", 0.9)
    )
    assert (plain.same, plain.other, plain.right, plain.wrong, plain.missed) == (12, 1, 12, 0, 0)
    assert (plain.precision, plain.recall) == (1.0, 1.0)
    assert mistakes == []
    assert {row.change for row in measured} == set(duplicates.changes())
    assert measured == duplicates.measure(*files)[0]


def test_the_command_prints_a_table_and_json(files):
    paths = [str(path) for path in files]

    table = CliRunner().invoke(main, ["bench", "duplicates", *paths], catch_exceptions=False).output
    told = json.loads(
        CliRunner().invoke(main, ["bench", "duplicates", *paths, "--json"], catch_exceptions=False).output
    )

    assert "same title  as they are" in table
    assert "0 pairs told wrongly" in table
    assert told["rows"][0]["pairs"] == "same title"


def test_files_that_share_nothing_are_refused(tmp_path):
    for name, key in (("a", "2601.00001"), ("b", "2601.00002")):
        (tmp_path / name).with_suffix(".jsonl").write_text(rows({"id": key, "title": f"Title {name}"}))

    with pytest.raises(BadInput, match="no id in common"):
        duplicates.measure(tmp_path / "a.jsonl", tmp_path / "b.jsonl")
