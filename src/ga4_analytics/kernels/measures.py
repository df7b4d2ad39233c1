"""Events, sessions and numbers by cell: a cell is a bucket of time and a group.

``bucket`` is the bucket of each row of a part, -1 where it does not count; ``group`` its
group, or None. Cell = bucket * groups + group.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def count_rows(bucket, bits, bit, group, groups, counts):  # type: ignore[no-untyped-def]
    """Count rows that meet a selector.

    Args:
        bucket: int32 bucket of each row, or -1.
        bits: uint64 selector bits of each row.
        bit: The selectors' bits; one of them is enough.
        group: Group of each row, or None.
        groups: How many groups.
        counts: int64, one a cell; added to.
    """
    for i in range(bucket.shape[0]):
        if bucket[i] >= 0 and (bits[i] & bit) != 0:
            cell = np.int64(bucket[i])
            if group is not None:
                cell = cell * groups + np.int64(group[i])
            counts[cell] += 1


@njit(nogil=True, cache=True)
def sum_rows(bucket, bits, bit, group, groups, values, null, tallies):  # type: ignore[no-untyped-def]
    """Sum a number over rows that meet a selector.

    Args:
        bucket: int32 bucket of each row, or -1.
        bits: uint64 selector bits of each row.
        bit: The selector's bit.
        group: Group of each row, or None.
        groups: How many groups.
        values: int64 of each row.
        null: What stands for no number.
        tallies: int64, shape (5, cells): how many numbers; the sum of their upper and of
            their lower 32 bits, so that no sum overflows; the least and the greatest, which
            the caller sets to the greatest and least int64. Changed.
    """
    for i in range(bucket.shape[0]):
        if bucket[i] < 0 or (bits[i] & bit) == 0 or values[i] == null:
            continue
        cell = np.int64(bucket[i])
        if group is not None:
            cell = cell * groups + np.int64(group[i])
        value = values[i]
        tallies[0, cell] += 1
        tallies[1, cell] += value >> 32
        tallies[2, cell] += value & 0xFFFFFFFF
        tallies[3, cell] = min(tallies[3, cell], value)
        tallies[4, cell] = max(tallies[4, cell], value)


@njit(nogil=True, cache=True)
def per_user(  # type: ignore[no-untyped-def]
    user_row, first, end, bucket, bits, bit, group, groups, values, null, stamp, place, cells, out
):
    """Give each user's number of rows, or sum, in each cell that they have a row in.

    Args:
        user_row: Offsets of users into rows.
        first: First user.
        end: User after the last.
        bucket: int32 bucket of each of these users' rows, or -1.
        bits: uint64 selector bits of each row.
        bit: The selector's bit.
        group: Group of each row, or None.
        groups: How many groups.
        values: int64 of each row, or None: rows are counted.
        null: What stands for no number; adds nothing.
        stamp: int64 zeros, one a cell; changed.
        place: int64, one a cell; changed.
        cells: int64, as long as the rows; written.
        out: int64, as long as the rows; written: the number of user and cell.

    Returns:
        How many were written.
    """
    base = np.int64(user_row[first])
    count = 0
    for u in range(first, end):
        mine = np.int64(u - first + 1)
        for i in range(np.int64(user_row[u]) - base, np.int64(user_row[u + 1]) - base):
            if bucket[i] < 0 or (bits[i] & bit) == 0:
                continue
            cell = np.int64(bucket[i])
            if group is not None:
                cell = cell * groups + np.int64(group[i])
            if stamp[cell] != mine:
                stamp[cell] = mine
                place[cell] = count
                cells[count] = cell
                out[count] = 0
                count += 1
            if values is None:
                out[place[cell]] += 1
            elif values[i] != null:
                out[place[cell]] += values[i]
    return count


@njit(nogil=True, cache=True)
def count_sessions(  # type: ignore[no-untyped-def]
    user_row, user_visit, visit_row, visit_session, user_session, session_row, first, end,
    bucket, bits, bit, group, groups, seen, counts,
):  # fmt: skip
    """Count sessions with a row that meets a selector, in the bucket of their first row.

    Args:
        user_row: Offsets of users into rows.
        user_visit: Offsets of users into visits.
        visit_row: First row of each visit.
        visit_session: Number of its session, from 1, or 0.
        user_session: Offsets of users into sessions.
        session_row: First row of each session.
        first: First user.
        end: User after the last.
        bucket: int32 bucket of each of these users' rows, or -1.
        bits: uint64 selector bits of each row.
        bit: The selector's bit.
        group: Group of each row, or None; the first row that meets gives the session's.
        groups: How many groups.
        seen: uint8 zeros, one a session of these users; changed.
        counts: int64, one a cell; added to.
    """
    base = np.int64(user_row[first])
    sessions = np.int64(user_session[first])
    for u in range(first, end):
        end_visit = np.int64(user_visit[u + 1])
        for v in range(np.int64(user_visit[u]), end_visit):
            number = np.int64(visit_session[v])
            if number == 0:
                continue
            session = np.int64(user_session[u]) + number - 1
            if seen[session - sessions] != 0:
                continue
            its = bucket[np.int64(session_row[session]) - base]
            if its < 0:
                seen[session - sessions] = 1
                continue
            last = np.int64(visit_row[v + 1]) if v + 1 < end_visit else np.int64(user_row[u + 1])
            for row in range(np.int64(visit_row[v]) - base, last - base):
                if (bits[row] & bit) != 0:
                    cell = np.int64(its)
                    if group is not None:
                        cell = cell * groups + np.int64(group[row])
                    counts[cell] += 1
                    seen[session - sessions] = 1
                    break
