"""How every export is written: as a stream, in one order, whole or not at all.

The CSV dialect is that of Postgres' ``COPY ... (FORMAT csv, HEADER)``, so that a file made
by hand with psql is the same to the byte: UTF-8, ``\\n``, commas; a value is quoted only
where it must be; a null is an empty cell, an empty text is ``""``. Values stand as they
are in the data: nothing is added to cells that a spreadsheet would take for a formula.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.ahead import ahead
from ga4_analytics.exports.packed import I64, Lines, add_csv
from ga4_analytics.exports.parts import Keys
from ga4_analytics.exports.request import ExportRequest
from ga4_analytics.exports.source import AT_ONCE, Chunk, Source
from ga4_analytics.storage.atomic import atomic_file
from ga4_analytics.warehouse.base import Warehouse

Progress = Callable[[int], None]
"""Told how many more rows were written."""

Bytes = bytes | memoryview
_PIECE_ROWS = 65_536


@dataclass(frozen=True)
class ExportResult:
    """A file that was written.

    Attributes:
        path: Where it is.
        rows: Its rows, without the header.
        bytes: Its size.
        sha256: Checksum of its bytes.
        left_out: Events that are not in the file, by reason.
        emptied: Cells left empty because the target would refuse the value, by reason.
    """

    path: Path
    rows: int
    bytes: int
    sha256: str
    left_out: Mapping[str, int] = field(default_factory=dict)
    emptied: Mapping[str, int] = field(default_factory=dict)


def csv_lines(batch: pa.RecordBatch) -> bytes:
    r"""Lay the rows of a batch of text columns out as CSV.

    >>> rows = pa.RecordBatch.from_pydict({"a": ["x", None, ""], "b": ['a "b" c', "1,5", "y"]})
    >>> csv_lines(rows)
    b'x,"a ""b"" c"\n,"1,5"\n"",y\n'
    """
    lines = Lines()
    add_csv(lines, batch.columns)
    return lines.joined(np.arange(batch.num_rows)).tobytes()


def text(column: pa.Array) -> pa.Array:
    """Write any column as text: numbers in full, dates as YYYY-MM-DD, booleans as words.

    >>> text(pa.array([True, None])).to_pylist()
    ['true', None]
    """
    if pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        raise TypeError(f"{column.type} has no exact text; export whole numbers.")
    return column if column.type == pa.string() else pc.cast(column, pa.string())


def write_pieces(
    target: Path,
    header: tuple[str, ...],
    pieces: Iterable[tuple[Bytes, int]],
    progress: Progress = lambda rows: None,
) -> ExportResult:
    """Write a CSV file, whole or not at all, a piece at a time.

    Args:
        target: The file; an older one is replaced when the new one is complete.
        header: The column names.
        pieces: Lines that are laid out already, and how many they are.
        progress: Told of rows as they are written.

    Raises:
        OSError: It cannot be written; the old file is as it was.
    """
    names = pa.RecordBatch.from_arrays([pa.array([name]) for name in header], names=header)
    digest, rows, size = hashlib.sha256(), 0, 0
    with atomic_file(target) as draft, draft.open("wb") as file:
        for content, count in itertools.chain([(csv_lines(names), 0)], pieces):
            file.write(content)
            digest.update(content)
            size += len(content)
            rows += count
            progress(count)
    return ExportResult(target, rows, size, digest.hexdigest())


def everything(warehouse: Warehouse) -> Iterator[Source]:
    """All events of all properties, by dataset.

    Args:
        warehouse: Where the models are built.
    """
    rows = warehouse.query("select distinct dataset from analytics.stg_ga4_days order by 1")
    for dataset in rows.column("dataset").to_pylist():
        yield Source(warehouse, dataset, ExportRequest("csv"))


def ordered(
    sources: Iterable[Source],
    sql: str,
    kept: Callable[[pa.RecordBatch], pa.RecordBatch],
    cells: Callable[[pa.RecordBatch], Sequence[pa.Array]],
) -> Iterator[tuple[Bytes, int]]:
    """The rows of a select as lines of CSV, by source, day, time and event id.

    The engine need not sort: rows are laid out as they come, a chunk of days at a time, and
    only the lines are put in order. Two chunks are on their way at once.

    Args:
        sources: What is read.
        sql: A select from ``{events}``, as `Source.events` takes it; it gives ``event_date``,
            ``event_timestamp`` and ``event_id`` besides other columns.
        kept: Takes out the rows of a batch that do not belong into the file. Like ``cells`` it
            is called by several threads at once.
        cells: Makes the file's text columns of a batch.

    Yields:
        Lines, and how many they are.
    """

    def laid_out(place: tuple[Source, Chunk]) -> tuple[Lines, I64]:
        source, chunk = place
        lines = Lines(chunk.events)
        keys: list[Keys] = []
        for batch in map(kept, source.events(chunk, sql)):
            add_csv(lines, cells(batch))
            day, time = batch.column("event_date"), batch.column("event_timestamp")
            none = np.zeros(batch.num_rows, np.int64)
            keys.append(Keys(day, time, batch.column("event_id"), none))
        return lines, Keys.joined(keys).order()

    places = ((source, chunk) for source in sources for chunk in source.chunks())
    for lines, order in ahead(laid_out, places, threads=AT_ONCE, most=AT_ONCE):
        for start in range(0, len(order), _PIECE_ROWS):
            own = order[start : start + _PIECE_ROWS]
            yield lines.joined(own).data, len(own)
        del lines  # so that there are never three chunks of them
