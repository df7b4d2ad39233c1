"""Lifecycle and stickiness in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from logs import Event

from oracles.activity import Meets, bucket_start, new_day, next_start, users_of


def buckets_of_user(
    log: Sequence[Event], zone: str, user: str, meets: Meets, unit: str, week: str
) -> list[date]:
    """The days, weeks or months in which a user has such an event, in order."""
    return sorted(
        {bucket_start(e.day(zone), unit, week) for e in log if e.user == user and meets(e)}
    )


def lifecycle(
    log: Sequence[Event], zone: str, meets: Meets, bucket: date, unit: str, week: str
) -> tuple[int, int, int, int]:
    """New, returning, resurrecting and dormant users of a bucket."""
    new = returning = resurrecting = dormant = 0
    before = bucket_start(bucket - timedelta(days=1), unit, week)
    for user in users_of(log):
        mine = buckets_of_user(log, zone, user, meets, unit, week)
        if bucket in mine:
            if bucket == mine[0] and new_day(log, user, zone) is not None:
                new += 1
            elif before in mine:
                returning += 1
            else:
                resurrecting += 1
        elif before in mine:
            dormant += 1
    return new, returning, resurrecting, dormant


def is_known(days: Sequence[date], bucket: date, unit: str) -> bool:
    """Whether every day of a bucket is among the complete ones."""
    day, end = bucket, next_start(bucket, unit)
    while day < end:
        if day not in days:
            return False
        day += timedelta(days=1)
    return True


def stickiness(
    log: Sequence[Event], zone: str, meets: Callable[[Event], bool], unit: str, week: str
) -> dict[int, int]:
    """How many users there are by their number of days, weeks or months."""
    counts: dict[int, int] = {}
    for user in users_of(log):
        number = len(buckets_of_user(log, zone, user, meets, unit, week))
        if number:
            counts[number] = counts.get(number, 0) + 1
    return counts
