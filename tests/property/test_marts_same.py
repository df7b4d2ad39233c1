"""However the same events arrive, the marts are the same, whole and to the last unit.

Every way of loading is a dataset of its own in one warehouse, so one build judges them all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from uuid import NAMESPACE_URL, uuid5

import pytest
from judging import Whole, everything, judge, read_marts
from oracle import kept
from oracle_files import as_flat, write_console, write_flat, write_ndjson, write_parquet
from random_worlds import random_world
from ugly_journeys import named_worlds
from warehouse_of_worlds import query_of, through, workspace_of
from worlds import Event, Rules, World, carried

from ga4_analytics.workspace import Workspace

RULES = Rules(zone="America/New_York")
Way = Callable[[Workspace, World, Path, str], None]


def worlds() -> list[World]:
    """A few random worlds and the ugliest named ones."""
    named = {world.name: world for world in named_worlds(RULES.zone)}
    return [
        random_world(101, RULES.zone),
        *(named[name] for name in ("duplicates", "names")),
    ]


def parts(events: Sequence[Event], count: int, dice: Random) -> list[list[Event]]:
    """The events in parts, so that every part has events of most days."""
    found: list[list[Event]] = [[] for _ in range(count)]
    for event in events:
        found[dice.randrange(count)].append(event)
    return [part for part in found if part]


def once(workspace: Workspace, world: World, folder: Path, dataset: str) -> None:
    """One NDJSON file, one load: what the others are held against."""
    path = write_ndjson(world.events, folder / "events.json", Random(1))
    workspace.load([path], dataset=dataset, **through(world))


def shuffled(workspace: Workspace, world: World, folder: Path, dataset: str) -> None:
    """Lines, keys and parameters in another order."""
    dice = Random(2)
    path = write_ndjson(dice.sample(world.events, len(world.events)), folder / "x.json", dice)
    workspace.load([path], dataset=dataset, **through(world))


def split(workspace: Workspace, world: World, folder: Path, dataset: str) -> None:
    """Shards in one load, some compressed, given as a folder."""
    for number, part in enumerate(parts(world.events, 3, Random(3))):
        ending = "json.gz" if number % 2 else "json"
        write_ndjson(part, folder / f"part-{number:012}.{ending}", Random(number))
    workspace.load([folder], dataset=dataset, **through(world))


def twice(workspace: Workspace, world: World, folder: Path, dataset: str) -> None:
    """The same file again, and again in other bytes."""
    once(workspace, world, folder, dataset)
    once(workspace, world, folder, dataset)
    path = write_ndjson(world.events, folder / "again.json", Random(4))
    workspace.load([path], dataset=dataset, **through(world))


def appended(workspace: Workspace, world: World, folder: Path, dataset: str) -> None:
    """A sharded export in several commands, the last one repeated."""
    for number, part in enumerate(parts(world.events, 3, Random(5))):
        path = write_ndjson(part, folder / f"part-{number:012}.json", Random(number))
        workspace.load([path], dataset=dataset, append=number > 0, **through(world))
    workspace.load([path], dataset=dataset, append=True, **through(world))


def by_day(workspace: Workspace, world: World, folder: Path, dataset: str) -> None:
    """One command a day, latest first, as a late export comes."""
    days = sorted({event["event_date"] for event in world.events}, reverse=True)
    for number, day in enumerate(days):
        part = [event for event in world.events if event["event_date"] == day]
        path = write_ndjson(part, folder / f"day-{day}.json", Random(number))
        workspace.load([path], dataset=dataset, append=number > 0, **through(world))


def console(workspace: Workspace, world: World, folder: Path, dataset: str) -> None:
    """Continuation rows."""
    path = write_console(world.events, folder / "events.csv", Random(6))
    workspace.load([path], dataset=dataset, **through(world))


def parquet(workspace: Workspace, world: World, folder: Path, dataset: str) -> None:
    """Lists of records."""
    path = write_parquet(world.events, folder / "events.parquet", Random(7))
    workspace.load([path], dataset=dataset, **through(world))


WAYS: tuple[Way, ...] = (once, shuffled, split, twice, appended, by_day, console, parquet)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Every world in every way."""
    folder = tmp_path_factory.mktemp("same")
    made = workspace_of(folder / "workspace", RULES)
    for world in worlds():
        for way in WAYS:
            files = folder / f"{world.name}-{way.__name__}"
            files.mkdir()
            way(made, world, files, f"{world.name}-{way.__name__}")
    for world in worlds()[:1]:
        path = write_flat(world.events, folder / f"{world.name}-flat.csv", Random(8))
        made.load([path], dataset=f"{world.name}-flat", **through(world))
    made.build()
    return made


@pytest.fixture(scope="module")
def marts(workspace: Workspace) -> Whole:
    """All marts of every world in every way."""
    return everything(query_of(workspace))


def test_the_first_way_is_right(workspace: Workspace) -> None:
    """Else the others would only be equally wrong."""
    judged = [replace(world, name=f"{world.name}-once") for world in worlds()]
    judge(read_marts(query_of(workspace)), judged, RULES)


@pytest.mark.parametrize("way", WAYS[1:], ids=lambda way: way.__name__)
def test_same_marts(marts: Whole, way: Way) -> None:
    """Each mart whole, column by column; not the ledger's columns, which tell the way."""
    for world in worlds():
        expected = marts[f"{world.name}-once"]
        found = marts[f"{world.name}-{way.__name__}"]
        for mart in sorted(set(expected) - LEDGERS):
            assert found[mart] == expected[mart], f"{mart} of {world.name}\n{world.tell()}"


LEDGERS = {"data_quality_loads"}
"""Marts about loads rather than events: they should differ."""


def test_event_ids_are_those_of_the_documented_scheme(workspace: Workspace) -> None:
    """Recomputed from the events by `uuid5`, and the same however they arrive."""
    query = query_of(workspace)
    for world in worlds():
        true = sorted(event_id(world.events[row.place]) for row in kept(world))
        assert len(set(true)) == len(true)
        for way in WAYS:
            found = query(
                "select event_id from analytics.stg_ga4_events "
                f"where dataset = '{world.name}-{way.__name__}'"
            )
            assert sorted(found.column(0).to_pylist()) == true, f"{way.__name__} {world.name}"


def event_id(event: Event) -> str:
    """The id of an event by the scheme 'ga4' of the documentation."""
    params = event.get("event_params") or {}
    session = params.get("ga_session_id")
    day = event["event_date"]
    key = [
        f"{day[:4]}-{day[4:6]}-{day[6:]}",
        event.get("stream_id"),
        event.get("user_pseudo_id"),
        None if session is None else str(session),
        event["event_name"],
        str(event["event_timestamp"]),
        compact(params) if params else None,
        *(
            None if event.get(name) is None else str(event[name])
            for name in ("batch_page_id", "batch_ordering_id", "batch_event_index")
        ),
    ]
    namespace = uuid5(NAMESPACE_URL, "ga4-product-analytics:event")
    return str(uuid5(namespace, compact(key)))


def compact(value: object) -> str:
    """JSON with sorted keys and nothing between the tokens."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def test_flat_file_is_right(workspace: Workspace) -> None:
    """One line per event, parameters as columns: no items, and repeats cannot be told."""
    judged = []
    for world in worlds()[:1]:
        events = tuple(as_flat(event) for event in world.events)
        judged.append(
            World(f"{world.name}-flat", events, world.complete_through, flat(events), True)
        )
    judge(read_marts(query_of(workspace)), judged, RULES)


def flat(events: Sequence[Event]) -> frozenset[str]:
    """What the flat file of these events carries: the columns that it has."""
    places = {
        "device": "device",
        "country": "geo",
        "first_user_source": "traffic_source",
        "revenue": "ecommerce",
        "transaction_id": "ecommerce",
        "first_touch": "user_first_touch_timestamp",
    }
    lacking = {
        name for name, place in places.items() if not any(event.get(place) for event in events)
    }
    unscoped = {"flat_source"} if any("source" in event for event in events) else set()
    return carried(events) - lacking - {"event_params", "items"} | unscoped


ELSEWHERE = """
import json, sys
from pathlib import Path
from judging import everything
from test_marts_same import RULES, once, worlds
from warehouse_of_worlds import query_of, workspace_of
folder = Path(sys.argv[1])
workspace = workspace_of(folder / "workspace", RULES)
for world in worlds():
    files = folder / world.name
    files.mkdir()
    once(workspace, world, files, f"{world.name}-once")
workspace.build()
print(json.dumps(everything(query_of(workspace)), default=str))
"""


def test_another_machine_time_zone(marts: Whole, tmp_path: Path) -> None:
    """The same on a machine in Kolkata, with another locale and another hash seed."""
    here = Path(__file__).parent
    paths = [here, here.parent, here.parent.parent / "src"]
    environment = {
        **os.environ,
        "TZ": "Asia/Kolkata",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "7",
        "PYTHONUTF8": "1",
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
    }
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(tmp_path)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    there = json.loads(done.stdout.splitlines()[-1])
    for world in worlds():
        name = f"{world.name}-once"
        for mart in sorted(set(marts[name]) - LEDGERS):
            expected = json.loads(json.dumps(marts[name][mart], default=str))
            assert there[name][mart] == expected, f"{mart} of {world.name}"
