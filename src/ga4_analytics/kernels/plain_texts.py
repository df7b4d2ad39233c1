"""Texts written as nearly everybody writes them, read into values; others are only marked.

A text array is three arrays here, as in ``params``: where each text starts and the last ends,
the bytes, and which texts are there. ``plain`` has a byte a row: 0 where a row holds a text
that is written in another way, and is to be read by what knows all ways. What stands in
``out`` where a text is missing or not plain means nothing.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.json_scan import stands
from ga4_analytics.kernels.lean import inlined, inner

_POINT, _MINUS = 46, 45
_WHOLE_DIGITS, _FRACTION_DIGITS = 9, 6


@inlined
def _number(data, at, end):  # type: ignore[no-untyped-def]
    """The value of up to 18 digits; -1 where anything else stands among them."""
    value = np.int64(0)
    good = end > at
    for j in range(at, end):
        digit = np.int64(data[np.uint64(j)]) - 48
        good &= 0 <= digit <= 9
        value = 10 * value + digit
    return value if good else np.int64(-1)


@njit(nogil=True, cache=True)
def whole_numbers(texts, least, most, low, high, out, plain):  # type: ignore[no-untyped-def]
    """Read whole numbers without a sign and without zeros that say nothing.

    Args:
        texts: Text array.
        least: Fewest digits.
        most: Most digits, up to 18.
        low: Least value.
        high: Greatest value.
        out: int64, one a row; written.
        plain: uint8, one a row; written where it is 0.
    """
    starts, data, there = texts
    for row in range(there.shape[0]):
        if not there[row]:
            continue
        at, end = np.int64(starts[row]), np.int64(starts[row + 1])
        value = np.int64(-1)
        if least <= end - at <= most and (data[at] != 48 or end == at + 1):
            value = _number(data, at, end)
        out[row] = value
        if not low <= value <= high:
            plain[row] = 0


@njit(nogil=True, cache=True)
def amounts(texts, out, plain):  # type: ignore[no-untyped-def]
    """Read amounts with up to 9 digits before the point and 6 behind it, in micro-units.

    Args:
        texts: Text array.
        out: int64, one a row; written.
        plain: uint8, one a row; written where it is 0.
    """
    starts, data, there = texts
    for row in range(there.shape[0]):
        if not there[row]:
            continue
        at, end = np.int64(starts[row]), np.int64(starts[row + 1])
        minus = end > at and data[at] == _MINUS
        at += 1 if minus else 0
        point = at
        while point < end and data[point] != _POINT:
            point += 1
        value = np.int64(-1)
        if 1 <= point - at <= _WHOLE_DIGITS:
            value = _number(data, at, point)
        fraction = np.int64(0)
        if point < end:
            places = end - point - 1
            fraction = np.int64(-1)
            if 1 <= places <= _FRACTION_DIGITS:
                fraction = _number(data, point + 1, end)
                for _ in range(places, _FRACTION_DIGITS):
                    fraction *= 10
        if value < 0 or fraction < 0:
            plain[row] = 0
            continue
        value = value * 1_000_000 + fraction
        out[row] = -value if minus else value


@inlined
def _is(data, at, end, word):  # type: ignore[no-untyped-def]
    """Whether a text is a word in small letters or capitals."""
    if end - at != len(word):
        return False
    same = True
    for j in range(len(word)):
        byte = data[np.uint64(at + j)]
        same &= (byte | 32 if 65 <= byte <= 90 else byte) == word[j]
    return same


@inner
def _flag(data, at, end):  # type: ignore[no-untyped-def]
    """1 for yes, 0 for no, -1 for another text."""
    if _is(data, at, end, b"true") or _is(data, at, end, b"1") or _is(data, at, end, b"yes"):
        return 1
    if _is(data, at, end, b"false") or _is(data, at, end, b"0") or _is(data, at, end, b"no"):
        return 0
    return -1


@njit(nogil=True, cache=True)
def flags(texts, out, plain):  # type: ignore[no-untyped-def]
    """Read ``true``, ``1``, ``yes``, ``false``, ``0`` and ``no``, in small letters or capitals.

    Args:
        texts: Text array.
        out: bool, one a row; written.
        plain: uint8, one a row; written where it is 0.
    """
    starts, data, there = texts
    for row in range(there.shape[0]):
        out[row] = False
        if there[row]:
            value = _flag(data, np.int64(starts[row]), np.int64(starts[row + 1]))
            out[row] = value == 1
            if value < 0:
                plain[row] = 0


@inner
def _day(year, month, day):  # type: ignore[no-untyped-def]
    """Days since 1970-01-01 of a date from year 1 on; -1 where there is no such day.

    Years are counted from March, as in Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    """
    leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    longest = 31
    if month == 4 or month == 6 or month == 9 or month == 11:
        longest = 30
    elif month == 2:
        longest = 29 if leap else 28
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= longest:
        return np.int64(-1)
    from_march = year - 1 if month <= 2 else year
    within = (153 * (month + (9 if month <= 2 else -3)) + 2) // 5 + day - 1
    return (
        365 * from_march
        + from_march // 4
        - from_march // 100
        + from_march // 400
        + (within - 719468)
    )


@njit(nogil=True, cache=True)
def days(texts, first, last, out, plain):  # type: ignore[no-untyped-def]
    """Read dates as ``20210131`` or ``2021-01-31``.

    Args:
        texts: Text array.
        first: First day that is plain, in days since 1970-01-01.
        last: Last one.
        out: int32, one a row: days since 1970-01-01; written.
        plain: uint8, one a row; written where it is 0, as it is where a date is missing.
    """
    starts, data, there = texts
    for row in range(there.shape[0]):
        at, size = np.int64(starts[row]), np.int64(starts[row + 1]) - np.int64(starts[row])
        dashed = size == 10
        value = np.int64(-1)
        if there[row] and (size == 8 or (dashed and data[at + 4] == 45 and data[at + 7] == 45)):
            month = at + (5 if dashed else 4)
            day = month + (3 if dashed else 2)
            year = _number(data, at, at + 4)
            value = _day(year, _number(data, month, month + 2), _number(data, day, day + 2))
        out[row] = value
        if not first <= value <= last:
            plain[row] = 0


@njit(nogil=True, cache=True)
def without(texts, byte, plain):  # type: ignore[no-untyped-def]
    """Mark the texts that hold a byte.

    Args:
        texts: Text array.
        byte: The byte.
        plain: uint8, one a row; written where it is 0.
    """
    starts, data, there = texts
    for row in range(there.shape[0]):
        if there[row]:
            for j in range(starts[row], starts[row + 1]):
                if data[np.uint64(j)] == byte:
                    plain[row] = 0
                    break


@njit(nogil=True, cache=True)
def names(texts, longest, plain):  # type: ignore[no-untyped-def]
    """Mark the texts that do not begin with a letter of English, are too long or missing.

    Args:
        texts: Text array.
        longest: Most bytes.
        plain: uint8, one a row; written where it is 0.
    """
    starts, data, there = texts
    for row in range(there.shape[0]):
        at, end = np.int64(starts[row]), np.int64(starts[row + 1])
        if not there[row] or not at < end <= at + longest or not 97 <= data[at] | 32 <= 122:
            plain[row] = 0


@njit(nogil=True, cache=True)
def web_paths(texts, starts_out, out, plain):  # type: ignore[no-untyped-def]
    """Write the paths of addresses that begin with ``https://`` or ``http://``.

    Args:
        texts: Text array.
        starts_out: int32, one a row and one more; written.
        out: uint8, as long as all the texts; written.
        plain: uint8, one a row; written where it is 0.
    """
    starts, data, there = texts
    to = 0
    for row in range(there.shape[0]):
        starts_out[row] = to
        if not there[row]:
            continue
        at, end = np.int64(starts[row]), np.int64(starts[row + 1])
        host = at
        if end - at >= 8 and stands(data, at, b"https://"):
            host = at + 8
        elif end - at >= 7 and stands(data, at, b"http://"):
            host = at + 7
        if host == at:
            plain[row] = 0
            continue
        while host < end and data[host] != 47 and data[host] != 63 and data[host] != 35:
            host += 1
        before = to
        while host < end and data[host] != 63 and data[host] != 35:
            out[to] = data[host]
            host += 1
            to += 1
        if to == before:
            out[to] = 47
            to += 1
    starts_out[there.shape[0]] = to
