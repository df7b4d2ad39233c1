"""What each user did within a stretch of time: most often, or in a given order.

As `segments`: rows are given as marks, uint64 bits from ``first_row`` on; a row whose bits are 0
does not count. Out arrays have one entry for each user from ``first_user`` to ``end_user``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.segments import run_end

_TIED = np.uint8(1)
_TIMELESS = np.uint8(8)
_NONE = np.int64(-(2**63))


@njit(nogil=True, cache=True)
def most_within(  # type: ignore[no-untyped-def]
    user_row,
    user_run,
    run_row,
    run_day,
    time_us,
    flags,
    marks,
    first_user,
    end_user,
    first_day,
    last_day,
    window_us,
    out,
):
    """The most rows with a mark in any stretch of time; as `segments.count_rows`.

    Args:
        time_us: Of all rows of the segment.
        flags: Of all rows of the segment.
        window_us: Length of the stretch, both ends included.
    """
    base = np.int64(user_row[first_user])
    size = np.int64(0)
    for user in range(first_user, end_user):
        size = max(size, np.int64(user_row[user + 1]) - np.int64(user_row[user]))
    found = np.empty(size, np.int64)  # times of the user's rows that count
    for user in range(first_user, end_user):
        count = 0
        begin = 0
        most = np.int64(0)
        for run in range(user_run[user], user_run[user + 1]):
            if not first_day <= run_day[run] <= last_day:
                continue
            end = run_end(run, user, user_row, user_run, run_row)
            for row in range(np.int64(run_row[run]), end):
                if marks[row - base] == 0 or flags[row] & _TIMELESS:
                    continue
                found[count] = time_us[row]
                count += 1
                while found[count - 1] - found[begin] > window_us:
                    begin += 1
                most = max(most, np.int64(count - begin))
        out[user - first_user] = most


@njit(nogil=True, cache=True)
def _fits(step, marks, rows, taken, seen):  # type: ignore[no-untyped-def]
    """Give a step a row of a tie group, moving other steps to other rows (Kuhn's algorithm).

    Args:
        step: The step.
        marks: Bits of the group's rows.
        rows: How many rows the group has.
        taken: Step that each row serves, or -1; changed.
        seen: Scratch, one a row.

    Returns:
        Whether there is a row for it.
    """
    stack_step = np.empty(rows + 1, np.int64)
    stack_row = np.empty(rows + 1, np.int64)
    seen[:rows] = False
    stack_step[0] = step
    stack_row[0] = -1
    depth = 0
    while depth >= 0:
        wanted = np.uint64(1) << np.uint64(stack_step[depth])
        row = stack_row[depth] + 1
        while row < rows and (seen[row] or not marks[row] & wanted):
            row += 1
        stack_row[depth] = row
        if row == rows:
            depth -= 1
            continue
        seen[row] = True
        if taken[row] < 0:
            while depth >= 0:
                taken[stack_row[depth]] = stack_step[depth]
                depth -= 1
            return True
        depth += 1
        stack_step[depth] = taken[row]
        stack_row[depth] = -1
    return False


@njit(nogil=True, cache=True)
def _advance(marks, rows, time, window_us, starts, steps, before, taken, seen):  # type: ignore[no-untyped-def]
    """Let the rows of one moment serve steps, each at most one.

    Args:
        marks: Bits of the rows.
        rows: How many.
        time: The moment.
        window_us: Longest time from the first step.
        starts: Latest start of a chain that reached each step, or the least number; changed.
        steps: How many steps there are.
        before: Scratch, one a step.
        taken: Scratch, one a row.
        seen: Scratch, one a row.
    """
    if rows == 1:
        for step in range(steps - 1, 0, -1):
            begin = starts[step - 1]
            fits = (marks[0] >> np.uint64(step)) & np.uint64(1)
            if fits and begin != _NONE and time - begin <= window_us:
                starts[step] = max(starts[step], begin)
        if marks[0] & np.uint64(1):
            starts[0] = time
        return
    before[:] = starts
    for first in range(steps):
        begin = time
        if first > 0:
            begin = before[first - 1]
            if begin == _NONE or time - begin > window_us:
                continue
        taken[:rows] = -1
        for step in range(first, steps):
            if step - first >= rows or not _fits(step, marks, rows, taken, seen):
                break
            starts[step] = max(starts[step], begin)


@njit(nogil=True, cache=True)
def did_in_order(  # type: ignore[no-untyped-def]
    user_row,
    user_run,
    run_row,
    run_day,
    time_us,
    flags,
    marks,
    first_user,
    end_user,
    first_day,
    last_day,
    steps,
    window_us,
    out,
):
    """Whether each user did some steps in order; as `segments.count_rows`.

    Args:
        time_us: Of all rows of the segment.
        flags: Of all rows of the segment.
        marks: Bit k: the row may serve step k.
        steps: How many steps there are, 1 to 64.
        window_us: Longest time from the first step to the last.
        out: int64; written: 1 or 0.
    """
    base = np.int64(user_row[first_user])
    starts = np.empty(steps, np.int64)
    before = np.empty(steps, np.int64)
    room = 16
    group = np.empty(room, np.uint64)
    taken = np.empty(room, np.int64)
    seen = np.empty(room, np.bool_)
    for user in range(first_user, end_user):
        starts[:] = _NONE
        rows = 0
        time = np.int64(0)
        for run in range(user_run[user], user_run[user + 1]):
            inside = first_day <= run_day[run] <= last_day
            end = run_end(run, user, user_row, user_run, run_row)
            for row in range(np.int64(run_row[run]), end):
                if not flags[row] & _TIED and rows:
                    _advance(group, rows, time, window_us, starts, steps, before, taken, seen)
                    rows = 0
                mark = marks[row - base]
                if not inside or mark == 0 or flags[row] & _TIMELESS:
                    continue
                if rows == room:
                    room *= 2
                    group = np.concatenate((group, np.empty(rows, np.uint64)))
                    taken = np.empty(room, np.int64)
                    seen = np.empty(room, np.bool_)
                group[rows] = mark
                time = time_us[row]
                rows += 1
            if starts[steps - 1] != _NONE:
                break
        if rows and starts[steps - 1] == _NONE:
            _advance(group, rows, time, window_us, starts, steps, before, taken, seen)
        out[user - first_user] = starts[steps - 1] != _NONE
