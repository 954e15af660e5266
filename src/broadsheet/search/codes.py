"""Codes of vectors: how many numbers become few bits, and how the nearest are found by these and by small numbers.

Pure arithmetic over arrays. Where they are kept, and who may write them: ``columns`` and ``vectors``.
"""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from broadsheet.errors import BadInput
from broadsheet.search.index import Vector

type Bytes = NDArray[np.uint8]
type Small = NDArray[np.int8]
type Rows = NDArray[np.int64]
type Floats = NDArray[np.float32]

SLICE = 512
"""Rows that are rescored at a time: as numbers of 32 bits they fit into the second cache of a core."""

HALVED_FROM = 200_000
"""Codes from which on two threads share a scan; below, waking one takes as long as it saves."""

_STRETCH = 16_384
_ONE_IN = 160
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

        As papers grow the same number is a smaller share of them: of a million that the table of tokens had read, 4,000
        found .979 of the nearest 20 (docs/search/measurements.md).
        """
        return max(self.candidates, min(count // _ONE_IN, 2 * self.candidates))


class Frame(NamedTuple):
    """What makes codes. projection: [dim, bits]. mean: [dim], of the collection. shift: [bits], the mean projected."""

    projection: Floats
    mean: Floats
    shift: Floats

    def codes(self, vectors: Floats) -> Bytes:
        """Return the codes of vectors [n, dim] as [n, bits / 8]: on which side of the mean each projection lies."""
        return np.packbits(vectors @ self.projection > self.shift, axis=1)

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
    return Frame(projection, mean, mean @ projection)


def numbers(vector: Vector, dim: int) -> Vector:
    """Return a vector of unit length, or of zeros where it is one of zeros.

    Raises BadInput for anything but ``dim`` finite numbers.
    """
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


def near(code: Bytes, codes: Bytes, count: int) -> Rows:
    """Return up to ``count`` of the nearest codes [n, bytes] to one [bytes] by differing bits, in any order."""
    total = len(codes)
    if total < HALVED_FROM:
        return _scanned(code, codes, count)[1]
    middle = total // 2
    other = _pool()(_scanned, code, codes[middle:], count)
    (distances, rows), (distances_b, rows_b) = _scanned(code, codes[:middle], count), other()
    rows = np.concatenate([rows, rows_b + middle])
    if len(rows) <= count:
        return rows
    return rows[np.argpartition(np.concatenate([distances, distances_b]), count)[:count]]


def _scanned(code: Bytes, codes: Bytes, count: int) -> tuple[NDArray[np.int32], Rows]:
    faiss.omp_set_num_threads(1)  # a setting of each thread
    count = min(count, len(codes))
    distances, rows = faiss.knn_hamming(code[None], codes, count, variant="mc")
    return distances[0], rows[0]


def likely(frame: Frame, query: Vector, codes: Bytes, leans: Floats, rows: Rows, count: int) -> Rows:
    """Return up to ``count`` of some rows that are probably nearest to a unit vector, in any order.

    rows: in rising order. By bits alone rows that lean to the mean would be missed where the query is far from all, as
    one about proteins is from papers on logic. So the bits tell the angle at the mean alone, and the cosine follows
    from that and from how far each row leans: x'y = |x - m| |y - m| cos(angle) + m'x + m'y - m'm.
    """
    if len(rows) <= count:
        return rows
    bits = codes.shape[1] * 8
    apart = np.linalg.norm(query - frame.mean)
    by_bits = (np.cos(np.pi * np.arange(bits + 1) / bits) * apart).astype(np.float32)
    guesses, square = np.empty(len(rows), np.float32), np.float32(frame.mean @ frame.mean)
    code = frame.codes(query[None])

    def guess(begin: int, end: int) -> None:
        for first in range(begin, end, _STRETCH):
            part = rows[first : min(first + _STRETCH, end)]
            lean = leans[part]
            distances = _distances(code, np.take(codes, part, axis=0))
            far = np.sqrt(np.maximum(1 - 2 * lean + square, 0))
            guesses[first : first + len(part)] = by_bits[distances] * far + lean

    if len(rows) < HALVED_FROM:
        guess(0, len(rows))
    else:
        middle = len(rows) // 2
        wait = _pool()(guess, middle, len(rows))
        guess(0, middle)
        wait()
    return rows[np.argpartition(guesses, len(rows) - count)[len(rows) - count :]]


def _distances(code: Bytes, codes: Bytes) -> NDArray[np.int32]:
    """Return by how many bits codes [n, bytes] differ from one [1, bytes]."""
    faiss.omp_set_num_threads(1)  # a setting of each thread
    found = np.empty(len(codes), np.int32)
    pointers = faiss.swig_ptr(code), faiss.swig_ptr(codes)
    # Its stubs leave this one out.
    faiss.hammings(*pointers, 1, len(codes), codes.shape[1], faiss.swig_ptr(found))  # type: ignore[attr-defined]
    return found


def scored(query: Vector, small: Small, scales: Floats, rows: Rows | None = None) -> Floats:
    """Return the cosines of a unit vector to some rows of small numbers, or to all of them.

    Rows in rising order are read fastest.
    """
    total = len(small) if rows is None else len(rows)
    width = small.shape[1]
    if width > len(query):
        query = np.concatenate([query, np.zeros(width - len(query), np.float32)])
    taken, wide = _room(width)
    found = np.empty(total, np.float32)
    for begin in range(0, total, SLICE):
        end = min(begin + SLICE, total)
        part = small[begin:end]
        if rows is not None:
            part = np.take(small, rows[begin:end], axis=0, out=taken[: end - begin], mode="clip")
        np.copyto(wide[: end - begin], part)
        np.matmul(wide[: end - begin], query, out=found[begin:end])
    found *= scales[:total] if rows is None else scales[rows]
    return found


def best(scores: Floats, limit: int) -> Rows:
    """Return the places of the highest scores, highest first; the earlier place where they are equal."""
    if limit < len(scores):
        least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        chosen = np.flatnonzero(scores >= least)
    else:
        chosen = np.arange(len(scores))
    return chosen[np.argsort(-scores[chosen], kind="stable")][:limit]


_kept = threading.local()


def _room(width: int) -> tuple[Small, Floats]:
    """Return this thread's room for a slice."""
    room: tuple[Small, Floats] | None = getattr(_kept, "room", None)
    if room is None or room[0].shape[1] != width:
        room = _kept.room = np.empty((SLICE, width), np.int8), np.empty((SLICE, width), np.float32)
    return room


_threads: list[ThreadPoolExecutor] = []
_making = threading.Lock()


def _pool() -> Callable[..., Callable[[], Any]]:
    """Return what begins a function on one of this process's threads, and gives a function that waits for it."""
    with _making:
        if not _threads:
            _threads.append(ThreadPoolExecutor(2, thread_name_prefix="scan"))
        pool = _threads[0]
    return lambda *called: pool.submit(*called).result


def _after_fork() -> None:
    """Forget threads that only the parent has."""
    global _making  # noqa: PLW0603 (a lock that the parent may have held just then)
    _making = threading.Lock()
    _threads.clear()


if hasattr(os, "register_at_fork"):  # not where processes never fork
    os.register_at_fork(after_in_child=_after_fork)
