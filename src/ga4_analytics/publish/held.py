"""What a snapshot tells of its data's quality, loads and models, from its files alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from ga4_analytics.publish.dictionary import flat, models_of


@dataclass(frozen=True)
class CheckDay:
    """What a check found on a day.

    Attributes:
        day: The property's day.
        affected: How many things are affected; None where the files cannot tell.
        total: Of how many; None where that is not counted.
        share: ``affected`` of ``total``.
    """

    day: date
    affected: int | None
    total: int | None
    share: float | None


@dataclass(frozen=True)
class Check:
    """A check of the data, made on every day.

    Attributes:
        name: Its name in the mart ``data_quality``.
        note: What it looks for.
        days: Days on which it could be made.
        days_affected: Those on which it found something.
        affected: What it found, added up over days; None where no day's files can tell.
        by_day: Each loaded day.
    """

    name: str
    note: str
    days: int
    days_affected: int
    affected: int | None
    by_day: tuple[CheckDay, ...]


@dataclass(frozen=True)
class LoadRule:
    """What a load had of a rule.

    Attributes:
        load_id: The load.
        rule: A rule of rejecting, or ``(all)``.
        mode: How it was loaded.
        shape: What its files were.
        finished_at_us: When it ended, microseconds UTC.
        files: Its files.
        records: Records in them.
        rejected_records: Those that the rule rejected.
        rejected_share: These of all, a fraction.
        accepted_damage: Records with a damaged value that were taken all the same.
    """

    load_id: str
    rule: str
    mode: str
    shape: str
    finished_at_us: int
    files: int
    records: int
    rejected_records: int
    rejected_share: float | None
    accepted_damage: int


def checks(snapshot: Path, dataset: str) -> list[Check]:
    """The checks of a property, by name.

    Args:
        snapshot: The snapshot's folder.
        dataset: The property.

    Raises:
        OSError: The snapshot is gone.
    """
    found: dict[tuple[str, str], list[CheckDay]] = {}
    for row in _rows(snapshot, "data_quality", dataset):
        day = CheckDay(row["event_date"], row["affected"], row["total"], row["share"])
        found.setdefault((row["check_name"], row["note"] or ""), []).append(day)
    return [_check(name, note, days) for (name, note), days in sorted(found.items())]


def _check(name: str, note: str, days: list[CheckDay]) -> Check:
    told = [each.affected for each in days if each.affected is not None]
    in_order = tuple(sorted(days, key=lambda each: each.day))
    affected = sum(told) if told else None
    return Check(name, note, len(told), sum(each > 0 for each in told), affected, in_order)


def load_rules(snapshot: Path, dataset: str) -> list[LoadRule]:
    """The loads of a property, the newest first, each with all it rejected and why.

    Args:
        snapshot: The snapshot's folder.
        dataset: The property.

    Raises:
        OSError: The snapshot is gone.
    """
    names = LoadRule.__dataclass_fields__
    rows = _rows(snapshot, "data_quality_loads", dataset)
    found = [LoadRule(**{name: row[name] for name in names}) for row in rows]
    return sorted(found, key=lambda each: (-each.finished_at_us, each.load_id, each.rule))


@cache
def mart_definitions() -> list[dict[str, Any]]:
    """Each mart with its grain and columns: name, type, meaning, what verifies it."""
    return [
        {
            "name": model["name"],
            "words": flat(model.get("description")),
            "columns": [_column(each) for each in model.get("columns") or []],
        }
        for model in models_of("marts")
    ]


def _column(given: dict[str, Any]) -> dict[str, str]:
    verified = given.get("config", {}).get("meta", {}).get("verified_by", "")
    return {
        "name": str(given["name"]),
        "type": str(given.get("data_type", "")),
        "words": flat(given.get("description")),
        "verified_by": str(verified),
    }


def _rows(snapshot: Path, mart: str, dataset: str) -> list[dict[str, Any]]:
    table = pq.read_table(snapshot / f"{mart}.parquet")
    found: list[dict[str, Any]] = table.filter(pc.equal(table["dataset"], dataset)).to_pylist()
    return found
