"""On how many days people come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.results import Result, share
from ga4_analytics.stats.proportions import Proportion


@dataclass(frozen=True)
class Stickiness:
    """On how many distinct days, weeks or months of the range users did something.

    Attributes:
        event: What; by default any event.
        query: Which part of the data.
        unit: What is counted.
        week_starts: Which day a week starts with.
    """

    event: EventSelector = field(default_factory=EventSelector)
    query: Query = field(default_factory=Query)
    unit: Literal["day", "week", "month"] = "day"
    week_starts: Literal["monday", "sunday"] = "monday"


@dataclass(frozen=True)
class Stick:
    """Users of so many days.

    Attributes:
        days: N days (weeks, months).
        exactly: Users with exactly N.
        at_least: Users with N or more.
        share: Those with N or more among all who did it at all; None where nobody did.
    """

    days: int
    exactly: int
    at_least: int
    share: Proportion | None


@dataclass(frozen=True)
class StickinessGroup:
    """The numbers of one group.

    Attributes:
        group: Value of each column of the breakdown; empty without one.
        users: All who did it at all.
        sticks: For N from 1 to the days (weeks, months) of the range that are loaded.
    """

    group: tuple[str | None, ...]
    users: int
    sticks: tuple[Stick, ...]


@dataclass(frozen=True)
class StickinessResult(Result):
    """How many users came on how many days.

    Attributes:
        groups: Group by group; without a breakdown one group without label.
    """

    groups: tuple[StickinessGroup, ...]

    def records(self) -> list[dict[str, Any]]:
        """A row a group and N."""
        by = self.spec.query.by
        return [
            dict(zip(by, group.group, strict=False))
            | {"days": stick.days, "exactly": stick.exactly, "at_least": stick.at_least}
            | {"users": group.users}
            | share(stick.share)
            for group in self.groups
            for stick in group.sticks
        ]
