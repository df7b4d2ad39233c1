"""One attempt at a funnel whose rows lie together, moment by moment: no clock, no copies.

It takes over from `funnel_rows` where tied rows may compete. Steps are taken as early as they
come. Rows that are tied are one moment and stand in any order: the best is that of the steps,
and the worst gives an attempt one step a moment.
"""

# mypy: disable-error-code="assignment"

from __future__ import annotations

import numpy as np

from ga4_analytics.kernels.funnel_ties import ONE
from ga4_analytics.kernels.funnel_units import TIED
from ga4_analytics.kernels.lean import inlined


@inlined
def mask_at(i, bits, first_row):  # type: ignore[no-untyped-def]
    """The steps that a row can serve, which `funnel_rows.spread` wrote.

    A signed index is looked at for its sign at each use, an unsigned one is not.
    """
    return bits[np.uint64(i - first_row)]


@inlined
def is_tied(i, flags):  # type: ignore[no-untyped-def]
    """Whether a row is tied with the one before."""
    return flags[np.uint64(i)] & TIED != 0


@inlined
def find_entry(i, end, bits, first_row):  # type: ignore[no-untyped-def]
    """The first row from ``i`` on that can serve the first step, or ``end``."""
    while i < end and not mask_at(i, bits, first_row) & ONE:
        i += 1
    return i


@inlined
def start_of_ties(i, a, flags):  # type: ignore[no-untyped-def]
    """The first row of a row's moment, from ``a`` on."""
    while i > a and is_tied(i, flags):
        i -= 1
    return i


@inlined
def crowd(lo, hi, bits, first_row):  # type: ignore[no-untyped-def]
    """How many of some tied rows can serve steps; 99: several, and one of them several steps.

    Then rows compete for steps, and it takes a matching to tell how many come out.
    """
    count, rivals = 0, False
    for i in range(lo, hi):
        mask = mask_at(i, bits, first_row)
        if mask:
            count += 1
            rivals = rivals or (mask & (mask - ONE)) != 0
    return 99 if count > 1 and rivals else count


@inlined
def climb(  # type: ignore[no-untyped-def]
    i, b, goal, both, flags, bits, first_row, single
):  # fmt: skip
    """Follow the first attempt as far as it comes, in the best order of ties and in the worst.

    Both in one pass over the moments: to go back over each moment, or to follow the worst order
    after the best one, took three times as long.

    Args:
        i: The row to begin with, the first of its moment.
        b: The row after the unit's last.
        goal: The steps after which nothing more is to be found.
        both: Whether the worst order is wanted.
        flags: `RowFlag`, one a row of the segment.
        bits: uint64, one a row of the part: the steps that it can serve.
        first_row: The part's first row.
        single: Whether no row can serve several steps.

    Returns:
        Whether no tied rows compete for steps, else nothing else holds; steps done; steps done
        in the worst order; tied rows that serve; the row that enters; a row of the moment that
        reached the goal, and of that which did in the worst order, -1: none.
    """
    level, weak, knots = np.int64(0), np.int64(0), np.int64(0)
    entry, done, sure = i, np.int64(-1), np.int64(-1)
    wanted = ONE
    while i < b:
        first = i
        mask = mask_at(i, bits, first_row)
        knot = is_tied(i, flags)
        i += 1
        while i < b and is_tied(i, flags):
            mask |= mask_at(i, bits, first_row)
            knot = True
            i += 1
        if not mask & wanted:
            continue
        several = True
        if not single:
            rows = crowd(first, i, bits, first_row)
            if rows == 99:
                return False, level, weak, knots, entry, done, sure
            several = rows > 1
        knot = knot or (i < len(flags) and is_tied(i, flags))
        if (mask >> np.uint64(weak)) & ONE:
            weak += 1
            if weak == goal:
                sure = first
        if level < goal and (mask >> np.uint64(level)) & ONE:
            if level == 0:
                entry = find_entry(first, b, bits, first_row)
            before = level
            level += 1
            while several and knot and level < goal and (mask >> np.uint64(level)) & ONE:
                level += 1
            knots += level - before if knot else 0
            if level == goal:
                done = first
        if weak == goal or (level == goal and not both):
            break
        wanted = ONE << np.uint64(weak)
        if level < goal:
            wanted |= ONE << np.uint64(level)
    return True, level, weak, knots, entry, done, sure
