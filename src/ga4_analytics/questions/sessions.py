"""Sessions told by gaps in time alone, whatever session ids say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.results import Result
from ga4_analytics.questions.trends import Bucket


@dataclass(frozen=True)
class GapSessions:
    """Sessions by gap.

    Attributes:
        event: Which events make a session; by default any.
        query: Which part of the data; no breakdown.
        gap: Longest gap inside a session, such as ``30m``.
        granularity: Length of a bucket.
        week_starts: Which day a week starts with.
    """

    event: EventSelector = field(default_factory=EventSelector)
    query: Query = field(default_factory=Query)
    gap: str = "30m"
    granularity: Literal["day", "week", "month"] = "day"
    week_starts: Literal["monday", "sunday"] = "monday"


@dataclass(frozen=True)
class SessionCount:
    """Sessions of some time; all null where the files cannot tell.

    Attributes:
        sessions: How many.
        events: Their events.
        length_us: Sum of their lengths from first to last event, microseconds.
        mean_seconds: Mean length, seconds; null for no session.
        events_per_session: Mean number of events; null for no session.
    """

    sessions: int | None
    events: int | None
    length_us: int | None
    mean_seconds: float | None
    events_per_session: float | None


@dataclass(frozen=True)
class GapSessionsResult(Result):
    """How many sessions there were, and how long.

    Attributes:
        buckets: The stretches of time; a session belongs to the one of its first event.
        counts: One a bucket.
        total: All of them.
    """

    buckets: tuple[Bucket, ...]
    counts: tuple[SessionCount, ...]
    total: SessionCount

    def records(self) -> list[dict[str, Any]]:
        """A row a bucket."""
        return [
            {
                "start": bucket.start,
                "sessions": count.sessions,
                "events": count.events,
                "mean_seconds": count.mean_seconds,
                "events_per_session": count.events_per_session,
                "is_complete": bucket.is_complete,
                "is_final": bucket.is_final,
            }
            for bucket, count in zip(self.buckets, self.counts, strict=True)
        ]
