"""Counts of paths in a sparse table with open addressing.

A path is known by its steps' codes, 1 and up: packed into one 63-bit number where they fit
(``bits`` a step), else as a row of codes found by its hash. So the table grows with the paths
that come, not with those that could.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)


@njit(nogil=True, cache=True)
def new_table(size):  # type: ignore[no-untyped-def]
    """An empty table of paths.

    Args:
        size: How many places it has, a power of two.

    Returns:
        uint64, shape (size, 2): key and count; a place with count 0 is free.
    """
    return np.zeros((size, 2), np.uint64)


@njit(nogil=True, cache=True, inline="always")
def place_of(found, key):  # type: ignore[no-untyped-def]
    """Where a packed path stands or may stand in a table that is not full."""
    mask = np.uint64(found.shape[0] - 1)
    mixed = key * _GOLDEN
    place = (mixed ^ (mixed >> np.uint64(32))) & mask
    while found[place, 1] != _ZERO and found[place, 0] != key:
        place = (place + _ONE) & mask
    return place


@njit(nogil=True, cache=True)
def with_room(found, used, more):  # type: ignore[no-untyped-def]
    """The same table, with room for more paths.

    Args:
        found: The table.
        used: How many paths it has.
        more: How many may come.
    """
    size = found.shape[0]
    while size < 2 * (used + more):
        size *= 4
    if size == found.shape[0]:
        return found
    wider = new_table(size)
    for old in range(found.shape[0]):
        if found[old, 1] != _ZERO:
            place = place_of(wider, found[old, 0])
            wider[place, 0] = found[old, 0]
            wider[place, 1] = found[old, 1]
    return wider


@njit(nogil=True, cache=True)
def merged(found, used, other):  # type: ignore[no-untyped-def]
    """Add a table of packed paths to another.

    Returns:
        The first table, larger where it must be, and how many paths it has.
    """
    for old in range(other.shape[0]):
        if other[old, 1] != _ZERO:
            if 2 * (used + 1) > found.shape[0]:
                found = with_room(found, used, 1)
            place = place_of(found, other[old, 0])
            used += found[place, 1] == _ZERO
            found[place, 0] = other[old, 0]
            found[place, 1] += other[old, 1]
    return found, used


@njit(nogil=True, cache=True)
def add_row(found, rows, path, weight):  # type: ignore[no-untyped-def]
    """Add to the count of a path that is kept as a row of codes.

    Args:
        found: uint64, shape (size, 2): hash and count; not full.
        rows: uint32, shape (size, depth): the codes.
        path: The codes.
        weight: What to add, at least 1.

    Returns:
        1 for a path that was not there, else 0.
    """
    mask = np.uint64(found.shape[0] - 1)
    depth = rows.shape[1]
    key = hashed(path, depth)
    place = key & mask
    while found[place, 1] != _ZERO:
        same = found[place, 0] == key
        level = 0
        while same and level < depth:
            same = rows[place, level] == path[level]
            level += 1
        if same:
            found[place, 1] += np.uint64(weight)
            return 0
        place = (place + _ONE) & mask
    found[place, 0] = key
    rows[place, :] = path
    found[place, 1] = np.uint64(weight)
    return 1


@njit(nogil=True, cache=True)
def merged_rows(found, rows, used, other, other_rows):  # type: ignore[no-untyped-def]
    """Add a table of rows of codes to another; as `merged`.

    Returns:
        The first table and its rows, larger where they must be, and how many paths it has.
    """
    for old in range(other.shape[0]):
        if other[old, 1] != _ZERO:
            if 2 * (used + 1) > found.shape[0]:
                found, rows = larger_rows(found, rows)
            used += add_row(found, rows, other_rows[old], np.int64(other[old, 1]))
    return found, rows, used


@njit(nogil=True, cache=True)
def larger_rows(found, rows):  # type: ignore[no-untyped-def]
    """The same table of rows of codes with four times the room."""
    wider = new_table(found.shape[0] * 4)
    wider_rows = np.zeros((wider.shape[0], rows.shape[1]), np.uint32)
    for old in range(found.shape[0]):
        if found[old, 1] != _ZERO:
            add_row(wider, wider_rows, rows[old], np.int64(found[old, 1]))
    return wider, wider_rows


@njit(nogil=True, cache=True)
def hashed(path, depth):  # type: ignore[no-untyped-def]
    """A hash of some codes."""
    key = np.uint64(0xCBF29CE484222325)
    for level in range(depth):
        key = (key ^ np.uint64(path[level])) * _GOLDEN
        key ^= key >> np.uint64(29)
    return key


@njit(nogil=True, cache=True)
def add_packed(found, used, keys, count):  # type: ignore[no-untyped-def]
    """Add written paths to the table; many at once, so that waits for memory overlap."""
    found = with_room(found, used, count)
    for written in range(count):
        place = place_of(found, keys[written])
        used += np.int64(found[place, 1] == _ZERO)
        found[place, 0] = keys[written]
        found[place, 1] += _ONE
    return found, used
