"""The funnel marts' SQL against every chain of events there is, on random small journeys."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

PROJECT = Path(__file__).parents[2] / "ga4_analytics_dbt"
STEPS = ("a", "b", "c")
WINDOW_US = 50_000_000
DAY_US = 40_000_000  # a "day" shorter than the window, so that chains cross days
FIRST_DAY = date(2020, 11, 1)
DAYS = 4
WORLDS = 600

EVENT_COLUMNS = (
    "dataset text, user_key text, event_id text, event_date date, event_timestamp bigint, "
    "batch_page_id bigint, batch_ordering_id bigint, batch_event_index bigint, "
    "event_name text, device_category text, country text"
)
USER_COLUMNS = "dataset text, user_key text"
DAY_COLUMNS = "dataset text, event_date date, day_end_us bigint, is_complete boolean"


@dataclass(frozen=True)
class Event:
    """One event of the only user of a world."""

    name: str
    time_us: int
    batch: tuple[int | None, ...]
    device: str

    @property
    def day(self) -> int:
        return self.time_us // DAY_US

    @property
    def place(self) -> tuple[int, ...]:
        return (self.time_us, *(-1 if field is None else field for field in self.batch))


@dataclass(frozen=True)
class World:
    """The events of one user, and how many of the days are complete."""

    name: str
    events: tuple[Event, ...]
    complete_days: int


def random_world(seed: int) -> World:
    """Draw a world with repeats, ties and days that are not complete."""
    draw = random.Random(seed)
    grain = draw.choice([1, 5_000_000, 20_000_000])
    events = tuple(
        Event(
            name=draw.choice("aabbccd"),
            time_us=draw.randrange(0, DAYS * DAY_US, 1) // grain * grain,
            batch=tuple(draw.choice([None, 1, 2]) for _ in range(3)),
            device=draw.choice(["desktop", "mobile"]),
        )
        for _ in range(draw.randrange(1, 11))
    )
    return World(f"w{seed:04}", events, draw.randrange(0, DAYS + 1))


def furthest_from(world: World, entry: Event) -> int:
    """Follow every chain that starts at an entry; give the furthest step inside the window."""
    furthest = 1
    chains = [entry]
    for step, name in enumerate(STEPS[1:], start=2):
        chains = [
            event
            for event in world.events
            if event.name == name
            and event.time_us - entry.time_us <= WINDOW_US
            and any(event.place >= last.place for last in chains)
        ]
        if chains:
            furthest = step
    return furthest


def expected_rows(world: World) -> list[tuple[object, ...]]:
    """What `funnel_steps` must say of a world, from the definitions alone."""
    horizon = world.complete_days * DAY_US if world.complete_days else None
    entries: dict[int, list[Event]] = defaultdict(list)
    for event in world.events:
        if event.name == STEPS[0]:
            entries[event.day].append(event)
    rows: list[tuple[object, ...]] = []
    for day, attempts in sorted(entries.items()):
        furthest = max(furthest_from(world, entry) for entry in attempts)
        window_end = max(entry.time_us for entry in attempts) + WINDOW_US
        unfinished = furthest < len(STEPS)
        is_open = unfinished and (horizon is None or window_end >= horizon)
        is_mature = horizon is not None and (day + 1) * DAY_US - 1 + WINDOW_US < horizon
        for step, name in enumerate(STEPS, start=1):
            users = int(furthest >= step)
            before = int(furthest >= step - 1) if step > 1 else None
            rows.append((
                world.name, FIRST_DAY + timedelta(days=day), step, name, 1, users, before,
                int(is_open), int(unfinished and not is_open), is_mature,
            ))  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The models' SQL as dbt compiles it for a DuckDB file that does not exist yet."""
    folder = tmp_path_factory.mktemp("funnel")
    (folder / "profiles.yml").write_text(
        "ga4_analytics: {target: t, outputs: {t: {type: duckdb, schema: analytics, "
        f"path: '{folder / 'funnel.duckdb'}'}}}}}}\n"
    )
    models = ("int_funnel_entries", "funnel_steps", "funnel_by_slice")
    variables = (
        f"{{funnels: [{{name: f, steps: [{', '.join(STEPS)}], "
        f"window_seconds: {WINDOW_US // 1_000_000}}}]}}"
    )
    subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "compile", "--no-introspect",
         "--no-populate-cache", "--profiles-dir", str(folder), "--project-dir", str(PROJECT),
         "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
         "--vars", variables, "--select", *models],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "funnel.duckdb", {
        model: next((folder / "target" / "compiled").rglob(f"{model}.sql")).read_text()
        for model in models
    }


def fill(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: str,
    rows: list[tuple[object, ...]],
) -> None:
    """Make a table of schema analytics from rows."""
    names = [column.split()[0] for column in columns.split(", ")]
    arrow = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])
    connection.execute(f"create table analytics.{table} ({columns})")
    connection.register("rows_to_fill", arrow)
    connection.execute(f"insert into analytics.{table} select * from rows_to_fill")
    connection.unregister("rows_to_fill")


@pytest.fixture(scope="module")
def marts(compiled: tuple[Path, dict[str, str]]) -> duckdb.DuckDBPyConnection:
    """A warehouse that holds every world as a dataset, with the funnel models built."""
    path, models = compiled
    connection = duckdb.connect(str(path))
    connection.execute("create schema if not exists analytics")
    worlds = [random_world(seed) for seed in range(WORLDS)]
    fill(connection, "int_identified_events", EVENT_COLUMNS, [
        (world.name, "u", str(number), FIRST_DAY + timedelta(days=event.day), event.time_us,
         *event.batch, event.name, event.device, None)
        for world in worlds
        for number, event in enumerate(world.events)
    ])  # fmt: skip
    fill(connection, "int_users", USER_COLUMNS, [(world.name, "u") for world in worlds])
    fill(connection, "stg_ga4_days", DAY_COLUMNS, [
        (world.name, FIRST_DAY + timedelta(days=day), (day + 1) * DAY_US,
         day < world.complete_days)
        for world in worlds
        for day in range(DAYS)
    ])  # fmt: skip
    for model, sql in models.items():
        connection.execute(f"create table analytics.{model} as {sql}")
    return connection


def test_funnel_steps_equal_the_best_of_all_chains(marts: duckdb.DuckDBPyConnection) -> None:
    found: dict[str, list[tuple[object, ...]]] = defaultdict(list)
    for row in marts.execute(
        "select dataset, entry_date, step, step_name, entered_users, users, previous_users, "
        "open_users, dropped_users, is_mature from analytics.funnel_steps "
        "order by dataset, entry_date, step"
    ).fetchall():
        found[row[0]].append(row)
    for world in map(random_world, range(WORLDS)):
        assert found[world.name] == expected_rows(world), world


def test_slices_take_the_device_of_the_days_first_entry(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    found = set(marts.execute(
        "select dataset, entry_date, device_category from analytics.funnel_by_slice "
        "where slice = 'device' and step = 1"
    ).fetchall())  # fmt: skip
    expected = set()
    for world in map(random_world, range(WORLDS)):
        firsts: dict[int, tuple[tuple[int, ...], str, str]] = {}
        for number, event in enumerate(world.events):
            if event.name == STEPS[0]:
                key = (event.place, f"{number}", event.device)
                firsts[event.day] = min(key, firsts.get(event.day, key))
        for day, (_, _, device) in firsts.items():
            expected.add((world.name, FIRST_DAY + timedelta(days=day), device))
    assert found == expected
