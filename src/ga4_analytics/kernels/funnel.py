"""Funnels in order with one window: one pass over the rows as they lie in the index.

Most units have all their rows on one day and within the window: there one attempt says it all.
The others are put aside for `funnel_late`. Left to `funnel_part` are users with tied rows that
compete for steps, or whose sessions interleave.
"""

# mypy: disable-error-code="assignment"

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.funnel_bits import (
    FIRST,
    MOST_STEPS,
    WORDS,
    climb_by_bits,
    fits,
    lay_out,
)
from ga4_analytics.kernels.funnel_climb import climb, crowd, is_tied
from ga4_analytics.kernels.funnel_days import last_entry, run_end_of
from ga4_analytics.kernels.funnel_late import judge_late, write
from ga4_analytics.kernels.funnel_part import deepest
from ga4_analytics.kernels.funnel_units import (
    COUNTING,
    FIRST_DAY,
    HORIZON,
    LAST,
    LAST_DAY,
    REACH,
    WINDOW,
    YES,
    note_time,
)
from ga4_analytics.kernels.lean import inlined, inner

MAY_BE_LONG, MAY_BE_OPEN = np.uint8(1), np.uint8(2)
"""What is in doubt of the units of a day until their times are read."""
NO_DOUBT = np.uint8(0)


@inlined
def _judge(  # type: ignore[no-untyped-def]
    unit, a, b, cap, day, doubt, time_us, name, flags, bit_of, bits, first_row, single, plan,
    wants_entry, state, weakest, entry_row, times, trend, trend_open, sizes, words,
):  # fmt: skip
    """Judge a unit of one day that is over within the window: by its first entry.

    No later entry can come further, and what it reached is what the day reached.

    Returns:
        Whether no tied rows compete for steps; else nothing is written.
    """
    if bits is None and fits(a, b, flags, words):
        lay_out(a, b, name, flags, bit_of, words)
        level, weak, knots, entry, done_row, _ = climb_by_bits(words, FIRST, cap, YES)
        calm, entry, done_row = True, a + entry, a + done_row
    else:
        calm, level, weak, knots, entry, done_row, _ = climb(
            a, b, cap, YES, name, flags, bit_of, bits, first_row, single
        )
    if not calm or level == 0:
        return calm
    last = plan[LAST]
    is_open = False
    if level < last and doubt & MAY_BE_OPEN:
        # Where the first entry can still come further, so can the last, wherever it is.
        is_open = time_us[entry] + plan[REACH] >= plan[HORIZON]
        if not is_open and time_us[b - 1] + plan[REACH] >= plan[HORIZON]:
            i = last_entry(b, name, flags, bit_of, bits, first_row)
            is_open = time_us[i] + plan[REACH] >= plan[HORIZON]
        trend_open[day - plan[FIRST_DAY]] += is_open
    write(unit, level, weak, knots, is_open, entry, wants_entry, state, weakest, entry_row, sizes)
    # Whoever is not through, and was watched to the window's end, has no time to be noted.
    if level == last or doubt & MAY_BE_OPEN:
        done = time_us[done_row] if level == last else np.int64(-1)
        note_time(time_us[entry], done, plan, times, sizes)
    trend[day - plan[FIRST_DAY], level] += 1
    return True


@njit(nogil=True, cache=True)
def scan_part(  # type: ignore[no-untyped-def]
    first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit, user_session,
    run_row, run_day, visit_row, visit_session, time_us, flags, name, bit_of, bits, single,
    plan, doubts, wants_entry, state, weakest, entry_row, left, times, trend, trend_open, sizes,
):  # fmt: skip
    """Judge the users of a part, or their sessions, and leave the difficult ones.

    Args:
        first_user: The part's first user.
        end_user: The user after its last.
        chosen: uint8, 1 for each of the segment's users who counts.
        wanted: See `deepest`.
        user_row: See `Segment`, as those up to ``name``.
        bit_of: uint64 by code of a name: the steps that it can serve.
        bits: uint64, one a row of the part: the same; None where names decide.
        single: Whether no row can serve several steps.
        plan: The question's numbers.
        doubts: uint8, one a day from the first on: `MAY_BE_LONG` where a unit of that day alone
            could be longer than the window, `MAY_BE_OPEN` where one could come further.
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
    words = np.empty(WORDS if single and plan[LAST] <= MOST_STEPS else 0, np.uint64)
    if plan[COUNTING] == 1:
        count = _scan_sessions(
            first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit,
            user_session, run_row, run_day, visit_row, visit_session, time_us, flags, name,
            bit_of, bits, single, plan, wants_entry, state, weakest, entry_row, left, times,
            trend, trend_open, sizes, late, doubts, words,
        )  # fmt: skip
    else:
        count = _scan_users(
            first_user, end_user, chosen, wanted, user_row, user_names, user_run, run_day,
            time_us, flags, name, bit_of, bits, single, plan, wants_entry, state, weakest,
            entry_row, left, times, trend, trend_open, sizes, late, doubts, words,
        )  # fmt: skip
    slots, spare = np.empty((4, most), np.int64), np.empty((4, most), np.int64)
    begun, slot_of = np.zeros(65, np.int64), np.zeros(65, np.int64)
    judge_late(
        late[:count], np.int64(user_row[first_user]), user_run, run_row, run_day, time_us, name,
        flags, bit_of, bits, single, plan, wants_entry, state, weakest, entry_row, left, times,
        trend, trend_open, sizes, begun, slot_of, slots, spare, np.zeros(5, np.int64),
        words,
    )  # fmt: skip


@inner
def _scan_users(  # type: ignore[no-untyped-def]
    first_user, end_user, chosen, wanted, user_row, user_names, user_run, run_day, time_us, flags,
    name, bit_of, bits, single, plan, wants_entry, state, weakest, entry_row, left, times, trend,
    trend_open, sizes, late, doubts, words,
):  # fmt: skip
    """Judge the users of one day and put the others aside; give how many those are."""
    last, window, count = plan[LAST], plan[WINDOW], 0
    first_row = np.int64(user_row[first_user])
    for u in range(first_user, end_user):
        if not chosen[u]:
            continue
        cap = deepest(user_names[u], wanted, last)
        if cap == 0:
            continue
        a, b = np.int64(user_row[u]), np.int64(user_row[u + 1])
        run = np.int64(user_run[u])
        day = np.int64(run_day[run])
        one_day = np.int64(user_run[u + 1]) - run == 1
        if one_day and not plan[FIRST_DAY] <= day <= plan[LAST_DAY]:
            continue
        doubt = doubts[day - plan[FIRST_DAY]] if one_day else NO_DOUBT
        if not one_day or (doubt & MAY_BE_LONG and time_us[b - 1] - time_us[a] > window):
            _put(late[count], u, u - first_user, a, b, cap, run)
            count += 1
        elif not _judge(
            u - first_user, a, b, cap, day, doubt, time_us, name, flags, bit_of, bits, first_row,
            single, plan, wants_entry, state, weakest, entry_row, times, trend, trend_open, sizes,
            words,
        ):  # fmt: skip
            left[u] = 1
            sizes[4] += 1
    return count


@inlined
def _put(late, u, unit, a, b, cap, run):  # type: ignore[no-untyped-def]
    late[0], late[1], late[2], late[3], late[4], late[5] = u, unit, a, b, cap, run


@inner
def _scan_sessions(  # type: ignore[no-untyped-def]
    first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit, user_session,
    run_row, run_day, visit_row, visit_session, time_us, flags, name, bit_of, bits, single, plan,
    wants_entry, state, weakest, entry_row, left, times, trend, trend_open, sizes, late, doubts,
    words,
):  # fmt: skip
    """Judge the sessions of one day and put the others aside; give how many those are."""
    last, window, count = plan[LAST], plan[WINDOW], 0
    first_row = np.int64(user_row[first_user])
    for u in range(first_user, end_user):
        if not chosen[u]:
            continue
        cap = deepest(user_names[u], wanted, last)
        if cap == 0:
            continue
        a, b = np.int64(user_row[u]), np.int64(user_row[u + 1])
        run, run_end = np.int64(user_run[u]), np.int64(user_run[u + 1])
        v0, v1 = np.int64(user_visit[u]), np.int64(user_visit[u + 1])
        # What is left is left whole: it must be known before the first session is written.
        if _interleave(v0, v1, visit_session) or not (
            single or _all_calm(a, b, name, flags, bit_of, bits, first_row)
        ):
            left[u] = 1
            sizes[4] += 1
            continue
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
            doubt = doubts[day - plan[FIRST_DAY]] if one_day else NO_DOUBT
            if not one_day or (doubt & MAY_BE_LONG and time_us[hi - 1] - time_us[lo] > window):
                _put(late[count], u, unit + number, lo, hi, cap, run)
                count += 1
            else:
                _judge(unit + number, lo, hi, cap, day, doubt, time_us, name, flags, bit_of, bits,
                       first_row, single, plan, wants_entry, state, weakest, entry_row, times,
                       trend, trend_open, sizes, words)  # fmt: skip
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
def _all_calm(a, b, name, flags, bit_of, bits, first_row):  # type: ignore[no-untyped-def]
    """Whether no tied rows of a user compete for steps."""
    lo = a
    while lo < b:
        hi = lo + 1
        while hi < b and is_tied(hi, flags):
            hi += 1
        if hi - lo > 1 and crowd(lo, hi, name, flags, bit_of, bits, first_row) == 99:
            return False
        lo = hi
    return True


@njit(nogil=True, cache=True)
def mark_users(  # type: ignore[no-untyped-def]
    first_user, end_user, left, user_row, name, table, bits
):  # fmt: skip
    """Give the rows of some users the bits of their names.

    Args:
        first_user: The part's first user.
        end_user: The user after its last.
        left: uint8, one a user of the segment: 1 where it is wanted.
        user_row: Offsets of users into rows.
        name: Code of each row of the segment.
        table: uint64 bits by code.
        bits: uint64 out, one a row of the part.
    """
    first_row = np.int64(user_row[first_user])
    for u in range(first_user, end_user):
        if left[u]:
            for i in range(np.int64(user_row[u]), np.int64(user_row[u + 1])):
                bits[i - first_row] = table[name[i]]
