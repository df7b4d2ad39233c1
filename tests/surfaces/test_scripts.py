"""The user's three steps by hand give what ``ga4 load`` and ``ga4 export`` give."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from ga4_analytics.sources.schema import SKINNY_COLUMNS
from ga4_analytics.warehouse.tables import DAYS, EVENTS, TABLES
from ga4_analytics.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
NOW_US = 1_612_224_000_000_000

# One user with a session over midnight, two exact repeats, an order told twice, an event
# without an id, one without a time, and texts that need quotes.
SKINNY = '''user_id,event_date,event_timestamp,event_name,country,device_category,source,medium,transaction_id,purchase_revenue_usd
82023966.6010891291,20201101,1604275140000000,session_start,Türkiye,desktop,google,organic,,
82023966.6010891291,20201101,1604275140000000,page_view,Türkiye,desktop,google,organic,,
82023966.6010891291,20201101,1604275140000000,page_view,Türkiye,desktop,google,organic,,
82023966.6010891291,20201101,1604275140000000,page_view,Türkiye,desktop,google,organic,,
82023966.6010891291,20201102,1604275260000999,purchase,Türkiye,desktop,google,organic,T1,28.50
82023966.6010891291,20201102,1604275261000000,purchase,Türkiye,desktop,google,organic,T1,28.5
7.8,20201102,1604300000000000,page_view,"Korea, ""South""",mobile,(direct),(none),(not set),
,20201102,1604300001000000,page_view,Côte d'Ivoire,tablet,a\\b,x\ty,,
anonymous,20201103,1604361600000001,purchase,,mobile,<Other>,(data deleted),,0.000001
55555.66666,20201103,,page_view,Peru,desktop,,,,
'''  # noqa: E501


@pytest.fixture
def skinny(tmp_path: Path) -> Path:
    path = tmp_path / "skinny file's.csv"
    path.write_text(SKINNY, encoding="utf-8")
    return path


@pytest.fixture
def psql() -> str:
    program = shutil.which("psql")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("psql is missing (Debian: apt-get install postgresql-client)")
        pytest.skip("psql is missing (Debian: apt-get install postgresql-client)")
    return program


def run_script(
    psql: str, url: str, name: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    options = [part for key, value in variables.items() for part in ("-v", f"{key}={value}")]
    command = [psql, url, "-X", "-q", *options, "-f", str(SCRIPTS / name)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def rows(url: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(sql).fetchall()


def test_the_three_steps_by_hand(
    psql: str, postgres_url: str, skinny: Path, tmp_path: Path
) -> None:
    folders = [tmp_path / "by hand", tmp_path / "by command"]
    by_hand = Workspace.open(
        folders[0], warehouse=postgres_url, timezone="UTC", clock=lambda: NOW_US
    )
    by_command = Workspace.open(folders[1], timezone="UTC", clock=lambda: NOW_US)

    for _ in range(2):  # the second time changes nothing
        done = run_script(psql, postgres_url, "02_load_to_postgres.sql", skinny=str(skinny))
        assert done.returncode == 0, done.stderr
    by_command.load([skinny])

    columns = ", ".join(column.name for column in EVENTS.columns)
    events = f"select {columns} from raw.ga4_events order by event_id"
    loaded = by_command.warehouse.query(events).to_pylist()
    assert len(loaded) == SKINNY.count("\n") - 1
    assert rows(postgres_url, events) == [tuple(row.values()) for row in loaded]
    # When a file was exported is told by its own time there, by the load's time here.
    kept = {"load_id", "export_id", "exported_at_us", "is_final"}
    columns = ", ".join(column.name for column in DAYS.columns if column.name not in kept)
    days = f"select {columns} from raw.ga4_days order by event_date"
    assert rows(postgres_url, days) == [
        tuple(row.values()) for row in by_command.warehouse.query(days).to_pylist()
    ]

    by_hand.build()
    by_command.build()
    target = tmp_path / "by hand.csv"
    done = run_script(psql, postgres_url, "03_export_amplitude_heap.sql", target=str(target))
    assert done.returncode == 0, done.stderr
    by_command.export()
    assert target.read_bytes() == (folders[1] / "outputs/amplitude_heap_events.csv").read_bytes()
    by_hand.export()
    assert target.read_bytes() == (folders[0] / "outputs/amplitude_heap_events.csv").read_bytes()
    by_hand.close()
    by_command.close()


def test_the_script_makes_the_tables_of_raw(
    psql: str, postgres_url: str, skinny: Path, tmp_path: Path
) -> None:
    done = run_script(psql, postgres_url, "02_load_to_postgres.sql", skinny=str(skinny))
    assert done.returncode == 0, done.stderr
    found = rows(
        postgres_url,
        "select table_name, column_name, data_type, collation_name, is_nullable"
        " from information_schema.columns where table_schema = 'raw'"
        " order by table_name, ordinal_position",
    )
    names = [
        (table.name, column.name)
        for table in sorted(TABLES, key=lambda table: table.name)
        for column in table.columns
    ]
    assert [row[:2] for row in found] == names
    assert {row[3] for row in found if row[2] == "text"} == {"C"}
    # The program refuses tables with other types.
    workspace = Workspace.open(tmp_path / "workspace", warehouse=postgres_url)
    workspace.warehouse.prepare()
    workspace.close()


@pytest.mark.parametrize(
    ("damage", "by"),
    [("1604275140000000", "1.60427E+15"), ("20201101", "2020-13-01"), ("page_view", "")],
)
def test_a_line_that_cannot_be_read_stops_the_script(
    psql: str, postgres_url: str, skinny: Path, damage: str, by: str
) -> None:
    skinny.write_text(SKINNY.replace(damage, by, 1), encoding="utf-8")
    done = run_script(psql, postgres_url, "02_load_to_postgres.sql", skinny=str(skinny))
    assert done.returncode != 0
    assert rows(postgres_url, "select to_regclass('raw.ga4_events')") == [(None,)]


CONSOLE = """\ufeffevent_date,event_timestamp,event_name,event_params.key,event_params.value.string_value,user_pseudo_id,device.category,geo.country,traffic_source.medium,traffic_source.source,ecommerce.transaction_id,ecommerce.purchase_revenue_in_usd,items.item_name\r
20201101,1604188800000000,purchase,currency,USD,1.2,desktop,"Korea, South",organic,google,T1,12.50,Mug\r
,,,page_title,"Two\r
lines",,,,,,,,Cap\r
,,,,,,,,,,,,Bag\r
20201101,1604188800000001,page_view,,,,mobile,,,,,,\r
"""  # noqa: E501


def make_skinny(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-I",
        str(SCRIPTS / "01_make_skinny_csv.py"),
        str(source),
        str(target),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_continuation_rows_are_not_events(tmp_path: Path) -> None:
    source, target = tmp_path / "raw.csv", tmp_path / "skinny.csv"
    source.write_bytes(CONSOLE.encode("utf-8"))
    assert make_skinny(source, target).returncode == 0
    with target.open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    assert found == [
        list(SKINNY_COLUMNS),
        ["1.2", "20201101", "1604188800000000", "purchase", "Korea, South", "desktop", "google",
         "organic", "T1", "12.50"],
        ["", "20201101", "1604188800000001", "page_view", "", "mobile", "", "", "", ""],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "instead", "message"),
    [("1604188800000001", "1.60419E+15", "line 6"), ("geo.country", "country", "geo.country")],
)
def test_a_damaged_export_leaves_the_old_file(
    tmp_path: Path, found: str, instead: str, message: str
) -> None:
    source, target = tmp_path / "raw.csv", tmp_path / "skinny.csv"
    target.write_text("old")
    source.write_bytes(CONSOLE.replace(found, instead).encode("utf-8"))
    done = make_skinny(source, target)
    assert done.returncode == 1
    assert message in done.stderr
    assert target.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2


def test_the_committed_sample_is_what_the_script_makes(tmp_path: Path) -> None:
    target = tmp_path / "skinny.csv"
    assert make_skinny(ROOT / "data/ga4_raw.csv", target).returncode == 0
    assert target.read_bytes() == (ROOT / "data/ga4_events_skinny.csv").read_bytes()
