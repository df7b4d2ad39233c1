"""What a day, week or month is to its users: their first, the next, or a comeback."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.results import Result
from ga4_analytics.questions.trends import Bucket

Counts = tuple[int | None, ...]


@dataclass(frozen=True)
class Lifecycle:
    """New, returning, resurrecting and dormant users.

    Attributes:
        event: What makes a user active; by default any event.
        query: Which part of the data. Buckets that touch its days are shown, and judged whole.
        unit: Length of a bucket.
        week_starts: Which day a week starts with.
    """

    event: EventSelector = field(default_factory=EventSelector)
    query: Query = field(default_factory=Query)
    unit: Literal["day", "week", "month"] = "day"
    week_starts: Literal["monday", "sunday"] = "monday"


@dataclass(frozen=True)
class LifecycleGroup:
    """The numbers of one group; lists have one entry a bucket, null where it is not known.

    Attributes:
        group: Value of each column of the breakdown; empty without one.
        new: Users whose first matching event of the data is in the bucket, and who were not
            there before the data.
        returning: Users of the bucket before as well.
        resurrecting: All other users of the bucket.
        dormant: Users of the bucket before who are not in this one, as a negative number.
        pulse: (new + resurrecting) / dormant; null where nobody went dormant.
    """

    group: tuple[str | None, ...]
    new: Counts
    returning: Counts
    resurrecting: Counts
    dormant: Counts
    pulse: tuple[float | None, ...]


@dataclass(frozen=True)
class LifecycleResult(Result):
    """Who came, stayed, came back and went.

    Attributes:
        buckets: The stretches of time.
        groups: Group by group; without a breakdown one group without label.
    """

    buckets: tuple[Bucket, ...]
    groups: tuple[LifecycleGroup, ...]

    def records(self) -> list[dict[str, Any]]:
        """A row a group and bucket."""
        by = self.spec.query.by
        return [
            dict(zip(by, group.group, strict=False))
            | {
                "start": bucket.start,
                "new": group.new[place],
                "returning": group.returning[place],
                "resurrecting": group.resurrecting[place],
                "dormant": group.dormant[place],
                "pulse": group.pulse[place],
                "is_complete": bucket.is_complete,
                "is_final": bucket.is_final,
            }
            for group in self.groups
            for place, bucket in enumerate(self.buckets)
        ]
