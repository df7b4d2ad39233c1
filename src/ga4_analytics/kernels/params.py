"""Lists of parameters as JSON objects with sorted keys: one pass over Arrow's own buffers.

A text array is three arrays here: where each text starts and the last ends, the bytes, and
which texts are there.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.canonical import copied, quoted

NO_KEY, TEXT_SLOT, INT_SLOT, DOUBLE_SLOT, FLOAT_SLOT, NO_VALUE = 0, 1, 2, 3, 4, 5
"""Where a parameter has its value."""


@njit(nogil=True, cache=True)
def _is_plain_integer(data, start, stop):  # type: ignore[no-untyped-def]
    """Whether a text is an integer of up to 18 digits as a computer writes it."""
    if start < stop and data[start] == 45:
        start += 1
        if start < stop and data[start] == 48:
            return False
    if stop - start < 1 or stop - start > 18 or (data[start] == 48 and stop - start > 1):
        return False
    digits = True
    for at in range(start, stop):
        digits &= 48 <= data[at] <= 57
    return digits


@njit(nogil=True, cache=True)
def slots(keyed, strings, integers, doubles, floats, found, hard):  # type: ignore[no-untyped-def]
    """Find where each parameter has its value: the first slot that is filled.

    Args:
        keyed: Which parameters have a key.
        strings: Text array; a text that is empty is not there.
        integers: Text array.
        doubles: Text array.
        floats: Text array.
        found: uint8, one a parameter; written.
        hard: bool, one a parameter, whether the value is a number that is not as JSON has it;
            written.

    Returns:
        Bytes of all the values.
    """
    size = 0
    for i in range(keyed.shape[0]):
        hard[i] = False
        if not keyed[i]:
            found[i] = NO_KEY
        elif strings[2][i] and strings[0][i + 1] > strings[0][i]:
            found[i] = TEXT_SLOT
            size += strings[0][i + 1] - strings[0][i]
        elif integers[2][i]:
            found[i] = INT_SLOT
            size += integers[0][i + 1] - integers[0][i]
            hard[i] = not _is_plain_integer(integers[1], integers[0][i], integers[0][i + 1])
        elif doubles[2][i]:
            found[i], hard[i] = DOUBLE_SLOT, True
            size += doubles[0][i + 1] - doubles[0][i]
        elif floats[2][i]:
            found[i], hard[i] = FLOAT_SLOT, True
            size += floats[0][i + 1] - floats[0][i]
        else:
            found[i] = NO_VALUE
    return size


@njit(nogil=True, cache=True)
def values(found, strings, integers, doubles, floats, starts, out):  # type: ignore[no-untyped-def]
    """Write the text of each parameter's value.

    Args:
        found: The slot of each parameter.
        strings: Text array, as the next three.
        integers: Text array.
        doubles: Text array.
        floats: Text array.
        starts: int32, one a parameter and one more; written.
        out: uint8, as long as all the values; written.
    """
    end = 0
    starts[0] = 0
    for i in range(found.shape[0]):
        if found[i] == TEXT_SLOT:
            end = copied(strings, i, out, end)
        elif found[i] == INT_SLOT:
            end = copied(integers, i, out, end)
        elif found[i] == DOUBLE_SLOT:
            end = copied(doubles, i, out, end)
        elif found[i] == FLOAT_SLOT:
            end = copied(floats, i, out, end)
        starts[i + 1] = end


@njit(nogil=True, cache=True)
def _order(keys, one, two):  # type: ignore[no-untyped-def]
    """Less than, equal to or more than 0, as the first text's bytes are beside the second's."""
    a, b = keys[0][one], keys[0][two]
    long_a, long_b = keys[0][one + 1] - a, keys[0][two + 1] - b
    for j in range(min(long_a, long_b)):
        if keys[1][a + j] != keys[1][b + j]:
            return np.int64(keys[1][a + j]) - np.int64(keys[1][b + j])
    return np.int64(long_a) - np.int64(long_b)


@njit(nogil=True, cache=True)
def _sorted(keys, found, first, last, order):  # type: ignore[no-untyped-def]
    """Sort the parameters of a row that have a key; give their count, -1 if two keys are equal."""
    count = 0
    for i in range(first, last):
        if found[i] == NO_KEY:
            continue
        at = count
        while at > 0:
            which = _order(keys, order[at - 1], i)
            if which == 0:
                return -1
            if which < 0:
                break
            order[at] = order[at - 1]
            at -= 1
        order[at] = i
        count += 1
    return count


@njit(nogil=True, cache=True)
def objects(offsets, keys, found, texts, number, numbers, dates, starts, out, there):  # type: ignore[no-untyped-def]
    """Write each row's parameters as a JSON object with sorted keys.

    Args:
        offsets: Row i owns the parameters ``offsets[i]`` to ``offsets[i + 1]``.
        keys: Text array.
        found: The slot of each parameter.
        texts: Text array of the values.
        number: int32, one a parameter: where in ``numbers`` its JSON is, -1 for the text itself.
        numbers: Text array of the JSON of numbers.
        dates: Text array of when each was set; without bytes where nothing is dated.
        starts: int32, one a row and one more; written.
        out: uint8, long enough for everything escaped; written.
        there: uint8, one a row: 0 no parameter, 1 an object, 2 a key twice; written.
    """
    longest = 0
    for row in range(there.shape[0]):
        longest = max(longest, offsets[row + 1] - offsets[row])
    order = np.empty(longest, np.int64)
    end = 0
    starts[0] = 0
    for row in range(there.shape[0]):
        count = _sorted(keys, found, offsets[row], offsets[row + 1], order)
        there[row] = 2 if count < 0 else min(count, 1)
        for k in range(count):
            i = order[k]
            out[end] = 44 if k else 123
            end = quoted(keys, i, out, end + 1)
            out[end] = 58
            end = _member(i, found, texts, number, numbers, dates, out, end + 1)
        if count > 0:
            out[end] = 125
            end += 1
        starts[row + 1] = end


@njit(nogil=True, cache=True)
def _member(i, found, texts, number, numbers, dates, out, end):  # type: ignore[no-untyped-def]
    """Write a parameter's value as JSON to the end of ``out`` and give the new end."""
    dated = dates[2][i]
    if dated:
        for byte in b'{"set_timestamp_micros":':
            out[end] = byte
            end += 1
        end = quoted(dates, i, out, end)
        for byte in b',"value":':
            out[end] = byte
            end += 1
    if found[i] == NO_VALUE:
        for byte in b"null":
            out[end] = byte
            end += 1
    elif number[i] >= 0:
        end = copied(numbers, number[i], out, end)
    elif found[i] == TEXT_SLOT:
        end = quoted(texts, i, out, end)
    else:
        end = copied(texts, i, out, end)
    if dated:
        out[end] = 125
        end += 1
    return end


@njit(nogil=True, cache=True)
def places(offsets, keys, found, wanted, out):  # type: ignore[no-untyped-def]
    """Find the parameters of each row that are wanted.

    Args:
        offsets: Row i owns the parameters ``offsets[i]`` to ``offsets[i + 1]``.
        keys: Text array.
        found: The slot of each parameter.
        wanted: Text array of keys.
        out: int32, a line of rows for each key that is wanted: the parameter, or -1; written.
    """
    for w in range(out.shape[0]):
        first, size = wanted[0][w], wanted[0][w + 1] - wanted[0][w]
        for row in range(out.shape[1]):
            out[w, row] = -1
            for i in range(offsets[row], offsets[row + 1]):
                begin = keys[0][i]
                if found[i] == NO_KEY or keys[0][i + 1] - begin != size:
                    continue
                same = True
                for j in range(size):
                    if keys[1][begin + j] != wanted[1][first + j]:
                        same = False
                        break
                if same:
                    out[w, row] = i
                    break
