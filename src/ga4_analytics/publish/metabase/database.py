"""The connection to the warehouse, and what Metabase has found behind it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ga4_analytics.errors import MetabaseError
from ga4_analytics.publish.metabase.client import Json, Metabase
from ga4_analytics.publish.metabase.target import Connection
from ga4_analytics.publish.metabase.work import Change, Work

ENGINE = "postgres"
SCHEMA = "analytics"
_POLL_SECONDS = 1.0
_NAMED = 5

Needed = Mapping[str, frozenset[str]]
"""The columns that must be there, by table of schema ``analytics``."""


@dataclass(frozen=True)
class Table:
    """A table as Metabase knows it.

    Attributes:
        id: Its number.
        facts: What the server says of it.
        fields: What it says of each column, by name.
    """

    id: int
    facts: Json
    fields: Mapping[str, Json] = field(default_factory=dict)


Tables = Mapping[str, Table]


def ensure_database(work: Work, name: str, connection: Connection, reconnect: bool) -> int | None:
    """Connect the warehouse, or mend the connection that is there.

    The server never gives a password back, so equal passwords cannot be told from others.
    What can be told is whether the connection works: the server tries it on request. It is
    sent again where it fails, where anything but the password differs, or where asked for.

    Args:
        work: The run.
        name: The connection's title.
        connection: What it must be.
        reconnect: Whether to send it whatever the server says.

    Returns:
        The database's number; None where a plan would make it.

    Raises:
        MetabaseError: The server cannot connect; has the server's reason.
    """
    work.server.hide(connection.password)
    wanted = connection.details()
    secret = {**wanted, "password": connection.password}
    found = _find(work.server, name)
    if found is None:
        body = {"name": name, "engine": ENGINE, "details": secret, "is_full_sync": True}
        if not work.note("database", "create", name):
            return None
        return int(_connected(lambda: work.server.post("/api/database", body), connection)["id"])
    number = int(found["id"])
    details = work.server.get(f"/api/database/{number}").get("details") or {}
    changed = tuple(key for key, value in wanted.items() if details.get(key) != value)
    broken = bool(not changed and _fails(work.server, number))
    if changed or broken or reconnect:
        fields = changed or (("password",) if broken else ())
        if work.note("database", "update" if changed else "reconnect", name, fields):
            path = f"/api/database/{number}"
            _connected(lambda: work.server.put(path, {"details": secret}), connection)
    return number


def wait_for_tables(
    work: Work,
    database: int,
    name: str,
    needed: Needed,
    clock: Callable[[], float] = time.monotonic,
) -> Tables:
    """Have the server look at the warehouse until it knows every column that is needed.

    The server looks by itself and in its own time; only its first look says when it is done.

    Args:
        work: The run. A plan looks once and waits for nothing.
        database: The database's number.
        name: Its title.
        needed: What must be there.
        clock: Gives seconds.

    Raises:
        MetabaseError: Something is still missing when the time is up; names it.
    """
    tables = read_tables(work.server, database)
    created = Change("database", "create", name) in work.changes  # it looks by itself
    if not created and _missing(tables, needed) and work.note("database", "sync", name):
        work.server.post(f"/api/database/{database}/sync_schema", {})
    if not work.apply:
        return tables
    end = clock() + work.limit
    with work.progress.phase("Waiting for Metabase to read the tables", None, "looks") as advance:
        while True:
            missing = _missing(tables, needed)
            if not missing and _synced(work.server, database):
                return tables
            if clock() >= end:
                break
            work.server.sleep(_POLL_SECONDS)
            tables = read_tables(work.server, database)
            advance(1)
    if missing:
        raise _incomplete(missing, work.limit)
    return tables


def read_tables(server: Metabase, database: int) -> dict[str, Table]:
    """What the server knows of schema ``analytics``, hidden columns included."""
    found = server.get(
        f"/api/database/{database}/metadata", include_hidden="true", remove_inactive="true"
    )
    return {
        each["name"]: Table(
            each["id"], each, {column["name"]: column for column in each.get("fields") or ()}
        )
        for each in found["tables"]
        if each["schema"] == SCHEMA
    }


def _find(server: Metabase, name: str) -> Json | None:
    found: Any = server.get("/api/database")
    rows: list[Json] = found["data"] if isinstance(found, dict) else found
    same = (row for row in rows if row["name"] == name and row["engine"] == ENGINE)
    return next(same, None)


def _fails(server: Metabase, database: int) -> bool:
    found = server.find(f"/api/database/{database}/healthcheck")
    return found is not None and found.get("status") == "error"


def _connected(call: Callable[[], Json], connection: Connection) -> Json:
    try:
        return call()
    except MetabaseError as error:
        if error.status != 400:
            raise
        raise MetabaseError(
            f"Metabase cannot connect to {connection.dbname} on {connection.host}:"
            f"{connection.port} as {connection.user}: {error.problem}",
            rule="The host is one that Metabase itself reaches: in Docker Compose the name of "
            "the service, not 127.0.0.1.",
            remedy="Set GA4_METABASE_DB_HOST, _PORT, _NAME, _USER and _PASSWORD, or "
            "GA4_METABASE_DB_URL; `ga4 grant` makes the role.",
            status=error.status,
        ) from None


def _synced(server: Metabase, database: int) -> bool:
    return bool(server.get(f"/api/database/{database}").get("initial_sync_status") != "incomplete")


def _missing(tables: Tables, needed: Needed) -> list[str]:
    """Tables, and columns of tables that are there, that the server does not know."""
    missing: list[str] = []
    for name, columns in sorted(needed.items()):
        if name not in tables:
            missing.append(f"{SCHEMA}.{name}")
            continue
        gone = sorted(columns - tables[name].fields.keys())
        missing += [f"{SCHEMA}.{name}.{column}" for column in gone]
    return missing


def _incomplete(missing: list[str], limit: float) -> MetabaseError:
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    return MetabaseError(
        f"After {limit:g} seconds Metabase still does not see {', '.join(missing[:_NAMED])}{more}.",
        rule="Each card needs its tables, and the role must be allowed to read them.",
        remedy="Build them with `ga4 build`, let the role read them with `ga4 grant`, then run "
        "this again; a slow server needs a longer --timeout.",
    )
