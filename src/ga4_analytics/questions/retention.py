"""Who comes back: cohorts of a start event, and their return, period after period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from ga4_analytics.questions.codec import encode
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.results import Result

Shares = tuple[float | None, ...]
Amounts = tuple[int | float | None, ...]


@dataclass(frozen=True)
class Retention:
    """Who comes back.

    Attributes:
        start: What brings a user into a cohort; by default any event.
        returns: What counts as coming back; by default any event.
        query: Which part of the data. Its days limit the starts; returns count in all loaded
            days. A breakdown takes the value at the start event.
        entry: 'first_ever': a user's first start event in the data, if it is in range, and
            users who were there before the data are left out; 'first_in_range': the first one
            in range; 'recurring': each unit of time in which the user has one is an entry.
        include_left_truncated: With 'first_ever', keep those users too.
        mode: 'bounded': back in period N exactly; 'unbounded': in period N or later;
            'bracket': in one of the periods from a to b.
        brackets: The pairs (a, b) of 'bracket'.
        clock: 'calendar': periods are days, weeks or months of the property's calendar;
            'rolling': N times 24 hours (7 days, 30 days) from the start event's microsecond.
        unit: Length of a period, and of a cohort.
        week_starts: Which day a week starts with.
        periods: The last N asked for.
        value: A column of numbers to sum over return events; None: users only.
        bootstrap: How many resamplings of users give the pooled curve an interval; 0: none.
        seed: Seed of the resampling.
    """

    start: EventSelector = field(default_factory=EventSelector)
    returns: EventSelector = field(default_factory=EventSelector)
    query: Query = field(default_factory=Query)
    entry: Literal["first_ever", "first_in_range", "recurring"] = "first_ever"
    include_left_truncated: bool = False
    mode: Literal["bounded", "unbounded", "bracket"] = "bounded"
    brackets: tuple[tuple[int, int], ...] = ()
    clock: Literal["calendar", "rolling"] = "calendar"
    unit: Literal["day", "week", "month"] = "day"
    week_starts: Literal["monday", "sunday"] = "monday"
    periods: int = 30
    value: str | None = None
    bootstrap: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Cohort:
    """Users who started in one day, week or month.

    Lists have one entry a period (or bracket); null where the cell is not mature.

    Attributes:
        start: First day of the cohort.
        end: Last day of the cohort.
        users: How many; with 'recurring', entries.
        returned: How many of them came back.
        rate: ``returned / users``.
        low: Lower bound of its Wilson interval.
        high: Upper bound.
        amount: Sum of the value column over their return events; None where it is not asked.
        amount_per_user: ``amount / users``.
        followed: With 'unbounded', for how many days all of them were followed after the first
            day of the period; None otherwise.
        missing_days: How many days of the period are not loaded or name no users.
    """

    start: date
    end: date
    users: int
    returned: tuple[int | None, ...]
    rate: Shares
    low: Shares
    high: Shares
    amount: Amounts | None
    amount_per_user: Shares | None
    followed: tuple[int | None, ...] | None
    missing_days: tuple[int | None, ...]


@dataclass(frozen=True)
class Pooled:
    """All mature cells of a period together, from their counts.

    Attributes:
        users: Users (entries) of the cohorts that have the cell.
        returned: How many of them came back.
        rate: ``returned / users``, or null where no cell is mature.
        low: Lower bound of its Wilson interval.
        high: Upper bound.
        boot_low: Lower bound of the bootstrap interval over users, where it is asked.
        boot_high: Upper bound.
        amount: Sum of the value column.
        amount_per_user: ``amount / users``.
    """

    users: tuple[int, ...]
    returned: tuple[int, ...]
    rate: Shares
    low: Shares
    high: Shares
    boot_low: Shares | None
    boot_high: Shares | None
    amount: Amounts | None
    amount_per_user: Shares | None


@dataclass(frozen=True)
class RetentionGroup:
    """The cohorts of one group of a breakdown, or of all users.

    Attributes:
        group: Value of each column of the breakdown; empty for all users.
        cohorts: Those with users, by day.
        pooled: All cohorts together.
    """

    group: tuple[str | None, ...]
    cohorts: tuple[Cohort, ...]
    pooled: Pooled


@dataclass(frozen=True)
class RetentionResult(Result):
    """Cohorts and who came back.

    Attributes:
        periods: The periods as shown: ``0``, ``1``, ..., ``3+``, or ``1-7``.
        overall: All users.
        groups: Group by group; empty without a breakdown.
    """

    periods: tuple[str, ...]
    overall: RetentionGroup
    groups: tuple[RetentionGroup, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """A row a cohort and period, of the groups where there is a breakdown."""
        return list(self._records())

    def _records(self) -> Iterator[dict[str, Any]]:
        by = self.spec.query.by
        for group in self.groups or (self.overall,):
            labels = dict(zip(by, group.group, strict=False))
            for cohort in group.cohorts:
                for place, period in enumerate(self.periods):
                    row: dict[str, Any] = labels | {
                        "cohort": cohort.start,
                        "period": period,
                        "users": cohort.users,
                        "returned": cohort.returned[place],
                        "value": cohort.rate[place],
                        "low": cohort.low[place],
                        "high": cohort.high[place],
                        "is_complete": cohort.returned[place] is not None,
                        "missing_days": cohort.missing_days[place],
                    }
                    if cohort.amount is not None and cohort.amount_per_user is not None:
                        row["amount"] = cohort.amount[place]
                        row["amount_per_user"] = cohort.amount_per_user[place]
                    if cohort.followed is not None:
                        row["followed_days"] = cohort.followed[place]
                    yield row

    def to_dict(self) -> dict[str, Any]:
        """Lists a cohort, one entry a period; what was not asked is left out."""
        content: dict[str, Any] = encode(self)
        for group in (content["overall"], *content["groups"]):
            for part in (group, group["pooled"], *group["cohorts"]):
                del part["type"]
                for name in [name for name, value in part.items() if value is None]:
                    del part[name]
        return content
