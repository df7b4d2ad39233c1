"""Flat CSV: one line per event, or one line per item of an event."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from ga4_analytics.sources.batches import (
    GIVEN,
    ITEM,
    ITEM_FIELDS,
    LINE,
    PARAM,
    TEXT,
    RawBatch,
)
from ga4_analytics.sources.csv_rows import csv_rows, read_header
from ga4_analytics.sources.decimals import decimals
from ga4_analytics.sources.lines import Seen
from ga4_analytics.sources.mapping import ColumnOptions, plan_columns
from ga4_analytics.sources.times import with_zone


def read_flat_csv(path: Path, options: ColumnOptions, seen: Seen) -> Iterator[RawBatch]:
    """Read a flat CSV.

    Args:
        path: The file.
        options: What the user said of its columns.
        seen: Told the position in the file on disk.
    """
    header = read_header(path)
    plan = plan_columns(header, options, path)
    targets = {position: target for target, (position, _) in plan.items()}
    numbers = decimals(path, targets, len(header), options.decimal)
    for rows in csv_rows(path, len(header), seen):
        columns = flat_columns(numbers.applied(rows.table), plan, options)
        table = pa.table({LINE: pa.array(rows.lines), **columns})
        yield RawBatch(table, rows.raw_text, rows.rejects)


def flat_columns(
    table: pa.Table, plan: dict[str, tuple[int, str]], options: ColumnOptions
) -> dict[str, pa.Array]:
    """Rename columns by plan and add constants.

    Item columns become a list of one item per row; timestamps are read as the options say.
    """
    columns: dict[str, pa.Array] = {}
    items: dict[str, pa.Array] = {}
    for target, (position, _) in plan.items():
        column = table.column(position).combine_chunks()
        if target.startswith("item:"):
            items[target.removeprefix("item:")] = column
        else:
            columns[target] = column
    if items:
        columns["items"] = _one_item_each(items, table.num_rows)
    for name, value in options.constants.items():
        columns[GIVEN + name] = pa.repeat(pa.scalar(value, TEXT), table.num_rows)
    if GIVEN + "event_timestamp" in columns:
        moments = columns[GIVEN + "event_timestamp"]
        columns[GIVEN + "event_timestamp"] = with_zone(moments, options)
    return columns


def _one_item_each(fields: dict[str, pa.Array], rows: int) -> pa.Array:
    arrays = [fields.get(name, pa.nulls(rows, TEXT)) for name in ITEM_FIELDS]
    arrays.append(pa.nulls(rows, pa.list_(PARAM)))
    struct = pa.StructArray.from_arrays(arrays, fields=list(ITEM))
    return pa.ListArray.from_arrays(pa.array(range(rows + 1), pa.int32()), struct)
