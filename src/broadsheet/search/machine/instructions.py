"""Instructions of the machine for compiled loops, which compilers do not find by themselves.

Each is for compiled functions alone, and reads whatever place it is told. What makes one of a function: ``compiled``.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj
from numpy.typing import NDArray

from broadsheet.search.machine.compiled import compiled

_i8, _u8 = np.int64, np.uint64


@intrinsic
def _bits_set(_context: Any, _number: Any) -> Any:
    def made(_target: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.call(builder.module.declare_intrinsic("llvm.ctpop", [ir.IntType(64)]), given)

    return types.uint64(types.uint64), made


bits_set = cast("Callable[[Any], Any]", _bits_set)
"""Returns how many bits of a 64-bit number are set."""


@intrinsic
def _pointer(_context: Any, _number: Any) -> Any:
    def made(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.inttoptr(given[0], context.get_value_type(types.voidptr))

    return types.voidptr(types.uint64), made


pointer = cast("Callable[[Any], Any]", _pointer)
"""Makes an address something that ``numba.carray`` takes."""


@intrinsic
def _fetch(_context: Any, array: Any, row: Any, at: Any) -> Any:
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        # numba's inside has no types.
        held = arrayobj.make_array(signature.args[0])(context, builder, given[0])  # type: ignore[no-untyped-call]
        place = cgutils.get_item_pointer(context, builder, signature.args[0], held, list(given[1:]))  # type: ignore[no-untyped-call]
        place = builder.bitcast(place, ir.IntType(8).as_pointer())
        whole = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, whole, whole, whole])
        called = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        builder.call(called, [place, whole(0), whole(3), whole(1)])  # to read, into all caches, data
        return context.get_dummy_value()

    return types.none(array, row, at), made


fetch = cast("Callable[[Any, Any, Any], None]", _fetch)
"""Lets a number of an array [n, m] come from memory meanwhile: rows here and there wait for it most of the time."""


@intrinsic
def _reaching(_context: Any, values: Any, at: Any, least: Any) -> Any:
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        held = arrayobj.make_array(signature.args[0])(context, builder, given[0])  # type: ignore[no-untyped-call]
        place = cgutils.get_item_pointer(context, builder, signature.args[0], held, [given[1]])  # type: ignore[no-untyped-call]
        kind, places = ir.VectorType(ir.FloatType(), 64), ir.VectorType(ir.IntType(32), 64)
        nothing = ir.Constant(kind, ir.Undefined)
        found = builder.load(builder.bitcast(place, kind.as_pointer()), align=4)
        one = builder.insert_element(nothing, given[2], ir.IntType(32)(0))
        each = builder.shuffle_vector(one, nothing, ir.Constant(places, [0] * 64))
        return builder.bitcast(builder.fcmp_ordered(">=", found, each), ir.IntType(64))

    return types.uint64(values, types.int64, types.float32), made


reaching = cast("Callable[[Any, Any, Any], Any]", _reaching)
"""Tells which of 64 numbers, from a place of an array on, reach a bound, a bit each: compilers do not find this way."""


@compiled
def brought(array: NDArray[np.float32] | NDArray[np.uint64], row: np.int64, line: int) -> None:
    """Let a row of an array come from memory meanwhile. line: how many of its numbers come at once."""
    for i in range(0, array.shape[1], line):
        fetch(array, row, _i8(i))


@compiled
def place_of(bits: np.uint64) -> np.int64:
    """Return the place of the lowest bit that is set."""
    return _i8(bits_set((bits & (~bits + _u8(1))) - _u8(1)))
