"""How commands bring the index up to date: beside the taking in where it is empty, else after it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING

import click

from broadsheet.cli.out import progress
from broadsheet.cli.start import said_when_long

if TYPE_CHECKING:
    from broadsheet.search.keeping.fill import Filling

SERVED = "The running server takes the papers into its index."

_COMPILING = "The loops of search are being compiled for this machine, once, which takes up to half a minute."


BESIDE_FROM = 4
"""Batches of papers, here 2,750, from which a process beside fills the index unless a server does: beginning it takes a
second of processor time."""


@contextmanager
def indexed(*, stop: Callable[[], bool]) -> Iterator[Callable[[], None]]:
    """Bring the index up to date at the end of a block that takes papers in, or beside it where they are many.

    Yields what is to be called after each batch of papers.
    """
    from broadsheet.search.keeping.fill import Filling, few_collections
    from broadsheet.search.machine import locks

    batches, fillings = count(1), list[Filling]()

    def stored() -> None:
        if next(batches) == BESIDE_FROM and not locks.is_held(locks.SERVING):
            fillings.append(Filling())
            few_collections()

    try:
        yield stored
        bring_up(stop=stop, filling=next(iter(fillings), None))
    finally:
        for filling in fillings:
            filling.close()


@contextmanager
def asking() -> Iterator[None]:
    """Make a command ready to ask the index, say so where loops are compiled for it, and let go after."""
    from numba.core.event import install_recorder

    from broadsheet.search import current

    ready_to_ask()
    try:
        with install_recorder("numba:compile") as compiled:  # loops that are kept are loaded without
            events = compiled.buffer

            def compiling() -> bool:
                return sum(1 if event.is_start else -1 for _, event in events) > 0

            with said_when_long(_COMPILING, where=compiling):
                yield
    finally:
        current.release()


def ready_to_ask() -> None:
    """Bring the index up to date before a command asks it, unless a server owns it, which does it by itself.

    A rebuild that was begun is left to a server, or to the next command that stores papers: all is found meanwhile.
    """
    from broadsheet.errors import Conflict
    from broadsheet.search import current
    from broadsheet.search.keeping import upkeep
    from broadsheet.search.machine.trouble import Closed, NoRoom

    try:
        current.searcher()
    except Conflict:
        with suppress(Conflict):  # who has it may not be needed: an id is found without
            current.own()  # makes one anew that cannot be used, which then lacks everything
        current.release()
    try:
        if upkeep.lacks_papers():
            bring_up(err=True)
    except (Closed, NoRoom) as error:  # what is there is asked
        if not _is_there():
            raise
        click.echo(f"Papers that wait for the index are not found yet. {error}", err=True)


def _is_there() -> bool:
    """Whether there is an index that can be asked, of whichever day."""
    from broadsheet.errors import BroadsheetError
    from broadsheet.search import current

    try:
        current.searcher()
    except BroadsheetError:
        return False
    return True


def bring_up(
    served: str = SERVED,
    *,
    err: bool = False,
    stop: Callable[[], bool] = lambda: False,
    filling: "Filling | None" = None,
) -> None:
    """Bring the index up to date here, unless a server owns it, which does it by itself: then print ``served``.

    err: it is done on the way to something else, and told beside its answer. filling: what has begun it already.
    """
    from broadsheet.errors import Conflict
    from broadsheet.search.machine import locks

    if filling is None and locks.is_held(locks.SERVING):  # loading what opens an index takes longer than to ask this
        click.echo(served, err=err)
        return
    from django.conf import settings

    from broadsheet.search import current
    from broadsheet.search.keeping import upkeep
    from broadsheet.search.keeping.fill import settle

    began = filling.began if filling else time.monotonic()
    with progress("Indexing") as advance:

        def report(done: int, total: int) -> None:
            advance(done, total, f"{done} papers")

        try:
            done = filling.finish(report=report, stop=stop) if filling else 0
            index = current.own()
            done += upkeep.catch_up(index, report=report, stop=stop)
            settle(index, stop=stop)
        except Conflict:
            click.echo(served, err=err)
            return
        finally:
            current.release()
    took = time.monotonic() - began
    if done:
        later = "" if err or settings.MODEL == "none" else "; the model reads them while the site is served"
        click.echo(f"{done} papers indexed in {took:.1f} s{later}.", err=err)
