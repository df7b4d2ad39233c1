"""`ga4 metabase` as a person runs it, on what a workspace has published."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from metabase_memory import Ways
from metabase_samples import LOGIN, READER, whole_warehouse
from metabase_server import Server, metabase_server
from test_cli import ga4

from ga4_analytics.errors import ExitCode, StaleError
from ga4_analytics.publish.metabase.definitions import COUNTRY, DATASET, DATE, DEVICE, FUNNEL
from ga4_analytics.publish.metabase.scene import read_scene
from ga4_analytics.publish.snapshot import Snapshot
from ga4_analytics.workspace import Workspace

WAREHOUSE = "postgresql://owner:owner-secret@localhost:1/ga4"


def test_the_scene_is_that_of_the_published_marts(published: Workspace) -> None:
    snapshot = published.snapshot()
    scene = read_scene(snapshot, ["purchase", "no such funnel", "engagement"])
    days = snapshot.table("daily_active_users").to_pylist()
    assert set(scene.datasets) == {row["dataset"] for row in days}
    last = {name: max(row["event_date"] for row in days if row["dataset"] == name)
            for name in scene.datasets}  # fmt: skip
    assert list(last.values()) == sorted(last.values(), reverse=True)
    assert scene.first_day == min(row["event_date"] for row in days).isoformat()
    assert scene.last_day == max(row["event_date"] for row in days).isoformat()
    slices = snapshot.table("daily_metrics_by_slice").to_pylist()
    events = {
        device: sum(row["events"] for row in slices
                    if row["slice"] == "device" and row["device_category"] == device)
        for device in scene.devices
    }  # fmt: skip
    assert list(events.values()) == sorted(events.values(), reverse=True) and min(events.values())
    countries = {row["country"] for row in slices}
    assert set(scene.countries) == countries - {"(all)"}
    assert list(scene.countries) == sorted(scene.countries)
    assert scene.funnels == ("purchase", "engagement")
    channels = snapshot.table("channel_performance").to_pylist()
    assert set(scene.scopes) == {row["channel_scope"] for row in channels}
    assert scene.values(DATASET) == scene.datasets and scene.values(DATE) == ()
    assert scene.values(DEVICE) == scene.devices and scene.values(COUNTRY) == scene.countries
    assert scene.values(FUNNEL) == scene.funnels


def test_a_snapshot_without_days_has_no_scene(published: Workspace) -> None:
    class Empty(Snapshot):
        def table(self, name: str):  # type: ignore[no-untyped-def]
            return super().table(name).slice(0, 0)

    live = published.snapshot()
    with pytest.raises(StaleError, match="holds no day"):
        read_scene(Empty(live.folder, live.status), [])


@pytest.fixture
def server() -> Iterator[Server]:
    """A new server."""
    with metabase_server(Ways(warehouse=whole_warehouse())) as found:
        yield found


def environment(server: Server) -> dict[str, str]:
    """What a person sets."""
    return {
        "GA4_WAREHOUSE": WAREHOUSE,
        "GA4_METABASE_URL": server.url,
        "GA4_METABASE_EMAIL": LOGIN.email,
        "GA4_METABASE_PASSWORD": LOGIN.password,
        "GA4_METABASE_DB_USER": READER.user,
        "GA4_METABASE_DB_PASSWORD": READER.password,
        "GA4_METABASE_DB_HOST": READER.host,
    }


def test_plan_then_run_then_nothing(published: Workspace, server: Server) -> None:
    folder, env = published.settings.workspace, environment(server)
    plan = ga4("metabase", "--plan", cwd=folder, **env)
    assert "Nothing was written" in plan.stdout and server.writes() == []
    done = ga4("metabase", cwd=folder, **env)
    assert "set up" in done.stdout and "GA4 warehouse" in done.stdout
    (database,) = server.state.databases.values()
    assert database["details"]["host"] == "postgres"
    assert database["details"]["schema-filters-patterns"] == "analytics,results"
    again = ga4("metabase", "--json", cwd=folder, **env)
    found = json.loads(again.stdout)
    assert found["changes"] == [] and found["applied"] and found["version"] == "v0.64.1.5"
    for text in (plan, done, again):
        for secret in (LOGIN.password, READER.password, "owner-secret"):
            assert secret not in text.stdout + text.stderr
    assert not list(Path(folder).rglob("*.tmp"))


def test_what_is_wrong_is_said(published: Workspace, server: Server) -> None:
    folder, env = published.settings.workspace, environment(server)
    duckdb = ga4("metabase", cwd=folder, code=ExitCode.SETTINGS,
                 **env | {"GA4_WAREHOUSE": "ga4.duckdb"})  # fmt: skip
    assert "DuckDB" in duckdb.stderr and "postgresql://" in duckdb.stderr
    server.state.users[LOGIN.email] = {"password": "another", "admin": True}
    wrong = ga4("metabase", cwd=folder, code=ExitCode.METABASE, **env)
    assert "does not let" in wrong.stderr and LOGIN.password not in wrong.stderr
    server.state.ways.tag = "v0.50.1"
    old = ga4("metabase", cwd=folder, code=ExitCode.METABASE, **env)
    assert "v0.50.1" in old.stderr and "58 to 64" in old.stderr
    assert os.environ.get("GA4_METABASE_URL") is None
