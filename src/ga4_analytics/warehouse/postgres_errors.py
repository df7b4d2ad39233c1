"""What went wrong on Postgres, and what to do about it."""

from __future__ import annotations

from typing import Any

import psycopg

from ga4_analytics.errors import WarehouseError

OLDEST_VERSION = 150000

# First fitting one wins. Codes: https://www.postgresql.org/docs/15/errcodes-appendix.html;
# a failed connection has no code, only a text.
_BY_CODE: tuple[tuple[str, str], ...] = (
    ("53100", "The server's disk is full: free space there. The old data is as it was."),
    ("53200", "The server is out of memory. The old data is as it was; load fewer files."),
    ("55P03", "Another ga4 is writing to this database: wait until it is done."),
    ("40P01", "Another program locked the same tables: run this again."),
    ("25006", "The database is read-only: use the primary server, or another database."),
    ("42501", "Give this role the right, for example: grant create on database ... to ...;"),
    ("57P0", "The server closed the connection: see its log, then run this again."),
    ("42P01", "Run ga4 load, or ga4 build, first: the table is not there yet."),
)
_BY_TEXT: tuple[tuple[str, str], ...] = (
    (
        "password authentication failed",
        "Correct the user or password in the warehouse URL, "
        "PGPASSWORD or the password file; encode special characters (@ as %40).",
    ),
    (
        "no password supplied",
        "Put the password into the warehouse URL, PGPASSWORD or the password file.",
    ),
    ("role ", "Create the role, or name another user in the warehouse URL."),
    ("does not exist", "Create the database first: createdb, or create database ...;"),
    ("Connection refused", "Start the server, or correct host and port."),
    ("translate host name", "Correct the host's name."),
    ("could not translate", "Correct the host's name."),
    ("timeout", "Check that the server can be reached from here (firewall, VPN, port)."),
    ("SSL", "Set sslmode in the URL to what the server offers, for example ?sslmode=require."),
    ("connection", "See whether the server still runs, then run this again."),
)


def explained(error: psycopg.Error, doing: str, where: str) -> WarehouseError:
    """Make our error of psycopg's.

    Args:
        error: What psycopg raised.
        doing: What was being done, as an infinitive.
        where: The database, without its password.

    Returns:
        The error to raise. Its message has the server's first line and not its context,
        which can repeat rows.
    """
    said = error.diag.message_primary or str(error).strip().split("\n")[-1]
    code = error.sqlstate or ""
    remedy = next((advice for start, advice in _BY_CODE if code.startswith(start)), "")
    if not code:
        remedy = next((advice for part, advice in _BY_TEXT if part in str(error)), "")
    return WarehouseError(
        f"Could not {doing} in {where}: {said.rstrip('.')}.",
        remedy=remedy or "Nothing was changed. See the server's message above.",
    )


def unsupported(
    connection: psycopg.Connection[tuple[Any, ...]], where: str
) -> WarehouseError | None:
    """Say why a server cannot be used, if so."""
    version = connection.info.server_version
    if version < OLDEST_VERSION:
        return WarehouseError(
            f"{where} is Postgres {version // 10000}.",
            rule="The warehouse needs Postgres 15 or newer.",
            remedy="Upgrade the server, or use the embedded DuckDB file.",
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        return WarehouseError(
            f"{where} has the encoding {encoding}.",
            rule="Analytics text is Unicode; the database must be UTF8.",
            remedy="Make one: create database ga4 encoding 'UTF8' template template0;",
        )
    return None
