"""Reading files into Parquet beside the warehouse, before the warehouse is touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ga4_analytics.errors import DamagedFileError, LoadError
from ga4_analytics.ingest.files import InputFile, told_as
from ga4_analytics.ingest.groups import Group, Part, grouped, normalised
from ga4_analytics.progress import Advance
from ga4_analytics.sources.batches import RawBatch, Reject
from ga4_analytics.sources.console_csv import read_console_csv
from ga4_analytics.sources.flat_csv import read_flat_csv
from ga4_analytics.sources.json_cells import read_json_cells
from ga4_analytics.sources.json_export import read_ndjson
from ga4_analytics.sources.lines import Seen
from ga4_analytics.sources.mapping import ColumnOptions
from ga4_analytics.sources.normalise import Normalised
from ga4_analytics.sources.parquet import read_parquet
from ga4_analytics.sources.plan import KEY, ROW
from ga4_analytics.sources.zones import Transition

_UNIQUE = frozenset({ROW, KEY, "event_id", "event_timestamp"})
"""Columns in which a dictionary would hold every value."""
MAX_REJECT_CHARS = 256_000_000
SHOWN = 5


@dataclass
class Tally:
    """What was seen while files were read.

    Attributes:
        lines: Records read.
        rejects: Records refused, by file.
        present: Canonical columns that some file's header or schema has.
        filled: Canonical columns with at least one value.
        days: The days of each file, by checksum.
        rows_of: First and last row id of each file, by checksum.
        rows: Rows with an event.
        items: Rows of items.
    """

    lines: int = 0
    rejects: list[tuple[str, Reject]] = field(default_factory=list)
    reject_chars: int = 0
    present: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    days: dict[str, set[date]] = field(default_factory=dict)
    rows_of: dict[str, tuple[int, int]] = field(default_factory=dict)
    rows: int = 0
    items: int = 0

    def in_order(self) -> list[tuple[str, Reject]]:
        """The rejects by file and line."""
        return sorted(self.rejects, key=lambda found: (found[0], found[1].line))

    def rejected_by_rule(self) -> dict[str, int]:
        """How many records broke each rule."""
        return dict(sorted(Counter(reject.rule for _, reject in self.rejects).items()))


class PartWriter:
    """Writes tables to Parquet files, one for each set of columns among them."""

    def __init__(self, folder: Path, name: str) -> None:
        """Make one.

        Args:
            folder: Where the files go.
            name: What they are called: ``name-0.parquet``, ``name-1.parquet``, ...
        """
        self._folder = folder
        self._name = name
        self._writers: dict[pa.Schema, pq.ParquetWriter] = {}

    def write(self, table: pa.Table) -> None:
        """Add rows."""
        if table.num_rows == 0:
            return
        if table.schema not in self._writers:
            path = self._folder / f"{self._name}-{len(self._writers)}.parquet"
            coded = [name for name in table.schema.names if name not in _UNIQUE]
            self._writers[table.schema] = pq.ParquetWriter(
                path, table.schema, compression="lz4", use_dictionary=coded, write_statistics=False
            )
        self._writers[table.schema].write_table(table)

    def close(self) -> None:
        """Finish the files."""
        for writer in self._writers.values():
            writer.close()


def read_batches(file: InputFile, options: ColumnOptions, seen: Seen) -> Iterator[RawBatch]:
    """The batches of a file; its errors name it as the user does."""
    with told_as(file.detected.path, file.name):
        yield from _shaped(file, options, seen)


def _shaped(file: InputFile, options: ColumnOptions, seen: Seen) -> Iterator[RawBatch]:
    """The batches of a file, by its shape."""
    path = file.detected.path
    if file.detected.shape == "console CSV":
        return read_console_csv(path, options, seen)
    if file.detected.shape in {"JSON CSV", "Python CSV"}:
        return read_json_cells(path, options, seen)
    if file.detected.shape == "NDJSON":
        return read_ndjson(path, seen)
    if file.detected.shape == "Parquet":
        return read_parquet(path, options, seen)
    return read_flat_csv(path, options, seen)


def stage_files(
    files: Sequence[InputFile],
    options: ColumnOptions,
    changes: Sequence[Transition],
    folder: Path,
    advance: Advance,
) -> Tally:
    """Read all files into ``events-*.parquet`` and ``items-*.parquet`` of a folder.

    One thread reads while others normalise; what is written does not depend on which of
    them is first.

    Args:
        files: The files, all of one kind.
        options: The user's ``--map`` and ``--set``.
        changes: The property's zone, to date events without a date; may be empty.
        folder: Where the Parquet files go.
        advance: Told how many more bytes of the files are done.

    Raises:
        DamagedFileError: A file lost information before it reached us.
    """
    tally = Tally()
    events, items = PartWriter(folder, "events"), PartWriter(folder, "items")
    groups = grouped(read_parts(files, options, tally, advance))
    try:
        for group, done in normalised(groups, changes):
            _note(done, group, tally)
            events.write(done.events)
            if done.items is not None:
                items.write(done.items)
    finally:
        events.close()
        items.close()
    return tally


def read_parts(
    files: Sequence[InputFile], options: ColumnOptions, tally: Tally, advance: Advance
) -> Iterator[Part]:
    """Read the files one after the other and number their records."""
    row = 0
    for file in files:
        last, first = 0, row

        def seen(position: int) -> None:
            nonlocal last
            advance(position - last)
            last = position

        tally.days[file.sha256] = set()
        for batch in read_batches(file, options, seen):
            tally.present.update(name.lstrip("=") for name in batch.table.schema.names)
            tally.lines += batch.table.num_rows + len(batch.rejects)
            _keep(file, batch.rejects, tally)
            yield Part(file, batch, row)
            row += batch.table.num_rows
        tally.rows_of[file.sha256] = (first, row - 1)
        advance(file.size - last)


def _note(done: Normalised, group: Group, tally: Tally) -> None:
    tally.rows += done.events.num_rows
    for name in done.events.schema.names:
        if name not in tally.filled and done.events.column(name).null_count < done.events.num_rows:
            tally.filled.add(name)
    if done.items is not None and done.items.num_rows:
        tally.items += done.items.num_rows
        tally.filled.add("items")
    for part, days in group.days(done.events):
        tally.days[part.file.sha256].update(days)
    for part, rejects in group.rejects(done.rejects):
        _keep(part.file, rejects, tally)


def _keep(file: InputFile, rejects: Sequence[Reject], tally: Tally) -> None:
    fatal = [reject for reject in rejects if reject.fatal]
    if fatal:
        raise _damaged(file, fatal)
    for reject in rejects:
        tally.rejects.append((file.name, reject))
        tally.reject_chars += len(reject.raw_text)
    if tally.reject_chars > MAX_REJECT_CHARS:
        raise LoadError(
            f"{file.name}: {len(tally.rejects):,} records so far could not be read.",
            rule="A load keeps its rejected records, up to 256 MB of them.",
            remedy=f"The last one: line {tally.rejects[-1][1].line}, "
            f"{tally.rejects[-1][1].reason} Check the file and its columns.",
        )


def _damaged(file: InputFile, fatal: list[Reject]) -> DamagedFileError:
    shown = "; ".join(
        f"line {reject.line}, column {reject.column}: {reject.reason}" for reject in fatal[:SHOWN]
    )
    more = f" (and {len(fatal) - SHOWN:,} more in this part of it)" if len(fatal) > SHOWN else ""
    return DamagedFileError(
        f"{file.name} is damaged: {shown}{more}",
        rule="Values that lost information are not guessed; nothing of this load was kept.",
        remedy="Load a fresh export.",
    )
