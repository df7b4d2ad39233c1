"""What each user did before or after a moment of their own: rows marked, then counted.

Users ``first_user`` up to, not including, ``end_user`` of a segment are walked; row ``i`` of
the part is row ``user_row[first_user] + i`` of the segment.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def mark_inside(  # type: ignore[no-untyped-def]
    user_row, user_run, run_row, run_day, time_us, flags, timeless, bits, bit, chosen, moment,
    origin, first_user, end_user, least_us, most_us, first_day, last_day, out,
):  # fmt: skip
    """Mark the rows that meet a selector so long before or after their user's moment.

    Args:
        user_row: Offsets of users into rows.
        user_run: Offsets of users into runs of rows of one day.
        run_row: First row of each run.
        run_day: Day of each run.
        time_us: Of all rows of the segment.
        flags: Of all rows of the segment.
        timeless: Rows with this flag do not count.
        bits: uint64 selector bits of each row of the part.
        bit: The selector's bit.
        chosen: 1 for each user of the segment who counts.
        moment: int64, microseconds, of each user walked.
        origin: int64, of each user walked: the day from which days are counted.
        first_user: First user.
        end_user: User after the last.
        least_us: Least microseconds since the moment.
        most_us: Most microseconds since the moment.
        first_day: First day since the origin.
        last_day: Last day since the origin.
        out: uint8, one a row of the part; written: 1 or 0.
    """
    base = np.int64(user_row[first_user])
    for user in range(first_user, end_user):
        begin, end = np.int64(user_row[user]), np.int64(user_row[user + 1])
        if chosen[user] == 0:
            out[begin - base : end - base] = 0
            continue
        start, zero = moment[user - first_user], origin[user - first_user]
        last_run = np.int64(user_run[user + 1]) - 1
        for run in range(np.int64(user_run[user]), last_run + 1):
            day = np.int64(run_day[run]) - zero
            is_day = first_day <= day <= last_day
            stop = np.int64(run_row[run + 1]) if run < last_run else end
            for row in range(np.int64(run_row[run]), stop):
                lag = time_us[row] - start
                meets = is_day and (bits[row - base] & bit) != 0 and least_us <= lag <= most_us
                out[row - base] = meets and (flags[row] & timeless) == 0


@njit(nogil=True, cache=True)
def add_up(user_row, first_user, end_user, inside, values, null, out):  # type: ignore[no-untyped-def]
    """Count the marked rows of each user, or add up a number over them.

    Args:
        user_row: Offsets of users into rows.
        first_user: First user.
        end_user: User after the last.
        inside: 1 for each row of the part that counts.
        values: A whole number of each row of the part; length 0: 1 each.
        null: What stands for no number.
        out: float64, one a user walked; written.
    """
    base = np.int64(user_row[first_user])
    for user in range(first_user, end_user):
        found = 0.0
        for row in range(np.int64(user_row[user]) - base, np.int64(user_row[user + 1]) - base):
            if inside[row] == 0:
                continue
            if values.shape[0] == 0:
                found += 1.0
            elif values[row] != null:
                found += np.float64(values[row])
        out[user - first_user] = found


@njit(nogil=True, cache=True)
def distinct(  # type: ignore[no-untyped-def]
    user_row, user_stretch, stretch_row, label, first_user, end_user, inside, least, size, out
):
    """Count the distinct labels of the stretches that hold a marked row, for each user.

    Args:
        user_row: Offsets of users into rows.
        user_stretch: Offsets of users into stretches of rows.
        stretch_row: First row of each stretch.
        label: Of each stretch, from 0: a day, or the number of a session among its user's.
        first_user: First user.
        end_user: User after the last.
        inside: 1 for each row of the part that counts.
        least: Least label that counts.
        size: Above every label.
        out: float64, one a user walked; written.
    """
    base = np.int64(user_row[first_user])
    seen = np.full(size, -1, np.int64)
    for user in range(first_user, end_user):
        found = 0
        last = np.int64(user_stretch[user + 1]) - 1
        for place in range(np.int64(user_stretch[user]), last + 1):
            own = np.int64(label[place])
            if own < least or seen[own] == user:
                continue
            stop = np.int64(stretch_row[place + 1] if place < last else user_row[user + 1])
            for row in range(np.int64(stretch_row[place]) - base, stop - base):
                if inside[row] != 0:
                    seen[own] = user
                    found += 1
                    break
        out[user - first_user] = found
