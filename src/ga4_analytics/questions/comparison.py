"""Several segments of users side by side: how large, how active, how far the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ga4_analytics.questions.query import Query
from ga4_analytics.questions.results import Result, share
from ga4_analytics.questions.segments import UserSegment
from ga4_analytics.stats.proportions import Proportion


@dataclass(frozen=True)
class NamedSegment:
    """A segment and what it is called.

    Attributes:
        name: Its name.
        users: Who is in it.
    """

    name: str
    users: UserSegment


@dataclass(frozen=True)
class SegmentsQuestion:
    """A question for segments.

    Attributes:
        segments: 1 to 16, of different names.
        query: Days and events of the measures; its users are those of whom shares are taken.
    """

    segments: tuple[NamedSegment, ...]
    query: Query = field(default_factory=Query)


@dataclass(frozen=True)
class Measured:
    """Some users and what they did on the question's days.

    Attributes:
        name: The segment's name; empty for all users.
        members: Users of the segment in all of the data.
        users: Those of them with an event that counts.
        share: ``users`` of all users with an event that counts.
        events: Events that count.
        sessions: Sessions that begin on these days and have an event that counts.
        active_days: Days with an event that counts, added up over users.
        orders: Orders by rule.
        gross_usd_micros: Their revenue, US dollars in millionths; None where files cannot tell.
        raw_usd_micros: The revenue of all purchase events, repeats counted again.
    """

    name: str
    members: int
    users: int
    share: Proportion | None
    events: int
    sessions: int
    active_days: int
    orders: int
    gross_usd_micros: int | None
    raw_usd_micros: int | None


@dataclass(frozen=True)
class Overlap:
    """Two segments.

    Attributes:
        first: A segment.
        second: Another.
        users: Users with an event that counts in both.
        of_first: ``users`` of the first.
        of_second: ``users`` of the second.
        of_either: ``users`` of those in one or both.
    """

    first: str
    second: str
    users: int
    of_first: Proportion | None
    of_second: Proportion | None
    of_either: Proportion | None


@dataclass(frozen=True)
class Combination:
    """Users in some segments and in no other of the question.

    Attributes:
        segments: The segments; none: users in no segment.
        users: Users with an event that counts.
    """

    segments: tuple[str, ...]
    users: int


@dataclass(frozen=True)
class SegmentsResult(Result):
    """Segments.

    Attributes:
        everybody: All users of the question.
        segments: Each segment, in the question's order.
        overlaps: Each pair.
        combinations: What users are in exactly; those that nobody has are left out; the
            largest first.
    """

    everybody: Measured
    segments: tuple[Measured, ...]
    overlaps: tuple[Overlap, ...]
    combinations: tuple[Combination, ...]

    def records(self) -> list[dict[str, Any]]:
        """One row a segment, all users last."""
        return [
            {
                "segment": each.name or "(all users)",
                "members": each.members,
                "users": each.users,
                **share(each.share),
                "events": each.events,
                "sessions": each.sessions,
                "active_days": each.active_days,
                "orders": each.orders,
                "gross_usd": _usd(each.gross_usd_micros),
                "raw_usd": _usd(each.raw_usd_micros),
            }
            for each in (*self.segments, self.everybody)
        ]


def _usd(micros: int | None) -> float | None:
    return None if micros is None else micros / 1_000_000
