"""The warehouse on a Postgres server, version 15 or newer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from psycopg import sql as pgsql

from ga4_analytics.errors import WarehouseError
from ga4_analytics.sources.schema import Kind
from ga4_analytics.warehouse import postgres_text as text
from ga4_analytics.warehouse.base import (
    HELD_SQL,
    DayKey,
    Progress,
    Stage,
    Statement,
    check_held,
)
from ga4_analytics.warehouse.ddl import (
    REPLACED,
    SCHEMAS,
    add_column,
    column_list,
    create_table,
    missing_columns,
)
from ga4_analytics.warehouse.parquet import BATCH_ROWS, write_batches
from ga4_analytics.warehouse.postgres_errors import explained, unsupported
from ga4_analytics.warehouse.postgres_roles import Grant, grant_read
from ga4_analytics.warehouse.postgres_url import PostgresTarget
from ga4_analytics.warehouse.tables import EVENTS, ITEMS, RESULTS, TABLES, Table

TYPES: Mapping[Kind, str] = {
    "text": 'text collate "C"',
    "bigint": "bigint",
    "integer": "integer",
    "boolean": "boolean",
    "date": "date",
    "double": "double precision",
}
STAGE_MEMORY_LIMIT = "700MB"
LOCK_TIMEOUT = "30s"
# Days lie together on disk, so block ranges find one; a b-tree took 60 % more of the
# server's time at load, and a primary key on (dataset, event_id) three times as much.
_INDEXED = ("ga4_events", "ga4_items")
# One writer at a time: two loads of one day would each delete nothing and insert it twice.
WRITER_LOCK = "select pg_advisory_xact_lock(hashtext('ga4_analytics.raw'))"
_COLUMNS = """
    select a.attname, format_type(a.atttypid, a.atttypmod)
           || case when t.typcollation = 0 then '' else ' collate "' || c.collname || '"' end
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    left join pg_collation c on c.oid = a.attcollation
    where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped
"""

_Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresWarehouse:
    """A warehouse in one database, connected to when it is first needed.

    Args:
        target: The database.
        temp_folder: Where the DuckDB that reads staged files spills.
    """

    engine = "postgres"
    types = TYPES

    def __init__(self, target: PostgresTarget, temp_folder: Path) -> None:
        self._target = target
        self._temp_folder = temp_folder
        self._connection: _Connection | None = None

    def describe(self) -> str:
        """Give the URL without its password."""
        return self._target.describe()

    def prepare(self) -> None:
        """Make the schemas and tables of ``raw``, and add columns that are missing.

        Raises:
            WarehouseError: A table is there with other types, or the role may not.
        """
        with self._told("prepare the tables"), self._writing() as cursor:
            cursor.execute("select nspname from pg_namespace")
            # "if not exists" asks for the right to create even where there is no need.
            there = {name for (name,) in cursor.fetchall()}
            for schema in SCHEMAS:
                if schema not in there:
                    cursor.execute(pgsql.SQL("create schema {}").format(pgsql.Identifier(schema)))
            for table in TABLES:
                _execute(cursor, create_table(table, TYPES))
                cursor.execute(_COLUMNS, [f"raw.{table.name}"])
                for column in missing_columns(table, dict(cursor.fetchall()), TYPES):
                    _execute(cursor, add_column(table, column, TYPES))
            for name in _INDEXED:
                _execute(
                    cursor,
                    f"create index if not exists {name}_day on raw.{name} "
                    "using brin (dataset, event_date) with (pages_per_range = 32)",
                )

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
            self._given_back(),
            self._staged() as staged,
            self._writing() as cursor,
        ):
            datasets = {day.dataset for day in stage.days}
            for dataset in datasets if stage.held is not None else ():
                cursor.execute(HELD_SQL.replace("?", "%s").encode(), [dataset])
                check_held(stage, cursor.fetchall())
            _run(cursor, stage.before)
            _delete_days(cursor, stage.days)
            for table, select, report in (
                (EVENTS, stage.events_sql, progress),
                (ITEMS, stage.items_sql, lambda rows: None),
            ):
                names = column_list(column.name for column in table.columns)
                reader = staged.execute(f"select {names} from ({select}) as staged")
                _copy_in(cursor, table, reader.to_arrow_reader(BATCH_ROWS), report)
            _copy_ledger(cursor, stage.ledger)
            _run(cursor, stage.after)
        self._after_load()

    def add_rows(self, rows: Mapping[str, pa.Table]) -> None:
        """Add rows to ledger tables of ``raw``, by table name, in one transaction.

        Raises:
            WarehouseError: The engine refused; nothing was added.
        """
        with self._told("add rows to the ledger"), self._writing() as cursor:
            _copy_ledger(cursor, rows)

    def change(self, statements: Sequence[Statement], rows: Mapping[str, pa.Table]) -> list[int]:
        """Run statements, then add rows to our own tables, in one transaction.

        Returns:
            How many rows each statement touched.

        Raises:
            WarehouseError: The engine refused; nothing was changed.
        """
        with self._told("change rows"), self._writing() as cursor:
            touched = _run(cursor, statements)
            _copy_ledger(cursor, rows)
        self._after_load()
        return touched

    def stored_columns(self, table: Table) -> tuple[str, ...]:
        """Every column of a table of ``raw``: a null takes a bit."""
        return tuple(column.name for column in table.columns)

    def compact(self) -> None:
        """Rewrite our own tables, so that no deleted row is left in their files.

        Raises:
            WarehouseError: The engine refused, or the disk has no room for a copy.
        """
        with self._told("rewrite the tables"):
            there = [each for each in RESULTS if self.relation_exists(each.schema, each.name)]
            for table in (*TABLES, *there):
                name = pgsql.Identifier(table.schema, table.name)
                self._open().execute(pgsql.SQL("vacuum (full, analyze) {}").format(name))

    def grant_read(self, role: str, password: str | None) -> Grant:
        """Let a role read what is published; see `postgres_roles.grant_read`.

        Raises:
            SettingsError: The role can write, or is missing and has no password.
            WarehouseError: The engine refused; nothing was granted.
        """
        self.prepare()
        with self._told(f"grant rights to {role}"):
            return grant_read(self._open(), role, password)

    def query(self, sql: str, params: Sequence[Any] = ()) -> pa.Table:
        """Run one select with ``?`` parameters; small results only.

        Raises:
            WarehouseError: The engine refused.
        """
        with self._told("answer a query"):
            return _reader(self._open(), sql, params).read_all()

    def stream(self, sql: str, params: Sequence[Any] = ()) -> Iterator[pa.RecordBatch]:
        """Run one select and give its rows in batches, in the order it asks for.

        Raises:
            WarehouseError: The engine refused.
        """
        # A connection of its own, so that other queries can run while it is being read.
        with self._told("answer a query"), self._connect() as connection:
            yield from _reader(connection, sql, params)

    def write_parquet(self, sql: str, path: Path) -> int:
        """Write the rows of one select to a Parquet file; gives how many there were.

        Raises:
            WarehouseError: The engine refused.
            OSError: The file cannot be written.
        """
        with self._told("write a file"), self._connect() as connection:
            return write_batches(_reader(connection, sql, ()), path)

    def relation_exists(self, schema: str, name: str) -> bool:
        """Whether a table or view of that name is there."""
        found = self.query(
            "select 1 as found from information_schema.tables "
            "where table_schema = ? and table_name = ?",
            [schema, name],
        )
        return bool(found.num_rows)

    def dbt_output(self) -> dict[str, Any]:
        """Give the ``outputs`` entry of a dbt profile, without the password."""
        return self._target.dbt_output()

    def dbt_environment(self) -> dict[str, str]:
        """Give the variables with dbt's password and session settings."""
        return self._target.dbt_environment()

    @contextlib.contextmanager
    def released(self) -> Iterator[None]:
        """Disconnect while dbt runs, so that no idle session stays on the server."""
        self.close()
        yield

    def close(self) -> None:
        """Disconnect; the next use connects again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> _Connection:
        try:
            connection = psycopg.connect(autocommit=True, **self._target.connect_arguments())
        except psycopg.Error as error:
            raise explained(error, "connect", self.describe()) from None
        problem = unsupported(connection, self.describe())
        if problem is not None:
            connection.close()
            raise problem
        return connection

    def _open(self) -> _Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        return self._connection

    @contextlib.contextmanager
    def _writing(self) -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
        connection = self._open()
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("select set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
            cursor.execute(WRITER_LOCK)
            yield cursor

    @contextlib.contextmanager
    def _staged(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self._temp_folder.mkdir(parents=True, exist_ok=True)
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": STAGE_MEMORY_LIMIT,
            "temp_directory": str(self._temp_folder),
        }
        with contextlib.closing(duckdb.connect(":memory:", config=settings)) as connection:
            yield connection

    def _after_load(self) -> None:
        # The rows are committed: a failure to count them must not look like a failed load.
        with contextlib.suppress(psycopg.Error, WarehouseError):
            for name in REPLACED:
                self._open().execute(pgsql.SQL("analyze {}").format(pgsql.Identifier("raw", name)))
            for name in _INDEXED:
                # Ranges without a summary are read whole at each search.
                self._open().execute("select brin_summarize_new_values(%s)", [f"raw.{name}_day"])

    @contextlib.contextmanager
    def _given_back(self) -> Iterator[None]:
        """After a load that filled the disk: cut its dead rows off the tables' files.

        Postgres keeps what a failed transaction wrote until a vacuum, so the disk would still
        be full for the next load.
        """
        try:
            yield
        except psycopg.errors.DiskFull:
            with contextlib.suppress(psycopg.Error, WarehouseError):
                for name in REPLACED:
                    table = pgsql.Identifier("raw", name)
                    self._open().execute(pgsql.SQL("vacuum (truncate) {}").format(table))
            raise

    @contextlib.contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Turn what Postgres, or the DuckDB that reads the stage, says into our error."""
        try:
            yield
        except psycopg.Error as error:
            raise explained(error, doing, self.describe()) from error
        except (duckdb.Error, pa.ArrowException) as error:
            raise WarehouseError(
                f"Could not {doing} in {self.describe()}: {error}.",
                rule="Rows pass between Arrow and Postgres unchanged or not at all.",
                remedy="Nothing was changed. Load again; report this if it stays.",
            ) from error


def _execute(cursor: psycopg.Cursor[tuple[Any, ...]], statement: str) -> None:
    # The statement is made of constants of this package only.
    cursor.execute(statement.encode("utf-8"))


def _run(cursor: psycopg.Cursor[tuple[Any, ...]], statements: Iterable[Statement]) -> list[int]:
    touched = []
    for statement in statements:
        cursor.execute(_with_literals(cursor.connection, statement.sql, statement.params))
        touched.append(cursor.rowcount)
    return touched


def _delete_days(cursor: psycopg.Cursor[tuple[Any, ...]], days: Sequence[DayKey]) -> None:
    datasets = [day.dataset for day in days]
    dates = [day.event_date for day in days]
    for name in REPLACED:
        cursor.execute(
            pgsql.SQL(
                "delete from {} as kept using unnest(%s::text[], %s::date[]) "
                "as gone (dataset, event_date) "
                "where kept.dataset = gone.dataset and kept.event_date = gone.event_date"
            ).format(pgsql.Identifier("raw", name)),
            [datasets, dates],
        )


def _copy_ledger(cursor: psycopg.Cursor[tuple[Any, ...]], rows: Mapping[str, pa.Table]) -> None:
    tables = {table.name: table for table in (*TABLES, *RESULTS)}
    for name, data in rows.items():
        wanted = data.select([column.name for column in tables[name].columns])
        _copy_in(cursor, tables[name], wanted.to_batches(BATCH_ROWS), lambda rows: None)


def _copy_in(
    cursor: psycopg.Cursor[tuple[Any, ...]],
    table: Table,
    batches: Iterable[pa.RecordBatch],
    progress: Progress,
) -> None:
    """Copy batches into a table; a thread makes the next text meanwhile."""
    source = iter(batches)

    def encode() -> tuple[list[str], memoryview, int] | None:
        batch = next((batch for batch in source if batch.num_rows), None)
        if batch is None:
            return None
        names = text.filled_columns(batch)
        return names, text.to_csv(batch.select(names)), batch.num_rows

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(encode)
        while (ready := coming.result()) is not None:
            coming = pool.submit(encode)
            names, data, rows = ready
            statement = pgsql.SQL("copy {} ({}) from stdin (format csv)").format(
                pgsql.Identifier(table.schema, table.name),
                pgsql.SQL(", ").join(map(pgsql.Identifier, names)),
            )
            with cursor.copy(statement) as copy:
                copy.write(data)
            progress(rows)


def _reader(connection: _Connection, sql: str, params: Sequence[Any]) -> pa.RecordBatchReader:
    """Run a select through COPY, several times faster than fetching rows.

    COPY takes no bound parameters, so they become literals through psycopg's own quoting.
    """
    statement = _with_literals(connection, sql, params)
    with connection.cursor() as cursor:
        # Limit 0 tells the types without running the select.
        cursor.execute(b"select * from (" + statement + b"\n) as answer limit 0")
        described = cursor.description or []
        types = [
            text.arrow_type(_type_name(connection, column.type_code), column.scale)
            for column in described
        ]
    schema = pa.schema([(column.name, kind) for column, kind in zip(described, types, strict=True)])

    def batches() -> Iterator[pa.RecordBatch]:
        with (
            connection.cursor() as cursor,
            cursor.copy(b"copy (" + statement + b"\n) to stdout (format csv)") as copy,
        ):
            for block in text.blocks(copy):
                yield pa.RecordBatch.from_arrays(text.from_csv(block, types), schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _with_literals(connection: _Connection, sql: str, params: Sequence[Any]) -> bytes:
    pieces = text.split_placeholders(sql)
    if len(pieces) != len(params) + 1:
        raise WarehouseError(
            f"A query has {len(pieces) - 1} placeholders and {len(params)} parameters.",
            rule="Each ? outside of texts and comments takes one parameter.",
        )
    parts = [pieces[0].encode("utf-8")]
    for value, piece in zip(params, pieces[1:], strict=True):
        parts += [pgsql.Literal(value).as_bytes(connection), piece.encode("utf-8")]
    return b"".join(parts)


def _type_name(connection: _Connection, oid: int) -> str:
    known = connection.adapters.types.get(oid)
    return known.name if known is not None else f"number {oid}"
