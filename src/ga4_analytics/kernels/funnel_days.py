"""All attempts of a unit whose rows lie together, by day of entry, straight from the index.

`scan` does what `funnel_walk` does for events that were gathered: of the entries that have come
with a step, the latest counts. `climb_days` needs no clock.
"""

# mypy: disable-error-code="assignment"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ga4_analytics.kernels.funnel_climb import crowd, is_tied, mask_at, start_of_ties
from ga4_analytics.kernels.funnel_rows import climb_rows, last_row, next_row
from ga4_analytics.kernels.funnel_ties import ONE
from ga4_analytics.kernels.funnel_units import (
    FIRST_DAY,
    HORIZON,
    LAST,
    LAST_DAY,
    REACH,
    WINDOW,
)
from ga4_analytics.kernels.lean import inlined, inner
from ga4_analytics.kernels.words import highest_bit, lowest_bit

TWO = np.uint64(2)
SLOT_DAY, SLOT_LAST, SLOT_LEVEL, SLOT_FIRST = range(4)
COUNT, BEST, BEST_ROW, DONE_ROW, CHAINS = range(5)
MOST_DAYS = 10
"""Of more days in a window each could have to look at all rows of them."""
MAY_BE_LONG, MAY_BE_OPEN = np.uint8(1), np.uint8(2)
"""Of units of a day alone: they could be longer than the window; they could come further."""


class Days(NamedTuple):
    """What is known of units by their days, so that few of their times need be read.

    Attributes:
        first: The day of the first of ``edges``.
        edges: int64 (days, 2): the earliest and the latest time of each day's rows.
        doubts: uint8, one a day of the question: `MAY_BE_LONG`, `MAY_BE_OPEN`.
    """

    first: Any
    edges: Any
    doubts: Any


@inlined
def run_end_of(run, run_end, run_row, b):  # type: ignore[no-untyped-def]
    """The row after a day run's last."""
    return np.int64(run_row[run + 1]) if run + 1 < run_end else b


@inner
def scan(  # type: ignore[no-untyped-def]
    a, b, cap, worst, run, run_end, run_row, run_day, time_us, flags, bits,
    first_row, single, plan, begun, slot_of, slots, result,
):  # fmt: skip
    """Judge every entry day of a unit.

    Args:
        a: First row.
        b: The row after the last.
        cap: The deepest step that it can reach, by its names.
        worst: Whether ties are resolved against the funnel.
        run: The day run of the first row.
        run_end: The day run after the user's last.
        run_row: See `Segment`, as those up to ``flags``.
        bits: See `climb`, as the next two.
        plan: The question's numbers.
        begun: int64 scratch, one a step: row of the latest entry that has come so far.
        slot_of: int64 scratch, one a step: its place in ``slots``.
        slots: int64 (4, days) out: day, row of the last entry, level, row of the first entry.
        result: int64 (5,) out: days with entries; best level; row where it was first reached;
            row where the last step was first reached, -1 never; 1 where a moment gave an
            attempt several steps.

    Returns:
        Whether no tied rows compete for steps; else nothing of the above holds.
    """
    last, window = plan[LAST], plan[WINDOW]
    clocked = time_us[b - 1] - time_us[a] > window
    count, best, best_row, done_row, chains = 0, 0, -1, -1, 0
    # Bit k: an event of step k would bring a later entry there than has come so far.
    live = ONE
    stop = run_end_of(run, run_end, run_row, b)
    i = a
    while i < b:
        mask = mask_at(i, bits, first_row) & live
        if not mask:
            i += 1
            continue
        lo, hi, rising = i, i + 1, False
        if is_tied(i, flags) or (i + 1 < b and is_tied(i + 1, flags)):
            lo = start_of_ties(i, a, flags)
            while hi < b and is_tied(hi, flags):
                hi += 1
            rows = 2 if single else crowd(lo, hi, bits, first_row)
            if rows == 99:
                return False
            # In the best order each step finds the one before done; in the worst, none.
            rising = rows > 1 and not worst
            for j in range(lo, hi):
                mask |= mask_at(j, bits, first_row)
        done, moved = False, -1
        while mask:
            # Of one event the deepest step first: it serves one.
            k = np.int64(lowest_bit(mask) if rising else highest_bit(mask))
            bit = ONE << np.uint64(k)
            mask ^= bit
            if not live & bit:
                continue
            if k == 0:
                entered = False
                for j in range(lo, hi):
                    if not mask_at(j, bits, first_row) & ONE:
                        continue
                    while j >= stop:
                        run += 1
                        stop = run_end_of(run, run_end, run_row, b)
                    day = np.int64(run_day[run])
                    if day < plan[FIRST_DAY] or day > plan[LAST_DAY]:
                        continue
                    entered = True
                    if count == 0 or slots[SLOT_DAY, count - 1] != day:
                        slots[SLOT_DAY, count] = day
                        slots[SLOT_LEVEL, count] = 1
                        slots[SLOT_FIRST, count] = j
                        count += 1
                    slots[SLOT_LAST, count - 1] = j
                    begun[0] = j
                    slot_of[0] = count - 1
                if not entered:
                    continue
                if cap > 1:
                    live |= TWO
            else:
                source = begun[k - 1]
                live &= ~bit
                if clocked and time_us[i] - time_us[source] > window:
                    continue
                if moved == k - 1:
                    chains = 1
                begun[k] = source
                place = slot_of[k - 1]
                slot_of[k] = place
                if k + 1 < cap:
                    live |= bit << ONE
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
            if rising:
                moved = k
            if k + 1 > best:
                best, best_row = k + 1, i
                if best == last:
                    done_row = i
            done = done or k + 1 == cap
        i = hi
        if done and slot_of[cap - 1] == count - 1:
            # No entry so far can come further, nor can another of this day.
            live = ONE
            if (
                i <= stop
                and slots[SLOT_DAY, count - 1] == np.int64(run_day[run])
                and (cap == last or time_us[stop - 1] + plan[REACH] < plan[HORIZON])
            ):
                i = stop
    result[COUNT], result[BEST], result[BEST_ROW], result[DONE_ROW] = (
        count,
        best,
        best_row,
        done_row,
    )
    result[CHAINS] = chains
    return True


@inlined
def climb_days(  # type: ignore[no-untyped-def]
    a, b, cap, run, run_end, run_row, run_day, time_us, plan, days, slots, steps,
):  # fmt: skip
    """Judge the entry days of a unit, each by its first entry.

    Up to the first day that is beyond the window of all entries of a day, none of these comes
    further than the first, unless what the first finds is beyond its own window. Nor does an
    entry of a later day come further before the same end.

    Args:
        a: See `scan`, as those up to ``plan``; no moment goes from one day run to another.
        days: What is known of them.
        slots: See `scan`.
        steps: What serves.

    Returns:
        How many days have entries, -1: it takes `scan` to tell; of the best attempt the level,
        that in the worst order, tied rows that serve; the row with which the first entry's
        attempt reached the last step, -1: none; the best attempt's entry.
    """
    count, best, weakest, knots = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    done, entry, level, until = np.int64(-1), np.int64(-1), cap, np.int64(-1)
    sure, far, sure_run, far_run, window = a, a, run, run, plan[WINDOW]
    while a < b:
        end = min(run_end_of(run, run_end, run_row, b), b)
        day = np.int64(run_day[run])
        edges = days.edges[day - days.first]
        # Rows before ``sure`` are within the window of any row of this day, those from ``far``
        # on of none.
        while sure < b and days.edges[run_day[sure_run] - days.first, 1] - edges[0] <= window:
            sure = min(run_end_of(sure_run, run_end, run_row, b), b)
            sure_run += 1
        while far < b and days.edges[run_day[far_run] - days.first, 0] - edges[1] <= window:
            far = min(run_end_of(far_run, run_end, run_row, b), b)
            far_run += 1
        row = end
        if plan[FIRST_DAY] <= day <= plan[LAST_DAY]:
            row = next_row(0, a, end, steps)
        if row < end:
            goal = level if far == until else cap
            calm, level, weak, tied, _, at, latest = climb_rows(row, far, goal, steps)
            latest = max(at, latest)
            is_late = latest >= sure and time_us[latest] - time_us[row] > window
            if not calm or is_late or far_run - run > MOST_DAYS:
                return np.int64(-1), best, weakest, knots, done, entry
            if count == 0 and level == plan[LAST]:
                done = at
            if level > best:
                best, knots, entry = level, tied, row
            weakest, until = max(weakest, weak), far
            slots[SLOT_DAY, count], slots[SLOT_LEVEL, count] = day, level
            slots[SLOT_FIRST, count] = slots[SLOT_LAST, count] = row
            if days.doubts[day - plan[FIRST_DAY]] & MAY_BE_OPEN:
                slots[SLOT_LAST, count] = last_row(0, row, end, steps)
            count += 1
        a = end
        run += 1
    return count, best, weakest, knots, done, entry


@inlined
def is_open(day, row, plan, days, time_us):  # type: ignore[no-untyped-def]
    """Whether an attempt that begins with a row of a day can still come further."""
    doubtful = days.doubts[day - plan[FIRST_DAY]] & MAY_BE_OPEN
    return doubtful != 0 and time_us[row] + plan[REACH] >= plan[HORIZON]


@inlined
def note_slots(  # type: ignore[no-untyped-def]
    count, plan, days, slots, time_us, trend, trend_open
):
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
        if level < last and is_open(day, row, plan, days, time_us):
            trend_open[day - plan[FIRST_DAY]] += 1


@inlined
def entry_of(  # type: ignore[no-untyped-def]
    result, run, run_end, run_row, run_day, b, time_us, bits, first_row, plan, slots
):
    """The row of the earliest entry that came furthest: the first in time for the best row."""
    p = 0
    while slots[SLOT_LEVEL, p] < result[BEST]:
        p += 1
    i = slots[SLOT_FIRST, p]
    stop = run_end_of(run, run_end, run_row, b)
    while True:
        mask = mask_at(i, bits, first_row)
        if mask & ONE:
            while i >= stop:
                run += 1
                stop = run_end_of(run, run_end, run_row, b)
            if (
                plan[FIRST_DAY] <= np.int64(run_day[run]) <= plan[LAST_DAY]
                and time_us[result[BEST_ROW]] - time_us[i] <= plan[WINDOW]
            ):
                return i
        i += 1
