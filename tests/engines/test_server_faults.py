"""A Postgres server that fails in the middle of a load: the old state or the new, and the next
load works."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import psycopg.conninfo
import pytest
from postgres_server import HINT, PASSWORD, PostgresServer, find_programs, running_server
from stages import event, make_stage, many_events_sql

from ga4_analytics.errors import WarehouseError
from ga4_analytics.warehouse import Stage, Warehouse, open_warehouse

ROWS = 30_000


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of this module's own, to be ended and started."""
    programs = find_programs()
    if programs is None:
        pytest.skip(HINT)
    with running_server(programs, fsync="on", full_page_writes="on") as started:
        yield started


@pytest.fixture
def url(server: PostgresServer) -> Iterator[str]:
    with server.database() as made:
        yield made


def stage(folder: Path, name: str, rows: int) -> Stage:
    made = make_stage(folder / name, [event(1)])
    return replace(made, events_sql=many_events_sql(rows, name), event_rows=rows)


def names(warehouse: Warehouse) -> set[str]:
    found = warehouse.query("select distinct event_name from raw.ga4_events")
    return set(found.column("event_name").to_pylist())


def cut_session(server: PostgresServer, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )


def restart(server: PostgresServer, url: str) -> None:
    server.stop()
    server.start()


def power_cut(server: PostgresServer, url: str) -> None:
    server.stop(signal.SIGKILL)
    server.start()


@pytest.mark.parametrize("fault", [cut_session, restart, power_cut])
@pytest.mark.parametrize("after", [0, ROWS])
def test_a_server_that_fails_in_a_load(
    server: PostgresServer,
    url: str,
    tmp_path: Path,
    fault: Callable[[PostgresServer, str], None],
    after: int,
) -> None:
    """The fault comes before the first row or once rows have been written."""
    warehouse = open_warehouse(url, tmp_path)
    warehouse.prepare()
    warehouse.replace_days(stage(tmp_path, "old", 100))
    written = 0

    def progress(rows: int) -> None:
        nonlocal written
        written += rows
        if written >= after and not done.is_set():
            done.set()
            fault(server, url)

    done = threading.Event()
    if after == 0:
        progress(0)
        with pytest.raises(WarehouseError):
            warehouse.replace_days(stage(tmp_path, "new", 3 * ROWS))
    else:
        with pytest.raises(WarehouseError) as caught:
            warehouse.replace_days(stage(tmp_path, "new", 10 * ROWS), progress)
        assert PASSWORD not in str(caught.value)
    assert done.is_set()
    assert names(warehouse) == {"old"}
    warehouse.replace_days(stage(tmp_path, "again", ROWS))
    assert names(warehouse) == {"again"}
    warehouse.close()


def test_a_committed_load_survives_a_power_cut(
    server: PostgresServer, url: str, tmp_path: Path
) -> None:
    warehouse = open_warehouse(url, tmp_path)
    warehouse.prepare()
    warehouse.replace_days(stage(tmp_path, "kept", ROWS))
    warehouse.close()
    power_cut(server, url)
    assert names(warehouse) == {"kept"}
    warehouse.close()


@pytest.fixture
def small_disk(server: PostgresServer) -> Iterator[Path]:
    """A disk of 60 MB that the server may write."""
    disk = server.folder / "small"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=60m,mode=0777", "tmpfs", disk],
        capture_output=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    shutil.chown(disk, "postgres", "postgres")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_the_servers_disk_fills(
    server: PostgresServer, url: str, small_disk: Path, tmp_path: Path
) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        admin.execute(f"create tablespace small location '{small_disk}'".encode())
        admin.execute(f"alter database {name} set tablespace small".encode())
    warehouse = open_warehouse(url, tmp_path / "ws")
    warehouse.prepare()
    warehouse.replace_days(stage(tmp_path, "old", 100))
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("vacuum")  # as autovacuum has long done on a server in use
    with pytest.raises(WarehouseError, match="disk is full"):
        warehouse.replace_days(stage(tmp_path, "new", 1_000_000))
    assert names(warehouse) == {"old"}
    # No step by hand: the room that the failed load took is free again.
    warehouse.replace_days(stage(tmp_path, "again", ROWS))
    assert names(warehouse) == {"again"}
    warehouse.close()
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"drop database {name} with (force)".encode())
        admin.execute("drop tablespace small")


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PostgresServer, Path]]:
    """A server with a certificate of its own for localhost, and where that stands."""
    programs = find_programs()
    if programs is None or shutil.which("openssl") is None:
        pytest.skip(HINT if programs is None else "openssl is missing (Debian: openssl)")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "server.key", folder / "server.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out",
         certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    # The server may not read pytest's own folders.
    served = Path(tempfile.mkdtemp(prefix="ga4-tls-"))
    shutil.copytree(folder, served, dirs_exist_ok=True)
    try:
        if os.geteuid() == 0:
            for path in (served, *served.iterdir()):
                shutil.chown(path, "postgres", "postgres")
        (served / "server.key").chmod(0o600)
        names = {"ssl_key_file": "server.key", "ssl_cert_file": "server.crt"}
        files = {setting: str(served / name) for setting, name in names.items()}
        with running_server(programs, ssl="on", **files) as started:
            yield started, certificate
    finally:
        shutil.rmtree(served)


def encrypted(url: str, folder: Path) -> bool:
    warehouse = open_warehouse(url, folder)
    try:
        asked = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
        return bool(warehouse.query(asked)["ssl"][0].as_py())
    finally:
        warehouse.close()


def test_tls_options_are_honoured(tls_server: tuple[PostgresServer, Path], tmp_path: Path) -> None:
    server, certificate = tls_server
    url = server.url("postgres")
    assert not encrypted(f"{url}?sslmode=disable", tmp_path)
    assert encrypted(f"{url}?sslmode=require", tmp_path)
    named = url.replace("127.0.0.1", "localhost")
    full = f"sslmode=verify-full&sslrootcert={certificate}"
    assert encrypted(f"{named}?{full}", tmp_path)
    with pytest.raises(WarehouseError, match=r"127\.0\.0\.1"):
        # The certificate is for localhost.
        encrypted(f"{url}?{full}", tmp_path)
    other = tmp_path / "other.crt"
    other.write_bytes(certificate.read_bytes()[:-200])
    with pytest.raises(WarehouseError):
        encrypted(f"{named}?sslmode=verify-full&sslrootcert={other}", tmp_path)
    output = open_warehouse(f"{named}?{full}", tmp_path).dbt_output()
    assert (output["sslmode"], output["sslrootcert"]) == ("verify-full", str(certificate))


def test_a_server_without_tls_is_refused_where_it_is_required(url: str, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="SSL"):
        encrypted(f"{url}?sslmode=require", tmp_path)
