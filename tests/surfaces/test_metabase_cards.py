"""Every card on a real Postgres: its SQL runs, its columns are what its chart names, its numbers
are the marts'."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from postgres_server import PostgresServer

from ga4_analytics.publish.metabase.dashboards import DASHBOARDS
from ga4_analytics.publish.metabase.definitions import (
    GRID_WIDTH,
    OF_SLICE,
    Card,
    Dashboard,
    Place,
    Scene,
)
from ga4_analytics.publish.metabase.filled import defaults, filled
from ga4_analytics.publish.metabase.previews import preview
from ga4_analytics.transform.project import mart_names, project_dir
from ga4_analytics.warehouse import Warehouse
from ga4_analytics.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
CARDS = [(card, board) for board in DASHBOARDS for card, _ in board.cards]
IDS = [card.slug for card, _ in CARDS]
SCENE = Scene(
    datasets=("ga4",),
    first_day="2020-11-01",
    last_day="2021-01-31",
    devices=("desktop", "mobile", "tablet"),
    countries=("Canada", "United States"),
    funnels=("purchase", "engagement"),
    scopes=("session", "first_user"),
)
SET = defaults(SCENE) | {"device": "desktop", "country": "United States"}
ADDS_UP = {
    "sessions", "engaged_sessions", "events", "orders", "quantity", "views", "add_to_carts",
    "revenue_usd_micros", "gross_revenue_micros", "refund_micros", "affected", "total",
    # Each user is in one cohort, and a funnel counts entries by day.
    "retained_users", "cohort_users", "users",
}  # fmt: skip
"""Columns that may be added up over days or cohorts."""


@pytest.fixture(scope="module")
def warehouse(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """The committed sample, built on Postgres."""
    folder = tmp_path_factory.mktemp("cards")
    with postgres_server.database() as url:
        workspace = Workspace.open(folder, warehouse=url, timezone="UTC")
        workspace.load([ROOT / "data/ga4_raw.csv"])
        workspace.build()
        yield workspace.warehouse
        workspace.close()


def answer(warehouse: Warehouse, card: Card, **values: Any) -> pa.Table:
    statement = filled(card, values)
    return warehouse.query(statement.sql, statement.params)


@pytest.mark.parametrize(("card", "board"), CARDS, ids=IDS)
def test_a_card_answers_with_every_choice_of_filters(
    warehouse: Warehouse, card: Card, board: Dashboard
) -> None:
    optional = [each.slug for each in card.filters if not each.required]
    required = {each.slug: SET[each.slug] for each in card.filters if each.required}
    for chosen in itertools.product((False, True), repeat=len(optional)):
        values = required | {
            slug: SET[slug] for slug, is_set in zip(optional, chosen, strict=True) if is_set
        }
        found = answer(warehouse, card, **values)
        assert tuple(found.column_names) == card.columns
        if not any(chosen) and card.slug != "landing-pages":
            assert found.num_rows > 0


@pytest.mark.parametrize(("card", "board"), CARDS, ids=IDS)
def test_a_cards_settings_name_its_columns(card: Card, board: Dashboard) -> None:
    named: list[str] = []
    for key, value in card.settings.items():
        if key in ("graph.dimensions", "graph.metrics"):
            named += value
        if key in ("scalar.field", "funnel.dimension", "funnel.metric", "map.dimension",
                   "map.metric"):  # fmt: skip
            named.append(value)
        if key == "table.column_formatting":
            named += [name for rule in value for name in rule["columns"]]
        if key == "column_settings":
            named += [yaml.safe_load(name)[1] for name in value]
    assert named or card.display == "table"
    assert set(named) <= set(card.columns)
    if card.display in ("line", "bar", "area", "row"):
        assert card.settings["graph.dimensions"] and card.settings["graph.metrics"]


@pytest.mark.parametrize(("card", "board"), CARDS, ids=IDS)
def test_a_card_only_adds_up_what_adds_up(card: Card, board: Dashboard) -> None:
    known = {*mart_names(), "country_codes"}
    assert set(card.marts) <= known
    assert set(re.findall(r"analytics\.(\w+)", card.sql)) == set(card.marts)
    assert set(re.findall(r"sum\((\w+)\)", card.sql)) <= ADDS_UP
    assert not re.search(r"\b(count|avg|distinct)\b", card.sql, re.IGNORECASE)
    if card.date_column is not None:
        assert card.date_column in columns_of(card.marts[0])
    # The date filter binds to a column of a table without another name.
    assert not re.search(r"analytics\.\w+ (as )?(?!where|inner|on\b|group|order)\w+", card.sql)


def columns_of(mart: str) -> set[str]:
    (path,) = (project_dir() / "models/marts").rglob(f"{mart}.yml")
    (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    return {column["name"] for column in model["columns"]}


def test_slugs_are_unique() -> None:
    slugs = [*IDS, *(board.slug for board in DASHBOARDS)]
    assert len(set(slugs)) == len(slugs)


@pytest.mark.parametrize("board", DASHBOARDS, ids=[board.slug for board in DASHBOARDS])
def test_nothing_overlaps_or_leaves_the_grid(board: Dashboard) -> None:
    places: list[Place] = [place for _, place in (*board.cards, *board.headings)]
    for place in places:
        assert place.col >= 0 and place.col + place.width <= GRID_WIDTH
    for one, other in itertools.combinations(places, 2):
        assert not one.overlaps(other)


def test_what_can_take_the_device_and_country_filters_takes_them() -> None:
    for card, _ in CARDS:
        if any(mart.endswith("_by_slice") for mart in card.marts):
            assert {"device", "country"} <= {each.slug for each in card.filters}, card.slug
            assert OF_SLICE in card.sql or "[[" in card.sql


@pytest.mark.parametrize("device", [None, "desktop"])
def test_distinct_users_are_read_from_the_slice(warehouse: Warehouse, device: str | None) -> None:
    (card,) = (card for card, _ in CARDS if card.slug == "active-users-by-day")
    values = {"dataset": "ga4"} | ({"device": device} if device else {})
    shown = {row["event_date"]: row["active_users"] for row in
             answer(warehouse, card, **values).to_pylist()}  # fmt: skip
    users: dict[Any, set[str]] = {}
    rows = warehouse.query(
        "select event_date, user_key, is_active from analytics.int_user_days "
        "where dataset = 'ga4' and is_active"
    )
    if device is None:
        for row in rows.to_pylist():
            users.setdefault(row["event_date"], set()).add(row["user_key"])
        assert {day: count for day, count in shown.items() if count} == {
            day: len(keys) for day, keys in users.items()
        }
    else:
        whole = {row["event_date"]: row["active_users"] for row in
                 answer(warehouse, card, dataset="ga4").to_pylist()}  # fmt: skip
        assert all(shown[day] <= whole[day] for day in shown)
        assert sum(shown.values()) < sum(whole.values())


def test_the_date_filter_restricts(warehouse: Warehouse) -> None:
    rows = 0
    for card, _ in CARDS:
        if card.date_column is None or card.columns[0] != card.date_column:
            continue
        values = {each.slug: SET[each.slug] for each in card.filters if each.required}
        few = answer(warehouse, card, **values, date=("2020-11-24", "2020-11-26"))
        days = few.column(card.date_column).to_pylist()
        assert all("2020-11-24" <= str(day) <= "2020-11-26" for day in days)
        rows += len(days)
    assert rows > 20


@pytest.mark.parametrize("board", DASHBOARDS, ids=[board.slug for board in DASHBOARDS])
def test_every_dashboard_can_be_drawn(
    warehouse: Warehouse, board: Dashboard, tmp_path: Path
) -> None:
    figure = preview(board, SCENE, warehouse)
    path = tmp_path / "preview.png"
    figure.savefig(path)
    assert path.stat().st_size > 20_000
    words = " ".join(text.get_text() for text in figure.texts)
    assert "Not a screenshot" in words
    assert all(card.name in words for card, _ in board.cards)


def test_a_required_filter_has_a_value_where_the_data_have_none() -> None:
    bare = replace(SCENE, funnels=(), scopes=())
    assert defaults(bare)["funnel"] == defaults(bare)["scope"] == "(none)"
    assert set(defaults(bare)) == set(defaults(SCENE))
