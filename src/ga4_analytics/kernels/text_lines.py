"""Lines of CSV, written from columns, and lines of any kind put in order."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def copy(data, at, end, out, to):  # type: ignore[no-untyped-def]
    """Copy some bytes; give where they end.

    An index without a sign is not asked whether it counts from the end, so that the compiler
    copies many bytes at once.
    """
    if end <= at:
        return to
    start, target = np.uint64(at), np.uint64(to)
    for j in range(np.uint64(end - at)):
        out[target + j] = data[start + j]
    return to + end - at


@njit(nogil=True, cache=True)
def csv_lines(data, starts, there, out, to, ends):  # type: ignore[no-untyped-def]
    """Write rows as lines of CSV: quotes where they must be, a null empty, an empty text ``""``.

    Args:
        data: uint8, the values of all columns, UTF-8.
        starts: int64, columns by rows and one: where each row's value begins in ``data``.
        there: bool, columns by rows: whether the row has a value.
        out: uint8, with room for 2 bytes for each of ``data`` and 3 for each cell; written.
        to: Where to begin.
        ends: int64, one a row: where its line ends, behind the line feed; written.

    Returns:
        Where the last line ends.
    """
    for row in range(ends.shape[0]):
        for column in range(starts.shape[0]):
            if column > 0:
                out[to] = 44
                to += 1
            if not there[column, row]:
                continue
            first, end = starts[column, row], starts[column, row + 1]
            quote, begin = end == first, to
            for j in range(first, end):
                byte = data[j]
                quote |= byte == 34 or byte == 44 or byte == 10 or byte == 13
                out[to] = byte
                to += 1
            if quote:
                to = begin
                out[to] = 34
                to += 1
                for j in range(first, end):
                    if data[j] == 34:
                        out[to] = 34
                        to += 1
                    out[to] = data[j]
                    to += 1
                out[to] = 34
                to += 1
        out[to] = 10
        to += 1
        ends[row] = to
    return to


@njit(nogil=True, cache=True)
def gather(lines, begins, ends, order, out):  # type: ignore[no-untyped-def]
    """Copy lines one behind the other.

    Args:
        lines: uint8, all lines.
        begins: int64, where each begins.
        ends: int64, where each ends.
        order: int64, which lines, in the order wanted.
        out: uint8, as long as they are together; written.
    """
    to = 0
    for k in order:
        to = copy(lines, begins[k], ends[k], out, to)
