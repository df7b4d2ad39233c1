"""Who was there when, in plain Python: what the oracles of trends and retention share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from logs import Event

Meets = Callable[[Event], bool]
Label = tuple[str | None, ...]
VISITS = ("first_visit", "first_open")


def ordered(log: Sequence[Event]) -> list[Event]:
    """Events in their users' order: time, batch fields, event id."""
    return [event for _, event in sorted(enumerate(log), key=lambda p: (p[1].order(), p[0]))]


def loaded_days(log: Sequence[Event], zone: str) -> list[date]:
    """Every day from the first to the last event."""
    days = [event.day(zone) for event in log]
    span = (max(days) - min(days)).days
    return [min(days) + timedelta(days=n) for n in range(span + 1)]


def midnight_us(day: date, zone: str) -> int:
    """The first microsecond of a day."""
    moment = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return int(moment.timestamp()) * 1_000_000


def new_day(log: Sequence[Event], user: str, zone: str) -> date | None:
    """The day on which a user is new; None for one who was there before the data."""
    mine = [event for event in log if event.user == user]
    visits = [event.day(zone) for event in mine if event.name in VISITS]
    if visits:
        return min(visits)
    touches = [event.touch for event in mine if event.touch is not None]
    if touches and min(touches) < midnight_us(min(loaded_days(log, zone)), zone):
        return None
    return min(event.day(zone) for event in mine)


def is_active(log: Sequence[Event], user: str, day: date, zone: str) -> bool:
    """Whether a user is active on a day, by proxy."""
    return any(
        event.engaged or event.name in VISITS or (event.columns.get("engagement_msec") or 0) > 0
        for event in log
        if event.user == user and event.day(zone) == day
    )


def users_of(log: Iterable[Event]) -> list[str]:
    """The users of some events."""
    return sorted({event.user for event in log if event.user is not None})


def bucket_start(day: date, unit: str, week_starts: str = "monday") -> date:
    """The first day of the day, week or month that a day is in."""
    if unit == "week":
        back = day.weekday() if week_starts == "monday" else (day.weekday() + 1) % 7
        return day - timedelta(days=back)
    return day.replace(day=1) if unit == "month" else day


def next_start(start: date, unit: str) -> date:
    """The first day of the next bucket."""
    if unit == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if unit == "week" else 1)


def hour_of(event: Event, zone: str) -> str:
    """The hour on the wall in which an event happened, with its offset from UTC."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=event.time)
    return moment.astimezone(ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0).isoformat()


def shown_groups(counts: dict[Label, int], top: int) -> list[Label]:
    """The largest groups, and whether there are others; null sorts first."""
    order = sorted(counts, key=lambda g: (-counts[g], [(p is not None, p or "") for p in g]))
    kept = order[:top]
    width = len(order[0]) if order else 0
    return [*kept, ("(other)",) * width] if len(order) > top else kept
