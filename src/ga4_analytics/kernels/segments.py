"""What each user did: numbers a user, from which segments of users are told.

Rows are given as marks, uint64 bits from ``first_row`` on; a row whose bits are 0 does not
count. Out arrays have one entry for each user from ``first_user`` to ``end_user``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_TIED = np.uint8(1)
_TIMELESS = np.uint8(8)
_NONE = np.int64(-(2**63))


@njit(nogil=True, cache=True, inline="always")
def run_end(run, user, user_row, user_run, run_row):  # type: ignore[no-untyped-def]
    """The row after the last of a run of one day."""
    if run + 1 < user_run[user + 1]:
        return np.int64(run_row[run + 1])
    return np.int64(user_row[user + 1])


@njit(nogil=True, cache=True)
def count_rows(  # type: ignore[no-untyped-def]
    user_row, user_run, run_row, run_day, marks, first_user, end_user, first_day, last_day, out
):
    """How many rows with a mark each user has on some days.

    Args:
        user_row: Offsets of users into rows.
        user_run: Offsets of users into day runs.
        run_row: First row of each run.
        run_day: Its day.
        marks: uint64, from the first user's first row on.
        first_user: First user.
        end_user: User after the last.
        first_day: First day that counts.
        last_day: Last day that counts.
        out: int64; written.
    """
    base = np.int64(user_row[first_user])
    for user in range(first_user, end_user):
        found = 0
        for run in range(user_run[user], user_run[user + 1]):
            if first_day <= run_day[run] <= last_day:
                end = run_end(run, user, user_row, user_run, run_row) - base
                for row in range(np.int64(run_row[run]) - base, end):
                    found += marks[row] != 0
        out[user - first_user] = found


@njit(nogil=True, cache=True)
def count_days(  # type: ignore[no-untyped-def]
    user_row, user_run, run_row, run_day, marks, first_user, end_user, first_day, last_day, out
):
    """On how many distinct days each user has a row with a mark; as `count_rows`."""
    base = np.int64(user_row[first_user])
    # At the end of summer time at midnight a day comes back after the next one began.
    stamps = np.full(max(0, last_day - first_day + 1), -1, np.int64)
    for user in range(first_user, end_user):
        found = 0
        for run in range(user_run[user], user_run[user + 1]):
            day = np.int64(run_day[run])
            if first_day <= day <= last_day and stamps[day - first_day] != user:
                end = run_end(run, user, user_row, user_run, run_row) - base
                for row in range(np.int64(run_row[run]) - base, end):
                    if marks[row] != 0:
                        stamps[day - first_day] = user
                        found += 1
                        break
        out[user - first_user] = found


@njit(nogil=True, cache=True)
def last_days(  # type: ignore[no-untyped-def]
    user_row, user_run, run_row, run_day, marks, first_user, end_user, first_day, last_day, out
):
    """The last day on which each user has a row with a mark, -1 for none; as `count_rows`."""
    base = np.int64(user_row[first_user])
    for user in range(first_user, end_user):
        found = np.int64(-1)
        for run in range(user_run[user], user_run[user + 1]):
            day = np.int64(run_day[run])
            if first_day <= day <= last_day and day > found:
                end = run_end(run, user, user_row, user_run, run_row) - base
                for row in range(np.int64(run_row[run]) - base, end):
                    if marks[row] != 0:
                        found = day
                        break
        out[user - first_user] = found


@njit(nogil=True, cache=True)
def sum_rows(  # type: ignore[no-untyped-def]
    user_row,
    user_run,
    run_row,
    run_day,
    marks,
    values,
    first_user,
    end_user,
    first_day,
    last_day,
    high,
    low,
):
    """The sum of a column over the rows with a mark, exact beyond 64 bits; as `count_rows`.

    Args:
        values: int64, from the first user's first row on; the least number is null.
        high: int64; written. The sum is ``high * 2**32 + low``.
        low: int64 in [0, 2**32); written.
    """
    base = np.int64(user_row[first_user])
    for user in range(first_user, end_user):
        upper = np.int64(0)
        lower = np.int64(0)
        for run in range(user_run[user], user_run[user + 1]):
            if first_day <= run_day[run] <= last_day:
                end = run_end(run, user, user_row, user_run, run_row) - base
                for row in range(np.int64(run_row[run]) - base, end):
                    if marks[row] != 0 and values[row] != _NONE:
                        upper += values[row] >> 32
                        lower += values[row] & 0xFFFFFFFF
        high[user - first_user] = upper + (lower >> 32)
        low[user - first_user] = lower & 0xFFFFFFFF


@njit(nogil=True, cache=True)
def edge_value(  # type: ignore[no-untyped-def]
    user_row,
    user_run,
    run_row,
    run_day,
    flags,
    marks,
    first_user,
    end_user,
    first_day,
    last_day,
    is_last,
    out,
):
    """Whether the first or last row with a value meets a condition; as `count_rows`.

    Args:
        flags: Of all rows of the segment.
        marks: Bit 0: the row has a value; bit 1: the value meets the condition.
        is_last: Whether the last row is asked, not the first.
        out: int64; written: 1 it does, 0 it does not, -1 no row has a value.
    """
    base = np.int64(user_row[first_user])
    for user in range(first_user, end_user):
        found = np.int64(-1)
        group = np.int64(-1)  # the tie group of what was found
        here = np.int64(-1)
        for run in range(user_run[user], user_run[user + 1]):
            inside = first_day <= run_day[run] <= last_day
            end = run_end(run, user, user_row, user_run, run_row)
            for row in range(np.int64(run_row[run]), end):
                if not flags[row] & _TIED:
                    here = np.int64(row)
                mark = marks[row - base]
                if not inside or not mark & np.uint64(1) or flags[row] & _TIMELESS:
                    continue
                meets = np.int64((mark >> np.uint64(1)) & np.uint64(1))
                if here == group:
                    found |= meets
                elif is_last or found < 0:
                    found, group = meets, here
        out[user - first_user] = found


@njit(nogil=True, cache=True)
def count_sessions(  # type: ignore[no-untyped-def]
    user_row,
    user_run,
    run_row,
    run_day,
    user_session,
    session_row,
    session_flags,
    first_user,
    end_user,
    first_day,
    last_day,
    wanted,
    out,
):
    """How many sessions of each user begin on some days; as `count_rows`.

    Args:
        user_session: Offsets of users into sessions.
        session_row: First row of each session.
        session_flags: Bit 0: engaged.
        wanted: 1: engaged ones, 0: the others, -1: all.
    """
    for user in range(first_user, end_user):
        found = 0
        run = np.int64(user_run[user])
        for place in range(user_session[user], user_session[user + 1]):
            row = np.int64(session_row[place])
            if row < run_row[run]:  # sessions that begin at one moment stand in any order
                run = np.int64(user_run[user])
            while run_end(run, user, user_row, user_run, run_row) <= row:
                run += 1
            engaged = np.int64(session_flags[place] & np.uint8(1))
            if first_day <= run_day[run] <= last_day and (wanted < 0 or engaged == wanted):
                found += 1
        out[user - first_user] = found


@njit(nogil=True, cache=True)
def new_days(user_day, day, day_flags, touch_us, first_us, first_user, end_user, out):  # type: ignore[no-untyped-def]
    """The day on which each user was new: the first visit, else the first day in the data.

    Args:
        user_day: Offsets of users into days.
        day: Days of users, ascending.
        day_flags: Bit 2: it has a first visit.
        touch_us: First touch of each user, or the least number.
        first_us: First microsecond of the first loaded day.
        first_user: First user.
        end_user: User after the last.
        out: int64; written: a day, or -1 where the user was there before the data begin.
    """
    for user in range(first_user, end_user):
        found = np.int64(-1)
        for place in range(user_day[user], user_day[user + 1]):
            if day_flags[place] & np.uint8(4):
                found = np.int64(day[place])
                break
        if found < 0 and user_day[user] < user_day[user + 1]:
            touch = touch_us[user]
            if touch == _NONE or touch >= first_us:
                found = np.int64(day[user_day[user]])
        out[user - first_user] = found


@njit(nogil=True, cache=True)
def is_there(user_day, day, first_user, end_user, first_day, last_day, out):  # type: ignore[no-untyped-def]
    """Whether each user has any event on some days.

    Args:
        user_day: Offsets of users into days.
        day: Days of users, ascending.
        first_user: First user.
        end_user: User after the last.
        first_day: First day that counts.
        last_day: Last day that counts.
        out: int64; written: 1 or 0.
    """
    for user in range(first_user, end_user):
        out[user - first_user] = 0
        for place in range(user_day[user], user_day[user + 1]):
            if first_day <= day[place] <= last_day:
                out[user - first_user] = 1
                break


@njit(nogil=True, cache=True)
def count_marked_sessions(  # type: ignore[no-untyped-def]
    user_row,
    user_run,
    run_row,
    run_day,
    user_visit,
    visit_row,
    visit_session,
    user_session,
    session_row,
    marks,
    first_user,
    end_user,
    first_day,
    last_day,
    out,
):
    """How many sessions of each user begin on some days and have a row with a mark on them.

    Arguments as in `count_rows` and `count_sessions`, and:

    Args:
        user_visit: Offsets of users into visits.
        visit_row: First row of each visit.
        visit_session: Number of its session, from 1; 0 for none.
    """
    base = np.int64(user_row[first_user])
    begin = np.int64(user_session[first_user])
    seen = np.zeros(np.int64(user_session[end_user]) - begin, np.bool_)
    for user in range(first_user, end_user):
        found = 0
        run = np.int64(user_run[user])
        last_run = np.int64(user_run[user + 1]) - 1
        first = np.int64(user_session[user])
        for visit in range(user_visit[user], user_visit[user + 1]):
            end = np.int64(user_row[user + 1])
            if visit + 1 < user_visit[user + 1]:
                end = np.int64(visit_row[visit + 1])
            number = np.int64(visit_session[visit])
            if number == 0 or seen[first + number - 1 - begin]:
                continue
            for row in range(np.int64(visit_row[visit]), end):
                while run < last_run and run_row[run + 1] <= row:
                    run += 1
                if marks[row - base] != 0 and first_day <= run_day[run] <= last_day:
                    seen[first + number - 1 - begin] = True
                    break
        run = np.int64(user_run[user])
        for place in range(first, user_session[user + 1]):
            begins = np.int64(session_row[place])
            if begins < run_row[run]:
                run = np.int64(user_run[user])
            while run < last_run and run_row[run + 1] <= begins:
                run += 1
            found += seen[place - begin] and first_day <= run_day[run] <= last_day
        out[user - first_user] = found
