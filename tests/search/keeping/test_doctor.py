"""What the doctor of the index finds and mends: nothing is lost. Beside a server: ``test_mending_beside``."""

import os
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.search.keeping.damaged import (
    PAPERS,
    Table,
    change,
    cut,
    fill,
    found,
    looked,
    mended,
    put,
)

from broadsheet.errors import BroadsheetError
from broadsheet.papers.models import Paper
from broadsheet.search import current, state
from broadsheet.search.encoders import choice, student
from broadsheet.search.index import Facts
from broadsheet.search.keeping import doctor, mending, upkeep
from broadsheet.search.keeping.documents import document_of
from broadsheet.search.keeping.ills import Ills
from broadsheet.search.machine.trouble import IndexStale
from broadsheet.search.meaning import grouping, vectors
from broadsheet.search.models import Embedding
from broadsheet.search.postings import writer as posting_writer
from broadsheet.search.terms.fields import pieces

pytestmark = pytest.mark.django_db


def test_an_index_in_order_has_nothing_to_be_mended(folder):
    assert looked() == ({}, Ills())


def test_an_index_that_is_not_there_is_made(folder):
    shutil.rmtree(folder)
    wrong, ills = looked()
    assert "There is no index" in wrong["Schema"].message
    assert mended(ills) == [f"{PAPERS} papers were taken over."]


def damaged(folder, name, damage):
    """Damage one file for a moment and return what the doctor says of it."""
    path = next(folder.glob(name))
    before = path.read_bytes()
    damage(path)
    assert not path.exists() or path.read_bytes() != before
    told = looked()
    put(path, before)
    return told


KINDS = ("fast", "fieldnorm", "idx", "pos", "store", "term")
POSTINGS = ("words*/postings/*.postings", "words*/postings/segments.json")
COLUMNS = ("ids", "days", "rows", "scales", "sums", "filed-0")


def test_a_changed_bit_is_found_in_every_file(folder):
    choose = random.Random(5)
    for kind in KINDS:
        wrong, ills = damaged(folder, f"words*/*.{kind}", lambda path: change(path, choose.randrange(10**6)))
        assert wrong.keys() & {"Words", "Index"}, kind
        assert ills.anew
    for name in POSTINGS:
        wrong, ills = damaged(folder, name, lambda path: change(path, choose.randrange(10**6)))
        assert wrong.keys() & {"Words", "Index"}, name
        assert ills.anew
    for column in COLUMNS:
        size = next(folder.glob(f"vectors*/{column}")).stat().st_size
        rows = size // 1024  # bytes of a row, of which there is room for so many at first
        place = choose.randrange(PAPERS * rows)
        wrong, ills = damaged(folder, f"vectors*/{column}", lambda path, place=place: change(path, place))
        assert "Rows of vectors" in wrong, column
        assert not ills.anew
    assert looked() == ({}, Ills())


@pytest.mark.parametrize("damage", [cut, Path.unlink], ids=["cut", "gone"])
def test_a_file_that_is_cut_or_gone_is_named(folder, damage):
    for name in [f"words*/*.{kind}" for kind in KINDS]:
        wrong, ills = damaged(folder, name, damage)
        assert wrong.keys() & {"Words", "Index"}, name
        assert ills.anew
    for name in POSTINGS:
        wrong, ills = damaged(folder, name, damage)
        assert name.rpartition("*")[2].strip("/") in wrong["Index"].message
        assert ills.anew
    for name in ["head", "names.json", *COLUMNS]:
        wrong, ills = damaged(folder, f"vectors*/{name}", damage)
        assert name in wrong["Index"].message
        assert ills.anew
    for name in ("schema.json", "state.json", "words*/meta.json"):
        wrong, ills = damaged(folder, name, damage)
        assert wrong.keys() & {"Schema", "State", "Index", "Words"}, name
        assert ills


def test_junk_in_a_small_file_is_told(folder):
    for name, contents in {
        "schema.json": ("{", '{"schema": 3}', "[]", '{"schema": 7, "words": "../x"}'),
        "state.json": ("", '{"papers": "many"}', '{"nobody": 1}', "[]"),
        "words*/meta.json": ("{", "[]", "{}"),
        "words*/postings/segments.json": ("", "{", "[]", "{}", '{"segments": 3, "sum": 1}'),
        "vectors*/names.json": ("[", '["cs.LG"]'),
    }.items():
        for content in contents:
            wrong, ills = damaged(folder, name, lambda path, content=content: put(path, content.encode()))
            assert wrong.keys() & {"Schema", "State", "Index", "Words"}, (name, content)
            assert ills


@pytest.mark.parametrize(
    "name", ["words*/*.store", "words*/meta.json", *POSTINGS, "vectors*/rows", "schema.json", "state.json"]
)
def test_what_is_damaged_is_mended_and_nothing_is_lost(folder, name):
    cut(next(folder.glob(name)))
    _, ills = looked()
    assert mended(ills)[-1] == f"{PAPERS} papers were taken over."


def test_an_index_that_cannot_be_opened_comes_back_by_itself(folder, caplog):
    cut(next(folder.glob("vectors*/rows")))
    assert upkeep.catch_up(current.own()) == PAPERS
    assert "made anew" in caplog.text
    current.release()
    assert looked() == ({}, Ills())


def test_rows_of_vectors_with_a_changed_bit_are_taken_over_again(folder):
    for column in ("ids", "rows"):
        change(next(folder.glob(f"vectors*/{column}")), 7 * (8 if column == "ids" else 384))
    _, ills = looked()
    assert mended(ills)[-1].endswith("papers were taken over.")


def test_rows_of_vectors_whose_keys_can_be_no_papers_are_taken_over_again(folder):
    path = next(folder.glob("vectors*/ids"))
    put(path, b"".join((-2 - place).to_bytes(8, "little", signed=True) for place in range(path.stat().st_size // 8)))
    wrong, ills = looked()
    assert {"Rows of vectors", "Vectors of papers", "Strangers"} == set(wrong)
    assert mended(ills) == [f"{PAPERS} papers were taken over."]


def test_damaged_codes_are_found_and_made_anew(folder, monkeypatch):
    monkeypatch.setattr(vectors, "FIT_FROM", PAPERS // 2)
    upkeep.ask_for_rebuild()
    upkeep.catch_up(current.own())
    current.release()
    for name, rows in {"codes": 4, "codes-more": 1, "leans": 1}.items():  # the first lies in blocks, word by word
        path = next(folder.glob(f"vectors*/{name}"))
        width, content = path.stat().st_size // 1024, path.read_bytes()  # there is room for so many rows at first
        put(path, content[: 5 * width] + b"A" * width + content[6 * width :])
        wrong, ills = looked()
        assert f"{rows} hold something else" in wrong["Rows of vectors"].message
        assert mended(ills)
    for name in ("codes", "codes-more", "leans", "frame"):
        path = next(folder.glob(f"vectors*/{name}"))
        cut(path)
        wrong, ills = looked()
        assert "compare every row" in wrong["Codes"].message
        assert mended(ills)


def test_damaged_cells_are_found_and_made_anew(folder, monkeypatch):
    monkeypatch.setattr(vectors, "FIT_FROM", PAPERS // 2)
    monkeypatch.setattr(grouping, "FROM", PAPERS // 2)
    upkeep.ask_for_rebuild()
    own = current.own()
    upkeep.catch_up(own)
    own.vectors.settle()
    current.release()
    assert "Cells" not in looked()[0]
    for damage in (cut, lambda path: change(path, 9000), Path.unlink):
        damage(next(folder.glob("vectors*/cells-*")))
        wrong, ills = looked()
        assert "grouped" in wrong["Cells"].message
        assert "The vectors were grouped anew." in mended(ills)


def test_papers_that_are_missing_or_strange_are_taken_in_and_out(folder):
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


def test_papers_that_only_the_engine_or_only_the_postings_have_are_taken_in_and_out(folder):
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
def test_a_kill_between_the_two_halves_of_the_words_is_made_up_for(folder, monkeypatch, flush):
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


def test_vectors_that_are_others_than_the_kept_ones_are_taken_over_again(folder):
    own = current.own()
    kept = Embedding.objects.values_list("paper", flat=True)[:3]
    own.set_vectors({pk: Table().embed([f"other {pk}"])[0] for pk in kept})
    current.release()
    wrong, ills = looked()
    assert "3 of 30" in wrong["Kept vectors"].message
    assert mended(ills)


def test_an_index_of_another_database_is_told_and_taken_over_again(folder):
    known = state.read(now=True)
    state.write(replace(known, instance=known.instance + 1))
    wrong, ills = looked()
    assert "another database" in wrong["State"].message
    assert mended(ills)


def test_papers_that_wait_are_told_and_taken_over(folder):
    fill(PAPERS + 5)
    wrong, ills = looked()
    assert "5 papers wait" in wrong["Waiting"].message
    assert mended(ills) == ["5 papers were taken over."]


def test_what_was_left_over_is_removed(folder):
    for name in ("shard", "parts", "door", "vectors-9", "words-7"):
        (folder / name).mkdir()
    wrong, ills = looked()
    assert "shard" in wrong["Left-overs"].message
    assert mended(ills)[0].startswith("Removed:")
    assert not (folder / "shard").exists()


def test_an_index_that_becomes_another_while_it_is_looked_at_is_not_taken_for_damaged(folder, monkeypatch):
    def other(*_):
        file = folder / "schema.json"
        put(file, file.read_bytes())
        raise BroadsheetError("It is gone.")

    monkeypatch.setattr(doctor, "held", other)
    wrong, ills = looked()
    assert "became another one" in wrong["Index"].message
    assert not ills


def test_a_file_that_may_not_be_read_is_not_taken_for_damaged(folder, monkeypatch):
    def closed(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.checksums, "broken", closed)
    wrong, ills = looked()
    assert "Permission denied" in wrong["Index"].message
    assert not ills


@pytest.mark.parametrize("name", ["rows", "ids", "filed-0", "codes", "head"])
def test_an_owner_under_whom_a_file_is_cut_writes_nothing_more_until_it_is_begun_again(folder, name):
    own = current.own()
    os.truncate(next(folder.glob(f"vectors*/{name}")), 0)
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
def test_a_folder_in_the_place_of_a_file_is_named_and_put_aside(folder, name):
    (folder / name).unlink(missing_ok=True)
    (folder / name / "inside.lock").mkdir(parents=True)
    wrong, ills = looked()
    assert f"{folder / name} is a folder" in wrong["Files"].message
    assert f"Put aside: the folder {folder / name} is" in mended(ills)[0]
    assert (folder / f"{Path(name).name}.aside" / "inside.lock").is_dir()


def test_an_empty_folder_and_a_link_to_one_in_the_place_of_a_file_are_removed(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (folder / "serving.lock").symlink_to(elsewhere)
    (folder / mending.ASKED).mkdir()
    _, ills = looked()
    told = mended(ills)
    assert {f"Removed: the link {folder / 'serving.lock'}.", f"Removed: the folder {folder / mending.ASKED}."} <= {
        *told
    }
    assert (elsewhere / "kept").exists()


def test_a_damaged_frame_is_told_where_vectors_have_become_few_too(folder, monkeypatch):
    monkeypatch.setattr(vectors, "FIT_FROM", PAPERS // 2)
    upkeep.ask_for_rebuild()
    upkeep.catch_up(current.own())
    current.release()
    monkeypatch.setattr(vectors, "FIT_FROM", PAPERS * 2)
    change(next(folder.glob("vectors*/frame")), 100)
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


def test_an_index_on_a_server_is_judged_by_what_it_answers(folder, settings, monkeypatch):
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
