"""The named ugly journeys on every engine: the oracle's answers, and the same marts whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import Whole, everything, judge, read_marts
from oracle import Rules
from ugly_journeys import named_worlds
from warehouse_of_worlds import load_worlds, query_of, workspace_of

NEW_YORK = Rules(zone="America/New_York")
LONDON = Rules(zone="Europe/London", identity="stitched")
LEDGER = "data_quality_loads"
"""The one mart about loads, which have times and names of their own."""


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
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> dict[Rules, Whole]:
    """The marts of both properties on DuckDB."""
    return {rules: build(tmp_path_factory.mktemp("duckdb"), rules) for rules in (NEW_YORK, LONDON)}


def test_duckdb(on_duckdb: dict[Rules, Whole]) -> None:
    """By device and stitched, across both clock changes; judged while built."""
    for worlds in on_duckdb.values():
        for name in ("daily_active_users", "funnel_steps", "cohort_retention", "data_quality"):
            assert worlds["midnight"][name], name


def test_postgres(on_duckdb: dict[Rules, Whole], postgres_url: str, tmp_path: Path) -> None:
    """Postgres gives the same marts to the last unit."""
    same(build(tmp_path, NEW_YORK, postgres_url), on_duckdb[NEW_YORK])


def test_postgres_with_another_collation(
    on_duckdb: dict[Rules, Whole], postgres_icu_url: str, tmp_path: Path
) -> None:
    """So does a database that sorts text by language."""
    same(build(tmp_path, LONDON, postgres_icu_url), on_duckdb[LONDON])


def same(one: Whole, other: Whole) -> None:
    """Fail with the first rows that differ."""
    assert set(one) == set(other)
    for world in one:
        assert set(one[world]) == set(other[world])
        for mart in set(one[world]) - {LEDGER}:
            extra = [row for row in one[world][mart] if row not in other[world][mart]]
            lost = [row for row in other[world][mart] if row not in one[world][mart]]
            assert not extra and not lost, f"{mart} of {world}: {extra[:3]}, expected {lost[:3]}"
            assert len(one[world][mart]) == len(other[world][mart])
