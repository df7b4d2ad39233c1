"""Load files: detect, read, check, replace whole days, record in the ledger."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from ga4_analytics.errors import LoadError
from ga4_analytics.ingest.append import earlier_days, export_of_last_load, read_back
from ga4_analytics.ingest.damage import Damage
from ga4_analytics.ingest.days import (
    DayFacts,
    capabilities,
    check_shrinking,
    day_rows,
    filled_sql,
    missing_columns,
)
from ga4_analytics.ingest.files import InputFile, expand, inspect
from ga4_analytics.ingest.ledger import (
    Entry,
    already_loaded,
    load_ledger,
    not_yet_loaded,
    reading_digest,
    rejected_load,
)
from ga4_analytics.ingest.numbering import Repeats, number_repeats
from ga4_analytics.ingest.stage_sql import (
    events_sql,
    items_sql,
    parquet_sql,
    staged_sql,
)
from ga4_analytics.ingest.staging import Reading, Tally, stage_files
from ga4_analytics.ingest.zone import choose_zone
from ga4_analytics.progress import Progress, Silent
from ga4_analytics.settings import Settings
from ga4_analytics.sources.mapping import NO_OPTIONS, ColumnOptions
from ga4_analytics.sources.readings import Judging
from ga4_analytics.sources.zones import offset_sql, transitions
from ga4_analytics.storage.checksums import sha256_texts
from ga4_analytics.warehouse.base import DayKey, Stage, Warehouse

STAGE = "stage"
MEMORY_LIMIT = "700MB"
FIRST_DAY, LAST_DAY = date(2005, 1, 1), date(2100, 1, 1)
"""Days over which a zone's offsets are known when dates are made from timestamps."""


@dataclass(frozen=True)
class LoadOptions:
    """What the user asked of one load.

    Attributes:
        columns: ``--map`` and ``--set``.
        append: Add to the days instead of replacing them.
        replace: Replace even days that would shrink.
        complete_through: The last day known to be complete.
        exported_at_us: When the files were exported; None takes each file's own time.
        accept_damaged: Accept values that lost information; the loss is recorded.
    """

    columns: ColumnOptions = NO_OPTIONS
    append: bool = False
    replace: bool = False
    complete_through: date | None = None
    exported_at_us: int | None = None
    accept_damaged: bool = False


@dataclass(frozen=True)
class LoadResult:
    """What a load did.

    Attributes:
        load_id: Its name in the ledger; None when nothing changed.
        dataset: The property.
        timezone: The zone used, set or inferred; None when no event has a timestamp.
        inferred_from: How many zones fit when it was inferred, else 0.
        files: Files read.
        shapes: Their shapes.
        days: First and last day written, None when nothing changed.
        day_count: How many days were written.
        lines: Records read.
        events: Events that the days now hold.
        items: Items that they hold.
        rejected: Rejected records by rule.
        repeats: Repeated events.
        missing: Canonical columns that are null, with the reason.
        damage: What was damaged, accepted or rejected.
    """

    load_id: str | None
    dataset: str
    timezone: str | None
    inferred_from: int
    files: int
    shapes: tuple[str, ...]
    days: tuple[date, date] | None
    day_count: int
    lines: int
    events: int
    items: int
    rejected: dict[str, int]
    repeats: Repeats
    missing: dict[str, str]
    damage: tuple[Damage, ...]


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
    show = progress or Silent()
    found = expand(paths)
    with show.phase("Looking at the files", None, "files"):
        files = inspect(found, options.columns)
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
    folder = settings.state_dir / STAGE / f"{stamp}-{digest[:8]}"
    shutil.rmtree(folder.parent, ignore_errors=True)
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
    )
    try:
        return _run(job, show, clock)
    finally:
        shutil.rmtree(folder.parent, ignore_errors=True)


def _unchanged(settings: Settings, found: Sequence[Path], files: Sequence[InputFile]) -> LoadResult:
    shapes = tuple(sorted({file.detected.shape for file in files}))
    return LoadResult(
        None, settings.dataset, settings.timezone, 0, len(found), shapes, None, 0, 0, 0, 0, {},
        Repeats(0, 0), {}, (),
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
    export_id = job.load_id
    if job.options.append:
        export_id = export_of_last_load(job.warehouse, job.dataset) or job.load_id
        days = {day for some in tally.days.values() for day in some}
        read_back(job.warehouse, job.dataset, days, export_id, job.folder)
    with _engine(job) as engine, show.phase("Checking", None, "rows"):
        zone = choose_zone(engine, job.settings.timezone, job.files[0].name)
        repeats = number_repeats(engine, job.folder, fold=job.fold)
        facts = _facts(job, engine, tally)
        if not job.options.append and not job.options.replace:
            _check(job, engine, [fact.event_date for fact in facts])
    stage = _stage(job, zone.name or "UTC", facts, export_id)
    result = LoadResult(
        load_id=job.load_id,
        dataset=job.dataset,
        timezone=zone.name,
        inferred_from=zone.candidates,
        files=len(job.files),
        shapes=job.shapes,
        days=(facts[0].event_date, facts[-1].event_date),
        day_count=len(facts),
        lines=tally.lines,
        events=sum(fact.events for fact in facts),
        items=sum(fact.items for fact in facts),
        rejected=tally.rejected_by_rule(),
        repeats=repeats,
        missing=missing_columns(tally),
        damage=tuple(tally.damage()),
    )
    counts = {fact.event_date: fact.events for fact in facts}
    entry = _entry(job, clock(), zone.name, counts, result)
    ledger = {**stage.ledger, **load_ledger(entry, tally, job.warehouse)}
    with show.phase("Writing to the warehouse", stage.event_rows, "rows") as advance:
        job.warehouse.replace_days(replace(stage, ledger=ledger), advance)
    return result


def _read(job: _Job, show: Progress) -> Tally:
    zone = job.settings.timezone
    changes = transitions(zone, FIRST_DAY, LAST_DAY) if zone else ()
    total = sum(file.size for file in job.files)
    judging = Judging(job.started_us, job.options.accept_damaged)
    reading = Reading(job.options.columns, changes, judging)
    with show.phase("Reading files", total, "bytes") as advance:
        return stage_files(job.files, reading, job.folder, advance)


@contextmanager
def _engine(job: _Job) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB over the staged rows, with bounded memory."""
    spill = str(job.folder / "spill")
    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": spill}) as engine:
        for name in ("events", "items"):
            engine.execute(f"create view staged_{name} as {staged_sql(job.folder, name)}")
        yield engine


def _facts(job: _Job, engine: duckdb.DuckDBPyConnection, tally: Tally) -> list[DayFacts]:
    """Count the days that will be written."""
    dropped = "where row_id not in (select row_id from repeats)" if job.fold else ""
    repeats = parquet_sql([job.folder / "repeats.parquet"])
    engine.execute(f"create or replace temp view repeats as select row_id from {repeats}")
    counted = engine.execute(
        f"""select event_date, events, coalesce(items, 0), filled from (
            select event_date, count(*) as events, {filled_sql()} as filled
            from staged_events {dropped} group by 1
        ) left join (
            select event_date, count(*) as items from staged_items group by 1
        ) using (event_date) order by event_date"""
    ).fetchall()
    before = earlier_days(job.warehouse, job.dataset) if job.options.append else {}
    lost = tally.lost()
    return [
        DayFacts(
            day,
            events,
            items,
            min(
                _exported_at(job, tally, day),
                before[day].exported_at_us if day in before else _exported_at(job, tally, day),
            ),
            {
                name: able or (day in before and before[day].flags[name])
                for name, able in capabilities(
                    tally.present, {*filled, *(["items"] if items else [])}, lost
                ).items()
            },
        )
        for day, events, items, filled in counted
    ]


def _exported_at(job: _Job, tally: Tally, day: date) -> int:
    """When the day's rows were exported; the earliest of its files speaks for it."""
    if job.options.exported_at_us is not None:
        return job.options.exported_at_us
    times = [file.modified_us for file in job.files if day in tally.days[file.sha256]]
    return min(times, default=job.started_us)


def _check(job: _Job, engine: duckdb.DuckDBPyConnection, days: Sequence[date]) -> None:
    """Refuse days that would lose rows or an event name."""
    dropped = "where row_id not in (select row_id from repeats)" if job.fold else ""
    after = engine.execute(
        f"select event_date, event_name, count(*) from staged_events {dropped} group by 1, 2"
    ).fetchall()
    found = job.warehouse.query(
        "select event_date, event_name, count(*) as events from raw.ga4_events "
        "where dataset = ? and event_date between ? and ? group by 1, 2",
        [job.dataset, min(days), max(days)],
    ).to_pylist()
    wanted = set(days)
    before = {
        (row["event_date"], row["event_name"]): int(row["events"])
        for row in found
        if row["event_date"] in wanted
    }
    check_shrinking(before, {(day, name): count for day, name, count in after})


def _stage(job: _Job, zone: str, facts: Sequence[DayFacts], export_id: str) -> Stage:
    first, last = facts[0].event_date, facts[-1].event_date
    offset = offset_sql("e.event_timestamp", transitions(zone, first, last))
    rows = day_rows(
        facts,
        dataset=job.dataset,
        load_id=job.load_id,
        export_id=export_id,
        table_kind=job.files[0].detected.table_kind,
        zone=zone,
        complete_through=job.options.complete_through,
    )
    return Stage(
        days=tuple(DayKey(job.dataset, fact.event_date) for fact in facts),
        events_sql=events_sql(job.folder, job.dataset, offset, fold=job.fold),
        items_sql=items_sql(job.folder, job.dataset, fold=job.fold),
        ledger={"ga4_days": rows},
        event_rows=sum(fact.events for fact in facts),
    )


def _entry(
    job: _Job,
    now_us: int,
    zone: str | None,
    days: dict[date, int],
    result: LoadResult | None,
) -> Entry:
    options = job.options
    return Entry(
        load_id=job.load_id,
        dataset=job.dataset,
        mode="append" if options.append else "replace" if options.replace else "load",
        files=job.files,
        reading=job.reading,
        started_us=job.started_us,
        finished_us=now_us,
        zone=zone or "",
        days=days,
        items=result.items if result else 0,
        repeats=result.repeats if result else Repeats(0, 0),
        missing=result.missing if result else {},
    )


def _keep_rejects(job: _Job, tally: Tally, now_us: int) -> None:
    """Record a load of which nothing could be read: its rejects are not lost."""
    entry = _entry(job, now_us, job.settings.timezone, {}, None)
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
