"""What the doctor of the index finds and mends, and what changed bits and full or closed disks do: nothing is lost."""

import contextlib
import os
import random
import resource
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.records import record

from broadsheet.errors import BroadsheetError
from broadsheet.papers.actions import store
from broadsheet.papers.models import Counter, Paper
from broadsheet.search import current, state
from broadsheet.search.encoders import choice, embed, student
from broadsheet.search.index import Facts, Filters
from broadsheet.search.keeping import doctor, mending, upkeep
from broadsheet.search.keeping.documents import document_of, text_of
from broadsheet.search.keeping.ills import Ills
from broadsheet.search.keeping.mending import mend
from broadsheet.search.machine import locks
from broadsheet.search.machine.trouble import IndexStale
from broadsheet.search.meaning import grouping, vectors
from broadsheet.search.models import Embedding
from broadsheet.search.postings import writer as posting_writer
from broadsheet.search.terms.fields import pieces

pytestmark = pytest.mark.django_db
EVERYTHING = Filters()
PAPERS = 60


def fill(number=PAPERS):
    store([record(f"2501.{n:05}", title=f"Alpha {n}") for n in range(1, number + 1)])


def read_by_the_model(papers):
    """Keep a vector of papers as if the model had made it."""
    texts = {paper.pk: text_of(paper) for paper in papers}
    vectors = Table().embed([text[::-1] for text in texts.values()])
    rows = [(pk, embed.digest(text), vector) for (pk, text), vector in zip(texts.items(), vectors, strict=True)]
    Embedding.objects.keep(choice.settled().mark, rows)


class Table:
    """In the place of the static student: a vector of each text by its own length and signs."""

    dim = 384

    def embed(self, texts, *, tokens=256):
        made = np.array([np.random.default_rng(list(text.encode())).standard_normal(self.dim) for text in texts])
        return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(autouse=True)
def table(monkeypatch):
    monkeypatch.setattr(student, "shipped", Table)


@pytest.fixture
def index(tmp_path, settings):
    """The folder of an index of some papers with vectors, which nobody owns."""
    settings.INDEX_DIR = tmp_path / "index"
    current.release()
    fill()
    read_by_the_model(Paper.objects.all()[: PAPERS // 2])
    upkeep.catch_up(current.own())
    current.release()
    yield settings.INDEX_DIR
    current.release()
    state.read(now=True)


def looked():
    """Return what is not in order, by the name of the look, and what can be mended."""
    ills = Ills()
    wrong = {check.name: check for check in doctor.examine(ills) if check.finding in ("weak", "bad")}
    assert all(check.message and check.hint for check in wrong.values())
    return wrong, ills


def mended(ills):
    told = list(mend(ills, report=lambda *_: None, stop=lambda: False))
    wrong, _ = looked()
    assert not wrong
    assert found() == Paper.objects.count()
    return told


def found():
    """Return how many papers a search of a process that owns nothing finds."""
    current.release()
    searcher = current.searcher()
    return len(searcher.words("alpha", limit=1000, filters=EVERYTHING))


# --- The doctor -------------------------------------------------------------------------------------------------------


def test_an_index_in_order_has_nothing_to_be_mended(index):
    assert looked() == ({}, Ills())


def test_an_index_that_is_not_there_is_made(index):
    shutil.rmtree(index)
    wrong, ills = looked()
    assert "There is no index" in wrong["Schema"].message
    assert mended(ills) == [f"{PAPERS} papers were taken over."]


def put(path: Path, content: bytes) -> None:
    """Put another file in the place of one: who has that mapped goes on in it, where a cut would end the process."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


def change(path: Path, place: int) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 4
    put(path, bytes(data))


def cut(path: Path) -> None:
    put(path, path.read_bytes()[: path.stat().st_size // 2])


def damaged(index, name, damage):
    """Damage one file for a moment and return what the doctor says of it."""
    path = next(index.glob(name))
    before = path.read_bytes()
    damage(path)
    assert not path.exists() or path.read_bytes() != before
    told = looked()
    put(path, before)
    return told


KINDS = ("fast", "fieldnorm", "idx", "pos", "store", "term")
POSTINGS = ("words*/postings/*.postings", "words*/postings/segments.json")
COLUMNS = ("ids", "days", "rows", "scales", "sums", "filed-0")


def test_a_changed_bit_is_found_in_every_file(index):
    choose = random.Random(5)
    for kind in KINDS:
        wrong, ills = damaged(index, f"words*/*.{kind}", lambda path: change(path, choose.randrange(10**6)))
        assert wrong.keys() & {"Words", "Index"}, kind
        assert ills.anew
    for name in POSTINGS:
        wrong, ills = damaged(index, name, lambda path: change(path, choose.randrange(10**6)))
        assert wrong.keys() & {"Words", "Index"}, name
        assert ills.anew
    for column in COLUMNS:
        size = next(index.glob(f"vectors*/{column}")).stat().st_size
        rows = size // 1024  # bytes of a row, of which there is room for so many at first
        place = choose.randrange(PAPERS * rows)
        wrong, ills = damaged(index, f"vectors*/{column}", lambda path, place=place: change(path, place))
        assert "Rows of vectors" in wrong, column
        assert not ills.anew
    assert looked() == ({}, Ills())


@pytest.mark.parametrize("damage", [cut, Path.unlink], ids=["cut", "gone"])
def test_a_file_that_is_cut_or_gone_is_named(index, damage):
    for name in [f"words*/*.{kind}" for kind in KINDS]:
        wrong, ills = damaged(index, name, damage)
        assert wrong.keys() & {"Words", "Index"}, name
        assert ills.anew
    for name in POSTINGS:
        wrong, ills = damaged(index, name, damage)
        assert name.rpartition("*")[2].strip("/") in wrong["Index"].message
        assert ills.anew
    for name in ["head", "names.json", *COLUMNS]:
        wrong, ills = damaged(index, f"vectors*/{name}", damage)
        assert name in wrong["Index"].message
        assert ills.anew
    for name in ("schema.json", "state.json", "words*/meta.json"):
        wrong, ills = damaged(index, name, damage)
        assert wrong.keys() & {"Schema", "State", "Index", "Words"}, name
        assert ills


def test_junk_in_a_small_file_is_told(index):
    for name, contents in {
        "schema.json": ("{", '{"schema": 3}', "[]", '{"schema": 7, "words": "../x"}'),
        "state.json": ("", '{"papers": "many"}', '{"nobody": 1}', "[]"),
        "words*/meta.json": ("{", "[]", "{}"),
        "words*/postings/segments.json": ("", "{", "[]", "{}", '{"segments": 3, "sum": 1}'),
        "vectors*/names.json": ("[", '["cs.LG"]'),
    }.items():
        for content in contents:
            wrong, ills = damaged(index, name, lambda path, content=content: put(path, content.encode()))
            assert wrong.keys() & {"Schema", "State", "Index", "Words"}, (name, content)
            assert ills


@pytest.mark.parametrize(
    "name", ["words*/*.store", "words*/meta.json", *POSTINGS, "vectors*/rows", "schema.json", "state.json"]
)
def test_what_is_damaged_is_mended_and_nothing_is_lost(index, name):
    cut(next(index.glob(name)))
    _, ills = looked()
    assert mended(ills)[-1] == f"{PAPERS} papers were taken over."


def test_an_index_that_cannot_be_opened_comes_back_by_itself(index, caplog):
    cut(next(index.glob("vectors*/rows")))
    assert upkeep.catch_up(current.own()) == PAPERS
    assert "made anew" in caplog.text
    current.release()
    assert looked() == ({}, Ills())


def test_rows_of_vectors_with_a_changed_bit_are_taken_over_again(index):
    for column in ("ids", "rows"):
        change(next(index.glob(f"vectors*/{column}")), 7 * (8 if column == "ids" else 384))
    _, ills = looked()
    assert mended(ills)[-1].endswith("papers were taken over.")


def test_rows_of_vectors_whose_keys_can_be_no_papers_are_taken_over_again(index):
    path = next(index.glob("vectors*/ids"))
    put(path, b"".join((-2 - place).to_bytes(8, "little", signed=True) for place in range(path.stat().st_size // 8)))
    wrong, ills = looked()
    assert {"Rows of vectors", "Vectors of papers", "Strangers"} == set(wrong)
    assert mended(ills) == [f"{PAPERS} papers were taken over."]


def test_damaged_codes_are_found_and_made_anew(index, monkeypatch):
    monkeypatch.setattr(vectors, "FIT_FROM", PAPERS // 2)
    upkeep.ask_for_rebuild()
    upkeep.catch_up(current.own())
    current.release()
    for name, rows in {"codes": 4, "codes-more": 1, "leans": 1}.items():  # the first lies in blocks, word by word
        path = next(index.glob(f"vectors*/{name}"))
        width, content = path.stat().st_size // 1024, path.read_bytes()  # there is room for so many rows at first
        put(path, content[: 5 * width] + b"A" * width + content[6 * width :])
        wrong, ills = looked()
        assert f"{rows} hold something else" in wrong["Rows of vectors"].message
        assert mended(ills)
    for name in ("codes", "codes-more", "leans", "frame"):
        path = next(index.glob(f"vectors*/{name}"))
        cut(path)
        wrong, ills = looked()
        assert "compare every row" in wrong["Codes"].message
        assert mended(ills)


def test_damaged_cells_are_found_and_made_anew(index, monkeypatch):
    monkeypatch.setattr(vectors, "FIT_FROM", PAPERS // 2)
    monkeypatch.setattr(grouping, "FROM", PAPERS // 2)
    upkeep.ask_for_rebuild()
    own = current.own()
    upkeep.catch_up(own)
    own.vectors.settle()
    current.release()
    assert "Cells" not in looked()[0]
    for damage in (cut, lambda path: change(path, 9000), Path.unlink):
        damage(next(index.glob("vectors*/cells-*")))
        wrong, ills = looked()
        assert "grouped" in wrong["Cells"].message
        assert "The vectors were grouped anew." in mended(ills)


def test_papers_that_are_missing_or_strange_are_taken_in_and_out(index):
    own = current.own()
    first, second, third = Paper.objects.order_by("pk")[:3]
    own.lexicon.remove([first.pk])
    own.vectors.remove([second.pk])
    own.add([replace(document_of(third, Table().embed(["x"])[0]), id=10**6)])
    own.flush()
    current.release()
    wrong, ills = looked()
    assert {"Words of papers", "Vectors of papers", "Strangers"} <= set(wrong)
    assert (ills.retake, ills.strangers) == ({first.pk, second.pk}, {10**6})
    assert mended(ills)


def test_papers_that_only_the_engine_or_only_the_postings_have_are_taken_in_and_out(index):
    own = current.own()
    lists = own.lexicon._lists
    first = Paper.objects.order_by("pk").first()
    other = replace(document_of(first), id=10**6)
    lists.add([other], [pieces(other)])
    lists.remove([first.pk])
    lists.flush()
    wrong, ills = looked()
    assert {"Words of papers", "Strangers"} == set(wrong)
    assert (ills.retake, ills.strangers) == ({first.pk}, {10**6})
    current.release()
    assert mended(ills)


@pytest.mark.parametrize("flush", [1, 2], ids=["of what came", "of what went"])
def test_a_kill_between_the_two_halves_of_the_words_is_made_up_for(index, monkeypatch, flush):
    class Killed(BaseException):
        """In the place of the kill."""

    write, calls = posting_writer._prepared, []

    def kill(*given):
        calls.append(given)
        if len(calls) == flush:
            raise Killed
        return write(*given)

    own = current.own()
    gone = Paper.objects.order_by("pk").first()
    gone.delete()
    fill(PAPERS + 5)
    monkeypatch.setattr(posting_writer, "_prepared", kill)
    with pytest.raises(Killed):
        upkeep.catch_up(own)
    monkeypatch.undo()
    monkeypatch.setattr(student, "shipped", Table)
    current.release()
    own = current.own()
    upkeep.catch_up(own)
    own.flush()
    wanted = sorted(Paper.objects.values_list("pk", flat=True))
    assert own.lexicon.listed().tolist() == own.lexicon.ids(-1, 1000) == wanted
    current.release()
    assert looked() == ({}, Ills())


def test_vectors_that_are_others_than_the_kept_ones_are_taken_over_again(index):
    own = current.own()
    kept = Embedding.objects.values_list("paper", flat=True)[:3]
    own.set_vectors({pk: Table().embed([f"other {pk}"])[0] for pk in kept})
    current.release()
    wrong, ills = looked()
    assert "3 of 30" in wrong["Kept vectors"].message
    assert mended(ills)


def test_an_index_of_another_database_is_told_and_taken_over_again(index):
    known = state.read(now=True)
    state.write(replace(known, instance=known.instance + 1))
    wrong, ills = looked()
    assert "another database" in wrong["State"].message
    assert mended(ills)


def test_papers_that_wait_are_told_and_taken_over(index):
    fill(PAPERS + 5)
    wrong, ills = looked()
    assert "5 papers wait" in wrong["Waiting"].message
    assert mended(ills) == ["5 papers were taken over."]


def test_what_was_left_over_is_removed(index):
    for name in ("shard", "parts", "door", "vectors-9", "words-7"):
        (index / name).mkdir()
    wrong, ills = looked()
    assert "shard" in wrong["Left-overs"].message
    assert mended(ills)[0].startswith("Removed:")
    assert not (index / "shard").exists()


@pytest.fixture
def server(index):
    """The index of a server, in the place of which this process keeps it."""
    with locks.held(locks.SERVING, within=5):
        yield current.own()


def asked(ills):
    return list(mend(ills, report=lambda *_: None, stop=lambda: False))


def as_the_server(monkeypatch, *doings):
    """Have what a server does in its own thread done while it is waited for."""
    left = iter(doings)
    monkeypatch.setattr(mending, "sleep", lambda _: next(left)())
    return left


def test_a_server_is_asked_to_mend_the_index(server, monkeypatch):
    monkeypatch.setattr(mending, "WITHIN", 0.0)
    first, second = Paper.objects.order_by("pk")[:2]
    server.lexicon.remove([first.pk])
    server.vectors.remove([second.pk])
    server.flush()
    _, ills = looked()
    first, second = asked(ills)
    assert first == f"Asked the server (process {os.getpid()}) to take 2 papers over again."
    assert f"Not done within 0 s: the server (process {os.getpid()}) goes on with it" in second
    assert upkeep.behind() == 2
    upkeep.catch_up(server)
    assert looked() == ({}, Ills())


def damage_rows(index, own):
    """Have an index hold a paper that the database does not have, and two rows whose keys are damaged."""
    own.add([replace(document_of(Paper.objects.first(), Table().embed(["x"])[0]), id=10**6)])
    own.flush()
    rows = np.memmap(next(index.glob("vectors*/ids")), "<i8", "r+")
    rows[[3, 5]] = -7, rows[6]  # a key that is none, and that of another paper


def test_a_server_takes_damaged_rows_and_strangers_out_when_asked(index, server, monkeypatch):
    damage_rows(index, server)
    wrong, ills = looked()
    assert {"Rows of vectors", "Vectors of papers", "Strangers"} == set(wrong)
    left = as_the_server(monkeypatch, lambda: mending.heed(server), lambda: upkeep.catch_up(server))
    assert "take out damaged rows" in asked(ills)[0]
    assert looked() == ({}, Ills())
    assert len(server.vectors.ids()) == PAPERS
    assert list(left) == []
    assert not [path for path in index.iterdir() if path.name in (mending.ASKED, mending.TAKEN)]


def test_rows_are_taken_out_also_where_every_paper_is_taken_over_again(index, server, monkeypatch):
    monkeypatch.setattr(mending, "MOST", 1)
    damage_rows(index, server)
    _, ills = looked()
    as_the_server(monkeypatch, lambda: mending.heed(server))
    first, second = asked(ills)
    assert "take out damaged rows" in first
    assert "every paper over again" in second
    assert upkeep.rebuild_is_due()
    upkeep.catch_up(server)
    assert looked() == ({}, Ills())


def test_what_a_server_was_killed_in_is_done_by_who_has_the_index_next(index):
    own = current.own()
    damage_rows(index, own)
    (index / mending.TAKEN).touch()
    current.release()
    own = current.own()
    assert mending.is_asked()
    mending.heed(own)
    assert not mending.is_asked()
    upkeep.catch_up(own)
    assert set(looked()[0]) == {"Vectors of papers"}  # of the keys that are lost, which who asked has taken over again


def test_what_is_asked_while_rows_are_taken_out_is_not_forgotten(index, server, monkeypatch):
    (index / mending.ASKED).touch()
    take_out = server.vectors.mend
    monkeypatch.setattr(server.vectors, "mend", lambda: ((index / mending.ASKED).touch(), take_out())[1])
    mending.heed(server)
    assert mending.is_asked()


def test_an_owner_that_nobody_asked_mends_nothing(index, server):
    np.memmap(next(index.glob("vectors*/ids")), "<i8", "r+")[3] = -7
    mending.heed(server)
    assert "Rows of vectors" in looked()[0]


def test_beside_a_command_nothing_is_asked_and_it_is_said_which_has_to_end(index):
    own = current.own()
    damage_rows(index, own)
    _, ills = looked()
    (told,) = asked(ills)
    assert f"a command (process {os.getpid()}) keeps the index: wait until it has ended" in told
    assert not mending.is_asked()
    assert not upkeep.behind()


@pytest.mark.parametrize(
    ("name", "content"), [("schema.json", b'{"schema": 1}'), ("schema.json", b"{"), ("vectors*/rows", b"")]
)
def test_a_server_whose_index_cannot_be_opened_is_asked_nothing_and_has_to_end(index, server, name, content):
    put(next(index.glob(name)), content)
    _, ills = looked()
    (told,) = asked(ills)
    assert f"stop the server (process {os.getpid()}). Started again" in told
    assert not mending.is_asked()
    assert not Counter.objects.filter(name="generation").exists()  # nor for a rebuild
    current.release()
    upkeep.catch_up(current.own())
    assert looked() == ({}, Ills())


def test_an_index_that_becomes_another_while_it_is_looked_at_is_not_taken_for_damaged(index, monkeypatch):
    def other(*_):
        file = index / "schema.json"
        put(file, file.read_bytes())
        raise BroadsheetError("It is gone.")

    monkeypatch.setattr(doctor, "held", other)
    wrong, ills = looked()
    assert "became another one" in wrong["Index"].message
    assert not ills


def test_a_file_that_may_not_be_read_is_not_taken_for_damaged(index, monkeypatch):
    def closed(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.checksums, "broken", closed)
    wrong, ills = looked()
    assert "Permission denied" in wrong["Index"].message
    assert not ills


@pytest.mark.parametrize("name", ["rows", "ids", "filed-0", "codes", "head"])
def test_an_owner_under_whom_a_file_is_cut_writes_nothing_more_until_it_is_begun_again(index, name):
    own = current.own()
    os.truncate(next(index.glob(f"vectors*/{name}")), 0)
    fill(PAPERS + 5)
    for write in (
        lambda: upkeep.catch_up(own),
        lambda: own.remove([1]),
        lambda: own.vectors.put({1: Table().embed(["x"])[0]}, {1: Facts()}),
        lambda: own.vectors.put_rows(np.zeros(0, np.int64), np.zeros((0, 384), np.float32), like=own.vectors),
        own.vectors.mend,
        own.vectors.flush,
    ):
        with pytest.raises(IndexStale, match=f"{name} was cut"):
            write()
    current.release()
    upkeep.catch_up(current.own())
    assert looked() == ({}, Ills())
    assert found() == PAPERS + 5


PLACES = ["schema.json", "state.json", "owner.lock", "words/.tantivy-writer.lock", mending.ASKED, mending.TAKEN]


@pytest.mark.parametrize("name", PLACES)
def test_a_folder_in_the_place_of_a_file_is_named_and_put_aside(index, name):
    (index / name).unlink(missing_ok=True)
    (index / name / "inside.lock").mkdir(parents=True)
    wrong, ills = looked()
    assert f"{index / name} is a folder" in wrong["Files"].message
    assert f"Put aside: the folder {index / name} is" in mended(ills)[0]
    assert (index / f"{Path(name).name}.aside" / "inside.lock").is_dir()


def test_an_empty_folder_and_a_link_to_one_in_the_place_of_a_file_are_removed(index, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (index / "serving.lock").symlink_to(elsewhere)
    (index / mending.ASKED).mkdir()
    _, ills = looked()
    told = mended(ills)
    assert {f"Removed: the link {index / 'serving.lock'}.", f"Removed: the folder {index / mending.ASKED}."} <= {*told}
    assert (elsewhere / "kept").exists()


def test_a_folder_in_the_place_of_a_file_stays_while_a_server_runs(index, server):
    damage_rows(index, server)
    (index / mending.TAKEN).mkdir()
    _, ills = looked()
    (told,) = asked(ills)
    assert "is put aside once nothing runs" in told
    assert (index / mending.TAKEN).is_dir()
    assert not mending.is_asked()


def test_a_damaged_frame_is_told_where_vectors_have_become_few_too(index, monkeypatch):
    monkeypatch.setattr(vectors, "FIT_FROM", PAPERS // 2)
    upkeep.ask_for_rebuild()
    upkeep.catch_up(current.own())
    current.release()
    monkeypatch.setattr(vectors, "FIT_FROM", PAPERS * 2)
    change(next(index.glob("vectors*/frame")), 100)
    wrong, ills = looked()
    assert "frame is lost or damaged" in wrong["Codes"].message
    mended(ills)


class Server:
    """In the place of a search server."""

    papers = PAPERS

    def fresh(self):
        return self

    def size(self):
        return self.papers

    def close(self):
        """Hold nothing."""


def test_an_index_on_a_server_is_judged_by_what_it_answers(index, settings, monkeypatch):
    settings.SEARCH_URL = "http://127.0.0.1:1"
    monkeypatch.setattr(current, "searcher", Server)
    monkeypatch.setattr(choice, "mark", lambda: choice.settled().mark)
    assert looked() == ({}, Ills())
    Server.papers = 3
    assert "finds 3 papers" in looked()[0]["Index"].message

    def away():
        raise BroadsheetError("The server does not answer.", "Start it.")

    monkeypatch.setattr(current, "searcher", away)
    assert looked()[0]["Index"].hint == "Start it."


# --- Disks ------------------------------------------------------------------------------------------------------------


class Disk:
    """A small disk of its own for the index, where it may be mounted; else files of this process may not grow."""

    def __init__(self, folder: Path, settings):
        self.folder = folder
        folder.mkdir()
        self.mounted = os.geteuid() == 0 and self._mount("-t", "tmpfs", "-o", "size=3m", "tmpfs")
        settings.INDEX_DIR = folder / "index"

    def _mount(self, *options):
        return subprocess.run(["mount", *options, self.folder], capture_output=True, check=False).returncode == 0

    @contextlib.contextmanager
    def full(self):
        """Leave no room for the time of a block."""
        if not self.mounted:
            before = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 12, before[1]))
            try:
                yield
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)
            return
        filler = self.folder / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(4096)):
                pass
        yield
        filler.unlink()
        assert self._mount("-o", "remount,size=64m")

    @contextlib.contextmanager
    def closed(self):
        """Let nobody write for the time of a block; no right binds the one who may mount."""
        assert self._mount("-o", "remount,ro")
        yield
        assert self._mount("-o", "remount,rw")

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.folder], check=False)


@pytest.fixture
def disk(tmp_path, settings):
    disk = Disk(tmp_path / "disk", settings)
    current.release()
    fill()
    yield disk
    current.release()
    state.read(now=True)
    disk.close()


def test_a_full_disk_is_told_loses_nothing_and_is_gone_on_from(disk):
    own = current.own()
    upkeep.catch_up(own)
    with disk.full():
        for number in (PAPERS + 1, 1200):
            fill(number)
            with pytest.raises(BroadsheetError, match="disk") as raised:
                upkeep.catch_up(own)
            assert "room" in f"{raised.value}".lower()
            assert (len(own.words("alpha", limit=2000, filters=EVERYTHING)), Paper.objects.count()) == (PAPERS, number)
            assert state.read(now=True).papers == PAPERS
    assert upkeep.catch_up(own) == 1200 - PAPERS
    assert looked()[0].keys() <= {"Room"}
    assert len(own.words("alpha", limit=2000, filters=EVERYTHING)) == 1200


def test_an_index_is_not_begun_on_a_full_disk(disk):
    with disk.full():
        with pytest.raises(BroadsheetError) as raised:
            upkeep.catch_up(current.own())
        assert "room" in f"{raised.value}".lower()
        current.release()
    upkeep.catch_up(current.own())
    current.release()
    assert found() == PAPERS


def test_a_disk_that_may_not_be_written_is_searched_and_told(disk):
    if not disk.mounted:
        pytest.skip("only who may mount a disk can close it, as rights do not bind everybody")
    upkeep.catch_up(current.own())
    current.release()
    with disk.closed():
        assert found() == PAPERS
        current.release()
        wrong, _ = looked()
        assert "may not be written" in wrong["Rights"].message
        with pytest.raises(BroadsheetError, match="written"):
            current.own()
        assert found() == PAPERS
    current.release()
    assert looked()[0].keys() <= {"Room"}
