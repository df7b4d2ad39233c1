"""The ledger as JSON-ready objects: what was loaded, what moved, what was refused."""

from __future__ import annotations

from typing import Any

from ga4_analytics.ingest.ledger import find_load
from ga4_analytics.settings import Settings
from ga4_analytics.warehouse.base import Warehouse
from ga4_analytics.warehouse.tables import LOADS, REJECTS

_LOADS_SQL = (
    f"select {', '.join(column.name for column in LOADS.columns)} from raw.loads "
    "where dataset = ? order by started_at_us desc, load_id desc"
)
_PARTS = {
    "files": "select path, sha256, bytes, shape, reading from raw.load_files "
    "where load_id = ? order by path",
    "days": "select event_date, events_before, events_after from raw.load_days "
    "where load_id = ? order by event_date",
    "moved": "select event_date, event_name, events_before, events_after from raw.load_events "
    "where load_id = ? order by event_date, event_name",
    "missing_columns": "select column_name, reason from raw.missing_columns "
    "where load_id = ? order by column_name",
    "rejects": "select rule, count(*) as records, min(line) as first_line from raw.rejects "
    "where load_id = ? group by rule order by rule",
}


def collect_loads(warehouse: Warehouse, settings: Settings, load_id: str | None) -> dict[str, Any]:
    """Every load of a dataset, newest first, or all that is known of one.

    Args:
        warehouse: A prepared warehouse.
        settings: Whose ``dataset`` is meant.
        load_id: A load, or enough of its first characters.

    Raises:
        LoadError: No load, or several, begin so.
    """
    loads = warehouse.query(_LOADS_SQL, [settings.dataset]).to_pylist()
    if load_id is None:
        return {"dataset": settings.dataset, "loads": loads}
    chosen = find_load(loads, load_id, settings.dataset)
    parts = {
        name: warehouse.query(sql, [chosen["load_id"]]).to_pylist() for name, sql in _PARTS.items()
    }
    return {"dataset": settings.dataset, "loads": [chosen], **parts}


def collect_rejects(
    warehouse: Warehouse, settings: Settings, load_id: str | None, limit: int
) -> dict[str, Any]:
    """Records that could not be read, newest load first, in the order of their lines.

    Args:
        warehouse: A prepared warehouse.
        settings: Whose ``dataset`` is meant.
        load_id: Only those of a load.
        limit: How many to give at most; the counts by rule are of all.
    """
    test, params = "dataset = ?", [settings.dataset]
    if load_id is not None:
        loads = warehouse.query(_LOADS_SQL, [settings.dataset]).to_pylist()
        test += " and load_id = ?"
        params.append(find_load(loads, load_id, settings.dataset)["load_id"])
    names = ", ".join(column.name for column in REJECTS.columns)
    rules = warehouse.query(
        f"select rule, count(*) as records from raw.rejects where {test} group by rule order by 1",
        params,
    ).to_pylist()
    rows = warehouse.query(
        f"select {names} from raw.rejects where {test} "
        f"order by load_id desc, file, line, rule limit {int(limit)}",
        params,
    ).to_pylist()
    return {
        "dataset": settings.dataset,
        "rules": {row["rule"]: row["records"] for row in rules},
        "rejects": rows,
    }
