"""Which sessions each user-day has, when they begin, and which run past midnight."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.allocate import (
    choose,
    diffuse,
    rank_within,
    scatter,
)
from ga4_analytics.sources.synthetic.draws import Floats, Ints, below, heavy, uniform
from ga4_analytics.sources.synthetic.published import Calendar
from ga4_analytics.sources.synthetic.spec import SampleSpec
from ga4_analytics.sources.synthetic.visits import Visits, session_numbers_before

DAY_US = 86_400_000_000
SPACING_US = 40 * 60_000_000
"""From one session's start to the next one's: the 30 minutes that end a session, and its events."""
_MOST_A_DAY = 24
_MOST_APPETITE, _ROBOT_APPETITE = 25.0, 60.0
_MIDNIGHT_SHARE = 0.06
_AFTER_MIDNIGHT_US = 31 * 60_000_000
_LAST_SESSION_FROM_US = 21 * 3_600_000_000

_MORNING = (30, 26, 24, 24, 25, 27, 29, 31, 34, 37, 38, 38)
_EVENING = (40, 46, 54, 60, 63, 64, 63, 60, 55, 48, 42, 36)
_HOURS = np.array((*_MORNING, *_EVENING), dtype=np.float64)
"""How busy each hour is, in UTC: most people are in the Americas."""
_CLOCK = np.concatenate([[0.0], np.cumsum(_HOURS)]) / _HOURS.sum()


@dataclass(frozen=True)
class Sessions:
    """Sessions ordered by user and then start.

    Attributes:
        user: The user of each session.
        day: The day it begins on.
        start_us: Microseconds from its day's midnight to its begin.
        room_us: How long it may last without meeting the user's next session.
        number: 1 for the client's first session.
        is_first: Whether it is the user's first session in the data.
        crosses: Whether its last page view comes after midnight.
        appetite: How much is done in it; median about 1.
        is_robot: Whether its user is the robot that reads and never shops.
    """

    user: Ints
    day: Ints
    start_us: Ints
    room_us: Ints
    number: Ints
    is_first: NDArray[np.bool_]
    crosses: NDArray[np.bool_]
    appetite: Floats
    is_robot: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.user)


def heaviest_user(visits: Visits) -> int:
    """The user with the most days, the first of several: planted as a robot that reads all.

    Example:
        >>> none, user = np.zeros(0), np.array([0, 1, 1])
        >>> heaviest_user(Visits(none, none, none, user, np.array([0, 0, 1])))
        1
    """
    return int(np.bincount(visits.user).argmax())


def _midnight_days(spec: SampleSpec, visits: Visits) -> tuple[NDArray[np.bool_], Ints]:
    """User-days that consist of the end of yesterday's session, and the sessions to begin.

    Returns:
        A mark per user-day, and its index of the user-day before (-1 where unmarked).
    """
    follows = np.zeros(len(visits.user), np.bool_)
    follows[1:] = (np.diff(visits.user) == 0) & (np.diff(visits.day) == 1)
    follows &= visits.day == visits.cohort[visits.user] + 1
    u = uniform(spec.seed, "midnight", np.arange(len(follows)))
    quota = diffuse(np.bincount(visits.day[follows], minlength=spec.days) * _MIDNIGHT_SHARE)
    tail = choose(u, follows.astype(np.float64), visits.day, quota)
    return tail, np.where(tail, np.arange(len(tail)) - 1, -1)


def _sessions_by_user_day(
    spec: SampleSpec, plan: Calendar, visits: Visits, tail: NDArray[np.bool_]
) -> Ints:
    """One session a user-day, none where only yesterday's goes on, the rest by loyalty."""
    wanted = np.floor(plan.series["sessions"] * spec.scale + 0.5).astype(np.int64)
    count = (~tail).astype(np.int64)
    order = np.argsort(visits.day, kind="stable")
    days = visits.day[order]
    taste = heavy(spec.seed, "sessions", np.arange(len(tail))) * visits.loyalty[visits.user]
    weight = np.where(tail, 0, 1 + np.minimum(taste * 16, 4000).astype(np.int64))[order]
    for attempt in range(8):
        now = np.bincount(visits.day, count, spec.days).astype(np.int64)
        lacking = np.maximum(wanted - now, 0)
        if not lacking.any():
            break
        weight = np.where(count[order] < _MOST_A_DAY, weight, 0)
        more = scatter(spec.seed, f"sessions/{attempt}", weight, days, lacking)
        count[order] = np.minimum(count[order] + more, _MOST_A_DAY)
    return count


def _clock(spec: SampleSpec, sessions: Sessions, user_day: Ints, per_day: Ints) -> Sessions:
    """Set begins: busy hours are busier, and a user's sessions keep their distance."""
    keys = np.arange(len(sessions))
    place = rank_within(user_day)
    u = uniform(spec.seed, "clock", keys)
    u = u[np.lexsort((u, user_day))]
    hour = np.interp(u, _CLOCK, np.arange(25) / 24.0)
    many = per_day[user_day]
    day_end = np.where(
        np.bincount(user_day, sessions.crosses, len(per_day))[user_day] > 0,
        _LAST_SESSION_FROM_US,
        DAY_US,
    )
    free = np.maximum(day_end - many * SPACING_US - _AFTER_MIDNIGHT_US, 0)
    start = (hour * free).astype(np.int64) + place * SPACING_US + _AFTER_MIDNIGHT_US
    start = np.where(sessions.crosses, DAY_US - SPACING_US, start)
    room = np.where(place == many - 1, DAY_US - start, 0)
    same = place[1:] > 0
    room[:-1][same] = np.diff(start)[same] - 31 * 60_000_000
    room = np.where(sessions.crosses, SPACING_US, np.minimum(room - 1_000_000, 4 * 3_600_000_000))
    return replace(sessions, start_us=start, room_us=room)


def plan_sessions(spec: SampleSpec, plan: Calendar, visits: Visits) -> Sessions:
    """Make the sessions, so that each day begins its published number of them.

    Args:
        spec: The sample's size and seed.
        plan: What is expected of its days.
        visits: The user-days.

    Returns:
        The sessions, ordered by user and start.
    """
    tail, before = _midnight_days(spec, visits)
    per_day = _sessions_by_user_day(spec, plan, visits, tail)
    user_day = np.repeat(np.arange(len(per_day)), per_day)
    user = visits.user[user_day]
    last = np.cumsum(per_day) - 1
    crosses = np.zeros(len(user), np.bool_)
    crosses[last[before[tail]]] = True
    ordinal = rank_within(user)
    zeros = np.zeros(len(user), np.int64)
    mood = heavy(spec.seed, "appetite", np.arange(len(user)))
    character = heavy(spec.seed, "character", visits.user)[user_day]
    sessions = Sessions(
        user=user,
        day=visits.day[user_day],
        start_us=zeros,
        room_us=zeros,
        number=1 + ordinal + session_numbers_before(spec, visits)[user],
        is_first=ordinal == 0,
        crosses=crosses,
        appetite=np.minimum(mood * np.sqrt(character), _MOST_APPETITE),
        is_robot=user == heaviest_user(visits),
    )
    sessions.appetite[sessions.is_robot] = _ROBOT_APPETITE
    return _clock(spec, sessions, user_day, per_day)


def session_ids(spec: SampleSpec, sessions: Sessions) -> Ints:
    """Give ``ga_session_id``: ten scrambled digits, unique for a user but not among users.

    One session in 2,000 has the id of a session of another user, as happens in the export.

    Returns:
        One id a session.
    """
    keys = np.arange(len(sessions))
    ids = 1_000_000_000 + below(spec.seed, "session id", keys, 2_000_000_000) * 4
    ids += keys % 4
    shared = uniform(spec.seed, "shared id", keys) < 1 / 2000
    shared[:1] = False
    borrowed = np.flatnonzero(shared & (np.diff(sessions.user, prepend=-1) != 0))
    ids[borrowed] = ids[borrowed - 1]
    return ids
