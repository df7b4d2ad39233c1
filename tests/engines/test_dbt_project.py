"""The dbt project as an analytics engineer uses it: plain `dbt build`, unit tests included."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from ga4_analytics.transform.project import mart_names, project_dir
from ga4_analytics.workspace import Workspace

RAW = Path(__file__).parents[2] / "data" / "ga4_raw.csv"


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_plain_dbt_build_with_the_example_profile(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = "ga4.duckdb" if engine == "duckdb" else request.getfixturevalue("postgres_url")
    workspace = Workspace.create(tmp_path / "ws", warehouse=url)
    workspace.load([RAW])
    workspace.close()
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    shutil.copy(project_dir() / "profiles.yml.example", profiles / "profiles.yml")
    done = subprocess.run(
        [sys.executable, "-c", "from dbt.cli.main import cli; cli()",
         "build", "--project-dir", str(project_dir()), "--profiles-dir", str(profiles),
         "--target", engine, "--target-path", str(tmp_path / "target"),
         "--log-path", str(tmp_path / "logs"), "--no-use-colors"],
        env={**os.environ, **environment(engine, url, tmp_path / "ws" / "ga4.duckdb")},
        capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    assert "ERROR=0" in done.stdout
    assert "unit_test" in done.stdout.lower()
    built = Workspace.open(tmp_path / "ws", warehouse=url)
    for mart in mart_names():
        assert built.warehouse.relation_exists("analytics", mart), mart
    built.close()


def environment(engine: str, url: str, path: Path) -> dict[str, str]:
    """What the example profile reads."""
    if engine == "duckdb":
        return {"GA4_DUCKDB_PATH": str(path)}
    parts = conninfo_to_dict(url)
    return {
        "PGHOST": str(parts["host"]),
        "PGPORT": str(parts["port"]),
        "PGUSER": str(parts["user"]),
        "PGDATABASE": str(parts["dbname"]),
        "DBT_ENV_SECRET_PGPASSWORD": str(parts["password"]),
    }
