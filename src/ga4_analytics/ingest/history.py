"""What loads replaced is kept, so that a load can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ga4_analytics.errors import LoadError
from ga4_analytics.ingest.day_facts import counts_before
from ga4_analytics.ingest.ledger import find_load, moved, own_entry
from ga4_analytics.settings import Settings
from ga4_analytics.warehouse.base import Statement, Warehouse
from ga4_analytics.warehouse.ddl import column_list
from ga4_analytics.warehouse.tables import COPIES, TABLES


@dataclass(frozen=True)
class Undone:
    """What taking a load back did.

    Attributes:
        load_id: The load that was taken back.
        undo_id: The entry in the ledger that says so.
        days: The days that are as they were before it.
        events_before: Events that the days held until now.
        events_after: Events that they hold now.
    """

    load_id: str
    undo_id: str
    days: tuple[date, ...]
    events_before: int
    events_after: int


def keep_copies(
    warehouse: Warehouse, settings: Settings, load_id: str, days: Sequence[date]
) -> tuple[Statement, ...]:
    """Statements that copy the rows of days before they are replaced.

    Args:
        warehouse: Where they are.
        settings: Whose ``dataset`` is loaded; ``undo_loads`` of 0 keeps nothing.
        load_id: The load that is about to replace them.
        days: Days that are there.
    """
    if not settings.undo_loads or not days:
        return ()
    marks = ", ".join("?" * len(days))
    stored = {name: _stored(warehouse, name) for name in COPIES}
    return tuple(
        Statement(
            f"insert into raw.{copy.name} (replaced_by, {stored[name]}) "
            f"select ?, {stored[name]} from raw.{name} "
            f"where dataset = ? and event_date in ({marks})",
            (load_id, settings.dataset, *days),
        )
        for name, copy in COPIES.items()
    )


def drop_old_copies(settings: Settings) -> tuple[Statement, ...]:
    """Statements that drop what only loads older than the last ``undo_loads`` replaced."""
    kept = (
        "select load_id from raw.loads where dataset = ? and mode in ('load', 'replace', 'append') "
        f"order by started_at_us desc, load_id desc limit {settings.undo_loads}"
    )
    return tuple(
        Statement(
            f"delete from raw.{copy.name} where dataset = ? and replaced_by not in ({kept})",
            (settings.dataset, settings.dataset),
        )
        for copy in COPIES.values()
    )


def undo(
    load_id: str, warehouse: Warehouse, settings: Settings, now_us: int, undo_id: str
) -> Undone:
    """Put the days that a load wrote back to what they were before it, all or nothing.

    Args:
        load_id: The load, or the first characters of its name.
        warehouse: A prepared warehouse.
        settings: Whose ``dataset`` the load belongs to.
        now_us: The time, microseconds UTC.
        undo_id: Name of the undo in the ledger.

    Raises:
        LoadError: There is no such load, it is taken back already, a later load wrote one of
            its days, or what it replaced is no longer kept.
        WarehouseError: The warehouse refused; the days are as they were.
    """
    load = _find(load_id, warehouse, settings.dataset)
    written = warehouse.query(
        "select event_date, events_before from raw.load_days where load_id = ? order by 1",
        [load],
    ).to_pylist()
    days = [row["event_date"] for row in written]
    _check_last(load, days, warehouse, settings)
    _check_kept(load, [row["event_date"] for row in written if row["events_before"]], warehouse)
    before = counts_before(warehouse, settings.dataset, days)
    back = warehouse.query(
        "select event_date, event_name, count(*) as events from raw.replaced_events "
        "where replaced_by = ? group by 1, 2",
        [load],
    ).to_pylist()
    after = {(row["event_date"], row["event_name"]): int(row["events"]) for row in back}
    entry = own_entry(undo_id, settings.dataset, "undo", now_us, sum(after.values()), undoes=load)
    warehouse.change(
        _put_back(warehouse, load, days, settings.dataset, now_us),
        {
            "loads": entry,
            **moved(undo_id, settings.dataset, before, after),
        },
    )
    return Undone(load, undo_id, tuple(days), sum(before.values()), sum(after.values()))


def _put_back(
    warehouse: Warehouse, load: str, days: Sequence[date], dataset: str, now_us: int
) -> list[Statement]:
    marks = ", ".join("?" * len(days))
    statements = []
    for name, copy in COPIES.items():
        # A column that was stored once is stored for ever, so none of a copy's values is lost.
        stored = _stored(warehouse, name)
        statements += [
            Statement(
                f"delete from raw.{name} where dataset = ? and event_date in ({marks})",
                (dataset, *days),
            ),
            Statement(
                f"insert into raw.{name} ({stored}) "
                f"select {stored} from raw.{copy.name} where replaced_by = ?",
                (load,),
            ),
            Statement(f"delete from raw.{copy.name} where replaced_by = ?", (load,)),
        ]
    told = Statement("update raw.loads set undone_at_us = ? where load_id = ?", (now_us, load))
    return [*statements, told]


def _find(text: str, warehouse: Warehouse, dataset: str) -> str:
    found = warehouse.query(
        "select load_id, mode, undone_at_us from raw.loads where dataset = ? order by load_id",
        [dataset],
    ).to_pylist()
    row = find_load(found, text, dataset)
    if row["mode"] in ("undo", "forget") or row["undone_at_us"] is not None:
        what = "was taken back already" if row["undone_at_us"] else f"is itself a {row['mode']}"
        raise LoadError(
            f"The load {row['load_id']} {what}.",
            rule="A load can be taken back once; what was forgotten stays forgotten.",
            remedy="Load the files again to have their days as they were.",
        )
    return str(row["load_id"])


def _check_last(load: str, days: Sequence[date], warehouse: Warehouse, settings: Settings) -> None:
    held = warehouse.query(
        "select event_date, load_id from raw.ga4_days where dataset = ?", [settings.dataset]
    ).to_pylist()
    owner = {row["event_date"]: row["load_id"] for row in held}
    later = sorted({str(owner[day]) for day in days if day in owner and owner[day] != load})
    if not days or later:
        raise LoadError(
            f"The load {load} wrote no day."
            if not days
            else f"Later loads wrote days of {load}: {', '.join(later)}.",
            rule="Loads are taken back in reverse: the latest one of a day first.",
            remedy=f"Run `ga4 undo {later[-1]}` first." if later else "There is nothing to undo.",
        )


def _check_kept(load: str, days: Sequence[date], warehouse: Warehouse) -> None:
    kept = warehouse.query(
        "select event_date from raw.replaced_days where replaced_by = ?", [load]
    ).column("event_date")
    lost = sorted(set(days) - set(kept.to_pylist()))
    if lost:
        raise LoadError(
            f"What {load} replaced is no longer kept, for example {lost[0]}.",
            rule="Only the last `undo_loads` loads of a property can be taken back.",
            remedy="Load the earlier files again; raise undo_loads in ga4.toml for the future.",
        )


def _stored(warehouse: Warehouse, name: str) -> str:
    table = next(table for table in TABLES if table.name == name)
    return column_list(warehouse.stored_columns(table))
