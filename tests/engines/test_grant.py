"""`ga4 grant`: a BI tool reads what is published, also after the next build, and only that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import psycopg.sql
import pytest

from ga4_analytics.errors import SettingsError, WarehouseError
from ga4_analytics.warehouse import open_warehouse
from ga4_analytics.warehouse.postgres import PostgresWarehouse

SECRET = "read-only-9c2"


@pytest.fixture
def role(request: pytest.FixtureRequest, postgres_url: str) -> str:
    """A name that no other test uses; roles belong to the server, not to a database."""
    name = f'b"i {Path(urlsplit(postgres_url).path).name}'

    def drop() -> None:
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            if admin.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone():
                quoted = psycopg.sql.Identifier(name)
                for statement in ("drop owned by {}", "drop role {}"):
                    admin.execute(psycopg.sql.SQL(statement).format(quoted))

    request.addfinalizer(drop)
    return name


def opened(url: str, folder: Path) -> PostgresWarehouse:
    warehouse = open_warehouse(url, folder)
    assert isinstance(warehouse, PostgresWarehouse)
    return warehouse


def reader(url: str, role: str, secret: str = SECRET) -> psycopg.Connection[tuple[object, ...]]:
    parts = urlsplit(url)
    return psycopg.connect(
        host=parts.hostname, port=parts.port, dbname=parts.path[1:], user=role, password=secret,
        autocommit=True,
    )  # fmt: skip


def test_a_role_reads_what_is_there_and_what_comes(
    postgres_url: str, role: str, tmp_path: Path
) -> None:
    warehouse = opened(postgres_url, tmp_path)
    warehouse.prepare()
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("create table analytics.mart as select 1 as n")
        given = warehouse.grant_read(role, SECRET)
        assert (given.is_new, given.tables) == (True, {"analytics": 1})
        # As dbt does: the table is made anew.
        admin.execute("create table analytics.mart_new as select 2 as n")
        admin.execute("drop table analytics.mart")
        admin.execute("alter table analytics.mart_new rename to mart")
        assert SECRET not in str(
            admin.execute("select rolpassword from pg_authid where rolname = %s", [role]).fetchone()
        )
    with reader(postgres_url, role) as bi:
        assert bi.execute("select n from analytics.mart").fetchone() == (2,)
        for refused in (
            "select 1 from raw.ga4_events",
            "insert into analytics.mart values (3)",
            "create table analytics.mine (n int)",
            "drop table analytics.mart",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                bi.execute("set default_transaction_read_only = off")
                bi.execute(refused)
    again = warehouse.grant_read(role, None)
    assert (again.is_new, again.tables) == (False, {"analytics": 1})
    warehouse.close()


def test_a_new_password_replaces_the_old(postgres_url: str, role: str, tmp_path: Path) -> None:
    warehouse = opened(postgres_url, tmp_path)
    warehouse.grant_read(role, SECRET)
    warehouse.grant_read(role, "another")
    with pytest.raises(psycopg.OperationalError, match="password"):
        reader(postgres_url, role)
    reader(postgres_url, role, "another").close()
    warehouse.close()


def test_roles_that_can_write_are_refused(postgres_url: str, role: str, tmp_path: Path) -> None:
    warehouse = opened(postgres_url, tmp_path)
    with pytest.raises(SettingsError, match="superuser"):
        warehouse.grant_read("postgres", None)
    with pytest.raises(SettingsError, match="GA4_GRANT_PASSWORD"):
        warehouse.grant_read(role, None)
    warehouse.grant_read(role, SECRET)
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        grant = psycopg.sql.SQL("grant delete on raw.rejects to {}")
        admin.execute(grant.format(psycopg.sql.Identifier(role)))
    with pytest.raises(WarehouseError, match=r"may write raw\.rejects"):
        warehouse.grant_read(role, None)
    warehouse.close()


def test_an_owner_that_is_no_superuser_can_grant(
    postgres_url: str, role: str, tmp_path: Path
) -> None:
    owner = f"{role} owner"
    quoted = psycopg.sql.Identifier(owner)
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        database = psycopg.sql.Identifier(admin.info.dbname)
        admin.execute(
            psycopg.sql.SQL("create role {} login createrole password 'owns'").format(quoted)
        )
        admin.execute(psycopg.sql.SQL("grant create on database {} to {}").format(database, quoted))
    parts = urlsplit(postgres_url)
    user = owner.replace('"', "%22").replace(" ", "%20")
    url = urlunsplit(parts._replace(netloc=f"{user}:owns@{parts.hostname}:{parts.port}"))
    warehouse = opened(url, tmp_path)
    try:
        assert warehouse.grant_read(role, SECRET).is_new
    finally:
        warehouse.close()
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            for name in (role, owner):
                for statement in ("drop owned by {} cascade", "drop role {}"):
                    admin.execute(psycopg.sql.SQL(statement).format(psycopg.sql.Identifier(name)))


def test_the_embedded_file_has_no_roles(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ga4_analytics", "grant", "metabase", "-w", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "no roles" in done.stderr and "GA4_WAREHOUSE" in done.stderr
