"""Counts the paths of events, told by name, that lead from or to some events within sessions."""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.lean import inlined, inner
from ga4_analytics.kernels.path_table import add_packed, new_table

_TIED = np.uint8(1)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_STEP = np.uint8(1)
_ANCHOR = np.uint8(2)
_CODE = np.uint64(0xFFFFFFFF)


@inlined
def _swap(values, i, j):  # type: ignore[no-untyped-def]
    """Put the lesser of two values first; no branch that could be guessed wrong."""
    one, other = values[i], values[j]
    values[i] = one if one < other else other
    values[j] = other if one < other else one


@inlined
def _sort(values, count):  # type: ignore[no-untyped-def]
    """Sort the first two or more values in place: nearly all moments have two to four rows."""
    if count == 2:
        _swap(values, 0, 1)
    elif count == 3:
        _swap(values, 0, 1)
        _swap(values, 1, 2)
        _swap(values, 0, 1)
    else:
        _sort_many(values, count)


@inner
def _sort_many(values, count):  # type: ignore[no-untyped-def]
    """Sort the first values in place: by insertion, or as a heap where they are many."""
    if count <= 32:
        for place in range(1, count):
            value = values[place]
            at = place
            while at > 0 and values[at - 1] > value:
                values[at] = values[at - 1]
                at -= 1
            values[at] = value
        return
    for top in range(count // 2 - 1, -1, -1):
        _sift(values, top, count)
    for end in range(count - 1, 0, -1):
        values[0], values[end] = values[end], values[0]
        _sift(values, 0, end)


@inlined
def _sift(values, top, end):  # type: ignore[no-untyped-def]
    """Let a value sink to its place in a heap of the first values."""
    value = values[top]
    child = 2 * top + 1
    while child < end:
        if child + 1 < end and values[child + 1] > values[child]:
            child += 1
        if values[child] <= value:
            break
        values[top] = values[child]
        top, child = child, 2 * child + 1
    values[top] = value


@inlined
def _took(code, row, key, count, table, bits, full, keys, at):  # type: ignore[no-untyped-def]
    """Write the path of a row that is an anchor, and shift the row's code in if it is a step."""
    kind = table[code]
    if kind & _ANCHOR:
        keys[np.uint64(count)] = key
        at[np.uint64(count)] = row
        count += 1
    return ((key << bits) | code) & full if kind & _STEP else key, count


@inlined
def _rolled(  # type: ignore[no-untyped-def]
    begin, end, name, flags, ordered, table, bits, full, backwards, keys, at, scratch, count
):  # fmt: skip
    """Write the packed path of each anchor of a visit, and its row.

    The codes that follow a row stand in one number, the next one lowest; going against the
    path's direction each row shifts its own code in, so no path is walked twice.

    Args:
        begin: First row of the visit.
        end: The row after its last.
        name: Code of each row.
        flags: Flags of each row.
        ordered: uint64 by code: its rank, then 32 bits for the code itself.
        table: What codes may be.
        bits: Bits of a code.
        full: The bits of a path of full depth.
        backwards: Whether steps are taken backwards in time.
        keys: uint64; written from ``count`` on.
        at: int64; written from ``count`` on.
        scratch: uint64, room for the rows of a moment.
        count: How many are written.

    Returns:
        How many are written then.
    """
    key = _ZERO
    row = begin if backwards else end - 1
    while begin <= row < end:
        low, high = row, row + 1
        if backwards:
            while high < end and flags[np.uint64(high)] & _TIED:
                high += 1
        else:
            while low > begin and flags[np.uint64(low)] & _TIED:
                low -= 1
        size = high - low
        if size > 1:
            for place in range(size):
                scratch[np.uint64(place)] = ordered[name[np.uint64(low + place)]]
            _sort(scratch, size)
            for turn in range(size):
                place = turn if backwards else size - 1 - turn
                key, count = _took(scratch[np.uint64(place)] & _CODE, low + place, key, count,
                                   table, bits, full, keys, at)  # fmt: skip
        else:
            key, count = _took(np.uint64(name[np.uint64(row)]), row, key, count, table, bits,
                               full, keys, at)  # fmt: skip
        row = high if backwards else low - 1
    return count


@inner
def _inside(user, first, count, keys, at, user_run, run_row, run_day, first_day, last_day):  # type: ignore[no-untyped-def]
    """Keep only the written paths that begin on the days asked for; returns how many."""
    kept = first
    run = np.int64(user_run[user])
    last_run = np.int64(user_run[user + 1]) - 1
    for place in range(first, count):
        if at[place] < run_row[run]:
            run = np.int64(user_run[user])
        while run < last_run and run_row[run + 1] <= at[place]:
            run += 1
        if first_day <= run_day[run] <= last_day:
            keys[kept] = keys[place]
            kept += 1
    return kept


@njit(nogil=True, cache=True)
def plain_paths(  # type: ignore[no-untyped-def]
    user_row,
    user_run,
    user_visit,
    user_session,
    user_names,
    run_row,
    run_day,
    visit_row,
    chosen,
    name,
    flags,
    table,
    rank,
    anchor_names,
    first_user,
    end_user,
    first_day,
    last_day,
    depth,
    bits,
    backwards,
    odd,
    totals,
):
    """Count the paths within sessions, of steps that are event names and told by name.

    Only users none of whose sessions is interrupted are counted here; the others are noted.
    Those with rows without a time must be noted before.

    Args:
        user_row: Offsets of users into rows.
        user_run: Offsets of users into day runs.
        user_visit: Offsets of users into visits.
        user_session: Offsets of users into sessions.
        user_names: Name bits of users.
        run_row: First row of each day run.
        run_day: Its day.
        visit_row: First row of each visit.
        chosen: 1 for each user who counts.
        name: Name code of each row.
        flags: Flags of each row.
        table: uint8 by name code. Bit 0: it may be a step; bit 1: a path begins at it.
        rank: int64 by name code, the order of names whose order is open.
        anchor_names: Bits of `user_names` without which a user has no path.
        first_user: First user.
        end_user: User after the last.
        first_day: First day of a path's begin.
        last_day: Its last day.
        depth: Most steps of a path.
        bits: uint64, bits of a step; ``bits * depth`` is at most 63.
        backwards: Whether steps are taken backwards in time.
        odd: uint8, one a user of the segment; set to 1 for each user who is not counted, as those
            are who have 1 already.
        totals: int64, shape (4,): paths, users with one, events of these users that may be
            steps, and how many of those follow another with nothing to tell the order;
            added to.

    Returns:
        The table of paths and how many it has.
    """
    found = new_table(4096)
    used = 0
    room = np.int64(8192)
    keys = np.empty(room, np.uint64)
    at = np.empty(room, np.int64)
    scratch = np.empty(room, np.uint64)
    ordered = np.empty(table.shape[0], np.uint64)
    for code in range(table.shape[0]):
        ordered[code] = (np.uint64(rank[code]) << np.uint64(32)) | np.uint64(code)
    all_steps = True
    for code in range(1, table.shape[0]):
        all_steps &= (table[code] & _STEP) != 0
    user = np.int64(first_user)
    while user < end_user:
        user, written = _some_users(
            user, end_user, user_row, user_run, user_visit, user_session, user_names, run_row,
            run_day, visit_row, chosen, name, flags, table, all_steps, ordered, anchor_names,
            first_day, last_day, depth, bits, backwards, keys, at, scratch, odd, totals,
        )  # fmt: skip
        found, used = add_packed(found, used, keys, written)
        size = np.int64(user_row[min(user + 1, end_user)]) - np.int64(user_row[user])
        if size > room:
            room = np.int64(2 * size)
            keys = np.empty(room, np.uint64)
            at = np.empty(room, np.int64)
            scratch = np.empty(room, np.uint64)
    return found, used


@inner
def _some_users(  # type: ignore[no-untyped-def]
    user, end_user, user_row, user_run, user_visit, user_session, user_names, run_row,
    run_day, visit_row, chosen, name, flags, table, all_steps, ordered, anchor_names,
    first_day, last_day, depth, bits, backwards, keys, at, scratch, odd, totals,
):  # fmt: skip
    """Write the paths of users until there is no room for the next one's.

    No array is made or changed for another here: the compiler would count references in the
    innermost loop.

    Returns:
        The first user who is left, and how many paths are written.
    """
    room = keys.shape[0]
    full = (_ONE << (bits * np.uint64(depth))) - _ONE
    written = 0
    while user < end_user:
        begin = np.int64(user_row[user])
        end = np.int64(user_row[user + 1])
        if not chosen[user] or not user_names[user] & anchor_names or odd[user]:
            user += 1
            continue
        visits = np.int64(user_visit[user + 1]) - np.int64(user_visit[user])
        if visits != np.int64(user_session[user + 1]) - np.int64(user_session[user]):
            odd[user] = 1
            user += 1
            continue
        if written + end - begin > room:
            break
        before = written
        for visit in range(np.int64(user_visit[user]), np.int64(user_visit[user + 1])):
            last = end
            if visit + 1 < user_visit[user + 1]:
                last = np.int64(visit_row[visit + 1])
            written = _rolled(
                np.int64(visit_row[visit]), last, name, flags, ordered, table, bits, full,
                backwards, keys, at, scratch, written,
            )  # fmt: skip
        whole = True
        for run in range(user_run[user], user_run[user + 1]):
            whole &= first_day <= run_day[run] <= last_day
        if not whole:
            written = _inside(
                user, before, written, keys, at, user_run, run_row, run_day, first_day, last_day
            )
        if written > before:
            totals[0] += written - before
            totals[1] += 1
            _tell(name, flags, table, all_steps, begin, end, totals)
        user += 1
    return user, written


@inner
def _tell(name, flags, table, all_steps, begin, end, totals):  # type: ignore[no-untyped-def]
    """Add a user's events that may be steps, and those of them in an open order."""
    if all_steps:
        ties = np.int64(0)
        for row in range(begin, end):
            ties += flags[row] & _TIED
        totals[2] += end - begin
        totals[3] += ties
        return
    group = 0
    for row in range(begin, end):
        if not flags[row] & _TIED:
            group = 0
        if table[name[row]] & _STEP:
            totals[2] += 1
            totals[3] += group > 0
            group += 1
