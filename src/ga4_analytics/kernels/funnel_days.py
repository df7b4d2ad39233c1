"""All attempts of a unit whose rows lie together, by day of entry, straight from the index.

See `funnel_walk`, which does the same for events that were gathered: of the entries that have
come with a step, the latest counts.
"""

# mypy: disable-error-code="assignment"

from __future__ import annotations

import numpy as np

from ga4_analytics.kernels.funnel_bits import climb_by_bits, entries, moment_of
from ga4_analytics.kernels.funnel_climb import (
    climb,
    crowd,
    find_entry,
    is_tied,
    mask_at,
    start_of_ties,
)
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

TWO, EIGHT, BYTE = np.uint64(2), np.uint64(8), np.uint64(255)
HIGHEST = np.array([max(n.bit_length() - 1, 0) for n in range(256)], np.uint8)
"""The highest bit of each byte."""
SLOT_DAY, SLOT_LAST, SLOT_LEVEL, SLOT_FIRST = range(4)
COUNT, BEST, BEST_ROW, DONE_ROW, CHAINS = range(5)
MOST_DAYS = 10


@inlined
def _highest(mask):  # type: ignore[no-untyped-def]
    """The highest bit of a mask."""
    k = np.int64(0)
    while mask > BYTE:
        mask >>= EIGHT
        k += 8
    return k + HIGHEST[mask]


@inlined
def run_end_of(run, run_end, run_row, b):  # type: ignore[no-untyped-def]
    """The row after a day run's last."""
    return np.int64(run_row[run + 1]) if run + 1 < run_end else b


@inner
def scan(  # type: ignore[no-untyped-def]
    a, b, cap, worst, run, run_end, run_row, run_day, time_us, name, flags, bit_of, bits,
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
        bit_of: See `climb`, as the next three.
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
        mask = mask_at(i, name, flags, bit_of, bits, first_row) & live
        if not mask:
            i += 1
            continue
        lo, hi, rising = i, i + 1, False
        if is_tied(i, flags) or (i + 1 < b and is_tied(i + 1, flags)):
            lo = start_of_ties(i, a, flags)
            while hi < b and is_tied(hi, flags):
                hi += 1
            rows = 2 if single else crowd(lo, hi, name, flags, bit_of, bits, first_row)
            if rows == 99:
                return False
            # In the best order each step finds the one before done; in the worst, none.
            rising = rows > 1 and not worst
            for j in range(lo, hi):
                mask |= mask_at(j, name, flags, bit_of, bits, first_row)
        done, moved = False, -1
        while mask:
            # Of one event the deepest step first: it serves one.
            k = _highest(mask & (~mask + ONE) if rising else mask)
            bit = ONE << np.uint64(k)
            mask ^= bit
            if not live & bit:
                continue
            if k == 0:
                entered = False
                for j in range(lo, hi):
                    if not mask_at(j, name, flags, bit_of, bits, first_row) & ONE:
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
    a, b, cap, run, run_end, run_row, run_day, time_us, name, flags, bit_of, bits, first_row,
    single, plan, slots,
):  # fmt: skip
    """Judge the entry days of a unit that is over within the window: each by its first entry.

    An entry comes no further than one before it, so that a day is through as soon as it has
    what the day before had.

    Args:
        a: See `scan`, as those that follow.

    Returns:
        How many days have entries, -1: tied rows compete for steps; of the first entry the
        level, that in the worst order, tied rows that serve, and the row that reached the last
        step, -1: none.
    """
    count, goal, first = np.int64(0), cap, True
    level, weak, knots, done = np.int64(0), np.int64(0), np.int64(0), np.int64(-1)
    while a < b:
        end = min(run_end_of(run, run_end, run_row, b), b)
        day = np.int64(run_day[run])
        entry = end
        if plan[FIRST_DAY] <= day <= plan[LAST_DAY]:
            entry = find_entry(a, end, name, flags, bit_of, bits, first_row)
        if entry < end:
            calm, goal, worst, tied, entry, at, _ = climb(
                start_of_ties(entry, a, flags), b, goal, first, name, flags, bit_of, bits,
                first_row, single,
            )  # fmt: skip
            if not calm:
                return np.int64(-1), level, weak, knots, done
            if first:
                level, weak, knots, first = goal, worst, tied, False
                if level == plan[LAST]:
                    done = at
            slots[SLOT_DAY, count], slots[SLOT_LEVEL, count] = day, goal
            slots[SLOT_FIRST, count] = slots[SLOT_LAST, count] = entry
            if time_us[end - 1] + plan[REACH] >= plan[HORIZON]:
                slots[SLOT_LAST, count] = last_entry(end, name, flags, bit_of, bits, first_row)
            count += 1
        a = end
        run += 1
    return count, level, weak, knots, done


@inlined
def climb_days_by_bits(  # type: ignore[no-untyped-def]
    a, b, cap, run, run_end, run_row, run_day, time_us, words, plan, slots
):
    """As `climb_days`, of a unit that `lay_out` wrote into words; rows never compete there."""
    count, goal, first = np.int64(0), cap, True
    level, weak, knots, done = np.int64(0), np.int64(0), np.int64(0), np.int64(-1)
    begin = a
    while begin < b:
        end = min(run_end_of(run, run_end, run_row, b), b)
        day = np.int64(run_day[run])
        start = np.uint64(begin - a)
        found = entries(words, start, np.uint64(end - a))
        if found and plan[FIRST_DAY] <= day <= plan[LAST_DAY]:
            since = moment_of(lowest_bit(found), start, words)
            goal, worst, tied, entry, at, _ = climb_by_bits(words, since, goal, first)
            if first:
                level, weak, knots, first = goal, worst, tied, False
                if level == plan[LAST]:
                    done = a + at
            slots[SLOT_DAY, count], slots[SLOT_LEVEL, count] = day, goal
            slots[SLOT_FIRST, count] = slots[SLOT_LAST, count] = a + entry
            if time_us[end - 1] + plan[REACH] >= plan[HORIZON]:
                slots[SLOT_LAST, count] = a + np.int64(highest_bit(found))
            count += 1
        begin = end
        run += 1
    return count, level, weak, knots, done


@inlined
def last_entry(i, name, flags, bit_of, bits, first_row):  # type: ignore[no-untyped-def]
    """The last row before ``i`` that can serve the first step; there is one."""
    i -= 1
    while not mask_at(i, name, flags, bit_of, bits, first_row) & ONE:
        i -= 1
    return i


@inlined
def are_simple(b, run, run_end, run_row, run_day, flags):  # type: ignore[no-untyped-def]
    """Whether a unit has few days, one after the other, that share no moment.

    Of many days each could have to look at all rows.
    """
    begun = run
    while run + 1 < run_end and np.int64(run_row[run + 1]) < b:
        run += 1
        if run_day[run] <= run_day[run - 1] or is_tied(run_row[run], flags):
            return False
    return run - begun < MOST_DAYS


@inlined
def note_slots(count, plan, slots, time_us, trend, trend_open):  # type: ignore[no-untyped-def]
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
def entry_of(  # type: ignore[no-untyped-def]
    result, run, run_end, run_row, run_day, b, time_us, name, flags, bit_of, bits, first_row,
    plan, slots,
):  # fmt: skip
    """The row of the earliest entry that came furthest: the first in time for the best row."""
    p = 0
    while slots[SLOT_LEVEL, p] < result[BEST]:
        p += 1
    i = slots[SLOT_FIRST, p]
    stop = run_end_of(run, run_end, run_row, b)
    while True:
        mask = mask_at(i, name, flags, bit_of, bits, first_row)
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
