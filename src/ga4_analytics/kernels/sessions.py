"""Sessions told by gaps in time alone."""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.lanes import apart
from ga4_analytics.kernels.lean import inner
from ga4_analytics.kernels.words import lowest_bit

TIMELESS = 8
ROOM = 4096
"""Rows whose sessions are found at once: their times stay in the nearest cache."""


@njit(nogil=True, cache=True)
def by_gap(  # type: ignore[no-untyped-def]
    user_row, user_run, run_row, run_day, time_us, first, end, chosen, gap_us, table, base, counts
):
    """Count sessions of all rows by the bucket of the day of their first row.

    A session is a run of a user's rows with no gap longer than ``gap_us`` between them.

    Args:
        user_row: Offsets of users into rows.
        user_run: Offsets of users into day runs.
        run_row: First row of each run.
        run_day: Its day.
        time_us: Times, ascending within a user; each is its row's own. See `lanes.padded`.
        first: First user.
        end: User after the last.
        chosen: 1 for each user who counts.
        gap_us: Longest gap inside a session, microseconds.
        table: Bucket by day, from day ``base``, or -1.
        base: The first day of the table.
        counts: int64, shape (buckets, 3): sessions, their lengths in microseconds, their rows;
            added to.
    """
    starts = np.empty(ROOM // 64, np.uint64)
    at = np.empty(ROOM + 1, np.int32)
    u = np.int64(first)
    while u < end:
        begin, first_user = np.int64(user_row[u]), u
        while u < end and chosen[u] and np.int64(user_row[u + 1]) - begin <= ROOM:
            u += 1
        if u == first_user:
            if chosen[u]:
                _one_user(u, user_row, user_run, run_row, run_day, time_us, gap_us, table, base,
                          counts)  # fmt: skip
            u += 1
            continue
        size = np.int64(user_row[u]) - begin
        for word in range((size + 63) // 64):
            starts[word] = apart(time_us, begin + 64 * word, gap_us)
        for user in range(first_user, u):
            row = np.uint64(user_row[user]) - np.uint64(begin)
            starts[row >> np.uint64(6)] |= np.uint64(1) << (row & np.uint64(63))
        found = _places(starts, size, at)
        times = time_us[begin : begin + size]
        _add(times, at, found, begin, user_run[first_user], user_run[u], run_row, run_day, table,
             base, counts)  # fmt: skip


@inner
def _places(starts, size, at):  # type: ignore[no-untyped-def]
    """Write which of some rows start a session, then the end, and give their number."""
    found = np.uint64(0)
    for word in range((size + 63) // 64):
        left = starts[np.uint64(word)]
        if size - 64 * word < 64:
            left &= (np.uint64(1) << np.uint64(size - 64 * word)) - np.uint64(1)
        while left:
            at[found] = 64 * word + np.int64(lowest_bit(left))
            left &= left - np.uint64(1)
            found += np.uint64(1)
    at[found] = size
    return np.int64(found)


@inner
def _add(  # type: ignore[no-untyped-def]
    times, at, found, begin, first_run, end_run, run_row, run_day, table, base, counts
):
    """Count sessions by the day run in which they start; rows in ``at`` count from ``begin``."""
    run, last_run = np.int64(first_run), np.int64(end_run) - 1
    for place in range(found):
        low, high = np.int64(at[np.uint64(place)]), np.int64(at[np.uint64(place + 1)])
        while run < last_run and np.int64(run_row[np.uint64(run + 1)]) <= begin + low:
            run += 1
        bucket = table[np.int64(run_day[np.uint64(run)]) - base]
        if bucket >= 0:
            counts[bucket, 0] += 1
            counts[bucket, 1] += times[np.uint64(high - 1)] - times[np.uint64(low)]
            counts[bucket, 2] += high - low


@inner
def _one_user(  # type: ignore[no-untyped-def]
    u, user_row, user_run, run_row, run_day, time_us, gap_us, table, base, counts
):
    """Count the sessions of a user of any number of rows."""
    bucket = -1
    first_run = np.int64(user_run[u])
    end_run = np.int64(user_run[u + 1])
    for r in range(first_run, end_run):
        begin = np.int64(run_row[r])
        last = np.int64(run_row[r + 1]) if r + 1 < end_run else np.int64(user_row[u + 1])
        if r > first_run:
            # The rows up to the first gap belong to the session of the day before.
            row = begin
            while row < last and time_us[row] - time_us[row - 1] <= gap_us:
                row += 1
            if bucket >= 0:
                counts[bucket, 1] += time_us[row - 1] - time_us[begin - 1]
                counts[bucket, 2] += row - begin
            if row == last:
                continue
            begin = row
        gaps = np.int64(1)
        lost = np.int64(0)
        for i in range(begin + 1, last):
            # A signed index is looked at for its sign at each use: it took twice as long.
            between = time_us[np.uint64(i)] - time_us[np.uint64(i - 1)]
            apart = between > gap_us
            gaps += apart
            lost += between if apart else 0
        bucket = table[np.int64(run_day[r]) - base]
        if bucket >= 0:
            counts[bucket, 0] += gaps
            counts[bucket, 1] += time_us[last - 1] - time_us[begin] - lost
            counts[bucket, 2] += last - begin


@njit(nogil=True, cache=True)
def by_gap_of_some(  # type: ignore[no-untyped-def]
    user_row, user_run, run_row, run_day, time_us, flags, first, end, chosen, bits, bit,
    gap_us, table, base, counts,
):  # fmt: skip
    """As `by_gap`, of the rows that meet a selector.

    Rows without a time of their own, and rows that do not meet the selector, are passed over.

    Args:
        user_row: Offsets of users into rows.
        user_run: Offsets of users into day runs.
        run_row: First row of each run.
        run_day: Its day.
        time_us: Times, ascending within a user.
        flags: Flags of rows.
        first: First user.
        end: User after the last.
        chosen: 1 for each user who counts.
        bits: uint64 selector bits of these users' rows.
        bit: The selector's bit.
        gap_us: Longest gap inside a session, microseconds.
        table: Bucket by day, from day ``base``, or -1.
        base: The first day of the table.
        counts: int64, shape (buckets, 3): sessions, their lengths in microseconds, their rows;
            added to.
    """
    offset = np.int64(user_row[first])
    for u in range(first, end):
        if chosen[u] == 0:
            continue
        bucket = -1
        before = np.int64(0)
        started = False
        end_run = np.int64(user_run[u + 1])
        for r in range(np.int64(user_run[u]), end_run):
            last = np.int64(run_row[r + 1]) if r + 1 < end_run else np.int64(user_row[u + 1])
            today = table[np.int64(run_day[r]) - base]
            for i in range(np.int64(run_row[r]), last):
                if (flags[i] & TIMELESS) != 0:
                    continue
                if (bits[i - offset] & bit) == 0:
                    continue
                now = time_us[i]
                if not started or now - before > gap_us:
                    started = True
                    bucket = today
                    if bucket >= 0:
                        counts[bucket, 0] += 1
                elif bucket >= 0:
                    counts[bucket, 1] += now - before
                if bucket >= 0:
                    counts[bucket, 2] += 1
                before = now
