"""What the ledger remembers of loads, and what it saves from doing twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from ga4_analytics import __version__
from ga4_analytics.errors import LoadError
from ga4_analytics.ingest.days import Counts, by_day, table_of
from ga4_analytics.ingest.files import InputFile
from ga4_analytics.ingest.left_out import LeftOut
from ga4_analytics.ingest.numbering import Repeats
from ga4_analytics.ingest.staging import Tally
from ga4_analytics.settings import Settings
from ga4_analytics.sources.mapping import ColumnOptions
from ga4_analytics.storage.checksums import sha256_texts
from ga4_analytics.warehouse.base import Warehouse
from ga4_analytics.warehouse.tables import (
    DAMAGE,
    DAY_FILES,
    LOAD_DAYS,
    LOAD_EVENTS,
    LOAD_FILES,
    LOADS,
    MISSING,
    REJECTS,
)


@dataclass(frozen=True)
class Entry:
    """What one load adds to the ledger.

    Attributes:
        load_id: The load.
        dataset: The property.
        mode: 'load', 'replace' or 'append'.
        files: The files.
        reading: Digest of how they were read.
        started_us: When it began, microseconds UTC.
        finished_us: When it ended.
        zone: The property's zone, empty where unknown.
        before: Events that the days held, by day and name.
        after: Events that they hold now; every day that is written has one.
        items: Items that the days hold now.
        repeats: Repeated events.
        missing: Columns that are null, with the reason.
        left_out: Events that were read and not loaded.
        superseded_files: Day and checksum of files whose day a better table holds.
    """

    load_id: str
    dataset: str
    mode: str
    files: Sequence[InputFile]
    reading: str
    started_us: int
    finished_us: int
    zone: str
    before: Counts
    after: Counts
    items: int
    repeats: Repeats
    missing: Mapping[str, str]
    left_out: LeftOut
    superseded_files: frozenset[tuple[date, str]]

    @property
    def days(self) -> list[date]:
        """The days that are written, in order."""
        return sorted({day for day, _ in self.after})


def reading_digest(
    columns: ColumnOptions, complete_through: date | None, *, accept_damaged: bool
) -> str:
    """A digest of everything but its bytes that decides what a file becomes."""
    said = [*columns.said(), f"complete through {complete_through}"]
    said += ["accept damaged"] if accept_damaged else []
    return sha256_texts(said)[:16]


def already_loaded(
    files: Sequence[InputFile], warehouse: Warehouse, settings: Settings, reading: str
) -> bool:
    """Whether the days of these files hold exactly these files, read in the same way."""
    dataset, zone = settings.dataset, settings.timezone
    loads = warehouse.query(
        "select f.sha256, d.event_date, l.timezone from raw.load_files f "
        "join raw.load_days d on d.load_id = f.load_id "
        "join raw.loads l on l.load_id = f.load_id where f.dataset = ?",
        [dataset],
    ).to_pylist()
    held: dict[date, set[tuple[str, str]]] = {}
    for row in _day_files(warehouse, dataset):
        held.setdefault(row["event_date"], set()).add((row["sha256"], row["reading"]))
    given = {(file.sha256, reading) for file in files}
    checksums = {file.sha256 for file in files}
    days = {
        row["event_date"]
        for row in loads
        if row["sha256"] in checksums and zone in (None, row["timezone"])
    }
    kept = {pair for day in days for pair in held.get(day, set())}
    return bool(days) and kept == given


def not_yet_loaded(
    files: Sequence[InputFile], warehouse: Warehouse, dataset: str, reading: str
) -> list[InputFile]:
    """The files of which no day holds rows yet, read in the same way."""
    held = {(row["sha256"], row["reading"]) for row in _day_files(warehouse, dataset)}
    return [file for file in files if (file.sha256, reading) not in held]


def _day_files(warehouse: Warehouse, dataset: str) -> list[dict[str, Any]]:
    found = warehouse.query(
        "select event_date, sha256, reading from raw.day_files where dataset = ?",
        [dataset],
    )
    return list(found.to_pylist())


def load_ledger(entry: Entry, tally: Tally, warehouse: Warehouse) -> dict[str, pa.Table]:
    """The rows that a load adds to every ledger table but ``ga4_days``."""
    missing = [
        {
            "load_id": entry.load_id,
            "dataset": entry.dataset,
            "column_name": name,
            "reason": why,
        }
        for name, why in entry.missing.items()
    ]
    return {
        **rejected_load(entry, tally),
        **moved(entry.load_id, entry.dataset, entry.before, entry.after),
        "day_files": table_of(DAY_FILES.columns, _files_of_days(entry, tally, warehouse)),
        "missing_columns": table_of(MISSING.columns, missing),
    }


def moved(load_id: str, dataset: str, before: Counts, after: Counts) -> dict[str, pa.Table]:
    """How far a load moved each day and event name: the revision log.

    Args:
        load_id: The load.
        dataset: The property.
        before: Events by day and name, as they were.
        after: Events as they are.

    Returns:
        Rows of ``load_days``, one for each day, and of ``load_events``, one for each day and
        name whose count moved.
    """
    named = {"load_id": load_id, "dataset": dataset}
    was, now = by_day(before), by_day(after)
    days = [
        {
            **named,
            "event_date": day,
            "events_before": was.get(day, 0),
            "events_after": now.get(day, 0),
        }
        for day in sorted({*was, *now})
    ]
    events = [
        {
            **named,
            "event_date": day,
            "event_name": name,
            "events_before": before.get((day, name), 0),
            "events_after": after.get((day, name), 0),
        }
        for day, name in sorted({*before, *after})
        if before.get((day, name), 0) != after.get((day, name), 0)
    ]
    return {
        "load_days": table_of(LOAD_DAYS.columns, days),
        "load_events": table_of(LOAD_EVENTS.columns, events),
    }


def forgotten_ids(warehouse: Warehouse, dataset: str) -> dict[str, list[str]]:
    """Column of ids to the SHA-256 of those whose people were forgotten."""
    found: dict[str, list[str]] = {}
    rows = warehouse.query(
        "select column_name, id_sha256 from raw.forgotten where dataset = ? order by 1, 2",
        [dataset],
    ).to_pylist()
    for row in rows:
        found.setdefault(row["column_name"], []).append(row["id_sha256"])
    return found


def own_entry(
    load_id: str, dataset: str, mode: str, now_us: int, events: int, **more: object
) -> pa.Table:
    """The row of ``loads`` for what reads no file: an undo or an erasure.

    Args:
        load_id: Its name.
        dataset: The property.
        mode: 'undo' or 'forget'.
        now_us: When, microseconds UTC.
        events: Events that its days hold now.
        **more: Further columns.
    """
    nothing = dict.fromkeys(
        ("lines", "accepted", "rejected", "items", "duplicates", "suspects", "superseded"), 0
    )
    row = {
        "load_id": load_id,
        "dataset": dataset,
        "mode": mode,
        "started_at_us": now_us,
        "finished_at_us": now_us,
        "events": events,
        "forgotten": 0,
        "version": __version__,
        **nothing,
        **more,
    }
    return table_of(LOADS.columns, [row])


def find_load(loads: Sequence[dict[str, Any]], text: str, dataset: str) -> dict[str, Any]:
    """The load of a dataset that a text names.

    Args:
        loads: Rows of ``raw.loads``.
        text: A load's id, or enough of its first characters.
        dataset: The property, for messages.

    Raises:
        LoadError: No load, or several, begin so.
    """
    found = [load for load in loads if load["load_id"].startswith(text)]
    chosen = [load for load in found if load["load_id"] == text] or found
    if len(chosen) != 1:
        raise LoadError(
            f"{len(found) or 'No'} loads of {dataset} begin with {text!r}.",
            rule="A load is named by its id, or by enough of its first characters.",
            remedy="`ga4 loads` lists them.",
        )
    return chosen[0]


def rejected_load(entry: Entry, tally: Tally) -> dict[str, pa.Table]:
    """The rows of a load and its rejects, for one that wrote no day as well."""
    loads = {
        "load_id": entry.load_id,
        "dataset": entry.dataset,
        "mode": entry.mode,
        "shape": ", ".join(sorted({file.detected.shape for file in entry.files})),
        "started_at_us": entry.started_us,
        "finished_at_us": entry.finished_us,
        "lines": tally.lines,
        "accepted": tally.rows,
        "rejected": len(tally.rejects),
        "events": sum(entry.after.values()),
        "items": entry.items,
        "duplicates": entry.repeats.duplicates,
        "suspects": entry.repeats.suspects,
        "timezone": entry.zone or None,
        "version": __version__,
        "superseded": entry.left_out.superseded,
        "forgotten": entry.left_out.forgotten,
    }
    files = [
        {
            "load_id": entry.load_id,
            "dataset": entry.dataset,
            "path": file.name,
            "sha256": file.sha256,
            "bytes": file.size,
            "shape": file.detected.shape,
            "reading": entry.reading,
        }
        for file in entry.files
    ]
    rejects = [
        {
            "load_id": entry.load_id,
            "dataset": entry.dataset,
            "file": name,
            "line": reject.line,
            "column_name": reject.column,
            "rule": reject.rule,
            "reason": reject.reason,
            "raw_text": reject.raw_text,
        }
        for name, reject in tally.in_order()
    ]
    damage = [
        {
            "load_id": entry.load_id,
            "dataset": entry.dataset,
            "column_name": found.column,
            **{key: value for key, value in asdict(found).items() if key not in {"column", "lost"}},
        }
        for found in tally.damage()
    ]
    return {
        "loads": table_of(LOADS.columns, [loads]),
        "load_files": table_of(LOAD_FILES.columns, files),
        "rejects": table_of(REJECTS.columns, rejects),
        "damage": table_of(DAMAGE.columns, damage),
    }


def _files_of_days(entry: Entry, tally: Tally, warehouse: Warehouse) -> list[dict[str, object]]:
    """Which files each written day now holds; an appended day keeps those it had."""
    written = set(entry.days)
    pairs = {
        (day, file.sha256): entry.reading
        for file in entry.files
        for day in tally.days[file.sha256]
        if day in written
    }
    if entry.mode == "append":
        for row in _day_files(warehouse, entry.dataset):
            if row["event_date"] in written:
                key = (row["event_date"], str(row["sha256"]))
                pairs.setdefault(key, str(row["reading"]))
    return [
        {
            "dataset": entry.dataset,
            "event_date": day,
            "sha256": sha256,
            "reading": reading,
            "is_superseded": (day, sha256) in entry.superseded_files,
        }
        for (day, sha256), reading in sorted(pairs.items())
    ]
