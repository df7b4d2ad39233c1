"""On which days, or in which hours, who did something: found in rows.

A *who* is a user, or a user within one group of a breakdown. Who ``p`` owns the distinct,
ascending slots (days, or hours) from ``offsets[p]`` up to, not including, ``offsets[p + 1]``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

TIMELESS = 8


@njit(nogil=True, cache=True)
def _place(days, begin, end, day):  # type: ignore[no-untyped-def]
    """Where a day stands, or would stand, among ``days[begin:end]``, which ascend."""
    at = end
    while at > begin and days[at - 1] >= day:
        at -= 1
    return at


@njit(nogil=True, cache=True)
def matched_days(  # type: ignore[no-untyped-def]
    user_row, user_run, run_row, run_day, user_names, wanted, chosen, first, end,
    bits, bit, group, values, null, offsets, days, extra,
):  # fmt: skip
    """Find the distinct days on which each user has a row that meets a selector.

    Args:
        user_row: Offsets of users into rows.
        user_run: Offsets of users into day runs.
        run_row: First row of each run.
        run_day: Its day.
        user_names: Bits of the names that a user has.
        wanted: Bits of the names that can meet the selector.
        chosen: 1 for each user who counts.
        first: First user.
        end: User after the last.
        bits: uint64 selector bits of the rows of these users.
        bit: The selector's bit.
        group: Group of each of these rows, or length 0; ``extra`` gets the group of the first
            row that meets, on each day.
        values: int64 of each row of the segment, or length 0; ``extra`` gets their sum over the
            rows that meet, on each day. (Not together with ``group``.)
        null: What stands for null in ``values``.
        offsets: Written: one entry more than users.
        days: Written: as long as the users have runs.
        extra: int64, as long as ``days``, or length 0 where neither is asked; written.

    Returns:
        How many days were found.
    """
    base = np.int64(user_row[first])
    place = 0
    for u in range(first, end):
        begin = place
        offsets[u - first] = begin
        if chosen[u] == 0 or (user_names[u] & wanted) == 0:
            continue
        end_run = np.int64(user_run[u + 1])
        for r in range(np.int64(user_run[u]), end_run):
            row = np.int64(run_row[r]) - base
            last = np.int64(user_row[u + 1]) - base
            if r + 1 < end_run:
                last = np.int64(run_row[r + 1]) - base
            # A signed index is looked at for its sign at each use.
            while row < last and (bits[np.uint64(row)] & bit) == 0:
                row += 1
            if row == last:
                continue
            day = run_day[r]
            # At the end of summer time at midnight a day comes back after the next began.
            at = place
            if place > begin and days[place - 1] >= day:
                at = _place(days, begin, place, day)
            if at == place or days[at] != day:
                for j in range(place, at, -1):
                    days[j] = days[j - 1]
                    if extra.shape[0] > 0:
                        extra[j] = extra[j - 1]
                days[at] = day
                place += 1
                if group.shape[0] > 0:
                    extra[at] = group[row]
                if values.shape[0] > 0:
                    extra[at] = 0
            if values.shape[0] > 0:
                for i in range(row, last):
                    if (bits[i] & bit) != 0 and values[base + i] != null:
                        extra[at] += values[base + i]
    offsets[end - first] = place
    return place


@njit(nogil=True, cache=True)
def matched_pairs(  # type: ignore[no-untyped-def]
    user_row, first, end, slot, slots, bits, bit, group, stamp, touched, pair_user,
    pair_group, offsets, found,
):  # fmt: skip
    """Find the distinct slots on which each user has a row that meets, within each group.

    Args:
        user_row: Offsets of users into rows.
        first: First user.
        end: User after the last.
        slot: int32 slot of each of these users' rows, or -1.
        slots: How many slots there are.
        bits: uint64 selector bits of these rows.
        bit: The selector's bit.
        group: Group of each of these rows.
        stamp: int64 zeros, groups times slots; changed.
        touched: int64, as long as the rows; changed.
        pair_user: Written: the user of each pair, at most one pair a row.
        pair_group: Written: its group.
        offsets: Written: offsets of pairs, one entry more than pairs.
        found: int32 slots, at most one a row; written.

    Returns:
        How many pairs.
    """
    base = np.int64(user_row[first])
    pairs = 0
    place = 0
    offsets[0] = 0
    for u in range(first, end):
        mine = np.int64(u - first + 1)
        count = 0
        for i in range(np.int64(user_row[u]) - base, np.int64(user_row[u + 1]) - base):
            if slot[i] < 0 or (bits[i] & bit) == 0:
                continue
            key = np.int64(group[i]) * slots + slot[i]
            if stamp[key] != mine:
                stamp[key] = mine
                touched[count] = key
                count += 1
        if count == 0:
            continue
        _sort(touched, count, stamp, mine)
        group_before = np.int64(-1)
        for j in range(count):
            key = touched[j]
            its_group = key // slots
            if its_group != group_before:
                group_before = its_group
                pair_user[pairs] = u
                pair_group[pairs] = its_group
                pairs += 1
            found[place] = key - its_group * slots
            place += 1
            offsets[pairs] = place
    return pairs


@njit(nogil=True, cache=True)
def _sort(touched, count, stamp, mine):  # type: ignore[no-untyped-def]
    """Order the keys that a user touched: nearly in order, or so many that all are looked at."""
    if count <= 64:
        for j in range(1, count):
            key = touched[j]
            k = j
            while k > 0 and touched[k - 1] > key:
                touched[k] = touched[k - 1]
                k -= 1
            touched[k] = key
        return
    ordered = True
    for j in range(1, count):
        if touched[j - 1] > touched[j]:
            ordered = False
            break
    if not ordered:
        keys = np.sort(touched[:count])
        touched[:count] = keys


@njit(nogil=True, cache=True)
def slots_by_day(  # type: ignore[no-untyped-def]
    user_row, user_run, run_row, run_day, chosen, first, end, table, base, out
):
    """Give each row the bucket of its day, or -1; rows of users who do not count get -1.

    Args:
        user_row: Offsets of users into rows.
        user_run: Offsets of users into day runs.
        run_row: First row of each run.
        run_day: Its day.
        chosen: 1 for each user who counts.
        first: First user.
        end: User after the last.
        table: Bucket by day, from day ``base``.
        base: The first day of the table.
        out: int32, one a row of these users; written.
    """
    offset = np.int64(user_row[first])
    for u in range(first, end):
        end_run = np.int64(user_run[u + 1])
        for r in range(np.int64(user_run[u]), end_run):
            last = np.int64(user_row[u + 1])
            if r + 1 < end_run:
                last = np.int64(run_row[r + 1])
            bucket = table[np.int64(run_day[r]) - base] if chosen[u] != 0 else -1
            for i in range(np.int64(run_row[r]) - offset, last - offset):
                out[i] = bucket


@njit(nogil=True, cache=True)
def slots_by_time(user_row, first, end, time_us, flags, bounds, out):  # type: ignore[no-untyped-def]
    """Turn rows' day slots into hours: rows that keep -1, or have no time, get -1.

    Args:
        user_row: Offsets of users into rows.
        first: First user.
        end: User after the last.
        time_us: Times of the segment's rows, ascending within a user.
        flags: Flags of the segment's rows.
        bounds: Shape (hours, 2): first microsecond of each hour and the one after its end.
        out: int32, one a row of these users; what is 0 or more becomes an hour or -1.
    """
    offset = np.int64(user_row[first])
    hours = bounds.shape[0]
    for u in range(first, end):
        hour = 0
        begin = np.int64(user_row[u])
        if begin < np.int64(user_row[u + 1]):
            low, high = 0, hours
            while low < high:
                middle = (low + high) // 2
                if bounds[middle, 1] <= time_us[begin]:
                    low = middle + 1
                else:
                    high = middle
            hour = low
        for row in range(begin, np.int64(user_row[u + 1])):
            i = row - offset
            while hour < hours and bounds[hour, 1] <= time_us[row]:
                hour += 1
            if out[i] < 0 or (flags[row] & TIMELESS) != 0:
                out[i] = -1
            elif hour < hours and bounds[hour, 0] <= time_us[row]:
                out[i] = hour
            else:
                out[i] = -1


@njit(nogil=True, cache=True)
def keep_flagged(  # type: ignore[no-untyped-def]
    offsets, days, first, end, pair_user, base_user, user_day, user_days, day_flags,
    need, base, new_offsets, new_days,
):  # fmt: skip
    """Keep the days of each who on which the user's day has a flag that the day asks for.

    Args:
        offsets: Offsets of whos into ``days``.
        days: Distinct days, ascending.
        first: First who.
        end: Who after the last.
        pair_user: The user of each who, or length 0: who p is user p + ``base_user``.
        base_user: See ``pair_user``.
        user_day: Offsets of users into ``user_days``.
        user_days: The distinct days of all users.
        day_flags: Their flags.
        need: uint8 flags that a day asks for, by day from ``base``; one of them is enough.
        base: The first day of ``need``.
        new_offsets: Written: offsets of the whos, counted from ``first``.
        new_days: Written: the days kept, counted as ``days`` are.

    Returns:
        How many days were kept.
    """
    place = 0
    for p in range(first, end):
        new_offsets[p - first] = place
        u = np.int64(pair_user[p]) if pair_user.shape[0] > 0 else np.int64(p + base_user)
        at = np.int64(user_day[u])
        for i in range(np.int64(offsets[p]), np.int64(offsets[p + 1])):
            while user_days[at] < days[i]:
                at += 1
            if (day_flags[at] & need[np.int64(days[i]) - base]) != 0:
                new_days[place] = days[i]
                place += 1
    new_offsets[end - first] = place
    return place


@njit(nogil=True, cache=True)
def origins(user_day, days, day_flags, first_visit, touch, first_us, null, first, end, out):  # type: ignore[no-untyped-def]
    """The day on which each user is new, or -1 for those who were there before the data.

    Args:
        user_day: Offsets of users into ``days``.
        days: Distinct days of each user, ascending.
        day_flags: Their flags.
        first_visit: The flag of a first visit.
        touch: First touch of each user, microseconds UTC.
        first_us: First microsecond of the first loaded day.
        null: What stands for no touch.
        first: First user.
        end: User after the last.
        out: int32, one a user from ``first``; written.
    """
    for u in range(first, end):
        day = np.int64(-1)
        for i in range(np.int64(user_day[u]), np.int64(user_day[u + 1])):
            if (day_flags[i] & first_visit) != 0:
                day = np.int64(days[i])
                break
        if day < 0 and (touch[u] == null or touch[u] >= first_us):
            day = np.int64(days[user_day[u]])
        out[u - first] = day
