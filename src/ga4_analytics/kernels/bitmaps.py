"""One bit a row: which rows meet a selector, and on which days that makes.

Word ``w`` of a bitmap tells of rows ``64 * w`` to ``64 * w + 63`` of the segment, so that a part
may begin at any row; the words of a part begin with that of its first row. Bits of rows outside
the part may be set: nobody asks for them. A word more than there are stands at the end, because
a stretch of rows is read from two words at once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_SEVEN = np.uint64(0x7F7F7F7F7F7F7F7F)
_GATHER = np.uint64(0x0102040810204080)


@njit(nogil=True, cache=True)
def add_equal(eights, code, first, out):  # type: ignore[no-untyped-def]
    """Set the bits of rows with a code, eight rows at a step.

    The bytes that are 0 after the exclusive or are found as in H. Warren, Hacker's Delight,
    2nd edition, section 6-1; the product brings their eight bits together.

    Args:
        eights: uint64, eight uint8 codes of rows each.
        code: uint64, the code in each of its eight bytes.
        first: The first word.
        out: uint64 words from ``first`` on, all of whose rows ``eights`` has; changed.
    """
    for w in range(out.shape[0]):
        word = np.uint64(0)
        for k in range(8):
            # A signed index is looked at for its sign at each use.
            other = eights[np.uint64((first + w) * 8 + k)] ^ code
            same = ~(((other & _SEVEN) + _SEVEN) | other | _SEVEN)
            word |= (((same >> np.uint64(7)) * _GATHER) >> np.uint64(56)) << np.uint64(8 * k)
        out[w] |= word


@njit(nogil=True, cache=True)
def add_listed(codes, table, first, out):  # type: ignore[no-untyped-def]
    """Set the bits of rows whose code is in a table.

    Args:
        codes: Code of each row of the segment.
        table: uint8 by code, 0 or 1.
        first: The first word.
        out: uint64 words from ``first`` on; changed.
    """
    rows = codes.shape[0]
    for w in range(out.shape[0]):
        base = (first + w) * 64
        word = np.uint64(0)
        if base + 64 <= rows:
            for k in range(64):
                word |= np.uint64(table[codes[np.uint64(base + k)]]) << np.uint64(k)
        else:
            for k in range(rows - base):
                word |= np.uint64(table[codes[base + k]]) << np.uint64(k)
        out[w] |= word


@njit(nogil=True, cache=True)
def add_marked(bits, bit, shift, out):  # type: ignore[no-untyped-def]
    """Set the bits of rows that have a selector's bit.

    Args:
        bits: uint64 selector bits of a part's rows.
        bit: The selector's bit.
        shift: Place of the part's first row in its word.
        out: uint64 words from that word on; changed.
    """
    for i in range(bits.shape[0]):
        at = np.uint64(i + shift)
        out[at >> np.uint64(6)] |= np.uint64((bits[i] & bit) != 0) << (at & np.uint64(63))


@njit(nogil=True, cache=True)
def days_met(  # type: ignore[no-untyped-def]
    user_row, user_run, run_row, run_day, chosen, first, end, words, found, offsets, days
):
    """Find the days on which each user has a row that meets; no run is of a day gone by.

    Args:
        user_row: Offsets of users into rows.
        user_run: Offsets of users into day runs.
        run_row: First row of each run.
        run_day: Its day, ascending within a user.
        chosen: 1 for each user who counts.
        first: First user.
        end: User after the last.
        words: The bitmap, from the word of the first user's first row.
        found: uint32, as long as the users have runs, and one more; changed.
        offsets: Written: one entry more than users.
        days: Written: as long as the users have runs.

    Returns:
        How many days were found.
    """
    base = np.uint64(user_row[first]) >> np.uint64(6) << np.uint64(6)
    first_run, runs = np.int64(user_run[first]), run_row.shape[0]
    end_row = user_row[user_row.shape[0] - 1]
    # A signed index is looked at for its sign at each use.
    place = np.uint64(0)
    u = first
    while u < end:
        until = u
        while until < end and chosen[until] != 0:
            until += 1
        # Neighbours who count in one go: few users have enough runs for a loop of their own.
        begin = np.uint64(user_row[u]) - base
        for r in range(np.int64(user_run[u]), np.int64(user_run[until])):
            after = np.uint64(run_row[r + 1] if r + 1 < runs else end_row) - base
            found[np.uint64(r - first_run)] = place
            days[place] = run_day[r]
            place += np.uint64(_any(words, begin, after))
            begin = after
        found[np.int64(user_run[until]) - first_run] = place
        for v in range(u, until):
            offsets[np.uint64(v - first)] = found[np.uint64(user_run[v] - first_run)]
        if until < end:
            offsets[until - first] = place
        u = until + 1
    offsets[end - first] = place
    return place


@njit(nogil=True, cache=True, inline="always")
def _any(words, begin, end):  # type: ignore[no-untyped-def]
    """Whether one of some rows, at least one, has its bit."""
    at, place = begin >> np.uint64(6), begin & np.uint64(63)
    found = words[at] >> place
    found |= words[at + np.uint64(1)] << np.uint64(1) << (np.uint64(63) - place)
    rows = end - begin
    if rows <= np.uint64(64):
        return (found << (np.uint64(64) - rows)) != 0
    last = (end - np.uint64(1)) >> np.uint64(6)
    at += np.uint64(1)
    while found == 0 and at < last:
        found = words[at]
        at += np.uint64(1)
    return (found | words[last] << (np.uint64(63) - (end - np.uint64(1) & np.uint64(63)))) != 0
