"""How far a unit comes under the rules of tools whose attempts are not ours.

The arrays are those of `funnel_attempts`; bit 0 of ``steps`` stands only where the event may
enter. Sources: the documentation and code that docs name for each rule.
"""

from __future__ import annotations

import numpy as np

from ga4_analytics.kernels.funnel_attempts import end_of
from ga4_analytics.kernels.funnel_ties import ONE
from ga4_analytics.kernels.lean import inner

CLICKHOUSE, STRICT_INCREASE, STRICTLY_LATER, EACH_STEP, MIXPANEL, GROWTHBOOK = 1, 2, 3, 4, 5, 6
GRACE_US = 2_000_000


@inner
def reach_by_rule(rule, count, time, steps, moment, last, window, small, marks, result):  # type: ignore[no-untyped-def]
    """How far a unit comes under a rule.

    Args:
        rule: One of the numbers above.
        count: How many events the unit has.
        time: See above.
        steps: See above.
        moment: See above; equal where times are.
        last: How many steps there are.
        window: As the rule has it, microseconds.
        small: int64 scratch (3, at least steps).
        marks: uint64 scratch, one an event, all 0; left so.
        result: int64 (1,) out: the first entry, -1: none.

    Returns:
        How many steps it reached.
    """
    result[0] = -1
    for i in range(count):
        if steps[i] & ONE:
            result[0] = i
            break
    if result[0] < 0:
        return 0
    if rule == MIXPANEL:
        return _first_entry(result[0], count, time, steps, last, window, marks)
    if rule == GROWTHBOOK:
        return _earliest_each(result[0], count, time, steps, last, window)
    return _by_latest(rule, count, time, steps, moment, last, window, small)


@inner
def _by_latest(rule, count, time, steps, moment, last, window, small):  # type: ignore[no-untyped-def]
    """The latest entry of each step is kept; a moment's events serve any of their steps.

    CLICKHOUSE: all in turn. STRICT_INCREASE: the step before must be earlier, and a later
    event of it takes its place even at the same moment. STRICTLY_LATER: any event of the
    step before may be the earlier one. EACH_STEP: the window runs from the step before.
    """
    begun, at, known = small[0], small[1], small[2]
    for k in range(last):
        known[k] = 0
    lo = 0
    while lo < count:
        hi = end_of(moment, lo, count)
        now = time[lo]
        union = np.uint64(0)
        for i in range(lo, hi):
            union |= steps[i]
        for turn in range(last):
            k = last - 1 - turn if rule == STRICTLY_LATER else turn
            if not (union >> np.uint64(k)) & ONE:
                continue
            if k == 0:
                begun[0], at[0], known[0] = now, now, 1
                continue
            if not known[k - 1]:
                continue
            since = at[k - 1] if rule == EACH_STEP else begun[k - 1]
            if now - since > window or (rule == STRICT_INCREASE and at[k - 1] == now):
                continue
            begun[k], at[k], known[k] = begun[k - 1], now, 1
        lo = hi
    level = 0
    for k in range(last):
        if known[k]:
            level = k + 1
    return level


@inner
def _first_entry(entry, count, time, steps, last, window, marks):  # type: ignore[no-untyped-def]
    """From the first entry on, each step by its earliest event, at most 2 seconds early."""
    level = 1
    marks[entry] = ONE
    now = time[entry]
    while level < last:
        found = -1
        for i in range(count):
            serves = (steps[i] >> np.uint64(level)) & ONE
            if marks[i] or time[i] < now - GRACE_US or not serves:
                continue
            if time[i] - time[entry] <= window:
                found = i
            break
        if found < 0:
            break
        marks[found] = ONE
        now = max(now, time[found])
        level += 1
    for i in range(count):
        marks[i] = np.uint64(0)
    return level


@inner
def _earliest_each(entry, count, time, steps, last, window):  # type: ignore[no-untyped-def]
    """From the first entry on, each step by its earliest event after the step before."""
    now = time[entry]
    for k in range(1, last):
        found = -1
        for i in range(entry, count):
            if time[i] > now and (steps[i] >> np.uint64(k)) & ONE:
                if time[i] - now <= window:
                    found = i
                break
        if found < 0:
            return k
        now = time[found]
    return last
