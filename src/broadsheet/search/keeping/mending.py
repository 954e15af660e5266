"""Mending what ``doctor`` found in the index: here where nobody owns it, else by asking the owner."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from broadsheet.papers.actions import stamp_anew
from broadsheet.papers.models import Paper
from broadsheet.search import current
from broadsheet.search.keeping import upkeep
from broadsheet.search.keeping.ills import Ills
from broadsheet.search.keeping.standing import holder
from broadsheet.search.whole import WholeIndex

MOST = 50_000
"""Papers that are taken over again one by one; beyond it is all of them, which costs no more."""

_PORTION = 1000


def mend(ills: Ills, *, report: upkeep.Report, stop: upkeep.Stop) -> Iterator[str]:
    """Mend what can be mended, and yield a sentence on each thing that was done.

    report: called with (done, total) papers. stop: asked between two batches; the next catch-up goes on from there.
    Raises Conflict where another process began to own the index just now.
    """
    if holder(Path(settings.INDEX_DIR) / "owner.lock") is not None:
        yield from _asked(ills)
    else:
        yield from _here(ills, report, stop)


def _asked(ills: Ills) -> Iterator[str]:
    """Ask the process that owns the index: by the papers' stamps, or by the wish to take all of them over."""
    if ills.anew or len(ills.retake) > MOST or _unknown(ills.strangers):
        upkeep.ask_for_rebuild()
        yield "The process that keeps the index was asked to take every paper over again; search goes on meanwhile."
        if ills.anew:
            yield "Where that does not help, stop the server and run this command again: the index is made anew then."
        return
    if ills.codes:
        yield "The server makes the codes of the vectors anew at its next start; searches are slower until then."
    if ills.cells:
        yield "The server groups the vectors anew at its next start; searches are slower or less exact until then."
    if again := ills.retake | ills.strangers:
        _stamp(again)
        yield f"The process that keeps the index takes {len(again)} papers over again, within seconds."
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
            ills.retake |= {pk for pk in index.vectors.mend() if pk >= 0}
        if strangers := sorted(pk for pk in ills.strangers if pk >= 0):  # others were damaged keys
            index.remove(strangers)
            index.flush()
            yield f"{len(strangers)} papers that the database does not have were taken out."
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
    finally:
        current.release()


def _unknown(pks: set[int]) -> bool:
    """Whether some papers are in no row of the database, so that no stamp can tell the owner of them."""
    wanted = sorted(pks)
    return any(
        Paper.objects.filter(pk__in=wanted[start : start + 500]).count() < len(wanted[start : start + 500])
        for start in range(0, len(wanted), 500)
    )


def _stamp(pks: set[int]) -> None:
    wanted = sorted(pks)
    for start in range(0, len(wanted), _PORTION):
        stamp_anew(wanted[start : start + _PORTION])
