"""Funnels in general: gathers each unit's events, judges it, and writes what came out.

The numbers of a question travel in one int64 array, `PLAN` saying which stands where.
"""

from __future__ import annotations

import numpy as np

from ga4_analytics.kernels.funnel_attempts import (
    chain_with_rules,
    reach_freely,
    reach_with_rules,
)
from ga4_analytics.kernels.funnel_orders import reach_in_any_order, reach_strictly
from ga4_analytics.kernels.funnel_rules import reach_by_rule
from ga4_analytics.kernels.funnel_ties import ONE
from ga4_analytics.kernels.funnel_walk import enter_day, walk
from ga4_analytics.kernels.lean import inlined, inner

PLAN = (
    "last", "window", "step_window", "least", "order", "counting", "rule", "grain",
    "inside_only", "first_only", "first_day", "last_day", "horizon", "reach", "bare", "keep",
)  # fmt: skip
(
    LAST, WINDOW, STEP_WINDOW, LEAST, ORDER, COUNTING, RULE, GRAIN,
    INSIDE_ONLY, FIRST_ONLY, FIRST_DAY, LAST_DAY, HORIZON, REACH, BARE, KEEP,
) = range(16)  # fmt: skip
"""Steps; window, step window and least time (microseconds); 0 ordered, 1 strict, 2 any; 0 user,
1 session, 2 attempt; a rule of `funnel_rules` or 0; a grain of time or 0: as it is; whether
events outside the days do not exist; whether only the first entry counts; the days; the first
microsecond of which nothing is known; how long an attempt can take at most; whether there is
only the one window; whether the events of each attempt are kept."""
NO_LIMIT = 2**61
"""The window of a question without one."""
# Numba compiles a function anew for a literal, not for these.
NO, YES = np.bool_(False), np.bool_(True)
OPEN = np.uint8(128)
TIED, TIMELESS = np.uint8(1), np.uint8(8)
# Rows of the int64 scratch.
TIME, MOMENT, DAY, ROW, KNOT, SLOT_DAY, SLOT_WHEN, SLOT_LEVEL = range(8)


@inner
def gather(  # type: ignore[no-untyped-def]
    a, b, start, count, plan, user_row, u, run_row, run_day, user_run, time_us, flags, bits,
    banned, seen, first_row, events, steps, bans,
):  # fmt: skip
    """Append the events of rows ``a`` to ``b`` that matter to a unit's, and give their number."""
    if a >= b:
        return count
    lo, hi = np.int64(user_run[u]), np.int64(user_run[u + 1])
    run = lo + np.searchsorted(run_row[lo:hi], np.uint32(a), side="right") - 1
    origin = a
    while flags[origin] & TIED and origin > start:
        origin -= 1
    end = np.int64(user_row[u + 1])
    strict = plan[ORDER] == 1
    for i in range(a, b):
        if not flags[i] & TIED:
            origin = i
        mask = bits[i - first_row]
        ban = banned[i - first_row] if len(banned) else np.uint64(0)
        if mask == 0 and ban == 0 and not (strict and seen[i - first_row]):
            continue
        if flags[i] & TIMELESS:
            continue
        while run + 1 < hi and np.int64(run_row[run + 1]) <= i:
            run += 1
        day = np.int64(run_day[run])
        inside = plan[FIRST_DAY] <= day <= plan[LAST_DAY]
        if not inside:
            if plan[INSIDE_ONLY]:
                continue
            if plan[ORDER] != 2:
                mask &= ~ONE
                if mask == 0 and ban == 0 and not strict:
                    continue
        now = time_us[i]
        if plan[GRAIN] > 0:
            now = now // plan[GRAIN] * plan[GRAIN]
            origin = now
        events[TIME, count] = now
        events[MOMENT, count] = origin
        events[DAY, count] = day if inside else -1
        events[ROW, count] = i
        events[KNOT, count] = 1 if flags[i] & TIED or (i + 1 < end and flags[i + 1] & TIED) else 0
        steps[count] = mask
        bans[count] = ban
        count += 1
    return count


@inner
def reach(i, count, plan, covers, worst, events, steps, bans, owner, small, marks, found, out):  # type: ignore[no-untyped-def]
    """How many steps the attempt from event ``i`` reaches, by the question's order."""
    time, moment = events[TIME], events[MOMENT]
    last = plan[LAST]
    if plan[ORDER] == 2:
        return reach_in_any_order(
            i, count, time, steps, moment, last, plan[WINDOW], worst, owner, found, out
        )
    if plan[ORDER] == 1:
        return reach_strictly(
            i, count, time, steps, moment, last, plan[WINDOW], plan[STEP_WINDOW], plan[LEAST],
            worst, owner, found, out,
        )  # fmt: skip
    if plan[BARE]:
        limit = 1 if worst else last
        return reach_freely(
            i, count, time, steps, moment, last, plan[WINDOW], limit, owner, found, out
        )
    level = reach_with_rules(
        i, count, time, steps, bans, moment, last, plan[WINDOW], plan[STEP_WINDOW], plan[LEAST],
        covers, worst, owner, small[0], small[1], small[2], marks, found,
    )  # fmt: skip
    if len(out):
        chain_with_rules(
            i, count, time, steps, bans, moment, level, last, plan[WINDOW], plan[STEP_WINDOW],
            plan[LEAST], covers, owner, marks, small[3:8], out,
        )  # fmt: skip
    return level


@inlined
def may_enter(i, plan, events, steps):  # type: ignore[no-untyped-def]
    """Whether an attempt can begin with event ``i``."""
    if plan[ORDER] == 2:
        return events[DAY, i] >= 0 and steps[i] != 0
    return steps[i] & ONE != 0


@inner
def judge(  # type: ignore[no-untyped-def]
    count, plan, covers, worst, events, steps, bans, owner, small, marks, result,
):  # fmt: skip
    """Judge every entry of a unit; the days' entries go to the slots of ``events``.

    Args:
        count: How many events the unit has.
        plan: The question's numbers.
        covers: See `reach_with_rules`.
        worst: Whether ties are resolved against the funnel.
        events: int64 (8, events).
        steps: uint64, one an event.
        bans: uint64, one an event.
        owner: int64 scratch, see `advance`.
        small: int64 scratch (12, 66).
        marks: uint64 scratch, all 0.
        result: int64 (5,) out: days with entries; best level; its earliest entry; when the
            first entry's attempt was through, -1: never; the first entry, -1: none.
    """
    last, none = plan[LAST], small[0][:0]
    if plan[BARE] and plan[ORDER] == 0 and not plan[FIRST_ONLY]:
        walk(
            count, events[TIME], steps, events[MOMENT], events[DAY], last, plan[WINDOW],
            1 if worst else last, owner, small[0], small[1], small[2], events[SLOT_DAY],
            events[SLOT_WHEN], events[SLOT_LEVEL], result,
        )  # fmt: skip
        first = result[4]
        if first < 0 or worst:
            return
        found = small[8]
        if result[3] >= 0:
            done = reach(first, count, plan, covers, worst, events, steps, bans, owner, small,
                         marks, found, none)  # fmt: skip
            result[3] = found[0] if done == last else -1
        best, when = result[1], result[2]
        i = first
        while not (
            steps[i] & ONE
            and when - events[TIME, i] <= plan[WINDOW]
            and (
                best == 1
                or reach(i, count, plan, covers, worst, events, steps, bans, owner, small,
                         marks, found, none) == best
            )
        ):  # fmt: skip
            i += 1
        result[2] = i
        return
    slots = 0
    found = small[8]
    result[1], result[2], result[3], result[4] = 0, -1, -1, -1
    for i in range(count):
        if not may_enter(i, plan, events, steps):
            continue
        before = slots
        slots = enter_day(slots, events[SLOT_DAY], events[SLOT_WHEN], events[DAY, i],
                          events[TIME, i])  # fmt: skip
        if slots > before:
            events[SLOT_LEVEL, slots - 1] = 0
        if events[SLOT_LEVEL, slots - 1] == last:
            continue
        level = reach(
            i, count, plan, covers, worst, events, steps, bans, owner, small, marks, found, none
        )
        if result[4] < 0:
            result[4] = i
            if level == last:
                result[3] = found[0]
        if level > events[SLOT_LEVEL, slots - 1]:
            events[SLOT_LEVEL, slots - 1] = level
        if level > result[1]:
            result[1], result[2] = level, i
        if plan[FIRST_ONLY]:
            break
    result[0] = slots


@inlined
def note_days(slots, plan, events, trend, trend_open):  # type: ignore[no-untyped-def]
    """Add a unit's entry days to the trend.

    Args:
        slots: How many runs of entries of one day it has.
        plan: The question's numbers.
        events: The slots' rows hold day, last entry and level of each.
        trend: int64 (days, steps + 1): units by day and level.
        trend_open: int64 (days,): those of them that are open.
    """
    for a in range(slots):
        day, when, level = events[SLOT_DAY, a], events[SLOT_WHEN, a], events[SLOT_LEVEL, a]
        again = False
        # A day can come back after the next one began.
        if a + 1 < slots or a > 0:
            for b in range(a):
                again = again or (events[SLOT_DAY, b] == day)
            if again:
                continue
            for b in range(a + 1, slots):
                if events[SLOT_DAY, b] == day:
                    when = max(when, events[SLOT_WHEN, b])
                    level = max(level, events[SLOT_LEVEL, b])
        trend[day - plan[FIRST_DAY], level] += 1
        if level < plan[LAST] and when + plan[REACH] >= plan[HORIZON]:
            trend_open[day - plan[FIRST_DAY]] += 1


@inlined
def note_time(entered, done, plan, times, sizes):  # type: ignore[no-untyped-def]
    """Note how long a first entry took, or how long it was watched in vain.

    Args:
        entered: When it was.
        done: When it was through; -1: it was not.
        plan: The question's numbers.
        times: int64 (2, units): times to conversion; times after which others, that were not
            watched to the end of their window, were lost from sight.
        sizes: int64, the first two of which say how many there are of each.
    """
    if done >= 0:
        times[0, sizes[0]] = done - entered
        sizes[0] += 1
        return
    watched = max(np.int64(0), plan[HORIZON] - entered)
    if watched < plan[REACH]:
        times[1, sizes[1]] = watched
        sizes[1] += 1


@inner
def look_closely(  # type: ignore[no-untyped-def]
    unit, level, entry, count, plan, covers, events, steps, bans, owner, small, marks, weakest,
    chain, sizes, chosen_only,
):  # fmt: skip
    """The part of `finish_unit` that needs the attempt's events."""
    tied = False
    for i in range(count):
        tied = tied or events[KNOT, i] > 0
    out = small[11][: plan[LAST]]
    out[:] = -1
    found = small[8]
    reach(entry, count, plan, covers, NO, events, steps, bans, owner, small, marks, found, out)
    for k in range(level):
        sizes[3] += events[KNOT, out[k]]
        if plan[KEEP]:
            chain[unit, k] = events[ROW, out[k]]
    # The first of tied events is an entry in any order of them.
    if not tied or (plan[ORDER] == 2 and not chosen_only):
        return
    if chosen_only:
        weakest[unit] = reach(
            entry, count, plan, covers, YES, events, steps, bans, owner, small, marks, found,
            small[0][:0],
        )  # fmt: skip
        return
    result = small[10]
    judge(count, plan, covers, YES, events, steps, bans, owner, small, marks, result)
    weakest[unit] = result[1]


@inner
def finish_unit(  # type: ignore[no-untyped-def]
    unit, level, entry, is_open, count, plan, covers, events, steps, bans, owner, small, marks,
    state, weakest, entry_row, chain, sizes, chosen_only,
):  # fmt: skip
    """Write a unit: its level, what ties leave of it, and the events of its best attempt.

    Args:
        unit: Its place in the arrays that follow.
        level: How many steps it reached, at least 1.
        entry: The event with which its best attempt began.
        is_open: Whether it may still come further.
        count: See `judge`, as those that follow.
        state: uint8 out: the level, and 128 where it is open.
        weakest: uint8 out: the level that no order of tied events goes below.
        entry_row: int64 out: the row of ``entry``.
        chain: int64 (units, steps) out: rows of the attempt's events, -1 where there is none.
        sizes: int64; [2] counts the events used, [3] those of them that are tied.
        chosen_only: Whether ``weakest`` is of the attempt from ``entry`` alone.
    """
    state[unit] = np.uint8(level) | OPEN if is_open else np.uint8(level)
    entry_row[unit] = events[ROW, entry]
    weakest[unit] = level
    sizes[2] += level
    for i in range(count):
        if plan[KEEP] or events[KNOT, i]:
            look_closely(
                unit, level, entry, count, plan, covers, events, steps, bans, owner, small, marks,
                weakest, chain, sizes, chosen_only,
            )  # fmt: skip
            break


@inner
def judge_unit(  # type: ignore[no-untyped-def]
    unit, count, plan, covers, events, steps, bans, owner, small, marks, state, weakest, entry_row,
    chain, times, trend, trend_open, sizes,
):  # fmt: skip
    """Judge a unit and write all that is asked of it; give the next free place.

    Args:
        unit: Its place in the arrays; an attempt's place is the next free one.
        count: See `judge`, as those that follow.
        state: See `finish_unit`, as those that follow.
        times: See `note_time`.
        trend: See `note_days`, as the next one.
        sizes: See `note_time` and `finish_unit`.
    """
    result = small[9]
    none = small[0][:0]
    last = plan[LAST]
    if plan[RULE]:
        level = reach_by_rule(plan[RULE], count, events[TIME], steps, events[MOMENT], last,
                              plan[WINDOW], small, marks, result)  # fmt: skip
        if level:
            state[unit] = level
            entry_row[unit] = events[ROW, result[0]]
        return unit + 1
    if plan[COUNTING] < 2:
        judge(count, plan, covers, NO, events, steps, bans, owner, small, marks, result)
        slots, level, best = result[0], result[1], result[2]
        done, first = result[3], result[4]
        if level == 0:
            return unit + 1
        is_open = level < last and events[SLOT_WHEN, slots - 1] + plan[REACH] >= plan[HORIZON]
        note_days(slots, plan, events, trend, trend_open)
        note_time(events[TIME, first], done, plan, times, sizes)
        finish_unit(unit, level, best, is_open, count, plan, covers, events, steps, bans, owner,
                    small, marks, state, weakest, entry_row, chain, sizes, NO)  # fmt: skip
        return unit + 1
    found = small[8]
    for i in range(count):
        if not may_enter(i, plan, events, steps):
            continue
        level = reach(i, count, plan, covers, NO, events, steps, bans, owner, small, marks,
                      found, none)  # fmt: skip
        now = events[TIME, i]
        is_open = level < last and now + plan[REACH] >= plan[HORIZON]
        trend[events[DAY, i] - plan[FIRST_DAY], level] += 1
        trend_open[events[DAY, i] - plan[FIRST_DAY]] += is_open
        note_time(now, found[0] if level == last else np.int64(-1), plan, times, sizes)
        finish_unit(unit, level, i, is_open, count, plan, covers, events, steps, bans, owner,
                    small, marks, state, weakest, entry_row, chain, sizes, YES)  # fmt: skip
        unit += 1
    return unit
