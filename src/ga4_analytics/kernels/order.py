"""Puts encoded rows into the order of a segment and finds its days, visits and sessions."""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.lean import inlined
from ga4_analytics.kernels.words import LOW, word

_SHORT = 24
"""Up to so many rows a user's order is found by insertion."""
DASH = np.uint8(45)


@njit(nogil=True, cache=True)
def parts_of(offsets, data, parts, out):  # type: ignore[no-untyped-def]
    """Say for each text which part it belongs to, by its hash (FNV-1a, mixed).

    Args:
        offsets: Text i is ``data[offsets[i]:offsets[i + 1]]``.
        data: Bytes.
        parts: How many parts there are.
        out: uint16, one a text; written.
    """
    for i in range(out.shape[0]):
        mixed = np.uint64(14695981039346656037)
        for j in range(offsets[i], offsets[i + 1]):
            mixed = (mixed ^ np.uint64(data[j])) * np.uint64(1099511628211)
        mixed ^= mixed >> np.uint64(32)
        out[i] = np.uint16(mixed % np.uint64(parts))


@njit(nogil=True, cache=True)
def read_ids(offsets, data, high, low):  # type: ignore[no-untyped-def]
    """Read UUIDs as two numbers that order as the texts do.

    A text that is no UUID in lower case gives its first 16 bytes.

    Args:
        offsets: Text i is ``data[offsets[i]:offsets[i + 1]]``.
        data: Bytes.
        high: uint64, the first half; written.
        low: uint64, the second half; written.
    """
    for i in range(high.shape[0]):
        first, size = np.int64(offsets[i]), np.int64(offsets[i + 1] - offsets[i])
        if size == 36 and _are_dashes(data, first):
            one, other = word(data, first), _joined(data, first + 9, first + 14)
            third, last = _joined(data, first + 19, first + 24), word(data, first + 28)
            if _is_hex(one) and _is_hex(other) and _is_hex(third) and _is_hex(last):
                high[i] = (_value(one) << np.uint64(32)) | _value(other)
                low[i] = (_value(third) << np.uint64(32)) | _value(last)
                continue
        halves = np.zeros(2, np.uint64)
        for j in range(16):
            byte = data[first + j] if j < size else 0
            halves[j >> 3] = (halves[j >> 3] << np.uint64(8)) | np.uint64(byte)
        high[i], low[i] = halves[0], halves[1]


@inlined
def _are_dashes(data, first):  # type: ignore[no-untyped-def]
    """Whether dashes stand where a UUID has them."""
    return (
        data[first + 8] == DASH
        and data[first + 13] == DASH
        and data[first + 18] == DASH
        and data[first + 23] == DASH
    )


@inlined
def _joined(data, first, then):  # type: ignore[no-untyped-def]
    """Four bytes and four others as a word."""
    half = np.uint64(0xFFFFFFFF)
    return (word(data, first) & half) | ((word(data, then) & half) << np.uint64(32))


@inlined
def _digits(bytes_):  # type: ignore[no-untyped-def]
    """The value of each of eight hexadecimal digits, a byte each; letters have bit 6."""
    return (bytes_ & (np.uint64(15) * LOW)) + ((bytes_ >> np.uint64(6)) & LOW) * np.uint64(9)


@inlined
def _is_hex(bytes_):  # type: ignore[no-untyped-def]
    """Whether eight bytes are digits 0 to 9 and a to f: written again, their values are they."""
    digits = _digits(bytes_)
    letters = ((digits + np.uint64(0x76) * LOW) >> np.uint64(7)) & LOW
    again = digits + np.uint64(0x30) * LOW + letters * np.uint64(0x27)
    return again == bytes_ and digits & (np.uint64(0xF0) * LOW) == 0


@inlined
def _value(bytes_):  # type: ignore[no-untyped-def]
    """The number that eight hexadecimal digits are, the first one the highest."""
    digits, byte = _digits(bytes_), np.uint64(255)
    pairs = (digits << np.uint64(4)) | (digits >> np.uint64(8))
    return (
        ((pairs & byte) << np.uint64(24))
        | (((pairs >> np.uint64(16)) & byte) << np.uint64(16))
        | (((pairs >> np.uint64(32)) & byte) << np.uint64(8))
        | ((pairs >> np.uint64(48)) & byte)
    )


@njit(nogil=True, cache=True)
def grouped(group, offsets, order):  # type: ignore[no-untyped-def]
    """Order rows by group, those of a group as they stand.

    Args:
        group: Number of each row's group.
        offsets: int64, first place of each group and the end; changed.
        order: Rows by place; written.
    """
    for i in range(group.shape[0]):
        place = offsets[group[i]]
        order[place] = i
        offsets[group[i]] = place + 1


@njit(nogil=True, cache=True, inline="always")
def _before(i, j, time, page, request, event, high, low):  # type: ignore[no-untyped-def]
    if time[i] != time[j]:
        return time[i] < time[j]
    if page[i] != page[j]:
        return page[i] < page[j]
    if request[i] != request[j]:
        return request[i] < request[j]
    if event[i] != event[j]:
        return event[i] < event[j]
    if high[i] != high[j]:
        return high[i] < high[j]
    return low[i] < low[j]


@njit(nogil=True, cache=True)
def sort_users(order, user_row, time, page, request, event, high, low):  # type: ignore[no-untyped-def]
    """Order each user's rows by time, batch fields and id.

    Args:
        order: Rows by place, whole users together; changed.
        user_row: Offsets of users into ``order``.
        time: int64 by row.
        page: int64 by row, the lowest number for null; so ``request`` and ``event``.
        request: See ``page``.
        event: See ``page``.
        high: uint64 by row, first half of the id.
        low: uint64 by row, second half of the id.
    """
    longest = np.int64(0)
    for u in range(user_row.shape[0] - 1):
        size = np.int64(user_row[u + 1]) - np.int64(user_row[u])
        if size > longest:
            longest = size
    other = np.empty(longest, order.dtype)
    for u in range(user_row.shape[0] - 1):
        first, end = np.int64(user_row[u]), np.int64(user_row[u + 1])
        for start in range(first, end, _SHORT):
            stop = np.int64(start + _SHORT)
            if stop > end:
                stop = end
            for i in range(start + 1, stop):
                row = order[i]
                j = i - 1
                while j >= start and _before(row, order[j], time, page, request, event, high, low):
                    order[j + 1] = order[j]
                    j -= 1
                order[j + 1] = row
        width = _SHORT
        while width < end - first:
            for start in range(first, end - width, 2 * width):
                middle = start + width
                stop = np.int64(start + 2 * width)
                if stop > end:
                    stop = end
                if not _before(
                    order[middle], order[middle - 1], time, page, request, event, high, low
                ):
                    continue
                other[: stop - start] = order[start:stop]
                i, j = 0, width
                for k in range(start, stop):
                    if i == width or (
                        j < stop - start
                        and _before(other[j], other[i], time, page, request, event, high, low)
                    ):
                        order[k] = other[j]
                        j += 1
                    else:
                        order[k] = other[i]
                        i += 1
            width *= 2


@njit(nogil=True, cache=True)
def find_runs(  # type: ignore[no-untyped-def]
    user_row, order, time, page, request, event, day, session, name, touch, flags, names, touches,
    run, visit, sessions, no_touch,
):  # fmt: skip
    """Add what neighbours tell to the flags of ordered rows, and count each user's runs.

    Args:
        user_row: Offsets of users into rows.
        order: Place in the unordered arrays of each row.
        time: int64, ordered.
        page: int64, unordered; so ``request`` and ``event``.
        request: See ``page``.
        event: See ``page``.
        day: Ordered.
        session: Number of the user's session, ordered; 0 for none.
        name: Codes, ordered.
        touch: int64, ordered.
        flags: uint8, ordered; 1, 2 and 4 are added for tied, new day and new visit.
        names: uint32, one a user; the bits of its names are written.
        touches: int64, one a user; the least touch is written.
        run: One more than users; the count of user u's day runs is written at u + 1.
        visit: So for visits.
        sessions: So for the highest session number.
        no_touch: Stands for a touch that is not known.
    """
    for u in range(user_row.shape[0] - 1):
        bits = np.uint32(0)
        least = np.int64(no_touch)
        runs, visits, most = 0, 0, np.uint32(0)
        first = np.int64(user_row[u])
        for i in range(first, np.int64(user_row[u + 1])):
            place = np.int64(name[i]) - 1
            if place > 31:
                place = np.int64(31)
            bits |= np.uint32(1) << np.uint32(place)
            if touch[i] != no_touch and (least == no_touch or touch[i] < least):
                least = touch[i]
            if session[i] > most:
                most = session[i]
            added = 0
            if i > first and time[i] == time[i - 1]:
                a, b = order[i], order[i - 1]
                if page[a] == page[b] and request[a] == request[b] and event[a] == event[b]:
                    added = 1
            if i == first or day[i] != day[i - 1]:
                added |= 2
                runs += 1
            if i == first or session[i] != session[i - 1]:
                added |= 4
                visits += 1
            flags[i] |= np.uint8(added)
        names[u] = bits
        touches[u] = least
        run[u + 1] = runs
        visit[u + 1] = visits
        sessions[u + 1] = most


@njit(nogil=True, cache=True)
def fill_runs(  # type: ignore[no-untyped-def]
    user_row, flags, day, session, bits, user_run, user_visit, user_session, run_row, run_day,
    visit_row, visit_session, session_row, session_flags, user_day, days, day_flags,
):  # fmt: skip
    """Write the runs, visits, sessions and days of ordered rows.

    Args:
        user_row: Offsets of users into rows.
        flags: uint8 by row, with the bits of `find_runs`.
        day: By row.
        session: By row; 0 for none.
        bits: uint8 by row: 1, 2 and 4 are given to the day, 8 and 16 (as 1 and 2) to the session.
        user_run: Offsets of users into runs.
        user_visit: Offsets of users into visits.
        user_session: Offsets of users into sessions.
        run_row: First row of each run; written, as all that follow.
        run_day: Its day.
        visit_row: First row of each visit.
        visit_session: Its session.
        session_row: First row of each session.
        session_flags: Flags of that row.
        user_day: Offsets of users into days.
        days: Distinct days of users, ascending; as long as ``run_day``, of which no more is needed.
        day_flags: Bits of the days.
    """
    filled = 0
    for u in range(user_row.shape[0] - 1):
        first = np.int64(user_row[u])
        run, visit = np.int64(user_run[u]), np.int64(user_visit[u])
        opened = np.int64(user_session[u])
        for s in range(opened, np.int64(user_session[u + 1])):
            session_row[s] = first
            session_flags[s] = 255
        began, place = filled, filled
        user_day[u] = filled
        for i in range(first, np.int64(user_row[u + 1])):
            if flags[i] & 2:
                run_row[run] = i
                run_day[run] = day[i]
                run += 1
                place = filled
                while place > began and days[place - 1] >= day[i]:
                    place -= 1
                if place == filled or days[place] != day[i]:
                    for k in range(filled, place, -1):
                        days[k] = days[k - 1]
                        day_flags[k] = day_flags[k - 1]
                    days[place] = day[i]
                    day_flags[place] = 0
                    filled += 1
            day_flags[place] |= bits[i] & np.uint8(7)
            if flags[i] & 4:
                visit_row[visit] = i
                visit_session[visit] = session[i]
                visit += 1
                if session[i] > 0 and session_flags[opened + session[i] - 1] == 255:
                    session_row[opened + session[i] - 1] = i
                    session_flags[opened + session[i] - 1] = bits[i] >> np.uint8(3)
        for s in range(opened, np.int64(user_session[u + 1])):
            if session_flags[s] == 255:
                session_flags[s] = 0
    user_day[user_row.shape[0] - 1] = filled


@njit(nogil=True, cache=True)
def day_times(user_row, user_run, run_row, run_day, time_us, base, out):  # type: ignore[no-untyped-def]
    """Find the earliest and the latest time of each day's rows.

    Args:
        user_row: Offsets of users into rows.
        user_run: Offsets of users into day runs.
        run_row: First row of each run.
        run_day: Its day.
        time_us: Times, ascending within a user.
        base: The day of the first line of ``out``.
        out: int64, shape (days, 2): earliest and latest; those that are earlier, or later, are
            written.
    """
    for u in range(user_row.shape[0] - 1):
        end_run = np.int64(user_run[u + 1])
        for r in range(np.int64(user_run[u]), end_run):
            end = np.int64(run_row[r + 1]) if r + 1 < end_run else np.int64(user_row[u + 1])
            day = np.int64(run_day[r]) - base
            out[day, 0] = min(out[day, 0], time_us[np.int64(run_row[r])])
            out[day, 1] = max(out[day, 1], time_us[end - 1])
