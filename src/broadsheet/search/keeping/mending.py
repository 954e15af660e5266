"""Mending what ``doctor`` found in the index: here where nobody owns it, else by asking the owner, who ``heeds``."""

import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import numpy as np
from django.conf import settings

from broadsheet.errors import BroadsheetError
from broadsheet.papers.actions import stamp_anew
from broadsheet.search import current, state
from broadsheet.search.index import Index
from broadsheet.search.keeping import contents, upkeep
from broadsheet.search.keeping.ills import Ills
from broadsheet.search.keeping.standing import holder
from broadsheet.search.whole import WholeIndex

MOST = 50_000
"""Papers that are taken over again one by one; beyond it is all of them, which costs no more."""

WITHIN = 30.0
"""Seconds that the owner is waited for once it was asked."""

LOOK_EVERY = 0.2
"""Seconds between two looks whether it has heeded that."""

_PORTION = 1000
# Empty files in the folder of the index, by which its owner is asked to make all of it anew, or to take rows out.
_ANEW, _ROWS = "mend-anew", "mend-rows"


def mend(ills: Ills, *, report: upkeep.Report, stop: upkeep.Stop) -> Iterator[str]:
    """Mend what can be mended, and yield a sentence on each thing that was done.

    report: called with (done, total) papers. stop: asked between two batches; the next catch-up goes on from there.
    Raises Conflict where another process began to own the index just now.
    """
    if holder(Path(settings.INDEX_DIR) / "owner.lock") is not None:
        yield from _asked(ills)
        _wait(stop)
        return
    for path in ills.folders:
        shutil.rmtree(path)
        yield f"Removed: the folder {path}."
    yield from _here(ills, report, stop)


def heed(index: Index) -> Index:
    """Do what somebody asked since of who owns the index, which calls this now and then; return the index it has then.

    It is another one where it could not be opened any more: who writes into files that were cut is ended.
    """
    if not isinstance(index, WholeIndex) or not _is_asked():
        return index
    if _wish(_ANEW).exists():
        with suppress(BroadsheetError):  # what is thrown away need not be closed in order
            current.release()
        index = current.own(anew=True)
    else:
        again = index.vectors.mend()
        _take_out(index, _strangers(index))
        _stamp(again)
    _note_heeded()
    return index


def ask_anew() -> None:
    """Have who owns the index make it anew, as it cannot be opened any more. Raises OSError."""
    _wish(_ANEW).touch()


def _wish(name: str) -> Path:
    return Path(settings.INDEX_DIR) / name


def _is_asked() -> bool:
    return _wish(_ANEW).exists() or _wish(_ROWS).exists()


def _note_heeded() -> None:
    for name in (_ANEW, _ROWS):
        _wish(name).unlink(missing_ok=True)


def _wait(stop: upkeep.Stop) -> None:
    """Wait a while until the owner has done what it was asked for; a rebuild goes on for longer."""
    until = monotonic() + WITHIN
    while monotonic() < until and not stop() and not upkeep.rebuild_is_due():
        if not (_is_asked() or upkeep.behind()):
            return
        sleep(LOOK_EVERY)


def _asked(ills: Ills) -> Iterator[str]:
    """Ask the process that owns the index: by the papers' stamps, and by wishes that it looks for."""
    if ills.unread:
        ask_anew()
        yield "The process that keeps the index makes it anew from the papers."
        return
    if ills.anew or len(ills.retake) > MOST:
        upkeep.ask_for_rebuild()
        yield "The process that keeps the index was asked to take every paper over again; search goes on meanwhile."
        if ills.anew:
            yield "Where that does not help, stop the server and run this command again: the index is made anew then."
        return
    if ills.codes:
        yield "The server makes the codes of the vectors anew at its next start; searches are slower until then."
    if ills.cells:
        yield "The server groups the vectors anew at its next start; searches are slower or less exact until then."
    if ills.rows or ills.strangers:
        _wish(_ROWS).touch()
        yield "The process that keeps the index takes damaged rows and papers that the database does not have out."
    if ills.retake:
        _stamp(ills.retake)
        yield f"The process that keeps the index takes {len(ills.retake)} papers over again, within seconds."
    if ills.waiting:
        yield "The process that keeps the index takes over what waits."


def _here(ills: Ills, report: upkeep.Report, stop: upkeep.Stop) -> Iterator[str]:
    index = current.own(anew=ills.anew)
    try:
        if ills.anew:
            yield "The index was made anew."
        if ills.codes:  # who opens the index for writing makes them
            yield "The codes of the vectors were made anew."
        if ills.leftovers:  # who opens the index for writing removes them
            yield f"Removed: {', '.join(path.name for path in ills.leftovers)}."
        if ills.rows and isinstance(index, WholeIndex):
            # The key in a damaged row may be another paper's, which is then taken over again too.
            ills.retake.update(index.vectors.mend())
        if strangers := _take_out(index, ills.strangers):
            yield f"{strangers} papers that the database does not have were taken out."
        if len(ills.retake) > MOST:
            upkeep.ask_for_rebuild()
        else:
            _stamp(ills.retake)
        if done := upkeep.catch_up(index, report=report, stop=stop):
            yield f"{done} papers were taken over."
        if isinstance(index, WholeIndex):
            index.vectors.settle(report=report, stop=stop)
        if ills.cells:  # who opens the index for writing throws damaged ones away
            yield "The vectors were grouped anew."
        _note_heeded()
    finally:
        current.release()


def _strangers(index: WholeIndex) -> set[int]:
    held = contents.held_by(index)  # first: what comes meanwhile is in the database by then
    _, allowed = contents.in_database(state.read(now=True))
    return set(np.setdiff1d(np.concatenate(held), allowed).tolist())


def _take_out(index: Index, strangers: Collection[int]) -> int:
    """Take papers out of the index; return how many. What is below zero was a damaged key, which ``mend`` takes out."""
    if papers := sorted(pk for pk in strangers if pk >= 0):
        index.remove(papers)
        index.flush()
    return len(papers)


def _stamp(pks: Collection[int]) -> None:
    """Have papers taken over again; a key that is none, as of a damaged row, changes nothing."""
    wanted = sorted(pk for pk in set(pks) if pk >= 0)
    for start in range(0, len(wanted), _PORTION):
        stamp_anew(wanted[start : start + _PORTION])
