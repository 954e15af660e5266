"""Making cells: what groups the rows of an index fall into, and their file. When: ``grouping``. Asking: ``cells``.

Spherical k-means (Dhillon and Modha, 2001) over a sample, by the directions in which most of it lies; every row then
goes to the nearest group.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.meaning.cells import BITS, Cells, Sizes, begun
from broadsheet.search.meaning.codes import BLOCK, HALF, Floats, Frame, Rows, quantised, unit
from broadsheet.search.meaning.columns import GONE, IDS, SCALES, View, wide

SAMPLE = 65_536
"""Rows of which groups are found: 32 for each at a million papers."""

TURNS = 3
"""Times that groups are moved to the middle of what is near to them; a fourth changed nothing that was measured."""

DIRECTIONS = 64
"""Numbers by which rows are told apart when they are grouped, of 384: four fifths of the vectors' length lie in them.

In 96 and 128, which take half as long again, no more of the nearest were in the same share of cells.
"""

_PORTION = 2048
_SEED = 20_481

type Report = Callable[[int, int], None]
type Stop = Callable[[], bool]
type Labels = NDArray[np.int32]


class Stopped(Exception):
    """Making was stopped; there is no file."""


def cells_of(count: int) -> int:
    """Return the number of groups: 2,048 at a million rows, growing as the square root, some hundred rows each."""
    return max(1, round(2.048 * math.sqrt(count)))


def can_be_grouped(view: View, count: int) -> Rows:
    """Return those of the first rows that are taken and like something, in rising order.

    Numbers of a vector of unit length are 1 at most; one damaged row beyond that would spoil the groups of all.
    """
    scales = view.arrays[SCALES][:count]
    return np.flatnonzero((scales > 0) & (scales < 1) & (view.arrays[IDS][:count] != GONE))


def make(view: View, count: int, path: Path, *, report: Report, stop: Stop) -> tuple[Cells, Sizes]:
    """Group the first rows into a new file, with none ``celled`` yet. It is of no use before it is ``finished``.

    Rows that are free or like nothing are in no group. report: called with (done, total) rows, each counted twice.
    stop: asked several times a second. Raises Stopped, and BroadsheetError where the disk has no room.
    """
    if view.frame is None:
        raise ValueError("without a frame there are no codes")
    like_something = can_be_grouped(view, count)
    directions, middles = _groups(view, like_something, stop)
    labels = np.full(count, -1, np.int32)
    sums, done = np.zeros((len(middles), view.dim), np.float32), 0
    for rows, vectors in _portions(view, like_something, stop):
        labels[rows] = _nearest(vectors @ directions, middles)
        _add(sums, labels[rows], vectors)
        report(done := done + len(rows), 2 * len(like_something))
    return _written(view, view.frame, path, like_something, labels, sums, report=report, stop=stop)


def _groups(view: View, rows: Rows, stop: Stop) -> tuple[Floats, Floats]:
    """Return the directions [dim, fewer] in which most of the vectors' length lies, and the middles of groups in them.

    Both are found of some rows.
    """
    sample = wide(view, rows[:: max(1, len(rows) // SAMPLE)])
    _, found = np.linalg.eigh((sample.T @ sample).astype(np.float64))
    directions = np.ascontiguousarray(found[:, -DIRECTIONS:], dtype=np.float32)
    return directions, _middles(sample @ directions, cells_of(len(rows)), stop)


def _middles(sample: Floats, groups: int, stop: Stop) -> Floats:
    """Return the middles [groups, dim] of the groups of a sample, at unit length."""
    random = np.random.default_rng(_SEED)
    middles = unit(sample[random.choice(len(sample), groups, replace=groups > len(sample))])
    for _ in range(TURNS):
        labels = np.empty(len(sample), np.int32)
        for begin in range(0, len(sample), _PORTION):
            _go_on(stop)
            labels[begin : begin + _PORTION] = _nearest(sample[begin : begin + _PORTION], middles)
        sums = np.zeros_like(middles)
        _add(sums, labels, sample)
        empty = np.bincount(labels, minlength=groups) == 0
        sums[empty] = sample[random.integers(len(sample), size=int(empty.sum()))]
        middles = unit(sums)
    return middles


def _nearest(vectors: Floats, middles: Floats) -> NDArray[np.intp]:
    return np.argmax(vectors @ middles.T, axis=1)


def _add(sums: Floats, labels: Labels, vectors: Floats) -> None:
    """Add vectors [n, dim] to the sums of their groups."""
    order = np.argsort(labels, kind="stable")
    sorted_ = labels[order]
    begins = np.flatnonzero(np.diff(sorted_, prepend=-1))
    sums[sorted_[begins]] += np.add.reduceat(vectors[order], begins)


def _portions(view: View, rows: Rows, stop: Stop) -> Iterator[tuple[Rows, Floats]]:
    for begin in range(0, len(rows), _PORTION):
        _go_on(stop)
        portion = rows[begin : begin + _PORTION]
        yield portion, wide(view, portion)


def _go_on(stop: Stop) -> None:
    if stop():
        raise Stopped


def _written(
    view: View, frame: Frame, path: Path, grouped: Rows, labels: Labels, sums: Floats, *, report: Report, stop: Stop
) -> tuple[Cells, Sizes]:
    """Write the groups, and of each row its code, seen from the mean of its group, and how far it lies from that."""
    numbers = np.bincount(labels[grouped], minlength=len(sums))
    begins = np.concatenate([[0], np.cumsum(-(-numbers // BLOCK))])
    sizes = Sizes(view.dim, len(labels), len(sums), int(begins[-1]))
    cells = begun(path, sizes)
    means: Floats = np.divide(sums, np.maximum(numbers, 1)[:, None], dtype=np.float32)
    cells.means[:], cells.steps[:] = quantised(means)
    cells.squares[:] = np.einsum("ij,ij->i", means, means)
    cells.turned[:] = means @ frame.projection
    cells.begins[:] = begins
    cells.rows[:] = -1
    places, done = _places_of(labels, grouped, numbers, begins), 0
    for rows, vectors in _portions(view, grouped, stop):
        whose, place = labels[rows], places[rows]
        bits = np.packbits(vectors @ frame.projection > cells.turned[whose], axis=1, bitorder="little")
        codes = bits.view("<u8").reshape(-1, BITS // 64)
        cells.codes[place // BLOCK, :, place % BLOCK] = codes[:, :HALF]
        cells.more[place] = codes[:, HALF:]
        leans = np.einsum("ij,ij->i", vectors, means[whose])
        cells.distances[place] = np.sqrt(np.abs(1 + cells.squares[whose] - 2 * leans))  # of vectors of unit length
        cells.rows[place] = rows
        report(len(grouped) + (done := done + len(rows)), 2 * len(grouped))
    return cells, sizes


def _places_of(labels: Labels, grouped: Rows, numbers: NDArray[np.intp], begins: Rows) -> Rows:
    """Return the place of each row among the entries: those of a group behind each other, from a new block on."""
    order = grouped[np.argsort(labels[grouped], kind="stable")]
    whose = labels[order]
    before = np.cumsum(numbers) - numbers
    places = np.full(len(labels), -1, np.int64)
    places[order] = begins[whose] * BLOCK + np.arange(len(order)) - before[whose]
    return places
