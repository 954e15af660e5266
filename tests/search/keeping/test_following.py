"""The thread that keeps the index in step: how soon it notices papers, and what it lets wait."""

import threading
import time
from collections.abc import Iterator

import pytest
from tests.records import record

from broadsheet.papers.actions import store
from broadsheet.search.keeping import following, upkeep
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
