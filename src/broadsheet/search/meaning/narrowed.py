"""The rows that a search by meaning looks among, kept until the index changes, and which way it looks.

Which rows fulfil facts: ``passing``. How they are looked through: ``codes`` and ``cells``.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.index import Filters, Vector
from broadsheet.search.machine.mapped import Array
from broadsheet.search.meaning import cells, codes
from broadsheet.search.meaning.cells import Within
from broadsheet.search.meaning.codes import Coding, Floats, Rows, Words
from broadsheet.search.meaning.columns import Field, View
from broadsheet.search.meaning.passing import among as set_of
from broadsheet.search.meaning.passing import every, narrow, narrows, rows_of, taken

FEW, ONE_IN = 12_000, 25
"""Papers that fulfil some filters, or one of how many where that is more, up to which all are compared by their
numbers."""

MANY_FREE = 1000
"""Rows that are free, from which on they are left out before codes are compared; of fewer as many codes more are."""

TOGETHER = 16
"""Of so many blocks of rows a set lies in one at most, where codes are compared block by block instead of in cells: as
papers of some days do, of which that finds more, in less time."""

MOST = 20
"""Sets that are kept, half a megabyte each of a million papers; those asked for longest ago go first."""

_MOST_MORE = 40_000


class Among(NamedTuple):
    """A set of rows, ``number`` of them. rows: in rising order, where so few that all are compared. bits: else, a bit a
    row. within: the same as it lies in cells, where these serve. free: how many of it may be free at most.
    """

    number: int
    rows: NDArray[np.int32] | None = None
    bits: Words | None = None
    within: Within | None = None
    free: int = 0


@contextmanager
def changing(head: Array) -> Iterator[None]:
    """Have no process go by sets that it kept, while rows are changed in this context and ever after."""
    head[Field.CHANGES] = int(head[Field.CHANGES]) | 1
    try:
        yield
    finally:
        head[Field.COUNTED] = int(head[Field.REUSED]) + 1
        head[Field.CHANGES] = (int(head[Field.CHANGES]) | 1) + 1


class Kept:
    """The sets asked for lately, in one state of an index. head: of its columns. Any thread may ask."""

    def __init__(self, head: Array) -> None:
        self._head = head
        self._sets: OrderedDict[Filters, Among] = OrderedDict()
        self._state: tuple[View, int, int] | None = None
        self._lock = threading.Lock()

    def of(self, view: View, count: int, filters: Filters, few: int) -> Among:
        """Return those of the first rows that fulfil the facts of filters. few: how many are compared exactly."""
        filters, changes = replace(filters, terms=(), without=()), self._changes()
        live = int(self._head[Field.LIVE])  # after the former, as rows may be let go of meanwhile
        with self._lock:
            if not self._is_of(view, count, changes):
                self._sets.clear()
                self._state = view, count, changes
            if (known := self._sets.get(filters)) is not None:
                self._sets.move_to_end(filters)
                return known
        bits = every(count)
        if narrows(filters):
            narrow(view, bits, filters)
        made = _made(view, count, bits, few, live)
        with self._lock:
            if changes % 2 == 0 and self._changes() == changes and self._is_of(view, count, changes):
                self._sets[filters] = made
                while len(self._sets) > MOST:
                    self._sets.popitem(last=False)
        return made

    def _changes(self) -> int:
        """Return how often rows were changed: odd while they are, and where another version writes without counting."""
        changes, counted, reused = (int(self._head[one]) for one in (Field.CHANGES, Field.COUNTED, Field.REUSED))
        return changes if changes and counted in (0, reused + 1) else changes | 1

    def _is_of(self, view: View, count: int, changes: int) -> bool:
        state = self._state
        return state is not None and state[0] is view and state[1:] == (count, changes)


def few(count: int, candidates: int) -> int:
    """Return up to how many of ``count`` rows all are compared by their numbers."""
    return max(FEW, count // ONE_IN, candidates)


def of_rows(view: View, count: int, rows: Rows, filters: Filters, few: int, live: int, *, in_cells: bool) -> Among:
    """Return those of some rows that fulfil the facts of filters; rows below 0 are none. Else as ``Kept.of``.

    in_cells: whether they are to be looked for in cells, where there are any.
    """
    if len(rows) <= few and not narrows(filters):
        return Among(len(rows), rows[rows >= 0].astype(np.int32))
    bits = set_of(rows, count)
    narrow(view, bits, filters)
    return _made(view, count, bits, few, live, in_cells=in_cells)


def in_cells(limit: int, coding: Coding) -> bool:
    """Tell whether cells serve to find so many: of more too many lie in others than are looked at."""
    return 4 * limit <= coding.candidates


def nearest(view: View, count: int, among: Among, query: Vector, limit: int, coding: Coding) -> tuple[Rows, Floats]:
    """Return keys and cosines of the nearest of a set, nearest first: exactly where it is small, probably else."""
    wanted = max(coding.among(count), min(2 * limit, limit + _MOST_MORE))
    if among.bits is None or view.frame is None or among.number <= few(count, wanted):
        rows = rows_of(among.bits) if among.rows is None and among.bits is not None else among.rows
        return codes.compared(view.held, query, np.zeros(0, np.int32) if rows is None else rows, limit=limit)
    if view.cells is not None and among.within is not None and in_cells(limit, coding):
        return cells.nearest(
            view.cells, view.frame, view.held, query, among.within, limit=limit, coding=coding, free=among.free
        )
    return codes.nearest(
        view.frame, view.held, query, among.bits, among.number, limit=limit, candidates=wanted, free=among.free
    )


def _made(view: View, count: int, bits: Words, few: int, live: int, *, in_cells: bool = True) -> Among:
    number, free = int(np.bitwise_count(bits).sum()), max(0, count - live)  # rows may have come since they were counted
    if number <= few:
        return Among(number, rows_of(bits))
    if free > MANY_FREE:
        taken(view, bits)
        number, free = int(np.bitwise_count(bits).sum()), 0
    in_cells = in_cells and TOGETHER * int(np.count_nonzero(bits)) > len(bits)
    within = view.cells.within(bits) if in_cells and view.cells is not None else None
    return Among(number, None, bits, within, free)
