"""Adding parts to days that are there: the result is that of one load of all the parts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from ga4_analytics.ingest.staging import PartWriter
from ga4_analytics.sources.sql_text import text_literal
from ga4_analytics.sources.stage_columns import KEY, ROW, STAGE_EVENTS, STAGE_ITEMS
from ga4_analytics.warehouse.base import Warehouse
from ga4_analytics.warehouse.tables import CAPABILITIES

OLD_ROWS = 1 << 40
"""Row ids of rows that were there begin here, beyond those of any file."""


@dataclass(frozen=True)
class EarlierDay:
    """What the ledger knows of a day that is there."""

    load_id: str
    table_kind: str
    exported_at_us: int
    flags: Mapping[str, bool]


def export_of_last_load(warehouse: Warehouse, dataset: str) -> str | None:
    """The export that the dataset's latest load belongs to; None before the first."""
    found = warehouse.query(
        "select d.export_id from raw.ga4_days d join raw.loads l on l.load_id = d.load_id "
        "where d.dataset = ? order by l.finished_at_us desc, l.load_id desc limit 1",
        [dataset],
    ).to_pylist()
    return str(found[0]["export_id"]) if found else None


def earlier_days(warehouse: Warehouse, dataset: str) -> dict[date, EarlierDay]:
    """The dataset's loaded days."""
    flags = ", ".join(CAPABILITIES)
    rows = warehouse.query(
        f"select event_date, load_id, table_kind, exported_at_us, {flags} "
        "from raw.ga4_days where dataset = ?",
        [dataset],
    ).to_pylist()
    return {
        row["event_date"]: EarlierDay(
            row["load_id"],
            row["table_kind"],
            row["exported_at_us"],
            {name: bool(row[name]) for name in CAPABILITIES},
        )
        for row in rows
    }


def read_back(
    warehouse: Warehouse,
    dataset: str,
    days: Collection[date],
    export_id: str,
    folder: Path,
) -> None:
    """Put the rows of days that are there beside the new ones in the stage.

    The export's last day comes too, since a later day may now complete it.

    Args:
        warehouse: Where they are.
        dataset: The property.
        days: The days of the new files.
        export_id: The export that is added to.
        folder: The stage.
    """
    known = warehouse.query(
        "select event_date, export_id from raw.ga4_days where dataset = ?", [dataset]
    ).to_pylist()
    ours = [row["event_date"] for row in known if row["export_id"] == export_id]
    wanted = {row["event_date"] for row in known if row["event_date"] in days}
    wanted |= {max(ours)} if ours else set()
    if not wanted:
        return
    raw = {name: folder / f"raw_{name}-0.parquet" for name in ("events", "items")}
    for name in raw:
        writer = PartWriter(folder, f"raw_{name}")
        for day in sorted(wanted):
            sql = f"select * from raw.ga4_{name} where dataset = ? and event_date = ?"
            for batch in warehouse.stream(sql, [dataset, day]):
                writer.write(pa.Table.from_batches([batch]))
        writer.close()
    _restage(raw, folder)
    for path in raw.values():
        path.unlink(missing_ok=True)


def _restage(raw: Mapping[str, Path], folder: Path) -> None:
    """Turn rows of ``raw`` back into staged rows."""
    events = ", ".join(name for name in STAGE_EVENTS if name not in (ROW, KEY))
    items = ", ".join(f"i.{name}" for name in STAGE_ITEMS if name not in (ROW, KEY))
    with duckdb.connect(config={"memory_limit": "700MB",
                                "temp_directory": str(folder / "spill")}) as engine:  # fmt: skip
        source = text_literal(str(raw["events"]))
        engine.execute(
            f"""create table numbered as select
                {OLD_ROWS} + row_number() over (order by event_id) as {ROW},
                coalesce(repeat_of, event_id) as {KEY}, event_id
            from read_parquet({source})"""
        )
        _copy(
            engine,
            f"select n.{ROW}, n.{KEY}, {events} from read_parquet({source}) e "
            "join numbered n using (event_id)",
            folder / "old_events.parquet",
        )
        if raw["items"].exists():
            source = text_literal(str(raw["items"]))
            _copy(
                engine,
                f"select n.{ROW}, n.{KEY}, {items} from read_parquet({source}) i "
                "join numbered n using (event_id)",
                folder / "old_items.parquet",
            )


def _copy(engine: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    engine.execute(f"copy ({sql}) to {text_literal(str(path))} (format parquet)")
