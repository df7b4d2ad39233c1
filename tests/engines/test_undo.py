"""Taking loads back: the days are as they were, to the last value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_load import HEADER, line, rows, workspace, write  # noqa: F401

from ga4_analytics.errors import LoadError
from ga4_analytics.workspace import Workspace

DATA = ("ga4_events", "ga4_items", "ga4_days", "day_files")


def state(workspace: Workspace) -> dict[str, list[dict[str, Any]]]:  # noqa: F811
    """Everything that belongs to days."""
    order = {"ga4_events": "event_id", "ga4_items": "event_id, item_index"}
    return {
        table: workspace.warehouse.query(
            f"select * from raw.{table} order by {order.get(table, '1, 2, 3')}"
        ).to_pylist()
        for table in DATA
    }


def empty(workspace: Workspace) -> bool:  # noqa: F811
    """Whether no copy of a replaced row is kept."""
    names = ("replaced_events", "replaced_items", "replaced_days", "replaced_day_files")
    return not any(rows(workspace, "1 as a, 2 as b", name) for name in names)


def test_loads_are_taken_back_one_by_one(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    states, loads = [state_of_nothing(workspace)], []
    for name, lines in {
        "a.csv": [line("ann", 0), line("ben", 1)],
        "b.csv": [line("ann", 0), line("cid", 0), line("dan", 2)],
        "c.csv": [line("eve", 0), line("fay", 0), line("gus", 0)],
    }.items():
        loads.append(workspace.load([write(tmp_path, name, *lines)]).load_id)
        states.append(state(workspace))
    with pytest.raises(LoadError, match="Later loads wrote days"):
        workspace.undo(str(loads[1]))
    for load_id, before in zip(reversed(loads), reversed(states[:-1]), strict=True):
        workspace.undo(str(load_id))
        assert state(workspace) == before
    assert empty(workspace)
    modes = [row["mode"] for row in rows(workspace, "started_at_us, load_id, mode", "loads")]
    assert modes == ["load"] * 3 + ["undo"] * 3


def state_of_nothing(workspace: Workspace) -> dict[str, list[dict[str, Any]]]:  # noqa: F811
    workspace.warehouse.prepare()
    return state(workspace)


def test_columns_that_a_later_load_brings_come_and_go_with_it(
    workspace: Workspace,  # noqa: F811
    tmp_path: Path,
) -> None:
    workspace.load([write(tmp_path, "a.csv", line("ann", 0), line("ben", 1))])
    before = state(workspace)
    wide = write(
        tmp_path,
        "b.csv",
        *(
            f'{line("ann", day)},Brazil,{url},{{"a":1}}'
            for day, url in ((0, ""), (2, "http://a.b/c"))
        ),
        header=f"{HEADER},country,page_location,odd",
    )
    later = workspace.load([wide])
    found = rows(workspace, "event_date, event_id, country, page_path, event_params, language")
    assert [row["country"] for row in found] == ["Brazil", None, "Brazil"]
    assert [row["page_path"] for row in found] == [None, None, "/c"]
    assert [row["event_params"] is None for row in found] == [False, True, False]
    assert {row["language"] for row in found} == {None}
    workspace.undo(str(later.load_id))
    assert state(workspace) == before
    # What the undone load had put there is kept nowhere, and comes again.
    workspace.load([wide])
    assert found == rows(
        workspace, "event_date, event_id, country, page_path, event_params, language"
    )


def test_an_undone_file_can_be_loaded_again(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    path = write(tmp_path, "a.csv", line("ann", 0))
    first = workspace.load([path])
    loaded = [row["event_id"] for row in rows(workspace)]
    done = workspace.undo(str(first.load_id))
    assert (done.events_before, done.events_after) == (1, 0)
    with pytest.raises(LoadError, match="taken back already"):
        workspace.undo(str(first.load_id))
    again = workspace.load([path])
    assert again.load_id not in (None, first.load_id)
    assert [row["event_id"] for row in rows(workspace)] == loaded


def test_an_append_is_taken_back(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    workspace.load([write(tmp_path, "a.csv", line("ann", 0), line("ann", 0))])
    before = state(workspace)
    part = workspace.load([write(tmp_path, "b.csv", line("ann", 0), line("ben", 0))], append=True)
    assert len(rows(workspace)) == 4
    workspace.undo(str(part.load_id)[:-2])
    assert state(workspace) == before


def test_only_the_last_loads_are_kept(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    loads = []
    for number in range(12):
        lines = [line(f"u{number}-{each}", 0, second=each) for each in range(3)]
        loads.append(workspace.load([write(tmp_path, f"{number}.csv", *lines)]).load_id)
    assert len(rows(workspace, "replaced_by, dataset", "replaced_days")) == 10
    for load_id in reversed(loads[2:]):
        workspace.undo(str(load_id))
    with pytest.raises(LoadError, match="no longer kept"):
        workspace.undo(str(loads[1]))


def test_a_load_that_is_not_there_is_named(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    with pytest.raises(LoadError, match="No loads of ga4 begin with '2099'"):
        workspace.undo("2099")
