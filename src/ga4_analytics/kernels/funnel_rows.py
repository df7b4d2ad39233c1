"""One attempt at a funnel straight from bitmaps: one of each step, a bit a row.

There is no branch for each row, which processors cannot foresee: what a row can serve is not
asked, but which moment serves next. A moment is known by its last row, wherever in it the row is
that serves.
"""

# mypy: disable-error-code="assignment"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from ga4_analytics.kernels.funnel_units import NO, YES
from ga4_analytics.kernels.lean import inlined, inner
from ga4_analytics.kernels.words import lowest_bit

_NONE, _ONE, _LAST, _ROOM = np.uint64(0), np.uint64(1), np.uint64(63), np.uint64(6)


class Steps(NamedTuple):
    """Which rows of a part can serve which steps; bitmaps are as `bitmaps` has them.

    Attributes:
        maps: uint64 (steps, words): the rows that can serve each step.
        moments: uint64 (steps, words): the last rows of the moments with such a row.
        base: The row of their first bits.
        ties: `Segment.ties`.
        flags: `RowFlag`, one a row of the segment.
        single: Whether no row can serve several steps.
        classes: int64 (steps,): the first step that is served by the same rows; steps of other
            classes are served by other rows. Empty where steps share some of their rows.
        places: int64 (steps,), scratch.
        bits: uint64, one a row of the part: for `spread` to write.
        first_row: The part's first row.
    """

    maps: Any
    moments: Any
    base: Any
    ties: Any
    flags: Any
    single: Any
    classes: Any
    places: Any
    bits: Any
    first_row: Any


@njit(nogil=True, cache=True)
def map_moments(ties, first, maps, moments):  # type: ignore[no-untyped-def]
    """Write the bitmaps of moments.

    A sum carries the bits of a moment to its last row: all rows but that are ones, and whatever
    is added to them overflows to it.

    Args:
        ties: `Segment.ties`.
        first: The first word of the others among them.
        maps: See `Steps`, as the next one.
        moments: Written.
    """
    carries = np.zeros(len(maps), np.uint64)
    for w in range(maps.shape[1]):
        inside = (ties[first + w] >> _ONE) | (ties[first + w + 1] << _LAST)
        for step in range(len(maps)):
            found = maps[step, w]
            total = (found & inside) + inside
            carried = total + carries[step]
            carries[step] = np.uint64(total < inside) | np.uint64(carried < total)
            moments[step, w] = (carried | found) & ~inside


@inlined
def _next(words, at, end):  # type: ignore[no-untyped-def]
    """The first place from one on that has its bit, or one from ``end`` on."""
    while at < end:
        word, shift = np.uint64(at) >> _ROOM, np.uint64(at) & _LAST
        found = (words[word] >> shift) | (words[word + _ONE] << _ONE << (_LAST - shift))
        at += np.int64(lowest_bit(found))
        if found:
            break
    return at


@inlined
def next_row(step, at, end, steps):  # type: ignore[no-untyped-def]
    """The first row from ``at`` on that can serve a step, or ``end``."""
    return min(steps.base + _next(steps.maps[step], at - steps.base, end - steps.base), end)


@inlined
def last_row(step, at, end, steps):  # type: ignore[no-untyped-def]
    """The last row from ``at`` on, before ``end``, that can serve a step; there is one."""
    last = at
    while at < end:
        last, at = at, next_row(step, at + 1, end, steps)
    return last


@inlined
def is_tied_at(row, steps):  # type: ignore[no-untyped-def]
    """Whether a row is tied with the one before."""
    place = np.uint64(row)
    return (steps.ties[place >> _ROOM] >> (place & _LAST)) & _ONE != _NONE


@inner
def _is_used_up(step, at, steps):  # type: ignore[no-untyped-def]
    """Whether all rows of a moment that can serve a step serve earlier ones."""
    used, row, left = 0, at + steps.base, 1
    for earlier in range(steps.classes[step], step):
        if steps.places[earlier] == at and steps.classes[earlier] == steps.classes[step]:
            used += 1
    if not used:
        return False
    words = steps.maps[step]
    while left:
        place = np.uint64(row - steps.base)
        used -= np.int64((words[place >> _ROOM] >> (place & _LAST)) & _ONE)
        left = is_tied_at(row, steps)
        row -= 1
    return used >= 0


@inlined
def climb_rows(a, b, goal, steps):  # type: ignore[no-untyped-def]
    """Follow the first attempt as far as it comes, in the best order of ties and in the worst.

    Both at once, though most attempts have no ties: the processor has time for the worst one
    while it waits for the best, and does not have to guess whether there are ties.

    Args:
        a: The row to begin with; no row before it is of its moment.
        b: The row after the unit's last, which is of another moment.
        goal: The steps after which nothing more is to be found.
        steps: What serves; `Steps.places` is written.

    Returns:
        Whether no tied rows compete for steps, as far as can be seen here, else nothing else
        holds; steps done; steps done in the worst order; tied rows that serve; the last row of
        the moment that enters, and that of the moment that came furthest, in the worst order
        too.
    """
    if steps.single:
        return _climb(a, b, goal, steps, NO)
    return _climb_again(a, b, goal, steps)


@inner
def _climb_again(a, b, goal, steps):  # type: ignore[no-untyped-def]
    """`climb_rows` where a row can serve several steps, in code of its own.

    The loop over the others is to have the processor's registers to itself.
    """
    return _climb(a, b, goal, steps, YES)


@inlined
def _climb(a, b, goal, steps, again):  # type: ignore[no-untyped-def]
    """`climb_rows`; ``again`` says whether a row can serve several steps."""
    level, weak, knots = np.int64(0), np.int64(0), np.int64(0)
    base, shared = steps.base, again and len(steps.classes) == 0
    end, entry = b - base, np.int64(-1)
    at = strict = a - base
    moment = latest = at
    for step in range(goal):
        words = steps.moments[step]
        at = _next(words, at, end)
        if again and not shared and at < end and _is_used_up(step, at, steps):
            at = _next(words, at + 1, end)
        if at >= end:
            break
        strict = _next(words, strict, end) + 1
        latest = strict if strict <= end else latest
        weak += strict <= end
        entry = at if step == 0 else entry
        knot = is_tied_at(at + base, steps)
        if shared and knot:
            return False, level, weak, knots, entry, moment, latest
        level += 1
        knots += knot
        moment = at
        if again:
            steps.places[step] = at
        at += shared
    return True, level, weak, knots, entry + base, moment + base, latest - 1 + base


@inner
def spread(a, b, steps):  # type: ignore[no-untyped-def]
    """Write the steps that each of some rows can serve, a bit each, into `Steps.bits`.

    Args:
        a: The first row.
        b: The row after the last.
        steps: What serves.
    """
    bits = steps.bits
    for i in range(a, b):
        bits[np.uint64(i - steps.first_row)] = _NONE
    for step in range(steps.maps.shape[0]):
        bit = _ONE << np.uint64(step)
        row = next_row(step, a, b, steps)
        while row < b:
            bits[np.uint64(row - steps.first_row)] |= bit
            row = next_row(step, row + 1, b, steps)
