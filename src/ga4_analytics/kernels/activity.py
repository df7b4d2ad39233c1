"""Counts of who was there when, from user-days or from what `matched` found in rows.

A *who* is a user, or a user within one group of a breakdown. Who ``p`` owns the distinct,
ascending slots (days, or hours) from ``offsets[p]`` up to, not including, ``offsets[p + 1]``.
``table[slot - base]`` is the bucket of a slot, or -1 where it does not count. What is not
given is an array of length 0, so that each function is compiled once.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def histogram(days, base, counts):  # type: ignore[no-untyped-def]
    """Count user-days of everybody by day.

    Args:
        days: A day each.
        base: The first day that is counted.
        counts: int64, shape (4, days); added to. The four are to be summed: neighbours often
            are of one day, and would wait for each other.
    """
    n = days.shape[0]
    whole = n - n % 4
    for i in range(0, whole, 4):
        counts[0, np.int64(days[i]) - base] += 1
        counts[1, np.int64(days[i + 1]) - base] += 1
        counts[2, np.int64(days[i + 2]) - base] += 1
        counts[3, np.int64(days[i + 3]) - base] += 1
    for i in range(whole, n):
        counts[0, np.int64(days[i]) - base] += 1


@njit(nogil=True, cache=True)
def users_by_bucket(  # type: ignore[no-untyped-def]
    offsets, slots, first, end, chosen, group, table, base, counts, totals
):
    """Count distinct whos in each bucket, and in the whole range.

    Args:
        offsets: Offsets of whos into ``slots``.
        slots: Distinct slots, ascending.
        first: First who.
        end: Who after the last.
        chosen: 1 for each who counts, or length 0: all.
        group: Group of each who, or length 0: 0.
        table: Bucket by slot, ascending, or -1.
        base: The first slot of the table.
        counts: int64, shape (groups, buckets); added to.
        totals: int64, shape (groups,); added to.
    """
    for p in range(first, end):
        if chosen.shape[0] > 0 and chosen[p] == 0:
            continue
        g = np.int64(group[p]) if group.shape[0] > 0 else 0
        before = -1
        for i in range(np.int64(offsets[p]), np.int64(offsets[p + 1])):
            bucket = table[np.int64(slots[i]) - base]
            if bucket > before:
                counts[g, bucket] += 1
                before = bucket
        totals[g] += before >= 0


@njit(nogil=True, cache=True)
def new_by_bucket(  # type: ignore[no-untyped-def]
    offsets, days, first, end, chosen, group, pair_user, origin, base_user, table, base,
    counts, totals,
):  # fmt: skip
    """Count whos in the bucket of the day on which their user is new, if it is a day of theirs.

    Args:
        offsets: Offsets of whos into ``days``.
        days: Distinct days, ascending.
        first: First who.
        end: Who after the last.
        chosen: 1 for each who counts, or length 0: all.
        group: Group of each who, or length 0: 0.
        pair_user: User of each who, or length 0: they are the users.
        origin: Day on which each user is new, or -1, counted from ``base_user``.
        base_user: User of ``origin[0]``.
        table: Bucket by day, or -1.
        base: The first day of the table.
        counts: int64, shape (groups, buckets); added to.
        totals: int64, shape (groups,); added to.
    """
    for p in range(first, end):
        if chosen.shape[0] > 0 and chosen[p] == 0:
            continue
        u = np.int64(pair_user[p]) if pair_user.shape[0] > 0 else np.int64(p)
        day = np.int64(origin[u - base_user])
        if day < 0 or table[day - base] < 0:
            continue
        g = np.int64(group[p]) if group.shape[0] > 0 else 0
        for i in range(np.int64(offsets[p]), np.int64(offsets[p + 1])):
            if np.int64(days[i]) == day:
                counts[g, table[day - base]] += 1
                totals[g] += 1
                break


@njit(nogil=True, cache=True)
def rolling(  # type: ignore[no-untyped-def]
    offsets, days, first, end, chosen, group, flags, need, base, width, changes
):
    """How the number of distinct whos of the last days changes from day to day.

    Args:
        offsets: Offsets of whos into ``days``.
        days: Distinct days, ascending.
        first: First who.
        end: Who after the last.
        chosen: 1 for each who counts, or length 0: all.
        group: Group of each who, or length 0: 0.
        flags: Flags of each day, or length 0.
        need: uint8 flags that a day asks for, by day from ``base``.
        base: The first day.
        width: Days in a window.
        changes: int64, shape (groups, days + width + 1) of zeros; added to. Its running sum is
            the number.
    """
    for p in range(first, end):
        if chosen.shape[0] > 0 and chosen[p] == 0:
            continue
        g = np.int64(group[p]) if group.shape[0] > 0 else 0
        # Whether a day counts is a coin's toss: no branch waits for it. What would be taken
        # away before the first day goes to the last entry, which is none of a day.
        nowhere = np.int64(changes.shape[1] - 1)
        until = nowhere
        for i in range(np.int64(offsets[p]), np.int64(offsets[p + 1])):
            day = np.int64(days[i]) - base
            here = np.int64(1)
            if flags.shape[0] > 0:
                here = np.int64((flags[i] & need[day]) != 0)
            ends = until if until == nowhere else min(day, until)
            changes[g, ends] -= here
            changes[g, day] += here
            until = day + width if here else until
        changes[g, until] -= 1


@njit(nogil=True, cache=True)
def lifecycle(  # type: ignore[no-untyped-def]
    offsets, days, first, end, chosen, group, pair_user, origin, base_user, table, base, counts
):
    """Count whos by what a bucket is to them: new, returning, resurrecting, dormant.

    Args:
        offsets: Offsets of whos into ``days``.
        days: Distinct days, ascending.
        first: First who.
        end: Who after the last.
        chosen: 1 for each who counts, or length 0: all.
        group: Group of each who, or length 0: 0.
        pair_user: User of each who, or length 0: they are the users.
        origin: Day on which each user is new, or -1 for who is never new.
        base_user: User of ``origin[0]``.
        table: Bucket by day, ascending.
        base: The first day of the table.
        counts: int64, shape (groups, 4, buckets + 1); added to. Kinds stand in the order
            named; a dormant who is counted in the first bucket without them.
    """
    for p in range(first, end):
        if chosen.shape[0] > 0 and chosen[p] == 0:
            continue
        u = np.int64(pair_user[p]) if pair_user.shape[0] > 0 else np.int64(p)
        g = np.int64(group[p]) if group.shape[0] > 0 else 0
        before = np.int64(-1)
        for i in range(np.int64(offsets[p]), np.int64(offsets[p + 1])):
            bucket = np.int64(table[np.int64(days[i]) - base])
            if bucket == before:
                continue
            kind = 2
            if before < 0:
                if origin[u - base_user] >= 0:
                    kind = 0
            elif bucket == before + 1:
                kind = 1
            else:
                counts[g, 3, before + 1] += 1
            counts[g, kind, bucket] += 1
            before = bucket
        if before >= 0:
            counts[g, 3, before + 1] += 1


@njit(nogil=True, cache=True)
def active_buckets(offsets, days, first, end, chosen, group, table, base, counts):  # type: ignore[no-untyped-def]
    """Count whos by in how many buckets they are.

    Args:
        offsets: Offsets of whos into ``days``.
        days: Distinct days, ascending.
        first: First who.
        end: Who after the last.
        chosen: 1 for each who counts, or length 0: all.
        group: Group of each who, or length 0: 0.
        table: Bucket by day, ascending, or -1.
        base: The first day of the table.
        counts: int64, shape (groups, buckets + 1), by number of buckets; added to.
    """
    for p in range(first, end):
        if chosen.shape[0] > 0 and chosen[p] == 0:
            continue
        g = np.int64(group[p]) if group.shape[0] > 0 else 0
        before = -1
        n = 0
        for i in range(np.int64(offsets[p]), np.int64(offsets[p + 1])):
            bucket = table[np.int64(days[i]) - base]
            n += bucket > before
            before = max(before, bucket)
        counts[g, n] += 1
