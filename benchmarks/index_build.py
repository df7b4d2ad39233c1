#!/usr/bin/env python3
"""Build the event index from the staged relation, beside ClickHouse's insert and optimise.

    .venv/bin/python benchmarks/index_build.py --data FOLDER              4.3 million events
    .venv/bin/python benchmarks/index_build.py --data FOLDER --samples 23    100 million

Ours reads ``analytics.index_events`` of the embedded warehouse. The peer (chDB) inserts the same
rows with text user ids and text event ids from Parquet, written before the clock starts, into a
MergeTree ordered by user and time, and merges it into one part. The day is the last one, added
to an index of the days before it. Each runs in a process of its own; peaks are the process's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
from versus.built import plan_of
from versus.staged import DAYS, START, insert_day, make_staged, open_staged
from versus.stores import open_chdb

from ga4_analytics.index.build import build_index
from ga4_analytics.index.manifest import Manifest
from ga4_analytics.index.open import open_index

_TEXTS = ("event_name", "country", "device_category", "source", "medium", "page_path",
          "landing_page", "operating_system", "browser", "language", "campaign", "platform",
          "transaction_id")  # fmt: skip
_LAST = START + timedelta(days=DAYS - 1)


def main() -> None:
    """Run what is asked, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="Folder, kept between runs.")
    parser.add_argument("--samples", type=int, default=1, help="Samples of 4.3 million events.")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--one", choices=PARTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    folder = given.data / f"events-{given.samples}"
    if given.one:
        print(json.dumps(PARTS[given.one](folder) | {"peak": peak()}))
        return
    make_staged(folder, given.samples, 1.0)
    found = {}
    for name in PARTS:
        if given.no_peer and name == "peer":
            continue
        runs = [apart(name, given) for _ in range(given.runs)]
        found[name] = min(runs, key=lambda each: each["seconds"])
        print(name, json.dumps(found[name]), f"load {os.getloadavg()[0]:.1f}", flush=True)
    print(table(found))


def apart(name: str, given: argparse.Namespace) -> dict[str, Any]:
    """Run one part in a process of its own."""
    command = [sys.executable, __file__, "--data", str(given.data), "--samples",
               str(given.samples), "--one", name]  # fmt: skip
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def peak() -> float:
    """The most memory that this process had, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def full(folder: Path) -> dict[str, Any]:
    """A full build."""
    plan = replace(plan_of(folder), state_dir=folder / "state-build")
    shutil.rmtree(plan.state_dir, ignore_errors=True)
    warehouse = open_staged(folder)
    started = time.perf_counter()
    built = build_index(warehouse, plan)
    seconds = time.perf_counter() - started
    warehouse.close()
    properties = property_bytes(built.manifest, plan.root)
    shutil.rmtree(plan.state_dir)
    return {
        "seconds": seconds,
        "rows": built.rows,
        "bytes": built.manifest.bytes,
        "properties": properties,
    }


def property_bytes(manifest: Manifest, root: Path) -> int:
    """Bytes of the columns beside time, name, user and session, and of all dictionaries."""
    index = open_index(manifest, root, "benchmark")
    segments = (*index.segments, *index.nobody)
    columns = sum(each.nbytes for segment in segments
                  for each in (*segment.columns.values(), *segment.offsets.values()))  # fmt: skip
    return columns + sum(each.values.nbytes for each in index.dictionaries.values())


def day(folder: Path) -> dict[str, Any]:
    """The last day, added to the days before it."""
    plan = replace(plan_of(folder), state_dir=folder / "state-day")
    shutil.rmtree(plan.state_dir, ignore_errors=True)
    with duckdb.connect(str(folder / "ga4.duckdb")) as engine:
        found = engine.execute("delete from raw.ga4_days where event_date = ? returning events",
                               [_LAST]).fetchone()  # fmt: skip
        engine.execute("alter table analytics.index_events rename to all_events")
        engine.execute("create view analytics.index_events as select * from analytics.all_events "
                       f"where event_date < date '{_LAST}'")  # fmt: skip
    try:
        warehouse = open_staged(folder)
        before = build_index(warehouse, plan).manifest
        warehouse.close()
    finally:
        with duckdb.connect(str(folder / "ga4.duckdb")) as engine:
            engine.execute("drop view analytics.index_events")
            engine.execute("alter table analytics.all_events rename to index_events")
            insert_day(engine, _LAST, found[0] if found else 0)
    warehouse = open_staged(folder)
    started = time.perf_counter()
    built = build_index(warehouse, plan, before)
    seconds = time.perf_counter() - started
    warehouse.close()
    shutil.rmtree(plan.state_dir)
    return {"seconds": seconds, "rows": built.rows, "how": built.how}


def peer(folder: Path) -> dict[str, Any]:
    """chDB's insert and optimise of the same rows with text ids."""
    parquet, store = folder / "staged.parquet", folder / "chdb-text"
    if not parquet.exists():
        with duckdb.connect(str(folder / "ga4.duckdb"), read_only=True) as engine:
            engine.execute("set threads = 2; set memory_limit = '4GB'; "
                           f"set temp_directory = '{folder}/spill'")  # fmt: skip
            texts = ", ".join(f"coalesce({name}, '') as {name}" for name in _TEXTS)
            engine.execute(
                "copy (select coalesce(user_key, '') as user_key, order_us, event_id, event_date, "
                "coalesce(session_number, 0)::uinteger as session_number, "
                f"is_session_engaged, engagement_time_msec, user_first_touch_timestamp, {texts}, "
                "purchase_revenue_usd_micros from analytics.index_events) "
                f"to '{parquet}' (format parquet)"
            )
    shutil.rmtree(store, ignore_errors=True)
    session = open_chdb(store)
    texts = ", ".join(f"{name} {'String' if name == 'transaction_id' else 'LowCardinality(String)'}"
                      for name in _TEXTS)  # fmt: skip
    session.query("create database g")
    session.query(
        "create table g.events (user_key String, order_us Int64, event_id String, event_date Date, "
        "session_number UInt32, is_session_engaged Nullable(Bool), "
        "engagement_time_msec Nullable(Int64), user_first_touch_timestamp Nullable(Int64), "
        f"{texts}, purchase_revenue_usd_micros Nullable(Int64)) "
        "engine = MergeTree order by (user_key, order_us)"
    )
    started = time.perf_counter()
    session.query(f"insert into g.events select * from file('{parquet}', Parquet) "
                  "settings max_insert_threads = 2")  # fmt: skip
    inserted = time.perf_counter() - started
    session.query("optimize table g.events final")
    seconds = time.perf_counter() - started
    rows = int(session.query("select count() from g.events").bytes().decode())
    session.close()
    shutil.rmtree(store)
    return {"seconds": seconds, "rows": rows, "insert": inserted}


PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {"full": full, "day": day, "peer": peer}


def table(found: dict[str, dict[str, Any]]) -> str:
    """What is wanted, what was found."""
    all_of, one_day = found["full"], found["day"]
    bare = (all_of["bytes"] - all_of["properties"]) / all_of["rows"]
    lines = [
        f"{all_of['rows']:,} events; load {os.getloadavg()[0]:.1f}.",
        "",
        "| | found | wanted |",
        "|-|-:|-:|",
        f"| full build, s | {all_of['seconds']:.1f} | |",
        f"| peak memory, GB | {all_of['peak']:.1f} | 6 |",
        f"| bytes an event before properties | {bare:.1f} | 12 |",
        f"| bytes an event in all | {all_of['bytes'] / all_of['rows']:.1f} | |",
        f"| adding a day ({one_day['how']}, {one_day['rows']:,} rows read), s "
        f"| {one_day['seconds']:.1f} | {all_of['seconds'] / 10:.1f} |",
    ]
    if "peer" in found:
        theirs = found["peer"]["seconds"]
        lines.append(f"| build / ClickHouse's insert and optimise ({theirs:.0f} s) "
                     f"| {all_of['seconds'] / theirs:.2f} | 0.5 |")  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    main()
