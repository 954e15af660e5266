"""Files that are mapped: with room on the disk for all of them, written in one go, failing in our own words.

What stands in them is told in ``columns``.
"""

import math
import mmap
import os
import struct
import tokenize
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from broadsheet.errors import BroadsheetError
from broadsheet.search.machine.trouble import LOOKS, IndexStale, of_disk

type Array = NDArray[Any]

WAY_OUT = "`broadsheet reindex` builds the index anew from the papers."
STARTS_AGAIN = "Stop the process that keeps the index and start it again: it makes anew what was cut."

NO_ARRAYS = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    RuntimeError,
    SyntaxError,
    BadZipFile,
    struct.error,
    tokenize.TokenError,
    zlib.error,
)
"""What numpy says of a file of arrays (.npy, .npz) that is none, was cut, or has a changed bit."""


def synced(path: Path) -> None:
    """Return when a file is on disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def names_synced(folder: Path) -> None:
    """Return when the names of a folder's files are on disk, where systems let a folder be opened for that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def written(path: Path, data: bytes) -> None:
    """Write a file, and return when what is in it is on disk; its name may not be yet. Raises OSError."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def mapped(path: Path, kind: str, rows: int, width: int = 1, *, writes: bool) -> Array:
    """Map a file's first rows. Raises BroadsheetError where it is missing or shorter, or may not be written."""
    size = rows * width * np.dtype(kind).itemsize
    try:
        with path.open("r+b" if writes else "rb") as file:
            there = os.fstat(file.fileno()).st_size
            if there < size:
                raise BroadsheetError(f"{path} was cut: it has {there} bytes of {size}.", WAY_OUT)
            memory = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_WRITE if writes else mmap.ACCESS_READ)
    except OSError as error:
        raise of_disk(f"opening {path}", error) or BroadsheetError(
            f"The vectors in {path} cannot be {'written' if writes else 'read'}: {error}.", WAY_OUT
        ) from error
    array = np.frombuffer(memory, kind)
    return array if width == 1 else array.reshape(rows, width)


def refuse_cut(path: Path, array: Array) -> None:
    """Raise IndexStale where a mapped file was cut since: looking beyond its end would end this process."""
    with suppress(OSError):  # what was deleted stays mapped as it was
        if (there := path.stat().st_size) < array.nbytes:
            raise IndexStale(f"{path} was cut: it has {there} bytes of {array.nbytes}.", STARTS_AGAIN)


def allocate(path: Path, before: int, size: int) -> None:
    """Make a file so long, with room on the disk for all of it: a mapped file without would end the process."""
    try:
        with path.open("r+b" if path.exists() else "xb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), before, size - before)
            else:
                file.seek(before)
                for begin in range(before, size, 1 << 20):
                    file.write(bytes(min(1 << 20, size - begin)))
    except OSError as error:
        doing = f"making {path} {math.ceil((size - before) / 1e6)} MB longer"
        raise of_disk(doing, error) or BroadsheetError(
            f"The search index failed while {doing}: {error}.", WAY_OUT
        ) from error


def named(part: Path, path: Path) -> None:
    """Give a file its name, in the place of another: what is in it is on disk before that. Raises OSError."""
    synced(part)
    part.replace(path)
    names_synced(path.parent)


def put(path: Path, data: bytes) -> None:
    """Write a file in one go: whoever reads it sees the old one or the new one, also after a power cut.

    Raises OSError; what was there before is there still then.
    """
    beside = path.with_name(path.name + ".new")
    try:
        written(beside, data)
        beside.replace(path)
        names_synced(path.parent)
    except OSError:
        with suppress(OSError):  # a disk that may not be written lets nothing be deleted either
            beside.unlink()
        raise


def replace(path: Path, data: bytes) -> None:
    """Write a file of the index as ``put`` does.

    Raises NoRoom or Closed for a disk that does not let it be written, BroadsheetError for all else.
    """
    try:
        put(path, data)
    except OSError as error:
        told = BroadsheetError(f"{path} cannot be written: {error}.", LOOKS)
        raise of_disk(f"writing {path}", error) or told from error
