"""Real files, and the sample of the repository, give the same marts on every engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import Whole, everything, same
from warehouse_of_worlds import query_of

from ga4_analytics.sources.mapping import ColumnOptions
from ga4_analytics.workspace import Workspace

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data" / "real"


def build(folder: Path, **settings: str) -> Whole:
    """Load every file that can be loaded, each as a dataset of its own, and give all marts."""
    workspace = Workspace.create(folder, timezone="UTC", **settings)
    workspace.load([ROOT / "data" / "ga4_raw.csv"], dataset="sample")
    if REAL.is_dir():
        purchases = ColumnOptions({}, {"event_name": "purchase"})
        workspace.load([REAL / "ga4_purchase_items.csv"], columns=purchases, dataset="items")
        for name in ("purchase_events_skinny", "public_dataset_hundred"):
            workspace.load([REAL / f"ga4_{name}.csv"], dataset=name)
        damaged = REAL / "ga4_console_export_jan2021.csv"
        workspace.load([damaged], dataset="damaged", accept_damaged=True)
    workspace.build()
    found = everything(query_of(workspace))
    workspace.close()
    return found


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The marts on DuckDB."""
    return build(tmp_path_factory.mktemp("real files"))


def test_duckdb(on_duckdb: Whole) -> None:
    """Every file has its marts."""
    assert len(on_duckdb) == (5 if REAL.is_dir() else 1)
    for marts in on_duckdb.values():
        assert marts["data_quality"] and marts["daily_active_users"]


def test_postgres(on_duckdb: Whole, postgres_url: str, tmp_path: Path) -> None:
    """Postgres gives them too, to the last unit."""
    same(build(tmp_path, warehouse=postgres_url), on_duckdb)
