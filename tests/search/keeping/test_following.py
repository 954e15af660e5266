"""The thread that keeps the index in step: how soon it notices papers, and what it lets wait."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.records import record

from broadsheet.papers.actions import store
from broadsheet.search.keeping import following, mending, upkeep
from broadsheet.search.keeping.following import Following

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def turns(index, monkeypatch) -> Iterator[list[int]]:
    """How many papers each turn took over, of a thread that looks at everything once an hour."""
    taken: list[int] = []
    catch_up = upkeep.catch_up

    def told(*given, **more):
        taken.append(catch_up(*given, **more))
        return taken[-1]

    monkeypatch.setattr(following, "LOOK_EVERY", 3600.0)
    monkeypatch.setattr(following, "LOOK_SOON", 0.01)
    monkeypatch.setattr(following, "FEW", 2)
    monkeypatch.setattr(following, "_be_nice", threading.Event)  # the thread's; nothing else here is to wait for it
    monkeypatch.setattr(upkeep, "catch_up", told)
    thread = Following(index)
    thread.start()
    yield taken
    thread.stop()


def until(turns: list[int], papers: int) -> bool:
    patience = time.monotonic() + 30
    while sum(turns) < papers and time.monotonic() < patience:
        time.sleep(0.01)
    return sum(turns) == papers


def test_papers_that_come_in_batches_are_noticed_at_once(turns):
    store([record(f"2501.{n:05}") for n in range(1, 6)])
    assert until(turns, 5)
    store([record(f"2502.{n:05}") for n in range(1, 6)])
    assert until(turns, 10)


def test_after_a_small_change_the_next_one_waits_as_each_costs_writing(turns):
    store([record("2501.00001")])
    assert until(turns, 1)
    store([record("2501.00002")])
    time.sleep(0.2)  # twenty looks, if there were any
    assert sum(turns) == 1


@pytest.fixture
def thread(index, monkeypatch) -> Iterator[Following]:
    """A thread that looks at everything again and again, and is not begun yet."""
    monkeypatch.setattr(following, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(following, "_be_nice", threading.Event)
    monkeypatch.setattr(following, "_warm_up", threading.Event)
    thread = Following(index)
    yield thread
    thread.stop()


def ask(folder: Path) -> None:
    """Ask the owner to take rows out."""
    (folder / mending.ASKED).touch()


def is_heeded() -> bool:
    patience = time.monotonic() + 30
    while mending.is_asked() and time.monotonic() < patience:
        time.sleep(0.01)
    return not mending.is_asked()


def test_what_the_doctor_asks_is_heeded_while_vectors_are_given(thread, settings, monkeypatch):
    giving = threading.Event()

    def give(_index, _embedder, *, stop):
        giving.set()
        while not stop():
            time.sleep(0.01)

    monkeypatch.setattr(following.current, "embedder", lambda **_: "a model")
    monkeypatch.setattr(upkeep, "backfill", give)
    thread.start()
    assert giving.wait(30)
    ask(settings.INDEX_DIR)
    assert is_heeded()


def test_papers_that_are_taken_over_when_the_doctor_asks_are_gone_on_with(thread, index, settings, monkeypatch):
    step, asked = upkeep.TakingOver.step, []

    def first(taking):
        if not asked:
            asked.append(ask(settings.INDEX_DIR))
        return step(taking)

    monkeypatch.setattr(upkeep, "BATCH", 2)
    monkeypatch.setattr(upkeep.TakingOver, "step", first)
    store([record(f"2501.{n:05}") for n in range(1, 6)])
    thread.start()
    patience = time.monotonic() + 30
    while index.size() < 5 and time.monotonic() < patience:
        time.sleep(0.01)
    assert index.size() == 5
    assert is_heeded()
