"""Small logs of events as plain Python, and an index made of them.

The oracles of the analyses read the same `Event`s and import none of our code.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from hypothesis import strategies as st

from ga4_analytics.index.arrange import arrange
from ga4_analytics.index.calendar import Calendar, DayFacts
from ga4_analytics.index.columns import DEFAULT_COLUMNS, ColumnSpec
from ga4_analytics.index.layout import Segment
from ga4_analytics.index.reader import Index

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_604_188_800_000_000
"""2020-11-01 00:00 UTC."""


@dataclass(frozen=True)
class Event:
    """One event of a log.

    Attributes:
        user: The user key; None: nobody's.
        name: Its name.
        time: Microseconds UTC.
        batch: The batch fields, in their order.
        session: Number of the user's session, from 1; None: none.
        columns: Values of index columns by name; what is not given is null.
        marked: ``is_active_user``.
        engaged: Whether its session is engaged.
        touch: ``user_first_touch_timestamp``.
        timeless: Whether it has no time of its own; its ``time`` is then its day's start.
    """

    user: str | None
    name: str
    time: int
    batch: tuple[int | None, int | None, int | None] = (None, None, None)
    session: int | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    marked: bool | None = None
    engaged: bool | None = None
    touch: int | None = None
    timeless: bool = False

    def day(self, zone: str) -> date:
        """Its day in the property's zone."""
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.time)
        return moment.astimezone(ZoneInfo(zone)).date()

    def order(self) -> tuple[Any, ...]:
        """Where it stands in its user's time; equal means tied. Nulls come first."""
        return (self.time, *((part is not None, part or 0) for part in self.batch))


_TYPES = {
    "dataset": pa.string(), "event_id": pa.string(), "event_date": pa.date32(),
    "event_timestamp": pa.int64(), "order_us": pa.int64(), "event_name": pa.string(),
    "user_key": pa.string(), "session_number": pa.int64(), "is_session_derived": pa.bool_(),
    "batch_page_id": pa.int64(), "batch_ordering_id": pa.int64(), "batch_event_index": pa.int64(),
    "is_suspected_repeat": pa.bool_(), "engagement_time_msec": pa.int64(),
    "is_active_user": pa.bool_(), "is_session_engaged": pa.bool_(),
    "user_first_touch_timestamp": pa.int64(),
}  # fmt: skip
_KINDS = {
    "text": pa.string(),
    "integer": pa.int64(),
    "micros": pa.int64(),
    "texts": pa.list_(pa.string()),
}


def rows_of(
    events: Sequence[Event], zone: str = "UTC", specs: Sequence[ColumnSpec] = DEFAULT_COLUMNS
) -> pa.Table:
    """Events as rows of ``analytics.index_events``."""
    rows = [
        {
            "dataset": "ga4",
            "event_id": str(uuid.UUID(int=place)),
            "event_date": event.day(zone),
            "event_timestamp": None if event.timeless else event.time,
            "order_us": event.time,
            "event_name": event.name,
            "user_key": event.user,
            "session_number": event.session,
            "is_session_derived": False if event.session else None,
            "batch_page_id": event.batch[0],
            "batch_ordering_id": event.batch[1],
            "batch_event_index": event.batch[2],
            "is_suspected_repeat": False,
            "engagement_time_msec": event.columns.get("engagement_msec"),
            "is_active_user": event.marked,
            "is_session_engaged": event.engaged,
            "user_first_touch_timestamp": event.touch,
        }
        | {spec.name: event.columns.get(spec.name) for spec in specs}
        for place, event in enumerate(events)
    ]
    schema = pa.schema([*_TYPES.items(), *((spec.name, _KINDS[spec.kind]) for spec in specs)])
    return pa.Table.from_pylist(rows, schema)


def calendar_of(
    events: Sequence[Event], zone: str = "UTC", incomplete: int = 0, final: int | None = None
) -> Calendar:
    """The days from the first to the last event, all loaded.

    Args:
        events: The events.
        zone: The property's zone.
        incomplete: How many days at the end are not complete.
        final: How many days at the start are final; None: all complete ones.
    """
    days = [event.day(zone) for event in events]
    if not days:
        return Calendar(zone, ())
    count = (max(days) - min(days)).days + 1
    found = []
    for place in range(count):
        day = min(days) + timedelta(days=place)
        start, end = (_midnight(each, zone) for each in (day, day + timedelta(days=1)))
        complete = place < count - incomplete
        can = {"event_timestamp", "user_pseudo_id", "session_id", "engagement_time", "revenue",
               "refunds", "country", "device"}  # fmt: skip
        sure = complete if final is None else place < final
        found.append(DayFacts(day, complete, sure, start, end, "proxy", frozenset(can)))
    return Calendar(zone, tuple(found))


def _midnight(day: date, zone: str) -> int:
    moment = datetime.combine(day, time(), ZoneInfo(zone))
    return int(moment.timestamp()) * 1_000_000


def index_of(
    events: Sequence[Event],
    zone: str = "UTC",
    *,
    incomplete: int = 0,
    final: int | None = None,
    identity: str = "device",
    split: int = 1,
) -> Index:
    """An index of a log.

    Args:
        events: The log, in any order.
        zone: The property's zone.
        incomplete: How many days at the end are not complete.
        final: How many days at the start are final; None: all complete ones.
        identity: What a user key is.
        split: Over how many segments the users are spread.
    """
    users = sorted({event.user for event in events if event.user is not None})
    groups = [[e for e in events if e.user is not None and users.index(e.user) % split == n]
              for n in range(split)]  # fmt: skip
    groups.append([event for event in events if event.user is None])
    segments: list[Segment] = []
    dictionaries = dict(arrange(rows_of(events[:0]), DEFAULT_COLUMNS).dictionaries)
    for group in groups:
        arranged = arrange(rows_of(group, zone), DEFAULT_COLUMNS, dictionaries)
        dictionaries = dict(arranged.dictionaries)
        segments.append(arranged.segment)
    return Index(
        dataset="ga4",
        identity=identity,
        snapshot="test",
        calendar=calendar_of(events, zone, incomplete, final),
        specs=DEFAULT_COLUMNS,
        dictionaries=dictionaries,
        segments=tuple(segments[:-1]),
        nobody=tuple(segments[-1:]) if groups[-1] else (),
    )


def times(spread: int = 6 * HOUR) -> st.SearchStrategy[int]:
    """Moments that meet: few of them, at edges, an hour or a microsecond apart."""
    return st.one_of(
        st.integers(0, 12).map(lambda step: START + step * 30 * MINUTE),
        st.integers(0, 6).map(lambda step: START + step * HOUR + 1),
        st.integers(0, 4).map(lambda step: START + step * DAY - 1),
        st.integers(0, 4).map(lambda step: START + step * DAY),
        st.integers(0, spread).map(lambda moment: START + moment),
    )


def logs(
    names: Sequence[str] = "ABCD", users: Sequence[str | None] = ("u", "v", "w"), most: int = 14
) -> st.SearchStrategy[list[Event]]:
    """Hostile small logs: ties, repeats, midnight, window edges, nobody's events."""
    batches = st.tuples(*[st.one_of(st.none(), st.integers(0, 1))] * 3)
    columns = st.fixed_dictionaries(
        {
            "country": st.sampled_from([None, "US", "DE", "Côte d’Ivoire"]),
            "device_category": st.sampled_from([None, "mobile", "desktop"]),
            "revenue_usd": st.sampled_from([None, 0, 1_000_000, 9_990_000]),
            "engagement_msec": st.sampled_from([None, 0, 500]),
        }
    )
    return st.lists(
        st.builds(
            Event,
            user=st.sampled_from(users),
            name=st.sampled_from(names),
            time=times(),
            batch=st.one_of(st.just((None, None, None)), batches),
            session=st.one_of(st.none(), st.integers(1, 1), st.integers(1, 3)),
            columns=columns,
        ),
        max_size=most,
    ).map(sessions_in_order)


def sessions_in_order(events: list[Event]) -> list[Event]:
    """Number each user's sessions from 1 in the order of their first events, without gaps."""
    numbers: dict[tuple[str | None, int], int] = {}
    counts: dict[str | None, int] = {}
    placed = sorted(enumerate(events), key=lambda pair: (pair[1].order(), pair[0]))
    renamed: dict[int, Event] = {}
    for place, event in placed:
        session = None
        if event.session is not None and event.user is not None:
            key = (event.user, event.session)
            if key not in numbers:
                counts[event.user] = counts.get(event.user, 0) + 1
                numbers[key] = counts[event.user]
            session = numbers[key]
        renamed[place] = Event(
            event.user, event.name, event.time, event.batch, session, event.columns,
            event.marked, event.engaged, event.touch, event.timeless,
        )  # fmt: skip
    return [renamed[place] for place in range(len(events))]
