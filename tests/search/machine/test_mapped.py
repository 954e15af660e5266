"""Files of the index and of models that are replaced in one step: what a power cut leaves of them."""

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests import cast
from tests.search import tiny_model

from broadsheet.bench import known_item, scale_papers
from broadsheet.enrich import frequencies
from broadsheet.errors import BroadsheetError
from broadsheet.search import state
from broadsheet.search.encoders import added, bridge, embed, student
from broadsheet.search.keeping import lessons
from broadsheet.search.machine import layout, mapped
from broadsheet.search.machine.layout import Layout
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


def fitted(folder: Path) -> None:
    student.save(student.Table(np.zeros((1, 2), np.int8), np.ones(1, np.float16), ("[UNK]",), {}), folder / "own.npz")


def read_titles(folder: Path) -> None:
    reader = SimpleNamespace(mark="one/1", dim=2, embed=lambda texts: np.ones((len(texts), 2), np.float32))
    lessons.Lessons(reader, 9, folder / "titles.npz").words(["ship"], lambda *_: None, lambda: False)


def taken_in(folder: Path) -> None:
    added.add(folder, tiny_model.saved(folder / "published"), "mine")


def built(folder: Path) -> None:
    taken_in(folder)
    (folder / "mine" / embed.MARK).unlink()
    embed.load(folder, "mine")


def counted(_folder: Path) -> None:
    cast.paper()
    frequencies.bring_up(lambda: False, lambda *_: None)


def prepared(folder: Path) -> None:
    known_item.write(folder, 1, 5, {})


def corpus(folder: Path) -> None:
    maker = SimpleNamespace(lines=lambda _done: iter(["{}\n"]))
    scale_papers.write(folder / "papers.jsonl", maker, 1, report=lambda *_: None, stop=lambda: False)


WRITERS = {
    "state.json": noted,
    layout.FILE: laid_out,
    "names.json": named,
    f"two/{bridge.FILE}": kept_map,
    "weights": brought,
    "own.npz": fitted,
    "titles.npz": read_titles,
    "mine/added.json": taken_in,
    f"mine/{embed.MARK}": built,
    "phrases/notes.npy": counted,
    known_item.FILE: prepared,
    "papers.jsonl": corpus,
}


@pytest.mark.parametrize(("name", "write"), WRITERS.items())
def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_before_anybody_goes_on(
    db, tmp_path, settings, monkeypatch, name, write
):
    settings.HOME = settings.INDEX_DIR = settings.MODELS_DIR = tmp_path
    done, sync, replace = [], os.fsync, Path.replace

    def synced(file):
        done.append(os.fstat(file).st_ino)
        sync(file)

    def replaced(path, other):
        done.extend((path.stat().st_ino, other))
        return replace(path, other)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    write(tmp_path)
    assert tmp_path / name in done
    for place in (place for place, one in enumerate(done) if isinstance(one, Path)):
        before, itself, path, after = done[place - 2 : place + 2]
        assert (before, after) == (itself, path.parent.stat().st_ino), path


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
