"""Vectors in cells: what is found by them, what changes take out of them, who makes them, and what damage does."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from broadsheet.search.index import Facts, Filters
from broadsheet.search.machine.trouble import NoRoom
from broadsheet.search.meaning import cells as module
from broadsheet.search.meaning import grouping, narrowed
from broadsheet.search.meaning import vectors as asking
from broadsheet.search.meaning.codes import Coding, unit
from broadsheet.search.meaning.columns import Field
from broadsheet.search.meaning.vectors import Vectors

COUNT, DIM, TOP = 6000, 32, 10
EVERYTHING = Filters()


def made(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    middles = np.random.default_rng(0).standard_normal((60, DIM))
    return unit((middles[random.integers(60, size=count)] + random.standard_normal((count, DIM))).astype(np.float32))


NUMBERS, ASKED = made(COUNT, 1), made(12, 2)


def facts(pks) -> dict[int, Facts]:
    """Every fourth paper is of mathematics, the others are of computing."""
    return {pk: Facts(("math",) if pk % 4 == 0 else ("cs",), pk) for pk in pks}


def put(vectors: Vectors, numbers: dict[int, np.ndarray]) -> None:
    vectors.put(numbers, facts(numbers))


@pytest.fixture(autouse=True)
def small(monkeypatch) -> None:
    """Cells from some thousand papers on, of which a search looks at a quarter; nobody makes them by itself."""
    monkeypatch.setattr(grouping, "FROM", 4096)
    monkeypatch.setattr(grouping.Grouping, "begin", lambda _: None)
    monkeypatch.setattr(module, "MOST", 0.25)
    monkeypatch.setattr(module, "LEAST", 500)
    monkeypatch.setattr(narrowed, "FEW", 100)


def coded(vectors: Vectors) -> Vectors:
    vectors.coding = Coding(512, 800)
    return vectors


@pytest.fixture
def twin() -> dict[int, np.ndarray]:
    """What stands in the index."""
    return dict(enumerate(NUMBERS, 1))


@pytest.fixture
def writer(tmp_path, twin) -> Iterator[Vectors]:
    vectors = coded(Vectors.anew(tmp_path / "vectors", DIM, 512))
    put(vectors, twin)
    vectors.settle()
    yield vectors
    vectors.close()


@pytest.fixture
def folder(tmp_path, writer) -> Path:
    """The folder of an index with cells, closed in order."""
    writer.close()
    return tmp_path / "vectors"


def files(vectors: Vectors) -> set[str]:
    return {name for name in vectors.pieces() if name.startswith("cells")}


def celled(vectors: Vectors) -> int:
    """How many rows searches look for in cells."""
    cells = vectors._view()[0].cells
    return 0 if cells is None else int(np.bitwise_count(cells.celled).sum())


def share_found(vectors: Vectors, twin: dict[int, np.ndarray], filters: Filters = EVERYTHING) -> float:
    """Share of the exact nearest that a search finds; each comes once, passes, and has its own cosine."""
    pks = np.array([pk for pk in twin if not filters.categories or facts([pk])[pk].categories == filters.categories])
    exact, shares = np.array([twin[pk] for pk in pks]), []
    for query in ASKED:
        hits = vectors.nearest(query, limit=TOP, filters=filters)
        found = [hit.id for hit in hits]
        assert len(found) == len(set(found)) == TOP
        assert set(found) <= set(pks.tolist())
        assert all(abs(hit.score - float(twin[hit.id] @ query)) < 0.02 for hit in hits)
        shares.append(len({*pks[np.argsort(-(exact @ query))[:TOP]].tolist()}.intersection(found)) / TOP)
    return float(np.mean(shares))


def test_a_quarter_of_the_rows_holds_nearly_all_that_is_nearest(writer, twin):
    assert celled(writer) == COUNT
    assert share_found(writer, twin) > 0.95
    assert share_found(writer, twin, Filters(categories=("cs",))) > 0.9, "of three quarters of the papers"
    assert share_found(writer, twin, Filters(categories=("math",))) > 0.95, "of a quarter"


def in_cells(folder: Path, twin: dict[int, np.ndarray]) -> Vectors:
    vectors = coded(Vectors.anew(folder / "vectors", DIM, 512))
    put(vectors, twin)
    vectors.settle()
    assert celled(vectors) == COUNT
    return vectors


@pytest.mark.parametrize("near", [0, 100])
def test_a_search_ends_where_no_more_of_the_nearest_come_and_not_before(tmp_path, monkeypatch, near):
    monkeypatch.setattr(module, "MOST", 1.0)
    every = np.random.default_rng(12).standard_normal((COUNT, DIM))  # what is nearest lies in cells all over,
    every[:near] = 4 * ASKED[0] + 0.8 * every[:near]  # or that of one query in a few
    twin = dict(enumerate(unit(every), 1))
    vectors = in_cells(tmp_path, twin)
    assert share_found(vectors, twin) > 0.95
    vectors.close()


def test_a_search_goes_on_where_the_filters_leave_out_all_that_is_nearest(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST", 0.2)
    every = made(COUNT, 13)
    every[3::4] = unit(every[3::4] + 3 * ASKED[0])  # those of mathematics
    twin = dict(enumerate(every, 1))
    vectors = in_cells(tmp_path, twin)
    assert share_found(vectors, twin, Filters(categories=("cs",))) > 0.95
    vectors.close()


def test_cells_without_a_paper_that_fulfils_the_filters_are_passed_over(tmp_path):
    random = np.random.default_rng(14)
    kind = random.integers(8, size=COUNT)
    every = unit(4 * random.standard_normal((8, DIM))[kind] + random.standard_normal((COUNT, DIM)))
    vectors = coded(Vectors.anew(tmp_path / "vectors", DIM, 512))
    vectors.coding = Coding(512, 400)
    under = {pk: Facts(("math",) if kind[pk - 1] == 0 else ("cs",)) for pk in range(1, COUNT + 1)}
    vectors.put(dict(enumerate(every, 1)), under)
    vectors.settle()
    pks = 1 + np.flatnonzero(kind == 0)
    assert 400 < len(pks) < COUNT / 5
    for query in ASKED:
        found = [hit.id for hit in vectors.nearest(query, limit=TOP, filters=Filters(categories=("math",)))]
        exact = pks[np.argsort(-(every[pks - 1] @ query))[:TOP]]
        assert len(set(exact.tolist()).intersection(found)) >= TOP - 2
    vectors.close()


@pytest.mark.parametrize("role", ["writer", "reader"])
@pytest.mark.parametrize("filters", [Filters(categories=("cs",)), Filters(categories=("stat",))], ids=["many", "few"])
def test_papers_that_are_filed_anew_are_found_as_they_are_filed_now(tmp_path, writer, role, filters):
    asked = writer if role == "writer" else coded(Vectors.read(tmp_path / "vectors"))
    query, (kind,) = NUMBERS[3], filters.categories
    before = Facts(("math",))
    writer.put({4: query, 8: NUMBERS[7]}, {4: before, 8: Facts(("stat",))})
    assert asked.nearest(query, limit=TOP, filters=filters)[0].id != 4
    writer.put({4: query}, {4: Facts((kind,))})
    assert asked.nearest(query, limit=TOP, filters=filters)[0].id == 4
    writer.put({4: query}, {4: before})
    assert asked.nearest(query, limit=TOP, filters=filters)[0].id != 4


def test_what_is_asked_while_papers_are_being_filed_anew_is_not_kept(tmp_path, writer, monkeypatch):
    reader = coded(Vectors.read(tmp_path / "vectors"))
    math, query, sums = Filters(categories=("math",)), NUMBERS[4], asking.sums

    def meanwhile(*given):
        reader.nearest(query, limit=TOP, filters=math)
        return sums(*given)

    monkeypatch.setattr(asking, "sums", meanwhile)
    assert reader.nearest(query, limit=TOP, filters=math)[0].id != 5
    writer.put({5: query}, {5: Facts(("math",))})
    assert reader.nearest(query, limit=TOP, filters=math)[0].id == 5


def test_what_a_version_that_counts_no_changes_files_anew_is_found_as_it_is_filed_now(tmp_path, writer, monkeypatch):
    math, query = Filters(categories=("math",)), NUMBERS[4]
    reader = coded(Vectors.read(tmp_path / "vectors"))
    writer.put({8: NUMBERS[7]}, facts([8]))
    with monkeypatch.context() as older:
        older.setattr(asking, "changing", nullcontext)
        other = coded(Vectors.open(tmp_path / "vectors"))
        assert reader.nearest(query, limit=TOP, filters=math)[0].id != 5
        other.put({5: query}, {5: Facts(("math",))})
        assert reader.nearest(query, limit=TOP, filters=math)[0].id == 5
        other.close()


def test_papers_of_some_days_lie_together_and_are_found(writer, monkeypatch):
    monkeypatch.setattr(narrowed, "TOGETHER", 5)
    first = COUNT - 1000
    since = Filters(since=date.fromordinal(first))
    for query in ASKED:
        found = [hit.id for hit in writer.nearest(query, limit=TOP, filters=since)]
        exact = np.argsort(-(NUMBERS[first - 1 :] @ query))[:TOP] + first
        assert len(set(exact.tolist()).intersection(found)) >= TOP - 2


def test_more_filters_than_are_kept_are_answered_as_well(writer, twin, monkeypatch):
    monkeypatch.setattr(narrowed, "MOST", 1)
    for _ in range(2):
        assert share_found(writer, twin, Filters(categories=("cs",))) > 0.9
        assert share_found(writer, twin, Filters(categories=("math",))) > 0.9


@pytest.mark.parametrize("role", ["writer", "reader"])
def test_what_changed_since_is_found_beside_the_cells(tmp_path, writer, twin, role):
    asked = writer if role == "writer" else coded(Vectors.read(tmp_path / "vectors"))
    assert share_found(asked, twin) > 0.95
    moved = dict(zip(range(1, 301), made(300, 3), strict=True))
    put(writer, moved)
    writer.remove(range(500, 700))
    come = dict(zip(range(COUNT + 1, COUNT + 151), made(150, 4), strict=True))
    put(writer, come)
    twin |= moved | come
    for pk in range(500, 700):
        del twin[pk]
    assert celled(asked) == COUNT - 300 - 200
    assert share_found(asked, twin) > 0.95
    for pk, number in {**come, **moved}.items():
        hits = asked.nearest(number, limit=TOP, filters=EVERYTHING)
        assert hits[0].id == pk
        assert len({hit.id for hit in hits}) == TOP
    again = dict(zip(range(500, 600), made(100, 5), strict=True))
    put(writer, again)
    twin |= again
    assert share_found(asked, twin) > 0.95


def test_what_is_put_again_as_it_was_stays_in_its_cell(writer):
    put(writer, dict(enumerate(NUMBERS[:900], 1)))
    assert celled(writer) == COUNT
    put(writer, dict(enumerate(NUMBERS[1:5], 1)))
    assert celled(writer) == COUNT - 4


def test_cells_are_made_anew_where_too_much_changed_and_readers_follow(tmp_path, writer, twin):
    reader = coded(Vectors.read(tmp_path / "vectors"))
    before = files(writer)
    come = dict(zip(range(COUNT + 1, COUNT + 501), made(500, 6), strict=True))
    put(writer, come)
    writer.settle()
    assert files(writer) == before, "a thirteenth is too little"
    come = dict(zip(range(COUNT + 501, COUNT + 1001), made(500, 7), strict=True))
    put(writer, come)
    twin |= dict(zip(range(COUNT + 1, COUNT + 501), made(500, 6), strict=True)) | come
    writer.settle()
    assert len(files(writer)) == 1
    assert files(writer) != before
    assert celled(reader) == COUNT + 1000
    assert share_found(reader, twin) > 0.95


def test_what_changes_while_cells_are_made_is_in_none(tmp_path, twin):
    writer = coded(Vectors.anew(tmp_path / "vectors", DIM, 512))
    put(writer, twin)
    moved = dict(zip(range(1, 201), made(200, 8), strict=True))

    def report(done: int, total: int) -> None:
        if done == total:
            put(writer, moved)
            writer.remove([1000])
            put(writer, {COUNT + 1: made(1, 9)[0]})

    writer.settle(report=report)
    twin |= moved | {COUNT + 1: made(1, 9)[0]}
    del twin[1000]
    assert celled(writer) == COUNT - 201
    assert share_found(writer, twin) > 0.95
    writer.close()


def test_what_changes_and_changes_back_while_cells_are_made_is_in_none(tmp_path, twin):
    writer = coded(Vectors.anew(tmp_path / "vectors", DIM, 512))
    put(writer, twin)

    def report(done: int, total: int) -> None:
        if 2 * done == total:
            put(writer, {1: -NUMBERS[0]})
        if done == total:
            put(writer, {1: NUMBERS[0]})

    writer.settle(report=report)
    assert celled(writer) == COUNT - 1, "its cell holds what it was meanwhile"
    assert writer.nearest(NUMBERS[0], limit=TOP, filters=EVERYTHING)[0].id == 1
    writer.close()


def test_papers_that_are_like_nothing_do_not_have_cells_made_again_and_again(tmp_path, twin):
    writer = coded(Vectors.anew(tmp_path / "vectors", DIM, 512))
    put(writer, twin | dict.fromkeys(range(COUNT + 1, 2 * COUNT), np.zeros(DIM, np.float32)))
    writer.settle()
    before = files(writer)
    assert celled(writer) == COUNT
    writer.settle()
    assert files(writer) == before
    writer.close()


def test_a_damaged_row_spoils_no_cells(tmp_path, twin):
    writer = coded(Vectors.anew(tmp_path / "vectors", DIM, 512))
    put(writer, twin)
    writer._view()[0].arrays["scales"][[5, 6]] = np.inf, np.nan
    writer.settle()
    assert celled(writer) == COUNT - 2
    writer.close()


def test_no_search_puts_an_older_view_in_place_of_a_newer_one(writer, monkeypatch):
    columns, mapped = writer._open(), type(writer._open())._read_names
    before, late = columns.head[Field.NAMES], threading.Event()

    def slow(self, count: int) -> dict[str, int]:
        names = mapped(self, count)
        if threading.current_thread() is search:
            late.set()
            adding.join(0.3)
        return names

    search = threading.Thread(target=columns.map)
    adding = threading.Thread(target=lambda: late.wait(10) and columns.add_names(["stat"]))
    monkeypatch.setattr(type(columns), "_read_names", slow)
    for thread in (adding, search):
        thread.start()
    for thread in (search, adding):
        thread.join()
    assert columns.head[Field.NAMES] == len(columns.view.names) == before + 1


def test_making_ends_when_it_is_told_to_and_leaves_nothing(tmp_path, twin):
    writer = coded(Vectors.anew(tmp_path / "vectors", DIM, 512))
    put(writer, twin)
    asked: list[bool] = []
    writer.settle(stop=lambda: len(asked) > 8 or asked.append(True) is not None)
    assert not files(writer)
    assert share_found(writer, twin) > 0.9
    writer.close()


def test_who_writes_has_cells_made_beside_and_a_close_ends_that(tmp_path, monkeypatch, twin):
    monkeypatch.undo()
    monkeypatch.setattr(grouping, "FROM", 4096)
    writer = Vectors.anew(tmp_path / "vectors", DIM, 512)
    put(writer, twin)
    writer.flush()
    writer.settle()  # waits for what flush has begun
    assert celled(writer) == COUNT
    writer.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "cells"]
    (tmp_path / "vectors" / next(iter(files(Vectors.read(tmp_path / "vectors"))))).unlink()
    writer = Vectors.open(tmp_path / "vectors")
    writer.settle()
    assert celled(writer) == COUNT, "an index without cells gets them when it is opened"
    writer.close()


def test_a_full_disk_is_told_and_searches_go_on_without_cells(tmp_path, monkeypatch, twin):
    def full(path: Path, *_: int) -> None:
        raise NoRoom(f"The disk is full ({path}).")

    writer = coded(Vectors.anew(tmp_path / "vectors", DIM, 512))
    put(writer, twin)
    monkeypatch.setattr(module, "allocate", full)
    with pytest.raises(NoRoom):
        writer.settle()
    assert not files(writer)
    assert share_found(writer, twin) > 0.9
    writer.close()


def test_after_a_kill_cells_are_made_anew(tmp_path, writer, twin):
    killed = tmp_path / "killed"
    shutil.copytree(tmp_path / "vectors", killed)
    again = coded(Vectors.open(killed))
    assert not files(again)
    assert share_found(again, twin) > 0.9
    again.settle()
    assert celled(again) == COUNT
    again.close()
    assert celled(Vectors.open(killed)) == COUNT, "what was closed in order is gone on from"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def foreign(path: Path) -> None:
    path.write_bytes(b"cells of something else".ljust(path.stat().st_size, b"\0"))


def of_before(path: Path) -> None:
    """Make it a file of the version before, whose arrays are as many and mean something else."""
    path.write_bytes(path.read_bytes().replace(b"broadsheet cells 3", b"broadsheet cells 2", 1))


def flipped(place: int) -> Callable[[Path], None]:
    def flip(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[place] ^= 0x10
        path.write_bytes(data)

    return flip


@pytest.mark.parametrize("damage", [Path.unlink, cut, foreign, of_before, flipped(3), flipped(70)])
def test_without_a_file_of_cells_all_codes_are_compared_until_the_writer_makes_it_anew(folder, twin, damage):
    damage(next(folder.glob("cells-*")))
    reader = coded(Vectors.read(folder))
    assert celled(reader) == 0
    assert share_found(reader, twin) > 0.9
    again = coded(Vectors.open(folder))
    assert celled(reader) == 0
    again.settle()
    assert celled(again) == celled(reader) == COUNT
    assert share_found(reader, twin) > 0.95
    again.close()


@pytest.mark.parametrize("place", [5000, 100_000, -3000])
def test_flipped_bits_in_cells_are_seen_by_the_writer(folder, place):
    flipped(place)(next(folder.glob("cells-*")))
    assert not Vectors.read(folder)._view()[0].cells.is_whole()
    again = Vectors.open(folder)
    assert celled(again) == 0
    again.close()


def test_a_row_that_is_said_to_be_in_a_cell_and_is_in_none_is_seen(folder):
    writer = Vectors.open(folder)
    writer.remove([7])
    put(writer, {7: ASKED[0], COUNT + 1: ASKED[1]})
    writer.settle()
    cells = writer._view()[0].cells
    assert cells.is_whole()
    cells.celled[COUNT // 64] |= np.uint64(1) << np.uint64(COUNT % 64)
    assert not cells.is_whole()
    writer.close()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_stands_in_cells_no_search_reads_beyond_or_tells_a_paper_twice(folder, seed):
    path = next(folder.glob("cells-*"))
    begins = Vectors.read(folder)._view()[0].cells.begins
    data, random = bytearray(path.read_bytes()), np.random.default_rng(seed)
    at = bytes(data).index(begins.tobytes())
    kinds = [random.bytes, lambda size: b"\xff" * size, bytes]
    for begin, end in ((4096, at), (at + begins.nbytes, len(data))):
        if seed < 3:
            data[begin:end] = kinds[seed](end - begin)
        else:
            for place in random.integers(begin, end - 8, size=2000):
                data[place : place + 4] = random.bytes(4)
    path.write_bytes(data)
    reader = coded(Vectors.read(folder))
    for query in ASKED:
        for filters in (EVERYTHING, Filters(categories=("cs",))):
            found = [hit.id for hit in reader.nearest(query, limit=100, filters=filters)]
            assert len(found) == len(set(found)) <= 100
            assert set(found) <= set(range(1, COUNT + 1))


def test_a_new_frame_leaves_no_cells_behind(writer):
    columns = writer._open()
    columns.keep_frame(columns.view.frame)
    columns.use_frame(columns.view.frame or writer._view()[0].frame)
    assert columns.head[Field.CELLS] % 2 == 0
    assert not files(writer)


def test_what_is_in_no_cell_fills_a_list_by_itself_and_holds_what_is_nearest(writer):
    come = dict(zip(range(COUNT + 1, COUNT + 2001), made(2000, 15), strict=True))
    writer.put(come, {pk: Facts(("stat",)) for pk in come})
    numbers = np.array(list(come.values()))
    shares = []
    for query in ASKED:
        found = [hit.id for hit in writer.nearest(query, limit=200, filters=Filters(categories=("stat",)))]
        assert len(set(found)) == 200
        best = set((np.argsort(-(numbers @ query))[:100] + COUNT + 1).tolist())
        shares.append(len(best & set(found)) / 100)
    assert np.mean(shares) > 0.95


@pytest.mark.parametrize("limit", [TOP, 100])
def test_of_rows_that_a_damaged_file_names_twice_none_is_told_twice_and_a_list_is_full(folder, limit):
    path = next(folder.glob("cells-*"))
    rows = np.array(Vectors.read(folder)._view()[0].cells.rows)
    there, twice, data = np.flatnonzero(rows >= 0), rows.copy(), path.read_bytes()
    twice[there[1::2]] = rows[there[::2]]
    path.write_bytes(data.replace(rows.tobytes(), twice.tobytes()))
    reader = coded(Vectors.read(folder))
    for query in ASKED:
        found = [hit.id for hit in reader.nearest(query, limit=limit, filters=EVERYTHING)]
        assert len(set(found)) == len(found)
        assert len(found) == limit
