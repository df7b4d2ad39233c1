"""The key numbers of the last days, beside those of the days before."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from ga4_analytics.analyses.ask import ask
from ga4_analytics.analyses.trends import change
from ga4_analytics.index.reader import Index
from ga4_analytics.questions import build, build_more
from ga4_analytics.questions.codec import encode
from ga4_analytics.questions.results import Finality
from ga4_analytics.questions.revenue import Amounts, RevenueResult
from ga4_analytics.questions.trends import TrendsResult

Number = int | float | None
COUNTS = ("users", "new_users", "sessions", "events")
ROLLING = ("active_users", "rolling_7d_users", "rolling_28d_users")


@dataclass(frozen=True)
class KeyNumber:
    """A number of the last days.

    Attributes:
        name: users, new_users, sessions, events, orders or revenue_usd.
        unit: What it is in.
        value: Over all days at once; None where the files cannot tell.
        previous: The same over the days before; None where not all of them are loaded.
        change: ``value`` against ``previous``, as a fraction: 0.1 is a tenth more; None where
            there is nothing to compare with.
        daily: Day by day, for a sparkline; None where there is no line of it.
    """

    name: str
    unit: Literal["count", "usd"]
    value: Number
    previous: Number
    change: float | None
    daily: tuple[Number, ...] | None


@dataclass(frozen=True)
class Overview:
    """The key numbers of the last days.

    Attributes:
        start: The first of the last days.
        end: The last of them.
        previous_start: The first of the days before.
        previous_end: The last of them.
        numbers: The numbers.
        raw_revenue_usd: Revenue of all purchase events, repeated orders counted again.
        days: Each day.
        rolling: Active users of each day and of the 7 and 28 days that end there; one list
            a measure of `ROLLING`.
        questions: What was asked of the index: whose answers the numbers are.
        definition: What was counted, in sentences.
        finality: How far the days are done.
        seconds: How long it took.
    """

    start: date
    end: date
    previous_start: date
    previous_end: date
    numbers: tuple[KeyNumber, ...]
    raw_revenue_usd: float | None
    days: tuple[date, ...]
    rolling: dict[str, tuple[Number, ...]]
    questions: tuple[Any, ...]
    definition: tuple[str, ...]
    finality: Finality
    seconds: float

    def records(self) -> list[dict[str, Any]]:
        """A row a number."""
        names = ("name", "unit", "value", "previous", "change")
        return [{name: getattr(each, name) for name in names} for each in self.numbers]

    def to_dict(self) -> dict[str, Any]:
        """The answer as what JSON holds."""
        content: dict[str, Any] = encode(self)
        for number in content["numbers"]:
            del number["type"]
        return content


def overview(index: Index, days: int = 28) -> Overview | None:
    """The last complete days in a few numbers.

    Args:
        index: The events.
        days: How many, at least 1; fewer where fewer are loaded.

    Returns:
        None where nothing is loaded.
    """
    begun = time.perf_counter()
    end = index.calendar.last_complete or index.calendar.last
    if end is None or index.calendar.first is None:
        return None
    start = max(end - timedelta(days=days - 1), index.calendar.first)
    trends = ask(index, build.trends(
        *(f"{name} of *" for name in (*COUNTS, *ROLLING)), start=start, end=end, compare="period",
    ))  # fmt: skip
    assert isinstance(trends, TrendsResult)
    whole = all(not bucket.missing_days for bucket in trends.previous_buckets)
    earlier = (trends.previous_buckets[0].first_day, trends.previous_buckets[-1].last_day)
    money = [_money(index, start, end), *([_money(index, *earlier)] if whole else [])]
    now, before = _amounts(money[0]), _amounts(money[1]) if whole else None
    by_day = [bucket.amounts for bucket in money[0].buckets]
    pairs = zip(COUNTS, trends.lines, trends.previous, strict=False)
    counts = [
        _number(name, "count", line.total, then.total if whole else None, line.values)
        for name, line, then in pairs
    ]
    gross = tuple(None if day is None else _dollars(day.gross_usd_micros) for day in by_day)
    orders = tuple(None if day is None else day.orders for day in by_day)
    return Overview(
        start=start,
        end=end,
        previous_start=earlier[0],
        previous_end=earlier[1],
        numbers=(
            *counts,
            _number("orders", "count", _orders(now), _orders(before), orders),
            _number("revenue_usd", "usd", _gross(now), _gross(before), gross),
        ),
        raw_revenue_usd=_dollars(now.raw_usd_micros) if now else None,
        days=tuple(bucket.first_day for bucket in trends.buckets),
        rolling={
            name: line.values
            for name, line in zip((*COUNTS, *ROLLING), trends.lines, strict=True)
            if name in ROLLING
        },
        questions=(trends.spec, *(each.spec for each in money)),
        definition=(
            *trends.definition,
            "An order is a user's transaction id and counts once, at its earliest event; revenue "
            "is that of orders, refunds not taken off.",
        ),
        finality=trends.finality,
        seconds=time.perf_counter() - begun,
    )


def _number(
    name: str, unit: Literal["count", "usd"], now: Number, before: Number,
    daily: tuple[Number, ...],
) -> KeyNumber:  # fmt: skip
    return KeyNumber(name, unit, now, before, change(now, before), daily)


def _money(index: Index, start: date, end: date) -> RevenueResult:
    """Orders and revenue of some days."""
    found = ask(index, build_more.revenue(start=start, end=end))
    assert isinstance(found, RevenueResult)
    return found


def _amounts(given: RevenueResult) -> Amounts | None:
    """The amounts of all days together."""
    return given.totals[0].amounts if given.totals else None


def _orders(given: Amounts | None) -> int | None:
    return None if given is None else given.orders


def _gross(given: Amounts | None) -> float | None:
    return None if given is None else _dollars(given.gross_usd_micros)


def _dollars(micros: int | None) -> float | None:
    return None if micros is None else micros / 1_000_000
