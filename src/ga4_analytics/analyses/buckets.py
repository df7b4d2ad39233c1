"""Hours, days, weeks and months of a question, in the property's calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.errors import QuestionError
from ga4_analytics.index.calendar import DayFacts, day_number, day_of
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.trends import Bucket
from ga4_analytics.sources.zones import offset_min

MINUTE = 60_000_000
MOST = 200_000
Table = NDArray[np.int32]


@dataclass(frozen=True)
class Buckets:
    """The buckets of a question.

    Attributes:
        shown: Each as it is shown.
        loaded: The loaded days of each that the question holds.
        table: Bucket of each day from ``base`` on to the last loaded day; -1 outside the
            question. Where buckets are hours: 0 for each day of the question.
        base: Number of the first loaded day.
        hours: Shape (buckets, 2), the first microsecond of each hour and the one after its
            end; None where buckets are not hours.
    """

    shown: tuple[Bucket, ...]
    loaded: tuple[tuple[DayFacts, ...], ...]
    table: Table
    base: int
    hours: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.shown)


def unit_number(day: int, unit: str, week_starts: str = "monday") -> int:
    """The number of the day, week or month that a day is in; the next one's is one more.

    Args:
        day: Days from 1970-01-01.
        unit: 'day', 'week' or 'month'.
        week_starts: 'monday' or 'sunday'.

    >>> [unit_number(day_number(date(2020, 11, d)), "week") for d in (1, 2, 8, 9)]
    [2652, 2653, 2653, 2654]
    >>> unit_number(day_number(date(2020, 11, 1)), "week", "sunday")
    2653
    """
    if unit == "day":
        return day
    if unit == "week":  # 1970-01-01 was a Thursday
        return (day + (4 if week_starts == "sunday" else 3)) // 7
    found = day_of(day)
    return found.year * 12 + found.month - 1


def unit_start(number: int, unit: str, week_starts: str = "monday") -> int:
    """The first day of the day, week or month of a number, as `unit_number` gives it.

    >>> day_of(unit_start(2653, "week")), day_of(unit_start(2020 * 12 + 10, "month"))
    (datetime.date(2020, 11, 2), datetime.date(2020, 11, 1))
    """
    if unit == "day":
        return number
    if unit == "week":
        return number * 7 - (4 if week_starts == "sunday" else 3)
    return day_number(date(number // 12, number % 12 + 1, 1))


def unit_table(index: Index, unit: str, week_starts: str) -> tuple[Table, int]:
    """The unit of each day from the first to the last loaded one.

    Returns:
        Numbers from 0, and what `unit_number` says of the first.
    """
    first, last = loaded_span(index)
    numbers = [unit_number(day, unit, week_starts) for day in range(first, last + 1)]
    return np.array(numbers, np.int32) - np.int32(numbers[0]), numbers[0]


def loaded_span(index: Index) -> tuple[int, int]:
    """The numbers of the first and the last loaded day."""
    days = index.calendar.days
    return day_number(days[0].day), day_number(days[-1].day)


def buckets_of(
    index: Index, first: int, last: int, unit: str, week_starts: str = "monday"
) -> Buckets:
    """The buckets of some days.

    Args:
        index: The index; at least one day is loaded.
        first: First day.
        last: Last day.
        unit: 'hour', 'day', 'week' or 'month'.
        week_starts: 'monday' or 'sunday'.

    Raises:
        QuestionError: There would be too many.
    """
    if (last - first + 1) * (24 if unit == "hour" else 1) > MOST:
        raise QuestionError(
            f"granularity: {last - first + 1:,} days have too many {unit}s.",
            rule=f"An answer has at most {MOST:,} stretches of time.",
            remedy="Ask for fewer days, or for weeks or months.",
        )
    low, high = loaded_span(index)
    days = np.arange(low, high + 1)
    inside = (days >= first) & (days <= last)
    if unit == "hour":
        return _hours(index, first, last, np.where(inside, 0, -1).astype(np.int32))
    numbers = [unit_number(day, unit, week_starts) for day in range(first, last + 1)]
    table = np.full(len(days), -1, np.int32)
    for day in days[inside]:
        table[day - low] = numbers[int(day) - first] - numbers[0]
    pieces = [
        _bucket(index, number, first, last, unit, week_starts)
        for number in range(numbers[0], numbers[-1] + 1)
    ]
    return Buckets(tuple(b for b, _ in pieces), tuple(d for _, d in pieces), table, low)


def _bucket(
    index: Index, number: int, first: int, last: int, unit: str, week_starts: str
) -> tuple[Bucket, tuple[DayFacts, ...]]:
    """A bucket, as far as the question holds it, and its loaded days."""
    start = unit_start(number, unit, week_starts)
    end = unit_start(number + 1, unit, week_starts) - 1
    low, high = max(start, first), min(end, last)
    whole = (low, high) == (start, end)
    shown, loaded = _judged(index, day_of(low).isoformat(), low, high, whole)
    return shown, loaded


def _judged(
    index: Index, name: str, low: int, high: int, whole: bool
) -> tuple[Bucket, tuple[DayFacts, ...]]:
    by_day = index.calendar.by_day
    days = [by_day.get(day_of(day)) for day in range(low, high + 1)]
    loaded = tuple(facts for facts in days if facts is not None)
    there = len(loaded) == len(days)
    final = index.identity != "stitched" and there and all(facts.is_final for facts in loaded)
    bucket = Bucket(
        start=name,
        first_day=day_of(low),
        last_day=day_of(high),
        is_whole=whole,
        missing_days=len(days) - len(loaded),
        is_complete=there and all(facts.is_complete for facts in loaded),
        is_final=final,
    )
    return bucket, loaded


def _hours(index: Index, first: int, last: int, table: Table) -> Buckets:
    """Hours of the clock on the wall: a day of summer time's change has 23 or 25."""
    zone = index.calendar.zone or "UTC"
    pieces: list[tuple[Bucket, tuple[DayFacts, ...]]] = []
    bounds: list[tuple[int, int]] = []
    for day in range(first, last + 1):
        facts = index.calendar.by_day.get(day_of(day))
        start = facts.start_us if facts else midnight(zone, day)
        end = facts.end_us if facts else midnight(zone, day + 1)
        while start < end:
            stop = min(
                end, start + (60 - (start // MINUTE + offset_min(zone, start)) % 60) * MINUTE
            )
            pieces.append(_judged(index, _stamp(zone, start), day, day, True))
            bounds.append((start, stop))
            start = stop
    hours = np.array(bounds, np.int64).reshape(-1, 2)
    low = loaded_span(index)[0]
    return Buckets(tuple(b for b, _ in pieces), tuple(d for _, d in pieces), table, low, hours)


def midnight(zone: str, day: int) -> int:
    """The first microsecond of a day in a zone.

    >>> midnight("America/New_York", day_number(date(2020, 11, 2))) // 3_600_000_000 % 24
    5
    """
    start = day * 24 * 60 * MINUTE
    guess = start - offset_min(zone, start) * MINUTE
    return start - offset_min(zone, guess) * MINUTE


def _stamp(zone: str, moment: int) -> str:
    offset = offset_min(zone, moment)
    local = datetime.fromtimestamp(moment // 1_000_000, UTC) + timedelta(minutes=offset)
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    return f"{local:%Y-%m-%dT%H:%M:%S}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
