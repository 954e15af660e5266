"""One process writes the index, any number read it: what they see, and when; and what no reader ever notices."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import environment

from broadsheet.errors import BadInput, Conflict, NotFound
from broadsheet.search import current
from broadsheet.search.index import Document, Filters
from broadsheet.search.machine.trouble import IndexStale
from broadsheet.search.postings import writer as posting_writer
from broadsheet.search.reader import WholeReader
from broadsheet.search.whole import WholeIndex

EVERYTHING = Filters()


def paper(pk: int, title: str, vector: np.ndarray | None = None) -> Document:
    return Document(pk, title, "", "", vector=vector)


def along(axis: int, dim: int = 384) -> np.ndarray:
    """A vector along one axis."""
    return np.eye(dim, dtype=np.float32)[axis]


def words(reader: WholeReader, text: str) -> set[int]:
    return {hit.id for hit in reader.words(text, limit=100, filters=EVERYTHING)}


def nearest(reader: WholeReader, vector: np.ndarray) -> list[int]:
    return [hit.id for hit in reader.meaning(vector, limit=1, filters=EVERYTHING)]


@pytest.fixture
def index(tmp_path) -> Iterator[WholeIndex]:
    """The index of its owner, with two papers."""
    index = WholeIndex.open(tmp_path / "index")
    index.add([paper(1, "alpha", along(1)), paper(2, "alpha beta", along(2))])
    index.flush()
    yield index
    index.close()


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "index"


# --- What a reader sees -------------------------------------------------------------------------------------------


def test_a_reader_finds_what_was_flushed_before_the_search_began(index, folder):
    reader = WholeIndex.read(folder)
    assert (reader.size(), words(reader, "alpha"), nearest(reader, along(2))) == (2, {1, 2}, [2])
    index.add([paper(3, "gamma", along(3))])
    assert words(reader.fresh(), "gamma") == set()
    index.flush()
    assert reader.fresh() is reader
    assert (reader.size(), words(reader, "gamma"), nearest(reader, along(3))) == (3, {3}, [3])
    index.remove([1])
    index.set_vectors({2: along(9)})
    index.flush()
    assert (words(reader.fresh(), "alpha"), nearest(reader, along(9))) == ({2}, [2])


def test_a_reader_tells_all_that_the_owner_tells(index, folder):
    reader = WholeIndex.read(folder)
    for one in (index, reader):
        assert (one.space, one.size(), one.ids(0, 9), one.vectors.size()) == ("all-MiniLM-L6-v2/1", 2, [1, 2], 2)
        assert one.tally(filters=EVERYTHING).total == 2
        assert one.newest(limit=5, filters=EVERYTHING) == []
    with pytest.raises(BadInput, match="384"):
        reader.meaning(np.zeros(3, dtype=np.float32), limit=5, filters=EVERYTHING)


def test_a_reader_goes_over_to_an_index_that_was_made_anew(index, folder):
    reader = WholeIndex.read(folder)
    index.close()
    anew = WholeIndex.anew(folder)
    anew.add([paper(7, "zebra", along(7))])
    anew.flush()
    assert (words(reader, "alpha"), nearest(reader, along(2))) == ({1, 2}, [2]), "a search is not cut short by it"
    other = reader.fresh()
    assert other is not reader
    assert (words(other, "alpha"), words(other, "zebra"), nearest(other, along(7)), other.size()) == (
        set(),
        {7},
        [7],
        1,
    )
    anew.close()


def test_readers_go_over_to_other_vectors_in_one_step(index, folder):
    reader = WholeIndex.read(folder)
    coming = index.begin_vectors("vectors-small", 16)
    coming.put({1: along(1, 16), 2: along(2, 16)}, index.lexicon.facts([1, 2]))
    asked, before = index.fresh(), reader.fresh()
    assert (before, asked.space) == (reader, "all-MiniLM-L6-v2/1")
    index.use_vectors("vectors-small", "small/1")
    for held in (asked, reader):  # by searches that began before
        assert (held.space, nearest(held, along(2))) == ("all-MiniLM-L6-v2/1", [2])
    for one in (index, index.fresh(), reader.fresh(), WholeIndex.read(folder)):
        assert (one.space, nearest(one, along(2, 16)), words(one, "alpha")) == ("small/1", [2], {1, 2})
        with pytest.raises(BadInput, match="16"):
            one.meaning(along(2), limit=5, filters=EVERYTHING)
    index.set_vectors({1: along(5, 16)})
    assert nearest(reader.fresh(), along(5, 16)) == [1]
    assert not (folder / "vectors").exists()


def test_other_vectors_that_were_begun_and_not_used_are_gone_at_the_next_start(index, folder):
    index.begin_vectors("vectors-other", 16)
    with pytest.raises(BadInput, match="begun"):
        index.use_vectors("vectors-third", "third/1")
    with pytest.raises(Conflict, match="in use"):
        index.begin_vectors("vectors", 16)
    with pytest.raises(BadInput, match="no name"):
        index.begin_vectors("../vectors", 16)
    index.close()
    assert (folder / "vectors-other").exists()
    WholeIndex.open(folder).close()
    assert not (folder / "vectors-other").exists()


@pytest.mark.parametrize("schema", ['{"schema": 0}', "{", "[]", '{"schema": 7, "words": "../words"}'])
def test_an_index_of_another_schema_is_not_opened_and_who_has_one_open_goes_on(index, folder, schema, caplog):
    reader = WholeIndex.read(folder)
    index.close()
    (folder / "schema.json").write_text(schema)
    with pytest.raises(IndexStale) as raised:
        WholeIndex.read(folder)
    assert "reindex" in raised.value.hint
    assert words(reader.fresh(), "alpha") == {1, 2}
    assert "go on" in caplog.text
    WholeIndex.anew(folder).close()
    assert reader.fresh().size() == 0


@pytest.mark.parametrize("lost", ["meta.json", "schema.json"])
def test_a_reader_goes_on_when_what_it_reads_is_deleted(index, folder, lost):
    reader = WholeIndex.read(folder)
    (folder / lost if lost == "schema.json" else folder / "words" / lost).unlink()
    assert words(reader.fresh(), "alpha") == {1, 2}


def test_a_reader_goes_on_when_a_commit_cannot_be_read(index, folder, caplog):
    reader = WholeIndex.read(folder)
    kept = (folder / "words" / "meta.json").read_text()
    (folder / "words" / "meta.json").write_text("{")
    assert words(reader.fresh(), "alpha") == {1, 2}
    assert "go on" in caplog.text
    (folder / "words" / "meta.json").write_text(kept)
    assert words(reader.fresh(), "beta") == {2}


def test_where_there_is_no_index_none_is_read_and_none_is_made(folder):
    with pytest.raises(NotFound, match="no search index"):
        WholeIndex.read(folder)
    assert not folder.exists()


def test_a_closed_reader_says_so(index, folder):
    reader = WholeIndex.read(folder)
    reader.close()
    reader.close()
    with pytest.raises(Exception, match="closed"):
        reader.size()
    assert index.size() == 2


# --- This process's own --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_a_process_searches_follows_the_index_without_owning_it(folder, settings):
    settings.INDEX_DIR = folder
    current.release()
    with pytest.raises(Conflict, match="not open yet"):
        current.searcher()
    owner = WholeIndex.open(folder)
    owner.add([paper(1, "alpha")])
    owner.flush()
    assert current.searcher().size() == 1
    assert current.searcher() is current.searcher()
    with pytest.raises(Conflict, match="in use"):
        current.own()
    owner.add([paper(2, "beta")])
    owner.close()
    assert current.searcher().size() == 2
    assert current.own().size() == 2
    current.release()
    (folder / "schema.json").write_text('{"schema": 6}')
    with pytest.raises(Conflict, match="schema 6"):
        current.searcher()


FORK = """
import os, sys
import django
django.setup()
from broadsheet.errors import Conflict
from broadsheet.search import current
from broadsheet.search.encoders import choice
choice.settled = lambda: choice.Space("made-up", "made-up/1", 384)  # without a database
from broadsheet.search.index import Document, Filters
def found():
    return [hit.id for hit in current.searcher().words("alpha", limit=9, filters=Filters())]
index = current.own()
index.add([Document(1, "alpha", "", "")])
index.flush()
told, tell = os.pipe()
if os.fork() == 0:
    print("child", found(), flush=True)
    try:
        current.own()
    except Conflict:
        print("child owns nothing", flush=True)
    os.write(tell, b".")
    os._exit(0)
os.read(told, 1)
os.wait()
index.add([Document(2, "alpha", "", "")])
index.flush()
print("parent", sorted(found()), flush=True)
try:
    current.WholeIndex.open(index.lexicon._folder.parent)
except Conflict:
    print("parent owns it still", flush=True)
current.release()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where processes fork")
def test_a_fork_reads_for_itself_and_leaves_the_index_to_its_parent(tmp_path):
    known = environment(tmp_path, BROADSHEET_MODEL="none", DJANGO_SETTINGS_MODULE="broadsheet.settings")
    done = subprocess.run([sys.executable, "-c", FORK], env=known, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "child [1]", "child owns nothing", "parent [1, 2]", "parent owns it still",
    ], done.stderr  # fmt: skip


# --- While it is written -------------------------------------------------------------------------------------------


def owner(script: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start a real process that owns the index in a folder, the first argument."""
    head = """
import sys
from pathlib import Path
import numpy as np
from broadsheet.search.whole import WholeIndex
from broadsheet.search.index import Document
index = WholeIndex.open(Path(sys.argv[1]))
"""
    return subprocess.Popen(
        [sys.executable, "-c", head + script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PATH": ""},
    )


def _held_open() -> tuple[int, int]:
    """How many files this process has open, and how many it has mapped."""
    mapped = sum("/words" in line or "/vectors" in line for line in Path("/proc/self/maps").read_text().splitlines())
    return len(list(Path("/proc/self/fd").iterdir())), mapped


COMMITS = """
for pk in range(40):
    index.add([Document(pk, f"alpha number{pk}", "", "", vector=np.eye(384)[pk])])
    index.flush()
    print(pk, flush=True)
    sys.stdin.readline()
"""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="counts by /proc")
def test_many_commits_leave_no_files_open_behind(folder):
    held, reader = [], None
    with owner(COMMITS, folder) as process:
        for pk in range(40):
            assert process.stdout.readline() == f"{pk}\n"
            reader = reader.fresh() if reader else WholeIndex.read(folder)
            assert (words(reader, f"number{pk}"), nearest(reader, along(pk))) == ({pk}, [pk])
            process.stdin.write("\n")
            process.stdin.flush()
            held.append(_held_open())
    files, mapped = zip(*held, strict=True)
    # Small segments of postings come one by one, and are made one again.
    # Before Python 3.13 each small segment of postings keeps a file open while it is mapped.
    assert max(files[10:]) - files[10] <= 4 + posting_writer.MANY
    assert max(mapped[10:]) - mapped[10] <= 100, "seven files of each commit would be more than two hundred"


def test_who_opens_an_index_while_it_is_made_anew_over_and_over_always_finds_one(folder):
    ended = threading.Event()
    WholeIndex.open(folder).close()

    def asks() -> int:
        reader, asked = WholeIndex.read(folder), 0
        while not ended.is_set():
            reader = reader.fresh() if asked % 2 else WholeIndex.read(folder)
            assert words(reader, "alpha") <= {1}
            assert nearest(reader, along(1)) in ([], [1])
            asked += 1
        return asked

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(asks) for _ in range(3)]
        try:
            for _ in range(12):
                index = WholeIndex.anew(folder)
                index.add([paper(1, "alpha", along(1))])
                index.close()
        finally:
            ended.set()
        assert all(reader.result(30) > 0 for reader in readers)


KILLED = """
for pk in range(10**6):
    index.add([Document(pk, f"alpha number{pk}", "", "", vector=np.eye(384)[pk % 384])])
    index.flush()
    print(pk, flush=True)
"""


def test_a_killed_owner_takes_nothing_from_its_readers(folder):
    with owner(KILLED, folder) as process:
        assert process.stdout.readline() == "0\n"
        reader = WholeIndex.read(folder)
        flushed = [int(process.stdout.readline()) for _ in range(10)][-1]
        assert words(reader.fresh(), f"number{flushed}") == {flushed}
        process.send_signal(signal.SIGKILL)
        flushed = max([flushed, *map(int, process.stdout.read().split())])
    assert words(reader.fresh(), f"number{flushed}") == {flushed}
    assert reader.size() >= flushed + 1
    index = WholeIndex.open(folder)
    index.add([paper(2_000_000, "afterwards")])
    index.close()
    assert words(reader.fresh(), "afterwards") == {2_000_000}


STORES = """
for pk in range(0, 320, 20):
    index.remove([pk - 1] if pk else [])
    part = range(pk, pk + 20)
    index.add([Document(one, f"alpha number{one}", "", "", vector=np.eye(384)[one % 384]) for one in part])
    index.flush()
    index.set_vectors({pk: np.eye(384)[383]})
"""


def test_under_load_no_read_fails_and_no_paper_is_lost(folder):
    """With the commands and the site's own processes, for longer: tests/soak/test_index_under_load."""
    WholeIndex.open(folder).close()
    ended = threading.Event()

    def asks(seed: int) -> int:
        reader, asked, size = WholeIndex.read(folder), 0, 0
        while not ended.is_set():
            reader, before = reader.fresh(), size
            pk = (seed + 7 * asked) % 320
            size = reader.size()
            assert size >= before
            assert words(reader, f"number{pk}") <= {pk}
            assert len(reader.meaning(along(pk % 384), limit=5, filters=Filters(ids=(pk, pk + 1)))) <= 2
            assert set(reader.vectors.get([pk, 1000])) <= {pk}
            asked += 1
            ended.wait(0.002)
        return asked

    with ThreadPoolExecutor(3) as pool:
        reads = [pool.submit(asks, seed) for seed in range(3)]
        try:
            with owner(STORES, folder) as process:
                process.communicate(timeout=120)
        finally:
            ended.set()
        assert all(one.result(30) > 0 for one in reads)
    assert process.returncode == 0
    taken_out = set(range(19, 300, 20))
    reader = WholeIndex.read(folder)
    assert {pk for pk in range(320) if words(reader, f"number{pk}") == {pk}} == set(range(320)) - taken_out
    assert set(reader.vectors.ids().tolist()) == set(range(320)) - taken_out
