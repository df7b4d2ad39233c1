"""What every warehouse can do; the engines live beside this file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

Progress = Callable[[int], None]
"""Told how many more rows were written."""


@dataclass(frozen=True)
class DayKey:
    """A loaded day: the unit of replacement."""

    dataset: str
    event_date: date


@dataclass(frozen=True)
class Stage:
    """What a load wants to write, as SQL that an in-process DuckDB runs over local files.

    Attributes:
        days: The days to replace; every row of them goes before the new ones come.
        events_sql: A select of the columns of ``raw.ga4_events``, in order.
        items_sql: A select of the columns of ``raw.ga4_items``, in order.
        ledger: Rows for the other tables, by table name; ``ga4_days`` and ``day_files``
            replace the rows of ``days``, the rest are added.
        event_rows: How many events ``events_sql`` gives, for progress.
    """

    days: tuple[DayKey, ...]
    events_sql: str
    items_sql: str
    ledger: Mapping[str, pa.Table]
    event_rows: int


class Warehouse(Protocol):
    """A place that keeps ``raw`` and in which dbt builds ``analytics``.

    Methods raise `WarehouseError` where the engine cannot be reached or written.
    """

    engine: str
    """'duckdb' or 'postgres'."""

    def describe(self) -> str:
        """Where it is, for people: a path, or a URL without its password."""
        ...

    def prepare(self) -> None:
        """Make the schemas and tables of ``raw`` where they are missing."""
        ...

    def replace_days(self, stage: Stage, progress: Progress = lambda rows: None) -> None:
        """Replace whole days in one transaction: all of it, or nothing."""
        ...

    def add_rows(self, rows: Mapping[str, pa.Table]) -> None:
        """Add rows to ledger tables of ``raw``, by table name, in one transaction."""
        ...

    def query(self, sql: str, params: Sequence[Any] = ()) -> pa.Table:
        """Run one select with ``?`` parameters; small results only."""
        ...

    def stream(self, sql: str, params: Sequence[Any] = ()) -> Iterator[pa.RecordBatch]:
        """Run one select and give its rows in batches, in the order it asks for."""
        ...

    def write_parquet(self, sql: str, path: Path) -> int:
        """Write the rows of one select to a Parquet file; gives how many there were."""
        ...

    def relation_exists(self, schema: str, name: str) -> bool:
        """Whether a table or view of that name is there."""
        ...

    def dbt_output(self) -> dict[str, Any]:
        """The ``outputs`` entry of a dbt profile; secrets only as ``env_var`` calls."""
        ...

    def dbt_environment(self) -> dict[str, str]:
        """The environment variables that ``dbt_output`` refers to."""
        ...

    def released(self) -> AbstractContextManager[None]:
        """Let go of the engine while dbt, in this process, has it."""
        ...

    def close(self) -> None:
        """Let go of the engine."""
        ...
