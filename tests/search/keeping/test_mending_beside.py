"""What is mended of an index that a server or a command keeps, by whom, and what is left until that has ended."""

import os

import numpy as np
import pytest
from tests.search.keeping.damaged import (
    PAPERS,
    asked,
    damage_rows,
    looked,
    put,
)

from broadsheet.papers.models import Counter, Paper
from broadsheet.search import current
from broadsheet.search.keeping import mending, upkeep
from broadsheet.search.keeping.ills import Ills

pytestmark = pytest.mark.django_db


def as_the_server(monkeypatch, *doings):
    """Have what a server does in its own thread done while it is waited for."""
    left = iter(doings)
    monkeypatch.setattr(mending, "sleep", lambda _: next(left)())
    return left


def test_a_server_is_asked_to_mend_the_index(served, monkeypatch):
    monkeypatch.setattr(mending, "WITHIN", 0.0)
    first, second = Paper.objects.order_by("pk")[:2]
    served.lexicon.remove([first.pk])
    served.vectors.remove([second.pk])
    served.flush()
    _, ills = looked()
    first, second = asked(ills)
    assert first == f"Asked the server (process {os.getpid()}) to take 2 papers over again."
    assert f"Not done within 0 s: the server (process {os.getpid()}) goes on with it" in second
    assert upkeep.behind() == 2
    upkeep.catch_up(served)
    assert looked() == ({}, Ills())


def test_a_server_takes_damaged_rows_and_strangers_out_when_asked(folder, served, monkeypatch):
    damage_rows(folder, served)
    wrong, ills = looked()
    assert {"Rows of vectors", "Vectors of papers", "Strangers"} == set(wrong)
    left = as_the_server(monkeypatch, lambda: mending.heed(served), lambda: upkeep.catch_up(served))
    assert "take out damaged rows" in asked(ills)[0]
    assert looked() == ({}, Ills())
    assert len(served.vectors.ids()) == PAPERS
    assert list(left) == []
    assert not [path for path in folder.iterdir() if path.name in (mending.ASKED, mending.TAKEN)]


def test_rows_are_taken_out_also_where_every_paper_is_taken_over_again(folder, served, monkeypatch):
    monkeypatch.setattr(mending, "MOST", 1)
    damage_rows(folder, served)
    _, ills = looked()
    as_the_server(monkeypatch, lambda: mending.heed(served))
    first, second = asked(ills)
    assert "take out damaged rows" in first
    assert "every paper over again" in second
    assert upkeep.rebuild_is_due()
    upkeep.catch_up(served)
    assert looked() == ({}, Ills())


def test_what_a_server_was_killed_in_is_done_by_who_has_the_index_next(folder):
    own = current.own()
    damage_rows(folder, own)
    (folder / mending.TAKEN).touch()
    current.release()
    own = current.own()
    assert mending.is_asked()
    mending.heed(own)
    assert not mending.is_asked()
    upkeep.catch_up(own)
    assert set(looked()[0]) == {"Vectors of papers"}  # of the keys that are lost, which who asked has taken over again


def test_what_is_asked_while_rows_are_taken_out_is_not_forgotten(folder, served, monkeypatch):
    (folder / mending.ASKED).touch()
    take_out = served.vectors.mend
    monkeypatch.setattr(served.vectors, "mend", lambda: ((folder / mending.ASKED).touch(), take_out())[1])
    mending.heed(served)
    assert mending.is_asked()


def test_an_owner_that_nobody_asked_mends_nothing(folder, served):
    np.memmap(next(folder.glob("vectors*/ids")), "<i8", "r+")[3] = -7
    mending.heed(served)
    assert "Rows of vectors" in looked()[0]


def test_beside_a_command_nothing_is_asked_and_it_is_said_which_has_to_end(folder):
    own = current.own()
    damage_rows(folder, own)
    _, ills = looked()
    (told,) = asked(ills)
    assert f"a command (process {os.getpid()}) keeps the index: wait until it has ended" in told
    assert not mending.is_asked()
    assert not upkeep.behind()


@pytest.mark.parametrize(
    ("name", "content"), [("schema.json", b'{"schema": 1}'), ("schema.json", b"{"), ("vectors*/rows", b"")]
)
def test_a_server_whose_index_cannot_be_opened_is_asked_nothing_and_has_to_end(folder, served, name, content):
    put(next(folder.glob(name)), content)
    _, ills = looked()
    (told,) = asked(ills)
    assert f"stop the server (process {os.getpid()}). Started again" in told
    assert not mending.is_asked()
    assert not Counter.objects.filter(name="generation").exists()  # nor for a rebuild
    current.release()
    upkeep.catch_up(current.own())
    assert looked() == ({}, Ills())


def test_a_folder_in_the_place_of_a_file_stays_while_a_server_runs(folder, served):
    damage_rows(folder, served)
    (folder / mending.TAKEN).mkdir()
    _, ills = looked()
    (told,) = asked(ills)
    assert "is put aside once nothing runs" in told
    assert (folder / mending.TAKEN).is_dir()
    assert not mending.is_asked()
