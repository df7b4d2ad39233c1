"""The console's CSV: dotted headers; further array elements on rows with empty parents."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from ga4_analytics.sources.synthetic.columns import Describer
from ga4_analytics.sources.synthetic.layout import BATCH_FIELDS, HEADER
from ga4_analytics.sources.synthetic.sample import Delivery
from ga4_analytics.sources.synthetic.shapes.cells import elements, is_repeated, rows_of
from ga4_analytics.sources.synthetic.spec import Progress

FILE_NAME = "ga4_raw.csv"

Rows = list[list[tuple[Any, ...]]]


def header(columns: pa.Schema) -> tuple[str, ...]:
    """The CSV's columns, dotted.

    Example:
        >>> header(pa.schema([])) == HEADER
        True
    """
    return HEADER + tuple(name for name in BATCH_FIELDS if name in columns.names)


def _array_of(name: str) -> str:
    return name.partition(".")[0] if is_repeated(name) else ""


def _block(table: pa.Table, array: str, names: Sequence[str]) -> Rows:
    """The cells of neighbouring columns by event: one row, or one for each element."""
    if not array:
        return [[row] for row in rows_of(table, names)]
    paths = [name.split(".")[1:] for name in names]
    return elements(table[array].combine_chunks(), paths)


def console_rows(table: pa.Table) -> Iterator[list[Any]]:
    """Give the rows of events: an event's arrays advance side by side and end on their own.

    Args:
        table: Events with all the columns of `schema`.

    Yields:
        Cells as many as the header.
    """
    names_of = header(table.schema)
    groups = [(array, tuple(names)) for array, names in groupby(names_of, _array_of)]
    blocks = [_block(table, array, names) for array, names in groups]
    blanks = [("",) * len(names) for _, names in groups]
    for event in zip(*blocks, strict=True):
        for place in range(max(map(len, event))):
            row: list[Any] = []
            for block, blank in zip(event, blanks, strict=True):
                row += block[place] if place < len(block) else blank
            yield row


def write_console(delivery: Delivery, folder: Path, progress: Progress) -> list[Path]:
    """Write some days as one CSV in the console's shape.

    Args:
        delivery: The days to write.
        folder: Where to; it must be there.
        progress: Told how many more events were written.

    Returns:
        The file.
    """
    path, describer = folder / FILE_NAME, Describer(delivery)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header(describer.schema))
        for day in delivery.days:
            for table in describer.day(day):
                writer.writerows(console_rows(table))
                progress(len(table))
    return [path]
