"""Rows of ``raw`` in a DuckDB file: which columns it stores, how rows come and go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from ga4_analytics.sources.schema import Kind
from ga4_analytics.warehouse.base import DayKey, Statement
from ga4_analytics.warehouse.ddl import REPLACED, add_column, column_list, quoted
from ga4_analytics.warehouse.tables import EVENTS, RESULTS, TABLES, Table

TYPES: Mapping[Kind, str] = {
    "text": "VARCHAR",
    "bigint": "BIGINT",
    "integer": "INTEGER",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "double": "DOUBLE",
}

STORAGE_VERSION = "v1.3.0"
"""The oldest DuckDB that can open a new file. A file that an older one made stays as it is."""
LONG_TEXTS = frozenset({"event_params", "user_properties", "other_fields"})
"""Columns of which nearly all values differ. Zstandard takes a third of the room that DuckDB's
own choice takes for them, and half its time."""


def stored_first(table: Table) -> Collection[str] | None:
    """The columns that a new table stores.

    A column of nulls costs a load nearly as much as one with values, and exports leave most
    of an event's columns empty: those are virtual until a load fills them.
    """
    return table.key if table is EVENTS else None


def stored(connection: duckdb.DuckDBPyConnection, table: Table) -> tuple[str, ...]:
    """The columns of a table that can hold a value, in their order."""
    found = connection.execute(
        "select column_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = ? and table_name = ? and column_default is null",
        [table.schema, table.name],
    ).fetchall()
    names = {name for (name,) in found}
    return tuple(column.name for column in table.columns if column.name in names)


def store(connection: duckdb.DuckDBPyConnection, filled: Collection[str]) -> None:
    """Make room for columns of events that were null in every load so far."""
    wanted = set(filled).difference(stored(connection, EVENTS))
    for column in EVENTS.columns:
        if column.name in wanted:
            name = f"raw.{quoted(EVENTS.name)}"
            connection.execute(f"alter table {name} drop column {quoted(column.name)}")
            long = " using compression zstd" if column.name in LONG_TEXTS else ""
            connection.execute(add_column(EVENTS, column, TYPES) + long)


def delete_days(connection: duckdb.DuckDBPyConnection, days: Sequence[DayKey]) -> None:
    """Delete every row of days."""
    keys = pa.table(
        {
            "dataset": pa.array([day.dataset for day in days], pa.string()),
            "event_date": pa.array([day.event_date for day in days], pa.date32()),
        }
    )
    with registered(connection, "days_to_replace", keys):
        for name in REPLACED:
            connection.execute(
                f"delete from raw.{quoted(name)} where (dataset, event_date) in "
                "(select (dataset, event_date) from days_to_replace)"
            )


def run(connection: duckdb.DuckDBPyConnection, statements: Iterable[Statement]) -> list[int]:
    """Run statements; gives how many rows each touched."""
    touched = []
    for statement in statements:
        row = connection.execute(statement.sql, list(statement.params)).fetchone()
        touched.append(int(row[0]) if row else 0)
    return touched


def insert_ledger(connection: duckdb.DuckDBPyConnection, rows: Mapping[str, pa.Table]) -> None:
    """Add rows to tables, by table name."""
    tables = {table.name: table for table in (*TABLES, *RESULTS)}
    for name, data in rows.items():
        with registered(connection, "ledger_rows", data):
            insert(connection, tables[name], "select * from ledger_rows")


def insert(connection: duckdb.DuckDBPyConnection, table: Table, sql: str) -> None:
    """Insert the rows of a select into a table, but for columns that store nothing."""
    names = column_list(stored(connection, table))
    connection.execute(
        f"insert into {table.schema}.{quoted(table.name)} ({names}) "
        f"select {names} from ({sql}) as staged"
    )


@contextmanager
def registered(connection: duckdb.DuckDBPyConnection, name: str, data: pa.Table) -> Iterator[None]:
    """Let statements name a table of Arrow's."""
    connection.register(name, data)
    try:
        yield
    finally:
        connection.unregister(name)
