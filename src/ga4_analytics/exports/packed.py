"""Columns packed for the kernels, and lines that are kept until they can be put in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ga4_analytics.kernels import text_lines as kernel

I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]
Bools = NDArray[np.bool_]

SLICE_ROWS = 16_384
"""Rows laid out at once: what the kernel reads and writes for them stays small."""
_LINE_BYTES = 2_000
"""Room for a line to begin with; a system gives memory only where something is written."""
_PADDING = 16


@dataclass(frozen=True)
class Packed:
    """Text columns in one buffer.

    Attributes:
        data: The values' bytes, and some zeros.
        starts: Where each value begins and the last ends, shape (columns, rows + 1).
        there: Whether there is a value, shape (columns, rows).
    """

    data: U8
    starts: I64
    there: Bools


def packed(columns: Sequence[pa.Array], rows: int) -> Packed:
    """Pack text columns.

    Args:
        columns: Arrow text arrays of one length.
        rows: That length.

    >>> found = packed([pa.array(["a", None, "bc"])], 3)
    >>> bytes(found.data[:3]), found.starts.tolist(), found.there.tolist()
    (b'abc', [[0, 1, 1, 3]], [[True, False, True]])
    """
    starts = np.zeros((len(columns), rows + 1), np.int64)
    there = np.ones((len(columns), rows), bool)
    pieces, base = [np.zeros(0, np.uint8)], 0
    for place, column in enumerate(columns if rows else ()):
        validity, offsets, values = column.buffers()
        own = np.frombuffer(offsets, np.int32)[column.offset : column.offset + rows + 1]
        if values is not None:
            pieces.append(np.frombuffer(values, np.uint8)[own[0] : own[-1]])
        starts[place] = own
        starts[place] += base - int(own[0])
        base = int(starts[place, -1])
        if column.null_count:
            first = column.offset & 7
            bits = np.frombuffer(validity, np.uint8)[column.offset >> 3 :]
            there[place] = np.unpackbits(bits, count=first + rows, bitorder="little")[first:]
    # A kernel that meets an escape cut short looks a few bytes further.
    pieces.append(np.zeros(_PADDING, np.uint8))
    return Packed(np.concatenate(pieces), starts, there)


class Lines:
    """Lines of one chunk, in the order in which they were written.

    Args:
        lines: About how many they will be; more may come.

    Attributes:
        begins: Where each line begins.
        ends: Where each ends, behind its line feed.
    """

    def __init__(self, lines: int = 0) -> None:
        self._buffer: U8 = np.empty(lines * _LINE_BYTES, np.uint8)
        self._used = 0
        self.begins: I64 = np.zeros(0, np.int64)
        self.ends: I64 = np.zeros(0, np.int64)

    def room(self, size: int) -> tuple[U8, int]:
        """The buffer, with room for so many bytes, and where to begin."""
        needed = self._used + size
        if needed > len(self._buffer):
            grown = np.empty(max(needed, 2 * len(self._buffer)), np.uint8)
            grown[: self._used] = self._buffer[: self._used]
            self._buffer = grown
        return self._buffer, self._used

    def add(self, ends: I64, used: int) -> None:
        """Take in lines that were written into the room."""
        begins = np.concatenate([[self._used], ends[:-1]]) if len(ends) else ends
        self.begins = np.concatenate([self.begins, begins])
        self.ends = np.concatenate([self.ends, ends])
        self._used = used

    def joined(self, order: I64) -> U8:
        """Some lines, one behind the other."""
        out = np.empty(int((self.ends[order] - self.begins[order]).sum()), np.uint8)
        kernel.gather(self._buffer, self.begins, self.ends, order, out)
        return out


def add_csv(lines: Lines, columns: Sequence[pa.Array]) -> None:
    """Lay rows out as CSV.

    Args:
        lines: Where they go.
        columns: Text columns of one length.
    """
    for first in range(0, len(columns[0]), SLICE_ROWS):
        own = [column.slice(first, SLICE_ROWS) for column in columns]
        rows = len(own[0])
        given = packed(own, rows)
        out, to = lines.room(2 * len(given.data) + rows * (3 * len(own) + 1))
        ends = np.empty(rows, np.int64)
        used = kernel.csv_lines(given.data, given.starts, given.there, out, to, ends)
        lines.add(ends, used)
