"""A small world of events: one dataset, what its files carry, and the rules it is judged by."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

Event = Mapping[str, Any]

ALWAYS = frozenset(
    [
        "event_timestamp",
        "user_pseudo_id",
        "event_params",
        "first_touch",
        "first_user_source",
        "device",
        "country",
        "items",
        "transaction_id",
        "revenue",
    ]
)
"""What every nested export carries: fields that Google's schema always had."""
SOMETIMES: dict[str, tuple[str, ...]] = {
    "session_id": ("event_params.ga_session_id",),
    "session_engaged": ("event_params.session_engaged", "event_params.engaged_session_event"),
    "engagement_time": ("event_params.engagement_time_msec",),
    "is_active_user": ("is_active_user",),
    "session_source": ("session_traffic_source_last_click",),
    "event_source": (
        "collected_traffic_source.manual_source",
        "collected_traffic_source.manual_medium",
        "collected_traffic_source.gclid",
        "event_params.source",
        "event_params.medium",
        "event_params.gclid",
    ),
    "page": ("event_params.page_location",),
}
"""What it carries when one of these places has a value in some event."""
NESTED = ALWAYS | frozenset(SOMETIMES)
SKINNY = frozenset(
    "event_timestamp user_pseudo_id device country flat_source transaction_id revenue".split()  # noqa: SIM905
)
"""What a skinny file carries."""


def carried(events: Iterable[Event]) -> frozenset[str]:
    """What a nested export of these events carries.

    >>> sorted(carried([{"event_name": "x", "event_params": {"ga_session_id": 1}}]) - ALWAYS)
    ['session_id']
    """
    events = list(events)
    return ALWAYS | frozenset(
        name
        for name, places in SOMETIMES.items()
        if any(_has(event, place) for event in events for place in places)
    )


def _has(event: Event, place: str) -> bool:
    value: Any = event
    for part in place.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value not in (None, "", {}, [])


def day_of(event: Event) -> date:
    """The event's day in the property's calendar.

    >>> day_of({"event_date": "20201101"})
    datetime.date(2020, 11, 1)
    """
    text = event["event_date"]
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


@dataclass(frozen=True)
class Rules:
    """The settings an answer depends on; the defaults are the product's."""

    zone: str = "UTC"
    identity: str = "device"
    key_events: tuple[str, ...] = ("purchase",)
    engaged_session_seconds: int = 10
    session_timeout_minutes: int = 30
    include_left_truncated: bool = False
    retention_max_day: int = 90
    slice_retention_max_day: int = 30
    channel_rules_date: date | None = None
    funnels: tuple[tuple[str, tuple[str, ...], int], ...] = (
        ("engagement", ("session_start", "page_view", "view_item"), 86_400),
        ("purchase", ("view_item", "add_to_cart", "begin_checkout", "purchase"), 604_800),
    )


@dataclass(frozen=True, eq=False)
class World:
    """Events of one dataset, and what is known about their files.

    Attributes:
        name: The dataset.
        events: In any order.
        complete_through: The last day of which every event is there; the last loaded day or,
            where nothing is said to a load of files without a table's name, the one before.
        carries: Which capabilities the files have.
        by_header: Whether a CSV header says so for all days; else each day's values do.
    """

    name: str
    events: tuple[Event, ...]
    complete_through: date
    carries: frozenset[str] = NESTED
    by_header: bool = False

    def tells(self, capability: str, day: date) -> bool:
        """Whether a day's files carry something."""
        if capability in SOMETIMES and not self.by_header:
            return capability in self.carries and capability in self._carried()[day]
        return capability in self.carries

    @cache  # noqa: B019
    def _carried(self) -> dict[date, frozenset[str]]:
        days: dict[date, list[Event]] = defaultdict(list)
        for event in self.events:
            days[day_of(event)].append(event)
        return {day: carried(events) for day, events in days.items()}

    def days(self) -> list[date]:
        """The loaded days in order: those with an event."""
        return sorted({day_of(event) for event in self.events})

    def last_complete(self) -> date | None:
        """The latest loaded day that is complete."""
        return max((day for day in self.days() if day <= self.complete_through), default=None)

    def tell(self) -> str:
        """The story in one line an event, for the reader of a failed test."""
        lines = [f"world {self.name}, complete through {self.complete_through}"]
        for event in sorted(self.events, key=lambda e: (e["event_timestamp"], str(e))):
            rest = {k: v for k, v in event.items() if k not in _TOLD and v not in (None, {}, [])}
            lines.append(
                f"  {event['event_date']} {event['event_timestamp']} {event['user_pseudo_id']} "
                f"{event['event_name']} {json.dumps(rest, ensure_ascii=False, default=str)}"
            )
        return "\n".join(lines)


_TOLD = ("event_date", "event_timestamp", "user_pseudo_id", "event_name")
