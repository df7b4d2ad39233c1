"""The embedded warehouse: one DuckDB file."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ga4_analytics.errors import SettingsError, WarehouseError
from ga4_analytics.sources.sql_text import text_literal
from ga4_analytics.warehouse.base import (
    HELD_SQL,
    Progress,
    Stage,
    Statement,
    check_held,
)
from ga4_analytics.warehouse.ddl import SCHEMAS, add_column, create_table, missing_columns, quoted
from ga4_analytics.warehouse.duckdb_rows import (
    STORAGE_VERSION,
    TYPES,
    delete_days,
    insert,
    insert_ledger,
    run,
    store,
    stored,
    stored_first,
)
from ga4_analytics.warehouse.parquet import BATCH_ROWS, write_batches
from ga4_analytics.warehouse.tables import EVENTS, ITEMS, TABLES, Table

MEMORY_LIMIT = "1300MB"
REPLACE_MEMORY_LIMIT = "900MB"
"""While days are replaced, in the process that also read and checked them."""
# DuckDB names the catalog after the file; one named like a schema makes raw.x ambiguous.
_RESERVED = frozenset({*SCHEMAS, "main", "memory", "system", "temp"})
_POLL_SECONDS = 0.25


class DuckDBWarehouse:
    """A warehouse in one file, opened when it is first needed.

    Args:
        path: The file; made by the first use.
        temp_folder: Where DuckDB spills what does not fit into its memory.

    Raises:
        SettingsError: The file's name cannot be used.
    """

    engine = "duckdb"
    types = TYPES

    def __init__(self, path: Path, temp_folder: Path) -> None:
        catalog = path.name.lstrip(".").split(".")[0].lower()
        if not catalog or catalog in _RESERVED:
            raise SettingsError(
                f"The warehouse file {path.name!r} would be called like a schema.",
                rule=f"The name must not be one of {', '.join(sorted(_RESERVED))}.",
                remedy="Name it, say, ga4.duckdb.",
            )
        self._path = path
        self._temp_folder = temp_folder
        self._connection: duckdb.DuckDBPyConnection | None = None

    def describe(self) -> str:
        """Give the file's path."""
        return str(self._path)

    def prepare(self) -> None:
        """Make the schemas and tables of ``raw``, and add columns that are missing.

        Raises:
            WarehouseError: A table is there with other types.
        """
        with self._told("prepare the tables"), self._transaction() as connection:
            for schema in SCHEMAS:
                connection.execute(f"create schema if not exists {quoted(schema)}")
            for table in TABLES:
                connection.execute(create_table(table, TYPES, stored_first(table)))
                found = connection.execute(
                    "select column_name, data_type from information_schema.columns "
                    "where table_catalog = current_database() and table_schema = 'raw' "
                    "and table_name = ?",
                    [table.name],
                ).fetchall()
                for column in missing_columns(table, dict(found), TYPES):
                    connection.execute(add_column(table, column, TYPES))

    def replace_days(self, stage: Stage, progress: Progress = lambda rows: None) -> None:
        """Replace whole days in one transaction: all of it, or nothing.

        Args:
            stage: What to write.
            progress: Told how many more events were written.

        Raises:
            WarehouseError: The engine refused; the old rows are as they were.
        """
        with (
            self._told("replace days"),
            self._within(REPLACE_MEMORY_LIMIT),
            self._transaction() as connection,
        ):
            datasets = {day.dataset for day in stage.days}
            for dataset in datasets if stage.held is not None else ():
                check_held(stage, connection.execute(HELD_SQL, [dataset]).fetchall())
            store(connection, stage.filled)
            run(connection, stage.before)
            delete_days(connection, stage.days)
            with _watched(connection, stage.event_rows, progress):
                insert(connection, EVENTS, stage.events_sql)
            insert(connection, ITEMS, stage.items_sql)
            insert_ledger(connection, stage.ledger)
            run(connection, stage.after)

    def add_rows(self, rows: Mapping[str, pa.Table]) -> None:
        """Add rows to ledger tables of ``raw``, by table name, in one transaction.

        Raises:
            WarehouseError: The engine refused; nothing was added.
        """
        with self._told("add rows to the ledger"), self._transaction() as connection:
            insert_ledger(connection, rows)

    def change(self, statements: Sequence[Statement], rows: Mapping[str, pa.Table]) -> list[int]:
        """Run statements, then add rows to our own tables, in one transaction.

        Returns:
            How many rows each statement touched.

        Raises:
            WarehouseError: The engine refused; nothing was changed.
        """
        with self._told("change rows"), self._transaction() as connection:
            touched = run(connection, statements)
            insert_ledger(connection, rows)
        return touched

    def stored_columns(self, table: Table) -> tuple[str, ...]:
        """The columns of a table of ``raw`` that can hold a value, in their order."""
        with self._told("look at a table"):
            return stored(self._open(), table)

    def compact(self) -> None:
        """Rewrite the file, so that no deleted row is left in it.

        The copy becomes the warehouse by one rename; a crash before leaves the file as it was.

        Raises:
            WarehouseError: The engine refused, or the disk has no room for a copy.
        """
        self.close()
        copy = self._path.with_name(f".{self._path.name}.compact")
        for left in (copy, copy.with_name(copy.name + ".wal")):
            left.unlink(missing_ok=True)
        with (
            self._told("rewrite the file"),
            contextlib.closing(duckdb.connect(config={**self._settings()})) as engine,
        ):
            engine.execute(f"attach {text_literal(str(self._path))} as old")
            engine.execute(f"attach {text_literal(str(copy))} as new")
            engine.execute("copy from database old to new")
            engine.execute("detach new")
            engine.execute("detach old")
        copy.replace(self._path)

    def query(self, sql: str, params: Sequence[Any] = ()) -> pa.Table:
        """Run one select with ``?`` parameters; small results only.

        Raises:
            WarehouseError: The engine refused.
        """
        with self._reader(sql, params) as reader, self._told("answer a query"):
            return reader.read_all()

    def stream(self, sql: str, params: Sequence[Any] = ()) -> Iterator[pa.RecordBatch]:
        """Run one select and give its rows in batches, in the order it asks for.

        Raises:
            WarehouseError: The engine refused.
        """
        with self._reader(sql, params) as reader, self._told("answer a query"):
            yield from reader

    def write_parquet(self, sql: str, path: Path) -> int:
        """Write the rows of one select to a Parquet file; gives how many there were.

        Raises:
            WarehouseError: The engine refused.
            OSError: The file cannot be written.
        """
        with self._reader(sql, ()) as reader, self._told("write a file"):
            return write_batches(reader, path)

    def relation_exists(self, schema: str, name: str) -> bool:
        """Whether a table or view of that name is there."""
        found = self.query(
            "select 1 as found from information_schema.tables where table_schema = ? "
            "and table_name = ? and table_catalog = current_database()",
            [schema, name],
        )
        return bool(found.num_rows)

    def dbt_output(self) -> dict[str, Any]:
        """Give the ``outputs`` entry of a dbt profile."""
        return {
            "type": "duckdb",
            "path": str(self._path),
            "schema": "analytics",
            "threads": 2,
            # Given when the file is opened: dbt-duckdb repeats "settings" on every cursor, and
            # DuckDB refuses to set the folder again once it has spilled into it.
            "config_options": self._settings(),
        }

    def dbt_environment(self) -> dict[str, str]:
        """Give no variables: a file has no secrets."""
        return {}

    @contextlib.contextmanager
    def released(self) -> Iterator[None]:
        """Let go of the file while dbt, in this process, has it.

        A process may open a DuckDB file once. dbt-duckdb keeps its connection in a class
        attribute until the process ends, so it is closed here when the block ends.
        """
        self.close()
        try:
            yield
        finally:
            _close_dbt()

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _settings(self) -> dict[str, str]:
        return {
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": str(self._temp_folder),
            "storage_compatibility_version": STORAGE_VERSION,
            "threads": str(os.cpu_count() or 1),
            # Every select that needs an order asks for it; keeping the order of insertion
            # makes DuckDB hold back whole batches in memory.
            "preserve_insertion_order": "false",
        }

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            _make_folders(self._path.parent, self._temp_folder)
            self._connection = duckdb.connect(str(self._path), config={**self._settings()})
            # Lets query_progress answer; nothing is printed. In a notebook DuckDB wants widgets
            # for that: without them there is no progress, and all else works.
            with contextlib.suppress(duckdb.InvalidInputException):
                self._connection.execute("set enable_progress_bar = true")
                self._connection.execute("set enable_progress_bar_print = false")
        return self._connection

    @contextlib.contextmanager
    def _within(self, limit: str) -> Iterator[None]:
        """Let the engine take less memory for a while."""
        engine = self._open()
        engine.execute(f"set memory_limit = '{limit}'")
        try:
            yield
        finally:
            # An engine that failed for good takes no settings any more.
            with contextlib.suppress(duckdb.Error):
                engine.execute(f"set memory_limit = '{MEMORY_LIMIT}'")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        # A cursor of its own, so that a stream that is still being read stays outside.
        with contextlib.closing(self._open().cursor()) as connection:
            connection.begin()
            try:
                yield connection
                connection.commit()
            except BaseException:
                with contextlib.suppress(duckdb.Error):
                    connection.rollback()
                raise

    @contextlib.contextmanager
    def _reader(self, sql: str, params: Sequence[Any]) -> Iterator[pa.RecordBatchReader]:
        with self._told("answer a query"):
            cursor = self._open().cursor()
        with contextlib.closing(cursor):
            with self._told("answer a query"):
                reader = cursor.execute(sql, list(params)).to_arrow_reader(BATCH_ROWS)
            yield reader

    @contextlib.contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Turn what DuckDB says into an error of ours."""
        try:
            yield
        except (duckdb.Error, pa.ArrowException) as error:
            raise _explained(error, doing, self._path) from error


def _make_folders(*folders: Path) -> None:
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WarehouseError(
                f"Could not make the folder {folder}: {error.strerror}.",
                rule="The warehouse file, and what DuckDB spills, need folders of their own.",
                remedy="Make the place writable, or name another file.",
            ) from error


@contextlib.contextmanager
def _watched(
    connection: duckdb.DuckDBPyConnection, rows: int, progress: Progress
) -> Iterator[None]:
    """Report how far a statement is, from a thread, for DuckDB runs it in one call."""
    done = threading.Event()
    told = 0

    def tell(share: float) -> None:
        nonlocal told
        now = int(rows * min(max(share, 0.0), 1.0))
        if now > told:
            progress(now - told)
            told = now

    def watch() -> None:
        while not done.wait(_POLL_SECONDS):
            tell(connection.query_progress() / 100)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    tell(1.0)


def _close_dbt() -> None:
    # Only where dbt ran: importing it takes seconds.
    module = sys.modules.get("dbt.adapters.duckdb.connections")
    if module is None:
        return
    manager = module.DuckDBConnectionManager
    if manager._ENV is not None:
        manager._ENV.close()
    manager.close_all_connections()


def _explained(error: Exception, doing: str, path: Path) -> WarehouseError:
    text = str(error).split("\n")[0].strip()
    rule, remedy = "", "Nothing was changed. See the message above."
    if "Could not set lock" in text or "different configuration" in text:
        rule = "One process at a time may open a DuckDB file."
        remedy = (
            "Close the program that has it open (a notebook, a SQL client, another ga4), "
            "then run this again."
        )
    elif "not a valid DuckDB database" in text:
        rule = "The warehouse is a DuckDB file of version 1."
        remedy = "Name another file, or move this one away; ga4 load makes a new one."
    elif "No space left" in text or "max_temp_directory_size" in text:
        remedy = f"Free space on the disk of {path.parent}. The old data is as it was."
    elif "ermission denied" in text or "read-only" in text.lower():
        remedy = f"Make {path} and its folder writable, or name another file."
    elif isinstance(error, duckdb.OutOfMemoryException):
        rule = (
            f"DuckDB works within {MEMORY_LIMIT}, in a load {REPLACE_MEMORY_LIMIT}, and spills the "
            "rest to disk."
        )
        remedy = "Load fewer files at a time. The old data is as it was."
    return WarehouseError(f"Could not {doing} in {path}: {text}.", rule=rule, remedy=remedy)
