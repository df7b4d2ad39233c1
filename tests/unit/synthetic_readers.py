"""Slow, plain readers of each shape, which know nothing of the generator: shared by tests."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet

Event = dict[str, Any]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _nested(path: str, text: str, event: Event) -> None:
    *parents, leaf = path.split(".")
    for parent in parents:
        event = event.setdefault(parent, {})
    event[leaf] = text


def read_ndjson(paths: list[Path]) -> list[Event]:
    """Events as they stand, integers still text."""
    events = []
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            events += [json.loads(line) for line in lines]
    return events


def read_console(paths: list[Path]) -> list[Event]:
    """Events with nested fields and arrays again; every value is text."""
    events: list[Event] = []
    for row in _rows(paths[0]):
        if row["event_name"]:
            events.append({"event_params": [], "items": []})
        event = events[-1]
        elements: dict[str, Event] = {"event_params": {}, "items": {}}
        for name, text in row.items():
            head, _, rest = name.partition(".")
            if text == "":
                continue
            if head in elements:
                _nested(rest, text, elements[head])
            else:
                assert row["event_name"], "a continuation row has a parent cell"
                _nested(name, text, event)
        for head, element in elements.items():
            if element:
                event[head].append(element)
    return events


def read_parquet(paths: list[Path]) -> list[Event]:
    """Events with Python's types."""
    return [event for path in paths for event in pyarrow.parquet.read_table(path).to_pylist()]


def read_flat(paths: list[Path]) -> list[dict[str, str]]:
    """Lines as they stand."""
    return list(_rows(paths[0]))


def plain(value: Any) -> Any:
    """The same value from every shape: numbers as text, nulls and empty texts absent."""
    if isinstance(value, dict):
        inner = {key: plain(each) for key, each in value.items()}
        return {key: each for key, each in inner.items() if each not in (None, {}, [])}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return None if value in (None, "") else str(value)


def params(event: Event) -> dict[str, str]:
    """The parameters of an event by name, as text; empty ones are out."""
    found = {}
    for each in event["event_params"]:
        values = [v for v in (each.get("value") or {}).values() if v not in (None, "")]
        if values:
            found[each["key"]] = str(values[0])
    return found


def skinny_line(event: Event) -> tuple[str, ...]:
    """The ten skinny columns of a nested event."""

    def field(*path: str) -> str:
        value: Any = event
        for name in path:
            value = (value or {}).get(name)
        return "" if value is None else str(value)

    return (
        field("user_pseudo_id"),
        field("event_date"),
        field("event_timestamp"),
        field("event_name"),
        field("geo", "country"),
        field("device", "category"),
        field("traffic_source", "source"),
        field("traffic_source", "medium"),
        field("ecommerce", "transaction_id"),
        field("ecommerce", "purchase_revenue_in_usd"),
    )


def moment(event: Event) -> int:
    """When it happened, microseconds UTC."""
    return int(event["event_timestamp"])


def local_day(event: Event, zone: str) -> date:
    """Its day by the clocks of a zone."""
    whole, rest = divmod(moment(event), 1_000_000)
    local = datetime.fromtimestamp(whole, UTC) + timedelta(microseconds=rest)
    return local.astimezone(ZoneInfo(zone)).date()


def order_of(event: Event) -> tuple[int, ...]:
    """What Google says to order events by."""
    fields = ("batch_page_id", "batch_ordering_id", "batch_event_index")
    return (moment(event), *(int(event.get(name, 0)) for name in fields))
