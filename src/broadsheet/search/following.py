"""The thread that keeps the index in step with the papers, where the index is owned. The work itself is ``upkeep``."""

import contextlib
import logging
import os
import threading

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

from broadsheet.errors import BroadsheetError
from broadsheet.search import current, swap, upkeep
from broadsheet.search.index import Index

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks for changed papers."""

AFTER_TROUBLE = 10.0
"""Seconds more after an index or database that did not answer."""

PATIENCE = 20.0
"""Seconds that a stop waits for the batch in hand."""


class Following:
    """Takes changed papers into the index and gives them vectors, until it is stopped; that is between two batches."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="index", daemon=True)

    def start(self) -> None:
        """Begin."""
        if not self._stopped.is_set():
            self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end, and wait for it, as it writes the index."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)

    def _keep(self) -> None:
        _be_nice()
        seen, complete = -1, (-1, "")
        while not self._stopped.is_set():
            try:
                newest = upkeep.newest_stamp()
                if newest != seen or upkeep.rebuild_is_due():
                    upkeep.catch_up(self._index, stop=self._stopped.is_set)
                    seen = newest
                swap.go_on(self._index, share=settings.UPGRADE_SHARE, stop=self._stopped.is_set)
                if (newest, self._index.space) != complete and self._give_vectors():
                    complete = newest, self._index.space
            except (BroadsheetError, OperationalError, InterfaceError) as error:
                logger.warning("keeping the index: %s; it is tried again", str(error).strip().partition("\n")[0][:300])
                self._stopped.wait(AFTER_TROUBLE)
            except Exception:
                # A thread that dies would leave the index silently out of date.
                logger.exception("keeping the index failed; it is tried again")
            finally:
                close_old_connections()
            self._stopped.wait(LOOK_EVERY)

    def _give_vectors(self) -> bool:
        """Give vectors until none is missing, and return True, or until papers have changed, which come first."""
        embedder = current.embedder(build=True)
        if embedder is None:
            return False
        began = upkeep.newest_stamp()

        def enough() -> bool:
            return self._stopped.is_set() or upkeep.newest_stamp() != began or swap.is_wished(self._index)

        upkeep.backfill(self._index, embedder, stop=enough)
        return not enough()


def _be_nice() -> None:
    """Give this thread's share of the processor to readers first, where the system can do that for one thread."""
    with contextlib.suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
