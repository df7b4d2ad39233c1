"""One attempt at a funnel by machine words: a bit for each row of a unit that has few.

It says what `funnel_climb` says, of units of up to `ROOM` rows of which none can serve several
steps. There is no branch for each row, which processors cannot foresee.
"""

# mypy: disable-error-code="assignment"

from __future__ import annotations

import numpy as np

from ga4_analytics.kernels.funnel_climb import is_tied
from ga4_analytics.kernels.lean import inlined
from ga4_analytics.kernels.words import LOW, highest_bit, lowest_bit, word

ROOM = 64
MOST_STEPS = 8
"""Steps of which a row's mask is a byte."""
FIRST = np.uint64(0)
"""The unit's first row."""
_ALL, _NONE = np.uint64(2**64 - 1), np.uint64(0)
_ONE, _TWO, _BYTE = np.uint64(1), np.uint64(2), np.uint64(255)
_GATHER, _TOP = np.uint64(0x0102040810204080), np.uint64(56)
_TIMELESS = np.uint64(3)
_STARTS, _KNOTS, _ROWS = ROOM // 8, ROOM // 8 + 1, ROOM // 8 + 2
WORDS = ROOM // 8 + 3


@inlined
def fits(a, b, flags, words):  # type: ignore[no-untyped-def]
    """Whether a unit's rows have room in words, and eight at a time can be read of them.

    There are no words where a row could serve several steps, or a step has no bit in a byte.
    """
    return b - a <= ROOM and b + 8 <= len(flags) and len(words) > 0


@inlined
def _gathered(marks):  # type: ignore[no-untyped-def]
    """The lowest bits of eight bytes, as a byte."""
    return ((marks & LOW) * _GATHER) >> _TOP


@inlined
def lay_out(a, b, name, flags, bit_of, words):  # type: ignore[no-untyped-def]
    """Write the words of a unit.

    Args:
        a: Its first row.
        b: The row after its last; see `fits`.
        name: Codes of names, one a row of the segment.
        flags: `RowFlag`, one a row of the segment.
        bit_of: uint64 by code of a name: the steps that it can serve, of `MOST_STEPS`.
        words: uint64, `WORDS`: the steps that each row can serve, a byte a row; then the rows
            that begin a moment, those that are tied with any other row, and all; written.
    """
    tied = _NONE
    for row in range(a, b, 8):
        masks = _NONE
        for j in range(8):
            masks |= bit_of[name[np.uint64(row + j)]] << np.uint64(8 * j)
        marks = word(flags, row)
        words[(row - a) >> 3] = masks & ~(((marks >> _TIMELESS) & LOW) * _BYTE)
        tied |= _gathered(marks) << np.uint64(row - a)
    rows = _ALL >> np.uint64(ROOM - (b - a))
    tied &= rows
    words[_STARTS] = ~tied | _ONE
    words[_KNOTS] = tied | (tied >> _ONE) | (np.uint64(is_tied(b, flags)) << np.uint64(b - a - 1))
    words[_ROWS] = rows


@inlined
def _serving(words, step):  # type: ignore[no-untyped-def]
    """The rows that can serve a step."""
    rows = words[_ROWS]
    found = _gathered(words[0] >> np.uint64(step))
    left = rows >> np.uint64(8)
    group = 1
    while left:
        found |= _gathered(words[group] >> np.uint64(step)) << np.uint64(8 * group)
        left >>= np.uint64(8)
        group += 1
    return found & rows


@inlined
def _moment(at, starts):  # type: ignore[no-untyped-def]
    """The first row of a row's moment."""
    return highest_bit(starts & ((_TWO << at) - _ONE))


@inlined
def climb_by_bits(words, since, goal, both):  # type: ignore[no-untyped-def]
    """As `funnel_climb.climb`, whose rows are counted from the unit's first here.

    Args:
        words: See `lay_out`.
        since: The row to begin with, the first of its moment.
        goal: The steps after which nothing more is to be found.
        both: Whether the worst order is wanted.

    Returns:
        Steps done; steps done in the worst order; tied rows that serve; the row that enters; a
        row of the moment that reached the goal, and of that which did in the worst order, -1:
        none.
    """
    starts, knots_at = words[_STARTS], words[_KNOTS]
    level, knots, chained = np.int64(0), np.int64(0), False
    entry, before, free = _NONE, _ALL, _ALL << since
    for k in range(goal):
        found = _serving(words, k) & free
        if found == 0:
            break
        at = lowest_bit(found)
        entry = at if k == 0 else entry
        knots += np.int64((knots_at >> at) & _ONE)
        moment = _moment(at, starts)
        chained |= moment == before
        before = moment
        free = _ALL << moment
        level += 1
    done = np.int64(before) if level == goal else np.int64(-1)
    if not (chained and both):
        return level, level, knots, np.int64(entry), done, done
    weak, sure, free = np.int64(0), np.int64(-1), _ALL << since
    for k in range(level):
        found = _serving(words, k) & free
        if found == 0:
            break
        at = lowest_bit(found)
        weak += 1
        if weak == goal:
            sure = np.int64(_moment(at, starts))
        later = starts & ((_ALL << at) << _ONE)
        free = _ALL << lowest_bit(later) if later else _NONE
    return level, weak, knots, np.int64(entry), done, sure


@inlined
def entries(words, first, end):  # type: ignore[no-untyped-def]
    """The rows between two that can serve the first step."""
    return _serving(words, 0) & (_ALL << first) & (_ALL >> (np.uint64(ROOM) - end))


@inlined
def moment_of(at, first, words):  # type: ignore[no-untyped-def]
    """The first row of a row's moment, from ``first`` on."""
    return max(_moment(at, words[_STARTS]), first)
