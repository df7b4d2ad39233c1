"""What the sample knows about itself is what the marts say after the main job."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from ga4_analytics.sources.synthetic import SampleSpec, Truth, generate, write_shape, write_truth
from ga4_analytics.sources.synthetic.truth import tell_truth
from ga4_analytics.workspace import Workspace

SPEC = SampleSpec(scale=0.02, start=date(2020, 12, 7), days=10)

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def truth() -> Truth:
    return tell_truth(generate(SPEC))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("planted")
    sample = generate(SPEC)
    write_shape(sample, folder / "sample", "parquet")
    write_truth(sample, folder / "sample")
    workspace = Workspace.create(folder / "workspace", timezone="UTC")
    workspace.load([folder / "sample"])
    workspace.build()
    yield workspace
    workspace.close()


@pytest.fixture(scope="module")
def days(workspace: Workspace) -> Rows:
    return _rows(workspace, "select * from analytics.daily_active_users order by event_date")


def _rows(workspace: Workspace, sql: str) -> Rows:
    rows: Rows = workspace.warehouse.query(sql).to_pylist()
    return rows


def test_days_have_the_planted_users_and_sessions(days: Rows, truth: Truth) -> None:
    assert [day["total_users"] for day in days] == truth.users_by_day
    assert [day["new_users"] for day in days] == truth.new_users_by_day
    assert [day["sessions"] for day in days] == truth.sessions_by_day
    assert sum(day["engaged_sessions"] for day in days) == truth.engaged_sessions


def test_planted_duplicates_are_gone_and_nothing_else(days: Rows, truth: Truth) -> None:
    twice = sum(truth.planted.exact_duplicates.values())
    assert twice > 0
    assert sum(day["events"] for day in days) == truth.events - twice


def test_events_by_name_are_the_planted_ones(workspace: Workspace, truth: Truth) -> None:
    rows = _rows(workspace, "select event_name, cast(sum(events) as bigint) as events "
                 "from analytics.event_distribution group by event_name")  # fmt: skip
    twice = truth.planted.exact_duplicates
    assert {row["event_name"]: row["events"] for row in rows} == {
        name: count - twice.get(name, 0) for name, count in truth.events_by_name.items() if count
    }


def test_cohorts_come_back_as_planted(workspace: Workspace, truth: Truth) -> None:
    rows = _rows(workspace, "select day_number, cast(sum(cohort_users) as bigint) as users, "
                 "cast(sum(retained_users) as bigint) as back from analytics.cohort_retention "
                 "group by day_number order by day_number")  # fmt: skip
    assert [(row["users"], row["back"]) for row in rows] == truth.retention


def test_orders_and_money_are_the_planted_ones(
    workspace: Workspace, days: Rows, truth: Truth
) -> None:
    (row,) = _rows(workspace, "select cast(sum(orders) as bigint) as orders, "
                   "cast(sum(orders_without_id) as bigint) as without_id, "
                   "cast(sum(purchase_events) as bigint) as events, "
                   "cast(sum(conflicting_orders) as bigint) as conflicts "
                   "from analytics.daily_orders")  # fmt: skip
    orders = truth.orders
    assert (row["orders"], row["without_id"]) == (orders.orders, orders.events_without_id)
    assert (row["events"], row["conflicts"]) == (orders.purchase_events, orders.conflicting_orders)
    assert orders.repeated_events > 0
    assert sum(day["revenue_usd_micros"] for day in days) == orders.order_revenue_micros
