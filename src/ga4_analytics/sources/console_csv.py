"""The CSV of the BigQuery console: dotted headers and continuation rows.

The first line of an event carries its scalar fields and the first element of each
repeated field; each further element stands on a line of its own on which all scalar cells
are empty. The repeated fields advance side by side, so one line can hold the third
parameter and the third item.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
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
from ga4_analytics.sources.console_lists import Flags, Lines, may_repeat
from ga4_analytics.sources.csv_rows import CsvRows, csv_rows, delimiter_of, read_header
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
    layout = _Layout(header, delimiter_of(path))
    pending: _Rows | None = None
    for block in csv_rows(path, len(header), seen):
        rows = _joined(pending, replace(block, table=numbers.applied(block.table)))
        starts = np.flatnonzero(rows.named(header.index("event_name")))
        cut = int(starts[-1]) if len(starts) else 0
        if cut:
            yield _events(rows.part(0, cut), layout, options)
        pending = rows.part(cut, len(rows.lines))
    if pending is not None:
        yield _events(pending, layout, options)


@dataclass(frozen=True)
class _Layout:
    """The header and how its lines are cut.

    Attributes:
        header: The columns' names.
        mark: What stands between the cells.
    """

    header: tuple[str, ...]
    mark: str

    @property
    def name(self) -> int:
        """The position of the events' names."""
        return self.header.index("event_name")

    def begins(self, bad: Reject) -> bool:
        """Whether a line that cannot be read begins an event.

        With the right number of cells its event_name says so, else its first cell does,
        unless that can have a value on every line.
        """
        text = io.StringIO(bad.raw_text, newline="")
        cells = next(csv.reader(text, delimiter=self.mark), [""])
        if len(cells) == len(self.header):
            return cells[self.name] != ""
        return cells[0] != "" and not may_repeat(self.header[0])


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

    def named(self, column: int) -> Flags:
        found = pc.is_valid(self.table.column(column)).to_numpy()
        return np.asarray(found, dtype=np.bool_)

    def part(self, start: int, stop: int) -> _Rows:
        """Some rows, and the rejects among them: those before the last row's next one."""
        first = self.lines[start] if start else 0
        last = self.lines[stop] if stop < len(self.lines) else None
        rejects = tuple(
            each
            for each in self.rejects
            if each.line >= first and (last is None or each.line < last)
        )
        return _Rows(
            self.table.slice(start, stop - start),
            self.lines[start:stop],
            self.texts[start:stop],
            rejects,
        )

    def without(self, bad: Flags, rejects: list[Reject]) -> _Rows:
        """The rows that are not bad, with these rejects."""
        good = np.flatnonzero(~bad).tolist()
        texts = [self.texts[row] for row in good]
        return _Rows(
            self.table.take(pa.array(good, pa.int64())), self.lines[good], texts, tuple(rejects)
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


def _events(rows: _Rows, layout: _Layout, options: ColumnOptions) -> RawBatch:
    header = layout.header
    stray = _stray(rows.table, rows.named(layout.name), header)
    named = rows.named(layout.name)
    if rows.rejects or stray.any() or not named[:1].all():
        rows = _sorted_out(rows, stray, layout)
    starts = np.flatnonzero(rows.named(layout.name))
    stops = np.append(starts, len(rows.lines))[1:]
    whole = rows.table.combine_chunks()
    columns: dict[str, pa.Array] = {LINE: pa.array(rows.lines[starts])}
    for position, name in enumerate(header):
        if not may_repeat(name):
            column = whole.column(position).combine_chunks().take(pa.array(starts))
            columns[_target(name)] = column
    if "event_timestamp" in columns:
        columns["event_timestamp"] = with_zone(columns["event_timestamp"], options)
    columns |= Lines(whole, header, starts, stops).columns()
    texts = ["\n".join(rows.texts[a:b]) for a, b in zip(starts, stops, strict=True)]
    return RawBatch(pa.table(columns), texts.__getitem__, rows.rejects)


def _target(name: str) -> str:
    return name if name.partition(".")[0] in GA4_TOP_LEVEL else PARAMETER + name


def _stray(table: pa.Table, named: Flags, header: tuple[str, ...]) -> Flags:
    """Continuation rows with a value where only an event's first row may have one."""
    filled = np.zeros(table.num_rows, dtype=np.bool_)
    for position, name in enumerate(header):
        if not may_repeat(name) and name != "event_name":
            filled |= np.asarray(pc.is_valid(table.column(position)).to_numpy(), np.bool_)
    return filled & ~named


def _sorted_out(rows: _Rows, stray: Flags, layout: _Layout) -> _Rows:
    """Reject events that have a bad line, whole, and lines before the first event.

    An event of which a line is missing would be another event, so all of its lines become
    one reject.
    """
    bad_lines = np.array([each.line for each in rows.rejects], np.int64)
    order = np.argsort(np.concatenate([rows.lines, bad_lines]), kind="stable")
    begun = [layout.begins(each) for each in rows.rejects]
    begins = np.concatenate([rows.named(layout.name), np.array(begun, np.bool_)])[order]
    broken = np.concatenate([stray, np.ones(len(begun), np.bool_)])[order]
    event = np.cumsum(begins)
    doubtful = np.isin(event, np.append(event[broken], 0))
    rejects: list[Reject] = []
    for number, some in groupby(np.flatnonzero(doubtful).tolist(), key=lambda at: event[at]):
        found = [_found(rows, int(order[at]), bool(broken[at])) for at in some]
        rejects += [_whole(found)] if number else found
    bad = np.zeros(len(order), np.bool_)
    bad[order[doubtful]] = True
    return rows.without(bad[: len(rows.lines)], rejects)


def _found(rows: _Rows, at: int, broken: bool) -> Reject:
    """The reject of one line: a row, or behind the rows a reject that is there already."""
    if at >= len(rows.lines):
        return rows.rejects[at - len(rows.lines)]
    if broken:
        return Reject(
            int(rows.lines[at]), "event_name", "missing_event_name", _STRAY, rows.texts[at]
        )
    return Reject(int(rows.lines[at]), None, "orphan_line", _ORPHAN, rows.texts[at])


def _whole(lines: list[Reject]) -> Reject:
    """One reject for all lines of an event: that of its first bad line."""
    worst = next(each for each in lines if each.rule != "orphan_line")
    return replace(worst, raw_text="\n".join(each.raw_text for each in lines))


_ORPHAN = "A continuation line stands before the first event; the file's beginning is missing."
_STRAY = (
    "The line has values of an event but no event_name, so its event is in doubt; "
    "give the event its name or clear the cells."
)
