"""The measures of key phrases and extracts, on made-up papers whose keywords are known."""

import json
from pathlib import Path

import pytest

from broadsheet.bench.facts import FIRST, half_of, measure_phrases, run_phrases
from broadsheet.errors import BadInput

PAPERS = 40


def written(path: Path, **more: object) -> Path:
    rows = [
        {
            "id": f"2601.{number:05}",
            "title": f"Score matching for kind {number} moths",
            "abstract": "We study score matching. Score matching helps moths.",
        }
        | more
        for number in range(PAPERS)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_each_half_is_told_apart_so_that_one_can_be_held_out(tmp_path):
    rows = measure_phrases(written(tmp_path / "papers.jsonl", keywords=["Score Matching"]))
    assert {(row.way, row.half) for row in rows} == {
        (way, half) for way in ("broadsheet", "TF-IDF") for half in ("tuning", "held out")
    }
    held = half_of("2601.00000")
    assert sum(row.papers for row in rows if row.way == "TF-IDF") == PAPERS
    assert next(row.precision for row in rows if row.half == held and row.way == "broadsheet") == 1 / FIRST


def test_a_paper_stays_in_its_half_whatever_else_the_file_holds():
    halves = [half_of(f"2601.{number:05}") for number in range(1000)]
    assert 400 < halves.count("held out") < 600
    assert halves[:3] == [half_of(f"2601.{number:05}") for number in range(3)]


def test_the_table_names_the_half(tmp_path, capsys):
    run_phrases(written(tmp_path / "papers.jsonl", keywords=["score matching"]))
    assert "half held out" in capsys.readouterr().out


def test_a_file_without_keywords_is_refused(tmp_path):
    with pytest.raises(BadInput, match="keywords"):
        measure_phrases(written(tmp_path / "papers.jsonl"))
