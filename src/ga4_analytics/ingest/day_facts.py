"""What the staged rows say of each day that will be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from ga4_analytics.ingest.append import EarlierDay
from ga4_analytics.ingest.days import Counts, DayFacts, capabilities, filled_sql
from ga4_analytics.ingest.files import InputFile
from ga4_analytics.ingest.kinds import Precedence
from ga4_analytics.ingest.stage_sql import parquet_sql
from ga4_analytics.ingest.staging import Tally
from ga4_analytics.warehouse.base import Warehouse


@dataclass(frozen=True)
class Staged:
    """Staged rows, their repeats numbered, in a DuckDB with views over them.

    Attributes:
        engine: The DuckDB, with the views ``staged_events`` and ``staged_items``.
        folder: The stage.
        fold: Whether repeats are items of one event, so that only its first row stays.
    """

    engine: duckdb.DuckDBPyConnection
    folder: Path
    fold: bool

    @property
    def events_sql(self) -> str:
        """The staged events that will be written."""
        if not self.fold:
            return "staged_events"
        repeats = parquet_sql([self.folder / "repeats.parquet"])
        return f"(select * from staged_events where row_id not in (select row_id from {repeats}))"


def day_facts(
    staged: Staged,
    files: Sequence[InputFile],
    tally: Tally,
    tables: Precedence,
    earlier: Mapping[date, EarlierDay],
    exported_at_us: int | None,
) -> list[DayFacts]:
    """Count the days that will be written, in order.

    Args:
        staged: The staged rows.
        files: The files of the load.
        tally: What reading them found.
        tables: Which table each day is taken from.
        earlier: What the warehouse holds of the days that are added to.
        exported_at_us: When the files were exported, where the user said so.
    """
    counted = staged.engine.execute(
        f"""select event_date, events, coalesce(items, 0), filled from (
            select event_date, count(*) as events, {filled_sql()} as filled
            from {staged.events_sql} group by 1
        ) left join (
            select event_date, count(*) as items from staged_items group by 1
        ) using (event_date) order by event_date"""
    ).fetchall()
    facts, lost = [], tally.lost()
    for day, events, items, filled in counted:
        before = earlier.get(day)
        kind = tables.kinds.get(day) or (before.table_kind if before else "flat")
        able = capabilities(tally.present, {*filled, *(["items"] if items else [])}, kind, lost)
        exported = _exported_at(files, tally, tables, day, exported_at_us)
        if before is not None:
            able = {name: flag or before.flags[name] for name, flag in able.items()}
            exported = min(exported, before.exported_at_us)
        facts.append(DayFacts(day, kind, events, items, exported, able))
    return facts


def _exported_at(
    files: Sequence[InputFile],
    tally: Tally,
    tables: Precedence,
    day: date,
    given_us: int | None,
) -> int:
    """When the day's rows were exported; the earliest of its files speaks for it."""
    if given_us is not None:
        return given_us
    lost = {each.sha256 for each in tables.lost if each.event_date == day}
    times = [
        file.modified_us
        for file in files
        if day in tally.days[file.sha256] and file.sha256 not in lost
    ]
    return min(times, default=max(file.modified_us for file in files))


def counts_after(staged: Staged) -> Counts:
    """Events by day and name, as they will be."""
    rows = staged.engine.execute(
        f"select event_date, event_name, count(*) from {staged.events_sql} group by 1, 2"
    ).fetchall()
    return {(day, name): count for day, name, count in rows}


def counts_before(warehouse: Warehouse, dataset: str, days: Sequence[date]) -> Counts:
    """Events by day and name, as the warehouse has them."""
    if not days:
        return {}
    wanted = set(days)
    found = warehouse.query(
        "select event_date, event_name, count(*) as events from raw.ga4_events "
        "where dataset = ? and event_date between ? and ? group by 1, 2",
        [dataset, min(days), max(days)],
    ).to_pylist()
    return {
        (row["event_date"], row["event_name"]): int(row["events"])
        for row in found
        if row["event_date"] in wanted
    }
