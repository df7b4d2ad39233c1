"""Surfaces read one whole snapshot, whatever happens to its publisher."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from ga4_analytics.errors import StaleError
from ga4_analytics.publish.snapshot import Snapshot, check_current, publish
from ga4_analytics.settings import Settings
from ga4_analytics.transform.project import mart_names
from ga4_analytics.workspace import Workspace

DAY_US = 86_400_000_000
KILLED = """
import os, sys
from pathlib import Path
from ga4_analytics.publish.snapshot import publish
from ga4_analytics.workspace import Workspace
workspace = Workspace.open(Path(sys.argv[1]), warehouse=sys.argv[2])
written = []
def die_at_the_third(mart):
    written.append(mart)
    if len(written) == 3:
        os._exit(9)
publish(workspace.warehouse, workspace.settings, 1_700_000_000_000_000, die_at_the_third)
"""


@pytest.fixture
def settings(published: Workspace, tmp_path: Path) -> Settings:
    """The published workspace's settings, with a place of their own for snapshots."""
    return replace(published.settings, workspace=tmp_path)


def names(settings: Settings) -> set[str]:
    return {path.name for path in (settings.state_dir / "snapshots").iterdir()}


def test_nothing_published_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(StaleError, match="ga4 build"):
        Snapshot.current(settings)


def test_a_snapshot_holds_every_mart_as_it_is(published: Workspace, settings: Settings) -> None:
    told: list[str] = []
    snapshot = publish(published.warehouse, settings, published.clock(), told.append)
    assert Snapshot.current(settings) == snapshot
    assert snapshot.tables == tuple(told) == mart_names()
    for mart in snapshot.tables:
        table = snapshot.table(mart)
        there = published.warehouse.query(f"select * from analytics.{mart}")
        assert table.schema.names == there.schema.names
        assert sorted(map(repr, table.to_pylist())) == sorted(map(repr, there.to_pylist()))
        assert snapshot.status["marts"][mart] == table.num_rows
    with pytest.raises(StaleError, match="no_such_mart"):
        snapshot.table("no_such_mart")


def test_the_status_tells_what_is_loaded(published: Workspace, settings: Settings) -> None:
    snapshot = publish(published.warehouse, settings, published.clock())
    status = json.loads((snapshot.folder / "status.json").read_text(encoding="utf-8"))
    assert status == snapshot.status
    facts = {entry["dataset"]: entry for entry in status["datasets"]}
    assert set(facts) == {"ga4", "ugly", "bare"}
    bare = facts["bare"]
    assert (bare["days"], bare["events"], bare["complete_days"]) == (2, 3, 1)
    assert (bare["first_day"], bare["last_day"]) == ("2021-01-01", "2021-01-02")
    assert bare["days_with"]["has_event_timestamp"] == 0
    assert {"column": "country", "reason": "The files have no such column."} in (
        bare["missing_columns"]
    )
    assert facts["ugly"]["users"] == 5
    assert status["settings"]["identity"] == "device"
    assert status["settings"]["funnels"][1]["window_seconds"] == 604_800
    assert "duckdb" in status["versions"]


def test_only_the_live_and_the_previous_snapshot_are_kept(
    published: Workspace, settings: Settings
) -> None:
    made = [
        publish(published.warehouse, settings, published.clock() + n * DAY_US).id for n in range(3)
    ]
    assert names(settings) == set(made[1:])
    assert Snapshot.current(settings).id == made[2]
    # The same data make the same bytes, whenever they are published.
    folders = [settings.state_dir / "snapshots" / name for name in made[1:]]
    for mart in mart_names():
        files = [(folder / f"{mart}.parquet").read_bytes() for folder in folders]
        assert files[0] == files[1], mart


def test_a_killed_publisher_changes_nothing_and_is_cleared_away(
    published: Workspace, settings: Settings
) -> None:
    live = publish(published.warehouse, settings, published.clock())
    published.warehouse.close()  # one process may have the file
    path = Path(published.warehouse.describe()).resolve()
    command = [sys.executable, "-c", KILLED, str(settings.workspace), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 9, done.stderr
    assert Snapshot.current(settings) == live
    assert isinstance(live.table("daily_active_users"), pa.Table)
    assert len(names(settings)) == 2  # what the dead one left

    later = publish(published.warehouse, settings, published.clock() + DAY_US)
    assert names(settings) == {live.id, later.id}


def test_a_snapshot_of_other_settings_is_stale(published: Workspace, settings: Settings) -> None:
    snapshot = publish(published.warehouse, settings, published.clock())
    check_current(snapshot, published.warehouse, settings)
    with pytest.raises(StaleError, match="older"):
        check_current(snapshot, published.warehouse, replace(settings, identity="stitched"))
