"""The site for any WSGI server, and for the workers of ``broadsheet serve``, which end when their parent does."""

import gc
import logging
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.http import HttpResponse

logger = logging.getLogger(__name__)

LOOK_AGAIN = 5.0
"""Seconds before each look for an index that may not be there yet, or be empty."""

SAID_AFTER = 2.0
"""Seconds that a look takes after which it is said that search is being made ready, and later that it is."""

_WAIT = (
    "Search is being made ready. After an installation or an update its loops are compiled for this machine, once, "
    "which takes up to half a minute; a search may wait for that."
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadsheet.settings")
_answer = get_wsgi_application()
if not settings.MODE:  # another server than our own: nobody knows who reaches it
    settings.MODE = "closed"

# A search lets go of Python's lock a dozen times, and may wait so long to have it back from a thread that makes a page.
# With two of those beside it one took 20 ms by this, 57 by the usual 5 ms.
sys.setswitchinterval(0.001)

# A page leaves some thousand objects that only name each other. By the usual 2,000 it is looked through for them half a
# dozen times, which takes one in thirty of its milliseconds.
gc.set_threshold(20_000, 10, 10)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request as WSGI has it. A whole page is handed over in one piece, to be sent with its headers."""
    answer = _answer(environ, start_response)
    if not isinstance(answer, HttpResponse) or answer.streaming or answer.status_code != 200:
        return answer
    whole = answer.content
    answer.close()
    return [whole]


def _end_with_parent() -> None:
    """End this worker when the process that started it is gone, however it went.

    A worker left behind would keep the port, and has nobody to ask for the index.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _be_ready() -> None:
    """Search until there is something to be found, so that few readers wait for what the first search loads.

    The first pages of a server that just started come before that.
    """
    from broadsheet.search import hybrid

    said = threading.Event()
    ready = False
    while not ready:
        time.sleep(LOOK_AGAIN)
        saying = threading.Timer(SAID_AFTER, _say_once, [said])
        saying.start()
        try:
            ready = hybrid.is_ready()
        finally:
            saying.cancel()
        connections.close_all()
    if said.is_set():
        logger.warning("Search is ready.")
    # What is there now stays. To look through all of it for what is left over took 60 ms, in the middle of a page.
    gc.collect()
    gc.freeze()


def _say_once(said: threading.Event) -> None:
    if not said.is_set():
        said.set()
        logger.warning(_WAIT)


threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
if multiprocessing.parent_process() is not None:
    threading.Thread(target=_be_ready, name="ready", daemon=True).start()
