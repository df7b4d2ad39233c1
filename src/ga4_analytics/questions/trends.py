"""Numbers over time: one or several series, hour by hour up to month by month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from ga4_analytics.questions.codec import encode
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.results import Result

Measure = Literal[
    "events", "users", "sessions", "engaged_sessions", "active_users", "new_users",
    "rolling_7d_users", "rolling_28d_users",
    "sum", "average", "min", "max", "percentile",
    "per_user", "percentile_per_user",
]  # fmt: skip
"""What is counted of the events meant: the events; distinct users, sessions, engaged
sessions, active users or new users who have one; distinct active users of the last 7 or 28
days; a column's sum, average, least, greatest or percentile over them; events (or a column's
sum) per user, as average or percentile over the users who have one."""

Granularity = Literal["hour", "day", "week", "month"]
Number = int | float | None


@dataclass(frozen=True)
class Series:
    """One line of the answer.

    Attributes:
        event: Which events; by default any.
        measure: What is counted of them.
        column: A column of numbers, for sum, average, min, max and percentile, and, where it
            is given, for per_user and percentile_per_user.
        percentile: Which, above 0 and below 100; 50 is the median.
        label: How it is shown; by default its measure and event.
    """

    event: EventSelector = field(default_factory=EventSelector)
    measure: Measure = "events"
    column: str | None = None
    percentile: float = 50.0
    label: str = ""

    @property
    def shown(self) -> str:
        """How it is shown.

        >>> Series(EventSelector(("purchase",)), "sum", "revenue_usd").shown
        'sum of revenue_usd, purchase'
        >>> Series(measure="percentile_per_user", percentile=90).shown
        'p90 per user, any event'
        """
        if self.label:
            return self.label
        what = self.measure.replace("_", " ")
        if self.measure in ("percentile", "percentile_per_user"):
            what = f"p{self.percentile:g}" + (" per user" if "user" in self.measure else "")
        of = f" of {self.column}" if self.column else ""
        return f"{what}{of}, {self.event.shown}"


@dataclass(frozen=True)
class Before:
    """An earlier period of the same length to compare with.

    Attributes:
        unit: 'period': the days right before; else the same days so many days, weeks or
            months earlier.
        count: How many units earlier.
    """

    unit: Literal["period", "day", "week", "month"] = "period"
    count: int = 1


@dataclass(frozen=True)
class Trends:
    """Some series over time.

    Attributes:
        series: Up to 26; formulas call them A, B, C, ...
        query: Which part of the data.
        granularity: Length of a bucket, in the property's calendar.
        week_starts: Which day a week starts with.
        formulas: Such as ``B / A * 100``; + - * / and brackets. Nothing is divided by zero: the
            value is null.
        compare: An earlier period beside it; None: none.
    """

    series: tuple[Series, ...] = (Series(),)
    query: Query = field(default_factory=Query)
    granularity: Granularity = "day"
    week_starts: Literal["monday", "sunday"] = "monday"
    formulas: tuple[str, ...] = ()
    compare: Before | None = None


@dataclass(frozen=True)
class Bucket:
    """A stretch of time.

    Attributes:
        start: Its first day of the question; of an hour, its first second with the offset
            from UTC, as ``2020-11-01T00:00:00-04:00``.
        first_day: Its first day of the question.
        last_day: Its last day of the question.
        is_whole: Whether the question holds all of its days (an hour is whole).
        missing_days: How many of its days of the question are not loaded.
        is_complete: Whether all of its days of the question are loaded and complete.
        is_final: Whether they are final.
    """

    start: str
    first_day: date
    last_day: date
    is_whole: bool
    missing_days: int
    is_complete: bool
    is_final: bool


@dataclass(frozen=True)
class Line:
    """The numbers of one series or formula, in one group.

    Attributes:
        label: The series or formula as shown.
        letter: A, B, ...; of a formula, the formula.
        group: Value of each column of the breakdown; ``(other)`` for all that are not shown.
        values: One a bucket; null where it is not known.
        total: Over the whole range at once: distinct users of the range, not the sum of days.
        numerators: Of measures that are ratios, one a bucket; else None.
        denominators: Likewise.
    """

    label: str
    letter: str
    group: tuple[str | None, ...]
    values: tuple[Number, ...]
    total: Number
    numerators: tuple[Number, ...] | None = None
    denominators: tuple[Number, ...] | None = None


@dataclass(frozen=True)
class TrendsResult(Result):
    """Lines over buckets of time.

    Attributes:
        buckets: The stretches of time.
        lines: Series and formulas, group by group.
        previous_buckets: Those of the earlier period; its n-th stands beside the n-th.
        previous: The lines of the earlier period, in the order of ``lines``.
        changes: Of each line, its total against that of the earlier period, as a fraction: 0.1
            is a tenth more. None where there is nothing to compare with, or a day of either
            period is missing or not complete.
    """

    buckets: tuple[Bucket, ...]
    lines: tuple[Line, ...]
    previous_buckets: tuple[Bucket, ...] = ()
    previous: tuple[Line, ...] = ()
    changes: tuple[float | None, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """A row a line and bucket."""
        return list(self._records())

    def _records(self) -> Iterator[dict[str, Any]]:
        by = self.spec.query.by
        for number, line in enumerate(self.lines):
            group = dict(zip(by, line.group, strict=False))
            before = self.previous[number] if self.previous else None
            for place, bucket in enumerate(self.buckets):
                row: dict[str, Any] = {"series": line.label, "start": bucket.start} | group
                row["value"] = line.values[place]
                if line.numerators is not None and line.denominators is not None:
                    row["numerator"] = line.numerators[place]
                    row["denominator"] = line.denominators[place]
                if before is not None:
                    there = place < len(self.previous_buckets)
                    row["previous_start"] = self.previous_buckets[place].start if there else None
                    row["previous_value"] = before.values[place] if there else None
                row["is_complete"] = bucket.is_complete
                row["is_final"] = bucket.is_final
                yield row

    def to_dict(self) -> dict[str, Any]:
        """Buckets once, then a list of values a line; the contract of ``--json``."""
        content: dict[str, Any] = encode(self)
        for line in (*content["lines"], *content["previous"]):
            del line["type"]
        for bucket in (*content["buckets"], *content["previous_buckets"]):
            del bucket["type"]
        return content
