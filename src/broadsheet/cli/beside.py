"""A state directory apart from which the site's own papers can still be read: for measurements that copy some."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from broadsheet.cli import start


@contextmanager
def apart_with_store(keep: Path | None, data: Path | None) -> Iterator[None]:
    """Load Django on a directory of its own, with the site's database under the alias ``known_item_papers.STORE``.

    keep: where it stays; None for one that is removed at the end. data: the site's directory, as ``--data``. The site's
    database is read and nothing else, but for its tables, which are brought up to this version first.
    """
    with start.readable_errors(start.KEPT if keep else start.PASSING):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            home, database = process.submit(_site, data).result()
        if keep is not None and keep.resolve() == home.resolve():
            start.fail(f"{keep} holds the site's own papers.", "Name another folder: papers are changed in it.")
    with start.apart(keep):
        from django.db import connections

        from broadsheet.bench.known_item_papers import STORE

        connections.databases[STORE] = connections.databases["default"] | database
        yield


def _site(data: Path | None) -> tuple[Path, dict[str, Any]]:
    """Return the site's state directory, and how its database is reached."""
    start.load(data)
    start.update_tables()
    from django.conf import settings

    database = settings.DATABASES["default"]
    return Path(settings.HOME), {name: database[name] for name in database if name != "TEST"}
