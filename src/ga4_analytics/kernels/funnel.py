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
    KNOTS,
    LEVEL,
    climb,
    crowd,
    find_step,
    worst_of,
)
from ga4_analytics.kernels.funnel_days import (
    BEST,
    CHAINS,
    COUNT,
    DONE_ROW,
    SLOT_FIRST,
    SLOT_LAST,
    entry_of,
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

ZERO, FIRST_STEP = np.int64(0), np.int64(0)


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
    wants_entry, state, weakest, entry_row, times, trend, trend_open, sizes, at, found,
):  # fmt: skip
    """Judge a unit of one day that is over within the window: by its first entry.

    No later entry can come further, and what it reached is what the day reached.

    Returns:
        Whether no tied rows compete for steps; else nothing is written.
    """
    last = plan[LAST]
    entry = find_step(a, b, FIRST_STEP, name, flags, bit_of, bits, first_row)
    if entry == b:
        return True
    if not climb(entry, a, b, cap, name, flags, bit_of, bits, first_row, single, at, found):
        return False
    level = found[LEVEL]
    weak = worst_of(b, name, flags, bit_of, bits, first_row, at, found)
    is_open = False
    if level < last and time_us[b - 1] + plan[REACH] >= plan[HORIZON]:
        i = b - 1
        while find_step(i, i + 1, FIRST_STEP, name, flags, bit_of, bits, first_row) > i:
            i -= 1
        is_open = time_us[i] + plan[REACH] >= plan[HORIZON]
    _write(unit, level, weak, found[KNOTS], is_open, entry, wants_entry, state, weakest,
           entry_row, sizes)  # fmt: skip
    done = time_us[at[last - 1]] if level == last else np.int64(-1)
    note_time(time_us[entry], done, plan, times, sizes)
    trend[day - plan[FIRST_DAY], level] += 1
    trend_open[day - plan[FIRST_DAY]] += is_open
    return True


@inner
def _judge_long(  # type: ignore[no-untyped-def]
    unit, a, b, cap, run, run_end, run_row, run_day, time_us, name, flags, bit_of, bits,
    first_row, single, plan, wants_entry, state, weakest, entry_row, times, trend, trend_open,
    sizes, at, found, begun, slot_of, slots, result,
):  # fmt: skip
    """Judge a unit of several days, or of more time than the window.

    Returns:
        Whether no tied rows compete for steps; else nothing is written.
    """
    last = plan[LAST]
    if not scan(a, b, cap, NO, run, run_end, run_row, run_day, time_us, name, flags, bit_of,
                bits, first_row, plan, begun, slot_of, slots, result):  # fmt: skip
        return False
    count, level, done_row = result[COUNT], result[BEST], result[DONE_ROW]
    if level == 0:
        return True
    entry = entry_of(result, run, run_end, run_row, run_day, b, time_us, name, flags, bit_of,
                     bits, first_row, plan, slots)  # fmt: skip
    if not climb(entry, a, b, level, name, flags, bit_of, bits, first_row, single, at, found):
        return False
    last_entry, entered = time_us[slots[SLOT_LAST, count - 1]], time_us[slots[SLOT_FIRST, 0]]
    is_open = level < last and last_entry + plan[REACH] >= plan[HORIZON]
    done = np.int64(-1)
    if done_row >= 0 and time_us[done_row] - entered <= plan[WINDOW]:
        done = time_us[done_row]
    note_time(entered, done, plan, times, sizes)
    note_slots(count, plan, slots, time_us, trend, trend_open)
    weak = level
    if result[CHAINS]:
        scan(a, b, cap, YES, run, run_end, run_row, run_day, time_us, name, flags, bit_of, bits,
             first_row, plan, begun, slot_of, slots, result)  # fmt: skip
        weak = result[BEST]
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
    begun, slot_of, at = np.zeros(65, np.int64), np.zeros(65, np.int64), np.zeros(65, np.int64)
    result, found = np.zeros(5, np.int64), np.zeros(5, np.int64)
    _scan_users(
        first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit,
        user_session, run_row, run_day, visit_row, visit_session, time_us, flags, name, bit_of,
        bits, single, plan, wants_entry, state, weakest, entry_row, left, times, trend, trend_open,
        sizes, at, found, begun, slot_of, slots, result,
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
    plan, wants_entry, state, weakest, entry_row, left, times, trend, trend_open, sizes, at, found,
    begun, slot_of, slots, result,
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
                    trend_open, sizes, at, found,
                )  # fmt: skip
            else:
                fits = _judge_long(
                    place, lo, hi, cap, run, run_end, run_row, run_day, time_us, name, flags,
                    bit_of, bits, first_row, single, plan, wants_entry, state, weakest,
                    entry_row, times, trend, trend_open, sizes, at, found, begun, slot_of, slots,
                    result,
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
