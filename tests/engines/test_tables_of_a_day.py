"""A day comes in up to three tables; the best one is the day, in whatever order they come."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from test_load import DAY, START, rows, workspace  # noqa: F401

from ga4_analytics.workspace import Workspace

TABLES = {"intraday": "events_intraday_", "fresh": "events_fresh_", "daily": "events_"}


def table(folder: Path, kind: str, day: int, users: tuple[str, ...]) -> Path:
    """One table of one day: an event for each user."""
    path = folder / f"{TABLES[kind]}2020110{day + 1}.json"
    events = [
        {
            "event_date": f"2020110{day + 1}",
            "event_timestamp": str(START + day * DAY + second),
            "event_name": "page_view",
            "user_pseudo_id": user,
            "traffic_source": {"source": "google"} if kind == "daily" else None,
            "event_params": [{"key": "ga_session_id", "value": {"int_value": "1"}}],
        }
        for second, user in enumerate(users)
    ]
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Path]:
    """Three tables of 1 November, growing as Google's do, and an intraday one of the next day."""
    return {
        "intraday": table(tmp_path, "intraday", 0, ("ann", "ben")),
        "fresh": table(tmp_path, "fresh", 0, ("ann", "ben", "cid")),
        "daily": table(tmp_path, "daily", 0, ("ann", "ben", "cid", "dan")),
        "next": table(tmp_path, "intraday", 1, ("eve",)),
    }


def held(workspace: Workspace) -> dict[str, tuple[str, set[str], bool]]:  # noqa: F811
    """Day to its table kind, its users, and whether it is complete and knows first sources."""
    users: dict[str, set[str]] = {}
    for row in rows(workspace, "event_date, user_pseudo_id, event_id"):
        users.setdefault(str(row["event_date"]), set()).add(row["user_pseudo_id"])
    days = rows(workspace, "event_date, table_kind, is_complete, has_first_user_source", "ga4_days")
    return {
        str(row["event_date"]): (
            row["table_kind"],
            users[str(row["event_date"])],
            row["is_complete"] and row["has_first_user_source"],
        )
        for row in days
    }


BEST = {
    "2020-11-01": ("daily", {"ann", "ben", "cid", "dan"}, True),
    "2020-11-02": ("intraday", {"eve"}, False),
}


@pytest.mark.parametrize("order", list(itertools.permutations(["intraday", "fresh", "daily"])))
def test_the_daily_table_wins_in_any_order(
    workspace: Workspace,  # noqa: F811
    tables: dict[str, Path],
    order: tuple[str, ...],
) -> None:
    for kind in (*order, "next"):
        workspace.load([tables[kind]])
    assert held(workspace) == BEST


def test_a_folder_with_all_of_them_is_one_load(
    workspace: Workspace,  # noqa: F811
    tables: dict[str, Path],
) -> None:
    result = workspace.load(list(tables.values()))
    assert held(workspace) == BEST
    assert (result.events, result.left_out.superseded, result.repeats.duplicates) == (5, 5, 0)
    assert workspace.load(list(tables.values())).load_id is None
    ledger = rows(workspace, "load_id, lines, accepted, events, superseded", "loads")
    assert [row["superseded"] for row in ledger] == [5]


def test_a_part_of_a_lesser_table_adds_nothing(
    workspace: Workspace,  # noqa: F811
    tables: dict[str, Path],
) -> None:
    workspace.load([tables["daily"]])
    result = workspace.load([tables["intraday"]], append=True)
    assert (result.load_id, result.left_out.superseded) == (None, 2)
    assert held(workspace)["2020-11-01"] == BEST["2020-11-01"]


def test_a_part_of_a_better_table_replaces_the_lesser_one(
    workspace: Workspace,  # noqa: F811
    tables: dict[str, Path],
) -> None:
    workspace.load([tables["intraday"]])
    workspace.load([tables["daily"]], append=True)
    assert held(workspace)["2020-11-01"] == BEST["2020-11-01"]


def test_a_late_day_says_how_far_it_moved(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    first = workspace.load([table(tmp_path, "daily", 0, ("ann", "ben"))])
    last = workspace.load([table(tmp_path, "daily", 0, ("ann", "ben", "cid"))])
    log = rows(workspace, "load_id, event_name, events_before, events_after", "load_events")
    assert log == [
        {"load_id": first.load_id, "event_name": "page_view",
         "events_before": 0, "events_after": 2},
        {"load_id": last.load_id, "event_name": "page_view",
         "events_before": 2, "events_after": 3},
    ]  # fmt: skip
