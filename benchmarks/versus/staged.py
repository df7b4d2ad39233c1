"""A warehouse with the generator's rows in its staged relations, as after a load and the models."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb

from ga4_analytics.warehouse.duckdb import DuckDBWarehouse
from versus.events import make_parts

START, DAYS = date(2020, 11, 1), 92
_DAY_US = 86_400_000_000
_FIELDS = {
    "dataset": "text", "event_id": "text", "event_date": "date", "event_timestamp": "bigint",
    "order_us": "bigint", "event_name": "text", "user_key": "text",
    "user_first_touch_timestamp": "bigint", "session_number": "bigint",
    "is_session_derived": "boolean", "batch_page_id": "bigint", "batch_ordering_id": "bigint",
    "batch_event_index": "bigint", "is_suspected_repeat": "boolean",
    "engagement_time_msec": "bigint", "is_active_user": "boolean",
    "is_session_engaged": "boolean", "platform": "text", "device_category": "text",
    "operating_system": "text", "browser": "text", "language": "text", "country": "text",
    "page_path": "text", "landing_page": "text", "source": "text", "medium": "text",
    "campaign": "text", "channel_group": "text", "transaction_id": "text",
    "purchase_revenue_usd_micros": "bigint", "refund_value_usd_micros": "bigint",
    "event_value_usd_micros": "bigint", "event_params": "text", "user_properties": "text",
}  # fmt: skip
_TOLD = {
    "dataset": "'ga4'",
    "event_id": "md5(filename || '/' || file_row_number)::uuid::varchar",
    "event_timestamp": "order_us",
    "is_session_derived": "case when session_number is not null then false end",
    "is_suspected_repeat": "false",
    "platform": "'WEB'",
    "event_value_usd_micros": "purchase_revenue_usd_micros",
}
_CARRIED = (
    "event_timestamp", "user_pseudo_id", "session_id", "session_engaged", "engagement_time",
    "first_touch", "session_source", "device", "country", "page", "transaction_id", "revenue",
)  # fmt: skip


def open_staged(folder: Path) -> DuckDBWarehouse:
    """The warehouse of a folder."""
    (folder / "spill").mkdir(parents=True, exist_ok=True)
    return DuckDBWarehouse(folder / "ga4.duckdb", folder / "spill")


def make_staged(folder: Path, samples: int, scale: float) -> Path:
    """Make the warehouse where it is not there yet, day by day as loads would.

    Args:
        folder: Where to.
        samples: How many samples, each of other people.
        scale: Of each.

    Returns:
        Its file.
    """
    path = folder / "ga4.duckdb"
    if path.exists():
        return path
    parts = make_parts(folder / "parts", samples, scale)
    open_warehouse = open_staged(folder)
    open_warehouse.prepare()
    open_warehouse.close()
    coming = path.with_suffix(".coming")
    path.rename(coming)
    with duckdb.connect(str(coming)) as engine:
        engine.execute(f"set threads = 2; set memory_limit = '2GB'; "
                       f"set temp_directory = '{folder}/spill'")  # fmt: skip
        _fill(engine, parts)
    coming.rename(path)
    return path


def _fill(engine: duckdb.DuckDBPyConnection, parts: list[Path]) -> None:
    fields = ", ".join(f"{name} {kind}" for name, kind in _FIELDS.items())
    engine.execute("create schema if not exists analytics")
    engine.execute(f"create table analytics.index_events ({fields})")
    engine.execute("create table analytics.int_datasets (dataset text, streams bigint)")
    engine.execute("insert into analytics.int_datasets values ('ga4', 1)")
    engine.execute(
        "create table analytics.int_devices "
        "(dataset text, user_pseudo_id text, latest_user_id text)"
    )
    engine.execute("create table analytics.stg_ga4_items (dataset text, event_id text, "
                   "item_index bigint)")  # fmt: skip
    there = {name for name, *_ in engine.execute(
        "describe select * from read_parquet(?)", [str(parts[0])]).fetchall()}  # fmt: skip
    told = ", ".join(
        _TOLD.get(name, name if name in there else f"null::{kind}")
        for name, kind in _FIELDS.items()
    )
    for number in range(DAYS):
        if number % 10 == 0:
            if number:
                engine.execute("commit")
            engine.execute("begin")
        day = START + timedelta(days=number)
        row = engine.execute(
            f"insert into analytics.index_events select {told} from read_parquet(?, "
            "file_row_number = true, filename = true) where event_date = ?",
            [[str(part) for part in parts], day],
        ).fetchone()
        insert_day(engine, day, row[0] if row else 0)
    engine.execute("commit")


def insert_day(engine: duckdb.DuckDBPyConnection, day: date, events: int) -> None:
    """Tell ``raw.ga4_days`` of a day."""
    start = (day - date(1970, 1, 1)).days * _DAY_US
    flags = ", ".join(f"has_{name}" for name in _CARRIED)
    engine.execute(
        "insert into raw.ga4_days (dataset, event_date, load_id, events, is_complete, is_final, "
        f"day_start_us, day_end_us, {flags}) select 'ga4', ?, 'benchmark', ?, true, true, ?, ?, "
        + ", ".join("true" for _ in _CARRIED),
        [day, events, start, start + _DAY_US],
    )
