"""Filling an empty index in parts, several at a time, while papers still come in. What a part is: ``edge_parts``.

Each part holds the papers of a range of stamps, is made by a process of its own, and outlives a kill once it is done.
When all are done they are put together, and ``upkeep`` goes on from the last stamp.
"""

import logging
import multiprocessing
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
from django.conf import settings

from broadsheet.errors import BroadsheetError
from broadsheet.papers.models import Paper
from broadsheet.search import fill_part, state, upkeep
from broadsheet.search.edge import EdgeIndex
from broadsheet.search.fill_part import Range, Told

logger = logging.getLogger(__name__)

PART = 33_000
"""Papers of a part; two parts are more than the engine merges, which would cut them into words again."""

LEAST = 6_000
"""Papers below which a part is not worth a process: the engine folds from 5,120."""

MOST_PROCESSES = 4
"""Parts made at once, at up to 1 GB each, files that are mapped included."""

_BATCH = 1000


@dataclass(slots=True)
class _Part:
    """A part that is being made, or done where it has no process."""

    range: Range
    path: Path
    process: BaseProcess | None = None


class Filling:
    """The filling of one empty index, which the caller owns."""

    def __init__(self, index: EdgeIndex) -> None:
        self._index = index
        self._known = upkeep.believed(state.read(now=True))
        self._folder = Path(settings.INDEX_DIR) / "parts"
        self._parts = _done_before(self._folder, self._known)
        self._processes = min(os.cpu_count() or 1, MOST_PROCESSES)
        self._done = multiprocessing.get_context("spawn").Value("q", sum(map(_number, self._parts)))

    def look(self) -> None:
        """Begin the next part if as many papers have come, leaving one processor to whoever brings them."""
        if self._running() < max(1, self._processes - 1) and (found := self._next(PART)):
            self._begin(found)

    def finish(self, *, report: upkeep.Report, stop: upkeep.Stop) -> int:
        """Fill in all papers that are there but a small rest; return how many went in.

        Stopped, or after a part has failed, it leaves the index as it was, or goes on to where that part begins.
        """
        waiting = Paper.objects.filter(stamp__gt=self._reached).count()
        # The last papers are shared out evenly, so that no processor waits for another.
        size = min(PART, max(LEAST, -(-waiting // self._processes)))
        total = waiting + self._done.value
        while not stop():
            if self._running() < self._processes and (found := self._next(size) or self._next_rest()):
                self._begin(found)
            elif self._running():
                report(self._done.value, max(total, self._done.value))
                time.sleep(0.2)
            else:
                return self._put_together()
        self.close()
        return 0

    def close(self) -> None:
        """End what is being made; what is done stays for the next time."""
        for part in self._parts:
            if part.process is not None and part.process.is_alive():
                part.process.terminate()
                part.process.join()

    @property
    def _reached(self) -> int:
        return self._parts[-1].range.stamp if self._parts else 0

    def _running(self) -> int:
        return sum(part.process is not None and part.process.is_alive() for part in self._parts)

    def _next(self, size: int) -> Range | None:
        """Return the range of the next so many papers; None while there are fewer."""
        after = self._reached
        if upkeep.newest_stamp() < after + size:  # the quick look
            return None
        waiting = Paper.objects.filter(stamp__gt=after).order_by("stamp").values_list("stamp", "key")
        return Range(after, *found) if (found := waiting[size - 1 : size].first()) else None

    def _next_rest(self) -> Range | None:
        after = self._reached
        waiting = Paper.objects.filter(stamp__gt=after).order_by("stamp").values_list("stamp", "key")
        return Range(after, *found) if waiting.count() >= LEAST and (found := waiting.last()) else None

    def _begin(self, wanted: Range) -> None:
        path = self._folder / f"{len(self._parts):04}"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        context = multiprocessing.get_context("spawn")
        process = context.Process(
            target=fill_part.make, args=(path, Told(self._known.instance, wanted), self._done), daemon=True
        )
        process.start()
        self._parts.append(_Part(wanted, path, process))

    def _put_together(self) -> int:
        """Make the index of the parts that are done, up to the first that failed."""
        done = []
        for part in self._parts:
            if fill_part.read(part.path) is None:
                logger.warning("A part of the index could not be made; its papers are taken over one by one.")
                break
            done.append(part)
        if not done:
            shutil.rmtree(self._folder, ignore_errors=True)
            return 0
        ids = np.concatenate([np.load(part.path / "ids.npy") for part in done])
        different, times = np.unique(ids, return_counts=True)
        try:
            self._index.replace([part.path / "shard" for part in done])
            self._mend([int(pk) for pk in different[times > 1]])
        except BroadsheetError as error:
            logger.warning("The parts of the index could not be put together: %s", error.message)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._index.size() != len(different):
            self._index.replace([])
            return 0
        last = done[-1].range
        upkeep.note(self._index, replace(self._known, stamp=last.stamp, last=last.last, redo=0, redo_until=0))
        return len(different)

    def _mend(self, twice: Sequence[int]) -> None:
        """Make one of papers that changed between the making of two parts."""
        for start in range(0, len(twice), _BATCH):
            some = twice[start : start + _BATCH]
            self._index.remove(some)
            self._index.add(upkeep.documents_of(list(Paper.objects.filter(pk__in=some))))


def begin(index: object) -> Filling | None:
    """Return the filling of an index; None where it is no empty one of this engine."""
    return Filling(index) if isinstance(index, EdgeIndex) and not index.size() else None


def _number(part: _Part) -> int:
    return len(np.load(part.path / "ids.npy", mmap_mode="r"))


def _done_before(folder: Path, known: state.State) -> list[_Part]:
    """Return the parts that an earlier process made of these papers, in their order; others are thrown away."""
    parts: list[_Part] = []
    for path in sorted(folder.glob("*")):
        told = fill_part.read(path)
        after = parts[-1].range.stamp if parts else 0
        if told and told.instance == known.instance and told.range.after == after and _is_past(told.range):
            parts.append(_Part(told.range, path))
        else:
            shutil.rmtree(path, ignore_errors=True)
    return parts


def _is_past(done: Range) -> bool:
    """Whether the database has given the last stamp of a part, and to no other paper; an older copy of it has not."""
    given = Paper.objects.filter(stamp=done.stamp).values_list("key", flat=True).first()
    return done.stamp <= upkeep.newest_stamp() and given in {None, done.last}
