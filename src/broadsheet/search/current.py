"""The index and the models of this process: opened at first use, shared by its threads.

Any process reads the index from its files; one owns it, which alone writes. Who owns is decided here.
"""

import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from broadsheet.errors import BroadsheetError, Conflict, NotFound
from broadsheet.papers.actions import stamp_anew
from broadsheet.search import state
from broadsheet.search.encoders import choice, embed, student
from broadsheet.search.index import Index, Searcher
from broadsheet.search.machine.trouble import IndexStale
from broadsheet.search.reader import WholeReader
from broadsheet.search.whole import WholeIndex

if TYPE_CHECKING:
    from broadsheet.search.cluster import ClusterIndex
    from broadsheet.search.server.reader import ClusterReader

logger = logging.getLogger(__name__)

MOST_MODELS = 2
"""Models kept loaded: that of the index, and while another takes its place that one too."""


@dataclass(slots=True)
class _Held:
    """What this process holds open. folder: of the reader, as the settings have it."""

    owned: "WholeIndex | ClusterIndex | None" = None
    reader: "WholeReader | ClusterReader | None" = None
    folder: Path | str | None = None
    embedders: dict[str, embed.Embedder] = field(default_factory=dict)
    no_model: str = ""


_lock = threading.RLock()
_loading = threading.RLock()
_held = _Held()
_of_parent: list[_Held] = []
_instead: ContextVar[Searcher | None] = ContextVar("instead", default=None)


def own(*, anew: bool = False) -> Index:
    """Open the index for reading and writing; this process owns it until ``release``.

    anew: throw away what is there, as where it is known to be damaged although it opens.
    Raises Conflict when another process owns it. A damaged index, or one of another schema, is begun
    anew too: the papers are all in the database, and ``catch_up`` brings them back.
    """
    with _lock:
        if anew and _held.owned is not None:
            release()
        if _held.owned is None:
            _held.owned = _own(Path(settings.INDEX_DIR), anew=anew)
            if not _held.owned.size() and state.read(now=True).papers:  # made anew, here or after a cut
                state.write(state.State())
        return _held.owned


def _own(folder: Path, *, anew: bool) -> "WholeIndex | ClusterIndex":
    settled = choice.settled()
    if settings.SEARCH_URL:
        from broadsheet.search import cluster

        return cluster.own(space=settled.mark, dim=settled.dim, anew=anew)
    if not anew:
        try:
            index = WholeIndex.open(folder, space=settled.mark, dim=settled.dim)
            if index.size() or index.space == settled.mark:
                _take_again(index.vectors.lost)
                return index
            index.close()
        except IndexStale as stale:
            logger.warning("%s It is made anew from the papers.", stale.message)
    return WholeIndex.anew(folder, space=settled.mark, dim=settled.dim)


def _take_again(lost: Sequence[int]) -> None:
    """Have papers whose vectors a kill or a power cut left half written taken over once more."""
    for begin in range(0, len(lost), 1000):
        stamp_anew(lost[begin : begin + 1000])


def searcher() -> Searcher:
    """Return what a search asks, to its end: an index in which everything is found that was flushed before.

    Raises Conflict where there is no index yet, and for one that cannot be used, until its owner has made it anew.
    """
    if (other := _instead.get()) is not None:
        return other
    with _lock:
        if _held.owned is not None:
            return _held.owned.fresh()
        if _held.reader is not None and _held.folder == settings.INDEX_DIR:
            _held.reader = _held.reader.fresh()
            return _held.reader
        try:
            _held.reader, _held.folder = _read(Path(settings.INDEX_DIR)), settings.INDEX_DIR
        except NotFound:
            raise Conflict("The search index is not open yet.", "Try again in a moment.") from None
        except IndexStale as stale:
            hint = "`broadsheet serve` makes it anew from the papers; where it runs, try again in a moment."
            raise Conflict(stale.message, hint) from stale
        return _held.reader


def _read(folder: Path) -> "WholeReader | ClusterReader":
    if settings.SEARCH_URL:
        from broadsheet.search import cluster

        return cluster.reader()
    return WholeIndex.read(folder)


@contextmanager
def apart(folder: Path) -> Iterator[Index]:
    """Open an index of its own in a folder, beside the one of this process, and close it at the end.

    It is empty at first. Within ``instead`` searches ask it; readers never see it.
    """
    settled = choice.settled()
    index = WholeIndex.anew(folder, space=settled.mark, dim=settled.dim)
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
        for index in (_held.owned, _held.reader):
            if index is not None:
                index.close()
        _held.owned = _held.reader = _held.folder = None


def space() -> str:
    """Return the mark of the model in whose space searches compare; where none can be asked, that of the next index."""
    try:
        return searcher().space
    except BroadsheetError:
        return choice.settled().mark


def embedder(of: str = "", *, build: bool = False) -> embed.Embedder | None:
    """Return the model, loading it at first use; None where it is switched off, missing or not built yet.

    of: mark of its space; that of the index where it is empty. build: make the model's graph when it is not there,
    which takes some seconds. ``why_no_model`` tells the reason.
    """
    if settings.MODEL == "none":
        _held.no_model = "the model is switched off (BROADSHEET_MODEL=none)."
        return None
    of = of or space()
    if of in _held.embedders:
        return _held.embedders[of]
    with _loading:
        return _held.embedders.get(of) or _loaded(of, build=build)


def _loaded(of: str, *, build: bool) -> embed.Embedder | None:
    models, name = Path(settings.MODELS_DIR), choice.name_of(of)
    available, reason = embed.available(models, name)
    if available == "missing" or (available == "buildable" and not build):
        _held.no_model = reason
        return None
    if (made := embed.load(models, name)).mark != of:
        _held.no_model = f"the vectors here were made by {of}, and this version makes others."
        return None
    _held.embedders = dict(list(_held.embedders.items())[1 - MOST_MODELS :]) | {of: made}
    _held.no_model = ""
    return made


def encoder(of: str = "") -> student.Encoder | None:
    """Return what encodes a query: the model, else the static student where it is of the same space, else None.

    of: mark of that space; the index's where it is empty.
    """
    of = of or space()
    if (model := embedder(of)) is not None or settings.MODEL == "none":
        return model
    return student.of_space(of)


def why_no_model() -> str:
    """Return the sentence that says what is missing for search by meaning; empty when nothing is."""
    return _held.no_model


def forget_model() -> None:
    """Let go of the models, so that they are looked for again, as after a change of settings."""
    with _loading:
        _held.embedders, _held.no_model = {}, ""


def _begin_as_a_fork() -> None:
    """Hold nothing that is the parent's: a fork has neither its threads nor its index, but may read that as any other.

    What was held is kept and never closed, as closing it would give the parent's lock back.
    """
    global _lock, _loading, _held
    _of_parent.append(_held)
    _lock, _loading, _held = threading.RLock(), threading.RLock(), _Held(embedders=_held.embedders)


if hasattr(os, "register_at_fork"):  # not where processes never fork
    os.register_at_fork(after_in_child=_begin_as_a_fork)
