"""Puts worlds into a real workspace, each as a dataset of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
from oracle_files import write_console, write_ndjson, write_parquet, write_skinny
from worlds import Event, Rules, World

from ga4_analytics.workspace import Workspace

Writer = Callable[[Sequence[Event], Path, Random], Path]
NESTED_SHAPES: tuple[tuple[Writer, str], ...] = (
    (write_ndjson, "json"),
    (write_console, "csv"),
    (write_parquet, "parquet"),
    (write_ndjson, "json.gz"),
)


def workspace_of(folder: Path, rules: Rules, warehouse: str | None = None) -> Workspace:
    """An empty workspace whose settings are these rules."""
    said: dict[str, Any] = {
        field.name: getattr(rules, field.name) for field in fields(rules) if field.name != "zone"
    }
    said["funnels"] = [
        {"name": name, "steps": list(steps), "window_seconds": window}
        for name, steps, window in rules.funnels
    ]
    said["key_events"] = list(rules.key_events)
    said = {name: value for name, value in said.items() if value is not None}
    if warehouse:
        said["warehouse"] = warehouse
    return Workspace.create(folder, timezone=rules.zone, **said)


def through(world: World) -> dict[str, Any]:
    """What a load must be told so that the world is complete where it says."""
    said = world.complete_through == world.days()[-1]
    return {"complete_through": world.complete_through if said else None}


def load_worlds(workspace: Workspace, worlds: Iterable[World], folder: Path) -> None:
    """Load nested worlds, each in the next of the shapes."""
    for number, world in enumerate(worlds):
        write, ending = NESTED_SHAPES[number % len(NESTED_SHAPES)]
        path = write(world.events, folder / f"{world.name}.{ending}", Random(number))
        workspace.load([path], dataset=world.name, **through(world))


def load_skinny(workspace: Workspace, world: World, events: Sequence[Event], folder: Path) -> None:
    """Load the skinny file of a nested world's events as `world`."""
    path = write_skinny(events, folder / f"{world.name}.csv", Random(0))
    workspace.load([path], dataset=world.name, **through(world))


def query_of(workspace: Workspace) -> Callable[[str], pa.Table]:
    """The workspace's warehouse as a function of SQL."""
    return lambda sql: workspace.warehouse.query(sql)
