"""Funnels in general, over the users of a part of a segment."""

# mypy: disable-error-code="assignment"

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.funnel_units import COUNTING, ORDER, gather, judge_unit
from ga4_analytics.kernels.lean import inlined, inner


@inlined
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


@inner
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
    room, visits = 64, 1
    first_row = np.int64(user_row[first_user])
    for u in range(first_user, end_user):
        a, b = np.int64(user_row[u]), np.int64(user_row[u + 1])
        visits = max(visits, np.int64(user_visit[u + 1]) - np.int64(user_visit[u]))
        if b - a > room and chosen[u]:
            room = max(room, b - a if b - a < 4096 else _relevant(a, b, bits, banned, seen,
                                                                   first_row))  # fmt: skip
    events = np.empty((8, room), np.int64)
    steps, bans = np.zeros(room, np.uint64), np.zeros(room, np.uint64)
    marks = np.zeros(room, np.uint64)
    owner = np.empty((4, room + 65), np.int64)
    small = np.zeros((12, 66), np.int64)
    turns = np.empty((3, visits + 1), np.int64)
    return _judge_users(
        first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit,
        user_session, run_row, run_day, visit_row, visit_session, time_us, flags, bits, banned,
        seen, plan, covers, state, weakest, entry_row, chain, times, trend, trend_open, sizes,
        events, steps, bans, marks, owner, small, turns,
    )  # fmt: skip


@inner
def _line_up(v0, v1, visit_session, turns):  # type: ignore[no-untyped-def]
    """Chain the visits of each session in order.

    Args:
        v0: The user's first visit.
        v1: The visit after its last.
        visit_session: Number of each visit's session, from 1; 0: none.
        turns: int64 (3, visits + 1) out: by session its first visit and its last, -1 none;
            by visit the next one of its session, -1 none.

    Returns:
        The highest number of a session.
    """
    highest = 0
    for v in range(v0, v1):
        session = np.int64(visit_session[v])
        for n in range(highest + 1, session + 1):
            turns[0, n] = -1
        highest = max(highest, session)
        turns[2, v - v0] = -1
        if session and turns[0, session] < 0:
            turns[0, session] = v - v0
        elif session:
            turns[2, turns[1, session]] = v - v0
        turns[1, session] = v - v0
    return highest


@inner
def _judge_users(  # type: ignore[no-untyped-def]
    first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit, user_session,
    run_row, run_day, visit_row, visit_session, time_us, flags, bits, banned, seen, plan, covers,
    state, weakest, entry_row, chain, times, trend, trend_open, sizes, events, steps, bans, marks,
    owner, small, turns,
):  # fmt: skip
    """`judge_part` with its scratch."""
    first_row = np.int64(user_row[first_user])
    sessions = plan[COUNTING] == 1
    unit = np.int64(0)
    for u in range(first_user, end_user):
        if not chosen[u] or (plan[ORDER] != 2 and not user_names[u] & wanted[0]):
            continue
        a, b = np.int64(user_row[u]), np.int64(user_row[u + 1])
        v0, v1 = np.int64(user_visit[u]), np.int64(user_visit[u + 1])
        pools = np.int64(1)
        if sessions:
            pools = _line_up(v0, v1, visit_session, turns)
            unit = np.int64(user_session[u]) - np.int64(user_session[first_user])
        elif plan[COUNTING] == 0:
            unit = u - first_user
        for pool in range(1, pools + 1):
            # A user counts as one visit; a session has one or more.
            visit = turns[0, pool] if sessions else np.int64(0)
            count = np.int64(0)
            while visit >= 0:
                lo, hi = a, b
                if sessions:
                    lo = np.int64(visit_row[v0 + visit])
                    hi = np.int64(visit_row[v0 + visit + 1]) if v0 + visit + 1 < v1 else b
                count = gather(lo, hi, a, count, plan, user_row, u, run_row, run_day, user_run,
                               time_us, flags, bits, banned, seen, first_row, events, steps,
                               bans)  # fmt: skip
                visit = turns[2, visit] if sessions else np.int64(-1)
            place = unit + pool - 1 if sessions else unit
            if count:
                place = judge_unit(place, count, plan, covers, events, steps, bans, owner, small,
                                   marks, state, weakest, entry_row, chain, times, trend,
                                   trend_open, sizes)  # fmt: skip
            if plan[COUNTING] == 2:
                unit = place
    return unit
