"""One snapshot that every surface reads: the marts as Parquet, the indexes, ``status.json``.

A snapshot is written beside the live one and becomes live by one rename of the file
``CURRENT``; a publisher that dies in between leaves the old one live, and the next
publisher clears what it left.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ga4_analytics.errors import BuildError, StaleError
from ga4_analytics.index.reader import Index
from ga4_analytics.publish.indexes import IndexBuild, clear_files, write_manifests
from ga4_analytics.publish.live import (
    POINTER,
    SNAPSHOTS,
    STATUS,
    live_folder,
    live_id,
    open_published,
    snapshot_status,
)
from ga4_analytics.publish.status import collect_status, fingerprint
from ga4_analytics.settings import Settings
from ga4_analytics.storage.atomic import atomic_folder, remove_leftovers, write_text
from ga4_analytics.transform.project import mart_names
from ga4_analytics.warehouse.base import Warehouse

Progress = Callable[[str], None]
"""Told the name of each mart when it is written."""

Judge = Callable[["Snapshot"], list[dict[str, Any]]]
"""Compares the marts and indexes of a draft; gives what its status says of that, or raises."""


@dataclass(frozen=True)
class Snapshot:
    """A published copy of the marts.

    Attributes:
        folder: Where its files are.
        status: The content of its ``status.json``.
    """

    folder: Path
    status: dict[str, Any]

    @property
    def id(self) -> str:
        """Its name: the time of publishing and the data's fingerprint."""
        return self.folder.name

    @property
    def tables(self) -> tuple[str, ...]:
        """The marts it holds, in order."""
        return tuple(sorted(self.status["marts"]))

    def table(self, name: str) -> pa.Table:
        """Read one mart.

        Raises:
            StaleError: The snapshot has no such mart, or its file is gone or damaged.
        """
        path = self.folder / f"{name}.parquet"
        try:
            return pq.read_table(path, memory_map=False)
        except (OSError, pa.ArrowInvalid) as error:
            raise StaleError(
                f"Snapshot {self.id} cannot give the mart {name}: {error}.",
                rule=f"It holds {', '.join(self.tables)}.",
                remedy="Publish again with `ga4 build`.",
            ) from error

    def index(self, dataset: str, state_dir: Path) -> Index:
        """Open the index of a dataset.

        Args:
            dataset: The property.
            state_dir: The workspace's folder for what the program alone needs.

        Raises:
            StaleError: The snapshot has none, or its files are gone or of another format.
        """
        return open_published(self.folder, dataset, state_dir)

    @classmethod
    def current(cls, settings: Settings) -> Snapshot:
        """The live snapshot of a workspace.

        Raises:
            StaleError: Nothing was published yet, or the snapshot's files are gone.
        """
        return cls.open(live_folder(settings))

    @classmethod
    def open(cls, folder: Path) -> Snapshot:
        """Read the snapshot in a folder.

        Raises:
            StaleError: Its status cannot be read.
        """
        return cls(folder, snapshot_status(folder))


def publish(
    warehouse: Warehouse,
    settings: Settings,
    now_us: int,
    progress: Progress = lambda mart: None,
    indexes: Sequence[IndexBuild] = (),
    judge: Judge = lambda draft: [],
) -> Snapshot:
    """Write every mart and the status as one snapshot and make it the live one.

    Args:
        warehouse: A warehouse in which dbt has built the marts. The caller holds the
            workspace's lock: two publishers at once would clear each other's files.
        settings: The workspace's settings.
        now_us: The time of publishing, microseconds UTC.
        progress: Told of each mart.
        indexes: Indexes whose files are written; they become live with the marts.
        judge: Looks at the whole before it becomes live.

    Raises:
        BuildError: A mart is not in the warehouse, or the judge refused.
    """
    marks = fingerprint(warehouse, settings)
    name = f"{_compact(now_us)}-{marks[:12]}"
    root = settings.state_dir / SNAPSHOTS
    previous = live_id(settings)
    _clear(root, keep={previous})
    with atomic_folder(root / name) as draft:
        status = collect_status(warehouse, settings, now_us)
        status |= {"snapshot": name, "published_at_us": now_us, "fingerprint": marks}
        users = _user_counts(warehouse)
        for facts in status["datasets"]:
            facts["users"] = users.get(facts["dataset"])
        status["marts"] = _write_marts(warehouse, draft, progress)
        status["indexes"] = write_manifests(draft, indexes)
        status["verification"] = judge(Snapshot(draft, status))
        text = json.dumps(status, indent=2, ensure_ascii=False) + "\n"
        (draft / STATUS).write_text(text, encoding="utf-8")
    write_text(settings.state_dir / POINTER, name + "\n")
    _clear(root, keep={name, previous})
    clear_files(settings.state_dir, root)
    return Snapshot.open(root / name)


def drop_earlier(settings: Settings) -> None:
    """Remove every snapshot but the live one."""
    root = settings.state_dir / SNAPSHOTS
    _clear(root, keep={live_id(settings)})
    clear_files(settings.state_dir, root)


def check_current(snapshot: Snapshot, warehouse: Warehouse, settings: Settings) -> None:
    """Refuse a snapshot that is older than the warehouse's days, settings or models.

    Raises:
        StaleError: Something changed since it was published.
    """
    if snapshot.status["fingerprint"] != fingerprint(warehouse, settings):
        raise StaleError(
            f"Snapshot {snapshot.id} is older than the loaded days, the settings or the models.",
            rule="What is shown must come from the data that are there.",
            remedy="Run `ga4 build`.",
        )


def _write_marts(warehouse: Warehouse, folder: Path, progress: Progress) -> dict[str, int]:
    """Write each mart in the order of its columns; gives the rows by mart."""
    rows: dict[str, int] = {}
    for mart in mart_names():
        if not warehouse.relation_exists("analytics", mart):
            raise BuildError(
                f"The mart analytics.{mart} is not in {warehouse.describe()}.",
                rule="All marts are published together.",
                remedy="Run `ga4 build`, and read what it says about this model.",
            )
        # A mart's key is its first columns; the rest make the order total.
        columns = _column_count(warehouse, mart)
        order = ", ".join(str(n + 1) for n in range(columns))
        sql = f"select * from analytics.{mart} order by {order}"
        rows[mart] = warehouse.write_parquet(sql, folder / f"{mart}.parquet")
        progress(mart)
    return rows


def _user_counts(warehouse: Warehouse) -> dict[str, int]:
    """Distinct users of each dataset's whole range: days of users do not add up to it."""
    rows = warehouse.query(
        "select dataset, count(*) as users from analytics.int_users group by dataset"
    ).to_pylist()
    return {row["dataset"]: row["users"] for row in rows}


def _column_count(warehouse: Warehouse, mart: str) -> int:
    found = warehouse.query(
        "select count(*) as columns from information_schema.columns"
        " where table_schema = 'analytics' and table_name = ?",
        (mart,),
    )
    return int(found.column("columns")[0].as_py())


def _compact(time_us: int) -> str:
    """A time as text that sorts.

    >>> _compact(1_606_564_800_000_001)
    '20201128T120000000001Z'
    """
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    return moment.strftime("%Y%m%dT%H%M%S%fZ")


def _clear(root: Path, keep: set[str | None]) -> None:
    """Remove what dead publishers left and snapshots that nobody needs any more."""
    remove_leftovers(root)
    for folder in root.glob("[!.]*"):
        if folder.name not in keep:
            shutil.rmtree(folder, ignore_errors=True)
