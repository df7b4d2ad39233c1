"""Eight bytes of a text at a time, on machines with the lowest byte first."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ga4_analytics.kernels.lean import inlined

LOW, _HIGH = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_WORD = ir.IntType(64)


def _word(_context: Any, data: Any, at: Any) -> Any:

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        begin = builder.bitcast(builder.gep(array.data, [args[1]]), _WORD.as_pointer())
        return builder.load(begin, align=1)

    return types.uint64(data, at), build


word: Any = intrinsic(_word)
"""The eight bytes of a uint8 array from a place on; nobody looks whether all are in it."""


def _trailing_zeros(_context: Any, bits: Any) -> Any:

    def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.IntType(1)(0))

    return types.uint64(bits), build


def _leading_zeros(_context: Any, bits: Any) -> Any:
    def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.IntType(1)(0))

    return types.uint64(bits), build


def _fetch(_context: Any, values: Any, at: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        text, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [text, number, number, number])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [text], kind)
        place = builder.bitcast(builder.gep(array.data, [args[1]]), text)
        builder.call(fetch, [place, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.none(values, at), build


fetch: Any = intrinsic(_fetch)
"""Has the processor begin to read the value at a place of an array; nothing is given back."""
lowest_bit: Any = intrinsic(_trailing_zeros)
"""The place of the lowest bit of a word, from 0; 64 of none."""
_above: Any = intrinsic(_leading_zeros)


@inlined
def highest_bit(bits):  # type: ignore[no-untyped-def]
    """The place of the highest bit of a word that has one, from 0."""
    return np.uint64(63) - _above(bits)


@inlined
def first(marked):  # type: ignore[no-untyped-def]
    """The place of the lowest marked byte of a word."""
    return np.int64(lowest_bit(marked) >> np.uint64(3))


@inlined
def ends(bytes_):  # type: ignore[no-untyped-def]
    """Marks bytes at which the plain text of a JSON string ends; surely the lowest of them."""
    quote = bytes_ ^ (np.uint64(34) * LOW)
    backslash = bytes_ ^ (np.uint64(92) * LOW)
    found = (quote - LOW) & ~quote
    found |= (backslash - LOW) & ~backslash
    found |= (bytes_ - np.uint64(32) * LOW) & ~bytes_
    return found & _HIGH


@inlined
def alike(data, one, other, size):  # type: ignore[no-untyped-def]
    """Whether two texts of a size are alike; seven bytes more than they have may be read."""
    while size >= 8:
        if word(data, one) != word(data, other):
            return False
        one += 8
        other += 8
        size -= 8
    differing: Any = word(data, one) ^ word(data, other)
    return size == 0 or differing << np.uint64(64 - 8 * size) == 0
