"""Whatever breaks during a load, the days are as they were, and the next run just works."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_load import START, line, rows, workspace, write  # noqa: F401

from ga4_analytics.errors import Ga4Error, LoadError
from ga4_analytics.progress import Advance
from ga4_analytics.workspace import Workspace

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_killed_loads_leave_before_or_after(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A few of the kills of `kill_campaign.py`, which runs 200 of them by hand."""
    url = "ga4.duckdb" if engine == "duckdb" else request.getfixturevalue("postgres_url")
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "kill_campaign.py", tmp_path / "kills", url,
         "--kills", "8", "--events", "2000"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    ended = ("as before", "as after")
    assert sum(told["load"].get(name, 0) for name in ended) == 8


class Interfering:
    """Progress that does something when reading has begun."""

    def __init__(self, deed: Any) -> None:
        self.deed = deed

    @contextlib.contextmanager
    def phase(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
        """Do it at the first sign of progress."""

        def advance(done: int) -> None:
            if label == "Reading files" and self.deed is not None:
                deed, self.deed = self.deed, None
                deed()

        yield advance


def test_a_file_that_grows_while_it_is_read(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    workspace.load([write(tmp_path, "a.csv", line("ann", 0))])
    before = rows(workspace)
    path = write(tmp_path, "b.csv", *[line(f"u{n}", 0, second=n) for n in range(50)])

    def grow() -> None:
        with path.open("a") as stream:
            stream.write(line("late", 0) + "\n")

    workspace.progress = Interfering(grow)
    with pytest.raises(LoadError, match="was written while it was read"):
        workspace.load([path])
    workspace.progress = Interfering(path.unlink)
    with pytest.raises(LoadError, match="was removed while it was read"):
        workspace.load([path])
    assert rows(workspace) == before


def test_another_load_of_the_day_meanwhile(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    """Two workspaces with one Postgres: the one that looked first must not overwrite the other."""
    if workspace.warehouse.engine == "duckdb":
        pytest.skip("one process at a time may open a DuckDB file")
    first = write(tmp_path, "a.csv", line("ann", 0))
    other = write(tmp_path, "b.csv", line("ben", 0))
    colleague = Workspace.open(
        tmp_path / "other", warehouse=workspace.settings.warehouse, timezone="UTC"
    )
    workspace.progress = Interfering(lambda: None)

    class AtWriting(Interfering):
        @contextlib.contextmanager
        def phase(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
            if label == "Writing to the warehouse":
                colleague.load([other])
            yield lambda done: None

    workspace.progress = AtWriting(None)
    with pytest.raises(Ga4Error, match="Another load wrote 2020-11-01"):
        workspace.load([first])
    assert {row["user_pseudo_id"] for row in rows(workspace)} == {"ben"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.parametrize("free", [200_000, 3_000_000, 9_000_000])
def test_a_disk_that_fills(small_disk: Path, tmp_path: Path, free: int) -> None:
    """Full while files are read, or while the warehouse is written."""
    workspace = Workspace.create(small_disk / "ws", timezone="UTC")  # noqa: F811
    workspace.load([write(tmp_path, "a.csv", line("ann", 0), line("ben", 9))])
    before = rows(workspace)
    workspace.close()
    files = {str(path) for path in small_disk.rglob("*") if path.is_file()}
    filler = small_disk / "filler"
    room = os.statvfs(small_disk)
    filler.write_bytes(b"x" * (room.f_bavail * room.f_frsize - free))
    many = [f"user-{n * 7919}.{n * 104729},20201101,{START + n},page_view" for n in range(120_000)]
    path = write(tmp_path, "b.csv", *many)
    with pytest.raises(Ga4Error) as caught:
        workspace.load([path])
    assert "space" in str(caught.value) or "room" in str(caught.value)
    workspace.close()
    filler.unlink()
    assert {str(path) for path in small_disk.rglob("*") if path.is_file()} - files <= {
        str(small_disk / "ws" / "ga4.duckdb.wal")
    }
    assert rows(workspace) == before
    assert workspace.load([path]).events == 120_000
    workspace.close()


def test_a_crash_between_load_and_build(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    """`ga4 run` of the same file builds what a dead run only loaded."""
    path = write(tmp_path, "a.csv", line("ann", 0), line("ben", 1))
    folder = workspace.settings.workspace
    settings = {"GA4_WAREHOUSE": workspace.settings.warehouse}
    workspace.close()

    def ga4(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "ga4_analytics", *arguments, "-w", folder],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **settings},
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    ga4("load", str(path))
    assert "Built" in ga4("run", str(path))
    assert "up to date" in ga4("run", str(path))
