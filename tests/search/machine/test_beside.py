"""Calls beside the caller's own work."""

import multiprocessing
import threading

import pytest

from broadsheet.search.machine import beside
from broadsheet.search.machine.beside import Begun, Shared, shared


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


def test_who_asks_may_let_the_other_thread_begin_first():
    free, seen = threading.Event(), []
    begun = Begun(lambda: seen.append(1) or free.wait(30))
    while not seen:  # it waits for a fraction of a millisecond, which a busy machine may take to wake a thread
        begun.let_begin()
    free.set()
    assert begun.result()
    Begun(lambda: 1, beside=False).let_begin()


def test_what_no_thread_has_begun_can_be_done_here_and_then_only_once():
    free, done = threading.Event(), []
    busy = [Begun(lambda: free.wait(30)) for _ in range(beside._MOST)]
    later = Begun(lambda: done.append(threading.get_ident()) or 1 // 0)
    later.here()
    later.here()
    free.set()
    assert done == [threading.get_ident()]
    with pytest.raises(ZeroDivisionError):
        later.result()
    assert all(one.result() for one in busy)


def test_what_fails_in_a_thread_that_helps_is_raised_where_the_work_was_begun():
    shared, helping = Shared(), threading.Event()

    def fail_where_it_is_shared():
        if threading.current_thread() is helper:
            helping.set()
            raise OSError("the disk")
        helping.wait(30)

    def help_out():
        with pytest.raises(OSError, match="disk"):
            shared.help()

    helper = threading.Thread(target=help_out)
    helper.start()
    with pytest.raises(OSError, match="disk"):
        shared(fail_where_it_is_shared)
    helper.join(30)
    shared.end()
    shared.help()


def test_a_fork_has_threads_of_its_own():
    Begun(lambda: 1).result()
    asking, answering = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=lambda: answering.send(Begun(lambda: 7).result()))
    child.start()
    assert asking.poll(30)
    assert asking.recv() == 7
    child.join()


def test_all_that_wait_for_one_call_get_what_it_returns():
    may_end, begins, found = threading.Event(), threading.Event(), []
    begun = Begun(lambda: begins.set() or (may_end.wait(30) and 7))
    assert begins.wait(30)
    waiting = [threading.Thread(target=lambda: found.append(begun.result()), daemon=True) for _ in range(2)]
    for one in waiting:
        one.start()
    may_end.set()
    for one in waiting:
        one.join(30)
    assert found == [7, 7]


def test_who_waits_for_a_call_does_parts_of_it():
    done, met = [], threading.Barrier(2, timeout=30)

    def part(which):
        met.wait()  # that both are at it
        done.append(threading.get_ident())
        return which

    begun = Begun(lambda: shared([lambda: part(0), lambda: part(1)]))
    while not begun._claimed.locked():
        begun.let_begin()
    assert begun.result() == [0, 1]
    assert (len(set(done)), threading.get_ident() in done) == (2, True)


def test_who_waits_does_meanwhile_what_it_would_do_later():
    may_end, done = threading.Event(), []
    begun = Begun(lambda: may_end.wait(30) and 7)
    while not begun._claimed.locked():
        begun.let_begin()
    later = Begun(lambda: done.append(threading.get_ident()) or may_end.set(), beside=False)
    assert begun.result(later) == 7
    assert later.result() is None
    assert done == [threading.get_ident()]


def test_what_would_be_done_meanwhile_is_left_where_nothing_is_waited_for():
    done = []
    later = Begun(lambda: done.append(1), beside=False)
    assert Begun(lambda: 7, beside=False).result(later) == 7
    assert not done


def test_parts_that_nobody_waits_for_are_done_by_who_has_them():
    done = []
    assert shared([lambda: done.append(0), lambda: done.append(1)]) == [None, None]
    assert done == [0, 1]


def test_a_part_that_fails_is_raised_where_the_parts_are_wanted():
    begun = Begun(lambda: shared([lambda: 1, lambda: 1 // 0]))
    with pytest.raises(ZeroDivisionError):
        begun.result()
