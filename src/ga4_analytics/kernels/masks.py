"""Which rows are meant: one bit a selector, 64 at most."""

from __future__ import annotations

from numba import njit


@njit(nogil=True, cache=True)
def mark(codes, table, out):  # type: ignore[no-untyped-def]
    """Give each row the bits of its code.

    Args:
        codes: Code of each row.
        table: uint64 bits by code.
        out: uint64, one a row; written.
    """
    for i in range(codes.shape[0]):
        out[i] = table[codes[i]]


@njit(nogil=True, cache=True)
def keep(codes, table, out):  # type: ignore[no-untyped-def]
    """Leave each row only the bits that its code may have.

    Args:
        codes: Code of each row.
        table: uint64 bits by code.
        out: uint64, one a row; changed.
    """
    for i in range(codes.shape[0]):
        out[i] &= table[codes[i]]


@njit(nogil=True, cache=True)
def keep_range(values, low, high, bits, out):  # type: ignore[no-untyped-def]
    """Take bits from rows whose number is outside ``low`` to ``high``, both included.

    Args:
        values: int64, one a row.
        low: Least number that may keep the bits.
        high: Greatest number that may keep the bits.
        bits: uint64, the bits in question.
        out: uint64, one a row; changed.
    """
    rest = ~bits
    for i in range(values.shape[0]):
        if values[i] < low or values[i] > high:
            out[i] &= rest


@njit(nogil=True, cache=True)
def keep_any(offsets, codes, table, bits, out):  # type: ignore[no-untyped-def]
    """Take bits from rows none of whose values has them.

    Args:
        offsets: Row i owns ``codes[offsets[i]:offsets[i + 1]]``.
        codes: Codes of the rows' values.
        table: uint64 bits by code.
        bits: uint64, the bits in question.
        out: uint64, one a row; changed.
    """
    rest = ~bits
    for i in range(out.shape[0]):
        found = rest & bits
        for j in range(offsets[i], offsets[i + 1]):
            found |= table[codes[j]]
        out[i] &= found | rest
