"""What a warehouse says and keeps when something breaks."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from postgres_server import PASSWORD, PostgresServer
from stages import event, make_stage, many_events_sql

from ga4_analytics.errors import SettingsError, WarehouseError
from ga4_analytics.warehouse import Warehouse, open_warehouse, postgres_errors
from ga4_analytics.warehouse import postgres as postgres_engine
from ga4_analytics.warehouse.postgres_url import parse_url

ROWS = 60_000
LOADER = """
import sys
from dataclasses import replace
from pathlib import Path
from ga4_analytics.warehouse import open_warehouse
from stages import event, make_stage, many_events_sql
setting, folder, name, rows = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
warehouse = open_warehouse(setting, folder)
warehouse.query("select 1 as n")
stage = make_stage(folder / name, [event(1)])
stage = replace(stage, events_sql=many_events_sql(rows, name), event_rows=rows)
print("ready", flush=True)
sys.stdin.readline()
warehouse.replace_days(stage)
print("done", flush=True)
sys.stdin.readline()
"""


def start_loader(setting: str, folder: Path, name: str, rows: int) -> subprocess.Popen[str]:
    """Start a process that is ready to load a day and waits for a line."""
    paths = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "src")]
    process = subprocess.Popen(
        [sys.executable, "-c", LOADER, setting, str(folder), name, str(rows)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def say(process: subprocess.Popen[str]) -> None:
    """Let a loader go on."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def end(process: subprocess.Popen[str]) -> None:
    """Kill a loader as the kernel would."""
    process.send_signal(signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        with contextlib.suppress(BrokenPipeError):
            pipe.close()


@pytest.fixture(params=["duckdb", "postgres"])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The setting of a prepared, empty warehouse on each engine."""
    postgres = request.param == "postgres"
    name = request.getfixturevalue("postgres_url") if postgres else "ga4.duckdb"
    warehouse = open_warehouse(name, tmp_path)
    warehouse.prepare()
    warehouse.close()
    return name


def state(warehouse: Warehouse) -> list[tuple[str, int]]:
    """How many events of which load there are."""
    answer = warehouse.query(
        "select event_name, count(*) as n from raw.ga4_events group by event_name"
    )
    return [(row["event_name"], row["n"]) for row in answer.to_pylist()]


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_killed_load_leaves_the_old_day_or_the_new(
    setting: str, tmp_path: Path, share: float
) -> None:
    warehouse = open_warehouse(setting, tmp_path)
    old = make_stage(tmp_path / "old", [event(1)])
    old = replace(old, events_sql=many_events_sql(ROWS, "old"), event_rows=ROWS)
    began = time.monotonic()
    warehouse.replace_days(old)
    took = time.monotonic() - began
    warehouse.close()
    loader = start_loader(setting, tmp_path, "new", 2 * ROWS)
    try:
        say(loader)
        time.sleep(took * 2 * share)
    finally:
        end(loader)
    assert state(warehouse) in ([("old", ROWS)], [("new", 2 * ROWS)])
    warehouse.replace_days(old)
    assert state(warehouse) == [("old", ROWS)]
    warehouse.close()


def test_a_load_that_is_killed_before_its_end_changed_nothing(
    postgres_url: str, tmp_path: Path
) -> None:
    """The server holds the load until the kill, so the moment is certain."""
    warehouse = open_warehouse(postgres_url, tmp_path)
    warehouse.prepare()
    warehouse.replace_days(make_stage(tmp_path / "old", [event(1, event_name="old")]))
    with psycopg.connect(postgres_url) as other:
        # The load deletes from ga4_days after ga4_events, and waits for this row there.
        other.execute("select * from raw.ga4_days for update")
        loader = start_loader(postgres_url, tmp_path, "new", 10)
        say(loader)
        for _ in range(200):
            waiting = warehouse.query(
                "select count(*) as n from pg_stat_activity where wait_event_type = 'Lock'"
            )
            if waiting["n"][0].as_py():
                break
            time.sleep(0.05)
        else:
            pytest.fail("the load did not reach the lock")
        end(loader)
    assert state(warehouse) == [("old", 1)]
    warehouse.replace_days(make_stage(tmp_path / "again", [event(1, event_name="again")]))
    assert state(warehouse) == [("again", 1)]
    warehouse.close()


def test_two_loads_of_one_day_at_once_leave_one_of_them(postgres_url: str, tmp_path: Path) -> None:
    warehouse = open_warehouse(postgres_url, tmp_path)
    warehouse.prepare()
    loaders = [start_loader(postgres_url, tmp_path, name, 20_000) for name in ("one", "two")]
    try:
        for loader in loaders:
            say(loader)
        for loader in loaders:
            assert loader.stdout is not None
            assert loader.stdout.readline() == "done\n"
    finally:
        for loader in loaders:
            end(loader)
    assert state(warehouse) in ([("one", 20_000)], [("two", 20_000)])
    warehouse.close()


def test_a_load_does_not_wait_for_ever(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_engine, "LOCK_TIMEOUT", "100ms")
    warehouse = open_warehouse(postgres_url, tmp_path)
    warehouse.prepare()
    with psycopg.connect(postgres_url) as other:
        other.execute(postgres_engine.WRITER_LOCK)
        with pytest.raises(WarehouseError, match="Another ga4 is writing"):
            warehouse.replace_days(make_stage(tmp_path / "a", [event(1)]))
    warehouse.close()


def test_a_file_that_another_process_has_open_is_named_with_its_holder(tmp_path: Path) -> None:
    loader = start_loader("ga4.duckdb", tmp_path, "held", 1)
    try:
        with pytest.raises(WarehouseError) as caught:
            open_warehouse("ga4.duckdb", tmp_path).prepare()
    finally:
        end(loader)
    assert str(loader.pid) in caught.value.problem
    assert str(tmp_path / "ga4.duckdb") in caught.value.problem
    assert "Close the program" in caught.value.remedy


def test_a_file_that_is_no_warehouse_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.duckdb").write_text("not a database " * 1000)
    (tmp_path / "folder.duckdb").mkdir()
    for name in ("notes.duckdb", "folder.duckdb", "notes.duckdb/inside.duckdb"):
        with pytest.raises(WarehouseError) as caught:
            open_warehouse(name, tmp_path).prepare()
        assert caught.value.remedy
    assert (tmp_path / "notes.duckdb").read_text() == "not a database " * 1000


FULL_DISK = """
import resource, signal, sys
from dataclasses import replace
from pathlib import Path
from ga4_analytics.errors import WarehouseError
from ga4_analytics.warehouse import open_warehouse
from stages import event, make_stage, many_events_sql
folder = Path(sys.argv[1])
stage = replace(make_stage(folder / "new", [event(1)]),
                events_sql=many_events_sql(1_000_000, "new").replace("'e' || i", "md5(i::varchar)"))
warehouse = open_warehouse("ga4.duckdb", folder)
warehouse.query("select 1 as n")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    warehouse.replace_days(stage)
except WarehouseError as error:
    print("refused:", error)
"""


def test_a_file_that_cannot_grow_keeps_the_old_days(tmp_path: Path) -> None:
    warehouse = open_warehouse("ga4.duckdb", tmp_path)
    warehouse.prepare()
    warehouse.replace_days(make_stage(tmp_path / "old", [event(1, event_name="old")]))
    warehouse.close()
    paths = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "src")]
    limit = (tmp_path / "ga4.duckdb").stat().st_size + (8 << 20)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path), str(limit)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip
    assert done.stdout.startswith("refused: Could not replace days in "), done.stderr[-500:]
    assert state(warehouse) == [("old", 1)]
    warehouse.close()


def test_connections_that_fail_say_why_and_never_the_password(
    postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    where = f"127.0.0.1:{postgres_server.port}"
    cases = {
        postgres_url.replace(PASSWORD, "wr0ng-s3cret"): "Correct the user or password",
        postgres_server.url("nowhere"): "Create the database first",
        postgres_url.replace(where, "127.0.0.1:1"): "Start the server",
        postgres_url.replace(where, "no-such-host.invalid:5432"): "",
        postgres_url + "?sslmode=require": "sslmode",
    }
    for url, remedy in cases.items():
        with pytest.raises(WarehouseError) as caught:
            open_warehouse(url, tmp_path).prepare()
        assert remedy in caught.value.remedy, caught.value
        assert "postgresql://postgres@" in caught.value.problem
        for secret in (PASSWORD, "wr0ng-s3cret"):
            assert secret not in repr(caught.value)
            assert secret not in repr(caught.value.__cause__)


def test_the_password_may_come_from_the_environment(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = postgres_url.replace(f":{PASSWORD}", "")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    warehouse = open_warehouse(bare, tmp_path)
    assert warehouse.query("select 1 as n").num_rows == 1
    assert PASSWORD not in warehouse.describe() + repr(warehouse.dbt_output())
    assert PASSWORD not in repr(parse_url(postgres_url))
    warehouse.close()
    monkeypatch.delenv("PGPASSWORD")
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"*:*:*:*:{PASSWORD}\n")
    passfile.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    warehouse = open_warehouse(bare, tmp_path)
    assert warehouse.query("select 1 as n").num_rows == 1
    warehouse.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3cr3t@x@host/db",
        "postgresql://u:s3cr3t/x@host:5432/db",
        "postgresql://u:s3cr3t%zz@host/db",
        "postgresql://u:s3cr3t@host:5432,other:5432/db",
        "postgresql://u:s3cr3t@host/",
        "postgresql://u:s3cr3t@host/db?nonsense=s3cr3t",
        "postgresql://u:s3cr3t@host/db?service=s3cr3t",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_repeating_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGDATABASE", raising=False)
    with pytest.raises(SettingsError) as caught:
        parse_url(url)
    assert "s3cr3t" not in repr(caught.value) + repr(caught.value.__context__)
    assert caught.value.remedy


def test_a_role_that_may_not_write_is_told_so(postgres_url: str, tmp_path: Path) -> None:
    read_only = postgres_url + "?options=-c%20default_transaction_read_only%3Don"
    with pytest.raises(WarehouseError, match="read-only"):
        open_warehouse(read_only, tmp_path).prepare()
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("create role reader login password 'reader-pw'")
    try:
        reader = postgres_url.replace(f"postgres:{PASSWORD}", "reader:reader-pw")
        with pytest.raises(WarehouseError, match="permission denied") as caught:
            open_warehouse(reader, tmp_path).prepare()
        assert "grant" in caught.value.remedy
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute("drop role reader")


def test_servers_that_cannot_serve_are_refused(
    postgres_server: PostgresServer, postgres_url: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("create database latin template template0 encoding 'LATIN1' locale 'C'")
    try:
        with pytest.raises(WarehouseError, match="LATIN1"):
            open_warehouse(postgres_server.url("latin"), tmp_path).prepare()
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute("drop database latin with (force)")
    # Every real server of these tests is new enough: let it be too old.
    monkeypatch.setattr(postgres_errors, "OLDEST_VERSION", 990000)
    with pytest.raises(WarehouseError, match="needs Postgres 15"):
        open_warehouse(postgres_url, tmp_path).prepare()


def test_a_server_that_ends_a_session_is_connected_to_again(
    postgres_url: str, tmp_path: Path
) -> None:
    warehouse = open_warehouse(postgres_url, tmp_path)
    pid = warehouse.query("select pg_backend_pid() as pid")["pid"][0].as_py()
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("select pg_terminate_backend(%s)", [pid])
    with pytest.raises(WarehouseError):
        warehouse.query("select 1 as n")
    assert warehouse.query("select 1 as n").num_rows == 1
    warehouse.close()
