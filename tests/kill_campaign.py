#!/usr/bin/env python3
"""Kill loads at random moments, and compare what is left with before and after.

    python tests/kill_campaign.py FOLDER ga4.duckdb --kills 200
    python tests/kill_campaign.py FOLDER postgresql://... --kills 200

Each attempt begins with the same warehouse of three days, starts a load (or an undo) in a
process of its own and ends that process with SIGKILL. Then everything in ``raw`` must be what
it was before, or what it is after an undisturbed run; the next run must make it so with no
manual step, and leave no file behind. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from ga4_analytics.warehouse.tables import TABLES
from ga4_analytics.workspace import Workspace

CLOCK_US = 1_700_000_000_000_000
DAY_US = 86_400_000_000
START_US = 1_604_188_800_000_000  # 2020-11-01T00:00:00Z
Work = Callable[[], None]


def events(days: range, per_day: int, word: str) -> Iterator[str]:
    """Lines of a skinny file; every value says which file it is from."""
    yield "user_id,event_date,event_timestamp,event_name,country,source"
    for day in days:
        for number in range(per_day):
            stamp = START_US + day * DAY_US + number * 1_000_000
            yield f"{word}{number % 97},202011{day + 1:02d},{stamp},view,{word},{word}"


class Place:
    """A workspace that can be put back to its beginning."""

    def __init__(self, folder: Path, warehouse: str, per_day: int) -> None:
        self.folder = folder
        self.warehouse = warehouse
        self.first, self.second = folder / "first.csv", folder / "second.csv"
        self.first.write_text("\n".join(events(range(3), per_day, "old")) + "\n")
        self.second.write_text("\n".join(events(range(1, 4), per_day + 50, "new")) + "\n")
        for path in (self.first, self.second):
            os.utime(path, ns=(CLOCK_US * 1000, CLOCK_US * 1000))
        self.site = folder / "site"

    @contextlib.contextmanager
    def workspace(self, minutes: int) -> Iterator[Workspace]:
        """The workspace, at a time so many minutes after the first load."""
        clock = iter(range(CLOCK_US + minutes * 60_000_000, 2**62)).__next__
        made = Workspace.open(self.site, warehouse=self.warehouse, timezone="UTC", clock=clock)
        try:
            yield made
        finally:
            made.close()

    def load(self, path: Path, minutes: int) -> None:
        """Load a file; its name in the ledger follows from the minutes."""
        with self.workspace(minutes) as workspace:
            workspace.load([path])

    def undo(self) -> None:
        """Take the latest load back, where there is one."""
        with self.workspace(9) as workspace:
            loads = workspace.loads()["loads"]
            if loads[0]["mode"] == "load":
                workspace.undo(loads[0]["load_id"])

    def state(self) -> str:
        """A digest of every row of ``raw``."""
        digest = hashlib.sha256()
        with self.workspace(99) as workspace:
            for table in TABLES:
                order = ", ".join(str(n + 1) for n in range(len(table.columns)))
                names = ", ".join(column.name for column in table.columns)
                sql = f"select {names} from raw.{table.name} order by {order}"
                rows = workspace.warehouse.query(sql).to_pylist()
                digest.update(repr((table.name, [list(row.values()) for row in rows])).encode())
        return digest.hexdigest()

    def files(self) -> set[str]:
        """The files of the workspace."""
        return {str(path.relative_to(self.site)) for path in self.site.rglob("*") if path.is_file()}

    def keep(self) -> None:
        """Remember the warehouse as it is now."""
        if self.warehouse.startswith("postgres"):
            self._copy(self._name, f"{self._name}_kept")
        else:
            shutil.copy(self.site / self.warehouse, self.folder / "kept.duckdb")

    def back(self) -> None:
        """Put the warehouse back to what was remembered, and clear the workspace."""
        shutil.rmtree(self.site, ignore_errors=True)
        self.site.mkdir()
        if self.warehouse.startswith("postgres"):
            self._copy(f"{self._name}_kept", self._name)
        else:
            shutil.copy(self.folder / "kept.duckdb", self.site / self.warehouse)

    @property
    def _name(self) -> str:
        return psycopg.conninfo.conninfo_to_dict(self.warehouse)["dbname"]

    def _copy(self, source: str, target: str) -> None:
        admin = psycopg.conninfo.make_conninfo(self.warehouse, dbname="postgres")
        with psycopg.connect(admin, autocommit=True) as connection:
            self._alone(connection)
            connection.execute(f'drop database if exists "{target}" with (force)')
            connection.execute(f'create database "{target}" template "{source}"')

    def settled(self) -> None:
        """Wait until the server has noticed that a process is dead."""
        if self.warehouse.startswith("postgres"):
            admin = psycopg.conninfo.make_conninfo(self.warehouse, dbname="postgres")
            with psycopg.connect(admin, autocommit=True) as connection:
                self._alone(connection)

    def _alone(self, connection: psycopg.Connection) -> None:
        for _ in range(600):
            found = connection.execute(
                "select count(*) from pg_stat_activity where datname = %s", [self._name]
            ).fetchone()
            if found == (0,):
                return
            time.sleep(0.02)
        raise TimeoutError(f"sessions on {self._name} do not end")


def apart(work: Callable[[], str | None]) -> str:
    """Do something in a process of its own and give what it says."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        code = 1
        try:
            os.write(writer, (work() or "").encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as stream:
        said = stream.read()
    if os.waitpid(child, 0)[1]:
        raise RuntimeError("a run that nobody disturbed failed")
    return said


def killed(work: Work, after_seconds: float) -> bool:
    """Start something in a process of its own and kill it; gives whether it was still at work."""
    if (child := os.fork()) == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    time.sleep(after_seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def campaign(place: Place, kills: int, seed: int) -> dict[str, object]:
    """Run the attempts; raises AssertionError at the first that ends in neither state."""
    place.site.mkdir(parents=True)
    apart(lambda: place.load(place.first, 0))
    place.keep()
    deeds: dict[str, tuple[Work, Work]] = {
        "load": (lambda: None, lambda: place.load(place.second, 5)),
        "undo": (lambda: place.load(place.second, 5), place.undo),
    }
    chance = random.Random(seed)
    told: dict[str, object] = {}
    for name, (prepare, deed) in deeds.items():
        place.back()
        apart(prepare)
        before = apart(place.state)
        begun = time.perf_counter()
        apart(deed)
        seconds = time.perf_counter() - begun
        after, clean = apart(place.state), place.files()
        assert before != after
        found: Counter[str] = Counter()
        for attempt in range(kills if name == "load" else max(kills // 4, 1)):
            place.back()
            apart(prepare)
            if not killed(deed, chance.uniform(0, seconds * 1.15)):
                found["done before the kill"] += 1
            place.settled()
            state = apart(place.state)
            assert state in (before, after), f"{name}, attempt {attempt} of seed {seed}"
            found["as before" if state == before else "as after"] += 1
            apart(deed)
            assert apart(place.state) == after, f"the run after {name} {attempt} of seed {seed}"
            left = place.files() - clean
            assert not left, f"{name}, attempt {attempt} of seed {seed} left {sorted(left)}"
        told[name] = {"seconds": round(seconds, 2), **dict(sorted(found.items()))}
    return told


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("warehouse")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=4000, help="Events of a day.")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print(json.dumps(campaign(Place(given.folder, given.warehouse, given.events),
                              given.kills, given.seed)))  # fmt: skip


if __name__ == "__main__":
    main()
