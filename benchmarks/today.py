#!/usr/bin/env python3
"""A funnel as people compute it today, beside ours: pandas and Postgres.

    .venv/bin/python benchmarks/today.py --data FOLDER

FOLDER is that of `queries.py`, whose stores are made there. The six-step funnel with a 7-day
window: pandas by a loop over users, which is exact, and by first touches merged, as tutorials do
it, which is not; Postgres by probing for the next step of each entry, its fastest form, on a table
with an index made for it. Exact numbers are compared before a time is shown. Medians; pandas' loop
runs once, for it takes minutes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import psycopg
from psycopg import sql
from versus.built import make_index
from versus.ours import Ours
from versus.questions import QUESTIONS, Funnel
from versus.staged import make_staged
from versus.stores import make_duck

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from postgres_server import HINT, find_programs, running_server

SECOND = 1_000_000
SERVER = {"shared_buffers": "2GB", "work_mem": "256MB", "max_parallel_workers_per_gather": "2",
          "jit": "off"}  # fmt: skip


def main() -> None:
    """Parse, check, time, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    folder = given.data / "events-1"
    folder.mkdir(parents=True, exist_ok=True)
    make_staged(folder, 1, 1.0)
    make_index(folder)
    make_duck(folder)
    (question,) = (each for each in QUESTIONS if each.name == "funnel")
    funnel: Funnel = question.variants[0]
    answer = Ours(folder).forms("funnel")["ours"]
    wanted = list(answer(funnel))
    ours = timed(lambda: answer(funnel), 9)
    print(f"{'ours':<34} {1000 * ours:10.1f} ms")
    events = frame(folder)
    loop = timed(lambda: check("the loop", by_loop(events, funnel), wanted), 1)
    shown("pandas, a loop over users", loop, ours)
    touch = timed(lambda: by_first_touch(events, funnel), 3)
    found = by_first_touch(events, funnel)
    missed = 1 - found[-1] / wanted[-1]
    shown(f"pandas, first touch ({missed:.0%} missed)", touch, ours)
    shown("Postgres, probes", on_postgres(events, funnel, wanted), ours)


def shown(name: str, seconds: float, ours: float) -> None:
    """Print a line of the table."""
    print(f"{name:<34} {1000 * seconds:10.1f} ms   {seconds / ours:8.0f} times ours", flush=True)


def timed(work: Callable[[], Any], rounds: int) -> float:
    """Median seconds, after one round that does not count where there are several."""
    if rounds > 1:
        work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def check(name: str, found: list[int], wanted: list[int]) -> list[int]:
    """Hold numbers against ours."""
    if found != wanted:
        raise SystemExit(f"{name}: {found}, ours {wanted}")
    return found


def frame(folder: Path) -> pd.DataFrame:
    """The events as a frame: user, time, name."""
    with duckdb.connect(str(folder / "duck.duckdb"), read_only=True) as engine:
        return engine.execute(
            "select uid::bigint as uid, ts, event_name::varchar as event_name from events"
        ).df()


def by_loop(events: pd.DataFrame, funnel: Funnel) -> list[int]:
    """Users by step: of the entries that came as far as a step, the latest is kept."""
    place = {step.name: n for n, step in enumerate(funnel.steps)}
    steps = events[events.event_name.isin(list(place))].copy()
    steps["place"] = steps.event_name.map(place).astype(int)
    steps = steps.sort_values(["uid", "ts", "place"])
    reached = [0] * (len(place) + 1)
    window = funnel.window * SECOND
    for _, mine in steps.groupby("uid", sort=False):
        begun: list[int | None] = [None] * len(place)
        level = 0
        for moment, step in zip(mine.ts.tolist(), mine.place.tolist(), strict=True):
            entry = moment if step == 0 else begun[step - 1]
            if entry is not None and moment - entry <= window:
                begun[step] = entry
                level = max(level, step + 1)
        reached[level] += 1
    return [sum(reached[level:]) for level in range(1, len(place) + 1)]


def by_first_touch(events: pd.DataFrame, funnel: Funnel) -> list[int]:
    """Users whose first events of each step stand in order within the window."""
    window = funnel.window * SECOND
    counts: list[int] = []
    kept: pd.DataFrame | None = None
    for step in funnel.steps:
        first = events[events.event_name == step.name].groupby("uid").ts.min()
        if kept is None:
            kept = pd.DataFrame({"entry": first, "before": first})
        else:
            kept = kept.join(first.rename("now"), how="inner")
            in_order = (kept.now >= kept.before) & (kept.now - kept.entry <= window)
            kept = kept[in_order].drop(columns="before").rename(columns={"now": "before"})
        counts.append(len(kept))
    return counts


def on_postgres(events: pd.DataFrame, funnel: Funnel, wanted: list[int]) -> float:
    """Median seconds of the probes on a server of its own."""
    programs = find_programs()
    if programs is None:
        raise SystemExit(HINT)
    with (
        running_server(programs, **SERVER) as server,
        psycopg.connect(server.url("postgres"), autocommit=True) as connection,
    ):
        connection.execute("create table events (uid integer, ts bigint, event_name text)")
        with connection.cursor() as cursor, cursor.copy("copy events from stdin") as rows:
            rows.write(events.to_csv(sep="\t", header=False, index=False).encode())
        connection.execute("create index on events (event_name, uid, ts)")
        connection.execute("vacuum analyze events")
        statement = probes(funnel)

        def ask() -> list[int]:
            answer = connection.execute(statement).fetchone() or ()
            return [int(number) for number in answer]

        return timed(lambda: check("Postgres", ask(), wanted), 3)


def probes(funnel: Funnel) -> sql.Composed:
    """Each entry's earliest next step, step by step."""
    first, *others = funnel.steps
    parts = [
        sql.SQL(
            "s1 as materialized (select uid, ts as entry, ts from events where event_name = {})"
        ).format(first.name)
    ]
    for number, step in enumerate(others, start=2):
        parts.append(
            sql.SQL(
                "{} as materialized (select before.uid, before.entry, found.ts from {} as before "
                "cross join lateral (select ts from events where events.uid = before.uid "
                "and event_name = {} and events.ts >= before.ts "
                "and events.ts <= before.entry + {} order by events.ts limit 1) as found)"
            ).format(
                sql.Identifier(f"s{number}"),
                sql.Identifier(f"s{number - 1}"),
                step.name,
                funnel.window * SECOND,
            )
        )
    counts = [
        sql.SQL("(select count(distinct uid) from {})").format(sql.Identifier(f"s{number}"))
        for number in range(1, len(funnel.steps) + 1)
    ]
    return sql.SQL("with {} select {}").format(
        sql.SQL(", ").join(parts), sql.SQL(", ").join(counts)
    )


if __name__ == "__main__":
    main()
