"""The relations that an index is built from, filled by hand from small logs."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import logs
import numpy as np
from logs import Event

from ga4_analytics.index.columns import DEFAULT_COLUMNS, NO_NUMBER, ColumnSpec
from ga4_analytics.index.layout import RowFlag, Segment
from ga4_analytics.index.reader import Index
from ga4_analytics.warehouse import Statement, Warehouse

TEXTS = [s.source for s in DEFAULT_COLUMNS if s.kind == "text"]
FIELDS = {
    "dataset": "text", "event_id": "text", "event_date": "date", "event_timestamp": "bigint",
    "order_us": "bigint", "event_name": "text", "user_key": "text", "session_number": "bigint",
    "is_session_derived": "boolean", "batch_page_id": "bigint", "batch_ordering_id": "bigint",
    "batch_event_index": "bigint", "is_suspected_repeat": "boolean",
    "engagement_time_msec": "bigint", "is_active_user": "boolean",
    "is_session_engaged": "boolean", "user_first_touch_timestamp": "bigint",
    **dict.fromkeys(TEXTS, "text"), "purchase_revenue_usd_micros": "bigint",
    "refund_value_usd_micros": "bigint", "event_value_usd_micros": "bigint",
    "event_params": "text", "user_properties": "text",
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """An event with its id, and who was signed in.

    Attributes:
        event: The event; its user is the device.
        id: Its id.
        person: Who was signed in, or None.
        params: ``event_params``, or None.
        properties: ``user_properties``, or None.
        items: Categories of its items.
    """

    event: Event
    id: str
    person: str | None = None
    params: str | None = None
    properties: str | None = None
    items: tuple[str | None, ...] = ()


def facts_of(events: Sequence[Event], persons: Sequence[str | None] = ()) -> list[Fact]:
    """Events with ids that tell nothing of their order."""
    return [
        Fact(
            event,
            str(uuid.uuid5(uuid.NAMESPACE_URL, str(place))),
            persons[place % len(persons)] if persons else None,
        )
        for place, event in enumerate(events)
    ]


def people_of(facts: Sequence[Fact]) -> dict[str, str]:
    """The latest person of each device."""
    found: dict[str, str] = {}
    for fact in sorted(facts, key=lambda f: (f.event.order(), f.id)):
        if fact.event.user is not None and fact.person is not None:
            found[fact.event.user] = fact.person
    return found


def keyed(facts: Sequence[Fact], stitched: bool) -> list[Fact]:
    """Facts with user keys in place of devices, and sessions numbered anew."""
    people = people_of(facts) if stitched else {}
    ordered = sorted(facts, key=lambda f: (f.event.order(), f.id))
    events = [
        replace(f.event, user=people.get(f.event.user, f.event.user) if f.event.user else None)
        for f in ordered
    ]
    numbered = logs.sessions_in_order(events)
    return [replace(f, event=event) for f, event in zip(ordered, numbered, strict=True)]


def fill(
    warehouse: Warehouse,
    facts: Sequence[Fact],
    zone: str = "UTC",
    *,
    stitched: bool = False,
    empty_days: Sequence[date] = (),
    streams: int = 1,
) -> None:
    """Make the relations say what was loaded."""
    columns = ", ".join(f"{name} {kind}" for name, kind in FIELDS.items())
    days: dict[date, list[Fact]] = {day: [] for day in empty_days}
    for fact in facts:
        days.setdefault(fact.event.day(zone), []).append(fact)
    statements = [
        *(f"drop table if exists analytics.{name}" for name in _TABLES),
        f"create table analytics.index_events ({columns})",
        "create table analytics.int_datasets (dataset text, streams bigint)",
        "create table analytics.int_devices (dataset text, user_pseudo_id text, "
        "latest_user_id text)",
        "create table analytics.stg_ga4_items (dataset text, event_id text, item_index bigint, "
        "item_category text)",
        f"insert into analytics.int_datasets values ('ga4', {streams})",
        "delete from raw.ga4_days",
        *(_insert("analytics.int_devices", [{"d": "ga4", "u": device, "p": person}])
          for device, person in sorted(people_of(facts).items())),
        *(_insert("raw.ga4_days (dataset, event_date, load_id, events, is_complete)",
                  [{"d": "ga4", "day": day, "l": _mark(some, zone), "n": len(some), "c": True}])
          for day, some in sorted(days.items())),
    ]  # fmt: skip
    rows = [_row(fact, zone) for fact in keyed(facts, stitched)]
    items = [
        {"d": "ga4", "e": fact.id, "n": place, "c": item}
        for fact in facts
        for place, item in enumerate(fact.items)
    ]
    for first in range(0, len(rows), 2000):
        statements.append(_insert("analytics.index_events", rows[first : first + 2000]))
    for first in range(0, len(items), 2000):
        statements.append(_insert("analytics.stg_ga4_items", items[first : first + 2000]))
    warehouse.change([Statement(sql) for sql in statements], {})


_TABLES = ("index_events", "int_datasets", "int_devices", "stg_ga4_items")


def _mark(facts: Sequence[Fact], zone: str) -> str:
    text = repr(sorted(facts, key=lambda f: f.id))
    return hashlib.sha256(text.encode()).hexdigest()


def _row(fact: Fact, zone: str) -> dict[str, Any]:
    event = fact.event
    said = {spec.source: event.columns.get(spec.name) for spec in DEFAULT_COLUMNS}
    return {name: said.get(name) for name in FIELDS} | {
        "dataset": "ga4", "event_id": fact.id, "event_date": event.day(zone),
        "event_timestamp": event.time, "order_us": event.time, "event_name": event.name,
        "user_key": event.user, "session_number": event.session,
        "is_session_derived": False if event.session else None,
        "batch_page_id": event.batch[0], "batch_ordering_id": event.batch[1],
        "batch_event_index": event.batch[2], "is_suspected_repeat": False,
        "engagement_time_msec": event.columns.get("engagement_msec"),
        "is_active_user": event.marked, "is_session_engaged": event.engaged,
        "user_first_touch_timestamp": event.touch, "event_params": fact.params,
        "user_properties": fact.properties,
    }  # fmt: skip


def _insert(table: str, rows: Sequence[Mapping[str, Any]]) -> str:
    values = ", ".join(f"({', '.join(map(_literal, row.values()))})" for row in rows)
    return f"insert into {table} values {values}"


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, date):
        return f"date '{value}'"
    return "'" + str(value).replace("'", "''") + "'"


Row = tuple[Any, ...]


def decoded(index: Index) -> tuple[dict[str, Any], list[Row]]:
    """All that an index says: each user's rows, days, sessions and visits; and nobody's rows."""
    users: dict[str, Any] = {}
    for segment in index.segments:
        keys = segment.keys.to_pylist()
        assert keys == sorted(keys, key=str.encode)
        for place, key in enumerate(keys):
            if segment.alive[place]:
                assert key not in users, key
                users[key] = _user(index, segment, place)
    nobody: list[Row] = []
    for segment in index.nobody:
        assert segment.keys.to_pylist() == [None]
        timeless = int(RowFlag.TIMELESS | RowFlag.REPEAT)
        for row in _user(index, segment, 0)["rows"]:
            nobody.append((*row[:2], row[2] & timeless, *row[3:]))
    return users, sorted(nobody, key=repr)


def _user(index: Index, segment: Segment, u: int) -> dict[str, Any]:
    first, end = int(segment.user_row[u]), int(segment.user_row[u + 1])
    mask = 0
    for row in range(first, end):
        mask |= 1 << min(int(segment.name[row]) - 1, 31)
    assert mask == int(segment.user_names[u])

    def span(name: str, *fields: str, row: str | None = None) -> list[Row]:
        offset = getattr(segment, name)
        found = []
        for n in range(int(offset[u]), int(offset[u + 1])):
            at = () if row is None else (int(getattr(segment, row)[n]) - first,)
            found.append((*at, *(int(getattr(segment, field)[n]) for field in fields)))
        return found

    return {
        "rows": [_shown(index, segment, row) for row in range(first, end)],
        "runs": span("user_run", "run_day", row="run_row"),
        "days": span("user_day", "day", "day_flags"),
        "sessions": span("user_session", "session_flags", row="session_row"),
        "visits": span("user_visit", "visit_session", row="visit_row"),
        "touch": int(segment.user_touch_us[u]),
    }


def _shown(index: Index, segment: Segment, row: int) -> Row:
    values = [_value(index, segment, spec, row) for spec in index.specs]
    name = index.names.text(int(segment.name[row]))
    return (int(segment.time_us[row]), name, int(segment.flags[row]), *values)


def _value(index: Index, segment: Segment, spec: ColumnSpec, row: int) -> Any:
    column = segment.columns[spec.name]
    if spec.kind in ("integer", "micros"):
        number = int(np.asarray(column)[row])
        return None if number == NO_NUMBER else number
    dictionary = index.dictionaries[spec.name]
    if spec.kind == "texts":
        offsets = segment.offsets[spec.name]
        codes = column[offsets[row] : offsets[row + 1]]
        return tuple(dictionary.text(int(code)) for code in codes)
    return dictionary.text(int(np.asarray(column)[row]))


def expected(facts: Sequence[Fact], stitched: bool) -> dict[str, list[Row]]:
    """Each user's times, names and columns in order, worked out by hand."""
    users: dict[str, list[Row]] = {}
    for fact in sorted(keyed(facts, stitched), key=lambda f: (f.event.order(), f.id)):
        event = fact.event
        if event.user is not None:
            values = [
                () if spec.kind == "texts" else event.columns.get(spec.name)
                for spec in DEFAULT_COLUMNS
            ]
            users.setdefault(event.user, []).append((event.time, event.name, *values))
    return users
