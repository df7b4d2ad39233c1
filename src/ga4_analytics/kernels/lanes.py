"""Sixty-four rows at a time: a word with a bit for each row that meets.

The comparison of a vector is written for LLVM, which makes of it what the processor has: one
instruction and a move, or four.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ga4_analytics.kernels.lean import inlined

LANES = 64
_BITS = ir.IntType(LANES)


def _lanes(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    """The values of an array from a place on, as a vector."""
    held = context.make_array(kind)(context, builder, array)
    vector = ir.VectorType(ir.IntType(kind.dtype.bitwidth), LANES)
    begin = builder.bitcast(builder.gep(held.data, [at]), vector.as_pointer())
    return builder.load(begin, align=1)


def _of(builder: Any, value: Any, vector: Any) -> Any:
    """A vector of one value, cut to its width."""
    if vector.element.width < value.type.width:
        value = builder.trunc(value, vector.element)
    none = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(none, value, ir.IntType(32)(0))
    return builder.shuffle_vector(
        first, none, ir.Constant(ir.VectorType(ir.IntType(32), LANES), None)
    )


def _equal(_context: Any, codes: Any, at: Any, code: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes = _lanes(context, builder, signature.args[0], args[0], args[1])
        met = builder.icmp_unsigned("==", lanes, _of(builder, args[2], lanes.type))
        return builder.bitcast(met, _BITS)

    return types.uint64(codes, at, code), build


def _marked(_context: Any, flags: Any, at: Any, mark: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes = _lanes(context, builder, signature.args[0], args[0], args[1])
        found = builder.and_(lanes, _of(builder, args[2], lanes.type))
        met = builder.icmp_unsigned("!=", found, ir.Constant(lanes.type, None))
        return builder.bitcast(met, _BITS)

    return types.uint64(flags, at, mark), build


def _apart(_context: Any, times: Any, at: Any, gap: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        before = builder.sub(args[1], args[1].type(1))
        earlier = _lanes(context, builder, signature.args[0], args[0], before)
        later = _lanes(context, builder, signature.args[0], args[0], args[1])
        gaps = _of(builder, args[2], later.type)
        return builder.bitcast(builder.icmp_signed(">", builder.sub(later, earlier), gaps), _BITS)

    return types.uint64(times, at, gap), build


_apart_from: Any = intrinsic(_apart)
_equal_from: Any = intrinsic(_equal)
_marked_from: Any = intrinsic(_marked)


def padded(values: NDArray[Any]) -> NDArray[Any]:
    """An array in which `LANES` values and one can be read: that of few rows is a longer copy.

    >>> len(padded(np.zeros(3, np.uint8))), len(padded(np.zeros(300, np.uint8)))
    (65, 300)
    """
    if len(values) > LANES:
        return values
    longer = np.pad(values, (0, LANES + 1 - len(values)))
    longer.setflags(write=False)  # kernels are compiled anew for what can be written
    return longer


@inlined
def _begin(at, values):  # type: ignore[no-untyped-def]
    """Where to read so that nothing behind the array is read."""
    return min(at, np.int64(len(values) - LANES))


@inlined
def equal(codes, at, code):  # type: ignore[no-untyped-def]
    """Which of the rows from one on have a code; bit 0 is that row's, those past the end have none.

    Args:
        codes: Unsigned, one a row; see `padded`.
        at: The row.
        code: uint64.
    """
    begin = _begin(at, codes)
    return _equal_from(codes, begin, code) >> np.uint64(at - begin)


@inlined
def marked(flags, at, mark):  # type: ignore[no-untyped-def]
    """Which of the rows from one on have a mark; bit 0 is that row's, those past the end have none.

    Args:
        flags: uint8, one a row; see `padded`.
        at: The row.
        mark: uint8.
    """
    begin = _begin(at, flags)
    return _marked_from(flags, begin, mark) >> np.uint64(at - begin)


@inlined
def apart(times, at, gap):  # type: ignore[no-untyped-def]
    """Which of the rows from one on are more than a gap later than the row before.

    Bit 0 is that row's; those past the end have none, nor has the first row of all.

    Args:
        times: int64, one a row; see `padded`.
        at: The row.
        gap: int64.
    """
    begin = max(min(at, np.int64(len(times) - LANES)), np.int64(1))
    found = _apart_from(times, begin, gap)
    return found >> np.uint64(at - begin) if at >= begin else found << np.uint64(begin - at)
