"""Canonical JSON of rows, written from columns: keys of events, and objects of fields.

Nothing stands between the tokens; control characters are written with capitals (``\\u001F``).
A text array is three arrays here, as in ``params``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.lean import inlined

_HEX = np.frombuffer(b"0123456789ABCDEF", np.uint8)
_SHORT = np.frombuffer(b"btn-fr", np.uint8)
_ESCAPED = np.array([byte < 32 or byte in (34, 92) for byte in range(256)])


@inlined
def copied(texts, at, out, end):  # type: ignore[no-untyped-def]
    """Copy a text to the end of ``out`` and give the new end."""
    for j in range(texts[0][at], texts[0][at + 1]):
        out[np.uint64(end)] = texts[1][np.uint64(j)]
        end += 1
    return end


@inlined
def quoted(texts, at, out, end):  # type: ignore[no-untyped-def]
    """Write a text as a string of JSON to the end of ``out`` and give the new end."""
    return _quoted(texts[1], texts[0][at], texts[0][at + 1], out, end)


@inlined
def _quoted(data, first, last, out, end):  # type: ignore[no-untyped-def]
    """Write some bytes of a text so."""
    out[end] = 34
    end += 1
    for j in range(first, last):
        byte = data[np.uint64(j)]
        if _ESCAPED[byte]:
            out[np.uint64(end)] = 92
            if byte == 34 or byte == 92:
                out[end + 1] = byte
            elif 8 <= byte <= 13 and byte != 11:
                out[end + 1] = _SHORT[byte - 8]
            else:
                out[end + 1], out[end + 2], out[end + 3] = 117, 48, 48
                out[end + 4], out[end + 5] = 48 + (byte >> 4), _HEX[byte & 15]
                end += 4
            end += 2
        else:
            out[np.uint64(end)] = byte
            end += 1
    out[end] = 34
    return end + 1


@njit(nogil=True, cache=True)
def keys(prefix, days, parts, out, ends):  # type: ignore[no-untyped-def]
    """Write the array of a date and some texts for each row.

    Args:
        prefix: uint8, what stands before each array.
        days: Text array of dates, ``20210131`` or ``2021-01-31``; none is missing.
        parts: Text arrays, as a tuple; what is missing is null.
        out: uint8, with room for the prefixes, 6 bytes for each of the texts, and 16 and 5 for
            each text besides a row; written.
        ends: int32, one a row and one more: 0, and where each ends; written.
    """
    end = 0
    ends[0] = 0
    for row in range(ends.shape[0] - 1):
        for byte in prefix:
            out[end] = byte
            end += 1
        out[end], out[end + 1] = 91, 34
        end += 2
        at = days[0][row]
        dashed = days[0][row + 1] - at == 10
        for j in range(8):
            if j == 4 or j == 6:
                out[end] = 45
                end += 1
                at += 1 if dashed else 0
            out[end] = days[1][at + j]
            end += 1
        out[end] = 34
        end += 1
        for part in parts:
            out[end] = 44
            end += 1
            if part[2][row]:
                end = quoted(part, row, out, end)
            else:
                for byte in b"null":
                    out[end] = byte
                    end += 1
        out[end] = 93
        end += 1
        ends[row + 1] = end


@njit(nogil=True, cache=True)
def objects(prefix, heads, head_starts, starts, data, there, out, ends):  # type: ignore[no-untyped-def]
    """Write the object of the columns that have a text, for each row.

    Args:
        prefix: uint8, what stands before each object that is there.
        heads: uint8, the names in JSON with their colons, one behind the other, in order.
        head_starts: int64, one a column and one more.
        starts: int32, shape (columns, rows + 1): where each column's texts start in ``data``.
        data: uint8, the texts.
        there: bool, shape (columns, rows).
        out: uint8, with room for 6 bytes for each of ``data``, and for the heads and 3 for each
            column besides and a prefix a row; written.
        ends: int32, one a row and one more; the first is 0, a row without a text has nothing;
            written.
    """
    end = 0
    ends[0] = 0
    for row in range(there.shape[1]):
        begin = end
        for column in range(there.shape[0]):
            if there[column, row]:
                if end == begin:
                    for byte in prefix:
                        out[end] = byte
                        end += 1
                    out[end] = 123
                else:
                    out[end] = 44
                end += 1
                for j in range(head_starts[column], head_starts[column + 1]):
                    out[np.uint64(end)] = heads[np.uint64(j)]
                    end += 1
                first, last = starts[column, row], starts[column, row + 1]
                end = _quoted(data, first, last, out, end)
        if end > begin:
            out[end] = 125
            end += 1
        ends[row + 1] = end
