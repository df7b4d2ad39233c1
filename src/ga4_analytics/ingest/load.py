"""Load files: detect, read, check, replace whole days, record in the ledger."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from ga4_analytics.errors import LoadError
from ga4_analytics.ingest.append import (
    EarlierDay,
    earlier_days,
    export_of_last_load,
    read_back,
)
from ga4_analytics.ingest.archives import unpacking
from ga4_analytics.ingest.day_facts import Staged, counts_after, counts_before, day_facts
from ga4_analytics.ingest.days import Counts, check_shrinking, day_rows, missing_columns
from ga4_analytics.ingest.files import InputFile, check_unchanged, expand, inspect
from ga4_analytics.ingest.heap import return_free_memory, return_large_blocks
from ga4_analytics.ingest.history import drop_old_copies, keep_copies
from ga4_analytics.ingest.kinds import RANKS, Precedence, precedence
from ga4_analytics.ingest.ledger import (
    Entry,
    already_loaded,
    forgotten_ids,
    load_ledger,
    not_yet_loaded,
    reading_digest,
    rejected_load,
)
from ga4_analytics.ingest.left_out import LeftOut, leave_out
from ga4_analytics.ingest.numbering import Repeats, number_repeats
from ga4_analytics.ingest.stage_sql import events_sql, filled_columns, items_sql, staged_sql
from ga4_analytics.ingest.staging import Reading, Tally, stage_files
from ga4_analytics.ingest.told import LoadOptions, LoadResult
from ga4_analytics.ingest.zone import choose_zone
from ga4_analytics.progress import Progress, Silent
from ga4_analytics.settings import Settings
from ga4_analytics.sources.batches import Reject
from ga4_analytics.sources.readings import Judging
from ga4_analytics.sources.zones import offset_sql, transitions
from ga4_analytics.storage.checksums import sha256_texts
from ga4_analytics.warehouse.base import DayKey, Stage, Warehouse

STAGE = "stage"
MEMORY_LIMIT = "700MB"
FIRST_DAY, LAST_DAY = date(2005, 1, 1), date(2100, 1, 1)
"""Days over which a zone's offsets are known when dates are made from timestamps."""


def load(
    paths: Sequence[str],
    warehouse: Warehouse,
    settings: Settings,
    options: LoadOptions,
    *,
    clock: Callable[[], int],
    progress: Progress | None = None,
) -> LoadResult:
    """Load files into schema ``raw``, whole days at a time, all or nothing.

    Args:
        paths: Files, folders and patterns.
        warehouse: Where to; `Warehouse.prepare` has run.
        settings: The workspace's settings.
        options: What the user asked.
        clock: Gives the time in microseconds UTC.
        progress: Where to show progress.

    Raises:
        SourceError: A file cannot be read as an export.
        LoadError: The load was refused; the days are as they were.
        SettingsError: The time zone disagrees with the data.
        WarehouseError: The warehouse refused; the days are as they were.
    """
    return_large_blocks()
    shutil.rmtree(settings.state_dir / STAGE, ignore_errors=True)
    with unpacking(settings.state_dir) as unpacked:
        return _load(paths, warehouse, settings, options, clock, progress or Silent(), unpacked)


def _load(
    paths: Sequence[str],
    warehouse: Warehouse,
    settings: Settings,
    options: LoadOptions,
    clock: Callable[[], int],
    show: Progress,
    unpacked: Path,
) -> LoadResult:
    stages = settings.state_dir / STAGE
    found = expand(paths)
    with show.phase("Looking at the files", None, "files"):
        inspected = inspect(
            found, options.columns, unpacked, skip_unreadable=options.skip_unreadable
        )
    files = inspected.files
    reading = reading_digest(
        options.columns, options.complete_through, accept_damaged=options.accept_damaged
    )
    if options.append:
        files = not_yet_loaded(files, warehouse, settings.dataset, reading)
    if not files or already_loaded(files, warehouse, settings, reading):
        return _unchanged(settings, found, files)
    started = clock()
    digest = sha256_texts([*(file.sha256 for file in files), settings.dataset])
    stamp = datetime.fromtimestamp(started / 1e6, UTC).strftime("%Y%m%dT%H%M%S%fZ")
    folder = stages / f"{stamp}-{digest[:8]}"
    folder.mkdir(parents=True)
    job = _Job(
        folder.name,
        tuple(files),
        reading,
        warehouse,
        settings,
        options,
        folder,
        started,
        inspected.left_out,
    )
    try:
        with _room(folder):
            return _run(job, show, clock)
    finally:
        shutil.rmtree(stages, ignore_errors=True)


@contextmanager
def _room(folder: Path) -> Iterator[None]:
    """Say what to do when the disk, or memory, ends while files are read and checked."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        text = str(error).split("\n")[0]
        if not any(word in text for word in ("No space left", "max_temp_directory", "memory")):
            raise
        raise LoadError(
            f"There is no room in {folder.parent}: {text}.",
            rule="A load first writes what it read beside the warehouse, about a third of the "
            "files' size. Nothing was changed.",
            remedy="Free space on that disk, or move the workspace to a larger one.",
        ) from error


def _unchanged(settings: Settings, found: Sequence[Path], files: Sequence[InputFile]) -> LoadResult:
    shapes = tuple(sorted({file.detected.shape for file in files}))
    return LoadResult(
        None, settings.dataset, settings.timezone, 0, len(found), shapes, None, 0, 0, 0, 0, {},
        Repeats(0, 0), {},
    )  # fmt: skip


@dataclass(frozen=True)
class _Job:
    """One load under way."""

    load_id: str
    files: tuple[InputFile, ...]
    reading: str
    warehouse: Warehouse
    settings: Settings
    options: LoadOptions
    folder: Path
    started_us: int
    left_out: tuple[tuple[str, Reject], ...]

    @property
    def shapes(self) -> tuple[str, ...]:
        return tuple(sorted({file.detected.shape for file in self.files}))

    @property
    def fold(self) -> bool:
        """Whether lines are items of events."""
        return self.shapes == ("item CSV",)

    @property
    def dataset(self) -> str:
        return self.settings.dataset


def _run(job: _Job, show: Progress, clock: Callable[[], int]) -> LoadResult:
    tally = _read(job, show)
    if not tally.rows:
        _keep_rejects(job, tally, clock())
        raise _nothing_read(tally)
    held = earlier_days(job.warehouse, job.dataset)
    tables = precedence(job.files, tally, {day: was.table_kind for day, was in held.items()})
    with _engine(job) as engine:
        gone = forgotten_ids(job.warehouse, job.dataset)
        left_out = leave_out(engine, job.folder, tables.lost, gone)
        added_to = _added_to(job, tables, held)
        export_id = _read_back(job, added_to)
        _views(engine, job.folder)
        if not added_to and left_out.superseded + left_out.forgotten == tally.rows:
            return _left_out(job, tally, left_out, clock())
        with show.phase("Checking", None, "rows"):
            zone = choose_zone(engine, job.settings.timezone, job.files[0].name)
            staged = Staged(engine, job.folder, job.fold)
            repeats = number_repeats(engine, job.folder, fold=job.fold)
            facts = day_facts(
                staged,
                job.files,
                tally,
                tables,
                held if job.options.append else {},
                job.options.exported_at_us,
            )
            days = [fact.event_date for fact in facts]
            after = counts_after(staged)
            before = counts_before(job.warehouse, job.dataset, [day for day in days if day in held])
            if not job.options.append and not job.options.replace:
                check_shrinking(before, after)
    result = LoadResult(
        load_id=job.load_id,
        dataset=job.dataset,
        timezone=zone.name,
        inferred_from=zone.candidates,
        files=len(job.files),
        shapes=job.shapes,
        days=(days[0], days[-1]),
        day_count=len(facts),
        lines=tally.lines,
        events=sum(fact.events for fact in facts),
        items=sum(fact.items for fact in facts),
        rejected=tally.rejected_by_rule(),
        repeats=repeats,
        missing=missing_columns(tally),
        left_out=left_out,
        damage=tuple(tally.damage()),
    )
    entry = _entry(job, clock(), zone.name, result, before, after, tables)
    stage = Stage(
        days=tuple(DayKey(job.dataset, day) for day in days),
        events_sql=events_sql(
            job.folder, job.dataset, _offset(zone.name or "UTC", days), fold=job.fold
        ),
        items_sql=items_sql(job.folder, job.dataset, fold=job.fold),
        ledger={
            "ga4_days": day_rows(
                facts,
                dataset=job.dataset,
                load_id=job.load_id,
                export_id=export_id,
                zone=zone.name or "UTC",
                complete_through=job.options.complete_through,
            ),
            **load_ledger(entry, tally, job.warehouse),
        },
        event_rows=sum(fact.events for fact in facts),
        held={day: was.load_id for day, was in held.items()},
        filled=filled_columns(job.folder),
        before=keep_copies(
            job.warehouse, job.settings, job.load_id, [day for day in days if day in held]
        ),
        after=drop_old_copies(job.settings),
    )
    return_free_memory()
    with show.phase("Writing to the warehouse", stage.event_rows, "rows") as advance:
        job.warehouse.replace_days(stage, advance)
    return result


def _read(job: _Job, show: Progress) -> Tally:
    zone = job.settings.timezone
    changes = transitions(zone, FIRST_DAY, LAST_DAY) if zone else ()
    total = sum(file.size for file in job.files)
    judging = Judging(job.started_us, job.options.accept_damaged)
    reading = Reading(job.options.columns, changes, judging)
    with show.phase("Reading files", total, "bytes") as advance:
        tally = stage_files(job.files, reading, job.folder, advance)
    return_free_memory()
    check_unchanged(job.files)
    tally.lines += len(job.left_out)
    tally.rejects += job.left_out
    return tally


@contextmanager
def _engine(job: _Job) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB over the staged rows, with bounded memory."""
    spill = str(job.folder / "spill")
    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": spill}) as engine:
        yield engine


def _views(engine: duckdb.DuckDBPyConnection, folder: Path) -> None:
    for name in ("events", "items"):
        engine.execute(f"create view staged_{name} as {staged_sql(folder, name)}")


def _added_to(job: _Job, tables: Precedence, held: Mapping[date, EarlierDay]) -> set[date]:
    """The days that are there and get further parts; a better table replaces its day."""
    if not job.options.append:
        return set()
    return {
        day
        for day, kind in tables.kinds.items()
        if day in held and RANKS[kind] == RANKS[held[day].table_kind]
    }


def _read_back(job: _Job, days: set[date]) -> str:
    """Stage the rows of days that are added to; gives the export that the load belongs to."""
    if not job.options.append:
        return job.load_id
    export_id = export_of_last_load(job.warehouse, job.dataset) or job.load_id
    read_back(job.warehouse, job.dataset, days, export_id, job.folder)
    return export_id


def _offset(zone: str, days: Sequence[date]) -> str:
    return offset_sql("e.event_timestamp", transitions(zone, days[0], days[-1]))


def _entry(
    job: _Job,
    now_us: int,
    zone: str | None,
    result: LoadResult | None,
    before: Counts,
    after: Counts,
    tables: Precedence | None = None,
) -> Entry:
    options = job.options
    lost = tables.lost if tables else ()
    return Entry(
        load_id=job.load_id,
        dataset=job.dataset,
        mode="append" if options.append else "replace" if options.replace else "load",
        files=job.files,
        reading=job.reading,
        started_us=job.started_us,
        finished_us=now_us,
        zone=zone or "",
        before=before,
        after=after,
        items=result.items if result else 0,
        repeats=result.repeats if result else Repeats(0, 0),
        missing=result.missing if result else {},
        left_out=result.left_out if result else LeftOut(),
        superseded_files=frozenset((each.event_date, each.sha256) for each in lost),
    )


def _left_out(job: _Job, tally: Tally, left_out: LeftOut, now_us: int) -> LoadResult:
    """End a load of which no row may be written; the ledger knows that it ran."""
    result = replace(
        _unchanged(job.settings, [Path(file.name) for file in job.files], job.files),
        lines=tally.lines,
        rejected=tally.rejected_by_rule(),
        left_out=left_out,
    )
    entry = _entry(job, now_us, job.settings.timezone, result, {}, {})
    job.warehouse.add_rows(rejected_load(entry, tally))
    return result


def _keep_rejects(job: _Job, tally: Tally, now_us: int) -> None:
    """Record a load of which nothing could be read: its rejects are not lost."""
    entry = _entry(job, now_us, job.settings.timezone, None, {}, {})
    job.warehouse.add_rows(rejected_load(entry, tally))


def _nothing_read(tally: Tally) -> LoadError:
    rules = ", ".join(f"{rule} ({count:,})" for rule, count in tally.rejected_by_rule().items())
    if not tally.rejects:
        return LoadError(
            "The files hold no event.",
            rule="A load needs at least one event.",
            remedy="Check that the export was not empty.",
        )
    name, first = tally.rejects[0]
    return LoadError(
        f"None of the {tally.lines:,} records could be read: {rules}. The first: {name}, "
        f"line {first.line}: {first.reason}",
        rule="A load needs at least one event. The records are kept in raw.rejects.",
        remedy="Mend the file, or name its columns with --map.",
    )
