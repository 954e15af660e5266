"""Filling an empty index in parts, several at a time, while papers still come in. What a part is: ``edge_parts``.

Each part holds the papers of a range of stamps, is made by a process of its own, and outlives a kill once it is done.
When all are done they are put together, and ``upkeep`` goes on from the last stamp.
"""

import logging
import multiprocessing
import os
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
from django.conf import settings
from filelock import FileLock, Timeout

from broadsheet.errors import BroadsheetError, Conflict
from broadsheet.papers.models import Paper, PaperQuerySet
from broadsheet.search import fill_part, state, upkeep
from broadsheet.search.edge import EdgeIndex
from broadsheet.search.fill_part import Range, Told

logger = logging.getLogger(__name__)

PART = 33_000
"""Papers of a part; two parts are more than the engine merges, which would cut them into words again."""

LEAST = 6_000
"""Papers below which a part is not worth a process: the engine folds from 5,120."""

FIRST = 8_000
"""Papers of the first part, so that no processor waits long for work."""

MANY = 8
"""Parts from which all are of one size: of more than these the engine would merge small ones."""

MOST_PROCESSES = 4
"""Parts made at once, at up to 1 GB each, files that are mapped included."""

_BATCH = 1000


@dataclass(slots=True)
class _Part:
    """A part that is being made, or done where it has no process."""

    range: Range
    path: Path
    papers: int
    process: BaseProcess | None = None

    @property
    def is_being_made(self) -> bool:
        return self.process is not None and self.process.is_alive()


class Filling:
    """The filling of one empty index, which the caller owns."""

    def __init__(self, index: EdgeIndex) -> None:
        self._index = index
        self._known = upkeep.believed(state.read(now=True))
        self._folder = Path(settings.INDEX_DIR) / "parts"
        self._lock = _lock()
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise Conflict("Another process fills this index.", "Wait until it is done.") from None
        self._parts = _done_before(self._folder, self._known)
        self._processes = min(os.cpu_count() or 1, MOST_PROCESSES)
        self._done = _context().Value("d", sum(part.papers for part in self._parts))

    def look(self) -> None:
        """Begin the next part if as many papers have come, leaving one processor to whoever brings them."""
        size = PART if self._parts else min(FIRST, PART)
        if len(self._being_made()) < max(1, self._processes - 1) and (found := self._next(size)):
            self._begin(found, size)

    def finish(self, *, report: upkeep.Report, stop: upkeep.Stop) -> int:
        """Fill in all papers that are there but a small rest; return how many went in.

        Stopped, or after a part has failed, it leaves the index as it was, or goes on to where that part begins.
        """
        total = self._waiting().count() + sum(part.papers for part in self._parts)
        while not stop():
            if len(self._being_made()) < self._processes and self._begin_fair():
                continue
            report(min(int(self._done.value), total), total)
            if not self._being_made():
                return self._put_together()
            time.sleep(0.1)
        self.close()
        return 0

    def close(self) -> None:
        """End what is being made; what is done stays for the next time."""
        for part in self._parts:
            if part.process is not None and part.is_being_made:
                part.process.terminate()
                part.process.join()
        self._lock.release()

    @property
    def _reached(self) -> int:
        return self._parts[-1].range.stamp if self._parts else 0

    def _being_made(self) -> list[_Part]:
        return [part for part in self._parts if part.is_being_made]

    def _waiting(self) -> PaperQuerySet:
        return Paper.objects.filter(stamp__gt=self._reached).order_by("stamp")

    def _next(self, size: int) -> Range | None:
        """Return the range of the next so many papers; None while there are fewer."""
        after = self._reached
        if upkeep.newest_stamp() < after + size:  # the quick look
            return None
        found = self._waiting().values_list("stamp", "key")[size - 1 : size].first()
        return Range(after, *found) if found else None

    def _begin_fair(self) -> bool:
        """Begin a part such that all processes come to their ends together; return whether there was enough for one."""
        waiting = self._waiting().count()
        if waiting < LEAST:
            return False
        left = sum(part.papers for part in self._parts) - self._done.value
        share = (waiting + max(0, left)) / self._processes
        size = max(LEAST, round(share / -(-share // PART))) if len(self._parts) < MANY else PART
        if waiting - size < LEAST:
            size = waiting if waiting <= PART + LEAST else size - LEAST
        found = self._next(min(size, waiting))
        if found:
            self._begin(found, min(size, waiting))
        return bool(found)

    def _begin(self, wanted: Range, papers: int) -> None:
        # A name of its own, as one that a killed process began may still be at work on the part of that number.
        path = self._folder / f"{len(self._parts):04}-{secrets.token_hex(4)}"
        path.mkdir(parents=True)
        process = _context().Process(
            target=fill_part.make, args=(path, Told(self._known.instance, wanted), self._done), daemon=True
        )
        # Large pages take a tenth off what the engine keeps. Read once, when a process begins; others than glibc's pass
        # over it, and an operator's own choice stands.
        os.environ.setdefault("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
        process.start()
        self._parts.append(_Part(wanted, path, papers, process))

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
        ids, gone = (np.concatenate([np.load(part.path / f"{name}.npy") for part in done]) for name in ("ids", "gone"))
        different, times = np.unique(ids, return_counts=True)
        expected = len(different)
        try:
            self._index.replace([part.path / "shard" for part in done])
            expected -= self._mend([int(pk) for pk in different[(times > 1) | np.isin(different, gone)]])
        except BroadsheetError as error:
            logger.warning("The parts of the index could not be put together: %s", error.message)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._index.size() != expected:
            self._index.replace([])
            return 0
        last = done[-1].range
        upkeep.note(self._index, replace(self._known, stamp=last.stamp, last=last.last, redo=0, redo_until=0))
        return expected

    def _mend(self, twice: Sequence[int]) -> int:
        """Make one, or none, of papers that changed between the making of two parts; return how many are gone."""
        gone = 0
        for start in range(0, len(twice), _BATCH):
            some = twice[start : start + _BATCH]
            self._index.remove(some)
            papers = list(Paper.objects.standing().filter(pk__in=some))
            self._index.add(upkeep.documents_of(papers))
            gone += len(some) - len(papers)
        return gone


def _context() -> ForkServerContext | SpawnContext:
    """Return what begins processes: where there is one, a helper that has loaded all they need and is forked."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["broadsheet.search.fill_ready"])
    return context


def begin(index: object) -> Filling | None:
    """Return the filling of an index; None where it is no empty one of this engine."""
    return Filling(index) if isinstance(index, EdgeIndex) and not index.size() else None


def is_under_way() -> bool:
    """Whether a process fills the index now."""
    if not Path(settings.INDEX_DIR).is_dir():
        return False
    try:
        with _lock().acquire(timeout=0):
            return False
    except Timeout:
        return True


def _lock() -> FileLock:
    return FileLock(Path(settings.INDEX_DIR) / "filling.lock", thread_local=False)


def _done_before(folder: Path, known: state.State) -> list[_Part]:
    """Return the parts that an earlier process made of these papers, in their order; others are thrown away."""
    parts: list[_Part] = []
    for path in sorted(folder.glob("*")):
        told = fill_part.read(path)
        after = parts[-1].range.stamp if parts else 0
        if told and told.instance == known.instance and told.range.after == after and _is_past(told.range):
            parts.append(_Part(told.range, path, len(np.load(path / "ids.npy", mmap_mode="r"))))
        else:
            shutil.rmtree(path, ignore_errors=True)
    return parts


def _is_past(done: Range) -> bool:
    """Whether the database has given the last stamp of a part, and to no other paper; an older copy of it has not."""
    given = Paper.objects.filter(stamp=done.stamp).values_list("key", flat=True).first()
    return done.stamp <= upkeep.newest_stamp() and given in {None, done.last}
