"""The CSV of the BigQuery console: dotted headers and continuation rows.

The first line of an event carries its scalar fields and the first element of each
repeated field; each further element stands on a line of its own on which all scalar cells
are empty. The repeated fields advance side by side, so one line can hold the third
parameter and the third item.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.errors import SourceError
from ga4_analytics.sources.batches import (
    LINE,
    PARAMETER,
    RawBatch,
    Reject,
)
from ga4_analytics.sources.console_lists import Lines, may_repeat
from ga4_analytics.sources.csv_rows import CsvRows, csv_rows, read_header
from ga4_analytics.sources.decimals import decimals
from ga4_analytics.sources.lines import Seen
from ga4_analytics.sources.mapping import GA4_TOP_LEVEL, ColumnOptions
from ga4_analytics.sources.times import with_zone


def read_console_csv(path: Path, options: ColumnOptions, seen: Seen) -> Iterator[RawBatch]:
    """Read a console CSV.

    Args:
        path: The file.
        options: What the user said of its numbers and timestamps.
        seen: Told the position in the file on disk.

    Raises:
        SourceError: The header lacks ``event_name``.
    """
    header = read_header(path)
    if "event_name" not in header:
        raise SourceError(
            f"{path} has dotted columns but no event_name.",
            rule="A line with an event_name begins an event.",
            remedy="Select event_name in the query and export again.",
        )
    numbers = decimals(path, dict(enumerate(header)), len(header), options.decimal)
    pending: _Rows | None = None
    for block in csv_rows(path, len(header), seen):
        rows = _joined(pending, replace(block, table=numbers.applied(block.table)))
        starts = np.flatnonzero(rows.named(header.index("event_name")))
        cut = int(starts[-1]) if len(starts) else 0
        if cut:
            yield _events(rows.part(0, cut), header, options)
        pending = rows.part(cut, len(rows.lines))
    if pending is not None:
        yield _events(pending, header, options)


class _Rows:
    """Consecutive CSV rows with their lines, texts and rejects."""

    def __init__(
        self,
        table: pa.Table,
        lines: npt.NDArray[np.int64],
        texts: Sequence[str],
        rejects: tuple[Reject, ...],
    ) -> None:
        self.table, self.lines, self.texts, self.rejects = table, lines, texts, rejects

    def named(self, column: int) -> npt.NDArray[np.bool_]:
        found = pc.is_valid(self.table.column(column)).to_numpy()
        return np.asarray(found, dtype=np.bool_)

    def part(self, start: int, stop: int) -> _Rows:
        return _Rows(
            self.table.slice(start, stop - start),
            self.lines[start:stop],
            self.texts[start:stop],
            self.rejects if start == 0 else (),
        )


def _joined(pending: _Rows | None, block: CsvRows) -> _Rows:
    texts = [block.raw_text(row) for row in range(len(block.lines))]
    if pending is None:
        return _Rows(block.table, block.lines, texts, block.rejects)
    return _Rows(
        pa.concat_tables([pending.table, block.table]),
        np.concatenate([pending.lines, block.lines]),
        [*pending.texts, *texts],
        pending.rejects + block.rejects,
    )


def _events(rows: _Rows, header: tuple[str, ...], options: ColumnOptions) -> RawBatch:
    named = rows.named(header.index("event_name"))
    starts = np.flatnonzero(named)
    orphans = int(starts[0]) if len(starts) else len(rows.lines)
    rejects = rows.rejects + tuple(_orphan(rows, row, header) for row in range(orphans))
    stops = np.append(starts[1:], len(rows.lines))
    whole = rows.table.combine_chunks()
    stray = _stray_rows(whole, named, header)
    columns: dict[str, pa.Array] = {LINE: pa.array(rows.lines[starts])}
    for position, name in enumerate(header):
        if not may_repeat(name):
            column = whole.column(position).combine_chunks().take(pa.array(starts))
            columns[_target(name)] = column
    if "event_timestamp" in columns:
        columns["event_timestamp"] = with_zone(columns["event_timestamp"], options)
    columns |= Lines(whole, header, starts, stops).columns()
    rejects += tuple(_stray(rows, row) for row in stray if row >= orphans)
    bad = np.isin(np.searchsorted(starts, stray, side="right") - 1, np.arange(len(starts)))
    keep = np.ones(len(starts), dtype=np.bool_)
    keep[(np.searchsorted(starts, stray, side="right") - 1)[bad]] = False
    texts = ["\n".join(rows.texts[a:b]) for a, b in zip(starts, stops, strict=True)]
    kept = [text for text, good in zip(texts, keep, strict=True) if good]
    table = pa.table(columns).filter(pa.array(keep))
    return RawBatch(table, kept.__getitem__, rejects)


def _target(name: str) -> str:
    return name if name.partition(".")[0] in GA4_TOP_LEVEL else PARAMETER + name


def _stray_rows(
    table: pa.Table, named: npt.NDArray[np.bool_], header: tuple[str, ...]
) -> npt.NDArray[np.int64]:
    """Continuation rows with a value where only an event's first row may have one."""
    filled = np.zeros(table.num_rows, dtype=np.bool_)
    for position, name in enumerate(header):
        if not may_repeat(name) and name != "event_name":
            filled |= np.asarray(pc.is_valid(table.column(position)).to_numpy(), np.bool_)
    return np.flatnonzero(filled & ~named)


def _orphan(rows: _Rows, row: int, header: tuple[str, ...]) -> Reject:
    reason = "A continuation line stands before the first event; the file's beginning is missing."
    return Reject(int(rows.lines[row]), None, "orphan_line", reason, rows.texts[row])


def _stray(rows: _Rows, row: int) -> Reject:
    reason = (
        "The line has values of an event but no event_name, so its event is in doubt; "
        "give the event its name or clear the cells."
    )
    return Reject(
        int(rows.lines[row]),
        "event_name",
        "missing_event_name",
        reason,
        rows.texts[row],
    )
