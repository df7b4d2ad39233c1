"""What the warehouse holds, as one JSON-ready object: the content of ``status.json``."""

from __future__ import annotations

import hashlib
import json
import platform
from collections import defaultdict
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from ga4_analytics import __version__
from ga4_analytics.settings import Settings
from ga4_analytics.transform.project import project_digest
from ga4_analytics.warehouse.base import Warehouse
from ga4_analytics.warehouse.tables import CAPABILITIES, DAYS

FORMAT = 1
RECENT_LOADS = 5

_DAYS_SQL = f"select {', '.join(c.name for c in DAYS.columns)} from raw.ga4_days order by 1, 2"
_LOADS_SQL = """
    select dataset, load_id, mode, shape, started_at_us, finished_at_us, lines, accepted,
           rejected, events, items, duplicates, suspects, timezone, version
    from raw.loads order by dataset, started_at_us desc, load_id desc
"""
_REJECTS_SQL = """
    select dataset, rule, count(*) as records from raw.rejects group by 1, 2 order by 1, 2
"""
_MISSING_SQL = """
    select distinct m.dataset, m.column_name, m.reason
    from raw.missing_columns m
    join raw.ga4_days d on d.dataset = m.dataset and d.load_id = m.load_id
    order by 1, 2, 3
"""
_DAMAGE_SQL = """
    select distinct m.dataset, m.load_id, m.file, m.column_name, m.rule, m.records,
           m.first_line, m.example, m.reason
    from raw.damage m
    join raw.ga4_days d on d.dataset = m.dataset and d.load_id = m.load_id
    where m.accepted
    order by 1, 2, 3, 4, 5
"""


def settings_shown(settings: Settings) -> dict[str, Any]:
    """The settings that the numbers depend on; no address and no secret among them.

    >>> from pathlib import Path
    >>> settings_shown(Settings(workspace=Path("."), warehouse="secret"))["identity"]
    'device'
    >>> "warehouse" in settings_shown(Settings(workspace=Path(".")))
    False
    """
    shown = asdict(settings)
    for name in ("workspace", "warehouse", "undo_loads", "metrics", "experiments"):
        del shown[name]
    fixed = settings.channel_rules_date
    shown["channel_rules_date"] = fixed.isoformat() if fixed else None
    return shown


def fingerprint(warehouse: Warehouse, settings: Settings) -> str:
    """Name the loaded days, the settings and the models: what the marts are a function of.

    Returns:
        A SHA-256 in hexadecimal; equal when a build would give the same marts.
    """
    days = warehouse.query(_DAYS_SQL).to_pylist()
    content = {
        "days": days,
        "settings": settings_shown(settings),
        "models": project_digest(),
    }
    text = json.dumps(content, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def collect_status(warehouse: Warehouse, settings: Settings, now_us: int) -> dict[str, Any]:
    """Tell what was loaded, how complete and fresh it is, and what it lacks.

    Args:
        warehouse: A prepared warehouse.
        settings: The workspace's settings.
        now_us: The time of asking, microseconds UTC.

    Returns:
        A JSON-ready object; its ``datasets`` hold one object per dataset, by name.
    """
    loads = _by_dataset(warehouse.query(_LOADS_SQL).to_pylist())
    rejects = _by_dataset(warehouse.query(_REJECTS_SQL).to_pylist())
    missing = _by_dataset(warehouse.query(_MISSING_SQL).to_pylist())
    damage = _by_dataset(warehouse.query(_DAMAGE_SQL).to_pylist())
    days = _by_dataset(warehouse.query(_DAYS_SQL).to_pylist())
    names = sorted(set(days) | set(loads))
    return {
        "format": FORMAT,
        "asked_at_us": now_us,
        "warehouse": warehouse.describe(),
        "engine": warehouse.engine,
        "settings": json.loads(json.dumps(settings_shown(settings))),
        "versions": _versions(),
        "datasets": [
            {
                "dataset": name,
                **_days_facts(days[name]),
                **_loads_facts(loads[name]),
                "rejects": {row["rule"]: row["records"] for row in rejects[name]},
                "missing_columns": [
                    {"column": row["column_name"], "reason": row["reason"]} for row in missing[name]
                ],
                "accepted_damage": [_damage_facts(row) for row in damage[name]],
            }
            for name in names
        ],
    }


def _damage_facts(row: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in row.items() if key not in {"dataset", "column_name"}}
    return {**kept, "column": row["column_name"]}


def _by_dataset(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["dataset"]].append(row)
    return found


def _days_facts(days: list[dict[str, Any]]) -> dict[str, Any]:
    """Facts about a dataset's days; dates as text, null where no day qualifies."""
    dates = [row["event_date"] for row in days]
    complete = [row["event_date"] for row in days if row["is_complete"]]
    final = [row["event_date"] for row in days if row["is_final"]]
    kinds = sorted({row["table_kind"] for row in days if row["table_kind"]})
    span = (dates[-1] - dates[0]).days + 1 if dates else 0
    return {
        "days": len(dates),
        "first_day": dates[0].isoformat() if dates else None,
        "last_day": dates[-1].isoformat() if dates else None,
        "gap_days": span - len(dates),
        "complete_days": len(complete),
        "last_complete_day": complete[-1].isoformat() if complete else None,
        "final_days": len(final),
        "last_final_day": final[-1].isoformat() if final else None,
        "events": sum(row["events"] or 0 for row in days),
        "items": sum(row["items"] or 0 for row in days),
        "exported_at_us": max((row["exported_at_us"] or 0 for row in days), default=0) or None,
        "table_kinds": kinds,
        "days_with": {flag: sum(bool(row[flag]) for row in days) for flag in CAPABILITIES},
    }


def _loads_facts(loads: list[dict[str, Any]]) -> dict[str, Any]:
    """Facts about a dataset's loads, newest first."""
    shown = [{k: v for k, v in row.items() if k != "dataset"} for row in loads[:RECENT_LOADS]]
    return {
        "loads": len(loads),
        "last_load_at_us": loads[0]["finished_at_us"] if loads else None,
        "recent_loads": shown,
    }


def _versions() -> dict[str, str]:
    packages = ("dbt-core", "duckdb", "pyarrow")
    return {
        "ga4-product-analytics": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }
