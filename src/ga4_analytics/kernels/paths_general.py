"""Counts the paths of events of any kind: by session or user, in windows, told by any column."""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.path_table import add_row, larger_rows, new_table, place_of, with_room

_TIED = np.uint8(1)
_TIMELESS = np.uint8(8)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_STEP = np.uint8(1)
_ANCHOR = np.uint8(2)


@njit(nogil=True, cache=True)
def _in_order(first, end, entry_key, code, session, time, kind):  # type: ignore[no-untyped-def]
    """Sort the entries of a tie group by key."""
    if end - first < 2:
        return
    order = np.argsort(entry_key[first:end]) + first
    code[first:end] = code[order]
    session[first:end] = session[order]
    time[first:end] = time[order]
    kind[first:end] = kind[order]


@njit(nogil=True, cache=True)
def _collected(  # type: ignore[no-untyped-def]
    user,
    base,
    user_row,
    user_run,
    user_visit,
    run_row,
    run_day,
    visit_row,
    visit_session,
    name,
    codes,
    time_us,
    flags,
    marks,
    name_rank,
    rank,
    first_day,
    last_day,
    entry_key,
    code,
    session,
    time,
    kind,
    told,
):
    """Put a user's steps and anchors into buffers, in order; returns how many."""
    run = np.int64(user_run[user])
    last_run = np.int64(user_run[user + 1]) - 1
    visit = np.int64(user_visit[user])
    last_visit = np.int64(user_visit[user + 1]) - 1
    count = 0
    first = 0
    steps = 0
    told[0] = told[1] = 0
    for row in range(np.int64(user_row[user]), np.int64(user_row[user + 1])):
        if not flags[row] & _TIED:
            _in_order(first, count, entry_key, code, session, time, kind)
            first = count
            steps = 0
        while run < last_run and run_row[run + 1] <= row:
            run += 1
        while visit < last_visit and visit_row[visit + 1] <= row:
            visit += 1
        if flags[row] & _TIMELESS:
            continue
        mark = np.uint8(marks[row - base] & np.uint64(3))
        if mark & _STEP and codes[row] == 0:
            mark ^= _STEP
        if mark & _ANCHOR and not first_day <= run_day[run] <= last_day:
            mark ^= _ANCHOR
        if mark & _STEP:
            told[0] += 1
            told[1] += steps > 0
            steps += 1
        if mark:
            code[count] = codes[row]
            session[count] = visit_session[visit]
            time[count] = time_us[row]
            kind[count] = mark
            open_order = np.int64(name_rank[name[row]]) << 33
            open_order |= np.int64(rank[codes[row]]) << 1
            entry_key[count] = open_order | (mark & _ANCHOR == 0)
            count += 1
    _in_order(first, count, entry_key, code, session, time, kind)
    return count


@njit(nogil=True, cache=True)
def _by_session(count, sessions, code, session, time, kind):  # type: ignore[no-untyped-def]
    """Bring the entries of each session together, in order; those of none are dropped."""
    start = np.zeros(sessions + 2, np.int64)
    for place in range(count):
        start[session[place]] += 1
    start[0] = 0
    total = 0
    for number in range(1, sessions + 1):
        size = start[number]
        start[number] = total
        total += size
    order = np.empty(total, np.int64)
    for place in range(count):
        number = session[place]
        if number:
            order[start[number]] = place
            start[number] += 1
    code[:total] = code[order]
    time[:total] = time[order]
    kind[:total] = kind[order]
    session[:total] = session[order]
    return total


@njit(nogil=True, cache=True)
def _after(count, code, session, kind, next_step, next_other):  # type: ignore[no-untyped-def]
    """For each entry the next step of its unit, and the next whose code is another.

    Args:
        count: How many entries there are.
        code: Their codes.
        session: Their units.
        kind: What they may be.
        next_step: int64; written; -1 for none.
        next_other: int64, of steps only: the first later step with another code; -1 for none.
    """
    following = np.int64(-1)
    for place in range(count - 1, -1, -1):
        if place + 1 < count and session[place + 1] != session[place]:
            following = np.int64(-1)
        next_step[place] = following
        next_other[place] = -1
        if kind[place] & _STEP:
            if following >= 0:
                same = code[following] == code[place]
                next_other[place] = next_other[following] if same else following
            following = np.int64(place)


@njit(nogil=True, cache=True)
def _path(place, depth, window_us, merge, code, time, next_step, next_other, path):  # type: ignore[no-untyped-def]
    """Write the steps after an entry into ``path``; what is not reached is 0."""
    path[:] = 0
    last = code[place]
    at = next_step[place]
    for level in range(depth):
        if merge and at >= 0 and last and code[at] == last:
            at = next_other[at]
        if at < 0 or abs(time[at] - time[place]) > window_us:
            break
        last = code[at]
        path[level] = last
        at = next_step[at]


@njit(nogil=True, cache=True)
def general_paths(  # type: ignore[no-untyped-def]
    user_row,
    user_run,
    user_visit,
    user_session,
    run_row,
    run_day,
    visit_row,
    visit_session,
    chosen,
    name,
    codes,
    time_us,
    flags,
    marks,
    name_rank,
    rank,
    first_user,
    end_user,
    first_day,
    last_day,
    depth,
    bits,
    backwards,
    per_session,
    window_us,
    merge,
    which,
    totals,
):
    """Count paths of any kind; arguments as in `plain_paths` but for these.

    Args:
        visit_row: First row of each visit.
        visit_session: Its session, 0 for none.
        codes: The step's code of each row; 0 is no step.
        time_us: Time of each row.
        marks: uint64, from the first user's first row on. Bit 0: the row may be a step;
            bit 1: a path begins at it.
        name_rank: int64 by name code; orders tied rows first.
        rank: int64 by step code; orders them then.
        bits: Bits of a step, or 0 where paths are kept as rows of codes.
        per_session: Whether a path stays in its session; else in its user.
        window_us: Longest time between a path's begin and a step.
        merge: Whether a step equal to the one before it is left out.
        which: 0: a path begins at every anchor; 1: at the first of the unit; 2: at the last.

    Returns:
        The table of paths, their rows of codes (none where they are packed), and how many
        it has.
    """
    found = new_table(4096)
    rows = np.zeros((0 if bits else 4096, depth), np.uint32)
    used = 0
    base = np.int64(user_row[first_user])
    size = np.int64(0)
    for user in range(first_user, end_user):
        if chosen[user]:
            size = max(size, np.int64(user_row[user + 1]) - np.int64(user_row[user]))
    entry_key = np.empty(size, np.int64)
    code = np.empty(size, np.uint32)
    session = np.empty(size, np.int64)
    time = np.empty(size, np.int64)
    kind = np.empty(size, np.uint8)
    next_step = np.empty(size, np.int64)
    next_other = np.empty(size, np.int64)
    path = np.empty(depth, np.uint32)
    told = np.zeros(2, np.int64)
    for user in range(first_user, end_user):
        if not chosen[user]:
            continue
        count = _collected(
            user, base, user_row, user_run, user_visit, run_row, run_day, visit_row,
            visit_session, name, codes, time_us, flags, marks, name_rank, rank, first_day,
            last_day, entry_key, code, session, time, kind, told,
        )  # fmt: skip
        if per_session:
            sessions = np.int64(user_session[user + 1]) - np.int64(user_session[user])
            count = _by_session(count, sessions, code, session, time, kind)
        else:
            session[:count] = 1
        if backwards:
            _turn(count, code, session, time, kind)
        _after(count, code, session, kind, next_step, next_other)
        begun = 0
        for place in range(count):
            if not _begins(place, count, kind, session, which, backwards):
                continue
            _path(place, depth, window_us, merge, code, time, next_step, next_other, path)
            if bits:
                found = with_room(found, used, 1)
                key = _pack(path, depth, bits)
                at = place_of(found, key)
                used += found[at, 1] == _ZERO
                found[at, 0] = key
                found[at, 1] += _ONE
            else:
                if 2 * (used + 1) > found.shape[0]:
                    found, rows = larger_rows(found, rows)
                used += add_row(found, rows, path, 1)
            begun += 1
        if begun:
            totals[0] += begun
            totals[1] += 1
            totals[2] += told[0]
            totals[3] += told[1]
    return found, rows, used


@njit(nogil=True, cache=True)
def _turn(count, code, session, time, kind):  # type: ignore[no-untyped-def]
    """Turn the entries round."""
    code[:count] = code[:count][::-1].copy()
    session[:count] = session[:count][::-1].copy()
    time[:count] = time[:count][::-1].copy()
    kind[:count] = kind[:count][::-1].copy()


@njit(nogil=True, cache=True)
def _pack(path, depth, bits):  # type: ignore[no-untyped-def]
    key = np.uint64(0)
    for level in range(depth):
        key |= np.uint64(path[level]) << np.uint64(level * bits)
    return key


@njit(nogil=True, cache=True)
def _begins(place, count, kind, session, which, backwards):  # type: ignore[no-untyped-def]
    """Whether a path begins at an entry."""
    if not kind[place] & _ANCHOR:
        return False
    if which == 0:
        return True
    # Turned round, the first of the unit is the last entry.
    step = -1 if (which == 1) != backwards else 1
    at = place + step
    while 0 <= at < count and session[at] == session[place]:
        if kind[at] & _ANCHOR:
            return False
        at += step
    return True
