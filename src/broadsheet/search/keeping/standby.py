"""Keeping the index where another machine writes it: nothing, until that one has ended. Then its place is taken.

Only an index on a search server has several machines; the place of the one that writes is ``server.lock``.
"""

import logging
import threading

from django.db import OperationalError, close_old_connections

from broadsheet.errors import BroadsheetError, Conflict
from broadsheet.search import current
from broadsheet.search.keeping.following import Following

logger = logging.getLogger(__name__)

LOOK_EVERY = 10.0
"""Seconds between two tries to take the place."""


class Standby:
    """Tries to own the index until it can, or is stopped, and follows the papers from then on."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._following: Following | None = None
        self._told = ""
        self._thread = threading.Thread(target=self._wait, name="standby", daemon=True)

    def start(self) -> None:
        """Begin."""
        if not self._stopped.is_set():
            self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end, and wait for it."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()
        if self._following is not None:
            self._following.stop()

    def _wait(self) -> None:
        while not self._stopped.is_set():
            try:
                self._following = Following(current.own())
            except Conflict:
                pass
            except (BroadsheetError, OperationalError) as error:
                if str(error) != self._told:  # once, however long it lasts
                    logger.warning("waiting for the index: %s", error)
                self._told = str(error)
            else:
                logger.info("This process keeps the search index from now on.")
                self._following.start()
                return
            finally:
                close_old_connections()
            self._stopped.wait(LOOK_EVERY)
