"""Trends in plain Python: every bucket is counted by itself, over all events of the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fractions import Fraction

from logs import Event

from oracles.activity import Meets, is_active, loaded_days, new_day, ordered

Inside = Callable[[Event], bool]
Number = int | float | None


def percentile(values: Sequence[int], share: float) -> float | None:
    """Between neighbours on a straight line."""
    if not values:
        return None
    line = sorted(values)
    at = (len(line) - 1) * share
    low, high = line[int(at)], line[min(int(at) + 1, len(line) - 1)]
    return low + (high - low) * (at - int(at))


def number(
    log: Sequence[Event],
    zone: str,
    measure: str,
    meets: Meets,
    inside: Inside,
    column: str | None = None,
    share: float = 0.5,
    in_group: Inside = lambda event: True,
) -> Number:
    """One number of one series, in micro-units where its column has them.

    Args:
        log: All events.
        zone: The property's zone.
        measure: What is counted.
        meets: Which events are meant.
        inside: Which events are in the stretch of time.
        column: A column of numbers.
        share: The percentile, as a fraction.
        in_group: Which events are in the group.
    """
    wanted = [event for event in ordered(log) if meets(event)]
    found = [event for event in wanted if inside(event) and in_group(event)]
    known = [n for e in found if column and (n := e.columns.get(column)) is not None]
    users = sorted({event.user for event in found if event.user is not None})
    if measure == "events":
        return len(found)
    if measure == "users":
        return len(users)
    if measure == "sessions":
        return _sessions(log, wanted, inside, in_group)
    if measure == "active_users":
        return len({e.user for e in found if e.user and is_active(log, e.user, e.day(zone), zone)})
    if measure == "new_users":
        return len({e.user for e in found if e.user and new_day(log, e.user, zone) == e.day(zone)})
    if measure == "sum":
        return sum(known)
    if measure in ("min", "max"):
        return (min if measure == "min" else max)(known, default=None)
    if measure == "average":
        return float(Fraction(sum(known), len(known))) if known else None
    if measure == "percentile":
        return percentile(known, share)
    per_user = [
        sum((e.columns.get(column) or 0) if column else 1 for e in found if e.user == user)
        for user in users
    ]
    if measure == "percentile_per_user":
        return percentile(per_user, share)
    assert measure == "per_user"
    above = sum(known) if column else len(found_of_users(found))
    total = sum(per_user)
    assert total <= above or any(n < 0 for n in known)
    return float(Fraction(total, len(users))) if users else None


def found_of_users(found: Sequence[Event]) -> list[Event]:
    """Events that have a user."""
    return [event for event in found if event.user is not None]


def _sessions(
    log: Sequence[Event], wanted: Sequence[Event], inside: Inside, in_group: Inside
) -> int:
    count = 0
    for key in {(e.user, e.session) for e in log if e.user is not None and e.session}:
        first = next(e for e in ordered(log) if (e.user, e.session) == key)
        meant = next((e for e in wanted if (e.user, e.session) == key), None)
        count += meant is not None and inside(first) and in_group(meant)
    return count


def rolling(
    log: Sequence[Event], zone: str, meets: Meets, day: date, width: int, in_group: Inside
) -> int | None:
    """Distinct active users of the days that end on a day."""
    first = day - timedelta(days=width - 1)
    if first < loaded_days(log, zone)[0]:
        return None
    return len(
        {
            e.user
            for e in log
            if e.user is not None
            and meets(e)
            and in_group(e)
            and first <= e.day(zone) <= day
            and is_active(log, e.user, e.day(zone), zone)
        }
    )
