"""When the rows of an index are grouped into cells: by who writes it, beside searches and writing, and made anew.

What cells are: ``cells``; how they are made: ``cell_making``.
"""

import contextlib
import logging
import os
import threading
import time
from pathlib import Path

import numpy as np

from broadsheet.errors import BroadsheetError
from broadsheet.search.machine.mapped import synced
from broadsheet.search.meaning.cell_making import Report, Stop, Stopped, can_be_grouped, make
from broadsheet.search.meaning.cells import BITS, Cells, finished, name_of, nearest, read
from broadsheet.search.meaning.codes import Coding, Rows
from broadsheet.search.meaning.columns import GONE, IDS, Columns, Field, View
from broadsheet.search.meaning.passing import every

logger = logging.getLogger(__name__)

FROM = 150_000
"""Vectors from which on there are cells, which make .6 ms of .9 there; of 100,000 they make nothing quicker."""

CHANGED = 0.1
"""Share of the vectors that may be in no cell before cells are made anew; all these are compared by their codes."""

REST = 30
"""Times that making took, for which nobody begins to make again by itself: it takes a thirtieth of one core at most."""

LEAST_REST = 60.0
"""Seconds between two tries at least, as where the disk is full."""

PAUSE = 0.005
"""Seconds that making in the background leaves to others after each two thousand rows, some ten milliseconds' work."""

LOOK_EVERY = 0.2
"""Seconds after which who waits for others asks whether to stop."""


def never() -> bool:
    """Tell nobody to stop."""
    return False


def silent(done: int, total: int) -> None:
    """Report to nobody."""


class Grouping:
    """Makes the cells of columns. writing: is held by whoever changes these.

    beside: whether that begins by itself. A process that fills an index turns it off for all, and settles at the end:
    till then cells would be made again and again, of what is a few hundred thousand papers more by then.
    """

    beside = True

    def __init__(self, columns: Columns, writing: threading.Lock) -> None:
        self._columns = columns
        self._writing = writing
        self._making = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._not_before = 0.0
        self._changed: list[Rows] | None = None

    def is_due(self) -> bool:
        """Tell whether there are enough vectors for cells, and too many in none."""
        columns = self._columns
        live, cells = int(columns.head[Field.LIVE]), columns.now().cells
        if not columns.writes or columns.bits != BITS or columns.view.frame is None or live < FROM:
            return False
        if cells is None:
            return True
        inside = int(np.bitwise_count(cells.celled).sum())
        if live - inside <= CHANGED * live:
            return False
        view = columns.now()  # many may be like nothing, which no cells that are made anew would have
        return len(can_be_grouped(view, columns.count(view))) - inside > CHANGED * live

    @property
    def is_under_way(self) -> bool:
        """Whether cells are being made, so that rows that change are to be ``changed``."""
        return self._changed is not None

    def changed(self, rows: Rows) -> None:
        """Keep rows out of the cells that are being made, if any. Called before they are changed, by who writes."""
        if self._changed is not None:
            self._changed.append(rows)

    def begin(self) -> None:
        """Have cells made beside, where they are due and nobody is about it, nor was it just done."""
        under_way = self._thread is not None and self._thread.is_alive()
        if not self.beside or under_way or self._stopped.is_set() or time.monotonic() < self._not_before:
            return
        if self.is_due():
            self._thread = threading.Thread(target=self._beside, name="cells", daemon=True)
            self._thread.start()

    def settle(self, *, report: Report = silent, stop: Stop = never) -> None:
        """Make cells now where they are due, or wait for those that are being made.

        report: called with (done, total), where it makes them. stop: asked several times a second. Raises
        BroadsheetError where the disk has no room.
        """
        while not stop() and not self._stopped.is_set():
            if self._making.acquire(timeout=LOOK_EVERY):
                try:
                    if self.is_due():
                        self._make(report, lambda: stop() or self._stopped.is_set())
                    return
                finally:
                    self._making.release()

    def close(self) -> None:
        """Stop making, and return when nobody is about it."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        with self._making:  # who settles may be another thread
            pass

    def _beside(self) -> None:
        with contextlib.suppress(AttributeError, OSError):  # where one thread can leave the processor to others
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        began = time.monotonic()
        try:
            with self._making:
                if self.is_due():
                    self._make(silent, lambda: self._stopped.wait(PAUSE))
        except BroadsheetError as error:
            logger.warning("%s Until there is, searches by meaning compare all vectors' codes.", error.message)
        except Exception:
            logger.exception("grouping vectors failed; searches compare all of their codes")
        self._not_before = time.monotonic() + max(LEAST_REST, REST * (time.monotonic() - began))

    def _make(self, report: Report, stop: Stop) -> None:
        """Make cells of the rows that are there, without those that change meanwhile, and have searches go by them."""
        columns = self._columns
        with self._writing:  # nothing is half written, and all that changes from here on is known
            self._changed = []
            view, number = columns.now(), columns.next_cells()
            count, path = columns.count(view), columns.folder / name_of(number)
        try:
            cells, sizes = make(view, count, path, report=report, stop=stop)
            finished(cells, sizes)
            synced(path)
            _tried(view, count, path)
            with self._writing:
                if not self._publish(view, count, number, cells):
                    path.unlink(missing_ok=True)
        except Stopped:
            path.unlink(missing_ok=True)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            self._changed = None

    def _publish(self, view: View, count: int, number: int, cells: Cells) -> bool:
        """Have searches go by cells, without the rows that changed since; return whether these cells are of use yet."""
        columns = self._columns
        now = columns.now()
        if now.framed != view.framed or columns.next_cells() != number:
            return False
        cells.celled[:] = cells.grouped()
        cells.taken_out(np.concatenate([np.flatnonzero(now.arrays[IDS][:count] == GONE), *(self._changed or [])]))
        columns.use_cells(number)
        return True


def _tried(view: View, count: int, path: Path) -> None:
    """Ask new cells once, before readers do: who asks first has the loops compiled, for seconds, and kept for all."""
    there = read(path, view.dim, len(view.held.ids), writes=False)
    if there is not None and view.frame is not None:
        query = np.eye(1, view.dim, dtype=np.float32)[0]
        nearest(there, view.frame, view.held, query, there.within(every(count)), limit=1, coding=Coding())
