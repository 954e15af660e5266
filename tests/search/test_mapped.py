"""Files of the index and of models that are replaced in one step: what a power cut leaves of them."""

import os
from pathlib import Path

import numpy as np
import pytest

from broadsheet.errors import BroadsheetError
from broadsheet.search import bridge, layout, mapped, state
from broadsheet.search.layout import Layout
from broadsheet.search.state import State


def noted(_folder: Path) -> None:
    state.write(State(papers=3))


def laid_out(folder: Path) -> None:
    layout.write(folder, Layout("words", "vectors", "space", 384))


def named(folder: Path) -> None:
    mapped.replace(folder / "names.json", b"[]")


def kept_map(_folder: Path) -> None:
    part = np.eye(3, dtype=np.float32)
    bridge.keep(bridge.Bridge("one/1", "two/1", part, part[0], part[0]))


def brought(folder: Path) -> None:
    mapped.written(folder / "weights.part", b"weights")
    mapped.named(folder / "weights.part", folder / "weights")


WRITERS = {
    "state.json": noted,
    layout.FILE: laid_out,
    "names.json": named,
    f"two/{bridge.FILE}": kept_map,
    "weights": brought,
}


@pytest.mark.parametrize(("name", "write"), WRITERS.items())
def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_before_anybody_goes_on(
    tmp_path, settings, monkeypatch, name, write
):
    settings.INDEX_DIR = settings.MODELS_DIR = tmp_path
    done, sync, replace = [], os.fsync, Path.replace

    def synced(file):
        done.append(os.fstat(file).st_ino)
        sync(file)

    def replaced(path, other):
        done.append(other.name)
        return replace(path, other)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    write(tmp_path)
    file = tmp_path / name
    assert done[-3:] == [file.stat().st_ino, file.name, file.parent.stat().st_ino]


def test_what_cannot_be_written_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "names.json"
    mapped.replace(path, b"before")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BroadsheetError, match="full"):
        mapped.replace(path, b"after")
    assert [one.name for one in tmp_path.iterdir()] == ["names.json"]
    assert path.read_bytes() == b"before"
