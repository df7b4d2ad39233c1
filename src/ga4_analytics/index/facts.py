"""What an index must know of a dataset beside its rows: days, streams, who is who."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from ga4_analytics.index.calendar import day_number
from ga4_analytics.index.manifest import DayEntry
from ga4_analytics.warehouse.base import Warehouse
from ga4_analytics.warehouse.tables import CAPABILITIES, DAYS

_NOT_CONTENT = {"is_complete", "is_final", "exported_at_us"}
_DAY_US = 86_400_000_000
_DAYS_SQL = f"""
    select {", ".join(column.name for column in DAYS.columns)} from raw.ga4_days
    where dataset = ? order by event_date
"""
_LACKING_SQL = """
    select load_id from raw.missing_columns where column_name = 'refund_value_usd_micros'
"""
_STREAMS_SQL = "select streams from analytics.int_datasets where dataset = ?"
_ZONE_SQL = """
    select timezone from raw.loads where dataset = ? and timezone is not null
    order by started_at_us desc, load_id desc limit 1
"""
_PEOPLE_SQL = """
    select user_pseudo_id as device, latest_user_id as person from analytics.int_devices
    where dataset = ? and latest_user_id is not null order by 1
"""


@dataclass(frozen=True)
class DatasetFacts:
    """What is known of a dataset.

    Attributes:
        days: The loaded days, in order.
        events: How many events raw has; not fewer than the index will have.
        streams: Whether there are several streams.
        zone: The property's zone, or None.
        people: Devices and their persons, where devices are stitched.
    """

    days: tuple[DayEntry, ...]
    events: int
    streams: bool
    zone: str | None
    people: pa.Table | None


def collect_facts(
    warehouse: Warehouse, dataset: str, identity: str, zone: str | None
) -> DatasetFacts:
    """Read what is known of a dataset.

    Args:
        warehouse: With built models.
        dataset: The property.
        identity: 'device' or 'stitched'.
        zone: The property's zone as set, or None for that of its latest load.
    """
    days = warehouse.query(_DAYS_SQL, (dataset,)).to_pylist()
    lacking = set(warehouse.query(_LACKING_SQL).column("load_id").to_pylist())
    streams = warehouse.query(_STREAMS_SQL, (dataset,)).column("streams").to_pylist()
    if zone is None:
        zone = next(iter(warehouse.query(_ZONE_SQL, (dataset,)).column(0).to_pylist()), None)
    people = None
    if identity == "stitched":
        batches = list(warehouse.stream(_PEOPLE_SQL, (dataset,)))
        schema = pa.schema([("device", pa.string()), ("person", pa.string())])
        people = pa.Table.from_batches(batches).cast(schema) if batches else schema.empty_table()
    return DatasetFacts(
        days=tuple(_entry(row, row["load_id"] not in lacking) for row in days),
        events=sum(row["events"] or 0 for row in days),
        streams=any((count or 0) > 1 for count in streams),
        zone=zone,
        people=people,
    )


def datasets_of(warehouse: Warehouse) -> list[str]:
    """The datasets with a loaded day, in order."""
    found = warehouse.query("select distinct dataset from raw.ga4_days order by 1")
    return [str(name) for name in found.column(0).to_pylist()]


def _entry(row: dict[str, Any], has_refunds: bool) -> DayEntry:
    # What the day's rows are a function of; that it became complete changes none of them.
    content = {name: value for name, value in row.items() if name not in _NOT_CONTENT}
    text = json.dumps(content, sort_keys=True, default=str, ensure_ascii=False)
    day: date = row["event_date"]
    start = day_number(day) * _DAY_US
    has = {flag for flag in CAPABILITIES if row[flag]}
    if "has_revenue" in has and has_refunds:
        has.add("has_refunds")
    rule = None
    if "has_is_active_user" in has:
        rule = "exported"
    elif has & {"has_event_timestamp", "has_engagement_time"}:
        rule = "proxy"
    return DayEntry(
        day=day.isoformat(),
        mark=hashlib.sha256(text.encode()).hexdigest()[:16],
        is_complete=bool(row["is_complete"]),
        is_final=bool(row["is_final"]),
        start_us=start if row["day_start_us"] is None else row["day_start_us"],
        end_us=start + _DAY_US if row["day_end_us"] is None else row["day_end_us"],
        active_rule=rule,  # type: ignore[arg-type]
        can=tuple(sorted(flag.removeprefix("has_") for flag in has)),
    )
