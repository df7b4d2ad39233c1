"""The texts of values of JSON, without quotes and escapes."""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.json_scan import ESCAPED, hex_value
from ga4_analytics.kernels.lean import inlined, inner


@inlined
def _unescaped(data, at, end, out, to):  # type: ignore[no-untyped-def]
    """Write a string without its escapes; give where it ends in ``out``."""
    while at < end:
        byte = data[np.uint64(at)]
        if byte == 92:
            at, to = _escape(data, at + 1, out, to)
        else:
            out[np.uint64(to)] = byte
            at += 1
            to += 1
    return to


@inner
def _escape(data, at, out, to):  # type: ignore[no-untyped-def]
    """Write what an escape means, from behind its backslash; give where both end."""
    byte = data[at]
    if byte == 117:
        value = hex_value(data, at + 1)
        at += 5
        if 0xD800 <= value < 0xDC00:
            value = 0x10000 + ((value - 0xD800) << 10) + (hex_value(data, at + 2) - 0xDC00)
            at += 6
        return at, _encoded(value, out, to)
    if byte == 98:
        byte = 8
    elif byte == 102:
        byte = 12
    elif byte == 110:
        byte = 10
    elif byte == 114:
        byte = 13
    elif byte == 116:
        byte = 9
    out[to] = byte
    return at + 1, to + 1


@inner
def _encoded(value, out, to):  # type: ignore[no-untyped-def]
    """Write a character as UTF-8; give where it ends."""
    if value < 0x80:
        out[to] = value
        return to + 1
    if value < 0x800:
        out[to] = 0xC0 | (value >> 6)
    elif value < 0x10000:
        out[to] = 0xE0 | (value >> 12)
    else:
        out[to] = 0xF0 | (value >> 18)
        out[to + 1] = 0x80 | ((value >> 12) & 63)
        to += 1
    if value >= 0x800:
        out[to + 1] = 0x80 | ((value >> 6) & 63)
        to += 1
    out[to + 1] = 0x80 | (value & 63)
    return to + 2


@njit(nogil=True, cache=True)
def texts(data, tape, which, starts, out, there):  # type: ignore[no-untyped-def]
    """Write the texts of a field's values, one a record.

    Args:
        data: uint8, the block.
        tape: As `scan` wrote it.
        which: Rows of the tape with the field's scalars, by record.
        starts: int32, one a record and one more; written.
        out: uint8, as long as the values' texts together; written.
        there: bool, one a record; written.
    """
    record, to = np.int64(0), np.int64(0)
    for k in which:
        place, at, end = np.int64(tape[k, 1]), np.int64(tape[k, 2]), np.int64(tape[k, 3])
        while record <= place:
            starts[record] = to
            there[record] = record == place
            record += 1
        if tape[k, 4] & ESCAPED:
            to = _unescaped(data, at, end, out, to)
        else:
            for j in range(end - at):
                out[np.uint64(to + j)] = data[np.uint64(at + j)]
            to += end - at
    while record < there.shape[0]:
        starts[record] = to
        there[record] = False
        record += 1
    starts[record] = to
