"""The index on disk: ugly data, refreshes, killed builds, full disks, damaged files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from index_tables import decoded, facts_of, fill
from logs import DAY, HOUR, MINUTE, START, Event

from ga4_analytics.analyses import trends
from ga4_analytics.errors import BuildError, SettingsError, StaleError
from ga4_analytics.index import extract
from ga4_analytics.index.build import Built, Plan, build_index
from ga4_analytics.index.columns import DEFAULT_COLUMNS, ColumnSpec
from ga4_analytics.index.manifest import manifest_text, read_manifest
from ga4_analytics.index.open import open_index, verify_files
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import Condition
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.trends import Series, Trends
from ga4_analytics.warehouse import Warehouse, open_warehouse

ADDED = (
    ColumnSpec("title", "text", 'event_params.page "t/i~tle', ""),
    ColumnSpec("step", "integer", "event_params.step", ""),
    ColumnSpec("price", "micros", "event_params.price", ""),
    ColumnSpec("plan", "text", "user_properties.plan", ""),
    ColumnSpec("category", "texts", "items.item_category", ""),
    ColumnSpec("city", "text", "country", ""),
)


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Warehouse]:
    warehouse = open_warehouse("ga4.duckdb", tmp_path)
    warehouse.prepare()
    yield warehouse
    warehouse.close()


def plan_in(folder: Path, **changes: Any) -> Plan:
    plan = Plan("ga4", DEFAULT_COLUMNS, "device", "UTC", "context", folder, worn=100.0)
    return replace(plan, **changes)


def opened(built: Built, plan: Plan) -> Index:
    return open_index(built.manifest, plan.root, "x")


def visits(users: int, day: int, name: str = "page_view") -> list[Event]:
    """One event a user on a day."""
    return [
        Event(f"u{n:04}", name, START + day * DAY + n * MINUTE, session=1) for n in range(users)
    ]


def test_an_empty_index(duck: Warehouse, tmp_path: Path) -> None:
    fill(duck, [], empty_days=[date(2020, 11, 1)])
    plan = plan_in(tmp_path)
    built = build_index(duck, plan)
    index = opened(built, plan)
    assert (index.rows, built.manifest.users, len(index.calendar.days)) == (0, 0, 1)
    assert {*index.dictionaries} >= {"event_name", "country"}
    fill(duck, facts_of(visits(2, 0)), empty_days=[date(2020, 11, 2)])
    later = build_index(duck, plan, built.manifest)
    assert (later.how, opened(later, plan).rows) == ("refresh", 2)
    assert len(later.manifest.days) == 2


def test_rows_of_nobody_only(duck: Warehouse, tmp_path: Path) -> None:
    log = [Event(None, "page_view", START + n * 10 * DAY) for n in range(6)]
    fill(duck, facts_of(log))
    plan = plan_in(tmp_path)
    built = build_index(duck, plan)
    index = opened(built, plan)
    assert not index.segments
    assert [segment.rows for segment in index.nobody] == [3, 3]  # November, December
    assert built.manifest.users == 0
    # A day that goes takes only its month's rows with it.
    fill(duck, facts_of(log)[:-1])
    later = build_index(duck, plan, built.manifest)
    assert (later.how, later.rows, opened(later, plan).rows) == ("refresh", 2, 5)
    assert later.manifest.nobody[0] == built.manifest.nobody[0]


def test_ten_thousand_names_unicode_and_interleaved_sessions(
    duck: Warehouse, tmp_path: Path
) -> None:
    log = [
        Event(f"用户{n % 7}", f"événement {n}", START + n * MINUTE, session=n % 3 + 1,
              columns={"country": f"Land {n} 🜚"})
        for n in range(10_000)
    ]  # fmt: skip
    fill(duck, facts_of(log))
    plan = plan_in(tmp_path, part_rows=3000)
    index = opened(build_index(duck, plan), plan)
    assert (len(index.names), len(index.dictionaries["country"])) == (10_000, 10_000)
    assert all(segment.name.dtype == np.uint16 for segment in index.segments)
    users, _ = decoded(index)
    assert len(users) == 7
    for user in users.values():
        assert len(user["sessions"]) == 3
        assert len(user["visits"]) == len(user["rows"])


def test_a_user_with_very_many_events_in_any_order(duck: Warehouse, tmp_path: Path) -> None:
    rows = 100_000
    fill(duck, facts_of([Event("one", "x", START, session=1)]))
    duck.query(
        "insert into analytics.index_events select e.* replace (cast(uuid() as text) as event_id, "
        "order_us + (n * 7919) % 100003 as order_us, 'page ' || n as page_path) "
        f"from analytics.index_events e, range({rows - 1}) r(n)"
    )
    plan = plan_in(tmp_path)
    index = opened(build_index(duck, plan), plan)
    (segment,) = index.segments
    assert (segment.rows, segment.users) == (rows, 1)
    assert (np.diff(segment.time_us) >= 0).all()
    assert len(index.dictionaries["page_path"]) == rows - 1


def test_a_dictionary_of_many_values(duck: Warehouse, tmp_path: Path) -> None:
    fill(duck, facts_of(visits(1, 0)))
    duck.query(
        "insert into analytics.index_events select e.* replace (cast(uuid() as text) as event_id, "
        "'u' || n % 5000 as user_key, 'page ' || n as page_path) "
        "from analytics.index_events e, range(200000) r(n)"
    )
    plan = plan_in(tmp_path, part_rows=50_000)
    index = opened(build_index(duck, plan), plan)
    values = index.dictionaries["page_path"].values.to_pylist()
    assert values == sorted(f"page {n}" for n in range(200_000))
    assert sum(len(np.unique(s.columns["page_path"])) for s in index.segments) >= 200_000


def test_the_day_that_summer_time_ends(duck: Warehouse, tmp_path: Path) -> None:
    zone = "America/Havana"  # at midnight an hour, and with it the day before, comes again
    first = 1_604_199_600_000_000  # 2020-11-01 03:00 UTC
    log = [Event("u", "x", first + n * HOUR // 2) for n in range(8)]
    fill(duck, facts_of(log), zone)
    plan = plan_in(tmp_path, zone=zone)
    users, _ = decoded(opened(build_index(duck, plan), plan))
    days = [day for day, _ in users["u"]["days"]]
    assert days == sorted(set(days)) == [18566, 18567]


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_added_columns(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = "ga4.duckdb" if engine == "duckdb" else request.getfixturevalue("postgres_url")
    warehouse = open_warehouse(url, tmp_path)
    warehouse.prepare()
    log = [Event("u", "x", START + n, columns={"country": "DE"}) for n in range(3)]
    facts = facts_of(log)
    facts[0] = replace(
        facts[0],
        params='{"experiment_variant":["a:1","b"],"page \\"t/i~tle":"Ä \\"x\\"","price":"12.5",'
        '"step":"7"}',
        properties='{"plan":{"set_timestamp_micros":"1","value":"gold"}}',
        items=("shoes", None, "hats", ""),
    )
    facts[1] = replace(
        facts[1],
        params='{"experiment_variant":"c","price":"1e-06","step":"many"}',
        properties='{"plan":"basic"}',
    )
    fill(warehouse, facts)
    plan = plan_in(tmp_path, specs=(*DEFAULT_COLUMNS, *ADDED))
    users, _ = decoded(opened(build_index(warehouse, plan), plan))
    names = [spec.name for spec in plan.specs]
    shown = [dict(zip(names, row[3:], strict=True)) for row in users["u"]["rows"]]
    wanted = ["experiment_variant", *(spec.name for spec in ADDED)]
    assert [[row[name] for name in wanted] for row in shown] == [
        [("a:1", "b"), 'Ä "x"', 7, 12_500_000, "gold", ("shoes", None, "hats", ""), "DE"],
        [("c",), None, None, 1, "basic", (), "DE"],
        [(), None, None, None, None, (), "DE"],
    ]
    wrong = replace(plan, specs=(ColumnSpec("x", "text", "no_such", ""),))
    with pytest.raises(SettingsError, match="no_such"):
        build_index(warehouse, wrong)
    warehouse.close()


@pytest.mark.parametrize("most", [extract.MOST_NAMED, 0])
@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_a_refresh_takes_names_to_the_letter(
    engine: str,
    most: int,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(extract, "MOST_NAMED", most)
    url = "ga4.duckdb" if engine == "duckdb" else request.getfixturevalue("postgres_url")
    warehouse = open_warehouse(url, tmp_path)
    warehouse.prepare()
    keys = ("it's ?", "%s", "2020-11-03", "u", "\\", None)
    early = [Event(key, "page_view", START + day * DAY) for key in keys for day in range(2)]
    late = [Event(key, "purchase", START + 2 * DAY) for key in (*keys[:2], None)]
    plan = plan_in(tmp_path)
    fill(warehouse, facts_of(early))
    before = build_index(warehouse, plan).manifest
    fill(warehouse, facts_of([*early, *late]))
    later, anew = build_index(warehouse, plan, before), build_index(warehouse, plan)
    # Two users with two days and a new one; nobody's new day.
    assert (later.how, later.rows) == ("refresh", 7)
    assert decoded(opened(later, plan)) == decoded(opened(anew, plan))
    warehouse.close()


def test_a_new_day_reads_only_its_users(duck: Warehouse, tmp_path: Path) -> None:
    early = [event for day in range(5) for event in visits(100, day)]
    fill(duck, facts_of(early))
    plan = plan_in(tmp_path, worn=0.25)
    built = build_index(duck, plan)
    late = [*early, *visits(3, 5, "purchase")]
    fill(duck, facts_of(late))
    later = build_index(duck, plan, built.manifest)
    assert (later.how, later.rows) == ("refresh", 18)
    assert later.manifest.segments[0].file == built.manifest.segments[0].file
    assert (later.manifest.segments[0].dead_users, later.manifest.segments[0].dead_rows) == (3, 15)
    assert (later.manifest.rows, later.manifest.users) == (503, 100)
    fill(duck, facts_of([*late, *visits(100, 6)]))
    assert build_index(duck, plan, later.manifest).how == "full"  # too much would be dead


@pytest.mark.parametrize(
    "change", [{"context": "other"}, {"identity": "stitched"}, {"specs": DEFAULT_COLUMNS[:3]}]
)
def test_other_settings_build_all_anew(
    duck: Warehouse, tmp_path: Path, change: dict[str, Any]
) -> None:
    fill(duck, facts_of(visits(3, 0)))
    plan = plan_in(tmp_path)
    before = build_index(duck, plan).manifest
    assert build_index(duck, plan, before).how == "same"
    assert build_index(duck, replace(plan, **change), before).how == "full"
    fill(duck, facts_of(visits(3, 0)), streams=2)  # sessions are told apart by stream then
    assert build_index(duck, plan, before).how == "full"


def test_damage_is_found(duck: Warehouse, tmp_path: Path) -> None:
    fill(duck, facts_of(visits(3, 0)))
    plan = plan_in(tmp_path)
    built = build_index(duck, plan)
    assert verify_files(built.manifest, plan.root) == len(built.manifest.files)
    path = plan.root / built.manifest.segments[0].file.file
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(StaleError, match="checksum"):
        verify_files(built.manifest, plan.root)
    path.write_bytes(good + b"more")
    with pytest.raises(StaleError, match="bytes instead of"):
        opened(built, plan)
    path.write_bytes(good.replace(b'"format":2', b'"format":9'))
    with pytest.raises(StaleError, match="format 9"):
        opened(built, plan)
    path.unlink()
    with pytest.raises(StaleError, match="ga4 build"):
        opened(built, plan)
    # A build that finds the index before it damaged starts anew.
    assert build_index(duck, plan, built.manifest).how == "full"


def test_a_manifest_of_another_format_is_refused(duck: Warehouse, tmp_path: Path) -> None:
    fill(duck, facts_of(visits(3, 0)))
    manifest = build_index(duck, plan_in(tmp_path)).manifest
    path = tmp_path / "x.json"
    path.write_text(manifest_text(manifest), encoding="utf-8")
    assert read_manifest(path) == manifest
    path.write_text(manifest_text(replace(manifest, format=1)), encoding="utf-8")
    with pytest.raises(StaleError, match="format 1"):
        read_manifest(path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(StaleError, match="ga4 build"):
        read_manifest(path)


def test_numbers_that_are_nowhere_take_no_room(duck: Warehouse, tmp_path: Path) -> None:
    log = visits(500, 0)
    fill(duck, facts_of(log))
    plan, fewer = plan_in(tmp_path), tuple(s for s in DEFAULT_COLUMNS if s.kind != "micros")
    built = build_index(duck, plan)
    bare = build_index(duck, plan_in(tmp_path / "bare", specs=fewer))
    assert built.manifest.bytes - bare.manifest.bytes < 500
    index = opened(built, plan)
    total = Trends((Series(measure="sum", column="refund_usd"), Series(measure="events")))
    assert [line.values for line in trends.answer(index, total).lines] == [(0,), (500,)]
    given = Query(where=Condition("refund_usd", "is_set"))
    found = trends.answer(index, Trends((Series(measure="events"),), given))
    assert found.lines[0].values == (0,)
    by = Trends((Series(measure="events"),), Query(by=("refund_usd",)))
    assert [(line.group, line.values) for line in trends.answer(index, by).lines] == [
        ((None,), (500,))
    ]
    # A number that comes later is in the segment that has it.
    late = replace(log[0], time=log[0].time + DAY, columns={"refund_usd": 2_500_000})
    fill(duck, facts_of([*log, late]))
    later = build_index(duck, plan, built.manifest)
    assert later.how == "refresh"
    values = trends.answer(opened(later, plan), total).lines[0].values
    assert values == (0, 2.5)


def test_arrays_cannot_be_written(duck: Warehouse, tmp_path: Path) -> None:
    fill(duck, facts_of(visits(3, 0)))
    plan = plan_in(tmp_path)
    (segment,) = opened(build_index(duck, plan), plan).segments
    refund = segment.columns["refund_usd"]
    for array in (segment.time_us, segment.alive, segment.user_touch_us, segment.name, refund):
        assert not array.flags.writeable
        assert array.dtype.isnative


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_is_said_and_leaves_no_file(duck: Warehouse, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk could not be mounted")
    try:
        fill(duck, facts_of([Event(f"u{n}", "x", START + n) for n in range(5000)]))
        plan = plan_in(small)
        with pytest.raises(BuildError, match="Free some room"):
            build_index(duck, plan)
        assert not [path for path in small.rglob("*") if path.is_file()]
    finally:
        subprocess.run(["umount", str(small)], check=True)
