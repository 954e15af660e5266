"""Segments of postings: files of up to 65,536 papers each, which never change once they are written.

For each word of each field a segment has the papers that hold it, with how much that counts by BM25 in 8 bits (its
impact; Anh and Moffat, 2005). For phrases it has the texts themselves, a code of 16 bits a word. Which segments count,
and who writes them: ``postings`` and ``writer``.
"""

import json
import mmap
import os
import re
import sys
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.errors import BroadsheetError
from broadsheet.search.machine.mapped import WAY_OUT
from broadsheet.search.machine.trouble import of_disk

type Array = NDArray[Any]

MOST = 1 << 16
"""Papers of a segment: their numbers have 16 bits."""

FIELDS = ("body", "abstract", "title")
"""What is scored apart. The field of a word stands in the lowest bits of its key."""

MARKS = len(FIELDS)
"""Field of what is never scored: stems of titles, words of authors' names, and what papers are filed under."""

CODES = (1 << 16) - 1
"""Words that have a code of their own in the texts of a segment. The number itself stands for any other word."""

NAME = re.compile(r"[0-9a-f]{16}\.postings")
"""What files of segments are called."""

K1, B = 1.2, 0.75
"""Of BM25, as the engine has them."""

TOP = K1 + 1
"""What a word can add at most before its weight."""

STEP = TOP / 255
"""Of an impact, which is kept in 8 bits."""

_CLOSED = {"trackfd": False} if sys.version_info >= (3, 13) else {}
"""Of what is mapped, where it can be: no file stays open for it."""

_SIGN = b"broadsheet postings 2\n"
_HEAD = 4096
_PIECE = 8 << 20


class Parts(NamedTuple):
    """What a segment holds.

    ids: keys of the papers in rising order. lengths: words of each paper by field [fields, papers]. days: of the
    editions as numbers, 0 for none. filed: bits of what papers are filed under [papers, words]. terms: keys of words
    in rising order, begins: where the postings of each begin and the last one's end. papers, impacts: the postings.
    vocabulary: keys of the words that have a code, which is their place, in rising order. texts: codes of the words
    of title and abstract of each paper, lower and upper halves apart [2, words]. starts: where each of these texts
    begins, and the last one's end [2 * papers + 1].
    """

    ids: Array
    lengths: Array
    days: Array
    filed: Array
    terms: Array
    begins: Array
    papers: Array
    impacts: Array
    vocabulary: Array
    texts: Array
    starts: Array


_AXES = [1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
# What each is kept as, in the places of the arrays themselves.
_KINDS = Parts("<i8", "<u2", "<i4", "<u8", "<u8", "<u4", "<u2", "<u1", "<u8", "<u1", "<u4")  # type: ignore[arg-type]  # kinds in place of arrays


class Segment(NamedTuple):
    """One file as it is mapped. means: length of the fields that impacts were made with. names: which bit each has.

    dead: numbers of the papers that were taken out since.
    """

    name: str
    parts: Parts
    means: tuple[float, ...]
    names: dict[str, int]
    dead: Array


def write(path: Path, parts: Parts, means: tuple[float, ...], names: list[str]) -> None:
    """Write a segment and return when it is on disk. Raises BroadsheetError, NoRoom for a full disk."""
    arrays = [np.ascontiguousarray(array, kind) for array, kind in zip(parts, _KINDS, strict=True)]
    told = json.dumps({"shapes": [array.shape for array in arrays], "means": means, "names": names}).encode()
    head = _SIGN + len(told).to_bytes(4, "little") + told
    size = -(-len(head) // _HEAD) * _HEAD
    try:
        with path.open("xb") as file:
            sum_ = 0
            for piece in (head.ljust(size, b"\0"), *(part for array in arrays for part in (array, _gap(array)))):
                data = memoryview(piece).cast("B") if memoryview(piece).nbytes else b""
                sum_ = zlib.crc32(data, sum_)
                file.write(data)
            file.write(sum_.to_bytes(4, "little"))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise of_disk(f"writing {path}", error) or BroadsheetError(f"{path} cannot be written: {error}.") from error


def _gap(array: Array) -> bytes:
    return bytes(-array.nbytes % 64)


def read(path: Path, dead: Array) -> Segment:
    """Map a segment. Raises FileNotFoundError where it is gone, and BroadsheetError where it is damaged."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            # Else each would keep a file open.
            held = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ, **_CLOSED) if size else b""
        memory = np.frombuffer(held, np.uint8)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        told = BroadsheetError(f"{path} cannot be read: {error}.", WAY_OUT)
        raise of_disk(f"opening {path}", error) or told from error
    try:
        return _mapped(path.name, memory, dead)
    except (ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
        raise BroadsheetError(f"{path} is damaged: {error}.", WAY_OUT) from error


def without(segment: Segment, dead: Array) -> Segment:
    """Return a segment with other papers taken out than before. Raises BroadsheetError for some that it never had."""
    try:
        _check_dead(len(segment.parts.ids), dead)
    except ValueError as error:
        raise BroadsheetError(f"The list of postings is not of {segment.name}: {error}.", WAY_OUT) from error
    return segment._replace(dead=dead)


def sound(segment: Segment) -> Segment:
    """Return a segment with places that were checked once more, and stay what they were then.

    What is mapped may be read from a failing disk again. Raises BroadsheetError where it is damaged by now.
    """
    names = ("ids", "terms", "begins", "vocabulary", "starts")
    parts = segment.parts._replace(**{name: np.array(getattr(segment.parts, name)) for name in names})
    try:
        _check(parts, segment.dead)
    except ValueError as error:
        raise BroadsheetError(f"{segment.name} is damaged: {error}.", WAY_OUT) from error
    return segment._replace(parts=parts)


def _mapped(name: str, memory: Array, dead: Array) -> Segment:
    if bytes(memory[: len(_SIGN)]) != _SIGN:
        raise ValueError("it does not begin as postings of this version do")
    begin = len(_SIGN) + 4
    length = int.from_bytes(bytes(memory[begin - 4 : begin]), "little")
    told = json.loads(bytes(memory[begin : begin + length]))
    at = -(-(begin + length) // _HEAD) * _HEAD
    arrays = []
    for shape, kind in zip(told["shapes"], _KINDS, strict=True):
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        if min(shape) < 0 or at + size > len(memory):
            raise ValueError("it was cut")
        arrays.append(np.frombuffer(memory, kind, size // np.dtype(kind).itemsize, at).reshape(shape))
        at += size + -size % 64
    parts = Parts(*arrays)
    _check(parts, dead)
    names = {str(one): bit for bit, one in enumerate(told["names"])}
    if len(names) > 64 * parts.filed.shape[1]:
        raise ValueError("it has more names than bits")
    means = tuple(map(float, told["means"]))
    if len(means) != len(FIELDS) or not all(1 <= mean < MOST for mean in means):
        raise ValueError(f"its papers cannot be {means} words long")
    return Segment(name, parts, means, names, dead)


def _check(parts: Parts, dead: Array) -> None:
    """Raise ValueError where a place would lie outside: what reads postings looks at none of them."""
    papers, (terms, begins) = len(parts.ids), (parts.terms, parts.begins)
    if [array.ndim for array in parts] != _AXES:
        raise ValueError("its parts are of other shapes")
    if not 0 < papers <= MOST or parts.lengths.shape != (len(FIELDS), papers):
        raise ValueError(f"it tells of {papers} papers")
    if (parts.ids[1:] <= parts.ids[:-1]).any():
        raise ValueError("its papers are in no order")
    if len(parts.days) != papers or len(parts.filed) != papers:
        raise ValueError("it does not tell what its papers are filed under")
    whole = len(begins) == len(terms) + 1 and int(begins[-1]) == len(parts.papers) == len(parts.impacts)
    if not whole or (begins[1:] < begins[:-1]).any():
        raise ValueError("its words have no places")
    if len(parts.vocabulary) > CODES:
        raise ValueError(f"{len(parts.vocabulary)} words have codes of their own")
    starts = parts.starts
    whole = len(starts) == 2 * papers + 1 and parts.texts.shape == (2, int(starts[-1]))
    if not whole or (starts[1:] < starts[:-1]).any():
        raise ValueError("its texts have no places")
    _check_dead(papers, dead)


def _check_dead(papers: int, dead: Array) -> None:
    if len(dead) and int(dead.max()) >= papers:
        raise ValueError("papers were taken out that it never had")


def is_whole(path: Path) -> bool:
    """Tell whether a file holds what was written, by the check sum at its end."""
    try:
        with path.open("rb") as file:
            left, sum_ = file.seek(0, 2) - 4, 0
            file.seek(0)
            while left > 0 and (piece := file.read(min(_PIECE, left))):
                sum_ = zlib.crc32(piece, sum_)
                left -= len(piece)
            return left == 0 and file.read(4) == sum_.to_bytes(4, "little")
    except OSError:
        return False
