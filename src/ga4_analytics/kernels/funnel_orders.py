"""One attempt at a funnel whose steps are consecutive, or come in any order.

The arrays are those of `funnel_attempts`.
"""

from __future__ import annotations

import numpy as np

from ga4_analytics.kernels.funnel_attempts import end_of, start_of
from ga4_analytics.kernels.funnel_ties import NOBODY, ONE, advance, assign
from ga4_analytics.kernels.lean import inner


@inner
def reach_strictly(  # type: ignore[no-untyped-def]
    entry, count, time, steps, moment, last, window, step_window, least, worst, owner, found, out,
):  # fmt: skip
    """An attempt whose steps are consecutive events of the unit.

    Args:
        entry: The event that enters.
        count: How many events the unit has.
        time: See above.
        steps: See above.
        moment: See above.
        last: How many steps there are.
        window: Longest time from the entry, microseconds.
        step_window: Longest time from the step before.
        least: Shortest time from the step before.
        worst: Whether ties are resolved against the funnel.
        owner: Scratch, see `advance`.
        found: int64 (1,): the time at which the last step was reached.
        out: int64, one a step: the events that serve; length 0: not asked for.

    Returns:
        How many steps it reached.
    """
    lo = start_of(moment, entry)
    hi = end_of(moment, lo, count)
    limit = 0 if worst or least > 0 else last
    top = advance(steps, lo, hi, entry, np.int64(1), last, limit, owner)
    if worst and hi - lo > 1:
        return 1
    best, chosen = 0, 0
    for first in range(top, 0, -1):
        # The events of the first moment that do not serve stand before the entry.
        level = _strict_rest(
            first, lo, hi, entry, count, time, steps, moment, last, window, step_window, least,
            worst, owner, found, out[:0],
        )  # fmt: skip
        if level > best:
            best, chosen = level, first
        if best == last:
            break
    if len(out):
        out[0] = entry
        assign(steps, lo, hi, entry, np.int64(1), chosen, owner, out)
        _strict_rest(
            chosen, lo, hi, entry, count, time, steps, moment, last, window, step_window, least,
            worst, owner, found, out,
        )  # fmt: skip
    return best


@inner
def _strict_rest(  # type: ignore[no-untyped-def]
    level, before, lo, entry, count, time, steps, moment, last, window, step_window, least, worst,
    owner, found, out,
):  # fmt: skip
    """Go on from the events at ``before`` with those from ``lo``, as far as they serve in turn."""
    limit = 1 if least > 0 else last
    while level < last and lo < count:
        gone = time[lo] - time[before]
        if time[lo] - time[entry] > window or gone > step_window or gone < least:
            return level
        hi = end_of(moment, lo, count)
        if worst and hi - lo > 1:
            for i in range(lo, hi):
                if not (steps[i] >> np.uint64(level)) & ONE:
                    return level
            level += 1
            if level == last:
                found[0] = time[lo]
            return level
        done = advance(steps, lo, hi, NOBODY, level, last, limit, owner)
        if len(out):
            assign(steps, lo, hi, NOBODY, level, done, owner, out)
        if done - level < hi - lo and done < last:
            return done
        level = done
        before = lo
        lo = hi
    if level == last:
        found[0] = time[before]
    return level


@inner
def reach_in_any_order(  # type: ignore[no-untyped-def]
    entry, count, time, steps, moment, last, window, worst, owner, found, out
):  # fmt: skip
    """An attempt whose steps come in any order: how many of them events from it on serve.

    Args:
        entry: The first event; it serves a step.
        count: How many events the unit has.
        time: See above.
        steps: See above.
        moment: See above.
        last: How many steps there are.
        window: Longest time from the entry, microseconds.
        worst: Whether what is tied with the entry stands before it.
        owner: Scratch, see `advance`; row 0 holds the event of each step.
        found: int64 (1,): the time at which all were done.
        out: int64, one a step: the events that brought one more, in their order; length 0: not
            asked for.

    Returns:
        How many steps were done.
    """
    lo = end_of(moment, entry, count) if worst else start_of(moment, entry)
    holder = owner[0]
    for step in range(last):
        holder[step] = -1
    level = 0
    i = entry
    begun = False
    while i < count and time[i] - time[entry] <= window and level < last:
        if (i != entry or not begun) and _take(i, steps, owner, last):
            if len(out):
                out[level] = i
            level += 1
            found[0] = time[i]
        if begun:
            i += 1
        else:
            begun = True
            i = lo
    return level


@inner
def _take(event, steps, owner, last):  # type: ignore[no-untyped-def]
    """Let an event serve a step that nobody serves, moving others where that helps."""
    holder, via, queue = owner[0], owner[1], owner[3]
    for step in range(last):
        via[step] = -1  # the event that would take it
    queue[0] = event
    head, tail = 0, 1
    while head < tail:
        taker = queue[head]
        head += 1
        for step in range(last):
            if via[step] >= 0 or not (steps[taker] >> np.uint64(step)) & ONE:
                continue
            via[step] = taker
            if holder[step] >= 0:
                queue[tail] = holder[step]
                tail += 1
                continue
            while True:
                taker = via[step]
                left = -1
                for other in range(last):
                    if holder[other] == taker:
                        left = other
                holder[step] = taker
                if left < 0:
                    return True
                step = left
    return False
