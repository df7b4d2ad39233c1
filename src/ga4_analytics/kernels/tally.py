"""Counts small numbers, one a unit, by value and by group: NumPy first makes 64 bits of each."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def tally(values, counts):  # type: ignore[no-untyped-def]
    """Count bytes.

    Args:
        values: uint8.
        counts: int64 (256,) out: how many there are of each, added.
    """
    # Four tables in turn: neighbours are often equal, and a count waits for the one before.
    lanes = np.zeros((4, 256), np.int64)
    for i in range(len(values)):
        lanes[i & 3, values[i]] += 1
    for lane in range(4):
        for value in range(256):
            counts[value] += lanes[lane, value]


@njit(nogil=True, cache=True)
def tally_sizes(groups, states, sizes):  # type: ignore[no-untyped-def]
    """Count the units of groups that reached something.

    Args:
        groups: uint32, the group of each unit.
        states: uint8, what it reached.
        sizes: int64 (groups,) out: how many there are in each, added.
    """
    for i in range(len(groups)):
        sizes[groups[i]] += states[i] != 0


@njit(nogil=True, cache=True)
def tally_groups(groups, merge, values, counts):  # type: ignore[no-untyped-def]
    """Count bytes by group.

    Args:
        groups: uint32, the group of each.
        merge: uint32, the new number of each group.
        values: uint8.
        counts: int64 (new groups, 256) out: how many there are of each, added.
    """
    for i in range(len(values)):
        counts[merge[groups[i]], values[i]] += 1


@njit(nogil=True, cache=True)
def codes_at(codes, rows, out):  # type: ignore[no-untyped-def]
    """Take values of rows.

    Args:
        codes: Unsigned, one a row.
        rows: int64, rows; -1 where there is none.
        out: uint32 out: the code of each row; untouched where there is none.
    """
    for i in range(len(rows)):
        if rows[i] >= 0:
            out[i] = codes[rows[i]]
