"""What damage of the files of vectors does: cut, flipped, missing, without room, and half written at a power cut."""

import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from broadsheet.errors import BroadsheetError
from broadsheet.search.index import Facts, Filters
from broadsheet.search.machine.trouble import Closed, NoRoom
from broadsheet.search.meaning import columns
from broadsheet.search.meaning.codes import unit
from broadsheet.search.meaning.vectors import FIT_FROM, Vectors

COUNT = FIT_FROM + 100
NUMBERS = unit(np.random.default_rng(1).standard_normal((COUNT, 32)).astype(np.float32))


@pytest.fixture
def folder(tmp_path) -> Path:
    """Some thousand papers with codes."""
    vectors = Vectors.anew(tmp_path / "vectors", 32, 320)
    vectors.put(dict(enumerate(NUMBERS, 1)), {pk: Facts(("cs",), pk) for pk in range(1, COUNT + 1)})
    vectors.close()
    return tmp_path / "vectors"


def finds(vectors: Vectors) -> Iterator[bool]:
    """Tell of some papers whether their vectors find them."""
    for pk in range(1, COUNT, 500):
        yield vectors.nearest(NUMBERS[pk - 1], limit=1, filters=Filters())[0].id == pk


def change(path: Path, place: int, value: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(value)


@pytest.mark.parametrize("name", ["head", "ids", "days", "rows", "scales", "sums", "filed-0", "names.json"])
@pytest.mark.parametrize("how", ["missing", "cut", "empty"])
def test_a_file_that_is_missing_or_cut_is_named_with_the_way_out(folder, name, how):
    if how == "missing":
        (folder / name).unlink()
    else:
        (folder / name).write_bytes((folder / name).read_bytes()[:-1] if how == "cut" else b"")
    for opens in (Vectors.open, Vectors.read):
        with pytest.raises(BroadsheetError, match="reindex") as told:
            opens(folder)
        assert name in told.value.message or name == "head"


@pytest.mark.parametrize("place", [0, 32, 40])
def test_a_foreign_or_flipped_head_is_refused(folder, place):
    change(folder / "head", place, b"\xff")
    with pytest.raises(BroadsheetError, match="head"):
        Vectors.read(folder)


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(BroadsheetError, match="nowhere"):
        Vectors.read(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["codes", "codes-more", "leans", "frame"])
@pytest.mark.parametrize("how", ["missing", "cut"])
def test_without_codes_a_reader_compares_all_and_the_writer_makes_them_anew(folder, name, how):
    if how == "missing":
        (folder / name).unlink()
    else:
        (folder / name).write_bytes((folder / name).read_bytes()[:-1])
    reader = Vectors.read(folder)
    assert all(finds(reader))
    writer = Vectors.open(folder)
    assert all(finds(writer))
    assert all(finds(reader))
    assert reader.check() == writer.check() == []
    assert {"codes", "codes-more", "frame"} <= writer.pieces().keys()
    writer.close()


@pytest.mark.parametrize(
    ("name", "place"),
    [("ids", 8 * 6), ("days", 4 * 6), ("rows", 32 * 6 + 5), ("scales", 4 * 6 + 1), ("sums", 4 * 6), ("filed-0", 8 * 6)],
)
def test_flipped_bits_are_found_and_taken_out(folder, name, place):
    change(folder / name, place, b"\x5a")
    assert Vectors.read(folder).check() == [0x5A if name == "ids" else 7]
    writer = Vectors.open(folder)
    assert len(writer.mend()) == (name != "ids"), "of two rows with one key the false one is gone by then"
    assert writer.check() == []
    assert writer.size() == COUNT - 1
    assert 7 not in writer.ids()
    assert np.abs(writer.get([0x5A])[0x5A] - NUMBERS[0x59]).max() < 0.01
    writer.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, b"\x5a\xa5\x5a\xa5\x00\xff\x00\xff") for name in ("codes", "codes-more")] + [("leans", b"\xff" * 4)],
)
def test_a_damaged_code_is_found_and_one_put_again_is_right(folder, name, value):
    change(folder / name, len(value) * 6, value)  # of codes too: the first words of 64 rows lie together
    writer = Vectors.open(folder)
    assert writer.check() == [7]
    writer.put({7: NUMBERS[6]}, {7: Facts(("cs",), 7)})
    assert writer.check() == []
    writer.close()


def test_codes_of_vectors_that_are_nearly_all_the_same_are_not_called_damaged(tmp_path):
    vectors = Vectors.anew(tmp_path / "vectors", 32, 64)
    same = np.repeat(NUMBERS[:1], COUNT, axis=0)
    same[::50] = NUMBERS[::50]
    vectors.put(dict(enumerate(same)), dict.fromkeys(range(COUNT), Facts()))
    vectors.put(dict(enumerate(same[1:4], 1)), dict.fromkeys(range(1, 4), Facts()))
    assert vectors.check() == []
    vectors.close()


def test_what_a_power_cut_left_half_written_is_taken_out_and_may_come_again(folder):
    writer = Vectors.open(folder)
    more = {pk: NUMBERS[pk % 50] for pk in range(10_001, 10_011)}
    writer.put(more, dict.fromkeys(more, Facts()))
    rows = folder / "rows"
    change(rows, 32 * (COUNT + 3), bytes(32 * 4))  # a page that never reached the disk
    change(folder / "ids", 8 * (COUNT + 8), (10_001).to_bytes(8, "little"))
    again = Vectors.open(folder)
    assert again.lost == [10_004, 10_005, 10_006, 10_007]
    assert again.size() == COUNT + 5, "the last of these has the key of another by now"
    assert again.check() == []
    again.put(more, dict.fromkeys(more, Facts()))
    assert again.size() == COUNT + 10
    assert rows.stat().st_size == 32 * 8192


def test_a_full_disk_is_told_and_all_stays_as_it_was(folder):
    writer, reader = Vectors.open(folder), Vectors.read(folder)
    sizes = writer.pieces()
    more = {pk: NUMBERS[pk % 50] for pk in range(10_001, 20_001)}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (sizes["rows"], hard))
    try:
        with pytest.raises(NoRoom, match="longer") as told:
            writer.put(more, dict.fromkeys(more, Facts()))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "rows" in told.value.message
    assert all(finds(writer))
    assert all(finds(reader))
    writer.put(more, dict.fromkeys(more, Facts()))
    assert writer.size() == reader.size() == COUNT + 10_000
    assert reader.check() == []
    writer.close()


def test_where_nothing_may_be_written_it_is_told_as_no_damage_and_reading_goes_on(folder, monkeypatch):
    def opened(path: Path, mode: str = "r", *more: object, **named: object) -> object:
        if set(mode) & set("wax+"):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return plain(path, mode, *more, **named)

    plain = Path.open
    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(Closed):
        Vectors.open(folder)
    assert all(finds(Vectors.read(folder)))


def test_without_room_for_codes_an_index_opens_all_the_same_and_makes_them_later(folder, monkeypatch):
    def full(path: Path, data: bytes) -> None:
        raise NoRoom(f"The disk is full ({path}, {len(data)} bytes).")

    (folder / "frame").unlink()
    with monkeypatch.context() as patched:
        patched.setattr(columns, "replace", full)
        writer = Vectors.open(folder)
        assert all(finds(writer))
        writer.close()
    writer = Vectors.open(folder)
    assert all(finds(writer))
    assert "frame" in writer.pieces()
    writer.close()
