"""Which papers fulfil conditions on their words, found once for all that is asked by them: by words and by meaning.

How they are found is ``fulfilling``.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.index import Filters
from broadsheet.search.machine.beside import Shared
from broadsheet.search.postings.sets import Sets, Steps

FEW = 100_000
"""Papers that fulfil some conditions, up to which the engine tells them one by one: .35 us of processor each."""

MOST = 2_000_000
"""Papers that are kept of all conditions together, 8 bytes each; the conditions asked for longest ago go first."""


class Held(NamedTuple):
    """The papers that fulfil some conditions. total: how many. ids: in rising order, None where they are not told.

    about: the number is an estimate. found: the papers as sets. steps: where many perhaps have a phrase and these are
    in ``found``, what tells of some of them which do.
    """

    total: int
    ids: NDArray[np.int64] | None
    about: bool = False
    found: Sets | None = None
    steps: Steps | None = None


class Holders:
    """What was found lately, in one state of an index: of another one this is begun anew. Any thread may ask."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Filters, Held] = OrderedDict()
        self._papers = 0
        self._lock = threading.Lock()
        self._finding: dict[Filters, Shared] = {}

    def of(self, filters: Filters, find: Callable[[Shared], Held]) -> Held:
        """Return what fulfils filters without ids.

        find: is called where that is not known, by one thread alone, with what others that want the same take part in.
        """
        while True:
            with self._lock:
                if filters in self._kept:
                    self._kept.move_to_end(filters)
                    return self._kept[filters]
                if (begun := self._finding.get(filters)) is None:
                    shared = self._finding[filters] = Shared()
                    break
            begun.help()
        try:
            held = find(shared)
            self._keep(filters, held)
        finally:
            self._finding.pop(filters, None)
            shared.end()
        return held

    def known(self, filters: Filters) -> Held | None:
        """Return what is known to fulfil filters; None where that was not asked for lately."""
        return self._kept.get(filters)

    def _keep(self, filters: Filters, held: Held) -> None:
        with self._lock:
            self._kept[filters] = held
            self._papers += _size(held)
            while self._papers > MOST and len(self._kept) > 1:
                self._papers -= _size(self._kept.popitem(last=False)[1])


def _size(held: Held) -> int:
    """Return what counts for a condition: a little where no paper is told."""
    sets = (0 if held.found is None else 2 * held.found.bits.size) + (0 if held.steps is None else held.steps.size)
    return 100 + (0 if held.ids is None else len(held.ids)) + sets
