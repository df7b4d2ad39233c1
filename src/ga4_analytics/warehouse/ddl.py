"""How the tables of ``raw`` become statements, the same for every engine but for types."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ga4_analytics.errors import WarehouseError
from ga4_analytics.sources.schema import Column, Kind
from ga4_analytics.sources.sql_text import text_literal
from ga4_analytics.warehouse.tables import COPIES, EVENTS, ITEMS, Table

SCHEMAS: tuple[str, ...] = ("raw", "analytics", "results")
"""Every schema that is made; dbt fills ``analytics``."""

UNKEYED: frozenset[str] = frozenset({EVENTS.name, ITEMS.name})
"""Tables without a primary key: an index over millions of text ids costs more than the
load itself, and the ids are unique by construction; a dbt test checks them."""

REPLACED: tuple[str, ...] = tuple(COPIES)
"""Tables whose rows belong to a day and go when the day is replaced."""


_VIRTUAL = " generated always as (null) virtual"


def quoted(name: str) -> str:
    """Quote an identifier.

    >>> quoted('or"der')
    '"or""der"'
    """
    return '"' + name.replace('"', '""') + '"'


def column_list(columns: Iterable[str]) -> str:
    """Name columns one after the other.

    >>> column_list(["a", "b"])
    '"a", "b"'
    """
    return ", ".join(quoted(name) for name in columns)


def create_table(
    table: Table, types: Mapping[Kind, str], stored: Collection[str] | None = None
) -> str:
    """Write the statement that makes a table where it is missing.

    Args:
        table: The table.
        types: The engine's type for each kind of column, with its collation.
        stored: The columns that take room; the others are virtual and null. None: all.

    Returns:
        One statement.

    >>> from ga4_analytics.warehouse.tables import DAY_FILES
    >>> types = {"text": "varchar", "date": "date", "boolean": "boolean"}
    >>> print(create_table(DAY_FILES, types))
    create table if not exists raw."day_files" (
      "dataset" varchar not null,
      "event_date" date not null,
      "sha256" varchar not null,
      "reading" varchar,
      "is_superseded" boolean,
      primary key ("dataset", "event_date", "sha256")
    )
    """
    parts = [
        f"{quoted(column.name)} {types[column.kind]}"
        + (" not null" if column.name in table.key else "")
        + ("" if stored is None or column.name in stored else _VIRTUAL)
        for column in table.columns
    ]
    if table.key and table.name not in UNKEYED:
        parts.append(f"primary key ({column_list(table.key)})")
    body = ",\n  ".join(parts)
    return f"create table if not exists {table.schema}.{quoted(table.name)} (\n  {body}\n)"


def comments(table: Table) -> list[str]:
    """Write the statements that say in the warehouse what a table and its columns are.

    >>> from ga4_analytics.warehouse.tables import CHURN_SCORES
    >>> print(comments(CHURN_SCORES)[1])
    comment on column results."churn_scores"."dataset" is 'The property.'
    """
    name = f"{table.schema}.{quoted(table.name)}"
    return [
        f"comment on table {name} is {text_literal(table.about)}",
        *(
            f"comment on column {name}.{quoted(column.name)} is {text_literal(column.about)}"
            for column in table.columns
        ),
    ]


def add_column(table: Table, column: Column, types: Mapping[Kind, str]) -> str:
    """Write the statement that adds a column which an older version did not have.

    >>> from ga4_analytics.warehouse.tables import DAY_FILES
    >>> add_column(DAY_FILES, DAY_FILES.columns[-1], {"boolean": "boolean"})
    'alter table raw."day_files" add column "is_superseded" boolean'
    """
    return (
        f"alter table raw.{quoted(table.name)} add column {quoted(column.name)} "
        + (types[column.kind])
    )


def missing_columns(
    table: Table, found: Mapping[str, str], types: Mapping[Kind, str]
) -> tuple[Column, ...]:
    """Give the columns that a table in a warehouse lacks.

    Columns that we do not know are left alone: a newer version, or a person, added them.

    Args:
        table: What the table should be.
        found: The types that the engine tells, by column name.
        types: The engine's type for each kind of column.

    Returns:
        The columns to add, in order.

    Raises:
        WarehouseError: A column has another type, or a part of the key is missing.
    """
    missing = []
    for column in table.columns:
        kind = found.get(column.name)
        if kind is None:
            missing.append(column)
        elif kind != types[column.kind]:
            raise _wrong(table, f"column {column.name} is {kind}, not {types[column.kind]}")
    for column in missing:
        if column.name in table.key:
            raise _wrong(table, f"column {column.name}, a part of its key, is not there")
    return tuple(missing)


def _wrong(table: Table, problem: str) -> WarehouseError:
    return WarehouseError(
        f"Table raw.{table.name} is there, but {problem}.",
        rule="The tables of schema raw belong to this program and have the types it gave them.",
        remedy=f"Rename or drop raw.{table.name}, or name another database, and load again.",
    )
