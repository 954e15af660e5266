"""Papers that another process makes ready: they come in order, each once; none is missed where it is slow or gone."""

import pickle
import threading
from multiprocessing import Pipe

import pytest

from broadsheet.search.keeping import ahead as ready
from broadsheet.search.keeping import upkeep
from broadsheet.search.keeping.ahead import BATCHES, Ahead
from broadsheet.search.keeping.documents import Batch

SPACE = "made up/1"


def batch(stamp, papers=1):
    return Batch(papers, stamp, f"2501.{stamp:05}", [], [])


NONE = Batch(0, 0, "", [], [])


@pytest.fixture
def here(monkeypatch):
    """What is asked of the database by this process: stamps."""
    asked = []
    monkeypatch.setattr(upkeep, "BATCH", 1)
    monkeypatch.setattr(upkeep, "waiting", lambda after, _space: asked.append(after) or batch(after + 1))
    return asked


class Other:
    """The other process, as a thread. last: stamp of the newest paper that it sees. dead: it answers no more."""

    def __init__(self, last):
        self.last = last
        self.asked = []
        self.dead = False
        self.pipe, self._there = Pipe()
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def _answer(self):
        at = 0
        try:
            while True:
                after, _space = self._there.recv()
                if self.dead:
                    self._there.close()
                    return
                self.asked.append(after)
                at = at if after is None else after
                found = batch(at + 1) if at < self.last else NONE
                at = found.stamp or at
                self._there.send_bytes(pickle.dumps(found))
        except (EOFError, OSError):
            return


def taken(ahead, number, after=0):
    stamps = []
    for _ in range(number):
        after = ahead.waiting(after, SPACE).stamp
        stamps.append(after)
    return stamps


def test_what_is_ready_comes_in_order_and_once(here):
    other = Other(last=100)
    assert taken(Ahead(other.pipe, 0), 30) == list(range(1, 31))
    assert here == []
    assert other.asked[0] == 0
    assert 30 <= len(other.asked) <= 30 + BATCHES


def test_the_first_papers_are_not_worth_a_process(here):
    other = Other(last=100)
    assert taken(Ahead(other.pipe, 5), 8) == list(range(1, 9))
    assert here == [0, 1, 2, 3, 4]
    assert other.asked[0] == 5


def test_papers_that_came_after_none_were_ready_are_not_missed(here):
    other = Other(last=3)
    ahead = Ahead(other.pipe, 0)
    assert taken(ahead, 5) == [1, 2, 3, 4, 5]
    assert here == [3, 4]
    other.last = 9
    assert taken(ahead, 4, after=5) == [6, 7, 8, 9]
    assert here == [3, 4]


def test_a_process_that_ended_is_done_without(here):
    other = Other(last=100)
    ahead = Ahead(other.pipe, 0)
    assert taken(ahead, 3) == [1, 2, 3]
    other.dead = True
    assert taken(ahead, 30, after=3) == list(range(4, 34))
    assert here


def test_a_process_that_hangs_is_done_without(here, monkeypatch):
    monkeypatch.setattr(ready, "PATIENCE", 0.01)
    pipe, _never_read = Pipe()
    assert taken(Ahead(pipe, 0), 3) == [1, 2, 3]
    assert here == [0, 1, 2]
