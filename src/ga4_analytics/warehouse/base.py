"""What every warehouse can do; the engines live beside this file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from ga4_analytics.errors import WarehouseError
from ga4_analytics.sources.schema import Kind
from ga4_analytics.warehouse.tables import EVENTS, Table

Progress = Callable[[int], None]
"""Told how many more rows were written."""


@dataclass(frozen=True)
class DayKey:
    """A loaded day: the unit of replacement."""

    dataset: str
    event_date: date


@dataclass(frozen=True)
class Statement:
    """One insert, update or delete in the SQL that all engines share.

    Attributes:
        sql: With ``?`` where a parameter goes.
        params: The parameters.
    """

    sql: str
    params: tuple[Any, ...] = ()


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
        held: Day to the load that wrote it, for those of ``days`` that were there when the
            load looked; None checks nothing.
        filled: The columns of ``events_sql`` that may hold a value; the others are null.
        before: Statements to run in the transaction before any row is deleted.
        after: Statements to run in the transaction when all rows are written.
    """

    days: tuple[DayKey, ...]
    events_sql: str
    items_sql: str
    ledger: Mapping[str, pa.Table]
    event_rows: int
    held: Mapping[date, str] | None = None
    filled: frozenset[str] = frozenset(column.name for column in EVENTS.columns)
    before: tuple[Statement, ...] = ()
    after: tuple[Statement, ...] = ()


HELD_SQL = "select event_date, load_id from raw.ga4_days where dataset = ?"


def check_held(stage: Stage, found: Iterable[tuple[date, str]]) -> None:
    """Refuse to replace days that somebody else wrote since the load looked at them.

    Args:
        stage: What is about to be written.
        found: Day and load of every day of the dataset, read within the transaction.

    Raises:
        WarehouseError: A day changed hands.
    """
    if stage.held is None:
        return
    now = dict(found)
    for day in stage.days:
        if now.get(day.event_date) != stage.held.get(day.event_date):
            raise WarehouseError(
                f"Another load wrote {day.event_date} of {day.dataset} while this one was at work.",
                rule="A load replaces the days that it looked at.",
                remedy="Nothing was changed. Run it again.",
            )


class Warehouse(Protocol):
    """A place that keeps ``raw`` and in which dbt builds ``analytics``.

    Methods raise `WarehouseError` where the engine cannot be reached or written.
    """

    engine: str
    """'duckdb' or 'postgres'."""
    types: Mapping[Kind, str]
    """The engine's type for each kind of column."""

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

    def change(self, statements: Sequence[Statement], rows: Mapping[str, pa.Table]) -> list[int]:
        """Run statements, then add rows to our own tables, in one transaction.

        Returns:
            How many rows each statement touched.
        """
        ...

    def stored_columns(self, table: Table) -> tuple[str, ...]:
        """The columns of a table of ``raw`` that can hold a value, in their order."""
        ...

    def compact(self) -> None:
        """Rewrite the storage, so that no deleted row is left in it."""
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
