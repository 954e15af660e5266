"""How commands bring the index up to date: beside the taking in where it is empty, else after it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from broadsheet.cli.out import progress

if TYPE_CHECKING:
    from broadsheet.search.fill import Filling

SERVED = "The running server takes the papers into its index."


@contextmanager
def indexed(*, stop: Callable[[], bool]) -> Iterator[Callable[[], None]]:
    """Bring the index up to date at the end of a block that takes papers in.

    Yields what is to be called after each batch of papers: where the index is empty it is filled meanwhile.
    """
    from broadsheet.errors import Conflict
    from broadsheet.search import current, fill, state

    filling = None
    if not state.read(now=True).papers:
        with suppress(Conflict):
            filling = fill.begin(current.own())
    try:
        yield filling.look if filling else lambda: None
        bring_up(stop=stop, filling=filling)
    finally:
        if filling:
            filling.close()
            current.release()


def bring_up(
    served: str = SERVED,
    *,
    err: bool = False,
    stop: Callable[[], bool] = lambda: False,
    filling: "Filling | None" = None,
) -> None:
    """Bring the index up to date here, unless a server owns it, which does it by itself: then print ``served``."""
    from broadsheet.errors import Conflict
    from broadsheet.search import current, fill, upkeep

    try:
        index = current.own()
    except Conflict:
        click.echo(served, err=err)
        return
    try:
        began = time.monotonic()
        with progress("Indexing") as advance:

            def report(done: int, total: int) -> None:
                advance(done, total, f"{done} papers")

            filling = filling or fill.begin(index)
            done = filling.finish(report=report, stop=stop) if filling else 0
            done += upkeep.catch_up(index, report=report, stop=stop)
            index.optimize()
        click.echo(
            f"{done} papers indexed in {time.monotonic() - began:.1f} s; vectors follow while the site is served.",
            err=err,
        )
    finally:
        if filling:
            filling.close()
        current.release()
