"""Loops over the index that are compiled to machine code: what makes one of a function. The loops are where they serve.

Such a function takes numbers and arrays, lets other threads of Python run meanwhile, and reads whatever places it is
told: who calls it sees to it that they are there. It is compiled when it is called first, some seconds once; later
processes find that beside the source, or in the user's cache, until its source or what it takes from others is changed.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np


def compiled[**Given, Returned](function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Return a function as machine code, kept for later processes wherever there is a place for that."""
    try:
        made: Callable[Given, Returned] = _forgiving(_dated(numba.njit(nogil=True, cache=True)(function)))
    except RuntimeError:  # neither beside the source nor in the user's folders may be written
        made = numba.njit(nogil=True)(function)
    return made


def _dated(made: Any) -> Any:
    """Have what is kept of a function count only while all it was made of is as it was then.

    numba looks at the function's own file alone, but compiles constants and functions of other modules into it.
    """
    kept: Any = getattr(getattr(made, "_cache", None), "_cache_file", None)
    if hasattr(kept, "_source_stamp"):
        taken = hashlib.blake2b(digest_size=16)
        for part in _taken(made.py_func, {made.py_func}):
            taken.update(len(part).to_bytes(8) + part)
        stamp = kept._source_stamp = (kept._source_stamp, taken.hexdigest())
        _signed(kept, stamp)
    return made


def _signed(kept: Any, stamp: Any) -> None:
    """Have what is kept tell itself what it was made of and for which types.

    numba writes the list of what it keeps before the thing listed, and two processes may give one name to two things:
    who reads meanwhile, or ever after a kill, would be given machine code of another source.
    """
    load, save = kept.load, kept.save

    def loaded(key: Any) -> Any:
        told = load(key)
        return told[2] if told is not None and told[:2] == (stamp, key) else None

    def saved(key: Any, data: Any) -> None:
        save(key, (stamp, key, data))

    kept.load, kept.save = loaded, saved


def _taken(function: Any, seen: set[Any]) -> Iterator[bytes]:
    """Yield what a function takes from elsewhere: constants by their values, all else of this package by its file."""
    for name in function.__code__.co_names:
        match function.__globals__.get(name):
            case int() | float() | str() | bytes() | tuple() | np.generic() as constant:
                yield f"{name} {constant!r}".encode()
            case np.ndarray() as array:
                yield f"{name} {array.dtype} {array.shape}".encode() + array.tobytes()
            case other:
                yield _file(str(getattr(other, "__module__", "") or getattr(other, "__name__", "")))
                if (inner := getattr(other, "py_func", None)) is not None and inner not in seen:
                    yield from _taken(inner, seen | {inner})


@cache
def _file(module: str) -> bytes:
    """Return what a module of this package is written in; nothing for one of another."""
    if module.partition(".")[0] != __name__.partition(".")[0]:
        return b""
    try:
        return Path(str(sys.modules[module].__file__)).read_bytes()
    except (OSError, KeyError):
        return b""


def _forgiving(made: Any) -> Any:
    """Have a function compiled anew where what is kept of it is damaged, and not kept where there is no room.

    numba raises in every call then. Its names for this are its own: of another version that lacks them nothing changes.
    """
    if (cache := getattr(made, "_cache", None)) is None or not hasattr(cache, "load_overload"):
        return made
    load, save = cache.load_overload, cache.save_overload

    def loaded(*given: Any) -> Any:
        try:
            return load(*given)
        except Exception:  # noqa: BLE001 (whatever a damaged file makes of it)
            return None

    def saved(*given: Any) -> None:
        with suppress(Exception):
            try:
                save(*given)
            except Exception:  # noqa: BLE001 (the damaged file is in the way, or the disk is full)
                cache.flush()
                save(*given)

    cache.load_overload, cache.save_overload = loaded, saved
    return made
