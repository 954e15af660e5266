"""The life of a process that makes one part of an index, and the note that it leaves. Which parts: ``fill``.

Django is loaded within, as a new process imports this module first.
"""

import gc
import json
import multiprocessing
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

    from broadsheet.search.index import Document

_BATCH = 1000
_TAKEN = 0.45
"""Share of the work on a part that is done once its papers are in; its fields are the rest."""
_READ = ("title", "abstract", "authors", "categories", "day", "code_url", "stamp", "same_as")


class Range(NamedTuple):
    """The papers whose stamp is above ``after``, up to ``stamp``; ``last`` is the key of the last one."""

    after: int
    stamp: int
    last: str


@dataclass(frozen=True, slots=True)
class Told:
    """Which papers a part holds, and of which database (its number, as in the index's state)."""

    instance: int
    range: Range


def make(path: Path, told: Told, done: "Synchronized[float]") -> None:
    """Make a part in an empty folder, adding to ``done`` how many papers' work was done; its note comes last."""
    import django

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who began this process ends it
    gc.disable()  # nothing here is kept in circles, and looking for them takes a twentieth of the time
    django.setup()
    from broadsheet.papers.models import Paper
    from broadsheet.search import edge_parts, upkeep
    from broadsheet.search.edge_terms import SCHEMA

    parent = multiprocessing.parent_process()
    ids: list[int] = []
    gone: list[int] = []  # rows that turned out to be another paper, perhaps after an earlier part took them in
    added = 0.0

    def add(so_far: float) -> None:
        nonlocal added
        if parent is None or not parent.is_alive():
            raise SystemExit("Nobody waits for this part.")
        with done.get_lock():
            done.value += so_far - added
        added = so_far

    def batches() -> "Iterator[list[Document]]":
        after = told.range.after
        waiting = Paper.objects.filter(stamp__lte=told.range.stamp).order_by("stamp").only(*_READ)
        while papers := list(waiting.filter(stamp__gt=after)[:_BATCH]):
            shown = [paper for paper in papers if not paper.same_as_id]
            yield upkeep.documents_of(shown)
            ids.extend(paper.pk for paper in shown)
            gone.extend(paper.pk for paper in papers if paper.same_as_id)
            after = papers[-1].stamp
            add(_TAKEN * len(ids))

    (path / "shard").mkdir()
    edge_parts.build(path / "shard", batches(), lambda share: add((_TAKEN + (1 - _TAKEN) * share) * len(ids)))
    add(len(ids))
    for name, some in (("ids", ids), ("gone", gone)):
        np.save(path / f"{name}.npy", np.array(some, dtype=np.int64))
    new = path / "part.new"
    new.write_text(json.dumps({"schema": SCHEMA, "instance": told.instance, "range": told.range}))
    new.replace(path / "part.json")


def read(path: Path) -> Told | None:
    """Return what a part holds; None where it is not done, or of another schema."""
    from broadsheet.search.edge_terms import SCHEMA

    try:
        note = json.loads((path / "part.json").read_text())
        return Told(note["instance"], Range(*note["range"])) if note["schema"] == SCHEMA else None
    except (OSError, ValueError, TypeError, KeyError):
        return None
