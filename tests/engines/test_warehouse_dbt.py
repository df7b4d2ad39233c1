"""dbt, in this process, builds in both warehouses and lets go of them again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest
from postgres_server import PASSWORD
from stages import event, make_stage

from ga4_analytics.warehouse import Warehouse, open_warehouse

PROJECT = """
name: little
version: "1.0"
profile: little
flags: {send_anonymous_usage_stats: false, use_colors: false}
"""
MODELS = {
    "counted": "select count(*) as events, {{ settings() }} as setting from raw.ga4_events",
    "broken": "select * from raw.no_such_table",
}
MACRO = """
{% macro settings() %}
{{ "current_setting('work_mem')" if target.type == 'postgres'
   else "current_setting('memory_limit')" }}
{% endmacro %}
"""
GENERATE = """
{% macro generate_schema_name(custom, node) %}{{ target.schema }}{% endmacro %}
"""


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    """A warehouse with one event on each engine."""
    postgres = request.param == "postgres"
    setting = request.getfixturevalue("postgres_url") if postgres else "ga4.duckdb"
    opened = open_warehouse(setting, tmp_path)
    opened.prepare()
    opened.replace_days(make_stage(tmp_path / "stage", [event(1)]))
    yield opened
    opened.close()


def write_project(folder: Path, warehouse: Warehouse) -> None:
    """Write a dbt project of two models, of which one cannot be built."""
    profile = {"little": {"target": "dev", "outputs": {"dev": warehouse.dbt_output()}}}
    files = {
        "dbt_project.yml": PROJECT,
        "profiles.yml": json.dumps(profile),  # JSON is YAML
        "macros/settings.sql": MACRO,
        "macros/schema.sql": GENERATE,
        **{f"models/{name}.sql": sql for name, sql in MODELS.items()},
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def test_dbt_builds_and_lets_go(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbt.cli.main import dbtRunner

    project = tmp_path / "dbt"
    write_project(project, warehouse)
    for name, value in warehouse.dbt_environment().items():
        monkeypatch.setenv(name, value)
    place = ["--project-dir", str(project), "--profiles-dir", str(project), "--quiet"]
    # A failed model must not keep the file open either, and a second build must find it.
    for models, good in (("counted broken", False), ("counted", True)):
        with warehouse.released():
            result = dbtRunner().invoke(["run", *place, "--select", *models.split()])
        assert result.success is good
        answer = warehouse.query("select events, setting from analytics.counted").to_pylist()
        expected = "256MB" if warehouse.engine == "postgres" else "1.2 GiB"
        assert answer == [{"events": 1, "setting": expected}]
        warehouse.replace_days(make_stage(tmp_path / "stage", [event(1)]))
    for path in project.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes(), path


def test_a_reader_that_holds_a_table_ends_the_build_not_the_other_way_round(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbt.cli.main import dbtRunner

    # What the URL asks for wins over the five minutes for which a build waits.
    warehouse = open_warehouse(f"{postgres_url}?options=-c%20lock_timeout%3D500ms", tmp_path)
    warehouse.prepare()
    warehouse.replace_days(make_stage(tmp_path / "stage", [event(1)]))
    project = tmp_path / "dbt"
    write_project(project, warehouse)
    model = project / "models" / "counted.sql"
    model.write_text("{{ config(materialized='table') }} " + model.read_text())
    for name, value in warehouse.dbt_environment().items():
        monkeypatch.setenv(name, value)
    place = ["--project-dir", str(project), "--profiles-dir", str(project), "--quiet"]

    def built() -> bool:
        with warehouse.released():
            return bool(dbtRunner().invoke(["run", *place, "--select", "counted"]).success)

    assert built()
    warehouse.replace_days(make_stage(tmp_path / "more", [event(1), event(2)]))
    with psycopg.connect(postgres_url) as reader:
        assert reader.execute("select events from analytics.counted").fetchone() == (1,)
        assert not built()
        assert reader.execute("select events from analytics.counted").fetchone() == (1,)
    assert built()
    assert warehouse.query("select events from analytics.counted")["events"].to_pylist() == [2]
    warehouse.close()


def test_a_released_file_is_free_for_other_processes(tmp_path: Path) -> None:
    warehouse = open_warehouse("ga4.duckdb", tmp_path)
    warehouse.prepare()
    code = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('select 1')"
    command = [sys.executable, "-c", code, warehouse.describe()]
    held = subprocess.run(command, capture_output=True, env=os.environ)
    assert held.returncode != 0, "the file should be ours"
    with warehouse.released():
        subprocess.run(command, check=True)
        with duckdb.connect(warehouse.describe()) as other:
            other.execute("select * from raw.loads")
    assert warehouse.relation_exists("raw", "loads")
    warehouse.close()
