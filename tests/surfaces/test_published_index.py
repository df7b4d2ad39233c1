"""The index is published with the marts: whole, by one rename, and readers finish on theirs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from index_tables import decoded

import ga4_analytics
from ga4_analytics.errors import StaleError
from ga4_analytics.publish.indexes import build_indexes
from ga4_analytics.publish.snapshot import publish
from ga4_analytics.workspace import Workspace

DAY_US = 86_400_000_000
NOW_US = 1_612_224_000_000_000
HEAD = "user_id,event_date,event_timestamp,event_name,country\n"
EARLY = """alice.1,20201101,1604190000000000,page_view,Peru
alice.1,20201101,1604190060000000,purchase,Peru
bob.2,20201101,1604193600000000,page_view,Chile
"""
LATE = """bob.2,20201102,1604275200000000,page_view,Chile
carol.33333,20201102,1604275300000000,secret_event,Tuvalu
"""
KILLED = """
import os, sys
from pathlib import Path
import ga4_analytics.index.build as build
from ga4_analytics.publish.indexes import build_indexes
from ga4_analytics.workspace import Workspace
workspace = Workspace.open(Path(sys.argv[1]))
whole = build.write_segment
def die_after_the_first(segment, root):
    whole(segment, root)
    os.kill(os.getpid(), 9)
build.write_segment = die_after_the_first
build_indexes(workspace.warehouse, workspace.settings, fresh=True)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Two days, built day by day."""
    folder = tmp_path_factory.mktemp("indexed workspace")
    workspace = Workspace.open(folder, timezone="UTC", clock=lambda: NOW_US)
    for name, rows in (("early", EARLY), ("late", LATE)):
        path = folder / f"{name}.csv"
        path.write_text(HEAD + rows, encoding="utf-8")
        workspace.load([path])
        workspace.build()
    yield workspace
    workspace.close()


def index_files(workspace: Workspace) -> set[str]:
    root = workspace.settings.state_dir / "index"
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_workspace_gives_its_published_index(built: Workspace) -> None:
    index = ga4_analytics.open(built.settings.workspace).index()
    users, nobody = decoded(index)
    assert (set(users), nobody) == ({"alice.1", "bob.2", "carol.33333"}, [])
    assert [row[1] for row in users["bob.2"]["rows"]] == ["page_view", "page_view"]
    assert index.snapshot == built.snapshot().id
    facts = built.snapshot().status["indexes"]["ga4"]
    assert (facts["rows"], facts["users"]) == (5, 3)
    assert facts["bytes"] > 0 and facts["seconds"] >= 0
    with pytest.raises(StaleError, match="no event index of dataset 'other'"):
        built.index("other")


def test_a_reader_finishes_on_its_snapshot(built: Workspace) -> None:
    index = built.index()
    before = decoded(index)
    for day in (1, 2):
        indexes = build_indexes(built.warehouse, built.settings)
        assert indexes[0].built.how == "same"
        publish(built.warehouse, built.settings, NOW_US + day * DAY_US, indexes=indexes)
    shutil.rmtree(built.settings.state_dir / "index")
    assert decoded(index) == before
    with pytest.raises(StaleError, match="ga4 build"):
        built.index()
    indexes = build_indexes(built.warehouse, built.settings)
    assert indexes[0].built.how == "full"
    publish(built.warehouse, built.settings, NOW_US + 3 * DAY_US, indexes=indexes)
    assert decoded(built.index()) == before


def test_a_killed_build_changes_nothing_and_is_cleared_away(built: Workspace) -> None:
    live, before = built.snapshot(), decoded(built.index())
    files = index_files(built)
    built.warehouse.close()  # one process may have the file
    command = [sys.executable, "-c", KILLED, str(built.settings.workspace)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    assert built.snapshot() == live
    assert decoded(built.index()) == before
    stray = built.settings.state_dir / "index" / "gone-00000000" / "segments" / "x.seg"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"x")
    indexes = build_indexes(built.warehouse, built.settings)
    publish(built.warehouse, built.settings, NOW_US + 4 * DAY_US, indexes=indexes)
    assert index_files(built) == files
    assert decoded(built.index()) == before


def test_a_snapshot_without_an_index_says_what_to_do(built: Workspace, tmp_path: Path) -> None:
    snapshot = built.snapshot()
    copy = tmp_path / snapshot.id
    shutil.copytree(snapshot.folder, copy)
    shutil.rmtree(copy / "index")
    with pytest.raises(StaleError, match="none at all"):
        type(snapshot)(copy, snapshot.status).index("ga4", built.settings.state_dir)


def test_the_forgotten_leave_no_trace_in_the_index(built: Workspace) -> None:
    person, traces = built.forget("carol.33333")
    assert person.events == 1
    assert traces.found == {}
    index = built.index()
    assert set(decoded(index)[0]) == {"alice.1", "bob.2"}
    assert "secret_event" not in index.names.values.to_pylist()
    root = built.settings.state_dir / "index"
    for path in (path for path in root.rglob("*") if path.is_file()):
        assert not [word for word in (b"carol", b"Tuvalu") if word in path.read_bytes()], path
    names = json.dumps(built.snapshot().status["indexes"])
    assert '"full"' in names
