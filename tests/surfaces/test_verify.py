"""Marts and index agree on real data and ugly data, and a fault in either turns it red."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import yaml
from journeys import journey
from oracle_files import write_ndjson

from ga4_analytics.errors import BuildError
from ga4_analytics.index.manifest import folder_of
from ga4_analytics.index.open import open_index
from ga4_analytics.index.reader import Index
from ga4_analytics.publish.indexes import build_indexes
from ga4_analytics.settings import Settings
from ga4_analytics.transform.project import mart_names, project_dir
from ga4_analytics.verify import Verification, run, verify
from ga4_analytics.verify.compare import Recount
from ga4_analytics.workspace import Workspace

NOW_US = 1_612_224_000_000_000
START_US = 1_604_188_800_000_000
MINUTE_US = 60_000_000
HEAD = "user_id,event_date,event_timestamp,event_name,country,device_category\n"


def rows() -> str:
    """Nine users over three days; each begins with two events of one moment."""
    lines = []
    for number in range(9):
        for day in range(3 if number % 2 else 1):
            moment = START_US + day * 86_400_000_000 + number * MINUTE_US
            country = "Peru" if number % 3 else "Chile"
            for step, name in enumerate(("session_start", "page_view", "view_item")):
                at = moment + (step == 2) * MINUTE_US
                lines.append(f"u{number}.5,202011{day + 1:02d},{at},{name},{country},mobile\n")
    return HEAD + "".join(lines)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A built workspace of its own, because the faults change its relations."""
    folder = tmp_path_factory.mktemp("verified workspace")
    path = folder / "events.csv"
    path.write_text(rows(), encoding="utf-8")
    workspace = Workspace.open(folder, timezone="UTC", clock=lambda: NOW_US)
    workspace.load([path])
    workspace.build()
    yield workspace
    workspace.close()


def judged(workspace: Workspace) -> Verification:
    """The published marts against an index built from the relation as it is now."""
    (index,) = build_indexes(workspace.warehouse, workspace.settings, fresh=True)
    manifest = index.built.manifest
    folder = folder_of(workspace.settings.state_dir, manifest.dataset)
    opened = open_index(manifest, folder, "draft")
    return verify(workspace.snapshot().table, opened, workspace.settings)


FAULTS = {
    "a tie is dropped": "select * from sound where not (event_name = 'page_view' "
    "and user_key = 'u3.5' and event_date = date '2020-11-02')",
    "a date is shifted": "select * replace (case when user_key = 'u3.5' and event_date = "
    "date '2020-11-02' then date '2020-11-03' else event_date end as event_date) from sound",
    "two users are merged": "select * replace (case user_key when 'u3.5' then 'u5.5' "
    "else user_key end as user_key) from sound",
    "a duplicate is kept": "select * from sound union all select * replace (event_id || 'x' as "
    "event_id) from sound where user_key = 'u3.5' and event_date = date '2020-11-02'",
    "a tie is turned round": "select * replace (case when event_name = 'session_start' then "
    "order_us + 1 else order_us end as order_us) from sound",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_turns_it_red(small: Workspace, fault: str) -> None:
    assert judged(small).agrees
    warehouse = small.warehouse
    view = "analytics.index_events"
    found = warehouse.query("select sql from duckdb_views() where view_name = 'index_events'")
    sound = found.column("sql")[0].as_py()
    try:
        _run(warehouse, f"create or replace view analytics.sound as {_body(sound)}")
        faulty = FAULTS[fault].replace("from sound", "from analytics.sound")
        _run(warehouse, f"create or replace view {view} as {faulty}")
        with pytest.raises(BuildError, match=r"disagree in \d+ values"):
            judged(small).require()
    finally:
        _run(warehouse, f"create or replace view {view} as {_body(sound)}")
        _run(warehouse, "drop view if exists analytics.sound")
    assert judged(small).agrees


def _body(sql: str) -> str:
    """The select of a view."""
    return sql.split(" AS ", 1)[1].rstrip("; \n")


def _run(warehouse: object, sql: str) -> None:
    warehouse._open().execute(sql)  # type: ignore[attr-defined]


def test_ugly_data_agree_where_they_can_tell_and_where_they_cannot(published: Workspace) -> None:
    found = {each.dataset: each for each in published.verify()}
    assert set(found) == {"ga4", "ugly", "bare"}
    assert all(each.agrees for each in found.values())
    assert all(checked.rows for each in found.values() for checked in each.checked[:1])


def columns_by_judge() -> dict[str, dict[str, set[str]]]:
    """By judge and mart the columns whose description names it."""
    found: dict[str, dict[str, set[str]]] = {}
    for path in sorted((project_dir() / "models/marts").glob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models") or []:
            for column in model["columns"]:
                judge = column["config"]["meta"]["verified_by"]
                found.setdefault(judge, {}).setdefault(model["name"], set()).add(column["name"])
    return found


def test_each_column_says_what_verifies_it(published: Workspace) -> None:
    said = columns_by_judge()
    assert set(said) == {"index", "oracle", "tests"}
    recounted: dict[str, set[str]] = {}
    for each in published.verify():
        for checked in each.checked:
            recounted.setdefault(checked.mart, set()).update(checked.columns)
    told = {mart: columns - {"dataset"} for mart, columns in said["index"].items()}
    assert told == recounted
    assert {mart for marts in said.values() for mart in marts} == set(mart_names())


def test_a_draft_that_disagrees_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.open(tmp_path, timezone="UTC", clock=lambda: NOW_US)
    path = tmp_path / "events.csv"
    path.write_text(rows(), encoding="utf-8")
    workspace.load([path])
    workspace.build()
    before = workspace.snapshot().id

    def of_nothing(index: Index, settings: Settings) -> Recount:
        return Recount.of_rows("daily_active_users", ("event_date",), {})

    monkeypatch.setattr(run, "RECOUNTS", (of_nothing,))
    workspace.clock = lambda: NOW_US + 1
    with pytest.raises(BuildError, match="the index has no such row"):
        workspace.build()
    assert workspace.snapshot().id == before
    workspace.close()


def test_views_without_a_page_are_counted_on_both_sides(tmp_path: Path) -> None:
    """An app's screens have no address, and a site's own pages beside them do."""
    story = journey("ana").at("2020-11-01 10:00").session(1).sees("page_view", page="/a")
    story.after(seconds=1).sees("screen_view", "page_view", engagement_time_msec=7)
    story.after(seconds=1).sees("scroll")
    workspace = Workspace.open(tmp_path, timezone="UTC", key_events=("screen_view",))
    workspace.load([write_ndjson(story.events, tmp_path / "app.json", Random(1))])
    workspace.build()
    found = workspace.snapshot().table("page_performance").to_pylist()
    assert [(row["page_path"], row["page_views"], row["key_events"]) for row in found] == [
        ("(not set)", 2, 1), ("/a", 1, 0)]  # fmt: skip
    assert all(each.agrees for each in workspace.verify())
    workspace.close()
