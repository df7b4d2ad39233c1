"""The property's time zone: its offsets, and which zone a file's dates were made with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

SECOND = 1_000_000
DAY = 86_400 * SECOND
EPOCH = date(1970, 1, 1)

COMMON_ZONES: tuple[str, ...] = (
    "UTC",
    "America/Los_Angeles",
    "America/New_York",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "America/Sao_Paulo",
    "Australia/Sydney",
    "America/Chicago",
    "America/Denver",
    "Europe/Paris",
    "Europe/Istanbul",
    "Europe/Kyiv",
    "Asia/Dubai",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Seoul",
    "Africa/Johannesburg",
    "Pacific/Auckland",
)
"""Zones that win over others with the same offsets, in this order."""


@dataclass(frozen=True)
class Transition:
    """From ``start_us`` (microseconds UTC) on the zone is ``offset_min`` ahead of UTC."""

    start_us: int
    offset_min: int


@dataclass(frozen=True)
class DaySpan:
    """What the events of one ``event_date`` say about the zone.

    Attributes:
        event_date: The day as exported.
        first_us: Its earliest event, microseconds UTC.
        last_us: Its latest event.
        events: How many it has.
    """

    event_date: date
    first_us: int
    last_us: int
    events: int


def offset_min(zone: str, at_us: int) -> int:
    """Minutes that a zone is ahead of UTC at a moment.

    >>> offset_min("America/New_York", 1_604_188_800_000_000)
    -240
    """
    moment = datetime.fromtimestamp(at_us // SECOND, UTC).astimezone(_zone(zone))
    delta = moment.utcoffset() or timedelta()
    return int(delta.total_seconds() // 60)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=64)
def transitions(zone: str, first: date, last: date) -> tuple[Transition, ...]:
    """The offsets of a zone over some days, each with its first microsecond.

    >>> [t.offset_min for t in transitions("Europe/London", date(2021, 3, 1), date(2021, 4, 1))]
    [0, 60]
    """
    low = _utc_midnight(first - timedelta(days=2))
    high = _utc_midnight(last + timedelta(days=3))
    found = [Transition(low, offset_min(zone, low))]
    at = low
    while at < high:
        step = min(at + DAY, high)
        if offset_min(zone, step) != found[-1].offset_min:
            start = _change(zone, at, step)
            found.append(Transition(start, offset_min(zone, start)))
        at = step
    return tuple(found)


def _change(zone: str, low: int, high: int) -> int:
    """The first second at which the offset is no longer that of ``low``."""
    before = offset_min(zone, low)
    while high - low > SECOND:
        middle = (low + high) // (2 * SECOND) * SECOND
        if offset_min(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _utc_midnight(day: date) -> int:
    return (day - EPOCH).days * DAY


def day_start_us(zone: str, day: date) -> int:
    """The first instant of a day in a zone, microseconds UTC.

    >>> day_start_us("America/New_York", date(2020, 11, 2)) - day_start_us(
    ...     "America/New_York", date(2020, 11, 1)) == 25 * 3600 * SECOND
    True
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=_zone(zone))
    return int(midnight.timestamp()) * SECOND


def offset_sql(stamp: str, changes: Sequence[Transition]) -> str:
    """SQL for the offset in minutes at a moment.

    Args:
        stamp: SQL for microseconds UTC.
        changes: The zone's offsets, earliest first.

    >>> offset_sql("t", (Transition(0, 60), Transition(9, 120)))
    'case when t is null then null when t >= 9 then 120 else 60 end'
    """
    later = "".join(
        f"when {stamp} >= {change.start_us} then {change.offset_min} "
        for change in reversed(changes[1:])
    )
    return f"case when {stamp} is null then null {later}else {changes[0].offset_min} end"


def misdated(zone: str, spans: Iterable[DaySpan]) -> list[DaySpan]:
    """The days whose earliest or latest event falls on another day in a zone."""
    return [span for span in spans if not _fits(zone, span)]


def _fits(zone: str, span: DaySpan) -> bool:
    start = _utc_midnight(span.event_date)
    for moment in (span.first_us, span.last_us):
        local = moment + offset_min(zone, moment) * 60 * SECOND
        if not start <= local < start + DAY:
            return False
    return True


def fitting_zones(spans: Sequence[DaySpan]) -> tuple[str, ...]:
    """All zones in which every event falls on its day, common zones first.

    >>> noon = 1_604_232_000_000_000
    >>> fitting_zones([DaySpan(date(2020, 11, 1), noon, noon, 1)])[0]
    'UTC'
    """
    others = sorted(
        name for name in available_timezones() if "/" in name and not name.startswith("Etc/")
    )
    candidates = dict.fromkeys((*COMMON_ZONES, *others))
    return tuple(zone for zone in candidates if all(_fits(zone, span) for span in spans))
