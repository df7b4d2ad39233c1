"""How every export is written: as a stream, in one order, whole or not at all.

The CSV dialect is that of Postgres' ``COPY ... (FORMAT csv, HEADER)``, so that a file made
by hand with psql is the same to the byte: UTF-8, ``\\n``, commas; a value is quoted only
where it must be; a null is an empty cell, an empty text is ``""``. Values stand as they
are in the data: nothing is added to cells that a spreadsheet would take for a formula.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.storage.atomic import atomic_file
from ga4_analytics.warehouse.base import Warehouse

Progress = Callable[[int], None]
"""Told how many more rows were written."""

CHUNK_EVENTS = 500_000
"""Events that are sorted at once; some 200 MB with their parameters."""

_MARKS = (b'"', b",", b"\n", b"\r")
_MUST_QUOTE = '[",\n\r]'


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
    if batch.num_rows == 0:
        return b""
    cells = [_cell(column) for column in batch.columns]
    cells[-1] = pc.binary_join_element_wise(cells[-1], pa.scalar("\n"), pa.scalar(""))
    lines = pc.binary_join_element_wise(*cells, pa.scalar(","))
    # The values of an Arrow text array stand end to end in one buffer: that is the file.
    # Copied by concatenation, the array starts at offset 0.
    lines = pa.concat_arrays([lines, pa.array([], lines.type)])
    total = pc.sum(pc.binary_length(lines)).as_py()
    return bytes(memoryview(lines.buffers()[2])[:total])


def _cell(column: pa.Array) -> pa.Array:
    if not _may_need_quotes(column):
        return pc.fill_null(column, "")
    quoted = pc.binary_join_element_wise(
        pa.scalar('"'), pc.replace_substring(column, '"', '""'), pa.scalar('"'), pa.scalar("")
    )
    must = pc.or_(pc.match_substring_regex(column, _MUST_QUOTE), pc.equal(column, ""))
    return pc.fill_null(pc.if_else(must, quoted, column), "")


def _may_need_quotes(column: pa.Array) -> bool:
    """Look at a column's bytes at once: most columns never need the look at each value."""
    content = column.buffers()[2]
    text_bytes = content.to_pybytes() if content else b""
    has_empty = pc.any(pc.equal(column, "")).as_py()
    return bool(has_empty) or any(mark in text_bytes for mark in _MARKS)


def decimal_text(micros: pa.Array) -> pa.Array:
    """Write micro-units as decimal text, exactly and no longer than needed.

    Args:
        micros: A bigint array, 1 = 0.000001.

    >>> decimal_text(pa.array([12_500_000, -1, 3_000_000, None, 0])).to_pylist()
    ['12.5', '-0.000001', '3', None, '0']
    """
    size = pc.abs_checked(micros)
    whole = pc.divide(size, pa.scalar(1_000_000, pa.int64()))
    rest = pc.subtract(size, pc.multiply(whole, pa.scalar(1_000_000, pa.int64())))
    digits = pc.utf8_rtrim(pc.utf8_lpad(pc.cast(rest, pa.string()), 6, "0"), "0")
    point = pc.if_else(pc.equal(digits, ""), "", ".")
    sign = pc.if_else(pc.less(micros, 0), "-", "")
    return pc.binary_join_element_wise(
        sign, pc.cast(whole, pa.string()), point, digits, pa.scalar("")
    )


def text(column: pa.Array) -> pa.Array:
    """Write any column as text: numbers in full, dates as YYYY-MM-DD, booleans as words.

    >>> text(pa.array([True, None])).to_pylist()
    ['true', None]
    """
    if pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        raise TypeError(f"{column.type} has no exact text; export whole numbers.")
    return column if column.type == pa.string() else pc.cast(column, pa.string())


def write_csv(
    target: Path,
    header: tuple[str, ...],
    batches: Iterable[pa.RecordBatch],
    progress: Progress = lambda rows: None,
) -> ExportResult:
    """Write a CSV file, whole or not at all, in constant memory.

    Args:
        target: The file; an older one is replaced when the new one is complete.
        header: The column names.
        batches: Text columns in the header's order.
        progress: Told of rows as they are written.

    Raises:
        OSError: It cannot be written; the old file is as it was.
    """
    digest, rows, size = hashlib.sha256(), 0, 0
    with atomic_file(target) as draft, draft.open("wb") as file:
        for content, count in _pieces(header, batches):
            file.write(content)
            digest.update(content)
            size += len(content)
            rows += count
            progress(count)
    return ExportResult(target, rows, size, digest.hexdigest())


def _pieces(
    header: tuple[str, ...], batches: Iterable[pa.RecordBatch]
) -> Iterator[tuple[bytes, int]]:
    names = pa.RecordBatch.from_arrays([pa.array([name]) for name in header], names=header)
    yield csv_lines(names), 0
    for batch in batches:
        yield csv_lines(batch), batch.num_rows


@dataclass(frozen=True)
class Chunk:
    """Days of one dataset that are read together.

    Attributes:
        dataset: The property.
        first: The first day.
        last: The last day.
    """

    dataset: str
    first: date
    last: date


def chunks(days: Iterable[tuple[str, date, int]], limit: int = CHUNK_EVENTS) -> list[Chunk]:
    """Put days together until they hold too many events to sort in memory.

    Args:
        days: Dataset, day and its events, in order.
        limit: Events from which a chunk is full; a single day may hold more.

    >>> days = [("a", date(2020, 11, n), 40) for n in (1, 2, 3)] + [("b", date(2020, 11, 1), 1)]
    >>> [(chunk.dataset, chunk.first.day, chunk.last.day) for chunk in chunks(days, 80)]
    [('a', 1, 2), ('a', 3, 3), ('b', 1, 1)]
    """
    found: list[Chunk] = []
    held = 0
    for dataset, day, events in days:
        if found and found[-1].dataset == dataset and held + events <= limit:
            found[-1] = Chunk(dataset, found[-1].first, day)
            held += events
        else:
            found.append(Chunk(dataset, day, day))
            held = events
    return found


def stream_days(warehouse: Warehouse, sql: str) -> Iterator[pa.RecordBatch]:
    """Run a select chunk by chunk: sorted as a whole, in the memory of one chunk.

    Args:
        warehouse: Where the models are built.
        sql: A select over one dataset and a range of days, with three ``?``; its order
            begins with the day.
    """
    rows = warehouse.query(
        "select dataset, event_date, raw_events from analytics.stg_ga4_days order by 1, 2"
    ).to_pylist()
    days = [(row["dataset"], row["event_date"], row["raw_events"] or 0) for row in rows]
    for chunk in chunks(days):
        yield from warehouse.stream(sql, (chunk.dataset, chunk.first, chunk.last))
