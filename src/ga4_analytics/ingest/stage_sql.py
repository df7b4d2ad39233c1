"""The rows of ``raw`` as SQL over the staged Parquet files.

The SQL names files, not views, because the warehouse runs it in an engine of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from ga4_analytics.sources.schema import EVENT_COLUMNS, ITEM_COLUMNS, Column
from ga4_analytics.sources.sql_text import text_literal
from ga4_analytics.sources.stage_columns import KEY, ROW, STAGE_EVENTS, STAGE_ITEMS

LEFT_OUT = "left_out.parquet"
"""File of a stage with the ids of rows that were read and are not loaded."""


def parquet_sql(paths: Sequence[Path]) -> str:
    """A relation of several Parquet files; a column that one lacks is null there."""
    files = ", ".join(text_literal(str(path)) for path in paths)
    return f"read_parquet([{files}], union_by_name = true)"


def staged_sql(folder: Path, name: str) -> str:
    """Select of all staged columns of ``events`` or ``items``, in their order.

    Files hold only the columns that their export can fill; the others are null here.

    Args:
        folder: The stage.
        name: ``events`` or ``items``.
    """
    columns, known = (
        (STAGE_EVENTS, EVENT_COLUMNS) if name == "events" else (STAGE_ITEMS, ITEM_COLUMNS)
    )
    types = {ROW: "bigint", KEY: "varchar", **{column.name: column.kind for column in known}}
    paths = _staged_paths(folder, name)
    there = _columns_of(paths)
    selected = ", ".join(
        column if column in there else f"null::{types[column]} as {column}" for column in columns
    )
    if not paths:
        return f"select {selected} where false"
    gone = folder / LEFT_OUT
    kept = f" where {ROW} not in (select {ROW} from {parquet_sql([gone])})" if gone.exists() else ""
    return f"select {selected} from {parquet_sql(paths)}{kept}"


def _staged_paths(folder: Path, name: str) -> list[Path]:
    """The parts of one staged relation: rows of this load, and rows that were there."""
    return sorted([*folder.glob(f"{name}-*.parquet"), *folder.glob(f"old_{name}.parquet")])


def _columns_of(paths: Sequence[Path]) -> set[str]:
    return {field for path in paths for field in pq.read_schema(path).names}


def filled_columns(folder: Path) -> frozenset[str]:
    """The columns of ``raw.ga4_events`` that may hold a value; in the others all are null."""
    staged = _columns_of(_staged_paths(folder, "events"))
    return frozenset(
        column.name
        for column in EVENT_COLUMNS
        if column.name in staged or column.name not in STAGE_EVENTS
    )


def events_sql(folder: Path, dataset: str, offset: str, *, fold: bool) -> str:
    """Select of the columns of ``raw.ga4_events``.

    Args:
        folder: The stage.
        dataset: The property.
        offset: SQL for ``utc_offset_min`` from ``e.event_timestamp``.
        fold: Whether repeats are items of one event, so that only its first row stays.
    """
    special = {
        "dataset": text_literal(dataset),
        "event_id": "coalesce(r.event_id, e.event_key)",
        "repeat_ordinal": "coalesce(r.repeat_ordinal, 0)::integer",
        "repeat_of": "r.repeat_of",
        "utc_offset_min": f"({offset})::integer",
    }
    return (
        f"select {_columns(EVENT_COLUMNS, special, 'e')} "
        f"from ({staged_sql(folder, 'events')}) e "
        f"left join {parquet_sql([folder / 'repeats.parquet'])} r on r.row_id = e.row_id"
        + (" where r.row_id is null" if fold else "")
    )


def items_sql(folder: Path, dataset: str, *, fold: bool) -> str:
    """Select of the columns of ``raw.ga4_items``."""
    order = ", ".join(f"i.{column.name}" for column in ITEM_COLUMNS[4:])
    folded = f"(row_number() over (partition by i.event_key order by {order}) - 1)::integer"
    special = {
        "dataset": text_literal(dataset),
        "event_id": "coalesce(r.event_id, i.event_key)",
        "item_index": folded if fold else "i.item_index",
    }
    return (
        f"select {_columns(ITEM_COLUMNS, special, 'i')} "
        f"from ({staged_sql(folder, 'items')}) i "
        f"left join {parquet_sql([folder / 'repeats.parquet'])} r on r.row_id = i.row_id"
    )


def _columns(columns: Sequence[Column], special: Mapping[str, str], alias: str) -> str:
    return ", ".join(
        f"{special.get(column.name, f'{alias}.{column.name}')} as {column.name}"
        for column in columns
    )
