"""All attempts of a unit at once: in order, with one window from the entry.

Of the entries that have come so far with a step, the latest has the most time left, so one
of them a step is kept. What it reaches, every entry before it that is still inside its
window reaches too; so each day's entries are judged on the way.

The arrays are those of `funnel_attempts`.
"""

from __future__ import annotations

import numpy as np

from ga4_analytics.kernels.funnel_attempts import end_of
from ga4_analytics.kernels.funnel_ties import NOBODY, ONE, advance
from ga4_analytics.kernels.lean import inlined, inner


@inlined
def enter_day(slots, days, when, day, time):  # type: ignore[no-untyped-def]
    """Note an entry under its day.

    Args:
        slots: How many days have entries so far.
        days: int64, the day of each.
        when: int64, the time of the last entry of each.
        day: The entry's day.
        time: The entry's time.

    Returns:
        How many days have entries now.
    """
    if slots == 0 or days[slots - 1] != day:
        days[slots] = day
        slots += 1
    when[slots - 1] = time
    return slots


@inlined
def _raise(level, slot, now, window, when, levels):  # type: ignore[no-untyped-def]
    """Raise the days whose entries reach a level now: an entry of ``slot`` does."""
    place = slot
    while place >= 0 and levels[place] < level:
        if place != slot and now - when[place] > window:
            break
        levels[place] = level
        place -= 1


@inner
def walk(  # type: ignore[no-untyped-def]
    count, time, steps, moment, day, last, window, limit, owner, begun, slot_of, tops, days, when,
    levels, result,
):  # fmt: skip
    """Judge every entry day of a unit.

    Args:
        count: How many events the unit has.
        time: See above.
        steps: See above; bit 0 only where the event may enter.
        moment: See above.
        day: int64, each event's day.
        last: How many steps there are.
        window: Longest time from the entry, microseconds.
        limit: Steps that one moment may give; 1 for the order that is worst.
        owner: Scratch, see `advance`.
        begun: int64 scratch, one a step: the latest entry that has come so far.
        slot_of: int64 scratch, one a step: its place in ``days``.
        tops: int64 scratch, one a step and one more.
        days: int64 out: the days with entries.
        when: int64 out: the last entry of each.
        levels: int64 out: the steps that the best entry of each reached.
        result: int64 (5,) out: days with entries; best level; when it was first reached;
            when the last step was first reached, -1 never; the first entry, -1 none.
    """
    slots, best, when_best, done_at, first = 0, 0, np.int64(0), np.int64(-1), -1
    high = 0  # levels that some entry has reached
    lo = 0
    while lo < count:
        hi = end_of(moment, lo, count)
        now = time[lo]
        if hi - lo == 1:
            bits = steps[lo]
            reached = 0
            for k in range(min(high, last - 1), 0, -1):
                if (bits >> np.uint64(k)) & ONE and now - begun[k - 1] <= window:
                    begun[k] = begun[k - 1]
                    slot_of[k] = slot_of[k - 1]
                    _raise(k + 1, slot_of[k], now, window, when, levels)
                    reached = max(reached, k + 1)
            if bits & ONE:
                if first < 0:
                    first = lo
                before = slots
                slots = enter_day(slots, days, when, day[lo], now)
                if slots > before:
                    levels[slots - 1] = 1
                begun[0] = now
                slot_of[0] = slots - 1
                reached = max(reached, 1)
        else:
            for level in range(1, min(high, last - 1) + 1):
                tops[level] = advance(steps, lo, hi, NOBODY, level, last, limit, owner)
            tops[0] = advance(steps, lo, hi, NOBODY, np.int64(0), last, limit, owner)
            for i in range(lo, hi):
                if steps[i] & ONE:
                    if first < 0:
                        first = i
                    before = slots
                    slots = enter_day(slots, days, when, day[i], now)
                    if slots > before:
                        levels[slots - 1] = 1
            reached = 0
            known = min(high, last - 1)
            for target in range(last, 0, -1):
                source = 0
                while source <= min(known, target - 1) and tops[source] < target:
                    source += 1
                if source > min(known, target - 1):
                    continue
                if source > 0:
                    if now - begun[source - 1] > window:
                        continue
                    begun[target - 1] = begun[source - 1]
                    slot_of[target - 1] = slot_of[source - 1]
                else:
                    begun[target - 1] = now
                    slot_of[target - 1] = slots - 1
                _raise(target, slot_of[target - 1], now, window, when, levels)
                reached = max(reached, target)
        high = max(high, reached)
        if reached > best:
            best, when_best = reached, now
            if best == last:
                done_at = now
        lo = hi
    result[0], result[1], result[2], result[3], result[4] = slots, best, when_best, done_at, first
