"""One bit a row: which rows meet a selector, and on which days that makes.

Word ``w`` of a bitmap tells of rows ``64 * w`` to ``64 * w + 63`` of the segment, so that a part
may begin at any row; the words of a part begin with that of its first row. Bits of rows outside
the part may be set: nobody asks for them. A word more than there are stands at the end, because
a stretch of rows is read from two words at once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.lanes import equal, marked
from ga4_analytics.kernels.lean import inlined
from ga4_analytics.kernels.words import lowest_bit

_ONE, _ROOM = np.uint64(1), np.uint64(6)


@njit(nogil=True, cache=True)
def map_codes(codes, listed, begin, first, out):  # type: ignore[no-untyped-def]
    """Write which rows have one of some codes, for several lists of them.

    Args:
        codes: Code of each row of the segment; see `lanes.padded`.
        listed: uint64, the codes of each list, list after list.
        begin: int64 (lists + 1,): where those of each begin.
        first: The first word.
        out: uint64 (lists, words) from ``first`` on; words without a row are 0. Written.
    """
    for w in range(out.shape[1]):
        row = np.int64((first + w) * 64)
        for place in range(out.shape[0]):
            word = np.uint64(0)
            if row < len(codes):
                for n in range(begin[place], begin[place + 1]):
                    word |= equal(codes, row, listed[n])
            out[place, w] = word


@njit(nogil=True, cache=True)
def add_marked(flags, mark, out):  # type: ignore[no-untyped-def]
    """Set the bits of rows with a mark, of all rows.

    Args:
        flags: uint8, one a row of the segment; see `lanes.padded`.
        mark: uint8.
        out: uint64 words; changed.
    """
    for w in range(min(len(out), (len(flags) + 63) // 64)):
        out[w] |= marked(flags, np.int64(w * 64), mark)


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


@inlined
def _rows_of(w, first):  # type: ignore[no-untyped-def]
    """The first row of a word."""
    return np.uint64(first + w) << _ROOM


@njit(nogil=True, cache=True)
def keep_listed(codes, table, bit, first, out):  # type: ignore[no-untyped-def]
    """Leave the bits of rows whose code may have a selector's bit.

    Args:
        codes: Code of each row of the segment.
        table: uint64 selector bits by code.
        bit: The selector's bit.
        first: The first word.
        out: uint64 words from ``first`` on, no bits of which are of no row; changed.
    """
    for w in range(out.shape[0]):
        left = out[w]
        while left:
            lowest = left & (~left + _ONE)
            if not table[codes[_rows_of(w, first) + lowest_bit(left)]] & bit:
                out[w] ^= lowest
            left ^= lowest


@njit(nogil=True, cache=True)
def keep_within(values, lows, highs, first, out):  # type: ignore[no-untyped-def]
    """Leave the bits of rows whose number is in one of some ranges.

    Args:
        values: int64, one a row of the segment.
        lows: The least number of each range.
        highs: The greatest of each.
        first: See `keep_listed`, as the next one.
        out: Changed.
    """
    for w in range(out.shape[0]):
        left = out[w]
        while left:
            lowest = left & (~left + _ONE)
            value = values[_rows_of(w, first) + lowest_bit(left)]
            met = False
            for place in range(len(lows)):
                met |= lows[place] <= value <= highs[place]
            if not met:
                out[w] ^= lowest
            left ^= lowest


@njit(nogil=True, cache=True)
def keep_any(offsets, codes, table, bit, first, out):  # type: ignore[no-untyped-def]
    """Leave the bits of rows one of whose codes may have a selector's bit.

    Args:
        offsets: Row i of the segment owns ``codes[offsets[i]:offsets[i + 1]]``.
        codes: Codes of the rows' values.
        table: See `keep_listed`, as those that follow.
        bit: The selector's bit.
        first: The first word.
        out: Changed.
    """
    for w in range(out.shape[0]):
        left = out[w]
        while left:
            lowest = left & (~left + _ONE)
            row = _rows_of(w, first) + lowest_bit(left)
            met = False
            for place in range(offsets[row], offsets[row + _ONE]):
                met |= table[codes[place]] & bit != 0
            if not met:
                out[w] ^= lowest
            left ^= lowest


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
