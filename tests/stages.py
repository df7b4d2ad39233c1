"""Small stages for the tests of warehouses: rows said as dictionaries, the rest null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ga4_analytics.sources.schema import EVENT_COLUMNS, ITEM_COLUMNS, Column
from ga4_analytics.warehouse import DayKey, Stage
from ga4_analytics.warehouse.tables import TABLES

ARROW = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}
DAY = date(2024, 3, 10)
NEXT_DAY = date(2024, 3, 11)


def rows_to_arrow(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Give rows as a table with every column."""
    unknown = {name for row in rows for name in row} - {column.name for column in columns}
    assert not unknown, unknown
    return pa.table(
        {
            column.name: pa.array([row.get(column.name) for row in rows], ARROW[column.kind])
            for column in columns
        }
    )


def ledger_rows(name: str, *rows: Mapping[str, Any]) -> pa.Table:
    """Give rows of a ledger table."""
    table = next(table for table in TABLES if table.name == name)
    return rows_to_arrow(table.columns, rows)


def event(number: int, day: date = DAY, **values: Any) -> dict[str, Any]:
    """Give an event with what is never null."""
    return {
        "dataset": "ga4",
        "event_date": day,
        "event_id": f"e{number}",
        "id_scheme": "columns",
        "repeat_ordinal": 0,
        "event_name": "page_view",
        **values,
    }


def make_stage(
    folder: Path,
    events: Sequence[Mapping[str, Any]],
    items: Sequence[Mapping[str, Any]] = (),
    ledger: Mapping[str, pa.Table] | None = None,
) -> Stage:
    """Write a stage's Parquet files and say the stage; its days are those of the events."""
    days = sorted({(row["dataset"], row["event_date"]) for row in events})
    counted = [
        {
            "dataset": dataset,
            "event_date": day,
            "is_complete": True,
            "events": sum((row["dataset"], row["event_date"]) == (dataset, day) for row in events),
        }
        for dataset, day in days
    ]
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows_to_arrow(EVENT_COLUMNS, events), folder / "events.parquet")
    pq.write_table(rows_to_arrow(ITEM_COLUMNS, items), folder / "items.parquet")
    return Stage(
        days=tuple(DayKey(*day) for day in days),
        events_sql=f"select * from read_parquet('{folder / 'events.parquet'}')",
        items_sql=f"select * from read_parquet('{folder / 'items.parquet'}')",
        ledger={"ga4_days": ledger_rows("ga4_days", *counted), **(ledger or {})},
        event_rows=len(events),
    )


def many_events_sql(rows: int, event_name: str) -> str:
    """Say ``rows`` events of DAY as SQL, without a file."""
    given = {
        "dataset": "'ga4'",
        "event_date": f"date '{DAY}'",
        "event_id": "'e' || i",
        "event_name": f"'{event_name}'",
        "event_timestamp": "1710000000000000 + i",
        "user_pseudo_id": "(i // 10)::varchar",
        "repeat_ordinal": "0",
    }
    kinds = {"text": "varchar"}
    columns = ", ".join(
        f"{given.get(column.name, 'null::' + kinds.get(column.kind, column.kind))} "
        f'as "{column.name}"'
        for column in EVENT_COLUMNS
    )
    return f"select {columns} from range({rows}) as numbers (i)"
