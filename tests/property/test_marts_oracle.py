"""Random worlds through the real thing: every mart must say what the oracle says.

`GA4_WORLDS` sets how many worlds of each kind are drawn; a thorough run takes some hundreds.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from judging import judge, read_marts
from random_worlds import random_world, skinny_world
from warehouse_of_worlds import load_skinny, load_worlds, query_of, workspace_of
from worlds import Rules

COUNT = int(os.environ.get("GA4_WORLDS", "16"))
FIRST = int(os.environ.get("GA4_FIRST_WORLD", "0"))
SEEDS = range(FIRST, FIRST + COUNT)

RULES = {
    "defaults": Rules(zone="America/New_York"),
    "stitched": Rules(
        zone="Europe/London",
        identity="stitched",
        include_left_truncated=True,
        key_events=("add_to_cart", "scroll"),
        engaged_session_seconds=11,
        session_timeout_minutes=29,
        retention_max_day=8,
        slice_retention_max_day=2,
        channel_rules_date=date(2026, 5, 13),
        funnels=(
            ("short", ("page_view", "view_item", "purchase"), 600),
            ("day's", ("scroll", "user_engagement"), 86_400),
            ("five", ("view_item", "add_to_cart", "scroll", "purchase", "page_view"), 604_800),
        ),
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_nested_exports(name: str, tmp_path: Path) -> None:
    """NDJSON, console CSV and Parquet by turns."""
    rules = RULES[name]
    worlds = [random_world(seed, rules.zone) for seed in SEEDS]
    workspace = workspace_of(tmp_path / "workspace", rules)
    load_worlds(workspace, worlds, tmp_path)
    workspace.build()
    judge(read_marts(query_of(workspace)), worlds, rules)
    workspace.close()


def test_skinny_files(tmp_path: Path) -> None:
    """Ten columns: sessions are derived, repeats stay, the source's scope is unknown."""
    rules = Rules(zone="UTC")
    workspace = workspace_of(tmp_path / "workspace", rules)
    worlds = []
    for seed in SEEDS:
        worlds.append(skinny_world(seed, rules.zone))
        load_skinny(workspace, worlds[-1], random_world(seed, rules.zone).events, tmp_path)
    workspace.build()
    judge(read_marts(query_of(workspace)), worlds, rules)
    workspace.close()
