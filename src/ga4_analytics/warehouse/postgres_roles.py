"""A role that may read what is published in a Postgres warehouse, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ga4_analytics.errors import SettingsError, WarehouseError

READABLE = ("analytics", "results")
"""The schemas that BI tools read. Schema raw holds rejected lines and deleted rows."""

_ROLE = "select rolsuper, rolcanlogin from pg_roles where rolname = %s"
_MAY_WRITE = """
    select n.nspname || '.' || c.relname
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('raw', 'analytics', 'results') and c.relkind in ('r', 'p', 'v', 'm')
      and has_table_privilege(%s, c.oid, 'insert, update, delete, truncate')
    order by 1 limit 1
"""
_READS = """
    select n.nspname, count(*)
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('raw', 'analytics', 'results') and c.relkind in ('r', 'p', 'v', 'm')
      and has_schema_privilege(%s, n.oid, 'usage') and has_table_privilege(%s, c.oid, 'select')
    group by 1 order by 1
"""

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Grant:
    """What a role may do now.

    Attributes:
        role: Its name.
        is_new: Whether it was made.
        tables: How many tables it reads, by schema.
    """

    role: str
    is_new: bool
    tables: dict[str, int]


def grant_read(connection: Connection, role: str, password: str | None) -> Grant:
    """Let a role read schemas `READABLE`, also the tables that come to be there later.

    The role is made where it is missing. It is set to read-only transactions. The password goes
    to the server as its SCRAM verifier, so that no log of statements holds it.

    Args:
        connection: Open, as the role that owns the tables.
        role: Name of the role.
        password: Its password; None leaves it as it is.

    Raises:
        SettingsError: The role is missing and there is no password for it, or it is one that
            can write.
        WarehouseError: The rights are not enough to keep it from writing.
    """
    name = sql.Identifier(role)
    with connection.transaction(), connection.cursor() as cursor:
        is_new = _make(cursor, role, password)
        cursor.execute(sql.SQL("alter role {} set default_transaction_read_only = on").format(name))
        cursor.execute(
            sql.SQL("grant connect on database {} to {}").format(
                sql.Identifier(connection.info.dbname), name
            )
        )
        for schema in map(sql.Identifier, READABLE):
            for statement in (
                "grant usage on schema {0} to {1}",
                "grant select on all tables in schema {0} to {1}",
                # dbt makes its tables anew at each build.
                "alter default privileges in schema {0} grant select on tables to {1}",
            ):
                cursor.execute(sql.SQL(statement).format(schema, name))
        _check_read_only(cursor, role)
        cursor.execute(_READS, [role, role])
        return Grant(role, is_new, dict(cursor.fetchall()))


def _make(cursor: psycopg.Cursor[tuple[Any, ...]], role: str, password: str | None) -> bool:
    """Make a role where it is missing; whether it was."""
    cursor.execute(_ROLE, [role])
    found = cursor.fetchone()
    if found is None and password is None:
        raise SettingsError(
            f"Role {role!r} is not on this server.",
            rule="A new role needs a password, from the environment.",
            remedy="Set GA4_GRANT_PASSWORD, or create the role first.",
        )
    if found is not None and found[0]:
        raise SettingsError(
            f"Role {role!r} is a superuser.",
            rule="`ga4 grant` makes a role that can only read.",
            remedy="Name another role; one that is missing is made.",
        )
    if password is not None:
        hashed = cursor.connection.pgconn.encrypt_password(
            password.encode(), role.encode(), b"scram-sha-256"
        )
        how = "create" if found is None else "alter"
        cursor.execute(
            sql.SQL("{} role {} login password {}").format(
                sql.SQL(how), sql.Identifier(role), sql.Literal(hashed.decode())
            )
        )
    return found is None


def _check_read_only(cursor: psycopg.Cursor[tuple[Any, ...]], role: str) -> None:
    cursor.execute(_MAY_WRITE, [role])
    found = cursor.fetchone()
    if found is not None:
        raise WarehouseError(
            f"Role {role!r} may write {found[0]}.",
            rule="A role for BI tools can only read.",
            remedy="Nothing was granted. Name another role, or take that right from this one.",
        )
