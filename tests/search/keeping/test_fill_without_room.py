"""A disk that is full while papers are stored and the index is filled beside: told in a sentence, and gone on from."""

import shutil
from pathlib import Path

import pytest
from tests.cli.test_commands import counted, rows
from tests.conftest import broadsheet
from tests.disks import small_disk
from tests.search.keeping.test_fill import INGEST, run

FULL = """
        under_way()
        with open(FILLER, "wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError:
                pass
"""
PAPERS = 1100
"""More than there is room for from the start, in files that grow by steps."""

MODEL = "all-MiniLM-L6-v2"  # with vectors of its static student
PARTS = {"store": "broadsheet.sqlite3", "words": "index/words", "vectors": "index/vectors"}


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk") as folder:
        yield folder


def moved(home: Path, part: str, disk: Path) -> None:
    """Have a part of a home lie on another disk."""
    path = home / PARTS[part]
    for one in path.parent.glob(f"{path.name}*"):  # with what the database keeps beside it
        shutil.move(one, disk / one.name)
    path.symlink_to(disk / path.name)


# The store's disk is the one that other tests fill too: its turn here is in the long run.
@pytest.mark.parametrize("part", ["words", "vectors", pytest.param("store", marks=pytest.mark.soak)])
def test_an_ingest_without_room_ends_with_a_sentence_loses_nothing_and_goes_on(tmp_path, disk, part):
    home, file, few = tmp_path / "home", tmp_path / "rows.jsonl", tmp_path / "few.jsonl"
    file.write_text(rows(PAPERS))
    few.write_text(rows(5))
    assert broadsheet(home, "ingest", str(few)).returncode == 0
    moved(home, part, disk)
    filler = disk / "filler"

    taken = run(home, INGEST.replace("WAY", FULL.replace("FILLER", repr(str(filler)))), file, BROADSHEET_MODEL=MODEL)
    assert taken.returncode == 1, taken.stdout + taken.stderr
    assert "Traceback" not in taken.stdout + taken.stderr
    told = taken.stderr[taken.stderr.index("broadsheet: ") :]
    assert "is full" in told
    assert str(home / PARTS[part]) in told
    assert "Make room." in told

    answer = broadsheet(home, "search", '"paper 3"')
    assert (answer.returncode, "Paper 3 on subject 3" in answer.stdout) == (0, True), answer.stderr
    stored = counted(home)["papers"]
    assert stored == PAPERS or (part == "store" and stored >= 500)

    filler.unlink()
    taken = broadsheet(home, "ingest", str(file))
    assert taken.returncode == 0, taken.stderr
    status = counted(home)
    assert (status["papers"], status["searchable_by_words"], status["to_be_indexed"]) == (PAPERS, PAPERS, 0)
    assert broadsheet(home, "doctor", "index", "--json").returncode == 0, "with room the doctor has nothing to say"
