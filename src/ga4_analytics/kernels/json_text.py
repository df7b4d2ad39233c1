"""The texts of values of JSON, without quotes and escapes."""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.json_scan import ARRAY, ESCAPED, hex_value
from ga4_analytics.kernels.lean import inlined, inner

PART = 1 << 14
"""Values of a part: with their text some half a megabyte."""


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


@inner
def _by_field(tape, first, bounds, order):  # type: ignore[no-untyped-def]
    """Sort rows of the tape by their fields, those of a field by their records."""
    bounds[:] = 0
    for k in range(order.shape[0]):
        bounds[tape[first + k, 0] + 1] += 1
    for field in range(bounds.shape[0] - 1):
        bounds[field + 1] += bounds[field]
    # What is written next to a field moves its begin to its end, where the next one begins.
    for k in range(order.shape[0] - 1, -1, -1):
        field = tape[first + k, 0] + 1
        bounds[field] -= 1
        order[bounds[field]] = first + k
    for field in range(bounds.shape[0] - 1):
        bounds[field] = bounds[field + 1]
    bounds[bounds.shape[0] - 1] = order.shape[0]


@inlined
def _texts(data, tape, rows, starts, there, record, out, to):  # type: ignore[no-untyped-def]
    """Write values of one field; give the next record, and where its text begins."""
    for k in rows:
        place, at, end = np.int64(tape[k, 1]), np.int64(tape[k, 2]), np.int64(tape[k, 3])
        while record < place:
            starts[record], there[record] = to, False
            record += 1
        starts[record], there[record] = to, True
        record += 1
        if tape[k, 4] & (ARRAY | ESCAPED) == 0:
            for j in range(end - at):
                out[np.uint64(to + j)] = data[np.uint64(at + j)]
            to += end - at
        elif tape[k, 4] & ARRAY:
            to = end
        else:
            to = _unescaped(data, at, end, out, to)
    return record, to


@njit(nogil=True, cache=True)
def columns(data, tape, places, starts, there, out):  # type: ignore[no-untyped-def]
    """Write the texts of all fields, each field's one behind the other.

    It goes through the tape once, in parts that stay in the processor's cache together with
    the text that they speak of.

    Args:
        data: uint8, the block.
        tape: As `scan` wrote it.
        places: int64, 3 a field: where its records begin in ``there`` (in ``starts`` each field
            has one place more), how many they are, and where its texts begin in ``out``.
        starts: int32: where each text begins among those of its field, and where the last one
            ends; for arrays the number of the first element in place of it; written.
        there: bool: whether a record has the field; written.
        out: uint8; written.
    """
    fields = places.shape[0]
    records, ends = np.zeros(fields, np.int64), np.zeros(fields, np.int64)
    bounds, order = np.empty(fields + 1, np.int64), np.empty(PART, np.int32)
    for first in range(0, tape.shape[0], PART):
        count = min(PART, tape.shape[0] - first)
        _by_field(tape, first, bounds, order[:count])
        for field in range(fields):
            if bounds[field] < bounds[field + 1]:
                at = places[field, 0]
                records[field], ends[field] = _texts(
                    data, tape, order[bounds[field] : bounds[field + 1]], starts[at + field :],
                    there[at:], records[field], out[places[field, 2] :], ends[field],
                )  # fmt: skip
    for field in range(fields):
        at = places[field, 0]
        for record in range(records[field], places[field, 1]):
            starts[at + field + record], there[at + record] = ends[field], False
        starts[at + field + places[field, 1]] = ends[field]
