"""The peers' stores: the same events, users as sorted integers, ordered by user and time.

They hold what the questions need and nothing else, and no rows without a user: less than the
index holds. Texts are enums (DuckDB) or LowCardinality (chDB), the event names in alphabetical
order, so that ties in a path stand in that order. ``active`` says that the event makes its day
an active one; ``user_days`` is the table that the index has of its own.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import duckdb

ENUMS = ("event_name", "device_category", "country", "source", "medium", "page_path")
_SPILL = "set threads = 2; set memory_limit = '5GB'; set temp_directory = '{}'"


def make_duck(folder: Path) -> Path:
    """Make DuckDB's store where it is not there yet.

    Args:
        folder: That of the staged warehouse.
    """
    path = folder / "duck.duckdb"
    if path.exists():
        return path
    coming = path.with_suffix(".coming")
    coming.unlink(missing_ok=True)
    started = time.perf_counter()
    with duckdb.connect(str(coming)) as engine:
        engine.execute(_SPILL.format(folder / "spill"))
        engine.execute(f"attach '{folder / 'ga4.duckdb'}' as staged (read_only)")
        for name in ENUMS:
            engine.execute(
                f"create type {name}_t as enum (select distinct {name} from "
                f"staged.analytics.index_events where {name} is not null order by 1)"
            )
        engine.execute(
            "create table users as select user_key, (row_number() over (order by user_key) - 1)"
            "::uinteger as uid from (select distinct user_key from staged.analytics.index_events "
            "where user_key is not null)"
        )
        enums = ", ".join(f"{name}::{name}_t as {name}" for name in ENUMS)
        engine.execute(
            f"create table events as select uid, order_us as ts, event_date, {enums}, "
            "session_number::uinteger as session, purchase_revenue_usd_micros as revenue, "
            "(coalesce(is_session_engaged, false) or coalesce(engagement_time_msec > 0, false) "
            "or event_name in ('first_visit', 'first_open')) as active "
            "from staged.analytics.index_events join users using (user_key) "
            "order by uid, ts, event_name::event_name_t"
        )
        engine.execute(
            "create table user_days as select uid, event_date, bool_or(active) as active "
            "from events group by all order by uid, event_date"
        )
        engine.execute("detach staged; checkpoint")
    coming.rename(path)
    print(f"DuckDB's store: {time.perf_counter() - started:.0f} s", flush=True)
    return path


def make_chdb(folder: Path) -> Path:
    """Make chDB's store where it is not there yet, from DuckDB's.

    Args:
        folder: That of the staged warehouse.
    """
    path = folder / "chdb"
    if (path / "done").exists():
        return path
    parquet = folder / "peers.parquet"
    started = time.perf_counter()
    with duckdb.connect(str(folder / "duck.duckdb"), read_only=True) as engine:
        engine.execute(_SPILL.format(folder / "spill"))
        texts = ", ".join(f"coalesce({name}::varchar, '') as {name}" for name in ENUMS)
        engine.execute(f"copy (select * replace ({texts}, coalesce(revenue, 0) as revenue) "
                       f"from events) to '{parquet}' (format parquet)")  # fmt: skip
        names = [name for (name,) in engine.execute(
            "select unnest(enum_range(null::event_name_t))::varchar").fetchall()]  # fmt: skip
    session = open_chdb(path)
    codes = ", ".join(f"'{name}' = {code}" for code, name in enumerate(names))
    session.query("drop database if exists g")
    session.query("create database g")
    session.query(
        f"create table g.events (uid UInt32, ts Int64, event_date Date, event_name Enum8({codes}), "
        "device_category LowCardinality(String), country LowCardinality(String), "
        "source LowCardinality(String), medium LowCardinality(String), "
        "page_path LowCardinality(String), session UInt32, revenue Int64, active Bool) "
        "engine = MergeTree order by (uid, ts)"
    )
    session.query(f"insert into g.events select * from file('{parquet}', Parquet)")
    session.query("optimize table g.events final")
    session.query(
        "create table g.user_days engine = MergeTree order by (uid, event_date) as "
        "select uid, event_date, max(active) as active from g.events group by uid, event_date "
        "settings optimize_aggregation_in_order = 1"
    )
    session.query("optimize table g.user_days final")
    session.close()
    parquet.unlink()
    (path / "done").touch()
    print(f"chDB's store: {time.perf_counter() - started:.0f} s", flush=True)
    return path


def open_chdb(path: Path) -> Any:
    """A session of chDB on a folder; a process may have one."""
    from chdb import session

    found = session.Session(str(path))
    found.query("set max_threads = 2")
    return found
