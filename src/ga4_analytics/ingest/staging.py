"""Reading files into Parquet beside the warehouse, before the warehouse is touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ga4_analytics.ahead import ahead
from ga4_analytics.errors import LoadError
from ga4_analytics.ingest.damage import Damage, DamageLog, refuse_file, refuse_values, rejected
from ga4_analytics.ingest.evidence import Evidence
from ga4_analytics.ingest.files import InputFile, told_as
from ga4_analytics.ingest.groups import Group, Part, grouped, normalised
from ga4_analytics.progress import Advance
from ga4_analytics.sources.batches import GIVEN, TEXT, RawBatch, Reject
from ga4_analytics.sources.console_csv import read_console_csv
from ga4_analytics.sources.flat_csv import read_flat_csv
from ga4_analytics.sources.json_cells import read_json_cells
from ga4_analytics.sources.json_export import read_ndjson
from ga4_analytics.sources.lines import Seen
from ga4_analytics.sources.mapping import ColumnOptions
from ga4_analytics.sources.normalise import Normalised
from ga4_analytics.sources.parquet import read_parquet
from ga4_analytics.sources.pending import Engines, Pending
from ga4_analytics.sources.readings import Judging
from ga4_analytics.sources.stage_columns import KEY, ROW
from ga4_analytics.sources.zones import Transition

_UNIQUE = frozenset({ROW, KEY, "event_id", "event_timestamp", "event_params", "other_fields"})
"""Columns in which a dictionary would hold every value."""
MAX_REJECT_CHARS = 256_000_000
TIME = "event_timestamp"


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
        evidence: What each file's values showed, by checksum.
        accepted: Damage that was accepted.
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
    evidence: dict[str, Evidence] = field(default_factory=dict)
    accepted: DamageLog = field(default_factory=DamageLog)

    def in_order(self) -> list[tuple[str, Reject]]:
        """The rejects by file and line."""
        return sorted(self.rejects, key=lambda found: (found[0], found[1].line))

    def rejected_by_rule(self) -> dict[str, int]:
        """How many records broke each rule."""
        return dict(sorted(Counter(reject.rule for _, reject in self.rejects).items()))

    def damage(self) -> list[Damage]:
        """What was accepted, then what was rejected, by file, column and rule."""
        return [*self.accepted.accepted(), *rejected(self.in_order())]

    def lost(self) -> set[str]:
        """Canonical columns of which values became null because damage was accepted."""
        return {each.column for each in self.accepted.accepted() if each.lost and each.column}


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


def _shaped(file: InputFile, options: ColumnOptions, seen: Seen) -> Iterator[RawBatch | Pending]:
    """The parts of a file, by its shape."""
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


@dataclass(frozen=True)
class Reading:
    """How files are read and judged.

    Attributes:
        options: The user's ``--map`` and ``--set``.
        changes: The property's zone, to date events without a date; may be empty.
        judging: The load's clock, and whether damage is accepted.
    """

    options: ColumnOptions
    changes: Sequence[Transition]
    judging: Judging


def stage_files(
    files: Sequence[InputFile], reading: Reading, folder: Path, advance: Advance
) -> Tally:
    """Read all files into ``events-*.parquet`` and ``items-*.parquet`` of a folder.

    One thread reads while others normalise; what is written does not depend on which of
    them is first. Files whose times turn out at their end to have lost digits, and are
    accepted, are read once more without them.

    Args:
        files: The files, all of one kind.
        reading: How they are read and judged.
        folder: Where the Parquet files go.
        advance: Told how many more bytes of the files are done.

    Raises:
        DamagedFileError: A file lost information before it reached us, and that is not
            accepted.
    """
    tally = _stage(files, reading, folder, advance, frozenset())
    timeless = _judge_files(tally, reading)
    if not timeless:
        return tally
    for staged in folder.glob("*.parquet"):
        staged.unlink()
    again = _stage(files, reading, folder, lambda _: None, timeless)
    for sha256, evidence in tally.evidence.items():
        if sha256 in timeless:
            for found in evidence.findings():
                if found.rule == "timestamp_lost_digits":
                    again.accepted.finding(evidence.file, found)
    _judge_files(again, reading)
    return again


def _stage(
    files: Sequence[InputFile],
    reading: Reading,
    folder: Path,
    advance: Advance,
    timeless: Collection[str],
) -> Tally:
    """Read all files, those of ``timeless`` (checksums) without their event_timestamp."""
    tally = Tally()
    events, items = PartWriter(folder, "events"), PartWriter(folder, "items")
    parts = read_parts(files, reading.options, tally, advance, timeless)
    try:
        for group, done in normalised(grouped(parts), reading.changes, reading.judging):
            _note(done, group, tally, reading)
            events.write(done.events)
            if done.items is not None:
                items.write(done.items)
    finally:
        events.close()
        items.close()
    return tally


def _judge_files(tally: Tally, reading: Reading) -> set[str]:
    """Judge whole files; where damage is accepted, give those whose times are not known.

    A load of which nothing could be read is refused elsewhere, and keeps its rejects.
    """
    timeless = set()
    for sha256, evidence in tally.evidence.items():
        findings = [
            each for each in evidence.findings() if tally.rows or each.rule != "mostly_rejected"
        ]
        if findings and not reading.judging.accept:
            raise refuse_file(evidence, findings, reading.options)
        for found in findings:
            if found.rule == "timestamp_lost_digits":
                timeless.add(sha256)
            else:
                tally.accepted.finding(evidence.file, found)
    return timeless


@dataclass(frozen=True)
class _Piece:
    """A part of a file, on its way; the last one of a file has nothing in it."""

    file: InputFile
    waiting: RawBatch | Pending | None
    seen: int


def _pieces(files: Sequence[InputFile], options: ColumnOptions) -> Iterator[_Piece]:
    """The files' parts in order; errors name a file as the user does."""
    for file in files:
        at = 0

        def seen(position: int) -> None:
            nonlocal at
            at = position

        with told_as(file.detected.path, file.name):
            for waiting in _shaped(file, options, seen):
                yield _Piece(file, waiting, at)
        yield _Piece(file, None, file.size)


def read_parts(
    files: Sequence[InputFile],
    options: ColumnOptions,
    tally: Tally,
    advance: Advance,
    timeless: Collection[str],
) -> Iterator[Part]:
    """Read the files one after the other and number their records."""
    engines = Engines()

    def read(piece: _Piece) -> tuple[_Piece, RawBatch | None]:
        with told_as(piece.file.detected.path, piece.file.name):
            waiting = piece.waiting
            return piece, waiting(engines) if callable(waiting) else waiting

    row = first = last = 0
    for piece, batch in ahead(read, _pieces(files, options)):
        file = piece.file
        if file.sha256 not in tally.evidence:
            tally.days[file.sha256] = set()
            tally.evidence[file.sha256] = Evidence(file)
            first, last = row, 0
        advance(piece.seen - last)
        last = piece.seen
        if batch is None:
            tally.rows_of[file.sha256] = (first, row - 1)
            tally.evidence[file.sha256].judge(options.maps)
            continue
        if file.sha256 in timeless:
            batch = _without_times(batch)
        tally.present.update(name.lstrip("=") for name in batch.table.schema.names)
        tally.lines += batch.table.num_rows + len(batch.rejects)
        tally.evidence[file.sha256].read(batch)
        _keep(file, batch.rejects, tally, options)
        yield Part(file, batch, row)
        row += batch.table.num_rows


def _without_times(batch: RawBatch) -> RawBatch:
    """The batch with an event_timestamp that nobody knows."""
    table = batch.table
    for name in (GIVEN + TIME, TIME):
        if name in table.schema.names:
            place = table.schema.get_field_index(name)
            table = table.set_column(place, name, pa.nulls(table.num_rows, TEXT))
    return replace(batch, table=table)


def _note(done: Normalised, group: Group, tally: Tally, reading: Reading) -> None:
    tally.rows += done.events.num_rows
    for name in done.events.schema.names:
        if name not in tally.filled and done.events.column(name).null_count < done.events.num_rows:
            tally.filled.add(name)
    if done.items is not None and done.items.num_rows:
        tally.items += done.items.num_rows
        tally.filled.add("items")
    for part, days in group.days(done.events):
        tally.days[part.file.sha256].update(days)
    if done.damage is not None:
        tally.accepted.values(group, done.damage)
    for part, rejects in group.rejects(done.rejects):
        _keep(part.file, rejects, tally, reading.options)


def _keep(file: InputFile, rejects: Sequence[Reject], tally: Tally, options: ColumnOptions) -> None:
    evidence = tally.evidence[file.sha256]
    fatal = [reject for reject in rejects if reject.fatal]
    if fatal:
        evidence.judge(options.maps)
        swapped = [each for each in evidence.findings() if each.rule == "swapped_columns"]
        raise refuse_file(evidence, swapped, options) if swapped else refuse_values(file, fatal)
    evidence.reject(rejects)
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
