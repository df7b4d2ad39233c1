"""Funnels in order with one window: one pass, with the clock only where it matters.

It leaves to `funnel_part` the users whose steps are tied, or whose sessions interleave.
"""

# mypy: disable-error-code="assignment"

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.funnel_part import deepest
from ga4_analytics.kernels.funnel_ties import ONE, inlined, inner
from ga4_analytics.kernels.funnel_units import (
    COUNTING,
    FIRST_DAY,
    HORIZON,
    LAST,
    LAST_DAY,
    OPEN,
    REACH,
    TIED,
    TIMELESS,
    WINDOW,
    note_time,
)

TWO, EIGHT, BYTE = np.uint64(2), np.uint64(8), np.uint64(255)
HIGHEST = np.array([max(n.bit_length() - 1, 0) for n in range(256)], np.uint8)
"""The highest bit of each byte."""
SLOT_DAY, SLOT_LAST, SLOT_LEVEL, SLOT_FIRST = range(4)


@inlined
def scan(  # type: ignore[no-untyped-def]
    a, b, cap, run, run_end, run_row, run_day, time_us, name, flags, bit_of, bits, first_row,
    plan, begun,
    slot_of,
    slots, result,
):  # fmt: skip
    """Judge every entry day of a unit whose rows lie together.

    See `funnel_walk`: of the entries that have come with a step, the latest counts.

    Args:
        a: First row.
        b: The row after the last.
        cap: The deepest step that it can reach, by its names.
        run: The day run of the first row.
        run_end: The day run after the user's last.
        run_row: See `Segment`, as those up to ``flags``.
        bit_of: uint64 by code of a name: the steps that it can serve.
        bits: uint64, one a row of the part: the same; length 0 where names decide.
        first_row: The part's first row.
        plan: The question's numbers.
        begun: int64 scratch, one a step: row of the latest entry that has come so far.
        slot_of: int64 scratch, one a step: its place in ``slots``.
        slots: int64 (4, days) out: day, row of the last entry, level, row of the first entry.
        result: int64 (4,) out: days with entries; best level; row where it was first reached;
            row where the last step was first reached, -1 never.

    Returns:
        Whether no row that counts is tied; else nothing of the above holds.
    """
    last, window = plan[LAST], plan[WINDOW]
    clocked = time_us[b - 1] - time_us[a] > window
    total, by_row = len(flags), len(bits) > 0
    count, best, best_row, done_row = 0, 0, -1, -1
    # Bit k: an event of step k would bring a later entry there than has come so far.
    live = ONE
    stop = np.int64(run_row[run + 1]) if run + 1 < run_end else b
    i = a
    while i < b:
        mask = bits[i - first_row] if by_row else bit_of[name[i]]
        mask &= live
        if not mask:
            i += 1
            continue
        if flags[i] & (TIED | TIMELESS) or (i + 1 < total and flags[i + 1] & TIED):
            if flags[i] & TIMELESS:
                i += 1
                continue
            return False
        done = False
        while mask:
            # The deepest step first: one event serves one step.
            k, rest = np.int64(0), mask
            while rest > BYTE:
                rest >>= EIGHT
                k += 8
            k += HIGHEST[rest]
            mask ^= ONE << np.uint64(k)
            if k == 0:
                while i >= stop:
                    run += 1
                    stop = np.int64(run_row[run + 1]) if run + 1 < run_end else b
                day = np.int64(run_day[run])
                if day < plan[FIRST_DAY] or day > plan[LAST_DAY]:
                    break
                if count == 0 or slots[SLOT_DAY, count - 1] != day:
                    slots[SLOT_DAY, count] = day
                    slots[SLOT_LEVEL, count] = 1
                    slots[SLOT_FIRST, count] = i
                    count += 1
                slots[SLOT_LAST, count - 1] = i
                begun[0] = i
                slot_of[0] = count - 1
                if cap > 1:
                    live |= TWO
            else:
                source = begun[k - 1]
                live &= ~(ONE << np.uint64(k))
                if clocked and time_us[i] - time_us[source] > window:
                    continue
                begun[k] = source
                place = slot_of[k - 1]
                slot_of[k] = place
                if k + 1 < cap:
                    live |= TWO << np.uint64(k)
                p = place
                while p >= 0 and slots[SLOT_LEVEL, p] <= k:
                    if (
                        clocked
                        and p != place
                        and time_us[i] - time_us[slots[SLOT_LAST, p]] > window
                    ):
                        break
                    slots[SLOT_LEVEL, p] = k + 1
                    p -= 1
            if k + 1 > best:
                best, best_row = k + 1, i
                if best == last:
                    done_row = i
            done = done or k + 1 == cap
        if done and slot_of[cap - 1] == count - 1:
            # No entry so far can come further, nor can another of this day.
            live = ONE
            if (
                i < stop
                and slots[SLOT_DAY, count - 1] == np.int64(run_day[run])
                and (cap == last or time_us[stop - 1] + plan[REACH] < plan[HORIZON])
            ):
                i = stop
                continue
        i += 1
    result[0], result[1], result[2], result[3] = count, best, best_row, done_row
    return True


@inlined
def _note_days(count, plan, slots, time_us, trend, trend_open):  # type: ignore[no-untyped-def]
    """Add a unit's entry days to the trend; see `funnel_units.note_days`."""
    last = plan[LAST]
    ascending = True
    for p in range(1, count):
        ascending = ascending and slots[SLOT_DAY, p] > slots[SLOT_DAY, p - 1]
    for p in range(count):
        day, row, level = slots[SLOT_DAY, p], slots[SLOT_LAST, p], slots[SLOT_LEVEL, p]
        again = False
        if not ascending:  # a day can come back after the next one began
            for q in range(p):
                again = again or slots[SLOT_DAY, q] == day
            for q in range(p + 1, count):
                if slots[SLOT_DAY, q] == day:
                    row = max(row, slots[SLOT_LAST, q])
                    level = max(level, slots[SLOT_LEVEL, q])
        if again:
            continue
        trend[day - plan[FIRST_DAY], level] += 1
        if level < last and time_us[row] + plan[REACH] >= plan[HORIZON]:
            trend_open[day - plan[FIRST_DAY]] += 1


@inlined
def _finish(  # type: ignore[no-untyped-def]
    unit, result, slots, time_us, name, bit_of, bits, first_row, plan, wants_entry, state,
    weakest, entry_row,
    times, trend, trend_open, sizes,
):  # fmt: skip
    """Write a unit; see `funnel_units.finish_unit`."""
    count, level, best_row, done_row = result[0], result[1], result[2], result[3]
    last, window = plan[LAST], plan[WINDOW]
    is_open = level < last and (time_us[slots[SLOT_LAST, count - 1]] + plan[REACH] >= plan[HORIZON])
    state[unit] = np.uint8(level) | OPEN if is_open else np.uint8(level)
    weakest[unit] = level
    sizes[2] += level
    entered = time_us[slots[SLOT_FIRST, 0]]
    done = np.int64(-1)
    if done_row >= 0 and time_us[done_row] - entered <= window:
        done = time_us[done_row]
    note_time(entered, done, plan, times, sizes)
    _note_days(count, plan, slots, time_us, trend, trend_open)
    if wants_entry:
        p = 0
        while slots[SLOT_LEVEL, p] < level:
            p += 1
        i = slots[SLOT_FIRST, p]
        while True:
            mask = bits[i - first_row] if len(bits) else bit_of[name[i]]
            if mask & ONE and time_us[best_row] - time_us[i] <= window:
                break
            i += 1
        entry_row[unit] = i


@inlined
def _have_ties(flags, a, b):  # type: ignore[no-untyped-def]
    found = np.uint8(0)
    for i in range(a, b):
        found |= flags[i]
    return found & TIED


@njit(nogil=True, cache=True)
def scan_part(  # type: ignore[no-untyped-def]
    first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit, user_session,
    run_row, run_day, visit_row, visit_session, time_us, flags, name, bit_of, bits,
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
        first_row: The part's first row.
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
    begun, slot_of = np.zeros(65, np.int64), np.zeros(65, np.int64)
    result = np.zeros(4, np.int64)
    _scan_users(
        first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit,
        user_session, run_row, run_day, visit_row, visit_session, time_us, flags, name, bit_of,
        bits, plan, wants_entry, state, weakest, entry_row, left, times, trend, trend_open, sizes,
        begun, slot_of, slots, result,
    )  # fmt: skip


@inner
def _scan_users(  # type: ignore[no-untyped-def]
    first_user, end_user, chosen, wanted, user_row, user_names, user_run, user_visit, user_session,
    run_row, run_day, visit_row, visit_session, time_us, flags, name, bit_of, bits,
    plan, wants_entry, state, weakest, entry_row, left, times, trend, trend_open, sizes, begun,
    slot_of, slots,
    result,
):  # fmt: skip
    """`scan_part` with its scratch."""
    last, sessions = plan[LAST], plan[COUNTING] == 1
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
        if sessions:
            simple = not _have_ties(flags, a, b)
            before = 0
            for v in range(v0, v1):
                number = np.int64(visit_session[v])
                simple = simple and (number == 0 or number > before)
                before = max(before, number)
            if not simple:
                left[u] = 1
                sizes[4] += 1
                continue
            unit = np.int64(user_session[u]) - np.int64(user_session[first_user])
        else:
            v1 = v0 + 1  # the user as one visit
            unit = u - first_user
        for v in range(v0, v1):
            lo, hi, place = a, b, unit
            if sessions:
                lo = np.int64(visit_row[v])
                hi = np.int64(visit_row[v + 1]) if v + 1 < v1 else b
                if visit_session[v] == 0:
                    continue
                while run + 1 < run_end and np.int64(run_row[run + 1]) <= lo:
                    run += 1
                place = unit + np.int64(visit_session[v]) - 1
            if not scan(lo, hi, cap, run, run_end, run_row, run_day, time_us, name, flags,
                        bit_of, bits, first_row, plan, begun, slot_of, slots, result):  # fmt: skip
                left[u] = 1
                sizes[4] += 1
            elif result[1] > 0:
                _finish(place, result, slots, time_us, name, bit_of, bits, first_row, plan,
                        wants_entry, state, weakest, entry_row, times, trend, trend_open,
                        sizes)  # fmt: skip


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
