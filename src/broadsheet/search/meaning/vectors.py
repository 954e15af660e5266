"""The vectors of papers in files of one folder, which one process writes and any may read at the same time.

How they are coded and compared: ``codes``. How the files lie on the disk and grow: ``columns``. Words: ``lexicon``.
"""

import logging
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import numpy as np

from broadsheet.errors import BroadsheetError
from broadsheet.search.index import Facts, Filters, Ranked, Scored, Vector
from broadsheet.search.machine.mapped import Array
from broadsheet.search.machine.trouble import IndexStale, NoRoom, told
from broadsheet.search.meaning import codes, narrowed
from broadsheet.search.meaning.cell_making import Report, Stop
from broadsheet.search.meaning.codes import Coding, Floats, Rows
from broadsheet.search.meaning.columns import (
    CODED,
    DAYS,
    GONE,
    IDS,
    ROWS,
    SCALES,
    SUMS,
    Columns,
    Field,
    View,
    code,
    filed_name,
    free,
    wide,
)
from broadsheet.search.meaning.grouping import Grouping, never, silent
from broadsheet.search.meaning.narrowed import Kept, changing
from broadsheet.search.meaning.passing import Places, filed_again, filed_bits, filed_under
from broadsheet.search.meaning.sums import damaged, sums, torn

logger = logging.getLogger(__name__)

DIM, BITS = 384, 512

FIT_FROM = 4096
"""Vectors from which on there are codes; fewer are all compared."""

FIT_AGAIN = 65_536
"""Vectors from which on codes are made once more: the first thousands are of few fields, and their mean is not that of
all. At the mean of 4,096 of 130,789 papers .897 of the nearest 20 were among 200 candidates, at that of half .918."""

_PORTION = 8192


class Vectors:
    """The vectors of papers, narrowed by facts. What is put or removed is seen at once, by other processes too.

    Writing raises IndexStale where a file was cut since it was mapped, as going beyond its end would end this process.
    Reading does not ask that, and never waits for writing; who reads a row that is being written may see a score
    between the old and the new.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns: Columns | None = columns
        self._places = Places()
        self._writing = threading.Lock()
        self._grouping = Grouping(columns, self._writing)
        self._kept = Kept(columns.head)
        self._free: list[int] = []
        self.dim, self.bits = columns.dim, columns.bits
        self.coding = Coding(columns.bits)
        self.lost: list[int] = []

    @classmethod
    def anew(cls, folder: Path, dim: int = DIM, bits: int = BITS) -> Self:
        """Make an empty index in a folder, whatever was there. Whoever reads what was there goes on reading it."""
        with told("making a new index of vectors"):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            return cls(Columns.anew(folder, dim, bits))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the index in a folder for writing; that nobody else does so is the caller's care.

        What a kill or a power cut left half written is taken out (``lost`` names the papers), and codes that are lost
        are made anew. Raises BroadsheetError where the folder has no index, or one that is cut or damaged.
        """
        vectors = cls(Columns.open(folder, writes=True))
        with told("opening vectors"):
            vectors._recover()
        vectors._grouping.begin()
        return vectors

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Open the index in a folder for reading, whoever writes meanwhile. Raises BroadsheetError as ``open`` does."""
        return cls(Columns.open(folder, writes=False))

    def put(self, vectors: Mapping[int, Vector], facts: Mapping[int, Facts]) -> None:
        """Give vectors to papers, with what they are filed under; those of papers that have one are overwritten.

        Vectors are kept at unit length; one of zeros is like nothing, and never found. Raises BadInput for what is no
        vector, before anything is written, and BroadsheetError where the disk is full: some may have been written then.
        """
        if not vectors:
            return
        block = codes.block(list(vectors.values()), self.dim)
        ids = np.fromiter(vectors, np.int64, len(vectors))
        under = [filed_under(facts[pk]) for pk in vectors]
        days = np.array([facts[pk].day or 0 for pk in vectors], np.int32)
        with self._writing:
            self._open().refuse_cut()
            names = self._open().add_names([name for names in under for name in names])
            self._store(ids, block, days, filed_bits(names, under))

    def put_rows(self, ids: Rows, vectors: Floats, like: "Vectors") -> None:
        """Give vectors [n, dim] to papers, filed as in another index; papers that it does not have are left out.

        ids: [n], each once. Raises as ``put`` does.
        """
        block = codes.block(vectors, self.dim)
        with self._writing:
            self._open().refuse_cut()
            like._open().refuse_cut()
            view, count = like._view()
            rows = like._places_of(view, count, ids)
            there = np.flatnonzero(rows >= 0)
            rows = rows[there]
            names = self._open().add_names(list(view.names))
            self._store(ids[there], block[there], view.arrays[DAYS][rows], filed_again(view, rows, names))

    def remove(self, ids: Sequence[int]) -> None:
        """Take the vectors of papers out; unknown ids are ignored."""
        with self._writing:
            self._open().refuse_cut()
            view, count = self._view()
            rows = self._rows_of(view, count, ids)
            with changing(self._open().head):
                free(view, rows)
                self._free.extend(rows.tolist())
                self._open().head[Field.LIVE] = count - len(self._free)

    def nearest(self, vector: Vector, *, limit: int, filters: Filters) -> Sequence[Scored]:
        """Return the nearest papers by cosine that fulfil the filters, their terms aside, nearest first.

        Nothing is near to a vector of zeros. Raises BadInput for anything but ``dim`` finite numbers.
        """
        query = codes.numbers(vector, self.dim)
        view, count = self._view()
        if limit <= 0 or not count or not query.any():
            return []
        return Ranked(*self._nearest(view, count, query, limit, filters))

    def get(self, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the vectors of papers that have one, as near as 8 bits a number keep them."""
        view, count = self._view()
        wanted = np.unique(np.asarray(ids, np.int64))
        rows = self._places_of(view, count, wanted)
        there = rows >= 0
        wanted, rows = wanted[there], rows[there]
        found = wide(view, rows)
        there = view.arrays[IDS][rows] == wanted  # still: a row may have been freed and given to another meanwhile
        return dict(zip(wanted[there].tolist(), found[there], strict=True))

    def each(self, size: int = 8192) -> Iterator[tuple[Rows, Floats]]:
        """Yield all papers and their vectors [n, dim], so many at a time."""
        view, count = self._view()
        for begin in range(0, count, size):
            ids = view.arrays[IDS][begin : min(begin + size, count)].copy()
            rows = np.flatnonzero(ids != GONE)
            yield ids[rows], wide(view, rows + begin)

    def ids(self) -> Rows:
        """Return the papers that have a vector, in rising order."""
        view, count = self._view()
        ids = view.arrays[IDS][:count]
        return np.sort(ids[ids != GONE])

    def size(self) -> int:
        """Return the number of papers that have a vector here."""
        return int(self._open().head[Field.LIVE])

    def flush(self) -> None:
        """Return when everything so far would survive a power cut; a killed process loses nothing anyway."""
        with self._writing, told("writing vectors to disk"):
            self._open().refuse_cut()
            self._open().sync()
        self._grouping.begin()

    def settle(self, *, report: Report = silent, stop: Stop = never) -> None:
        """Group the vectors into cells now, where that is due; ``flush`` has it done beside, some time. See there."""
        self._grouping.settle(report=report, stop=stop)

    def let_be(self) -> None:
        """Make cells no more, as of what is to be thrown away, and return when nobody is about it."""
        self._grouping.close()

    def close(self) -> None:
        """Write to disk, where this one writes, and let go of the files. A second call does nothing."""
        columns, self._columns = self._columns, None
        self._grouping.close()
        if columns is not None and columns.writes:
            # What was cut is made anew at the next start, clean or not.
            with self._writing, told("writing vectors to disk"), suppress(IndexStale):
                columns.refuse_cut()
                columns.sync()
                columns.set_clean(1)

    def check(self) -> list[int]:
        """Return the papers whose rows are not as they were written, or whose codes are not theirs.

        A row that is being written just then may be among them: ask twice.
        """
        view, count = self._view()
        return sorted({int(view.arrays[IDS][row]) for row in damaged(view, count).tolist()})

    def mend(self) -> list[int]:
        """Take out the rows that ``check`` finds, and return their papers. The key in a damaged row may be wrong."""
        with self._writing:
            self._open().refuse_cut()
            view, count = self._view()
            rows = damaged(view, count)
            ids = view.arrays[IDS][rows].tolist()
            with changing(self._open().head):
                free(view, rows)
                self._recount(view, count)
        return sorted(ids)

    def pieces(self) -> dict[str, int]:
        """Return the bytes of each file."""
        return self._open().sizes()

    def _open(self) -> Columns:
        if self._columns is None:
            raise BroadsheetError("The search index is closed.")
        return self._columns

    def _view(self) -> tuple[View, int]:
        view = (columns := self._open()).now()
        return view, columns.count(view)

    def _nearest(self, view: View, count: int, query: Vector, limit: int, filters: Filters) -> tuple[Rows, Floats]:
        """Return keys and cosines: of all that fulfil the filters where they are few, of the likely ones else."""
        few = narrowed.few(count, self.coding.among(count))
        if filters.ids is None:
            among = self._kept.of(view, count, filters, few)
        else:
            rows = self._places_of(view, count, _each_once(filters.ids))
            within = narrowed.in_cells(limit, self.coding)
            among = narrowed.of_rows(view, count, rows, filters, few, self.size(), in_cells=within)
        return narrowed.nearest(view, count, among, query, limit, self.coding)

    def _rows_of(self, view: View, count: int, ids: Sequence[int] | Rows) -> Rows:
        """Return the rows of papers that have one, in rising order."""
        rows = self._places_of(view, count, _each_once(ids))
        return np.sort(rows[rows >= 0])

    def _places_of(self, view: View, count: int, ids: Rows) -> Rows:
        """Return the row of each paper, -1 where it has none."""
        known = view.arrays[IDS][:count]
        self._places.follow(known, count, int(self._open().head[Field.REUSED]))
        return self._places.rows(ids, known)

    def _store(self, ids: Rows, block: Floats, days: Array, filed: Array) -> None:
        """Write rows by portions, and make codes of all once they are enough. filed: [n, words], bits of names."""
        for begin in range(0, len(ids), _PORTION):
            part = slice(begin, begin + _PORTION)
            with changing(self._open().head):
                self._store_portion(ids[part], block[part], days[part], filed[part])
        if self._open().head[Field.LIVE] >= FIT_FROM:
            self._fit()

    def _store_portion(self, ids: Rows, block: Floats, days: Array, filed: Array) -> None:
        """Write into the rows that papers have, into free ones, and behind the last. Keys and count come last."""
        columns = self._open()
        view, count = self._view()
        head = columns.head
        rows = self._places_of(view, count, ids)
        fresh = np.flatnonzero(rows < 0)
        again, behind = fresh[: len(self._free)], fresh[len(self._free) :]
        columns.grow(count + len(behind))
        view = columns.now()
        rows[again] = self._free[len(self._free) - len(again) :]
        rows[behind] = np.arange(count, count + len(behind))
        self._write(view, rows, block, days, filed)
        view.arrays[SUMS][rows] = sums(view, rows, ids)
        view.arrays[IDS][rows] = ids
        del self._free[len(self._free) - len(again) :]
        head[Field.COUNT] = count + len(behind)
        head[Field.REUSED] = int(head[Field.REUSED]) + len(again)
        head[Field.LIVE] = count + len(behind) - len(self._free)
        self._places.note(ids, rows, count + len(behind), int(head[Field.REUSED]))

    def _write(self, view: View, rows: Rows, block: Floats, days: Array, filed: Array) -> None:
        arrays = view.arrays
        small, scales = codes.quantised(block)
        if view.cells is not None or self._grouping.is_under_way:
            same = (arrays[ROWS][rows, : self.dim] == small).all(axis=1) & (arrays[SCALES][rows] == scales)
            self._grouping.changed(rows[~same])
            if view.cells is not None:
                view.cells.taken_out(rows[~same])
        arrays[ROWS][rows, : self.dim] = small
        arrays[SCALES][rows] = scales
        arrays[DAYS][rows] = days
        for word, bits in enumerate(filed.T):
            arrays[filed_name(word)][rows] = bits
        if view.frame is not None:
            code(view, view.frame, rows)

    def _fit(self) -> None:
        """Make codes of all rows, where there are enough to know their mean and none yet, or so many that it moved.

        All are compared by their numbers meanwhile, which takes some milliseconds.
        """
        columns = self._open()
        view, count = self._view()
        again = 0 < columns.head[Field.FITTED] < FIT_AGAIN <= columns.head[Field.LIVE]
        if not self.bits or (view.frame is not None and not again):
            return
        like_something = np.flatnonzero(view.arrays[SCALES][:count] > 0)
        if len(like_something) < FIT_FROM:
            return
        sample = wide(view, like_something[:: max(1, len(like_something) // 65_536)])
        frame = codes.fitted(sample, self.bits)
        columns.keep_frame(frame)  # first, as a full disk is told here
        for begin in range(0, count, _PORTION):
            rows = np.arange(begin, min(begin + _PORTION, count))
            code(view, frame, rows)
        columns.use_frame(frame)

    def _recover(self) -> None:
        """Take out what is half written, unless all was closed in order; know the free rows; make lost codes anew."""
        columns = self._open()
        view, count = self._view()
        clean = columns.head[Field.CLEAN] == 1
        if view.cells is not None and not (clean and view.cells.is_whole()):
            columns.drop_cells()  # after a power cut a row may be another than stands in its cell
        columns.sweep_cells()
        rows = np.zeros(0, np.int64) if clean else torn(view, 0, count)
        columns.set_clean(0)
        ids = view.arrays[IDS][rows]
        with changing(columns.head):
            view.arrays[IDS][rows] = GONE
            self._recount(view, count)
        self.lost = np.unique(ids[self._places_of(view, count, ids) < 0]).tolist()
        if self.bits and (not view.arrays.keys() >= set(CODED) or (view.framed % 2 and view.frame is None)):
            columns.lose_codes()
        if columns.head[Field.LIVE] >= FIT_FROM:
            try:
                self._fit()
            except NoRoom as full:
                logger.warning("%s Until then all vectors are compared, which is slow.", full.message)

    def _recount(self, view: View, count: int) -> None:
        """Know the free rows anew. Of two rows of one paper, by a power cut or a damaged key, a whole one stays."""
        ids, every = view.arrays[IDS][:count], np.arange(count)
        head = self._open().head
        head[Field.REUSED] = int(head[Field.REUSED]) + 1  # rows may be whose they were not: readers look anew
        for last in (False, True):
            self._places = Places()
            self._places.follow(ids, count, int(head[Field.REUSED]))
            twice = (self._places.rows(ids, ids) != every) & (ids != GONE)
            if not twice.any():
                break
            rows = np.flatnonzero(twice if last else np.isin(ids, ids[twice]))
            ids[rows if last else rows[sums(view, rows, ids[rows]) != view.arrays[SUMS][rows]]] = GONE
        self._free = np.flatnonzero(ids == GONE).tolist()
        head[Field.LIVE] = count - len(self._free)


def _each_once(ids: Sequence[int] | Rows) -> Rows:
    """Return keys, each once: an array of filters has them so."""
    return ids if isinstance(ids, np.ndarray) else np.unique(np.asarray(ids, np.int64))
