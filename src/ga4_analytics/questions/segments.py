"""Which users are meant: what they did, how often, when, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ga4_analytics.questions.filters import EventSelector


@dataclass(frozen=True)
class Did:
    """Users who did something a number of times.

    Attributes:
        event: What.
        at_least: How often at least; 0 with ``at_most=0`` means never.
        at_most: How often at most; None: no bound.
        start: First day that counts; None: the first loaded day.
        end: Last day that counts; None: the last loaded day.
    """

    event: EventSelector
    at_least: int = 1
    at_most: int | None = None
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class InAll:
    """Users in every part."""

    parts: tuple[UserSegment, ...]


@dataclass(frozen=True)
class InAny:
    """Users in one part or more."""

    parts: tuple[UserSegment, ...]


@dataclass(frozen=True)
class NotIn:
    """Users who are not in the part."""

    part: UserSegment


UserSegment = Did | InAll | InAny | NotIn
