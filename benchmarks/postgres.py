#!/usr/bin/env python3
"""The Postgres warehouse beside what bounds it, in one run on a server of its own.

    .venv/bin/python benchmarks/postgres.py --scale 1

The load beside a bare COPY of the same rows into the same table; the build beside DuckDB's; and
the time of each Metabase card's query, its filters unset and set. Needs Postgres 15's programs; the
server has the settings of docker-compose.yml. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from ga4_analytics.publish.metabase.dashboards import DASHBOARDS
from ga4_analytics.publish.metabase.definitions import Card
from ga4_analytics.publish.metabase.filled import Value, defaults, filled
from ga4_analytics.publish.metabase.scene import read_scene
from ga4_analytics.sources.synthetic.spec import SampleSpec
from ga4_analytics.sources.synthetic.write import write_sample
from ga4_analytics.workspace import Workspace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from postgres_server import HINT, find_programs, running_server

SERVER = {
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}
WANTED_LOAD, WANTED_MS = 2.5, 200
ROUNDS = 5


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--sample", type=Path, help="A folder with a sample, kept between runs.")
    given = parser.parse_args()
    programs = find_programs()
    if programs is None:
        raise SystemExit(HINT)
    with (
        tempfile.TemporaryDirectory() as name,
        running_server(programs, **SERVER) as server,
        server.database() as url,
    ):
        folder = Path(name)
        sample = given.sample or folder / "sample"
        if not sample.exists():
            write_sample(SampleSpec(scale=given.scale), sample, "skinny")
        there = Workspace.create(folder / "postgres", warehouse=url, timezone="UTC")
        here = Workspace.create(folder / "duckdb", timezone="UTC")
        load(there, here, sample, url, folder)
        build(there, here)
        cards(there)


def seconds(work: Callable[[], Any]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def load(there: Workspace, here: Workspace, sample: Path, url: str, folder: Path) -> None:
    """Load into both, and the same rows by COPY alone."""
    ours = seconds(lambda: there.load([sample]))
    embedded = seconds(lambda: here.load([sample]))
    file = folder / "rows.csv"
    with psycopg.connect(url, autocommit=True) as connection:
        with (
            file.open("wb") as out,
            connection.cursor() as cursor,
            cursor.copy("copy raw.ga4_events to stdout (format csv)") as rows,
        ):
            for part in rows:
                out.write(part)
        connection.execute("create schema bare")
        connection.execute("create table bare.ga4_events (like raw.ga4_events including all)")
        bare = seconds(lambda: copied(connection, file))
        (count,) = connection.execute("select count(*) from bare.ga4_events").fetchone() or (0,)
        connection.execute("drop schema bare cascade")
    ratio = ours / bare
    print(f"{count:,} events")
    print(f"load          {ours:7.1f} s")
    print(f"bare COPY     {bare:7.1f} s   ratio {ratio:.2f}, wanted {WANTED_LOAD}", flush=True)
    print(f"load, DuckDB  {embedded:7.1f} s", flush=True)


def copied(connection: psycopg.Connection[Any], file: Path) -> None:
    """The rows of a file by COPY, in one transaction."""
    with (
        file.open("rb") as source,
        connection.cursor() as cursor,
        cursor.copy("copy bare.ga4_events from stdin (format csv)") as rows,
    ):
        while part := source.read(1 << 20):
            rows.write(part)


def build(there: Workspace, here: Workspace) -> None:
    """Build, verify and publish on both."""
    embedded = seconds(here.build)
    ours = seconds(there.build)
    print(f"build, DuckDB   {embedded:7.1f} s")
    print(f"build, Postgres {ours:7.1f} s   ratio {ours / embedded:.2f}", flush=True)


def cards(workspace: Workspace) -> None:
    """Median milliseconds of each card, its optional filters unset and set."""
    funnels = [funnel.name for funnel in workspace.settings.funnels]
    scene = read_scene(workspace.snapshot(), funnels)
    unset: dict[str, Value] = {k: v for k, v in defaults(scene).items() if k != "date"}
    chosen = {"device": scene.devices[0], "country": scene.countries[0]}
    every = [card for board in DASHBOARDS for card, _ in board.cards]
    times = {
        card.slug: max(asked(workspace, card, values) for values in
                       (unset, defaults(scene), defaults(scene) | chosen))
        for card in every
    }  # fmt: skip
    slow = sum(ms > WANTED_MS for ms in times.values())
    print(f"{len(every)} cards, {slow} over {WANTED_MS} ms; the slowest:")
    for slug, ms in sorted(times.items(), key=lambda item: -item[1])[:8]:
        print(f"  {slug:<28} {ms:7.1f} ms")


def asked(workspace: Workspace, card: Card, values: dict[str, Value]) -> float:
    """Median milliseconds of a card's query."""
    statement = filled(card, values)
    return 1000 * statistics.median(
        seconds(lambda: workspace.warehouse.query(statement.sql, statement.params))
        for _ in range(ROUNDS)
    )


if __name__ == "__main__":
    main()
