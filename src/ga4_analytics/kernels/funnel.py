"""Funnels in order with one window: one pass over the rows as they lie in the index.

Most units have all their rows on one day and within the window: there one attempt says it all.
Others go through `funnel_days`. It leaves to `funnel_part` the users with tied rows that compete
for steps, or whose sessions interleave.
"""

# mypy: disable-error-code="assignment"

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.funnel_climb import (
    DONE,
    ENTRY,
    KNOTS,
    LEVEL,
    SURE,
    WEAK,
    climb,
    crowd,
    start_of_ties,
)
from ga4_analytics.kernels.funnel_days import (
    BEST,
    CHAINS,
    COUNT,
    DONE_ROW,
    SLOT_FIRST,
    SLOT_LAST,
    are_simple,
    climb_days,
    entry_of,
    last_entry,
    note_slots,
    run_end_of,
    scan,
)
from ga4_analytics.kernels.funnel_part import deepest
from ga4_analytics.kernels.funnel_ties import inlined, inner
from ga4_analytics.kernels.funnel_units import (
    COUNTING,
    FIRST_DAY,
    HORIZON,
    LAST,
    LAST_DAY,
    NO,
    OPEN,
    REACH,
    TIED,
    WINDOW,
    YES,
    note_time,
)

ZERO = np.int64(0)


@inlined
def _write(  # type: ignore[no-untyped-def]
    unit, level, weak, knots, is_open, entry, wants_entry, state, weakest, entry_row, sizes
):  # fmt: skip
    """Write a unit; see `funnel_units.finish_unit`."""
    state[unit] = np.uint8(level) | OPEN if is_open else np.uint8(level)
    weakest[unit] = weak
    sizes[2] += level
    sizes[3] += knots
    if wants_entry:
        entry_row[unit] = entry


@inlined
def _judge_short(  # type: ignore[no-untyped-def]
    unit, a, b, cap, day, time_us, name, flags, bit_of, bits, first_row, single, plan,
    wants_entry, state, weakest, entry_row, times, trend, trend_open, sizes, found,
):  # fmt: skip
    """Judge a unit of one day that is over within the window: by its first entry.

    No later entry can come further, and what it reached is what the day reached.

    Returns:
        Whether no tied rows compete for steps; else nothing is written.
    """
    last = plan[LAST]
    if not climb(a, b, cap, YES, name, flags, bit_of, bits, first_row, single, found):
        return False
    level, entry = found[LEVEL], found[ENTRY]
    if level == 0:
        return True
    is_open = False
    if level < last and time_us[b - 1] + plan[REACH] >= plan[HORIZON]:
        i = last_entry(b, name, flags, bit_of, bits, first_row)
        is_open = time_us[i] + plan[REACH] >= plan[HORIZON]
    _write(unit, level, found[WEAK], found[KNOTS], is_open, entry, wants_entry, state, weakest,
           entry_row, sizes)  # fmt: skip
    done = time_us[found[DONE]] if level == last else np.int64(-1)
    note_time(time_us[entry], done, plan, times, sizes)
    trend[day - plan[FIRST_DAY], level] += 1
    trend_open[day - plan[FIRST_DAY]] += is_open
    return True


@inner
def _judge_long(  # type: ignore[no-untyped-def]
    unit, a, b, cap, run, run_end, run_row, run_day, time_us, name, flags, bit_of, bits,
    first_row, single, plan, wants_entry, state, weakest, entry_row, times, trend, trend_open,
    sizes, found, begun, slot_of, slots, spare, result,
):  # fmt: skip
    """Judge a unit of several days, or of more time than the window.

    Returns:
        Whether no tied rows compete for steps; else nothing is written.
    """
    last, window = plan[LAST], plan[WINDOW]
    if time_us[b - 1] - time_us[a] <= window and are_simple(a, b, run, run_end, run_row, run_day,
                                                             flags):  # fmt: skip
        count = climb_days(a, b, cap, run, run_end, run_row, run_day, time_us, name, flags,
                           bit_of, bits, first_row, single, plan, slots, found, begun)  # fmt: skip
        if count <= 0:
            return count == 0
        level, weak, entry, done_row = found[LEVEL], found[WEAK], found[ENTRY], found[DONE]
        done_row = done_row if level == last else np.int64(-1)
    else:
        if not scan(a, b, cap, NO, run, run_end, run_row, run_day, time_us, name, flags, bit_of,
                    bits, first_row, single, plan, begun, slot_of, slots, result):  # fmt: skip
            return False
        count, level, done_row = result[COUNT], result[BEST], result[DONE_ROW]
        if level == 0:
            return True
        entry = entry_of(result, run, run_end, run_row, run_day, b, time_us, name, flags, bit_of,
                         bits, first_row, plan, slots)  # fmt: skip
        if not climb(start_of_ties(entry, a, flags), b, level, YES, name, flags, bit_of, bits,
                     first_row, single, found):  # fmt: skip
            return False
        weak, sure = level, found[SURE]
        # Where the attempt comes as far in the worst order, no other is to be looked at.
        if result[CHAINS] and (sure < 0 or time_us[sure] - time_us[entry] > window):
            scan(a, b, cap, YES, run, run_end, run_row, run_day, time_us, name, flags, bit_of,
                 bits, first_row, single, plan, begun, slot_of, spare, result)  # fmt: skip
            weak = result[BEST]
    entered, last_time = time_us[slots[SLOT_FIRST, 0]], time_us[slots[SLOT_LAST, count - 1]]
    done = np.int64(-1)
    if done_row >= 0 and time_us[done_row] - entered <= window:
        done = time_us[done_row]
    note_time(entered, done, plan, times, sizes)
    note_slots(count, plan, slots, time_us, trend, trend_open)
    is_open = level < last and last_time + plan[REACH] >= plan[HORIZON]
    _write(unit, level, weak, found[KNOTS], is_open, entry, wants_entry, state, weakest,
           entry_row, sizes)  # fmt: skip
    return True


@njit(nogil=True, cache=True)
def scan_part(  # type: ignore[no-untyped-def]
    first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit, user_session,
    run_row, run_day, visit_row, visit_session, time_us, flags, name, bit_of, bits, single,
    plan, wants_entry, state, weakest, entry_row, left, times, trend, trend_open, sizes,
):  # fmt: skip
    """Judge the users of a part, or their sessions, and leave the difficult ones.

    Args:
        first_user: The part's first user.
        end_user: The user after its last.
        chosen: uint8, 1 for each of the segment's users who counts.
        wanted: See `deepest`.
        user_row: See `Segment`, as those up to ``name``.
        bit_of: uint64 by code of a name: the steps that it can serve.
        bits: uint64, one a row of the part: the same; length 0 where names decide.
        single: Whether no row can serve several steps.
        plan: The question's numbers.
        wants_entry: Whether ``entry_row`` is wanted.
        state: See `finish_unit`, as the next two; one a user or session of the part.
        left: uint8 out, one a user of the segment: 1 where `judge_part` must judge.
        times: See `note_time`.
        trend: See `note_days`, as the next one.
        sizes: See `note_time` and `finish_unit`; [4] counts the users left.
    """
    most = 1
    for u in range(first_user, end_user):
        most = max(most, np.int64(user_run[u + 1]) - np.int64(user_run[u]))
    slots = np.empty((4, most), np.int64)
    spare = np.empty((4, most), np.int64)
    begun, slot_of = np.zeros(65, np.int64), np.zeros(65, np.int64)
    result, found = np.zeros(5, np.int64), np.zeros(6, np.int64)
    _scan_users(
        first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit,
        user_session, run_row, run_day, visit_row, visit_session, time_us, flags, name, bit_of,
        bits, single, plan, wants_entry, state, weakest, entry_row, left, times, trend, trend_open,
        sizes, found, begun, slot_of, slots, spare, result,
    )  # fmt: skip


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
    """Whether no tied rows of a user compete for steps.

    Known before the first of its sessions is written: a user is left whole.
    """
    lo = a
    while lo < b:
        hi = lo + 1
        while hi < b and flags[hi] & TIED:
            hi += 1
        if hi - lo > 1 and crowd(lo, hi, name, flags, bit_of, bits, first_row) == 99:
            return False
        lo = hi
    return True


@inner
def _scan_users(  # type: ignore[no-untyped-def]
    first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit, user_session,
    run_row, run_day, visit_row, visit_session, time_us, flags, name, bit_of, bits, single,
    plan, wants_entry, state, weakest, entry_row, left, times, trend, trend_open, sizes, found,
    begun, slot_of, slots, spare, result,
):  # fmt: skip
    """`scan_part` with its scratch."""
    last, window, sessions = plan[LAST], plan[WINDOW], plan[COUNTING] == 1
    first_row = np.int64(user_row[first_user])
    for u in range(first_user, end_user):
        if not chosen[u]:
            continue
        cap = deepest(user_names[u], wanted, last)
        if cap == 0:
            continue
        a, b = np.int64(user_row[u]), np.int64(user_row[u + 1])
        run, run_end = np.int64(user_run[u]), np.int64(user_run[u + 1])
        # The user as one visit, or its sessions, of one visit each.
        v0, v1, unit = ZERO, ZERO + 1, u - first_user
        if sessions:
            v0, v1 = np.int64(user_visit[u]), np.int64(user_visit[u + 1])
            unit = np.int64(user_session[u]) - np.int64(user_session[first_user])
            if _interleave(v0, v1, visit_session) or not (
                single or _all_calm(a, b, name, flags, bit_of, bits, first_row)
            ):
                left[u] = 1
                sizes[4] += 1
                continue
        for v in range(v0, v1):
            lo, hi, place = a, b, unit
            if sessions:
                if visit_session[v] == 0:
                    continue
                lo = np.int64(visit_row[v])
                hi = np.int64(visit_row[v + 1]) if v + 1 < v1 else b
                while run + 1 < run_end and np.int64(run_row[run + 1]) <= lo:
                    run += 1
                place = unit + np.int64(visit_session[v]) - 1
            day = np.int64(run_day[run])
            if (
                run_end_of(run, run_end, run_row, b) >= hi
                and time_us[hi - 1] - time_us[lo] <= window
            ):
                fits = day < plan[FIRST_DAY] or day > plan[LAST_DAY] or _judge_short(
                    place, lo, hi, cap, day, time_us, name, flags, bit_of, bits, first_row,
                    single, plan, wants_entry, state, weakest, entry_row, times, trend,
                    trend_open, sizes, found,
                )  # fmt: skip
            else:
                fits = _judge_long(
                    place, lo, hi, cap, run, run_end, run_row, run_day, time_us, name, flags,
                    bit_of, bits, first_row, single, plan, wants_entry, state, weakest,
                    entry_row, times, trend, trend_open, sizes, found, begun, slot_of, slots,
                    spare, result,
                )  # fmt: skip
            if not fits:
                left[u] = 1
                sizes[4] += 1


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
