"""Which file is read by which source, and what is said of the others."""

from pathlib import Path

import pytest

from broadsheet.errors import BadInput
from broadsheet.sources.hf_daily import HfDaily
from broadsheet.sources.jsonl import ENDINGS, JsonLines
from broadsheet.sources.open_source import source_for


@pytest.mark.parametrize("ending", ENDINGS)
def test_records_are_known_by_their_ending(tmp_path, ending):
    path = tmp_path / f"some.papers{ending}"
    path.touch()
    assert isinstance(source_for(path), JsonLines)
    assert source_for(path).name == "some"
    assert source_for(path, "press").name == "press"


def test_a_json_file_is_a_daily_papers_answer(tmp_path):
    path = tmp_path / "2025-10-01.json"
    path.touch()
    assert isinstance(source_for(path), HfDaily)
    assert source_for(path, "press").name == "press"


@pytest.mark.parametrize("name", ["papers.csv", "papers.gz", "jsonl", "papers.jsonl.7z", "papers.JSONL"])
def test_another_ending_is_refused_with_those_that_are_known(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(BadInput, match="has an ending that is not known") as caught:
        source_for(tmp_path / name)
    assert name in caught.value.message
    assert all(ending in caught.value.hint for ending in (*ENDINGS, ".json"))


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "papers.jsonl", tmp_path):
        with pytest.raises(BadInput, match="is not a file"):
            source_for(path)


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "papers.jsonl"
    path.touch()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BadInput, match=r"papers\.jsonl cannot be opened: Permission denied\."):
        source_for(path)
