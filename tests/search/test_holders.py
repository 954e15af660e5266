"""What fulfils conditions, found once."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from broadsheet.search import holders
from broadsheet.search.holders import Held, Holders
from broadsheet.search.index import Filters, Term


def asked(word):
    return Filters(terms=(Term("any", word),))


def test_what_was_found_is_not_looked_for_again():
    kept, found = Holders(), Held(2, np.array([1, 2]))
    assert kept.of(asked("cats"), lambda: found) is found
    assert kept.of(asked("cats"), lambda: pytest.fail("it was known")) is found
    assert kept.of(asked("dogs"), lambda: Held(0, None)).total == 0


def test_of_two_that_ask_the_same_at_once_one_looks():
    kept, begun, may_end, looked = Holders(), threading.Event(), threading.Event(), []

    def find():
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


def test_after_a_failure_it_is_looked_for_again():
    kept = Holders()
    with pytest.raises(OSError, match="disk"):
        kept.of(asked("cats"), lambda: (_ for _ in ()).throw(OSError("the disk")))
    assert kept.of(asked("cats"), lambda: Held(3, None)).total == 3


def test_sets_that_are_kept_to_ask_again_count_as_papers_do(monkeypatch):
    monkeypatch.setattr(holders, "MOST", 1000)
    kept, asked_again = Holders(), SimpleNamespace(size=600)
    for word in ("cats", "dogs"):
        kept.of(asked(word), lambda: Held(9, None, about=True, steps=asked_again))
    assert (kept.known(asked("cats")), kept.known(asked("dogs")).total) == (None, 9)


def test_what_was_asked_for_longest_ago_is_forgotten_where_many_papers_are_kept(monkeypatch):
    monkeypatch.setattr(holders, "MOST", 1000)
    kept, many = Holders(), np.arange(400)
    for word in ("cats", "dogs", "cats", "birds"):
        kept.of(asked(word), lambda: Held(400, many))
    again = []
    for word in ("cats", "birds", "dogs"):
        kept.of(asked(word), lambda word=word: again.append(word) or Held(400, many))
    assert again == ["dogs"]
