"""Who comes on which day: cohorts, returns and left-truncated users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.allocate import apportion, choose
from ga4_analytics.sources.synthetic.draws import (
    Floats,
    Ints,
    heavy,
    quantiles,
    uniform,
)
from ga4_analytics.sources.synthetic.published import (
    RETURN_LEVEL,
    RETURN_NEXT_DAY,
    USERS,
    USERS_WITH,
    Calendar,
)
from ga4_analytics.sources.synthetic.spec import SampleSpec

_ANCHORS = (2.0, 7.0, 14.0, 30.0, 91.0)
_ANCHOR_LEVEL = (0.055, 0.0549, 0.0565, 0.0490, 0.0490)
_PUBLISHED_HORIZONS = (7, 14, 30)
_BETWEEN = 0.75
_POOL_SHARE = 0.14


@dataclass(frozen=True)
class Visits:
    """Users and the days on which they do something, ordered by user and then day.

    Attributes:
        cohort: First day in the data, by user.
        loyalty: How much a user is drawn to come back, by user; median 1.
        truncated: Whether the user came before the first day, by user.
        user: The user of each user-day.
        day: The day of each user-day.
    """

    cohort: Ints
    loyalty: Floats
    truncated: NDArray[np.bool_]
    user: Ints
    day: Ints


def return_rates(row: int, days: int) -> Floats:
    """Give the share of a cohort expected back exactly N days after its first day.

    The share falls about as 1 / N; the published horizons 1, 7, 14 and 30 are met, and the
    days between them are a little lower, as people come back on the same weekday.

    Args:
        row: The cohort's day in the published calendar.
        days: How many days to give.

    Returns:
        Shares by N, from 0 (which is 1) to ``days - 1``.

    Example:
        >>> [round(float(rate), 4) for rate in return_rates(0, 8)[[0, 1, 7]]]
        [1.0, 0.0541, 0.0085]
    """
    week = (row + 6) // 7
    n = np.arange(days, dtype=np.float64)
    level = np.interp(n, _ANCHORS, _ANCHOR_LEVEL) * (RETURN_LEVEL[week] / 100)
    rates = level / np.maximum(n, 1)
    quiet = ~np.isin(n, _PUBLISHED_HORIZONS)
    rates[quiet] *= _BETWEEN
    rates[:1] = 1.0
    rates[1:2] = RETURN_NEXT_DAY[week] / 100_000
    return rates


def _cohorts_and_returns(plan: Calendar, scale: float) -> tuple[Ints, Ints]:
    """Cohort sizes, and how many of cohort c come on day d, so that days have their users."""
    days = len(plan.rows)
    user_days = np.floor(plan.series["user_days"] * scale + 0.5).astype(np.int64)
    user_days[0] = max(user_days[0], 1)
    sizes = np.zeros(days, np.int64)
    returns = np.zeros((days, days), np.int64)
    owed = np.zeros(days)
    rates = np.stack([return_rates(int(row), days) for row in plan.rows])
    for day in range(days):
        ages = day - np.arange(day)
        owed[ages] += sizes[:day] * rates[np.arange(day), ages]
        give = np.clip(np.floor(owed[ages] + 0.5).astype(np.int64), 0, sizes[:day])
        room = user_days[day] - np.concatenate([[0], np.cumsum(give)[:-1]]) if day else give
        give = np.clip(give, 0, np.maximum(room, 0))
        owed[ages] -= give
        returns[:day, day] = give
        sizes[day] = user_days[day] - int(give.sum())
    return sizes, returns


def _pool(cohort: Ints, loyalty: Floats, sizes: Ints, returns: Ints) -> Ints:
    """The users who may come back: the most loyal of each cohort, by user number."""
    busiest = returns.max(axis=1) if len(sizes) else sizes
    quota = np.minimum(np.maximum(np.ceil(sizes * _POOL_SHARE).astype(np.int64), busiest), sizes)
    return np.flatnonzero(choose(1.0 / (1.0 + loyalty), np.ones(len(cohort)), cohort, quota))


def _truncated(spec: SampleSpec, cohort: Ints, sizes: Ints) -> NDArray[np.bool_]:
    """Mark the users who had come before the first day: many at first, ever fewer later."""
    days = np.arange(len(sizes))
    share = (USERS - USERS_WITH["first_visit"]) / USERS
    total = int(len(cohort) * share + 0.5)
    quota = apportion(sizes * (1.0 / (days + 4.0) + 0.006), total)
    u = uniform(spec.seed, "truncated", np.arange(len(cohort)))
    return choose(u, np.ones(len(cohort)), cohort, quota)


def plan_visits(spec: SampleSpec, plan: Calendar) -> Visits:
    """Make the users and their days, so that each day has its published number of users.

    Args:
        spec: The sample's size and seed.
        plan: What is expected of its days.

    Returns:
        The users and user-days.
    """
    sizes, returns = _cohorts_and_returns(plan, spec.scale)
    cohort = np.repeat(np.arange(len(sizes)), sizes)
    keys = np.arange(len(cohort))
    loyalty = heavy(spec.seed, "loyalty", keys)
    pool = _pool(cohort, loyalty, sizes, returns)
    users, days = [keys], [cohort]
    for day in range(1, len(sizes)):
        quota = returns[:, day]
        if quota.any():
            u = uniform(spec.seed, f"return/{day}", pool)
            back = pool[choose(u, loyalty[pool] ** 2, cohort[pool], quota)]
            users.append(back)
            days.append(np.full(len(back), day))
    user, day_of = np.concatenate(users), np.concatenate(days)
    order = np.lexsort((day_of, user))
    truncated = _truncated(spec, cohort, sizes)
    return Visits(cohort, loyalty, truncated, user[order], day_of[order])


def session_numbers_before(spec: SampleSpec, visits: Visits) -> Ints:
    """How many sessions a user had before the first day of the data; 0 unless truncated."""
    before = 1 + np.floor(quantiles(spec.seed, "earlier", len(visits.cohort)) * 6)
    return np.where(visits.truncated, before, 0).astype(np.int64)
