"""In how many papers of this site each phrase stands: one table of fixed size in the state directory, counted on.

Phrases share a place where their digests are the same, so that a rare one may be counted too high, never too low; the
table has 64 MB whether the site has a hundred papers or three million. What a phrase is, is ``phrases``.
"""

import io
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import filelock
import numpy as np
from django.conf import settings
from django.db.models import Max
from numpy.typing import NDArray

from broadsheet.papers import phrases
from broadsheet.papers.models import Paper
from broadsheet.search.keeping import upkeep
from broadsheet.search.machine import mapped

SIZE = 1 << 24
BATCH = 2_000
KEEP_EVERY = 50_000
"""Papers between two writings of the table; a run that was killed repeats at most so many."""

RECIPE = 1
"""Number of what ``phrases.counted`` counts; with a new one the table begins anew."""

type Stop = Callable[[], bool]
type Report = Callable[[int, int], None]


class Frequencies:
    """The table as it is in memory or in its file. papers: that were counted. last: primary key of the last."""

    def __init__(self, table: NDArray[np.uint32], papers: int = 0, last: int = 0) -> None:
        self.table, self.papers, self.last = table, papers, last

    @classmethod
    def empty(cls) -> "Frequencies":
        """Return a table without papers."""
        return cls(np.zeros(SIZE, dtype=np.uint32))

    def count(self, title: str, abstract: str) -> None:
        """Count the phrases of one more paper."""
        places = [_place(phrase) for phrase in phrases.counted(title, abstract)]
        self.table[np.unique(np.array(places, dtype=np.int64))] += 1
        self.papers += 1

    def of(self, names: Sequence[str]) -> list[int]:
        """Return in how many papers phrases stand, at the least."""
        if not names:
            return []
        found: list[int] = self.table[np.array([_place(name) for name in names], dtype=np.int64)].tolist()
        return found


def read() -> Frequencies:
    """Return the kept table, as a view of its file; an empty one where there is none of this database."""
    try:
        papers, last = _known(np.load(_notes()))
        table = np.load(_file(), mmap_mode="r")
        if (table.shape, table.dtype) != ((SIZE,), np.uint32):
            return Frequencies.empty()
        return Frequencies(table, papers, last)
    except mapped.NO_ARRAYS:
        return Frequencies.empty()


def bring_up(stop: Stop, report: Report) -> None:
    """Count the papers that came since the last time. What was counted stays when it is stopped, or its process dies.

    Where another process counts already, its table is used as it is. report: called with (done, total) papers.
    """
    waiting = Paper.objects.filter(pk__gt=read().last)
    if not waiting.exists():
        return
    _folder().mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(_folder() / "phrases.lock", blocking=False):
            _count(stop, report)
    except filelock.Timeout:
        return


def _count(stop: Stop, report: Report) -> None:
    kept = read()
    known = Frequencies(np.array(kept.table), kept.papers, kept.last)
    newest = Paper.objects.aggregate(newest=Max("pk"))["newest"] or 0
    total = Paper.objects.filter(pk__gt=known.last, pk__lte=newest).count()
    done = loose = 0
    while not stop():
        rows = Paper.objects.filter(pk__gt=known.last, pk__lte=newest).order_by("pk")
        batch = list(rows.values_list("pk", "title", "abstract")[:BATCH])
        if not batch:
            break
        for pk, title, abstract in batch:
            known.count(title, abstract)
            known.last = pk
        done += len(batch)
        loose += len(batch)
        report(done, total)
        if loose >= KEEP_EVERY:
            _write(known)
            loose = 0
    if loose:
        _write(known)


def _write(known: Frequencies) -> None:
    """Put the table into its file. The notes come last and tell its sum, so that halves of two do not count."""
    part = _file().with_suffix(".part.npy")
    np.save(part, known.table)
    _notes().unlink(missing_ok=True)
    mapped.named(part, _file())
    notes = io.BytesIO()
    np.save(notes, np.array([RECIPE, SIZE, upkeep.instance(), known.papers, known.last], dtype=np.int64))
    mapped.put(_notes(), notes.getvalue())


def _known(notes: NDArray[Any]) -> tuple[int, int]:
    recipe, size, instance, papers, last = (int(number) for number in notes)
    if (recipe, size, instance) != (RECIPE, SIZE, upkeep.instance()):
        raise ValueError("The table is another database's, or of another recipe.")
    return papers, last


def _place(phrase: str) -> int:
    return zlib.crc32(phrase.encode("utf-8", "surrogatepass")) & (SIZE - 1)


def _folder() -> Path:
    return Path(settings.HOME) / "phrases"


def _file() -> Path:
    return _folder() / "frequencies.npy"


def _notes() -> Path:
    return _folder() / "notes.npy"
