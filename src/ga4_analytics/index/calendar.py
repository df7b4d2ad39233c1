"""The property's days as the index knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """A day counted from 1970-01-01.

    >>> day_number(date(2020, 11, 1))
    18567
    """
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The day of a number.

    >>> day_of(18567)
    datetime.date(2020, 11, 1)
    """
    return EPOCH + timedelta(days=int(number))


@dataclass(frozen=True)
class DayFacts:
    """A loaded day.

    Attributes:
        day: The property's ``event_date``.
        is_complete: Whether nothing of it is still to come.
        is_final: Whether Google no longer changes it.
        start_us: Its first microsecond, UTC.
        end_us: The first microsecond after it, UTC.
        active_rule: How an active user is told: 'exported', 'proxy', or None where the
            day's files cannot tell.
        can: The questions that its files can answer, by the names of the flags of
            ``stg_ga4_days`` without ``has_``: 'user_pseudo_id', 'session_id', 'revenue', ...
    """

    day: date
    is_complete: bool
    is_final: bool
    start_us: int
    end_us: int
    active_rule: Literal["exported", "proxy"] | None
    can: frozenset[str]


@dataclass(frozen=True)
class Calendar:
    """The loaded days of a dataset, in order; days without a load are missing.

    Attributes:
        zone: The property's time zone (IANA), or None where it is not known.
        days: What is known of each.
    """

    zone: str | None
    days: tuple[DayFacts, ...]

    @property
    def first(self) -> date | None:
        """The first loaded day."""
        return self.days[0].day if self.days else None

    @property
    def last(self) -> date | None:
        """The last loaded day."""
        return self.days[-1].day if self.days else None

    @cached_property
    def last_complete(self) -> date | None:
        """The last complete day."""
        return max((facts.day for facts in self.days if facts.is_complete), default=None)

    @cached_property
    def horizon_us(self) -> int | None:
        """The first microsecond of which nothing is known for sure."""
        return max((facts.end_us for facts in self.days if facts.is_complete), default=None)

    @cached_property
    def by_day(self) -> dict[date, DayFacts]:
        """Each loaded day's facts."""
        return {facts.day: facts for facts in self.days}
