"""What fulfils conditions, found once."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from broadsheet.search.index import Filters, Term
from broadsheet.search.words import holders
from broadsheet.search.words.holders import Held, Holders


def asked(word):
    return Filters(terms=(Term("any", word),))


def test_what_was_found_is_not_looked_for_again():
    kept, found = Holders(), Held(2, np.array([1, 2]))
    assert kept.of(asked("cats"), lambda _: found) is found
    assert kept.of(asked("cats"), lambda _: pytest.fail("it was known")) is found
    assert kept.of(asked("dogs"), lambda _: Held(0, None)).total == 0


def test_of_two_that_ask_the_same_at_once_one_looks():
    kept, begun, may_end, looked = Holders(), threading.Event(), threading.Event(), []

    def find(_):
        looked.append(threading.get_ident())
        begun.set()
        may_end.wait(30)
        return Held(1, np.array([7]))

    both = [threading.Thread(target=kept.of, args=(asked("cats"), find)) for _ in range(2)]
    both[0].start()
    begun.wait(30)
    both[1].start()
    may_end.set()
    for one in both:
        one.join(30)
    assert len(looked) == 1


def test_who_waits_for_what_another_looks_for_takes_part_in_it():
    kept, parts, taking, waiting = Holders(), list(range(40)), threading.Barrier(2), threading.Event()

    def take():
        taking.wait(30)
        while parts:
            done.setdefault(threading.get_ident(), []).append(parts.pop())

    def find(shared):
        waiting.set()
        shared(take)
        return Held(sum(map(len, done.values())), None)

    done, found = {}, []
    both = [threading.Thread(target=lambda: found.append(kept.of(asked("cats"), find))) for _ in range(2)]
    both[0].start()
    waiting.wait(30)
    both[1].start()
    for one in both:
        one.join(30)
    assert found == [Held(40, None)] * 2


def test_after_a_failure_it_is_looked_for_again():
    kept = Holders()
    with pytest.raises(OSError, match="disk"):
        kept.of(asked("cats"), lambda _: (_ for _ in ()).throw(OSError("the disk")))
    assert kept.of(asked("cats"), lambda _: Held(3, None)).total == 3


def test_sets_that_are_kept_to_ask_again_count_as_papers_do(monkeypatch):
    monkeypatch.setattr(holders, "MOST", 1000)
    kept, asked_again = Holders(), SimpleNamespace(size=600)
    for word in ("cats", "dogs"):
        kept.of(asked(word), lambda _: Held(9, None, about=True, steps=asked_again))
    assert (kept.known(asked("cats")), kept.known(asked("dogs")).total) == (None, 9)


def test_what_was_asked_for_longest_ago_is_forgotten_where_many_papers_are_kept(monkeypatch):
    monkeypatch.setattr(holders, "MOST", 1000)
    kept, many = Holders(), np.arange(400)
    for word in ("cats", "dogs", "cats", "birds"):
        kept.of(asked(word), lambda _: Held(400, many))
    again = []
    for word in ("cats", "birds", "dogs"):
        kept.of(asked(word), lambda _, word=word: again.append(word) or Held(400, many))
    assert again == ["dogs"]
