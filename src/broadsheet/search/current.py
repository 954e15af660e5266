"""The index and the model of this process: opened at first use, shared by its threads.

One process owns the index (the engine locks it); others ask the owner through its door. Who owns is decided here.
"""

import logging
import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from broadsheet.errors import Conflict
from broadsheet.search import embed, state
from broadsheet.search.door import knock
from broadsheet.search.index import Index, Searcher
from broadsheet.search.trouble import IndexStale
from broadsheet.search.whole import WholeIndex

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Held:
    """What this process holds open."""

    owned: WholeIndex | None = None
    asked: Searcher | None = None
    embedder: embed.Embedder | None = None
    no_model: str = ""


_lock = threading.RLock()
_held = _Held()
_instead: ContextVar[Searcher | None] = ContextVar("instead", default=None)


def own() -> Index:
    """Open the index for reading and writing; this process owns it until ``release``.

    Raises Conflict when another process owns it. A damaged index, or one of another schema, is begun
    anew: the papers are all in the database, and ``catch_up`` brings them back.
    """
    with _lock:
        if _held.owned is None:
            try:
                _held.owned = WholeIndex.open(Path(settings.INDEX_DIR))
            except IndexStale as stale:
                logger.warning("%s It is made anew from the papers.", stale.message)
                _held.owned = WholeIndex.anew(Path(settings.INDEX_DIR))
            if not _held.owned.size() and state.read(now=True).papers:  # made anew, here or after a cut
                state.write(state.State())
        return _held.owned


def searcher(*, opens: bool = True) -> Searcher:
    """Return an index to ask: the one this process owns, else its owner's, else it is opened here.

    opens: False for who runs for long beside a server, which could not open it after them. A worker of a server never
    opens it. Raises Conflict when another process holds the index and does not answer, or where it is not opened.
    """
    if (other := _instead.get()) is not None:
        return other
    with _lock:
        if _held.owned is not None:
            return _held.owned
        if _held.asked is None:
            _held.asked = knock(Path(settings.INDEX_DIR))
        if _held.asked is None and not (opens and multiprocessing.parent_process() is None):
            raise Conflict("The search index is not open yet.", "Try again in a moment.")
        if _held.asked is None:
            _held.asked = own()
        return _held.asked


@contextmanager
def apart(folder: Path) -> Iterator[Index]:
    """Open an index of its own in a folder, beside the one of this process, and close it at the end.

    It is empty at first. Within ``instead`` searches ask it; readers never see it.
    """
    index = WholeIndex.anew(folder)
    try:
        yield index
    finally:
        index.close()


@contextmanager
def instead(searcher: Searcher) -> Iterator[None]:
    """Let what this thread searches within the block be asked of another index, as for a measurement.

    All its papers count as having their vectors.
    """
    size = searcher.size()
    asked, known = _instead.set(searcher), state.instead.set(state.State(papers=size, vectors=size))
    try:
        yield
    finally:
        _instead.reset(asked)
        state.instead.reset(known)


def release() -> None:
    """Close what this process holds, so that another may own the index."""
    with _lock:
        for index in {id(index): index for index in (_held.owned, _held.asked) if index is not None}.values():
            index.close()
        _held.owned = _held.asked = None


def embedder(*, build: bool = False) -> embed.Embedder | None:
    """Return the model, loading it at first use; None where it is switched off, missing or not built yet.

    build: make the model's graph when it is not there, which takes some seconds. ``why_no_model`` tells the reason.
    """
    with _lock:
        if _held.embedder is not None:
            return _held.embedder
        models, name = Path(settings.MODELS_DIR), settings.MODEL
        if name == "none":
            _held.no_model = "the model is switched off (BROADSHEET_MODEL=none)."
            return None
        available, reason = embed.available(models, name)
        if available == "missing" or (available == "buildable" and not build):
            _held.no_model = reason
            return None
        _held.embedder = embed.load(models, name)
        _held.no_model = ""
        return _held.embedder


def why_no_model() -> str:
    """Return the sentence that says what is missing for search by meaning; empty when nothing is."""
    return _held.no_model


def forget_model() -> None:
    """Let go of the model, so that it is looked for again, as after a change of settings."""
    with _lock:
        _held.embedder, _held.no_model = None, ""
