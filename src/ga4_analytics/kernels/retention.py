"""Who comes back in which period after the start.

Entry: 0 the first start in the data, where it is in range; 1 the first in range; 2 the first
in each unit of time in range. Mode: 0 in period k exactly; 1 in period k or later (counted at
the last period of a user, so that the caller adds up from behind); 2 in a bracket of periods.
"""

from __future__ import annotations

import numpy as np
from numba import njit

TIMELESS = 8


@njit(nogil=True, cache=True)
def first_days(  # type: ignore[no-untyped-def]
    user_day, days, day_flags, first_visit, touch, first_us, null, chosen, first_user, end_user,
    low, high, entries, counts,
):  # fmt: skip
    """Count users by the first of their days, and by their days after it.

    Args:
        user_day: Offsets of users into ``days``.
        days: Distinct days of each user, ascending.
        day_flags: Their flags.
        first_visit: The flag of a first visit.
        touch: First touch of each user, microseconds UTC; length 0: nobody is left out.
        first_us: Who was touched before it, and has no first visit, is left out.
        null: What stands for no touch.
        chosen: 1 for each user who counts.
        first_user: First user.
        end_user: User after the last.
        low: Day of cohort 0.
        high: Last day of the range.
        entries: int64, one a cohort; added to.
        counts: int64, shape (cohorts, periods): users who were there so many days later;
            added to.
    """
    periods = counts.shape[1]
    for u in range(first_user, end_user):
        begin = np.int64(user_day[u])
        end = np.int64(user_day[u + 1])
        day = np.int64(days[begin])
        if chosen[u] == 0 or day < low or day > high:
            continue
        if touch.shape[0] > 0 and touch[u] < first_us and touch[u] != null:
            visited = False
            for i in range(begin, end):
                visited |= (day_flags[i] & first_visit) != 0
            if not visited:
                continue
        cohort = day - low
        entries[cohort] += 1
        for i in range(begin, end):
            later = np.int64(days[i]) - day
            if later >= periods:
                break
            counts[cohort, later] += 1


@njit(nogil=True, cache=True)
def by_days(  # type: ignore[no-untyped-def]
    users, start_offsets, start_days, start_first, return_offsets, return_days, return_first,
    chosen, origin, entry, base, low, high, until, entries, counts,
):  # fmt: skip
    """As `by_calendar`, for mode 0 in days, entry 0 or 1, and neither groups nor sums.

    Args:
        users: See `by_calendar`.
        start_offsets: See `by_calendar`.
        start_days: See `by_calendar`.
        start_first: See `by_calendar`.
        return_offsets: See `by_calendar`.
        return_days: See `by_calendar`.
        return_first: See `by_calendar`.
        chosen: See `by_calendar`.
        origin: See `by_calendar`.
        entry: See above.
        base: Day of cohort 0.
        low: First day of the range.
        high: Last day of the range.
        until: Last day whose returns count.
        entries: int64, one a cohort; added to.
        counts: int64, shape (cohorts, periods); added to.
    """
    periods = counts.shape[1]
    for k in range(users):
        first = np.int64(start_offsets[start_first + k])
        end = np.int64(start_offsets[start_first + k + 1])
        if first == end or chosen[k] == 0 or (origin.shape[0] > 0 and origin[k] < 0):
            continue
        day = np.int64(start_days[first])
        while entry == 1 and day < low and first + 1 < end:
            first += 1
            day = np.int64(start_days[first])
        if day < low or day > high:
            continue
        entries[day - base] += 1
        after = min(day + periods, until + 1)
        first_return = np.int64(return_offsets[return_first + k])
        for j in range(first_return, np.int64(return_offsets[return_first + k + 1])):
            back = np.int64(return_days[j])
            if back >= after:
                break
            if back >= day:
                counts[day - base, back - day] += 1


@njit(nogil=True, cache=True)
def by_calendar(  # type: ignore[no-untyped-def]
    users, start_offsets, start_days, start_first, start_group, return_offsets, return_days,
    return_first, return_sum, chosen, origin, entry, mode, low, high, until, table, base, shift,
    brackets, entries, counts, amounts, mature, hit, mine, tally,
):  # fmt: skip
    """Count users by cohort, and those who came back by period, in calendar units.

    Args:
        users: How many users.
        start_offsets: User k's start days begin at ``start_offsets[start_first + k]``.
        start_days: Distinct days of start events, ascending within a user.
        start_first: See ``start_offsets``.
        start_group: Group of the first start event of each of these days, or length 0.
        return_offsets: As ``start_offsets``, of return events.
        return_days: As ``start_days``.
        return_first: As ``start_first``.
        return_sum: int64 sum of the value column on each of these days, or None.
        chosen: 1 for each of these users who counts.
        origin: Below 0 for each of these users who is left out, or length 0.
        entry: See above.
        mode: See above.
        low: First day of the range.
        high: Last day of the range.
        until: Last day whose returns count.
        table: Unit of each day from ``base``, ascending.
        base: The first day of the table.
        shift: The unit of cohort 0.
        brackets: int64, shape (periods, 2): first and last period of each bracket; of mode 0
            and 1 only its length counts.
        entries: int64, shape (groups, cohorts); added to.
        counts: int64, shape (groups, cohorts, periods); added to.
        amounts: The same shape, of sums; length 0 where ``return_sum`` has none; added to.
        mature: uint8, shape (cohorts, periods); which cells the tally looks at.
        hit: uint8, one a period; changed.
        mine: int64, shape (2, periods); changed.
        tally: int64, shape (periods, most entries + 1, most entries + 1), or of length 0; added to:
            users by entries in mature cells and returns among them.
    """
    periods = brackets.shape[0]
    for k in range(users):
        if chosen[k] == 0:
            continue
        first = np.int64(start_offsets[start_first + k])
        end = np.int64(start_offsets[start_first + k + 1])
        if first == end or (origin.shape[0] > 0 and origin[k] < 0):
            continue
        from_return = np.int64(return_offsets[return_first + k])
        end_return = np.int64(return_offsets[return_first + k + 1])
        if tally.shape[0] > 0:
            mine[:, :] = 0
        unit_before = -1
        started = False
        for i in range(first, end):
            day = np.int64(start_days[i])
            if day < low or day > high:
                if entry == 0 or day > high:
                    break
                continue
            unit = table[day - base]
            if unit == unit_before:
                continue
            unit_before = unit
            cohort = np.int64(unit) - shift
            g = start_group[i] if start_group.shape[0] > 0 else 0
            started = True
            entries[g, cohort] += 1
            while (
                from_return < end_return and table[np.int64(return_days[from_return]) - base] < unit
            ):
                from_return += 1
            if tally.shape[0] > 0:
                hit[:] = 0
            before = np.int64(-1)
            for j in range(from_return, end_return):
                back = np.int64(return_days[j])
                if back > until:
                    break
                n = np.int64(table[back - base]) - unit
                if mode == 0:
                    if n >= periods:
                        break
                    if n != before:
                        counts[g, cohort, n] += 1
                        hit[n] = 1
                    if return_sum.shape[0] > 0:
                        amounts[g, cohort, n] += return_sum[j]
                elif mode == 1:
                    if return_sum.shape[0] > 0:
                        amounts[g, cohort, min(n, periods - 1)] += return_sum[j]
                else:
                    for b in range(periods):
                        if brackets[b, 0] <= n <= brackets[b, 1]:
                            if before < brackets[b, 0]:
                                counts[g, cohort, b] += 1
                                hit[b] = 1
                            if return_sum.shape[0] > 0:
                                amounts[g, cohort, b] += return_sum[j]
                before = n
            if mode == 1 and before >= 0:
                counts[g, cohort, min(before, periods - 1)] += 1
                if tally.shape[0] > 0:
                    hit[: min(before, periods - 1) + 1] = 1
            if tally.shape[0] > 0:
                for b in range(periods):
                    if mature[cohort, b] != 0:
                        mine[0, b] += 1
                        mine[1, b] += hit[b]
            if entry != 2:
                break
        if tally.shape[0] > 0 and started:
            for b in range(periods):
                tally[b, mine[0, b], mine[1, b]] += 1


@njit(nogil=True, cache=True)
def by_clock(  # type: ignore[no-untyped-def]
    user_row, first_user, end_user, time_us, flags, bits, start_bit, return_bit, cohorts, group,
    values, null, chosen, origin, entry, mode, until, length, brackets, seen, entries, counts,
    amounts, mature, hit, mine, tally,
):  # fmt: skip
    """As `by_calendar`, with periods of a length counted from the start event's microsecond.

    Rows without a time of their own neither start nor return. A return at the very microsecond
    of the start counts in period 0, whatever the order of the two.

    Args:
        user_row: Offsets of users into rows.
        first_user: First user.
        end_user: User after the last.
        time_us: Times of the segment's rows.
        flags: Their flags.
        bits: uint64 selector bits of these users' rows.
        start_bit: The bit of start events.
        return_bit: The bit of return events.
        cohorts: int32 cohort of each of these rows by its day, -1 outside the range.
        group: Group of each of these rows, or length 0.
        values: int64 of each row of the segment, or length 0.
        null: What stands for no number in ``values``.
        chosen: 1 for each of the segment's users who counts.
        origin: Below 0 for each of these users who is left out, or length 0.
        entry: See above.
        mode: See above.
        until: The first microsecond whose returns no longer count.
        length: Of a period, microseconds.
        brackets: See `by_calendar`.
        seen: int64 zeros, one a cohort; changed.
        entries: See `by_calendar`.
        counts: See `by_calendar`.
        amounts: See `by_calendar`.
        mature: See `by_calendar`.
        hit: See `by_calendar`.
        mine: See `by_calendar`.
        tally: See `by_calendar`.
    """
    periods = brackets.shape[0]
    offset = np.int64(user_row[first_user])
    for u in range(first_user, end_user):
        if chosen[u] == 0 or (origin.shape[0] > 0 and origin[u - first_user] < 0):
            continue
        begin = np.int64(user_row[u])
        end = np.int64(user_row[u + 1])
        if tally.shape[0] > 0:
            mine[:, :] = 0
        started = False
        for i in range(begin, end):
            if (bits[i - offset] & start_bit) == 0 or (flags[i] & TIMELESS) != 0:
                continue
            cohort = np.int64(cohorts[i - offset])
            if cohort < 0:
                if entry == 0:
                    break
                continue
            if seen[cohort] == u + 1:
                continue
            seen[cohort] = u + 1
            started = True
            g = np.int64(group[i - offset]) if group.shape[0] > 0 else 0
            entries[g, cohort] += 1
            at = i
            while at > begin and time_us[at - 1] == time_us[i]:
                at -= 1
            if tally.shape[0] > 0:
                hit[:] = 0
            n = np.int64(0)
            next_period = time_us[i] + length
            before = np.int64(-1)
            for j in range(at, end):
                if (bits[j - offset] & return_bit) == 0 or (flags[j] & TIMELESS) != 0:
                    continue
                now = time_us[j]
                if now >= until:
                    break
                if now >= next_period:
                    n = (now - time_us[i]) // length
                    next_period = time_us[i] + (n + 1) * length
                value = np.int64(0)
                if values.shape[0] > 0 and values[j] != null:
                    value = values[j]
                if mode == 0:
                    if n >= periods:
                        break
                    if n != before:
                        counts[g, cohort, n] += 1
                        hit[n] = 1
                    if values.shape[0] > 0:
                        amounts[g, cohort, n] += value
                elif mode == 1:
                    if values.shape[0] > 0:
                        amounts[g, cohort, min(n, periods - 1)] += value
                else:
                    for b in range(periods):
                        if brackets[b, 0] <= n <= brackets[b, 1]:
                            if before < brackets[b, 0]:
                                counts[g, cohort, b] += 1
                                hit[b] = 1
                            if values.shape[0] > 0:
                                amounts[g, cohort, b] += value
                before = n
            if mode == 1 and before >= 0:
                counts[g, cohort, min(before, periods - 1)] += 1
                if tally.shape[0] > 0:
                    hit[: min(before, periods - 1) + 1] = 1
            if tally.shape[0] > 0:
                for b in range(periods):
                    if mature[cohort, b] != 0:
                        mine[0, b] += 1
                        mine[1, b] += hit[b]
            if entry != 2:
                break
        if tally.shape[0] > 0 and started:
            for b in range(periods):
                tally[b, mine[0, b], mine[1, b]] += 1
