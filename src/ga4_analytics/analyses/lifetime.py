"""Lifetime value: what the users of a cohort have brought by the end of each period."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.orders import NOBODY, Money
from ga4_analytics.analyses.parts import Part, on_each, parts
from ga4_analytics.analyses.scope import Scope
from ga4_analytics.index.calendar import day_number, day_of
from ga4_analytics.index.columns import NO_NUMBER
from ga4_analytics.index.layout import I64, U8
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels.segments import new_days
from ga4_analytics.questions.revenue import LifetimeValue, RevenueQuestion, Unit
from ga4_analytics.stats.amounts import Mean, ratio_of_sums


def lifetime_of(
    index: Index,
    question: RevenueQuestion,
    scope: Scope,
    chosen: tuple[U8, ...],
    money: Money,
    threads: int | None = None,
) -> tuple[LifetimeValue, ...]:
    """Follow the cohorts of the question's days.

    Args:
        index: The index.
        question: The question; without ``periods`` there is nothing to follow.
        scope: Its days.
        chosen: 1 for each user who counts.
        money: Their orders; those that do not meet the filter are left out.
        threads: How many at once.

    Returns:
        Every period of every cohort; the value is None where the period is not complete.
    """
    if question.periods is None:
        return ()
    new = first_seen(index, chosen, threads)
    new[(new < scope.first_day) | (new > scope.last_day)] = -1
    cohort = np.where(new < 0, -1, bucket_number(new, question.interval))
    kept = money.is_first & money.meets & (money.owner != NOBODY)
    owner, revenue = money.owner[kept], money.revenue[kept]
    ours = (cohort[owner] >= 0) & (revenue != NO_NUMBER)
    owner, revenue, day = owner[ours], revenue[ours], money.day[kept][ours]
    age = np.maximum(0, bucket_number(day, question.interval) - cohort[owner])
    last = index.calendar.last_complete
    end = -1 if last is None else day_number(last) + 1
    sizes = np.bincount(cohort[cohort >= 0]) if (cohort >= 0).any() else np.zeros(0, np.int64)
    found = []
    for bucket in np.flatnonzero(sizes):
        own = cohort[owner] == bucket
        users = int(sizes[bucket])
        for period in range(question.periods + 1):
            mature = bucket_start(int(bucket) + period + 1, question.interval) <= end
            upto = own & (age <= period)
            value = _mean(owner[upto], revenue[upto], users) if mature else None
            begin = day_of(bucket_start(int(bucket), question.interval))
            found.append(LifetimeValue(begin, users, period, value))
    return tuple(found)


def first_seen(index: Index, chosen: tuple[U8, ...], threads: int | None = None) -> I64:
    """The day on which each user of all segments was new; -1 for none and who do not count."""
    begin = index.calendar.days[0].start_us if index.calendar.days else 0

    def work(part: Part) -> I64:
        given = part.segment
        out = np.zeros(part.end_user - part.first_user, np.int64)
        new_days(
            given.user_day, given.day, given.day_flags, given.user_touch_us, begin,
            part.first_user, part.end_user, out,
        )  # fmt: skip
        return np.where(part.chosen[part.first_user : part.end_user] != 0, out, -1)

    pieces = on_each(work, parts(index.segments, chosen), threads)
    return np.concatenate([np.zeros(0, np.int64), *pieces])


def bucket_number(days: I64, unit: Unit) -> I64:
    """Days, weeks from Monday on, or months, counted so that neighbours differ by 1.

    >>> bucket_number(np.array([0, 3, 4, 31]), "week").tolist()
    [0, 0, 1, 4]
    """
    if unit == "day":
        return days
    if unit == "week":
        return (days + 3) // 7
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def bucket_start(number: int, unit: Unit) -> int:
    """The first day of a bucket.

    >>> bucket_start(1, "week"), bucket_start(1, "month")
    (4, 31)
    """
    if unit == "day":
        return number
    if unit == "week":
        return number * 7 - 3
    return int(np.datetime64(number, "M").astype("datetime64[D]").astype(np.int64))


def _mean(owner: I64, revenue: I64, users: int) -> Mean | None:
    buyers, place = np.unique(owner, return_inverse=True)
    total = np.zeros(len(buyers), np.int64)
    np.add.at(total, place, revenue)
    paid: NDArray[np.float64] = total / 1e6
    return ratio_of_sums(paid, np.ones(len(paid)), users - len(paid))
