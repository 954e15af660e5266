"""Cells: rows of an index of vectors grouped by what they are near to, so that a search looks at the nearest groups.

One file beside the columns, made of them (``cell_making``) and made anew when too much has changed (``grouping``). What
is in no cell, as it came or changed since, is looked for among all codes, as everything is where there are no cells.
"""

import math
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.errors import BroadsheetError
from broadsheet.search.index import Vector
from broadsheet.search.machine.beside import shared
from broadsheet.search.machine.mapped import Array, allocate, mapped
from broadsheet.search.meaning.codes import (
    BLOCK,
    HALF,
    Coding,
    Floats,
    Frame,
    Held,
    Rows,
    Small,
    Words,
    first_of,
    fixed,
    nearest_first,
    room,
    same_rows,
)

BITS = 512
"""Bits of a code in a cell; of an index with codes of others no cells are made."""

MOST = 0.3
"""Share of the rows in the cells that a search looks at, at most, from where it has found enough: it ends where few
come among the best any more. Of those that fulfil filters it is more, up to twice as many, as they lie further apart:
under such as a fifth of the rows fulfil, three tenths found less than to compare all codes does."""

LEAST = 40_000
"""Rows looked at in any case, of all; of those that fulfil filters as large a share."""

PORTION = 0.0094
"""Share of the rows in a portion; it is after each that a search asks whether few of it came among the best."""

PARTS = 4
"""Every fourth cell is of one part. Each part is looked through as if it were all, by whichever thread is free for it,
so that what is found is the same however many there are."""

_HEAD = 4096
_SIGN = b"broadsheet cells 3\n"
_NUMBERS = 8
_ROOM = 3
"""Times the rows wanted that there is room for: more take longer to go through, and fewer have to be so more often."""


class Sizes(NamedTuple):
    """What there is in a file. rows: of the index when it was made. blocks: of 64 entries. cells: groups."""

    dim: int
    rows: int
    cells: int
    blocks: int


class Cells(NamedTuple):
    """A file of cells as it is mapped.

    celled: rows that stand in a cell as they are now, a bit a row; the writer takes a row out before it changes it.
    means, steps: [cells, dim], small numbers of each group's mean, and what they are to be multiplied by: [cells].
    squares: [cells], of the means' lengths. turned: [cells, BITS], the means projected as codes are. begins: [cells +
    1], the first block of each. codes: [blocks, HALF, BLOCK], on which side of its cell's mean each projection of an
    entry lies, the first half; more: [entries, HALF], the other half, of which little is read. distances: how far
    each lies from that mean. rows: which it is, -1 for none. crc: what everything but ``celled`` has to add up to.
    """

    celled: Words
    means: Small
    steps: Floats
    squares: Floats
    turned: Floats
    begins: NDArray[np.int32]
    codes: Words
    more: Words
    distances: Floats
    rows: NDArray[np.int32]
    memory: Array
    crc: int

    def as_fixed(self) -> "Cells":
        """Return the same, of which nothing but ``celled`` may be written."""
        return Cells._make([self.celled, *map(fixed, _never_changed(self)), self.memory, self.crc])

    def is_whole(self) -> bool:
        """Tell whether what never changes is as it was written, and ``celled`` are rows that it has.

        It takes some 50 ms a million papers.
        """
        if zlib.crc32(_fixed_part(self)) != self.crc:
            return False
        return not (self.celled & ~self.grouped()).any()

    def grouped(self) -> Words:
        """Return the rows that have an entry, a bit a row."""
        there = np.zeros(BLOCK * len(self.celled), bool)
        there[self.rows[self.rows >= 0]] = True
        return np.packbits(there, bitorder="little").view("<u8")

    def within(self, bits: Words) -> "Within":
        """Return a set of rows as it lies in the cells at this moment. It takes 1.7 ms a million papers."""
        from broadsheet.search.meaning import cell_loops

        inside, others = np.empty_like(bits), np.empty_like(bits)
        beside = cell_loops.split(self.celled, bits, inside, others)
        entries, numbers = np.zeros(len(self.codes), np.uint64), np.zeros(len(self.squares), np.int32)
        cell_loops.entries_of(self.rows, self.begins, inside, entries, numbers)
        number, every = int(numbers.sum()), int(np.bitwise_count(self.celled).sum())
        share = min(1.0, number / max(every, 1))
        return Within(fixed(inside), fixed(others), fixed(entries), fixed(numbers), beside, number, share)

    def taken_out(self, rows: Rows) -> None:
        """Take rows out that are about to be changed or freed; those that came later are in none."""
        rows = rows[rows < BLOCK * len(self.celled)]
        np.bitwise_and.at(self.celled, rows // BLOCK, ~(np.uint64(1) << (rows % BLOCK).astype(np.uint64)))


class Within(NamedTuple):
    """A set of rows as it lies in cells. inside: those that stand in cells as they are, others: those in none, a bit a
    row, and no row in both. entries: those inside, a bit an entry. numbers: how many each cell has. beside: how many
    others there are. number: how many inside, which are such a ``share`` of all in cells.
    """

    inside: Words
    others: Words
    entries: Words
    numbers: NDArray[np.int32]
    beside: int
    number: int
    share: float


def name_of(number: int | str) -> str:
    """Return the file of cells of a number, or the pattern of all such files."""
    return f"cells-{number}"


def begun(path: Path, sizes: Sizes) -> Cells:
    """Make an empty file of cells, to be filled and ``finished``. Raises BroadsheetError where the disk has no room."""
    path.unlink(missing_ok=True)
    allocate(path, 0, _size(sizes))
    return _cells(mapped(path, "<u1", _size(sizes), writes=True), sizes, 0)


def finished(cells: Cells, sizes: Sizes) -> None:
    """Write the head, without which a file is not read."""
    head = np.zeros(_NUMBERS, np.uint64)
    head[:5] = *sizes, zlib.crc32(_fixed_part(cells))
    head[-1] = zlib.crc32(head[:-1].tobytes())
    told = _SIGN.ljust(64, b"\0") + head.tobytes()
    cells.memory[: len(told)] = np.frombuffer(told, np.uint8)


def read(path: Path, dim: int, capacity: int, *, writes: bool) -> Cells | None:
    """Map a file of cells; None where it is missing, cut, or none of these columns. It may be damaged: ``is_whole``."""
    try:
        with path.open("rb") as file:
            told = file.read(_HEAD)
        head = np.frombuffer(told, "<u8", _NUMBERS, 64)
        sizes = Sizes(*map(int, head[:4]))
        known = told.startswith(_SIGN) and zlib.crc32(head[:-1].tobytes()) == head[-1]
        if not known or sizes.dim != dim or sizes.rows > capacity or path.stat().st_size != _size(sizes):
            return None
        cells = _cells(mapped(path, "<u1", _size(sizes), writes=writes), sizes, int(head[4]))
    except (OSError, ValueError, BroadsheetError):
        return None
    begins = cells.begins.copy()  # by which loops read: nothing changes them once they were looked at
    if begins[0] != 0 or begins[-1] != sizes.blocks or (np.diff(begins) < 0).any():
        return None
    return cells._replace(begins=begins).as_fixed()


def nearest(
    cells: Cells, frame: Frame, held: Held, query: Vector, within: Within, *, limit: int, coding: Coding, free: int = 0
) -> tuple[Rows, Floats]:  # fmt: skip
    """Return keys and cosines of the probably nearest of a set of rows to a unit vector, nearest first.

    within: the set, as it lies in these cells. free: how many may be free, and are left out. Within a cell bits tell
    the angle at the cell's mean, which is nearer than that of all, so the same bits tell more (as RaBitQ's do: Gao and
    Long, 2024); the cosine follows from it and from how far both lie from that mean. Of the query more than the side is
    known of each projection: where it lies far to a side it counts three times, which tells as much as three times the
    bits. What is in no cell is one part more, told by the codes of all.
    """
    from broadsheet.search.meaning import cell_loops, cell_means, scanning

    rest, others = within.others, within.beside
    same_rows(held, rest)
    if len(within.entries) != len(cells.codes) or len(within.numbers) != len(cells.squares):
        raise IndexError("The set lies in other cells.")
    count = BLOCK * len(rest)
    dots, beyond = np.zeros(len(cells.squares), np.float32), np.zeros(BITS, np.float32)
    order = np.empty(len(dots), np.int32)
    left = cell_means.turned(query, *cells[1:4], within.numbers, frame.projection, dots, beyond, order)
    wanted = max(1, coding.in_cells(count) + free)
    share, some = max(-(-wanted // PARTS), limit), -(-limit // PARTS)
    least, most, portion = _bounds(within)
    numbers = held.small, held.scales, held.ids

    def part(which: int) -> tuple[Rows, Floats]:
        rows, guesses = np.empty(_ROOM * share + BLOCK, np.int32), np.empty(_ROOM * share + BLOCK, np.float32)
        keys, scores = np.empty(share, np.int64), np.empty(share, np.float32)
        found = cell_loops.part(
            query, dots, beyond, order[which:left:PARTS].copy(), least, most, portion,
            *cells[3:10], within.entries, within.numbers, within.inside, some, *numbers, limit,
            share, rows, guesses, keys, scores,
        )  # fmt: skip
        return keys[:found], scores[:found]

    def beside() -> tuple[Rows, Floats]:
        # All that is nearest may be in no cell, where codes tell less; where all of the set is, no fewer than usual.
        every = max(1, others + within.number)
        second = max(2 * share, coding.among(count) * others // every) + free
        first = min(first_of(others, second), others) + free
        rows, aparts, leant, guesses, _ = room(2 * first + BLOCK)
        keys, scores = np.empty(second + BLOCK, np.int64), np.empty(second + BLOCK, np.float32)
        found = cell_loops.others(
            query, beyond, frame.mean, frame.shift, held.codes, held.more, held.leans, *numbers,
            rest, first, second, limit, rows, aparts, leant, guesses, keys, scores,
        )  # fmt: skip
        return keys[:found], scores[:found]

    # What is in no cell is asked for where there is none too, as the first to ask has the loops compiled.
    calls: list[Callable[[], tuple[Rows, Floats]]] = [partial(part, which) for which in range(PARTS)]
    parts = shared([*calls, beside])
    keys, scores = np.concatenate([found for found, _ in parts]), np.concatenate([told for _, told in parts])
    keys, scores = _each_once(keys, scores)
    number = scanning.best_of(keys, scores, len(keys), limit)
    return nearest_first(keys[:number], scores[:number], limit)


def _each_once(keys: Rows, scores: Floats) -> tuple[Rows, Floats]:
    """Leave out what is there again: in a damaged file several entries may be of one row, and rows change meanwhile."""
    in_order = np.sort(keys)
    if (in_order[1:] == in_order[:-1]).any():
        _, places = np.unique(keys, return_index=True)
        places.sort()
        return keys[places], scores[places]
    return keys, scores


def _bounds(within: Within) -> tuple[int, int, int]:
    """Return of a part of the cells how many rows of a set are looked at at least and at most, and how many are a
    portion."""
    least, portion = int(LEAST * within.share / PARTS), int(PORTION * within.number / PARTS)
    most = min(2.0, 1 / math.sqrt(within.share or 1)) * MOST * within.number / PARTS
    return least, max(least, int(most)), max(BLOCK, portion)


def _never_changed(cells: Cells) -> list[NDArray[Any]]:
    return list(cells[1:10])


def _fixed_part(cells: Cells) -> memoryview:
    return cells.memory[_HEAD + cells.celled.nbytes :].data


def _parts(sizes: Sizes) -> list[tuple[str, tuple[int, ...]]]:
    """Return the kind and shape of each array, in the order of the file, the one that is changed first."""
    dim, rows, cells, blocks = sizes
    return [
        ("<u8", (-(-rows // BLOCK),)),
        ("<i1", (cells, dim)),
        ("<f4", (cells,)),
        ("<f4", (cells,)),
        ("<f4", (cells, BITS)),
        ("<i4", (cells + 1,)),
        ("<u8", (blocks, HALF, BLOCK)),
        ("<u8", (blocks * BLOCK, BITS // 64 - HALF)),
        ("<f4", (blocks * BLOCK,)),
        ("<i4", (blocks * BLOCK,)),
    ]


def _places(sizes: Sizes) -> list[int]:
    """Return where each array begins, at a multiple of 64 bytes, and where the last ends."""
    found = [_HEAD]
    for kind, shape in _parts(sizes):
        found.append(-(-(found[-1] + np.dtype(kind).itemsize * math.prod(shape)) // 64) * 64)
    return found


def _size(sizes: Sizes) -> int:
    return _places(sizes)[-1]


def _cells(memory: Array, sizes: Sizes, crc: int) -> Cells:
    parts = [
        np.ndarray(shape, kind, memory, place)
        for (kind, shape), place in zip(_parts(sizes), _places(sizes), strict=False)
    ]
    return Cells._make([*parts, memory, crc])
