"""When things run while the site is served: the index follows the papers, vectors follow, news are fetched."""

import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from broadsheet import pipeline
from broadsheet.community import votes
from broadsheet.errors import BroadsheetError, Conflict
from broadsheet.mail import bounces, mailbox, sending, subscribed
from broadsheet.ranking import entries
from broadsheet.search import current, upkeep
from broadsheet.search.index import Index

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks for changed papers."""

NEWS_EVERY = 3600.0
"""Seconds between two looks at arXiv, whose answers change once a day."""

SCORES_EVERY = 3600.0
"""Seconds between two looks for accounts that stopped being new, whose votes count from then on (docs/ranking),
and for what entered the ranked lists."""

BOUNCES_EVERY = 300.0
"""Seconds between two looks into the mailbox of bounces, where there is one."""

DIGESTS_EVERY = 30.0
"""Seconds between two looks for digests that are due."""

FIRST_SCORES = timedelta(days=30)
"""How far the first look reaches back, as the site may have been down for a while."""


class Background:
    """The work beside serving, on threads of the process that owns the index; ``stop`` ends it between two batches."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep_index, name="index", daemon=True),
            threading.Thread(target=self._keep_scores, name="scores", daemon=True),
        ]
        self._digests = threading.Thread(target=self._keep_digests, name="digests", daemon=True)
        if settings.SEND_DIGESTS:
            self._threads.append(self._digests)
        if not settings.OFFLINE:
            self._threads.append(threading.Thread(target=self._keep_news, name="news", daemon=True))
        if settings.BOUNCES:
            self._threads.append(threading.Thread(target=self._keep_bounces, name="bounces", daemon=True))

    def start(self) -> None:
        """Start all threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask all threads to end and wait for the one that writes the index.

        The other may be waiting for a host; it is left behind, as all it stores is stored in whole transactions.
        """
        self._stopped.set()
        if self._threads[0].ident is not None:
            self._threads[0].join(20)
        if self._digests.ident is not None:
            # The mail in hand: an answer that nobody waits for would be a mail in doubt.
            self._digests.join(20)

    def _keep_index(self) -> None:
        _be_nice()
        seen = complete = -1
        while not self._stopped.is_set():
            with _logged("keeping the index"):
                newest = upkeep.newest_stamp()
                if newest != seen or upkeep.rebuild_is_due():
                    upkeep.catch_up(self.index, stop=self._stopped.is_set)
                    self.index.optimize()
                    seen = newest
                if newest != complete and self._give_vectors():
                    complete = newest
            self._stopped.wait(LOOK_EVERY)

    def _give_vectors(self) -> bool:
        """Give vectors until none is missing, and return True, or until papers have changed, which come first."""
        embedder = current.embedder(build=True)
        if embedder is None:
            return False
        began = upkeep.newest_stamp()

        def enough() -> bool:
            return self._stopped.is_set() or upkeep.newest_stamp() != began

        upkeep.backfill(self.index, embedder, stop=enough)
        return not enough()

    def _keep_scores(self) -> None:
        since = FIRST_SCORES
        while not self._stopped.is_set():
            with _logged("counting the votes of accounts that are not new any more"):
                votes.come_of_age(since)
                since = timedelta(seconds=2 * SCORES_EVERY)
            with _logged("forgetting subscriptions that nobody confirmed and those that ended"):
                subscribed.forget()
            with _logged("noting what entered the ranked lists"):
                entries.record_ranked(timezone.now(), stop=self._stopped.is_set)
            self._stopped.wait(SCORES_EVERY)

    def _keep_bounces(self) -> None:
        while not self._stopped.is_set():
            with _logged("reading the bounces"):
                mailbox.collect(bounces.take_in, stop=self._stopped.is_set)
            self._stopped.wait(BOUNCES_EVERY)

    def _keep_digests(self) -> None:
        while not self._stopped.is_set():
            # An operator's `digest send` does the same meanwhile.
            with _logged("sending the digests"), contextlib.suppress(Conflict):
                sending.run(stop=self._stopped.is_set)
            self._stopped.wait(DIGESTS_EVERY)

    def _keep_news(self) -> None:
        while not self._stopped.is_set():
            with _logged("taking in the news"):
                pipeline.take_in_news(stop=self._stopped.is_set)
            self._stopped.wait(NEWS_EVERY)


@contextlib.contextmanager
def _logged(doing: str) -> Iterator[None]:
    """Log what went wrong and go on: a background thread that dies would leave the site silently out of date."""
    try:
        yield
    except BroadsheetError as error:
        logger.warning("%s: %s", doing, error)
    except Exception:
        logger.exception("%s failed; it is tried again", doing)
    finally:
        close_old_connections()


def _be_nice() -> None:
    """Give this thread's share of the processor to readers first, where the system can do that for one thread."""
    with contextlib.suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
