"""Funnels in order with one window: the units of several days, or of more time than the window."""

# mypy: disable-error-code="assignment"

from __future__ import annotations

import numpy as np

from ga4_analytics.kernels.funnel_bits import fits, lay_out
from ga4_analytics.kernels.funnel_climb import climb, start_of_ties
from ga4_analytics.kernels.funnel_days import (
    BEST,
    CHAINS,
    COUNT,
    DONE_ROW,
    SLOT_FIRST,
    SLOT_LAST,
    are_simple,
    climb_days,
    climb_days_by_bits,
    entry_of,
    note_slots,
    scan,
)
from ga4_analytics.kernels.funnel_units import (
    HORIZON,
    LAST,
    NO,
    OPEN,
    REACH,
    WINDOW,
    YES,
    note_time,
)
from ga4_analytics.kernels.lean import inlined, inner


@inlined
def write(  # type: ignore[no-untyped-def]
    unit, level, weak, knots, is_open, entry, wants_entry, state, weakest, entry_row, sizes
):  # fmt: skip
    """Write a unit; see `funnel_units.finish_unit`."""
    state[unit] = np.uint8(level) | OPEN if is_open else np.uint8(level)
    weakest[unit] = weak
    sizes[2] += level
    sizes[3] += knots
    if wants_entry:
        entry_row[unit] = entry


@inner
def judge_late(  # type: ignore[no-untyped-def]
    late, first_row, user_run, run_row, run_day, time_us, name, flags, bit_of, bits, single, plan,
    wants_entry, state, weakest, entry_row, left, times, trend, trend_open, sizes, begun, slot_of,
    slots, spare, result, words,
):  # fmt: skip
    """Judge the units that were put aside.

    Apart from the others, which then are judged in a loop that the processor's registers
    suffice for.

    Args:
        late: int64 (units, 6): user, place, first row, the row after the last, the deepest step
            by its names and the day run of its first row, of each.
        first_row: The part's first row.
        user_run: See `scan_part`, as those up to ``sizes``.
        begun: See `scan`, as those that follow.
    """
    for n in range(len(late)):
        u, unit, a, b, cap, run = (
            late[n, 0], late[n, 1], late[n, 2], late[n, 3], late[n, 4], late[n, 5],
        )  # fmt: skip
        if not _judge(unit, a, b, cap, run, np.int64(user_run[u + 1]), run_row, run_day, time_us,
                      name, flags, bit_of, bits, first_row, single, plan, wants_entry, state,
                      weakest, entry_row, times, trend, trend_open, sizes, begun, slot_of, slots,
                      spare, result, words):  # fmt: skip
            left[u] = 1
            sizes[4] += 1


@inlined
def _judge(  # type: ignore[no-untyped-def]
    unit, a, b, cap, run, run_end, run_row, run_day, time_us, name, flags, bit_of, bits,
    first_row, single, plan, wants_entry, state, weakest, entry_row, times, trend, trend_open,
    sizes, begun, slot_of, slots, spare, result, words,
):  # fmt: skip
    """Judge a unit; say whether no tied rows compete for steps, else nothing is written."""
    last, window = plan[LAST], plan[WINDOW]
    if time_us[b - 1] - time_us[a] <= window and are_simple(b, run, run_end, run_row, run_day,
                                                             flags):  # fmt: skip
        if bits is None and fits(a, b, flags, words):
            lay_out(a, b, name, flags, bit_of, words)
            count, level, weak, knots, done_row = climb_days_by_bits(
                a, b, cap, run, run_end, run_row, run_day, time_us, words, plan, slots
            )
        else:
            count, level, weak, knots, done_row = climb_days(
                a, b, cap, run, run_end, run_row, run_day, time_us, name, flags, bit_of, bits,
                first_row, single, plan, slots,
            )  # fmt: skip
        if count <= 0:
            return count == 0
        entry = slots[SLOT_FIRST, 0]
    else:
        if not scan(a, b, cap, NO, run, run_end, run_row, run_day, time_us, name, flags, bit_of,
                    bits, first_row, single, plan, begun, slot_of, slots, result):  # fmt: skip
            return False
        count, level, done_row = result[COUNT], result[BEST], result[DONE_ROW]
        if level == 0:
            return True
        entry = entry_of(result, run, run_end, run_row, run_day, b, time_us, name, flags, bit_of,
                         bits, first_row, plan, slots)  # fmt: skip
        calm, _, weak, knots, _, _, sure = climb(
            start_of_ties(entry, a, flags), b, level, YES, name, flags, bit_of, bits, first_row,
            single,
        )  # fmt: skip
        if not calm:
            return False
        # Where the attempt comes as far in the worst order, no other is to be looked at.
        certain = sure >= 0 and time_us[sure] - time_us[entry] <= window
        weak = level
        if result[CHAINS] and not certain:
            scan(a, b, cap, YES, run, run_end, run_row, run_day, time_us, name, flags, bit_of,
                 bits, first_row, single, plan, begun, slot_of, spare, result)  # fmt: skip
            weak = result[BEST]
    entered, last_time = time_us[slots[SLOT_FIRST, 0]], time_us[slots[SLOT_LAST, count - 1]]
    is_open = level < last and last_time + plan[REACH] >= plan[HORIZON]
    done = np.int64(-1)
    if done_row >= 0 and time_us[done_row] - entered <= window:
        done = time_us[done_row]
    note_time(entered, done, plan, times, sizes)
    note_slots(count, plan, slots, time_us, trend, trend_open)
    write(unit, level, weak, knots, is_open, entry, wants_entry, state, weakest, entry_row, sizes)
    return True
