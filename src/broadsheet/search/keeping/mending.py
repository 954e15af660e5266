"""Mending what ``doctor`` found in the index: here where nobody owns it, else by asking the server, which ``heeds``."""

from collections.abc import Collection, Iterator
from pathlib import Path
from time import monotonic, sleep

import numpy as np
from django.conf import settings

from broadsheet.papers.actions import stamp_anew
from broadsheet.search import current, state
from broadsheet.search.index import Index
from broadsheet.search.keeping import contents, upkeep
from broadsheet.search.keeping.ills import Ills
from broadsheet.search.keeping.standing import UNSEEN, holder
from broadsheet.search.machine import layout, locks, mapped
from broadsheet.search.machine.trouble import told
from broadsheet.search.whole import WholeIndex

MOST = 50_000
"""Papers that are taken over again one by one; beyond it is all of them, which costs no more."""

WITHIN = 30.0
"""Seconds that the server is waited for once it was asked."""

LOOK_EVERY = 0.2
"""Seconds between two looks whether it has heeded that."""

ASKED, TAKEN = "mend-rows", "mend-rows.taken"
"""Empty files in the folder of the index: its owner is asked to take rows out, and is about it or was killed in it."""

_PORTION = 1000


def mend(ills: Ills, *, report: upkeep.Report, stop: upkeep.Stop) -> Iterator[str]:
    """Mend what can be mended, and yield a sentence on each thing that was done.

    report: called with (done, total) papers. stop: asked between two batches; the next catch-up goes on from there.
    Raises Conflict where another process began to own the index just now, and BroadsheetError for what cannot be
    written.
    """
    owner, serving = holder(_path("owner.lock")), holder(_path(locks.SERVING))
    if serving is not None:
        server = _named("the server", serving if owner is None else owner)
        yield from _asked(ills, server, stop)
    elif owner is not None:
        keeper = _named("a command", owner)
        yield f"Nothing yet, as {keeper} keeps the index: wait until it has ended, and run this again."
    else:
        for path in ills.folders:
            yield from _put_aside(path)
        yield from _here(ills, report, stop)


def is_asked() -> bool:
    """Whether there is something to ``heed``, so that whatever else the owner does should stop where it can go on."""
    return _path(ASKED).is_file() or _path(TAKEN).is_file()


def heed(index: Index) -> None:
    """Take damaged rows and strangers out where somebody asked, as the owner, who calls this now and then.

    Where it fails it is not tried again: who asked looks again, and tells what is left.
    """
    if not is_asked():
        return
    with told("taking rows out"):
        if _path(ASKED).is_file():  # whoever asks from here on asks again
            _path(ASKED).replace(_path(TAKEN))
    try:
        if isinstance(index, WholeIndex):
            again = index.vectors.mend()
            _take_out(index, _strangers(index))
            _take_over_again(again)
    finally:
        with told("taking rows out"):
            _path(TAKEN).unlink(missing_ok=True)


def _path(name: str) -> Path:
    return Path(settings.INDEX_DIR) / name


def _named(what: str, process: int) -> str:
    return what if process == UNSEEN else f"{what} (process {process})"


def _asked(ills: Ills, server: str, stop: upkeep.Stop) -> Iterator[str]:
    """Ask the server that owns the index: by the papers' stamps, and by a file that it looks for. It is waited for."""
    if ills.folders:  # one may lie where this would be asked
        yield f"Nothing yet: {ills.folders[0]} is put aside once nothing runs. Stop {server} and run this again."
        return
    if ills.unread:
        yield f"Nothing yet: stop {server}. Started again with this version, it makes the index anew from the papers."
        return
    if ills.codes or ills.cells:
        yield f"Codes and cells: {server} makes them anew at its next start; searches are slower until then."
    if ills.rows or ills.strangers:
        mapped.replace(_path(ASKED), b"")
        yield f"Asked {server} to take out damaged rows, and papers that the database does not have."
    if ills.anew or len(ills.retake) > MOST:
        upkeep.ask_for_rebuild()
        yield f"Asked {server} to take every paper over again; search goes on meanwhile."
        if ills.anew:
            yield f"Where that does not help, stop {server} and run this command again: the index is made anew then."
    elif ills.retake:
        _take_over_again(ills.retake)
        yield f"Asked {server} to take {len(ills.retake)} papers over again."
    elif ills.waiting:
        yield f"What waits is taken over by {server}."
    yield from _waited(server, stop)


def _waited(server: str, stop: upkeep.Stop) -> Iterator[str]:
    """Wait a while until what was asked is done, but not for a rebuild; yield a sentence where it takes longer."""
    until = monotonic() + WITHIN
    while is_asked() or (upkeep.behind() and not upkeep.rebuild_is_due()):
        if stop():
            return
        if monotonic() >= until:
            yield f"Not done within {WITHIN:.0f} s: {server} goes on with it when it is through with what it does now."
            return
        sleep(LOOK_EVERY)


def _put_aside(path: Path) -> Iterator[str]:
    """Take a folder, or a link to one, out of the place of a file, and yield a sentence on it."""
    if not path.is_dir():  # it lay in another, and went with it
        return
    with told(f"putting {path} aside"):
        if path.is_symlink():
            path.unlink()
            yield f"Removed: the link {path}."
        elif any(path.iterdir()):
            aside = _path(layout.free(_path(""), f"{path.name}.aside"))
            path.rename(aside)
            yield f"Put aside: the folder {path} is {aside} now; nothing there is used."
        else:
            path.rmdir()
            yield f"Removed: the folder {path}."


def _here(ills: Ills, report: upkeep.Report, stop: upkeep.Stop) -> Iterator[str]:
    index = current.own(anew=ills.anew)
    try:
        if ills.anew:
            yield "The index was made anew."
        if ills.codes:  # who opens the index for writing makes them
            yield "The codes of the vectors were made anew."
        if ills.leftovers:  # who opens the index for writing removes them
            yield f"Removed: {', '.join(path.name for path in ills.leftovers)}."
        heed(index)  # what was asked of a server that ended before
        if ills.rows and isinstance(index, WholeIndex):
            # The key in a damaged row may be another paper's, which is then taken over again too.
            ills.retake.update(index.vectors.mend())
        if strangers := _take_out(index, ills.strangers):
            yield f"{strangers} papers that the database does not have were taken out."
        _take_over_again(ills.retake)
        if done := upkeep.catch_up(index, report=report, stop=stop):
            yield f"{done} papers were taken over."
        if isinstance(index, WholeIndex):
            index.vectors.settle(report=report, stop=stop)
        if ills.cells:  # who opens the index for writing throws damaged ones away
            yield "The vectors were grouped anew."
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


def _take_over_again(pks: Collection[int]) -> None:
    """Have papers taken over again; a key that is none, as of a damaged row, changes nothing."""
    wanted = sorted(pk for pk in set(pks) if pk >= 0)
    if len(wanted) > MOST:
        upkeep.ask_for_rebuild()
        return
    for start in range(0, len(wanted), _PORTION):
        stamp_anew(wanted[start : start + _PORTION])
