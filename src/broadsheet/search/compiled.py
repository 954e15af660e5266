"""Loops over the index that are compiled to machine code: what makes one of a function. The loops are where they serve.

Such a function takes numbers and arrays, lets other threads of Python run meanwhile, and reads whatever places it is
told: who calls it sees to it that they are there. It is compiled when it is called first, some seconds once; later
processes find that beside the source, or in the user's cache.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def compiled[**Given, Returned](function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Return a function as machine code, kept for later processes wherever there is a place for that."""
    try:
        made: Callable[Given, Returned] = _forgiving(numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # neither beside the source nor in the user's folders may be written
        made = numba.njit(nogil=True)(function)
    return made


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


@intrinsic
def _bits_set(_context: Any, _number: Any) -> Any:
    def made(_target: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.call(builder.module.declare_intrinsic("llvm.ctpop", [ir.IntType(64)]), given)

    return types.uint64(types.uint64), made


@intrinsic
def _pointer(_context: Any, _number: Any) -> Any:
    def made(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.inttoptr(given[0], context.get_value_type(types.voidptr))

    return types.voidptr(types.uint64), made


bits_set = cast("Callable[[Any], Any]", _bits_set)
"""Returns how many bits of a 64-bit number are set: for compiled functions alone."""

pointer = cast("Callable[[Any], Any]", _pointer)
"""Makes an address something that ``numba.carray`` takes: for compiled functions alone."""
