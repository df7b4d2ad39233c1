"""Everything that one user did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ga4_analytics.questions.query import Query
from ga4_analytics.questions.results import Result

Cell = str | int | float | None | tuple[str, ...]


@dataclass(frozen=True)
class UserQuestion:
    """A question for a user's timeline.

    Attributes:
        key: The user key.
        skip: Events to skip, for the pages after the first.
        limit: Events on a page, 1 to 10,000.
        query: Days and events; its users are not asked.
    """

    key: str
    skip: int = 0
    limit: int = 100
    query: Query = field(default_factory=Query)


@dataclass(frozen=True)
class TimelineEvent:
    """An event of a user.

    Attributes:
        number: Its place among all events of the user, from 1.
        time_us: Microseconds UTC; None where it has no time of its own.
        utc: The time in UTC.
        local: The time in the property's zone; None where the zone is not known.
        day: The property's day.
        session: Number of the user's session; None where it is in none.
        event: Its name.
        tied: Whether nothing tells its order towards the event before or after.
        columns: Its values by column; amounts in their unit (US dollars).
    """

    number: int
    time_us: int | None
    utc: str | None
    local: str | None
    day: date
    session: int | None
    event: str
    tied: bool
    columns: dict[str, Any]


@dataclass(frozen=True)
class UserResult(Result):
    """A user's timeline.

    Attributes:
        key: The user key.
        events: How many events of the user are meant, on all pages.
        sessions: How many sessions they are in.
        first_day: The user's first day in the data.
        last_day: The user's last day in the data.
        timeline: The events of this page, in order.
        next_skip: ``skip`` of the next page; None on the last.
    """

    key: str
    events: int
    sessions: int
    first_day: date
    last_day: date
    timeline: tuple[TimelineEvent, ...]
    next_skip: int | None

    def records(self) -> list[dict[str, Any]]:
        """One row an event."""
        return [
            {
                "number": each.number,
                "utc": each.utc,
                "local": each.local,
                "day": each.day,
                "session": each.session,
                "event": each.event,
                "tied": each.tied,
            }
            | each.columns
            for each in self.timeline
        ]
