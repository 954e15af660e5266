"""Columns of an index of vectors: files of a folder that one process writes and any may map, and how they grow.

What stands in them, and how the nearest are found: ``vectors`` and ``codes``.
"""

import json
import os
import threading
import zlib
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from broadsheet.errors import BroadsheetError
from broadsheet.search.machine.mapped import WAY_OUT, Array, allocate, mapped, names_synced, refuse_cut, replace, synced
from broadsheet.search.machine.trouble import of_disk
from broadsheet.search.meaning import cells as groups
from broadsheet.search.meaning.cells import Cells
from broadsheet.search.meaning.codes import BLOCK, HALF, Floats, Frame, Held, Rows, Words, as_held, words_coded

GONE = int(np.iinfo(np.int64).min)
"""What stands for a paper's key in a row that is free."""

HEAD = 4096
"""Bytes of the head, one page of memory."""

_SIGN = b"broadsheet vectors 1\n"
_FIRST, _STEP = 1024, 131_072


class Field:
    """Places in the head, in numbers of eight bytes behind the sign; each is read and written in one go.

    CHANGES: how often rows were changed, twice each: odd while they are. COUNTED: one more than REUSED was at the
    last of them. Versions that do not count changes raise REUSED when they open an index, and leave both as they are.
    """

    DIM, BITS, CAPACITY, COUNT, LIVE, CLEAN, REUSED, NAMES, FRAME, CHECK, FITTED, CELLS, CHANGES, COUNTED = range(4, 18)


class Column(NamedTuple):
    """One file: numbers of a kind, so many of them a row."""

    name: str
    kind: str
    width: int = 1

    @property
    def bytes(self) -> int:
        """Bytes of a row."""
        return np.dtype(self.kind).itemsize * self.width


IDS, DAYS, ROWS, SCALES, SUMS = "ids", "days", "rows", "scales", "sums"
CODES, MORE, LEANS = "codes", "codes-more", "leans"
CODED = (CODES, MORE, LEANS)
"""What can be made anew of the rows. The first half of a code lies in blocks of 64 rows, as it is read by these; the
other half, of which little is read, row by row."""


def columns_of(dim: int, bits: int, names: int) -> list[Column]:
    """Return the columns of vectors of so many numbers, filed under so many names: 64 of these a column of bits."""
    plain = [
        Column(IDS, "<i8"),
        Column(DAYS, "<i4"),
        Column(ROWS, "<i1", -(-dim // 4) * 4),
        Column(SCALES, "<f4"),
        Column(SUMS, "<u4"),
    ]
    filed = [Column(filed_name(word), "<u8") for word in range(_words(names))]
    coded = [Column(CODES, "<u8", HALF), Column(MORE, "<u8", words_coded(bits) - HALF), Column(LEANS, "<f4")]
    return [*plain, *filed, *(coded if bits else [])]


def words_of(names: dict[str, int]) -> int:
    """Return how many columns of bits there are for so many names."""
    return _words(len(names))


def _words(names: int) -> int:
    return max(1, -(-names // 64))


def filed_name(word: int) -> str:
    """Return the column with the bits of 64 names."""
    return f"filed-{word}"


class View(NamedTuple):
    """The files as they were mapped at one moment. names: which bit each has. framed: odd where there were codes.

    held: what a search goes by, the codes without rows where they are lost. grouped: odd where there were cells.
    """

    arrays: dict[str, Array]
    names: dict[str, int]
    frame: Frame | None
    framed: int
    dim: int
    held: Held
    cells: Cells | None = None
    grouped: int = 0


def code(view: View, frame: Frame, rows: Rows) -> None:
    """Write the codes of rows."""
    vectors = wide(view, rows)
    made = frame.codes(vectors)
    view.arrays[CODES][rows // BLOCK, :, rows % BLOCK] = made[:, :HALF]
    view.arrays[MORE][rows] = made[:, HALF:]
    view.arrays[LEANS][rows] = frame.leans(vectors)


def free(view: View, rows: Rows) -> None:
    """Have rows hold nothing."""
    if view.cells is not None:
        view.cells.taken_out(rows)
    view.arrays[IDS][rows] = GONE


def codes_of(view: View, rows: Rows) -> Words:
    """Return the codes of rows [n, words]."""
    return np.concatenate([view.arrays[CODES][rows // BLOCK, :, rows % BLOCK], view.arrays[MORE][rows]], axis=1)


def wide(view: View, rows: Rows) -> Floats:
    """Return the vectors of rows [n, dim]."""
    found: Floats = view.arrays[ROWS][rows, : view.dim] * view.arrays[SCALES][rows][:, None]
    return found


class Columns:
    """The files of one folder, mapped. ``view`` is replaced where they grew, and never changed: hold on to it."""

    def __init__(self, folder: Path, head: Array, *, writes: bool) -> None:
        self.folder = folder
        self.head = head
        self.writes = writes
        self.view = View({}, {}, None, 0, 0, _held({}))
        self._mapping = threading.RLock()  # searches map too, and none may put an older view in place of a newer one
        self._inode = (folder / "head").stat().st_ino

    @classmethod
    def anew(cls, folder: Path, dim: int, bits: int) -> Self:
        """Make empty columns in an empty folder."""
        with (folder / "head").open("xb") as file:
            file.write(_SIGN.ljust(HEAD, b"\0"))
        head = mapped(folder / "head", "<u8", HEAD // 8, writes=True)
        head[[Field.DIM, Field.BITS]] = dim, bits
        columns = cls(folder, head, writes=True)
        columns.grow(_FIRST)
        head[Field.CHECK] = _fixed(head)  # last: what is not whole does not open
        return columns

    @classmethod
    def open(cls, folder: Path, *, writes: bool) -> Self:
        """Map what is in a folder. Raises BroadsheetError that names the file where it is missing, foreign or cut."""
        path = folder / "head"
        try:
            with path.open("rb") as file:
                sign = file.read(HEAD)
        except OSError as error:
            told = BroadsheetError(f"The vectors in {folder} cannot be read: {error}.", WAY_OUT)
            raise of_disk(f"reading {path}", error) or told from error
        if len(sign) < HEAD or not sign.startswith(_SIGN):
            raise BroadsheetError(f"{path} is no head of vectors of this version, or was cut.", WAY_OUT)
        head = mapped(path, "<u8", HEAD // 8, writes=writes)
        count, capacity = head[Field.COUNT], head[Field.CAPACITY]
        if head[Field.CHECK] != _fixed(head) or count > capacity or capacity % BLOCK:
            raise BroadsheetError(f"{path} is damaged.", WAY_OUT)
        columns = cls(folder, head, writes=writes)
        columns.map()
        return columns

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        return int(self.head[Field.DIM])

    @property
    def bits(self) -> int:
        """Bits of a code; 0 where there are none."""
        return int(self.head[Field.BITS])

    def count(self, view: View) -> int:
        """Return how many rows there are now, of those that were mapped."""
        return min(int(self.head[Field.COUNT]), len(view.arrays[IDS]))

    def now(self) -> View:
        """Return the files as they are, mapped anew where they grew."""
        head, view = self.head, self.view
        if (
            head[Field.CAPACITY] > len(view.arrays[IDS])
            or head[Field.NAMES] != len(view.names)
            or head[Field.FRAME] != view.framed
            or head[Field.CELLS] != view.grouped
        ):
            try:
                return self.map()
            except BroadsheetError:
                if self._here():
                    raise
        return view

    def _here(self) -> bool:
        """Tell whether the folder still has the head that is mapped; an index made anew there has another."""
        try:
            return (self.folder / "head").stat().st_ino == self._inode
        except OSError:
            return False

    def map(self) -> View:
        """Map the files as they are now. Raises BroadsheetError for one missing or cut, codes and cells aside."""
        with self._mapping:
            self.view = self._mapped()
            return self.view

    def _mapped(self) -> View:
        capacity, count, framed, grouped = (
            int(self.head[field]) for field in (Field.CAPACITY, Field.NAMES, Field.FRAME, Field.CELLS)
        )
        names = self._read_names(count)
        arrays = {}
        for column in columns_of(self.dim, self.bits, count):
            path = self.folder / column.name
            try:
                array = mapped(path, column.kind, capacity, column.width, writes=self.writes)
            except BroadsheetError:
                if column.name not in CODED:
                    raise
            else:
                shapes = {CODES: (-1, HALF, BLOCK), MORE: (capacity, -1)}
                arrays[column.name] = array.reshape(shapes.get(column.name, array.shape))
        frame = self._read_frame() if framed % 2 and arrays.keys() >= set(CODED) else None
        cells = self._read_cells(grouped, capacity) if frame is not None else None
        if self.writes and cells is None and grouped % 2 and self.head[Field.CELLS] == grouped:
            grouped += 1  # nor may others go by what is not kept in step from here
            self.head[Field.CELLS] = grouped
        return View(arrays, names, frame, framed, self.dim, _held(arrays), cells, grouped)

    def _read_names(self, count: int) -> dict[str, int]:
        path = self.folder / "names.json"
        try:
            names = json.loads(path.read_text()) if count else []
            if len(set(names[:count])) != count:
                raise ValueError("names are missing")  # noqa: TRY301 (told below, as what cannot be read is)
        except (OSError, ValueError, TypeError) as error:
            told = BroadsheetError(f"{path} is missing or damaged: {error}.", WAY_OUT)
            raise of_disk(f"reading {path}", error) or told from error
        return {name: bit for bit, name in enumerate(names[:count])}

    def refuse_cut(self) -> None:
        """Raise IndexStale where a file was cut since it was mapped. Who writes asks this first, as it costs little."""
        view = self.view
        mapped_here = {"head": self.head} | view.arrays
        if view.cells is not None:
            mapped_here[groups.name_of(view.grouped)] = view.cells.memory
        for name, array in mapped_here.items():
            refuse_cut(self.folder / name, array)

    def add_names(self, names: list[str]) -> dict[str, int]:
        """Return the bits of all names; those that had none get one, before any row that has it is written."""
        if fresh := [name for name in dict.fromkeys(names) if name not in self.view.names]:
            every = [*self.view.names, *fresh]
            for column in columns_of(self.dim, self.bits, len(every)):
                if column.name not in self.view.arrays:
                    allocate(self.folder / column.name, 0, len(self.view.arrays[IDS]) * column.bytes)
            replace(self.folder / "names.json", json.dumps(every).encode())
            self.head[Field.NAMES] = len(every)
            self.map()
        return self.view.names

    def grow(self, rows: int) -> None:
        """Make room for so many rows. Raises BroadsheetError where the disk has none; all is as before then."""
        before = int(self.head[Field.CAPACITY])
        capacity = before or _FIRST
        while capacity < rows:
            capacity += min(capacity, _STEP)
        if capacity == before:
            return
        grown = []
        try:
            for column in columns_of(self.dim, self.bits, len(self.view.names)):
                grown.append(column)
                allocate(self.folder / column.name, before * column.bytes, capacity * column.bytes)
        except BroadsheetError:
            for column in grown:
                os.truncate(self.folder / column.name, before * column.bytes)  # nobody maps what was added
            raise
        self.head[Field.CAPACITY] = capacity
        self.map()

    def keep_frame(self, frame: Frame) -> None:
        """Write what codes are made with. It counts once every row has its code: see ``use_frame``."""
        payload = b"".join(part.astype("<f4").tobytes() for part in frame)
        before = int(self.head[Field.FRAME])
        self.drop_cells()
        self.head[Field.FRAME] = -(-before // 2) * 2  # nobody goes by the codes that are there any more
        try:
            replace(self.folder / "frame", zlib.crc32(payload).to_bytes(4, "little") + payload)
        except BroadsheetError:
            self.head[Field.FRAME] = before
            raise

    def use_frame(self, frame: Frame) -> None:
        """Let searches go by the codes, which every row has by now."""
        self.head[Field.FITTED] = self.head[Field.LIVE]
        with self._mapping:
            self.head[Field.FRAME] = int(self.head[Field.FRAME]) // 2 * 2 + 1
            self.view = self.view._replace(frame=frame, framed=int(self.head[Field.FRAME]))

    def _read_frame(self) -> Frame | None:
        """Return the frame, None where it is lost: without it all are compared by their numbers."""
        try:
            data = (self.folder / "frame").read_bytes()
        except OSError:
            return None
        made, bits = self.dim * self.bits, self.bits
        if len(data) != 4 + 4 * (made + self.dim + bits) or zlib.crc32(data[4:]) != int.from_bytes(data[:4], "little"):
            return None
        values = np.frombuffer(data, "<f4", offset=4)
        return Frame(values[:made].reshape(self.dim, bits), values[made:-bits], values[-bits:])

    def lose_codes(self) -> None:
        """Make the files of codes whole again, with nothing in them: codes are made anew from the rows."""
        self.drop_cells()
        self.head[Field.FRAME] = -(-int(self.head[Field.FRAME]) // 2) * 2
        for column in columns_of(self.dim, self.bits, 0):
            if column.name in CODED:
                (self.folder / column.name).unlink(missing_ok=True)
                allocate(self.folder / column.name, 0, int(self.head[Field.CAPACITY]) * column.bytes)
        self.map()

    def _read_cells(self, grouped: int, capacity: int) -> Cells | None:
        """Return the cells, None where there are none or they are lost: all codes are compared then."""
        if grouped % 2 == 0 or self.bits != groups.BITS:
            return None
        return groups.read(self.folder / groups.name_of(grouped), self.dim, capacity, writes=self.writes)

    def next_cells(self) -> int:
        """Return the number of cells that are to be made, which none before them had."""
        before = int(self.head[Field.CELLS])
        return before + 1 + before % 2

    def use_cells(self, number: int) -> None:
        """Let searches go by cells of a file that is on disk, and delete others."""
        with self._mapping:
            self.head[Field.CELLS] = number
            self.map()
        self.sweep_cells()

    def drop_cells(self) -> None:
        """Let no search go by cells any more."""
        with self._mapping:
            before = int(self.head[Field.CELLS])
            self.head[Field.CELLS] = before + before % 2
            self.view = self.view._replace(cells=None, grouped=before + before % 2)
        self.sweep_cells()

    def sweep_cells(self) -> None:
        """Delete the files of cells that no search goes by any more, or that were never finished."""
        name = groups.name_of(int(self.head[Field.CELLS]))
        for path in self.folder.glob(groups.name_of("*")):
            if path.name != name:
                path.unlink(missing_ok=True)

    def sync(self) -> None:
        """Return when all is on disk, the head last."""
        cells = groups.name_of(int(self.head[Field.CELLS]))
        for name in [*self.view.arrays, "names.json", "frame", cells, "head"]:
            if (path := self.folder / name).exists():
                synced(path)
        names_synced(self.folder)

    def set_clean(self, clean: int) -> None:
        """Note on disk whether all that was written is there: 0 while somebody writes, 1 once they are done."""
        self.head[Field.CLEAN] = clean
        synced(self.folder / "head")

    def sizes(self) -> dict[str, int]:
        """Return the bytes of each file."""
        return {path.name: path.stat().st_size for path in sorted(self.folder.iterdir()) if path.is_file()}


def _held(arrays: dict[str, Array]) -> Held:
    nothing = np.zeros((0, HALF, BLOCK), np.uint64)
    return as_held(*(arrays.get(name, nothing) for name in (CODES, MORE, LEANS, ROWS, SCALES, IDS)))


def _fixed(head: Array) -> int:
    """Return the check of what never changes in a head."""
    return zlib.crc32(head[: Field.BITS + 1].tobytes()) + 1
