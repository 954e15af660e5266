"""Codes of vectors: how many numbers become few bits, and how the nearest are found by these and by small numbers.

Arithmetic over arrays; its loops are in ``scanning``, which is imported where it is first needed, as what compiles them
takes a while to load. Where the arrays are kept, and who may write them: ``columns`` and ``vectors``.
"""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.errors import BadInput
from broadsheet.search.index import Vector

type Words = NDArray[np.uint64]
type Small = NDArray[np.int8]
type Rows = NDArray[np.int64]
type Floats = NDArray[np.float32]

BLOCK = 64
"""Rows whose codes lie together, word by word; capacities are multiples of it."""

HALF = 4
"""Words of 64 bits that are compared of every code; the others are, of those that come nearest by these."""

KEPT = 200_000
"""Rows for which a thread keeps room from one search to the next."""

_ONE_IN = 250
_LEAST, _MOST, _EIGHTH = 4, 7, 8
_SEED = 384_512


@dataclass(frozen=True, slots=True)
class Coding:
    """How the nearest are looked for. bits: of a code, 0 for none: all are compared, exactly so over small numbers.

    candidates: how many of the nearest by code are compared by their numbers, at least; among very many, more are.
    """

    bits: int = 512
    candidates: int = 4000

    def among(self, count: int) -> int:
        """Return how many of ``count`` codes are compared by their numbers.

        As papers grow the same number is a smaller share of them: of a million 4,000 find as many as 250,000 do, within
        a hundredth (docs/search/measurements.md).
        """
        return max(self.candidates, min(count // _ONE_IN, 2 * self.candidates))

    def in_cells(self, count: int) -> int:
        """Return how many are compared by their numbers where they are found in cells, whose codes tell more.

        With three tenths as many the share of the nearest that is found is no less (docs/search/measurements.md).
        """
        return self.among(count) * 3 // 10


def words_coded(bits: int) -> int:
    """Return the words of 64 bits that a code takes: never less than the first part, and one more."""
    return HALF + max(1, -(-(bits - 64 * HALF) // 64))


class Frame(NamedTuple):
    """What makes codes. projection: [dim, bits]. mean: [dim], of the collection. shift: [bits], the mean projected."""

    projection: Floats
    mean: Floats
    shift: Floats

    def codes(self, vectors: Floats) -> Words:
        """Return the codes of vectors [n, dim] as [n, words]: on which side of the mean each projection lies."""
        made = np.zeros((len(vectors), 8 * words_coded(len(self.shift))), np.uint8)
        bits = np.packbits(vectors @ self.projection > self.shift, axis=1, bitorder="little")
        made[:, : bits.shape[1]] = bits
        return made.view("<u8")

    def leans(self, vectors: Floats) -> Floats:
        """Return how far vectors [n, dim] lean to the mean: their products with it."""
        return vectors @ self.mean


def fitted(sample: Floats, bits: int) -> Frame:
    """Return the frame of a collection by some of its vectors [n, dim].

    Random rotations, as many as make up ``bits`` directions, of numbers centred at their mean: sign random projections
    (Charikar, 2002). Rotations that were learned (ITQ) did no better here.
    """
    dim = sample.shape[1]
    random = np.random.default_rng(_SEED)
    turns = [np.linalg.qr(random.standard_normal((dim, dim)))[0] for _ in range(-(-bits // dim))]
    projection = np.ascontiguousarray(np.concatenate(turns, axis=1)[:, :bits], dtype=np.float32)
    mean = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
    return Frame(fixed(projection), fixed(mean), fixed(mean @ projection))


def fixed[Kind: np.generic](array: NDArray[Kind]) -> NDArray[Kind]:
    """Return an array as one that may not be written: loops are compiled once for these and once for the others."""
    array = array.view()
    array.flags.writeable = False
    return array


class Held(NamedTuple):
    """The columns by which a search goes, not to be written, of as many rows each, a multiple of ``BLOCK``.

    codes: [blocks, HALF, BLOCK]. more: [rows, words], the rest of each code. leans, scales, ids: [rows].
    small: [rows, dim or more].
    """

    codes: Words
    more: Words
    leans: Floats
    small: Small
    scales: Floats
    ids: Rows


def as_held(*columns: NDArray[Any]) -> Held:
    """Return columns, in the order of ``Held``, as they may not be written."""
    return Held(*map(fixed, columns))


def blocked(codes: Words) -> tuple[Words, Words]:
    """Return codes [n, words] as they lie in columns, n a multiple of ``BLOCK``: in blocks, and the rest of each."""
    blocks = codes[:, :HALF].reshape(-1, BLOCK, HALF).transpose(0, 2, 1)
    return np.ascontiguousarray(blocks), np.ascontiguousarray(codes[:, HALF:])


def numbers(vector: Vector, dim: int) -> Vector:
    """Return a vector of unit length, or of zeros where it is one of zeros.

    Raises BadInput for anything but ``dim`` finite numbers.
    """
    if isinstance(vector, np.ndarray) and vector.shape == (dim,) and vector.dtype == np.float32:
        exact = vector.astype(np.float64)
        length = math.sqrt(exact @ exact)
        if math.isfinite(length):
            return (exact / (length or 1)).astype(np.float32)
    found: Vector = block([vector], dim)[0]
    return found


def block(vectors: Sequence[Vector] | Floats, dim: int) -> Floats:
    """Return vectors as one block [n, dim] of unit length; those of zeros stay so. Raises BadInput as ``numbers``."""
    found = np.empty((len(vectors), dim), np.float32)
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused as such
        for row, vector in zip(found, vectors, strict=True):
            shape = np.shape(vector)
            if shape != (dim,):
                raise BadInput(f"A vector of shape {shape} cannot be searched for.", f"It takes {dim} finite numbers.")
            row[:] = vector
    if not np.isfinite(found).all():
        raise BadInput("A vector with numbers that are not finite cannot be searched for.", f"It takes {dim} numbers.")
    return unit(found)


def unit(vectors: Floats) -> Floats:
    """Return vectors [n, dim] at unit length; those of zeros stay so."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def quantised(vectors: Floats) -> tuple[Small, Floats]:
    """Return unit vectors [n, dim] as small numbers [n, dim] and what each is to be multiplied by [n]."""
    scales = np.abs(vectors).max(axis=1) / np.float32(127)
    small = np.rint(vectors / np.where(scales > 0, scales, 1)[:, None])
    return small.astype(np.int8), scales.astype(np.float32)


def nearest(
    frame: Frame, held: Held, query: Vector, bits: Words, number: int, *, limit: int, candidates: int, free: int = 0
) -> tuple[Rows, Floats]:
    """Return keys and cosines of the probably nearest of a set of rows to a unit vector, nearest first.

    bits: the set, a bit a row; it has ``number``. free: how many of these at most may be none, and are left out.
    By bits alone rows that lean to the mean would be missed where the query is far from all, as one about proteins is
    from papers on logic. So the bits tell the angle at the mean alone, and the cosine follows from that and from how
    far each row leans: x'y = |x - m| |y - m| cos(angle) + m'x + m'y - m'm.
    """
    from broadsheet.search.meaning import scanning

    same_rows(held, bits)
    second = candidates + free
    first = first_of(number, candidates) + free
    places, aparts, leant, scores, keys = room(2 * first + BLOCK)
    found = scanning.nearest(
        query, frame.projection, frame.mean, frame.shift,
        held.codes, held.more, held.leans, held.small, held.scales, held.ids,
        bits, first, second, limit, places, aparts, leant, scores, keys,
    )  # fmt: skip
    return nearest_first(keys[:found], scores[:found], limit)


def same_rows(held: Held, bits: Words) -> None:
    """Raise IndexError unless all columns are of as many rows, and of no fewer than a set has bits."""
    rows = len(held.ids)
    same = len(held.codes) * BLOCK == len(held.more) == len(held.leans) == len(held.small) == len(held.scales) == rows
    if not same or rows < len(bits) * BLOCK:
        raise IndexError("The columns are not of as many rows.")


def first_of(number: int, candidates: int) -> int:
    """Return how many of a number of rows are found by half of their codes, for so many to be found by all of these."""
    return min(max(number // _EIGHTH, _LEAST * candidates), _MOST * candidates)


def compared(held: Held, query: Vector, rows: NDArray[np.int32], *, limit: int) -> tuple[Rows, Floats]:
    """Return keys and cosines of the nearest of some rows to a unit vector, nearest first. Free rows are left out."""
    from broadsheet.search.meaning import scanning

    there = min(len(held.ids), len(held.small), len(held.scales))
    if len(rows) and not 0 <= rows.min() <= rows.max() < there:
        raise IndexError("There are no such rows.")
    keys, scores = np.empty(len(rows), np.int64), np.empty(len(rows), np.float32)
    found = scanning.scored(query, held.small, held.scales, held.ids, rows, len(rows), limit, keys, scores)
    return nearest_first(keys[:found], scores[:found], limit)


def nearest_first(keys: Rows, scores: Floats, limit: int) -> tuple[Rows, Floats]:
    """Return so many keys and scores at most, the best first."""
    order = np.argsort(-scores, kind="stable")[:limit]
    return keys[order], scores[order]


_kept = threading.local()

type _Room = tuple[NDArray[np.int32], Floats, Floats, Floats, Rows]


def room(rows: int) -> _Room:
    """Return this thread's room for some rows: their places, bits apart, leans, scores and keys."""
    there: _Room | None = getattr(_kept, "room", None)
    if there is None or len(there[0]) < rows:
        aparts, leant, scores = np.empty((3, rows), np.float32)
        there = np.empty(rows, np.int32), aparts, leant, scores, np.empty(rows, np.int64)
        if rows <= KEPT:
            _kept.room = there
    return there
