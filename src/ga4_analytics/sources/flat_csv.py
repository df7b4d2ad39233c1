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
from ga4_analytics.sources.csv_rows import CsvRows, csv_rows, read_header
from ga4_analytics.sources.lines import Seen
from ga4_analytics.sources.mapping import ColumnOptions, plan_columns


def read_flat_csv(path: Path, options: ColumnOptions, seen: Seen) -> Iterator[RawBatch]:
    """Read a flat CSV.

    Args:
        path: The file, plain or gzip.
        options: The user's ``--map`` and ``--set``.
        seen: Told the position in the file on disk.
    """
    header = read_header(path)
    plan = plan_columns(header, options, path)
    for rows in csv_rows(path, len(header), seen):
        yield RawBatch(_table(rows, plan, options), rows.raw_text, rows.rejects)


def flat_columns(table: pa.Table, plan: dict[str, tuple[int, str]]) -> dict[str, pa.Array]:
    """Rename columns by plan; item columns become a list of one item per row."""
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
    return columns


def _one_item_each(fields: dict[str, pa.Array], rows: int) -> pa.Array:
    arrays = [fields.get(name, pa.nulls(rows, TEXT)) for name in ITEM_FIELDS]
    arrays.append(pa.nulls(rows, pa.list_(PARAM)))
    struct = pa.StructArray.from_arrays(arrays, fields=list(ITEM))
    return pa.ListArray.from_arrays(pa.array(range(rows + 1), pa.int32()), struct)


def _table(rows: CsvRows, plan: dict[str, tuple[int, str]], options: ColumnOptions) -> pa.Table:
    columns = {LINE: pa.array(rows.lines), **flat_columns(rows.table, plan)}
    for name, value in options.constants.items():
        columns[GIVEN + name] = pa.repeat(pa.scalar(value, TEXT), rows.table.num_rows)
    return pa.table(columns)
