"""One attempt at a funnel: from one entry, how far, when, and by which events.

All functions look at the events of one unit (a user, or one of its sessions) in order:
``time`` (int64 microseconds), ``steps`` (uint64, bit k: can serve step k), ``banned``
(uint64, bit x: is excluded event x) and ``moment`` (int64, equal where events are tied).
"""

from __future__ import annotations

import numpy as np

from ga4_analytics.kernels.funnel_ties import NOBODY, ONE, advance, assign
from ga4_analytics.kernels.lean import inlined, inner


@inlined
def end_of(moment, lo, count):  # type: ignore[no-untyped-def]
    """The event after the last one of a moment that begins at ``lo``."""
    hi = lo + 1
    while hi < count and moment[hi] == moment[lo]:
        hi += 1
    return hi


@inlined
def start_of(moment, at):  # type: ignore[no-untyped-def]
    """The first event of the moment of event ``at``."""
    while at > 0 and moment[at - 1] == moment[at]:
        at -= 1
    return at


@inner
def reach_freely(entry, count, time, steps, moment, last, window, limit, owner, found, out):  # type: ignore[no-untyped-def]
    """An attempt in order with one window from its entry: the earliest events are the best.

    Args:
        entry: The event that enters.
        count: How many events the unit has.
        time: See above.
        steps: See above.
        moment: See above.
        last: How many steps there are.
        window: Longest time from the entry, microseconds.
        limit: Steps that one moment may give; 1 for the order that is worst.
        owner: Scratch, see `advance`.
        found: int64 (1,): the time at which the last step was reached; untouched otherwise.
        out: int64, one a step: the events that serve; length 0: not asked for.

    Returns:
        How many steps it reached.
    """
    level = 1
    lo = start_of(moment, entry)
    hi = end_of(moment, lo, count)
    if len(out):
        out[0] = entry
    skip = entry
    while level < last:
        if time[lo] - time[entry] > window:
            return level
        spare = limit - 1 if skip >= 0 else limit
        done = advance(steps, lo, hi, skip, level, last, spare, owner)
        if len(out) and done > level:
            assign(steps, lo, hi, skip, level, done, owner, out)
        level = done
        if level == last:
            break
        skip = -1
        lo = hi
        if lo >= count:
            return level
        hi = end_of(moment, lo, count)
    found[0] = time[lo]
    return level


@inner
def _is_stopped(gap, source, covers, seen, here, worst):  # type: ignore[no-untyped-def]
    """Whether an excluded event stands between a step's event and this moment."""
    bits = covers[gap]
    if worst and bits & here:
        return True
    x = 0
    while bits:
        if bits & ONE and seen[x] > source:
            return True
        bits >>= ONE
        x += 1
    return False


@inner
def reach_with_rules(  # type: ignore[no-untyped-def]
    entry, count, time, steps, banned, moment, last, window, step_window, least, covers,
    worst, owner, at, fresh, seen, marks, found,
):  # fmt: skip
    """An attempt in order, with limits between steps and excluded events.

    Of the events that can have served a step, the latest one that is at least ``least`` old
    leaves the most open, so one of them a step is kept.

    Args:
        entry: The event that enters.
        count: How many events the unit has.
        time: See above.
        steps: See above.
        banned: See above.
        moment: See above.
        last: How many steps there are.
        window: Longest time from the entry, microseconds.
        step_window: Longest time from the step before.
        least: Shortest time from the step before.
        covers: uint64, one a step: bit x of ``covers[g]`` says that excluded event x must
            not come between step g and the next, counted from 1.
        worst: Whether ties are resolved against the funnel.
        owner: Scratch, see `advance`.
        at: int64 scratch, one a step and one more.
        fresh: Like ``at``.
        seen: int64 scratch, one an exclusion.
        marks: uint64 scratch, one an event, all 0; left so.
        found: int64 (1,): the time at which the last step was first reached.

    Returns:
        How many steps it reached.
    """
    at[:] = -1
    seen[:] = -1
    best = 1
    lo = start_of(moment, entry)
    settled = lo
    first = True
    limit = 1 if worst or least > 0 else last
    while lo < count and time[lo] - time[entry] <= window:
        hi = end_of(moment, lo, count)
        here = np.uint64(0)
        for i in range(lo, hi):
            here |= banned[i]
        while settled < lo and time[settled] + least <= time[lo]:
            for level in range(1, last):
                if (marks[settled] >> np.uint64(level)) & ONE:
                    at[level] = settled
            marks[settled] = np.uint64(0)
            settled += 1
        fresh[:] = -1
        if first:
            fresh[1] = -1 if worst and covers[1 if last > 1 else 0] & here else lo
            done = advance(steps, lo, hi, entry, np.int64(1), last, limit - 1, owner)
            for level in range(2, done + 1):
                fresh[level] = lo
            best = done
        for level in range(1, last):
            source = at[level]
            if source < 0 or time[lo] - time[source] > step_window:
                continue
            if _is_stopped(level, source, covers, seen, here, worst):
                continue
            done = advance(steps, lo, hi, NOBODY, level, last, limit, owner)
            best = max(best, done)
            for reached in range(level + 1, done + 1):
                # Nothing may come after it where an excluded event of this moment, put
                # before or after, would stand between steps either way.
                gap = covers[reached] if reached < last else np.uint64(0)
                held = gap & here if worst else gap & covers[level] & here
                if not held:
                    fresh[reached] = lo
        if best == last:
            found[0] = time[lo]
            break
        for level in range(1, last):
            if fresh[level] >= 0:
                marks[lo] |= ONE << np.uint64(level)
        first = False
        bits, x = here, 0
        while bits:
            if bits & ONE:
                seen[x] = lo
            bits >>= ONE
            x += 1
        lo = hi
    for i in range(settled, min(lo + 1, count)):
        marks[i] = np.uint64(0)
    return best


@inner
def chain_with_rules(  # type: ignore[no-untyped-def]
    entry, count, time, steps, banned, moment, target, last, window, step_window, least, covers,
    owner, dead, trail, out,
):  # fmt: skip
    """The events of an attempt that reaches a step under `reach_with_rules`.

    Of all chains the one whose steps come at the earliest moments, step by step, and among
    tied events the first stored ones.

    Args:
        entry: The event that enters.
        count: How many events the unit has.
        time: See above.
        steps: See above.
        banned: See above.
        moment: See above.
        target: The step reached.
        last: How many steps there are.
        window: See `reach_with_rules`, as those that follow.
        step_window: See there.
        least: See there.
        covers: See there.
        owner: Scratch, see `advance`.
        dead: uint64 scratch, one an event, all 0; left so.
        trail: int64 scratch (5, steps + 1).
        out: int64, one a step: the events that serve.
    """
    limit = 1 if least > 0 else last
    lo = start_of(moment, entry)
    top = advance(
        steps, lo, end_of(moment, lo, count), entry, np.int64(1), target, limit - 1, owner
    )
    out[0] = entry
    for first in range(top, 0, -1):
        # trail: moment of the state, its level, the next moment to try, and the levels there.
        depth = np.int64(0)
        _enter(trail, depth, lo, first, moment, count)
        while depth >= 0 and trail[1, depth] < target:
            if not _follow(
                depth, entry, count, time, steps, banned, moment, target, last, window,
                step_window, least, covers, limit, owner, dead, trail,
            ):  # fmt: skip
                dead[trail[0, depth]] |= ONE << np.uint64(trail[1, depth])
                depth -= 1
            else:
                depth += 1
        if depth >= 0:
            for d in range(depth + 1):
                start = trail[0, d]
                before = trail[1, d - 1] if d else 1
                skip = entry if d == 0 else -1
                hi = end_of(moment, start, count)
                assign(steps, start, hi, skip, before, trail[1, d], owner, out)
            break
    for i in range(lo, count):
        if time[i] - time[entry] > window:
            break
        dead[i] = np.uint64(0)


@inner
def _enter(trail, depth, start, level, moment, count):  # type: ignore[no-untyped-def]
    trail[0, depth] = start
    trail[1, depth] = level
    trail[2, depth] = end_of(moment, start, count)
    trail[3, depth] = -1
    trail[4, depth] = 0


@inner
def _follow(  # type: ignore[no-untyped-def]
    depth, entry, count, time, steps, banned, moment, target, last, window, step_window, least,
    covers, limit, owner, dead, trail,
):  # fmt: skip
    """Put the next state of a chain on the trail, if there is one that is not known as dead."""
    source, level = trail[0, depth], trail[1, depth]
    while True:
        lo = trail[2, depth]
        if lo >= count or time[lo] - time[entry] > window:
            return False
        gone = time[lo] - time[source]
        if gone > step_window:
            return False
        hi = end_of(moment, lo, count)
        here = np.uint64(0)
        for i in range(lo, hi):
            here |= banned[i]
        if gone >= least:
            if trail[3, depth] < 0:
                trail[3, depth] = advance(steps, lo, hi, NOBODY, level, target, limit, owner)
            while trail[3, depth] > level:
                reached = trail[3, depth]
                trail[3, depth] -= 1
                if (dead[lo] >> np.uint64(reached)) & ONE:
                    continue
                if reached < target and covers[level] & covers[reached] & here:
                    continue
                _enter(trail, depth + 1, lo, reached, moment, count)
                return True
        if covers[level] & here:
            return False
        trail[2, depth] = hi
        trail[3, depth] = -1
