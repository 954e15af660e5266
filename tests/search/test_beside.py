"""Calls beside the caller's own work."""

import multiprocessing
import threading

import pytest

from broadsheet.search import beside
from broadsheet.search.beside import Begun


def test_what_was_begun_is_returned_or_raised():
    assert Begun(lambda: 6 * 7).result() == 42
    with pytest.raises(ZeroDivisionError):
        Begun(lambda: 1 // 0).result()


def test_what_is_not_worth_a_thread_is_done_by_the_caller_once_it_is_wanted():
    done = []
    later = Begun(lambda: done.append(threading.get_ident()), beside=False)
    assert not done
    later.result()
    assert done == [threading.get_ident()]


def test_what_no_thread_is_free_for_is_done_by_the_caller():
    free = threading.Event()
    busy = [Begun(lambda: free.wait(30)) for _ in range(beside._MOST)]
    assert Begun(threading.get_ident).result() == threading.get_ident()
    free.set()
    assert all(one.result() for one in busy)


def test_a_fork_has_threads_of_its_own():
    Begun(lambda: 1).result()
    asking, answering = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=lambda: answering.send(Begun(lambda: 7).result()))
    child.start()
    assert asking.poll(30)
    assert asking.recv() == 7
    child.join()
