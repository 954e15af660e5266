"""The thread that keeps the index in step with the papers, where the index is owned. The work itself is ``upkeep``."""

import contextlib
import logging
import os
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from broadsheet.errors import BroadsheetError
from broadsheet.search import current
from broadsheet.search.index import Document, Index
from broadsheet.search.keeping import documents, mending, swap, upkeep

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks at all there is to do."""

LOOK_SOON = 0.2
"""Seconds between two looks for changed papers alone, which take a fifth of a millisecond."""

FEW = 100
"""Papers up to which a change is taken for one of many small ones, of which the next waits for LOOK_EVERY.

Each costs writing to disk, and makes searches find anew what they had kept.
"""

AFTER_TROUBLE = 10.0
"""Seconds after an index or database that did not answer."""

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
        _warm_up()
        seen, complete = -1, (-1, "")
        while not self._stopped.is_set():
            try:
                mending.heed(self._index)
                newest, taken = upkeep.newest_stamp(), 0
                if newest != seen or upkeep.rebuild_is_due():
                    taken = upkeep.catch_up(self._index, stop=self._is_to_stop)
                    seen = -1 if mending.is_asked() else newest  # it was broken off for that
                swap.go_on(self._index, share=settings.UPGRADE_SHARE, stop=self._is_to_stop)
                if (newest, self._index.space) != complete and self._give_vectors():
                    complete = newest, self._index.space
                self._rest(seen, soon=not 0 < taken <= FEW)
            except (BroadsheetError, OperationalError, InterfaceError, OSError) as error:
                logger.warning("keeping the index: %s; it is tried again", str(error).strip().partition("\n")[0][:300])
                self._stopped.wait(AFTER_TROUBLE)
            except Exception:
                # A thread that dies would leave the index silently out of date.
                logger.exception("keeping the index failed; it is tried again")
                self._stopped.wait(LOOK_EVERY)
            finally:
                close_old_connections()
        connections.close_all()  # this thread's own

    def _is_to_stop(self) -> bool:
        return self._stopped.is_set() or mending.is_asked()

    def _rest(self, seen: int, *, soon: bool) -> None:
        """Wait for the next look. soon: end as soon as there are changed papers."""
        until = time.monotonic() + LOOK_EVERY
        while not self._stopped.wait(LOOK_SOON if soon else LOOK_EVERY) and time.monotonic() < until:
            if upkeep.newest_stamp() != seen:
                return

    def _give_vectors(self) -> bool:
        """Give vectors until none is missing, and return True, or until papers have changed, which come first."""
        embedder = current.embedder(build=True)
        if embedder is None:
            return False
        began = upkeep.newest_stamp()

        def enough() -> bool:
            return self._is_to_stop() or upkeep.newest_stamp() != began or swap.is_wished(self._index)

        upkeep.backfill(self._index, embedder, stop=enough)
        return not enough()


def _be_nice() -> None:
    """Give this thread's share of the processor to readers first, where the system can do that for one thread."""
    with contextlib.suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _warm_up() -> None:
    """Take a paper into an index that is thrown away: what that loads would take .2 s when the first papers come."""
    title = abstract = "A paper that nobody reads"
    try:
        with TemporaryDirectory() as folder, current.apart(Path(folder)) as index:
            first = documents.first_tier(index.space)
            vector = None if first is None else first.embed([title], tokens=settings.EMBED_TOKENS)[0]
            index.add([Document(1, title, abstract, "", vector=vector)])
            index.flush()
    except (BroadsheetError, OSError) as error:  # of which the first papers tell again, where it matters
        logger.debug("warming up: %s", error)
    except Exception:
        logger.exception("warming up failed; the index is kept all the same")
    finally:
        close_old_connections()
