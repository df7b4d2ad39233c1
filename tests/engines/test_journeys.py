"""The named ugly journeys on every engine: the oracle's answers, and the same marts whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import Whole, everything, judge, read_marts, same
from ugly_journeys import named_worlds
from warehouse_of_worlds import load_worlds, query_of, workspace_of
from worlds import Rules

NEW_YORK = Rules(zone="America/New_York")
LONDON = Rules(zone="Europe/London", identity="stitched")


def build(folder: Path, rules: Rules, warehouse: str | None = None) -> Whole:
    """Load and build the journeys, judge them, and give all marts."""
    worlds = named_worlds(rules.zone)
    workspace = workspace_of(folder / "workspace", rules, warehouse)
    load_worlds(workspace, worlds, folder)
    workspace.build()
    query = query_of(workspace)
    judge(read_marts(query), worlds, rules)
    found = everything(query)
    workspace.close()
    return found


@pytest.fixture(scope="module")
def new_york(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The marts by device in New York, on DuckDB."""
    return build(tmp_path_factory.mktemp("new_york"), NEW_YORK)


@pytest.fixture(scope="module")
def london(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The marts by stitched identity in London, on DuckDB."""
    return build(tmp_path_factory.mktemp("london"), LONDON)


def test_duckdb_by_device(new_york: Whole) -> None:
    """Judged while built; and nothing was empty."""
    for mart in ("daily_active_users", "funnel_steps", "cohort_retention", "data_quality"):
        assert new_york["midnight"][mart], mart


def test_postgres(new_york: Whole, postgres_url: str, tmp_path: Path) -> None:
    """Postgres gives the same marts to the last unit."""
    same(build(tmp_path, NEW_YORK, postgres_url), new_york)


def test_duckdb_stitched(london: Whole) -> None:
    """Two devices of one person are one user, from their first day on."""
    assert london["logins"]["daily_active_users"]


def test_postgres_with_another_collation(
    london: Whole, postgres_icu_url: str, tmp_path: Path
) -> None:
    """A database that sorts text by language gives them too."""
    same(build(tmp_path, LONDON, postgres_icu_url), london)
