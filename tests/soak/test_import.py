"""The bulk snapshot into store and word index: how fast, in how much memory and disk; every paper once.

``IMPORT_LINES=3000000 IMPORT_FOLDER=/somewhere make soak ARGS="-k import"`` is the long form. With the folder given, a
run that was stopped or killed goes on at the next call, the file is made once, and nothing is removed.
"""

import json
import os
from pathlib import Path

import pytest
from tests.conftest import broadsheet
from tests.soak import import_measured, snapshot_maker

PAPERS = "papers-2025-2026.jsonl.xz"
REAL = 130_789
LINES = int(os.environ.get("IMPORT_LINES", "300000"))


def made(path: Path, papers: Path, number: int) -> Path:
    """Return the file of so many lines, which is made where it is not there yet."""
    if not path.exists():
        new = path.with_suffix(".new")
        with new.open("w", encoding="ascii") as file:
            file.writelines(f"{line}\n" for line in snapshot_maker.lines(papers, number))
        new.replace(path)
    return path


def checked(folder: Path, papers: Path, number: int) -> dict:
    """Take so many lines in and hold what is there against them."""
    folder.mkdir(parents=True, exist_ok=True)
    told = import_measured.run(made(folder / f"snapshot-{number}.json", papers, number), folder)
    assert (told["code"], told["held"]) == (0, number)
    status = json.loads(broadsheet(folder / "home", "status", "--json", **import_measured.WORDS).stdout)
    assert (status["papers"], status["searchable_by_words"], status["to_be_indexed"]) == (number, number, 0)
    return told


@pytest.mark.soak
def test_import_of_the_real_papers(tmp_path, shared_data):
    checked(tmp_path, shared_data(PAPERS), REAL)


@pytest.mark.soak
def test_import_of_a_long_file_in_flat_memory(tmp_path, shared_data):
    folder = Path(os.environ.get("IMPORT_FOLDER", tmp_path))
    told = checked(folder, shared_data(PAPERS), LINES)
    if told["papers"] == LINES:  # else this run has only gone on with an earlier one
        assert told["parent"][2] < told["parent"][1] * 1.25 + 50, "memory does not grow with the lines"
        assert max(told["parent"]) < 600
        assert told["child"][2] < told["child"][1] * 1.25 + 100
        assert max(told["child"]) < 900
