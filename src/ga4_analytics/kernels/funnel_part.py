"""Funnels in general, over the users of a part of a segment."""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.funnel_units import COUNTING, LAST, ORDER, gather, judge_unit


@njit(nogil=True, cache=True)
def deepest(names, wanted, last):  # type: ignore[no-untyped-def]
    """The deepest step that a user can reach by the names of its events.

    Args:
        names: uint32, the user's `Segment.user_names`.
        wanted: uint32, one a step: the bits of which it needs one.
        last: How many steps there are.
    """
    level = 0
    while level < last and names & wanted[level]:
        level += 1
    return level


@njit(nogil=True, cache=True)
def _relevant(a, b, bits, banned, seen, first_row):  # type: ignore[no-untyped-def]
    """How many of some rows a unit could need, at least 1."""
    count = 1
    for i in range(a - first_row, b - first_row):
        if bits[i] or (len(banned) and banned[i]) or (len(seen) and seen[i]):
            count += 1
    return count


@njit(nogil=True, cache=True)
def judge_part(  # type: ignore[no-untyped-def]
    first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit, user_session,
    run_row, run_day, visit_row, visit_session, time_us, flags, bits, banned, seen, plan, covers,
    state, weakest, entry_row, chain, times, trend, trend_open, sizes,
):  # fmt: skip
    """Judge every unit of the users of a part.

    Args:
        first_user: The part's first user.
        end_user: The user after its last.
        chosen: uint8, 1 for each of the segment's users who counts.
        wanted: See `deepest`.
        user_row: See `Segment`, as those up to ``flags``.
        bits: uint64, one a row of the part: the steps that it can serve.
        banned: uint64, one a row: the excluded events that it is; length 0: none anywhere.
        seen: uint64, one a row, not 0 where strict order sees it; length 0: not asked.
        plan: The question's numbers, see `funnel_units`.
        covers: See `reach_with_rules`.
        state: See `finish_unit`, as those that follow; one a user or session of the part, or
            a row of it for each attempt there can be.
        times: See `note_time`.
        trend: See `note_days`, as the next one.
        sizes: See `note_time` and `finish_unit`.

    Returns:
        How many units there are.
    """
    last = plan[LAST]
    first_row = np.int64(user_row[first_user])
    room = 0
    events = np.empty((8, room), np.int64)
    steps, bans = np.zeros(room, np.uint64), np.zeros(room, np.uint64)
    marks = np.zeros(room, np.uint64)
    owner = np.empty((3, room), np.int64)
    small = np.empty((16, 66), np.int64)
    unit = 0
    for u in range(first_user, end_user):
        if plan[COUNTING] == 0:
            unit = u - first_user
        elif plan[COUNTING] == 1:
            unit = np.int64(user_session[u]) - np.int64(user_session[first_user])
        if not chosen[u] or (plan[ORDER] != 2 and not user_names[u] & wanted[0]):
            continue
        a, b = np.int64(user_row[u]), np.int64(user_row[u + 1])
        if b - a > room:
            need = _relevant(a, b, bits, banned, seen, first_row)
            if need > room:
                room = max(need, 256)
                events = np.empty((8, room), np.int64)
                steps = np.zeros(room, np.uint64)
                bans = np.zeros(room, np.uint64)
                marks = np.zeros(room, np.uint64)
                owner = np.empty((3, room), np.int64)
        if plan[COUNTING] != 1:
            count = gather(a, b, a, np.int64(0), plan, user_row, u, run_row, run_day, user_run, time_us,
                           flags, bits, banned, seen, first_row, events, steps, bans)  # fmt: skip
            if count:
                unit = judge_unit(unit, count, plan, covers, events, steps, bans, owner,
                                  small, marks, state, weakest, entry_row,
                                  chain, times, trend, trend_open, sizes)  # fmt: skip
            continue
        v0, v1 = np.int64(user_visit[u]), np.int64(user_visit[u + 1])
        turn = np.argsort(visit_session[v0:v1], kind="mergesort")
        place = 0
        while place < v1 - v0:
            session = visit_session[v0 + turn[place]]
            count = np.int64(0)
            while place < v1 - v0 and visit_session[v0 + turn[place]] == session:
                v = v0 + turn[place]
                end = np.int64(visit_row[v + 1]) if v + 1 < v1 else b
                if session:
                    count = gather(np.int64(visit_row[v]), end, a, count, plan, user_row, u,
                                   run_row, run_day, user_run, time_us, flags, bits, banned, seen,
                                   first_row, events, steps, bans)  # fmt: skip
                place += 1
            if count:
                judge_unit(unit + np.int64(session) - 1, count, plan, covers, events, steps, bans,
                           owner, small, marks, state, weakest, entry_row,
                           chain, times, trend, trend_open, sizes)  # fmt: skip
    return unit
