"""What the dashboards must know of the data, read from the published marts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from ga4_analytics.errors import StaleError
from ga4_analytics.publish.metabase.definitions import Scene
from ga4_analytics.publish.snapshot import Snapshot

SCOPES = ("session", "first_user", "unknown")
"""Channel scopes, the most telling first: last click, first touch, a file that does not say."""


def read_scene(snapshot: Snapshot, funnels: Sequence[str]) -> Scene:
    """Read the values that filters offer, and the days that there are.

    Args:
        snapshot: The published marts.
        funnels: Names of the funnels of the settings, in their order.

    Returns:
        The scene. Commonest devices are those of the most events; a funnel named purchase is
        the first, for a dashboard opens with it.

    Raises:
        StaleError: The snapshot has no day at all.
    """
    days = _columns(snapshot, "daily_active_users", "dataset", "event_date")
    if not days:
        raise StaleError(
            f"Snapshot {snapshot.id} holds no day.",
            rule="Dashboards show the days that are loaded.",
            remedy="Load files with `ga4 run PATH`, then run this again.",
        )
    dates: list[date] = [row["event_date"] for row in days]
    slices = _columns(
        snapshot, "daily_metrics_by_slice", "slice", "device_category", "country", "events"
    )
    devices: Counter[str] = Counter()
    for row in slices:
        if row["slice"] == "device":
            devices[row["device_category"]] += row["events"]
    return Scene(
        datasets=_latest_first(days),
        first_day=min(dates).isoformat(),
        last_day=max(dates).isoformat(),
        devices=tuple(sorted(devices, key=lambda name: (-devices[name], name))),
        countries=tuple(sorted({row["country"] for row in slices if row["slice"] == "country"})),
        funnels=_there(
            sorted(funnels, key=lambda name: name != "purchase"),
            _columns(snapshot, "funnel_steps", "funnel"),
        ),
        scopes=_there(SCOPES, _columns(snapshot, "channel_performance", "channel_scope")),
    )


def _latest_first(days: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """Datasets, the one with the latest day first; of two with the same day by name."""
    last: dict[str, date] = {}
    for row in days:
        last[row["dataset"]] = max(row["event_date"], last.get(row["dataset"], date.min))
    return tuple(sorted(last, key=lambda name: (-last[name].toordinal(), name)))


def _there(names: Sequence[str], rows: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """The names that the data has."""
    found = {value for row in rows for value in row.values()}
    return tuple(name for name in names if name in found)


def _columns(snapshot: Snapshot, mart: str, *names: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = snapshot.table(mart).select(list(names)).to_pylist()
    return rows
