"""Funnels in order with one window: the units of several days, or of more time than the window."""

# mypy: disable-error-code="assignment"

from __future__ import annotations

import numpy as np

from ga4_analytics.kernels.funnel_climb import climb, start_of_ties
from ga4_analytics.kernels.funnel_days import (
    BEST,
    CHAINS,
    COUNT,
    DONE_ROW,
    SLOT_DAY,
    SLOT_FIRST,
    SLOT_LAST,
    climb_days,
    entry_of,
    is_open,
    note_slots,
    scan,
)
from ga4_analytics.kernels.funnel_rows import is_tied_at, spread
from ga4_analytics.kernels.funnel_units import LAST, NO, OPEN, WINDOW, YES, note_time
from ga4_analytics.kernels.lean import inlined, inner


@inlined
def write(  # type: ignore[no-untyped-def]
    unit, level, weak, knots, may_go_on, entry, wants_entry, state, weakest, entry_row, sizes
):  # fmt: skip
    """Write a unit; see `funnel_units.finish_unit`."""
    state[unit] = np.uint8(level) | OPEN if may_go_on else np.uint8(level)
    weakest[unit] = weak
    sizes[2] += level
    sizes[3] += knots
    if wants_entry:
        entry_row[unit] = entry


@inner
def judge_late(  # type: ignore[no-untyped-def]
    late, user_run, run_row, run_day, time_us, steps, plan, days, wants_entry,
    state, weakest, entry_row, left, times, trend, trend_open, sizes, begun, slot_of, slots,
    spare, result,
):  # fmt: skip
    """Judge the units that were put aside.

    Apart from the others, which then are judged in a loop that the processor's registers
    suffice for.

    Args:
        late: int64 (units, 6): user, place, first row, the row after the last, the deepest step
            by its names and the day run of its first row, of each.
        user_run: See `scan_part`, as those up to ``sizes``.
        begun: See `scan`, as those that follow.
    """
    for n in range(len(late)):
        u, unit, a, b, cap, run = (
            late[n, 0], late[n, 1], late[n, 2], late[n, 3], late[n, 4], late[n, 5],
        )  # fmt: skip
        if not _judge(unit, a, b, cap, run, np.int64(user_run[u + 1]), run_row, run_day, time_us,
                      steps, plan, days, wants_entry, state, weakest, entry_row,
                      times, trend, trend_open, sizes, begun, slot_of, slots, spare,
                      result):  # fmt: skip
            left[u] = 1
            sizes[4] += 1


@inlined
def _judge(  # type: ignore[no-untyped-def]
    unit, a, b, cap, run, run_end, run_row, run_day, time_us, steps, plan, days,
    wants_entry, state, weakest, entry_row, times, trend, trend_open, sizes, begun, slot_of,
    slots, spare, result,
):  # fmt: skip
    """Judge a unit; say whether no tied rows compete for steps, else its rows are spread."""
    last, window = plan[LAST], plan[WINDOW]
    count = np.int64(-1)
    level, weak, knots, done_row, entry = (
        np.int64(0), np.int64(0), np.int64(0), np.int64(-1), np.int64(-1),
    )  # fmt: skip
    if _is_simple(a, b, run, run_end, run_row, run_day, steps):
        count, level, weak, knots, done_row, entry = climb_days(
            a, b, cap, run, run_end, run_row, run_day, time_us, plan, days, slots, steps
        )
    if count < 0:
        spread(a, b, steps)
        flags, bits, first_row, single = steps.flags, steps.bits, steps.first_row, steps.single
        if not scan(a, b, cap, NO, run, run_end, run_row, run_day, time_us, flags, bits, first_row,
                    single, plan, begun, slot_of, slots, result):  # fmt: skip
            return False
        count, level, done_row = result[COUNT], result[BEST], result[DONE_ROW]
        if level == 0:
            return True
        entry = entry_of(
            result, run, run_end, run_row, run_day, b, time_us, bits, first_row, plan, slots
        )
        calm, _, weak, knots, _, _, sure = climb(
            start_of_ties(entry, a, flags), b, level, YES, flags, bits, first_row, single
        )
        if not calm:
            return False
        # Where the attempt comes as far in the worst order, no other is to be looked at.
        certain = sure >= 0 and time_us[sure] - time_us[entry] <= window
        weak = level
        if result[CHAINS] and not certain:
            scan(a, b, cap, YES, run, run_end, run_row, run_day, time_us, flags, bits, first_row,
                 single, plan, begun, slot_of, spare, result)  # fmt: skip
            weak = result[BEST]
    if count == 0:
        return True
    day = slots[SLOT_DAY, count - 1]
    may_go_on = level < last and is_open(day, slots[SLOT_LAST, count - 1], plan, days, time_us)
    day, entered = slots[SLOT_DAY, 0], slots[SLOT_FIRST, 0]
    is_done = done_row >= 0 and time_us[done_row] - time_us[entered] <= window
    # Who was watched in vain to the window's end has no time to be noted.
    if is_done or is_open(day, entered, plan, days, time_us):
        done = time_us[done_row] if is_done else np.int64(-1)
        note_time(time_us[entered], done, plan, times, sizes)
    note_slots(count, plan, days, slots, time_us, trend, trend_open)
    write(unit, level, weak, knots, may_go_on, entry, wants_entry, state, weakest, entry_row,
          sizes)  # fmt: skip
    return True


@inlined
def _is_simple(a, b, run, run_end, run_row, run_day, steps):  # type: ignore[no-untyped-def]
    """Whether the days of a unit follow one another, and no moment is of two or of two units."""
    if is_tied_at(a, steps) or is_tied_at(b, steps):
        return False
    while run + 1 < run_end and np.int64(run_row[run + 1]) < b:
        run += 1
        if run_day[run] <= run_day[run - 1] or is_tied_at(np.int64(run_row[run]), steps):
            return False
    return True
