"""Lines of JSON, written from columns, one row behind the other.

A line is written by steps, the same for each row. A step writes its head and then
the row's value of its column; where the row has none, the step writes nothing at all.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.text_lines import copy

TEXT, RAW, WORD, OPEN, KEEP, CLOSE, MEMBERS = 0, 1, 2, 3, 4, 5, 6
"""Kinds of steps: text to be quoted, JSON as it stands, a head alone, an object that goes
where it is empty, one that stays, an object's end, and the members of an object in JSON."""

CUT, RENAMED, AS_TEXT, LONG_KEY, TOO_MANY = 1, 2, 4, 8, 16
"""What may befall a row: a text was cut, a member renamed, a value became text, the name of
a member is too long, an object has too many members."""

MAX_DEPTH = 8
_EXACT = 1 << 53
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_SHORT = np.frombuffer(b'"\\bfnrt', np.uint8)
_PLAIN = np.array([34, 92, 8, 12, 10, 13, 9], np.uint8)


@njit(nogil=True, cache=True)
def _is_plain(data, at, end):  # type: ignore[no-untyped-def]
    """Whether a text needs no escape."""
    if end <= at:
        return True
    start = np.uint64(at)
    odd = np.uint8(0)
    for j in range(np.uint64(end - at)):
        byte = data[start + j]
        odd |= np.uint8(byte < 32) | np.uint8(byte == 34) | np.uint8(byte == 92)
    return odd == 0


@njit(nogil=True, cache=True)
def _put(word, out, to):  # type: ignore[no-untyped-def]
    """Write some bytes; give where they end."""
    for j in range(len(word)):
        out[to + j] = word[j]
    return to + len(word)


@njit(nogil=True, cache=True)
def _escaped(byte, out, to):  # type: ignore[no-untyped-def]
    """Write the escape of a quote, a backslash or a control character."""
    out[to] = 92
    for j in range(7):
        if byte == _PLAIN[j]:
            out[to + 1] = _SHORT[j]
            return to + 2
    to = _put(b"u00", out, to + 1)
    out[to], out[to + 1] = _HEX[byte >> 4], _HEX[byte & 15]
    return to + 2


@njit(nogil=True, cache=True)
def _quoted(data, at, end, most, out, to):  # type: ignore[no-untyped-def]
    """Write a text as JSON, its first ``most`` characters at most; also whether it was cut."""
    out[to] = 34
    to += 1
    if end - at <= most and _is_plain(data, at, end):
        to = copy(data, at, end, out, to)
        out[to] = 34
        return to + 1, False
    left = most if end - at > most else end - at + 1
    while at < end:
        byte = data[at]
        if byte & 0xC0 != 0x80:
            if left == 0:
                break
            left -= 1
        if byte < 32 or byte == 34 or byte == 92:
            to = _escaped(byte, out, to)
        else:
            out[to] = byte
            to += 1
        at += 1
    out[to] = 34
    return to + 1, at < end


@njit(nogil=True, cache=True)
def _string_end(data, at, stop):  # type: ignore[no-untyped-def]
    """Where the closing quote of a string is, from behind its opening one."""
    while at < stop and data[at] != 34:
        at += 2 if data[at] == 92 else 1
    return min(at, stop)


@njit(nogil=True, cache=True)
def _character(data, at, end):  # type: ignore[no-untyped-def]
    """How many bytes a character of a JSON string takes: an escape, a pair of them, UTF-8."""
    byte = data[at]
    if byte == 92:
        if data[at + 1] != 117:
            return 2
        high = (data[at + 2] | 32) == 100 and data[at + 3] > 55
        return 12 if high and at + 12 <= end else 6
    size = 1
    while at + size < end and data[at + size] & 0xC0 == 0x80:
        size += 1
    return size


@njit(nogil=True, cache=True)
def _copied(data, at, end, most, out, to):  # type: ignore[no-untyped-def]
    """Write the inside of a JSON string again, its first ``most`` characters at most."""
    out[to] = 34
    to += 1
    stop = end
    if end - at > most:
        stop = at
        for _ in range(most):
            if stop >= end:
                break
            stop += _character(data, stop, end)
    to = copy(data, at, stop, out, to)
    out[to] = 34
    return to + 1, stop < end


@njit(nogil=True, cache=True)
def _nested_end(data, at, stop):  # type: ignore[no-untyped-def]
    """Where an object or array ends, and how deep it is; 1 holds scalars only."""
    depth, deepest = 0, 0
    while at < stop:
        byte = data[at]
        if byte == 34:
            at = _string_end(data, at + 1, stop)
        elif byte == 123 or byte == 91:
            depth += 1
            deepest = max(deepest, depth)
        elif byte == 125 or byte == 93:
            depth -= 1
            if depth == 0:
                return at + 1, deepest
        at += 1
    return stop, deepest


@njit(nogil=True, cache=True)
def _nested(data, at, end, most, out, to):  # type: ignore[no-untyped-def]
    """Write an object or array again, with its strings cut."""
    was_cut = False
    while at < end:
        if data[at] == 34:
            stop = _string_end(data, at + 1, end)
            to, cut = _copied(data, at + 1, stop, most, out, to)
            was_cut |= cut
            at = stop + 1
        else:
            out[to] = data[at]
            at += 1
            to += 1
    return to, was_cut


@njit(nogil=True, cache=True)
def _plain_end(data, at, stop):  # type: ignore[no-untyped-def]
    """Where a number or a word ends, and whether it is an integer that a double cannot hold."""
    start = at
    value, is_whole = np.uint64(0), True
    while at < stop and data[at] not in (44, 125, 32, 9, 10, 13):
        if 48 <= data[at] <= 57:
            value = value * np.uint64(10) + np.uint64(data[at] - 48)
        elif data[at] != 45:
            is_whole = False
        at += 1
    digits = at - start - (1 if data[start] == 45 else 0)
    return at, is_whole and (digits > 18 or value > np.uint64(_EXACT))


@njit(nogil=True, cache=True)
def _reserved(data, at, end, names, places):  # type: ignore[no-untyped-def]
    """Whether the name of a member is taken."""
    for k in range(places.shape[0]):
        first, size = places[k, 0], places[k, 1] - places[k, 0]
        if data[at] != names[first] or size > end - at or (places[k, 2] and size < end - at):
            continue
        same = True
        for j in range(1, size):
            if names[first + j] != data[at + j]:
                same = False
                break
        if same:
            return True
    return False


@njit(nogil=True, cache=True)
def _blank(data, at, stop):  # type: ignore[no-untyped-def]
    """Where white space and commas end."""
    while at < stop and (data[at] == 32 or data[at] == 44 or 9 <= data[at] <= 13):
        at += 1
    return at


@njit(nogil=True, cache=True)
def _value(data, at, stop, limits, out, to):  # type: ignore[no-untyped-def]
    """Write a member's value; give where it ended, where it was written to, and a mark."""
    byte = data[at]
    if byte == 34:
        end = _string_end(data, at + 1, stop)
        to, cut = _copied(data, at + 1, end, limits[0], out, to)
        return end + 1, to, CUT if cut else 0
    if byte == 123 or byte == 91:
        end, depth = _nested_end(data, at, stop)
        if depth <= limits[3]:
            to, cut = _nested(data, at, end, limits[0], out, to)
            return end, to, CUT if cut else 0
        to, cut = _quoted(data, at, end, limits[0], out, to)
        return end, to, AS_TEXT | (CUT if cut else 0)
    end, is_great = _plain_end(data, at, stop)
    if is_great or (limits[3] == 0 and (byte == 116 or byte == 102)):
        to, _ = _quoted(data, at, end, end - at, out, to)
        return end, to, AS_TEXT
    return end, copy(data, at, end, out, to), 0


@njit(nogil=True, cache=True)
def _dated(data, at, stop):  # type: ignore[no-untyped-def]
    """Where the value of a user property begins that says when it was set; else ``at``."""
    head = b'{"set_timestamp_micros":'
    if at + len(head) >= stop:
        return at
    for j in range(len(head)):
        if data[at + j] != head[j]:
            return at
    end, _ = _plain_end(data, at + len(head), stop)
    return min(end + len(b',"value":'), stop)


@njit(nogil=True, cache=True)
def _members(data, at, end, limits, names, places, comma, out, to):  # type: ignore[no-untyped-def]
    """Write the members of an object but nulls; give how many, where they end, and a mark."""
    count, mark = 0, 0
    stop = end - 1
    at = _blank(data, at + 1, stop) if data[at] == 123 else stop
    while at < stop:
        first = at + 1
        last = _string_end(data, first, stop)
        at = last + 1
        while at < stop and (data[at] == 58 or data[at] == 32):
            at += 1
        if at >= stop:
            break
        value = _dated(data, at, stop)
        end = _nested_end(data, at, stop)[0] if value > at else at
        if data[value] == 110:
            at = _blank(data, max(end, value + 4), stop)
            continue
        if comma or count > 0:
            out[to] = 44
            to += 1
        out[to] = 34
        to += 1
        if _reserved(data, first, last, names, places):
            to = _put(b"param_", out, to)
            mark |= RENAMED
        if last - first > limits[1]:
            mark |= LONG_KEY
        to = copy(data, first, last, out, to)
        to = _put(b'":', out, to)
        at, to, more = _value(data, value, stop, limits, out, to)
        at = max(at, end)
        mark |= more
        count += 1
        at = _blank(data, at, stop)
    return count, to, mark


@njit(nogil=True, cache=True)
def json_lines(steps, heads, data, starts, there, limits, names, places, out, to, ends, marks):  # type: ignore[no-untyped-def]
    """Write rows as lines of JSON.

    Args:
        steps: int64, one row a step: kind, column (-1: none), where its head begins and ends.
        heads: uint8, the heads, as ``"key":`` of a value or ``"key":{`` of an object.
        data: uint8, the values of all columns, UTF-8.
        starts: int64, columns by rows and one: where each row's value begins in ``data``.
        there: bool, columns by rows: whether the row has a value.
        limits: int64: characters of a text, bytes of a name, members of an object, depth of a
            nested value; what is deeper is written as text, and below 1 words are as well.
        names: uint8, names that members may not have, one behind the other.
        places: int64, one row a name: where it begins and ends, and 0 where it takes all that
            begin so.
        out: uint8, with room for 6 bytes for each of ``data`` and for the heads; written.
        to: Where to begin.
        ends: int64, one a row: where its line ends, behind the line feed; written.
        marks: uint8, one a row: what befell it; written.

    Returns:
        Where the last line ends.
    """
    back = np.empty((MAX_DEPTH, 4), np.int64)
    for row in range(ends.shape[0]):
        depth, comma, mark, members = 0, False, 0, 0
        out[to] = 123
        to += 1
        for k in range(steps.shape[0]):
            kind, column = steps[k, 0], steps[k, 1]
            if kind == CLOSE:
                depth -= 1
                if back[depth, 1] == to and back[depth, 0] >= 0:
                    to, comma, members = back[depth, 0], back[depth, 2] == 1, back[depth, 3]
                    continue
                out[to] = 125
                to += 1
                comma, members = True, back[depth, 3] + 1
                continue
            if column >= 0 and not there[column, row]:
                continue
            if kind == MEMBERS:
                count, to, more = _members(
                    data, starts[column, row], starts[column, row + 1], limits, names, places,
                    comma, out, to,
                )  # fmt: skip
                members += count
                comma |= count > 0
                mark |= more
            else:
                before = to
                if comma:
                    out[to] = 44
                    to += 1
                to = copy(heads, steps[k, 2], steps[k, 3], out, to)
                if kind in (OPEN, KEEP):
                    back[depth, 0] = before if kind == OPEN else -1
                    back[depth, 1], back[depth, 2] = to, 1 if comma else 0
                    back[depth, 3] = members
                    depth += 1
                    comma, members = False, 0
                    continue
                if kind == TEXT:
                    to, cut = _quoted(
                        data, starts[column, row], starts[column, row + 1], limits[0], out, to
                    )
                    mark |= CUT if cut else 0
                elif kind == RAW:
                    to = copy(data, starts[column, row], starts[column, row + 1], out, to)
                comma = True
                members += 1
            if members > limits[2]:
                mark |= TOO_MANY
        to = _put(b"}\n", out, to)
        ends[row], marks[row] = to, mark
    return to
