"""However an index came to be, whole or day by day, it says the same."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from index_tables import Fact, decoded, expected, facts_of, fill
from logs import logs

from ga4_analytics.index.build import Built, Plan, build_index
from ga4_analytics.index.columns import DEFAULT_COLUMNS
from ga4_analytics.index.manifest import Manifest
from ga4_analytics.index.open import open_index, verify_files
from ga4_analytics.warehouse import Warehouse, open_warehouse

ZONE = "America/New_York"
QUIET = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def plan_in(folder: Path, identity: str, **changes: Any) -> Plan:
    plan = Plan("ga4", DEFAULT_COLUMNS, identity, ZONE, "context", folder, part_rows=4, threads=2)
    return replace(plan, worn=100.0, **changes)


def told(built: Built, plan: Plan) -> Any:
    verify_files(built.manifest, plan.root)
    return decoded(open_index(built.manifest, plan.root, "x"))


def states(facts: Sequence[Fact], dice: Any) -> list[list[Fact]]:
    """What was loaded after each of some loads and undos; all is loaded at the end."""
    days = sorted({fact.event.day(ZONE) for fact in facts})
    found = []
    for _ in range(dice.randint(1, 4)):
        kept = set(dice.sample(days, dice.randint(0, len(days))))
        lost = {fact.id for fact in facts if dice.random() < 0.2}
        found.append([f for f in facts if f.event.day(ZONE) in kept and f.id not in lost])
    return [*found, list(facts)]


def judge(warehouse: Warehouse, facts: list[Fact], identity: str, dice: Any) -> None:
    stitched = identity == "stitched"
    folder = Path(tempfile.mkdtemp())
    try:
        plan = plan_in(folder, identity)
        before: Manifest | None = None
        for state in states(facts, dice):
            fill(warehouse, state, ZONE, stitched=stitched)
            built = build_index(warehouse, plan, before)
            assert before is None or built.how in ("refresh", "same")
            assert built.manifest.rows == len(state)
            before = built.manifest
        step_by_step = told(built, plan)
        again = plan_in(folder / "again", identity, part_rows=1_000_000, threads=1)
        at_once = told(build_index(warehouse, again), again)
        assert step_by_step == at_once
        rows = {
            key: [(row[0], row[1], *row[3:]) for row in user["rows"]]
            for key, user in at_once[0].items()
        }
        assert rows == expected(facts, stitched)
    finally:
        shutil.rmtree(folder)


PERSONS = st.lists(st.sampled_from([None, None, "p", "q", "u"]), min_size=1, max_size=7)
USERS = ("u", "v", "w", "ü", None)


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = open_warehouse("ga4.duckdb", tmp_path_factory.mktemp("duck"))
    warehouse.prepare()
    return warehouse


@pytest.mark.parametrize("identity", ["device", "stitched"])
@QUIET
@given(log=logs(users=USERS, most=24), persons=PERSONS, dice=st.randoms(use_true_random=False))
def test_any_order_of_loads_gives_one_index(
    duck: Warehouse, identity: str, log: Any, persons: Any, dice: Any
) -> None:
    judge(duck, facts_of(log, persons), identity, dice)


@settings(QUIET, max_examples=4)
@given(log=logs(users=USERS, most=24), persons=PERSONS, dice=st.randoms(use_true_random=False))
def test_any_order_of_loads_gives_one_index_on_postgres(
    postgres_url: str, log: Any, persons: Any, dice: Any
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        warehouse = open_warehouse(postgres_url, Path(folder))
        warehouse.prepare()
        try:
            judge(warehouse, facts_of(log, persons), "stitched", dice)
        finally:
            warehouse.close()
