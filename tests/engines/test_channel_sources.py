"""The list of traffic sources, matched by the model's own SQL on a real engine."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "ga4_analytics_dbt"
PUBLISHED = ROOT.parent / "shared" / "data" / "truth" / "ga4_source_categories.csv"

ORDINARY = (
    "example.com",
    "www.bbc.co.uk",
    "theguardian.com",
    "github.com",
    "news.example.org",
    "intranet.company.local",
    "gov.uk",
    "mail.company.de",
    "googleads.company.com",
    "facebook.company.com",
    "myfacebook.com",
    "bingo.com",
    "amazonia.org.br",
    "linear.app",
    "lineage.org",
    "paper.company.co.uk",
    "comcast.net",
    "xyz.com",
    "netx.com",
    "not.co",
    "newsletter",
    "partner-42",
    "localhost",
    "192.168.0.1",
    "(direct)",
    "<Other>",
    "(data deleted)",
)


def _categories(sources: list[str], folder: Path) -> dict[str, str]:
    """Run seed and model over these sources; gives the category of each that has one."""
    database = folder / "sources.duckdb"
    profile = {
        "ga4_analytics": {
            "target": "test",
            "outputs": {"test": {"type": "duckdb", "path": str(database), "schema": "analytics"}},
        }
    }
    (folder / "profiles.yml").write_text(json.dumps(profile))
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema analytics")
        connection.execute("create table analytics.int_sources (source text)")
        connection.executemany(
            "insert into analytics.int_sources values (?)", [[source] for source in sources]
        )
    where = ["--project-dir", str(PROJECT), "--profiles-dir", str(folder)]
    where += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    for command, name in (("seed", "channel_sources"), ("run", "int_source_categories")):
        # a process of its own: dbt keeps its connection for as long as its process lives
        call = [sys.executable, "-m", "dbt.cli.main", command, "--quiet", "--select", name, *where]
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select source, source_category from analytics.int_source_categories"
        ).fetchall()
    return dict(rows)


def test_ordinary_sources_have_no_category(tmp_path: Path) -> None:
    """A site is not taken for a network because its name contains one."""
    assert _categories([*ORDINARY, "google"], tmp_path) == {"google": "search"}


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published list is not on this machine")
def test_covers_the_published_categories(tmp_path: Path) -> None:
    """At least 95 % of the sources that Google publishes get the category it gives them."""
    with PUBLISHED.open(newline="", encoding="utf-8") as lines:
        published = {
            row["source"]: row["source_category"].removeprefix("SOURCE_CATEGORY_").lower()
            for row in csv.DictReader(lines)
        }
    found = _categories(list(published), tmp_path)
    other = {source: kind for source, kind in published.items() if found.get(source) != kind}
    assert len(published) > 800
    assert len(other) <= 0.05 * len(published), other
