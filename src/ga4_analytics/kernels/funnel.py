"""Funnels in order with one window: one pass over the rows as they lie in the index.

Most units have all their rows on one day and within the window: there one attempt says it all.
The others are put aside for `funnel_late`. Left to `funnel_part` are users with tied rows that
compete for steps, or whose sessions interleave.
"""

# mypy: disable-error-code="assignment"

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.funnel_climb import climb, crowd, is_tied
from ga4_analytics.kernels.funnel_days import MAY_BE_LONG, MAY_BE_OPEN, is_open, run_end_of
from ga4_analytics.kernels.funnel_late import judge_late, write
from ga4_analytics.kernels.funnel_part import deepest
from ga4_analytics.kernels.funnel_rows import climb_rows, is_tied_at, last_row, next_row, spread
from ga4_analytics.kernels.funnel_units import (
    COUNTING,
    FIRST_DAY,
    LAST,
    LAST_DAY,
    NO,
    WINDOW,
    YES,
    note_time,
)
from ga4_analytics.kernels.lean import inlined, inner
from ga4_analytics.kernels.words import fetch

NO_DOUBT = np.uint8(0)
AHEAD = 8
"""Users before whom times begin to be read: memory takes as long as some of them."""


@inlined
def _judge(  # type: ignore[no-untyped-def]
    unit, a, b, cut, day, doubt, time_us, steps, plan, days, wants_entry, state, weakest,
    entry_row, times, trend, trend_open, sizes,
):  # fmt: skip
    """Judge a unit of one day that is over within the window: by its first entry.

    No later entry can come further, and what it reached is what the day reached.

    Returns:
        Whether no tied rows compete for steps; else nothing is written but what `spread` does.
    """
    last = plan[LAST]
    calm, level, weak, knots, entry, moment, _ = climb_rows(a, b, last, steps)
    if not calm or cut:
        spread(a, b, steps)
        calm, level, weak, knots, entry, moment, _ = climb(
            a, b, last, YES, steps.flags, steps.bits, steps.first_row, steps.single
        )
    if not calm or level == 0:
        return calm
    may_go_on = False
    if level < last and doubt & MAY_BE_OPEN:
        # Where the first entry can still come further, so can the last, wherever it is.
        may_go_on = is_open(day, entry, plan, days, time_us) or (
            is_open(day, b - 1, plan, days, time_us)
            and is_open(day, last_row(0, entry, b, steps), plan, days, time_us)
        )
        trend_open[day - plan[FIRST_DAY]] += may_go_on
    first = next_row(0, a, b, steps) if wants_entry else entry
    write(unit, level, weak, knots, may_go_on, first, wants_entry, state, weakest, entry_row,
          sizes)  # fmt: skip
    # Whoever is not through, and was watched to the window's end, has no time to be noted.
    if level == last or doubt & MAY_BE_OPEN:
        done = time_us[moment] if level == last else np.int64(-1)
        note_time(time_us[entry], done, plan, times, sizes)
    trend[day - plan[FIRST_DAY], level] += 1
    return True


@njit(nogil=True, cache=True)
def scan_part(  # type: ignore[no-untyped-def]
    first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit, user_session,
    run_row, run_day, visit_row, visit_session, time_us, steps, plan, days, wants_entry,
    state, weakest, entry_row, left, times, trend, trend_open, sizes,
):  # fmt: skip
    """Judge the users of a part, or their sessions, and leave the difficult ones.

    Args:
        first_user: The part's first user.
        end_user: The user after its last.
        chosen: uint8, 1 for each of the segment's users who counts.
        wanted: See `deepest`.
        user_row: See `Segment`, as those up to ``time_us``.
        steps: `Steps`: which rows can serve which steps; of users who are left `Steps.bits` says
            it afterwards.
        plan: The question's numbers.
        days: `Days`.
        wants_entry: Whether ``entry_row`` is wanted.
        state: See `finish_unit`, as the next two; one a user or session of the part.
        left: uint8 out, one a user of the segment: 1 where `judge_part` must judge.
        times: See `note_time`.
        trend: See `note_days`, as the next one.
        sizes: See `note_time` and `finish_unit`; [4] counts the users left.
    """
    most, room = 1, end_user - first_user
    for u in range(first_user, end_user):
        most = max(most, np.int64(user_run[u + 1]) - np.int64(user_run[u]))
    if plan[COUNTING] == 1:
        room = np.int64(user_visit[end_user]) - np.int64(user_visit[first_user])
    late = np.empty((room, 6), np.int64)
    if plan[COUNTING] == 1:
        count = _scan_sessions(
            first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit,
            user_session, run_row, run_day, visit_row, visit_session, time_us, steps, plan,
            days, wants_entry, state, weakest, entry_row, left, times, trend, trend_open, sizes,
            late,
        )  # fmt: skip
    else:
        count = _scan_users(
            first_user, end_user, chosen, wanted, user_row, user_names, user_run, run_day,
            time_us, steps, plan, days, wants_entry, state, weakest, entry_row, left,
            times, trend, trend_open, sizes, late,
        )  # fmt: skip
    slots, spare = np.empty((4, most), np.int64), np.empty((4, most), np.int64)
    begun, slot_of = np.zeros(65, np.int64), np.zeros(65, np.int64)
    judge_late(
        late[:count], user_run, run_row, run_day, time_us, steps, plan, days, wants_entry,
        state, weakest, entry_row, left, times, trend, trend_open, sizes, begun, slot_of, slots,
        spare, np.zeros(5, np.int64),
    )  # fmt: skip
    for u in range(first_user, end_user if sizes[4] else first_user):
        if left[u]:
            spread(np.int64(user_row[u]), np.int64(user_row[u + 1]), steps)


@inner
def _scan_users(  # type: ignore[no-untyped-def]
    first_user, end_user, chosen, wanted, user_row, user_names, user_run, run_day, time_us,
    steps, plan, days, wants_entry, state, weakest, entry_row, left, times, trend, trend_open,
    sizes, late,
):  # fmt: skip
    """Judge the users of one day and put the others aside; give how many those are."""
    last, window, count = plan[LAST], plan[WINDOW], 0
    for u in range(first_user, end_user):
        _fetch_times(min(u + AHEAD, end_user - 1), user_row, user_run, run_day, time_us, plan, days)
        if not chosen[u] or not user_names[u] & wanted[0]:
            continue
        a, b = np.int64(user_row[u]), np.int64(user_row[u + 1])
        run = np.int64(user_run[u])
        day = np.int64(run_day[run])
        one_day = np.int64(user_run[u + 1]) - run == 1
        if one_day and not plan[FIRST_DAY] <= day <= plan[LAST_DAY]:
            continue
        doubt = days.doubts[day - plan[FIRST_DAY]] if one_day else NO_DOUBT
        if not one_day or (doubt & MAY_BE_LONG and time_us[b - 1] - time_us[a] > window):
            _put(late[count], u, u - first_user, a, b, deepest(user_names[u], wanted, last), run)
            count += 1
        elif not _judge(
            u - first_user, a, b, NO, day, doubt, time_us, steps, plan, days, wants_entry,
            state, weakest, entry_row, times, trend, trend_open, sizes,
        ):  # fmt: skip
            left[u] = 1
            sizes[4] += 1
    return count


@inlined
def _fetch_times(u, user_row, user_run, run_day, time_us, plan, days):  # type: ignore[no-untyped-def]
    """Begin to read the first time of a user whose first day leaves doubts."""
    day = np.int64(run_day[user_run[u]]) - plan[FIRST_DAY]
    if 0 <= day < len(days.doubts) and days.doubts[day]:
        fetch(time_us, user_row[u])


@inlined
def _put(late, u, unit, a, b, cap, run):  # type: ignore[no-untyped-def]
    late[0], late[1], late[2], late[3], late[4], late[5] = u, unit, a, b, cap, run


@inner
def _scan_sessions(  # type: ignore[no-untyped-def]
    first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit, user_session,
    run_row, run_day, visit_row, visit_session, time_us, steps, plan, days, wants_entry,
    state, weakest, entry_row, left, times, trend, trend_open, sizes, late,
):  # fmt: skip
    """Judge the sessions of one day and put the others aside; give how many those are."""
    last, window, count = plan[LAST], plan[WINDOW], 0
    for u in range(first_user, end_user):
        _fetch_times(min(u + AHEAD, end_user - 1), user_row, user_run, run_day, time_us, plan, days)
        if not chosen[u] or not user_names[u] & wanted[0]:
            continue
        a, b = np.int64(user_row[u]), np.int64(user_row[u + 1])
        run, run_end = np.int64(user_run[u]), np.int64(user_run[u + 1])
        v0, v1 = np.int64(user_visit[u]), np.int64(user_visit[u + 1])
        # What is left is left whole: it must be known before the first session is written.
        if _interleave(v0, v1, visit_session) or not (steps.single or _all_calm(a, b, steps)):
            left[u] = 1
            sizes[4] += 1
            continue
        cap = deepest(user_names[u], wanted, last)
        unit = np.int64(user_session[u]) - np.int64(user_session[first_user]) - 1
        for v in range(v0, v1):
            number = np.int64(visit_session[v])
            if number == 0:
                continue
            lo = np.int64(visit_row[v])
            hi = np.int64(visit_row[v + 1]) if v + 1 < v1 else b
            while run + 1 < run_end and np.int64(run_row[run + 1]) <= lo:
                run += 1
            day = np.int64(run_day[run])
            one_day = run_end_of(run, run_end, run_row, b) >= hi
            if one_day and not plan[FIRST_DAY] <= day <= plan[LAST_DAY]:
                continue
            doubt = days.doubts[day - plan[FIRST_DAY]] if one_day else NO_DOUBT
            if not one_day or (doubt & MAY_BE_LONG and time_us[hi - 1] - time_us[lo] > window):
                _put(late[count], u, unit + number, lo, hi, cap, run)
                count += 1
            else:
                # Sessions that share a moment: it is cut between them.
                cut = is_tied_at(lo, steps) or is_tied_at(hi, steps)
                _judge(unit + number, lo, hi, cut, day, doubt, time_us, steps, plan, days,
                       wants_entry, state, weakest, entry_row, times, trend, trend_open,
                       sizes)  # fmt: skip
    return count


@inlined
def _interleave(v0, v1, visit_session):  # type: ignore[no-untyped-def]
    """Whether a session of a user comes back after another, or before one with a lower number."""
    before = 0
    for v in range(v0, v1):
        number = np.int64(visit_session[v])
        if number and number <= before:
            return True
        before = max(before, number)
    return False


@inner
def _all_calm(a, b, steps):  # type: ignore[no-untyped-def]
    """Whether no tied rows of a user compete for steps."""
    is_spread = False
    lo = a
    while lo < b:
        hi = lo + 1
        while hi < b and is_tied(hi, steps.flags):
            hi += 1
        if hi - lo > 1:
            if not is_spread:
                spread(a, b, steps)
                is_spread = True
            if crowd(lo, hi, steps.bits, steps.first_row) == 99:
                return False
        lo = hi
    return True
