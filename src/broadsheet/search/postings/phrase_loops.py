"""The loops that look for phrases in texts of segments, compiled. Which texts: ``set_loops``.

A text is its words' codes, of which lower and upper halves lie apart. Where texts begin and end is checked where files
are opened, and their ends once more here: what is mapped may be read from a failing disk again.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import carray, types  # type: ignore[attr-defined]  # its stubs leave it out
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj
from numpy.typing import NDArray

from broadsheet.search.machine.compiled import compiled
from broadsheet.search.machine.instructions import bits_set, fetch, pointer
from broadsheet.search.postings.kernels import VOCABULARY, guess, nearer, place_of
from broadsheet.search.postings.segments import CODES

type Array = NDArray[Any]

TOGETHER = 64
"""Places of a text that are compared at once."""

_STARTS, _TEXTS, _LINE = 24, 12, 64
"""Papers of which the places of the text, and of which this itself is fetched from memory while others are read; codes
that come together."""

_u8 = np.uint64


@intrinsic
def _standing(_context: Any, texts: Any, at: Any, half: Any) -> Any:
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        # numba's inside has no types.
        held = arrayobj.make_array(signature.args[0])(context, builder, given[0])  # type: ignore[no-untyped-call]
        first = context.get_constant(types.int64, 0)
        place = cgutils.get_item_pointer(context, builder, signature.args[0], held, [first, given[1]])  # type: ignore[no-untyped-call]
        kind, places = ir.VectorType(ir.IntType(8), TOGETHER), ir.VectorType(ir.IntType(32), TOGETHER)
        nothing = ir.Constant(kind, ir.Undefined)
        found = builder.load(builder.bitcast(place, kind.as_pointer()), align=1)
        one = builder.insert_element(nothing, given[2], ir.IntType(32)(0))
        each = builder.shuffle_vector(one, nothing, ir.Constant(places, [0] * TOGETHER))
        return builder.bitcast(builder.icmp_unsigned("==", found, each), ir.IntType(TOGETHER))

    return types.uint64(texts, types.int64, types.uint8), made


standing = cast("Callable[[Any, Any, Any], Any]", _standing)
"""Tells at which of TOGETHER places, from one of texts on, codes have some lower half, a bit each: all are compared at
once."""


@compiled
def coded(addresses: Array, sizes: Array, keys: Array, codes: Array) -> None:
    """Write the codes of words in each segment [segments, words], CODES for one that has none.

    What is read lies anywhere in memory, so that all of it is fetched before any is waited for.
    """
    near = np.zeros(codes.shape, np.int64)
    for turn in range(3):
        for segment in range(len(sizes)):
            count = sizes[segment, VOCABULARY]
            vocabulary = carray(pointer(addresses[segment, VOCABULARY]), (1, count), np.uint64)
            for word in range(len(keys)):
                if count == 0:
                    codes[segment, word] = CODES
                elif turn == 0:
                    near[segment, word] = guess(count, keys[word])
                    fetch(vocabulary, np.int64(0), near[segment, word])
                elif turn == 1:
                    near[segment, word] = nearer(vocabulary[0], keys[word], near[segment, word])
                    fetch(vocabulary, np.int64(0), near[segment, word])
                else:
                    place = place_of(vocabulary[0], keys[word], near[segment, word])
                    codes[segment, word] = place if 0 <= place < CODES else CODES


@compiled
def lacks_one(codes: Array) -> bool:
    """Tell whether one of some words has no code."""
    lacks = False
    for place in range(len(codes)):
        lacks |= codes[place] == CODES
    return lacks


@compiled
def holds(texts: Array, begin: int, end: int, codes: Array, at: int) -> bool:
    """Tell whether a text has some codes one after the other. texts: lower and upper halves of codes [2, codes].

    at: the first of the three codes, or as many as there are, whose lower halves are looked for first.
    """
    second, third = min(len(codes) - 1, 1), min(len(codes) - 1, 2)
    x, y, z = np.uint8(codes[at] & 255), np.uint8(codes[at + second] & 255), np.uint8(codes[at + third] & 255)
    last = end - (len(codes) - 1 - at)
    for first in range(begin + at, last, TOGETHER):
        left = ~_u8(0)
        if first + TOGETHER + 2 <= texts.shape[1]:
            left = standing(texts, first, x) & standing(texts, first + second, y) & standing(texts, first + third, z)
        while left:
            lowest = left & (~left + _u8(1))
            left ^= lowest
            here: Any = first + np.int64(bits_set(lowest - _u8(1)))
            if here < last and stands(texts, here - at, codes):
                return True
    return False


@compiled
def stands(texts: Array, place: int, codes: Array) -> bool:
    """Tell whether some codes stand at a place of a text."""
    same = 0
    while same < len(codes) and code_at(texts, place + same) == codes[same]:
        same += 1
    return same == len(codes)


@compiled
def code_at(texts: Array, place: int) -> int:
    """Return a code of a text."""
    code: int = np.int64(texts[0, place]) | np.int64(texts[1, place]) << 8  # type: ignore[assignment]  # a number
    return code


@compiled
def fetch_text(texts: Array, starts: Array, place: Any) -> None:
    """Let a text come from memory."""
    for ahead in range(starts[0, place], min(np.int64(starts[0, place + 1]), texts.shape[1]), _LINE):
        fetch(texts, np.int64(0), np.int64(ahead))


@compiled
def with_phrase(texts: Array, starts: Array, part: int, codes: Array, at: int, rows: Array, number: int) -> int:
    """Keep of the first of some papers those whose title (part 0) or abstract (1) has some codes one after the other.

    texts, at: as in ``holds``. starts: of texts [1, 2 * papers + 1]. Returns how many these are.
    """
    for k in range(min(_STARTS, number)):
        fetch(starts, np.int64(0), 2 * np.int64(rows[k]) + part)
    for k in range(min(_TEXTS, number)):
        fetch_text(texts, starts, 2 * np.int64(rows[k]) + part)
    kept = 0
    for k in range(number):
        if k + _STARTS < number:
            fetch(starts, np.int64(0), 2 * np.int64(rows[k + _STARTS]) + part)
        if k + _TEXTS < number:
            fetch_text(texts, starts, 2 * np.int64(rows[k + _TEXTS]) + part)
        place = 2 * np.int64(rows[k]) + part
        end: Any = min(np.int64(starts[0, place + 1]), texts.shape[1])
        rows[kept] = rows[k]
        kept += int(holds(texts, np.int64(starts[0, place]), end, codes, at))  # type: ignore[arg-type]  # a number
    return kept
