"""One attempt at a funnel whose rows lie together, straight from the index: no clock, no copies.

Steps are taken as early as they come. Rows that are tied stand in any order: the best is that
of the steps, and the worst gives an attempt one step a moment.
"""

# mypy: disable-error-code="assignment"

from __future__ import annotations

import numpy as np

from ga4_analytics.kernels.funnel_ties import ONE, inlined
from ga4_analytics.kernels.funnel_units import TIED, TIMELESS

# Places of what `climb` finds.
LEVEL, KNOTS, WEAK, RESUME, CHAINED = range(5)
"""Steps done; tied rows used; steps done in the worst order up to the first moment that gave
several, -1: none did; the row after that moment; the row after the last such moment."""


@inlined
def mask_at(i, name, bit_of, bits, first_row):  # type: ignore[no-untyped-def]
    """The steps that a row can serve: by its name, or its own where filters decide too."""
    return bits[i - first_row] if len(bits) else bit_of[name[i]]


@inlined
def is_knot(i, flags):  # type: ignore[no-untyped-def]
    """Whether a row is tied with the row before or after."""
    return (flags[i] & TIED) != 0 or (i + 1 < len(flags) and (flags[i + 1] & TIED) != 0)


@inlined
def serves(i, step, name, flags, bit_of, bits, first_row):  # type: ignore[no-untyped-def]
    """Whether a row can serve a step."""
    mask = mask_at(i, name, bit_of, bits, first_row)
    return (mask >> np.uint64(step)) & ONE != 0 and not flags[i] & TIMELESS


@inlined
def find_step(i, end, step, name, flags, bit_of, bits, first_row):  # type: ignore[no-untyped-def]
    """The first row from ``i`` on that can serve a step, or ``end``."""
    while i < end and not serves(i, step, name, flags, bit_of, bits, first_row):
        i += 1
    return i


@inlined
def crowd(lo, hi, name, flags, bit_of, bits, first_row):  # type: ignore[no-untyped-def]
    """How many of some tied rows can serve steps; 99: several, and one of them several steps.

    Then rows compete for steps, and it takes a matching to tell how many come out.
    """
    count, rivals = 0, False
    for i in range(lo, hi):
        mask = mask_at(i, name, bit_of, bits, first_row)
        if mask and not flags[i] & TIMELESS:
            count += 1
            rivals = rivals or (mask & (mask - ONE)) != 0
    return 99 if count > 1 and rivals else count


@inlined
def climb(  # type: ignore[no-untyped-def]
    entry, a, b, goal, name, flags, bit_of, bits, first_row, single, at, found
):  # fmt: skip
    """Follow an attempt as far as it comes.

    Args:
        entry: The row that enters.
        a: The unit's first row.
        b: The row after its last.
        goal: The steps after which nothing more is to be found.
        name: Codes of names, one a row of the segment.
        flags: `RowFlag`, one a row of the segment.
        bit_of: uint64 by code of a name: the steps that it can serve.
        bits: uint64, one a row of the part: the same; length 0 where names decide.
        first_row: The part's first row.
        single: Whether no row can serve several steps.
        at: int64, one a step, out: the row that serves it, the first stored of tied ones.
        found: int64 (5,) out, see `LEVEL` and those beside it.

    Returns:
        Whether no tied rows compete for steps; else nothing of the above holds.
    """
    level, knots, weak, resume, chained = 0, 0, -1, 0, 0
    i = entry
    while i < b:
        at[level] = i
        level += 1
        if is_knot(i, flags):
            lo, hi = i, i + 1
            while lo > a and flags[lo] & TIED:
                lo -= 1
            while hi < b and flags[hi] & TIED:
                hi += 1
            knots += 1
            rows = 2 if single else crowd(lo, hi, name, flags, bit_of, bits, first_row)
            if rows == 99:
                return False
            before = level
            while rows > 1 and level < goal:
                at[level] = find_step(lo, hi, level, name, flags, bit_of, bits, first_row)
                if at[level] == hi:
                    break
                level += 1
            if level > before:
                knots += level - before
                chained = hi
                if weak < 0:
                    weak, resume = before, hi
            i = hi - 1
        if level >= goal:
            break
        i = find_step(i + 1, b, level, name, flags, bit_of, bits, first_row)
    found[LEVEL], found[KNOTS], found[WEAK] = level, knots, weak
    found[RESUME], found[CHAINED] = resume, chained
    return True


@inlined
def worst_of(  # type: ignore[no-untyped-def]
    b, name, flags, bit_of, bits, first_row, at, found
):  # fmt: skip
    """How far the attempt comes in the worst order of tied rows.

    It has its own way only as long as it is behind: where the best order has no more steps
    done, both go on alike up to the next moment that gives several.

    Args:
        b: The row after the unit's last.
        name: See `climb`, as those that follow.
        at: What `climb` wrote.
        found: The same.
    """
    level, weak = found[LEVEL], found[WEAK]
    if weak < 0:
        return level
    i = found[RESUME]
    while weak < level:
        i = find_step(i, b, weak, name, flags, bit_of, bits, first_row)
        if i == b:
            break
        weak += 1
        i += 1
        while i < b and flags[i] & TIED:
            i += 1
        if weak < level and at[weak] >= i >= found[CHAINED]:
            weak = level
    return weak
