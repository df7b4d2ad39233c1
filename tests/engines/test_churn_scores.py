"""Churn on a real workspace of either warehouse: the same features, scores, erasure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from churn_logs import crowd
from journeys import Journey, journey
from logs import DAY, START, Event
from oracle_files import write_ndjson
from postgres_server import HINT, find_programs

from ga4_analytics import churning
from ga4_analytics.analyses.churn_features import Table, tables
from ga4_analytics.analyses.churn_plan import features_of
from ga4_analytics.errors import BuildError, QuestionError, StaleError, WarehouseError
from ga4_analytics.index.calendar import day_number
from ga4_analytics.publish.churn_store import folder_of_models, required
from ga4_analytics.questions.churn import ChurnQuestion
from ga4_analytics.verify.churn_sql import as_table, require_same
from ga4_analytics.warehouse.base import Statement
from ga4_analytics.warehouse.tables import CHURN_SCORES
from ga4_analytics.workspace import Workspace

NOW = START + 100 * DAY
CUTOFF = date(2020, 12, 10)
OPTIONS: dict[str, Any] = {"window_days": 21, "horizon_days": 10, "resamples": 20,
                           "models": "logistic"}  # fmt: skip
NEWS = {"cross_channel_campaign": {"source": "news", "medium": "email"}}


def exported(event: Event) -> dict[str, Any]:
    """An event of a log as Google exports it."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=event.time)
    params = {
        "ga_session_id": event.session,
        "engagement_time_msec": event.columns.get("engagement_msec"),
        "page_location": f"https://shop.example/{event.time % 5}",
    }
    return {
        "event_date": f"{moment:%Y%m%d}", "event_timestamp": event.time,
        "event_name": event.name, "user_pseudo_id": event.user, "stream_id": "1",
        "platform": "WEB", "device": {"category": event.columns.get("device_category")},
        "geo": {"country": event.columns.get("country")},
        "event_params": {name: value for name, value in params.items() if value is not None},
    }  # fmt: skip


def straddling(number: int) -> list[Journey]:
    """Sessions that go on after midnight of the cutoff, and learn their source only then."""
    late = journey(f"late {number}").at("2020-12-09 23:58").session(1).sees("page_view", page="/a")
    late.has(session_traffic_source_last_click=NEWS).after(minutes=4).sees("page_view", page="/b")
    settled = journey(f"settled {number}").at("2020-12-08 23:58").session(1)
    settled.has(session_traffic_source_last_click=NEWS).sees("page_view", page="/a")
    settled.has(session_traffic_source_last_click=None).after(minutes=4).sees("scroll")
    settled.after(days=2).session(2).sees("page_view", page="/c")
    twice = journey(f"twice {number}").at("2020-12-08 10:00").session(1)
    twice.sees("page_view", page="/a").again().again().after(days=1).session(2)
    # So that the day's files carry sources at all.
    twice.has(session_traffic_source_last_click=NEWS).sees("page_view", page="/a").after(
        hours=16
    ).sees("scroll")
    ghost = journey(None).at("2020-12-09 10:00").session(1).sees("page_view", page="/a")
    return [late, settled, twice, ghost]


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def workspace(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    """A crowd, and straddling journeys with and without their future, built and published."""
    folder = tmp_path_factory.mktemp("churn")
    if request.param == "duckdb":
        yield from _built(folder, "ga4.duckdb")
        return
    if find_programs() is None:
        pytest.skip(HINT)
    with request.getfixturevalue("postgres_server").database() as url:
        yield from _built(folder, url)


def _built(folder: Path, url: str) -> Iterator[Workspace]:
    Workspace.create(folder / "ws", timezone="UTC").close()
    clock = iter(range(NOW, 2**62)).__next__
    found = Workspace.open(folder / "ws", warehouse=url, clock=clock)
    stories = [event for n in range(3) for each in straddling(n) for event in each.events]
    past = [e for e in stories if e["event_date"] < f"{CUTOFF:%Y%m%d}"]
    given = {
        "ga4": [exported(event) for event in crowd(420, 80)],
        "whole": stories,
        "past": past,
    }
    for name, events in given.items():
        path = write_ndjson(events, folder / f"{name}.json", Random(1))
        last = max(each["event_date"] for each in events)
        day = date(int(last[:4]), int(last[4:6]), int(last[6:]))
        found.load([path], dataset=name, complete_through=day)
    found.build()
    yield found
    found.close()


def rows(workspace: Workspace, columns: str = "*") -> list[dict[str, Any]]:
    sql = f"select {columns} from results.churn_scores order by as_of, user_key"
    found: list[dict[str, Any]] = workspace.warehouse.query(sql).to_pylist()
    return found


def of(workspace: Workspace, dataset: str, question: ChurnQuestion, cutoff: date) -> Table:
    index = workspace.index(dataset)
    (table,) = tables(index, question, features_of(question), [day_number(cutoff)])
    return table


def test_no_model_no_scores(workspace: Workspace) -> None:
    with pytest.raises(StaleError, match="churn train"):
        workspace.churn_score()
    with pytest.raises(StaleError, match="churn train"):
        workspace.churn_card()


def test_a_session_over_the_cutoff_tells_nothing_of_what_comes(workspace: Workspace) -> None:
    """Leakage 1, 4 and 10 through the models: without the future no feature is another."""
    question = ChurnQuestion(least_active_days=1)
    features = features_of(question)
    whole, past = (of(workspace, name, question, CUTOFF) for name in ("whole", "past"))
    assert as_table(whole, features).equals(as_table(past, features))
    found = dict(zip(whole.keys.to_pylist(), whole.texts["channel"].to_pylist(), strict=True))
    # Its source came after midnight, on the cutoff's day; the other's session was over.
    assert found["late 0"] is None
    assert len(whole) == 9
    times = dict(zip(whole.keys.to_pylist(), whole.numbers["events"].tolist(), strict=True))
    assert (times["late 0"], times["twice 0"]) == (1, 2)
    later = of(workspace, "whole", question, CUTOFF + timedelta(days=3))
    told = dict(zip(later.keys.to_pylist(), later.texts["channel"].to_pylist(), strict=True))
    assert (told["late 0"], told["settled 0"]) == ("Email", "Email")


@pytest.mark.parametrize("dataset", ["ga4", "whole", "past"])
def test_the_warehouse_gives_the_same_features(workspace: Workspace, dataset: str) -> None:
    for question in (ChurnQuestion(least_active_days=1), ChurnQuestion(active=("page_view",))):
        for cutoff in (CUTOFF, CUTOFF + timedelta(days=1), date(2021, 1, 5)):
            table = of(workspace, dataset, question, cutoff)
            checked = require_same(
                workspace.warehouse, dataset, question, features_of(question), table
            )
            assert checked == len(table)


def test_scores_are_written_whole_and_again(workspace: Workspace) -> None:
    trained = workspace.churn_train(**OPTIONS)
    told = workspace.churn_score().result
    written = rows(workspace)
    assert told.users == told.checked == len(written) > 100
    assert sum(each.users for each in told.deciles) == told.users
    first = written[0]
    assert set(first) == {column.name for column in CHURN_SCORES.columns}
    assert first["as_of"] == told.as_of == date(2021, 1, 20)
    assert {row["model_id"] for row in written} == {trained.result.model_id}
    assert [row["user_key"] for row in written] == sorted(row["user_key"] for row in written)
    by_chance = sorted(written, key=lambda row: (-row["chance_to_churn"], row["user_key"]))
    assert [row["decile"] for row in by_chance] == sorted(row["decile"] for row in written)
    for row in by_chance:
        above = sum(other["chance_to_churn"] > row["chance_to_churn"] for other in written)
        longer = sum(other["recency_days"] > row["recency_days"] for other in written)
        assert (row["chance_rank"], row["recency_rank"]) == (above + 1, longer + 1)
    again = workspace.churn_score().result
    assert again == told
    columns = ", ".join(c.name for c in CHURN_SCORES.columns if c.name != "scored_at_us")
    assert rows(workspace, columns) == [
        {name: row[name] for name in columns.split(", ")} for row in written
    ]
    earlier = workspace.churn_score(date(2021, 1, 10)).result
    assert len(rows(workspace)) == told.users + earlier.users


def test_chances_are_the_models_to_the_last_bit(workspace: Workspace) -> None:
    workspace.churn_train(**OPTIONS)
    told = workspace.churn_score().result
    stored = required(workspace.settings)
    (table,) = tables(workspace.index(), stored.result.spec, features_of(stored.result.spec),
                      [day_number(told.as_of)])  # fmt: skip
    chances = dict(zip(table.keys.to_pylist(), stored.fitted.chances(table), strict=True))
    written = [row for row in rows(workspace) if row["as_of"] == told.as_of]
    assert {row["user_key"]: row["chance_to_churn"] for row in written} == chances


def test_columns_say_in_the_warehouse_what_they_are(workspace: Workspace) -> None:
    workspace.churn_train(**OPTIONS)
    workspace.churn_score()
    if workspace.warehouse.engine == "duckdb":
        sql = ("select column_name, comment from duckdb_columns() "
               "where table_name = 'churn_scores'")  # fmt: skip
    else:
        sql = ("select a.attname as column_name, col_description(a.attrelid, a.attnum) as comment "
               "from pg_attribute a where a.attrelid = cast('results.churn_scores' as regclass) "
               "and a.attnum > 0")  # fmt: skip
    rows_ = workspace.warehouse.query(sql).to_pylist()
    found = {row["column_name"]: row["comment"] for row in rows_}
    assert found == {column.name: column.about for column in CHURN_SCORES.columns}


def test_a_write_that_fails_leaves_the_scores_as_they_were(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.churn_train(**OPTIONS)
    workspace.churn_score()
    before = rows(workspace)
    from ga4_analytics.publish import churn_scores

    real = churn_scores.score_rows

    def doubled(*given: Any) -> pa.Table:
        table = real(*given)
        return pa.concat_tables([table, table.slice(0, 1)])

    monkeypatch.setattr(churn_scores, "score_rows", doubled)
    with pytest.raises(WarehouseError):
        workspace.churn_score()
    assert rows(workspace) == before


def test_features_that_differ_write_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.churn_train(**OPTIONS)
    workspace.churn_score()
    before = rows(workspace)
    from ga4_analytics.verify import churn_sql

    wrong = {**churn_sql._NUMBERS, "sessions": "count(session_number)"}
    monkeypatch.setattr(churn_sql, "_NUMBERS", wrong)
    with pytest.raises(BuildError, match="sessions"):
        workspace.churn_score()
    assert rows(workspace) == before


def test_days_that_are_not_there_cannot_be_scored(workspace: Workspace) -> None:
    workspace.churn_train(**OPTIONS)
    with pytest.raises(QuestionError, match="not loaded"):
        workspace.churn_score(date(2020, 11, 5))


def test_a_model_that_was_touched_is_not_used(workspace: Workspace) -> None:
    workspace.churn_train(**OPTIONS)
    name = required(workspace.settings).result.model_id
    path = folder_of_models(workspace.settings) / f"{name}.json"
    whole = path.read_text(encoding="utf-8")
    try:
        path.write_text(whole.replace('"intercept": ', '"intercept": 1', 1), encoding="utf-8")
        with pytest.raises(StaleError, match="was changed"):
            workspace.churn_score()
    finally:
        path.write_text(whole, encoding="utf-8")
    content = json.loads(whole)
    assert set(content) == {"fitted", "result"}
    assert "user 0" not in whole


def test_the_same_training_writes_the_same_bytes(workspace: Workspace) -> None:
    def files() -> dict[str, bytes]:
        folder = workspace.settings.reports_dir / "churn"
        places = [*folder_of_models(workspace.settings).iterdir(), *folder.iterdir()]
        return {path.name: path.read_bytes() for path in places}

    workspace.churn_train(**OPTIONS)
    first = files()
    assert {"card.md", "precision.png", "calibration.png", "importances.png"} <= set(first)
    workspace.churn_train(**OPTIONS)
    assert files() == first


def test_a_bi_role_reads_scores_that_are_made_later(workspace: Workspace) -> None:
    if workspace.warehouse.engine == "duckdb":
        pytest.skip("A file has no roles.")
    url = workspace.settings.warehouse
    name = "churn reader"
    workspace.warehouse.change([Statement("drop table if exists results.churn_scores")], {})
    workspace.warehouse.grant_read(name, "read-only-1")  # type: ignore[attr-defined]
    try:
        workspace.churn_train(**OPTIONS)
        users = workspace.churn_score().result.users
        with psycopg.connect(url, user=name, password="read-only-1") as bi:
            assert bi.execute("select count(*) from results.churn_scores").fetchone() == (users,)
    finally:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute('drop owned by "churn reader"')
            admin.execute('drop role "churn reader"')


def test_a_forgotten_person_has_no_score(workspace: Workspace) -> None:
    """Last of all, because the workspace is another one afterwards."""
    workspace.churn_train(**OPTIONS)
    users = workspace.churn_score().result.users
    gone = rows(workspace)[0]["user_key"]
    person, traces = workspace.forget(gone)
    assert person.devices == (gone,)
    assert traces.found == {}
    left = [row["user_key"] for row in rows(workspace)]
    assert gone not in left
    assert len([row for row in rows(workspace) if row["as_of"] == date(2021, 1, 20)]) == users - 1
    # The days are as complete as before, and the model has nothing of anybody.
    assert workspace.churn_score().result.users == users - 1


def test_scores_wait_for_the_build(workspace: Workspace, tmp_path: Path) -> None:
    workspace.churn_train(**OPTIONS)
    story = journey("somebody new").at("2021-01-25 10:00").session(1).sees("page_view", page="/")
    workspace.load([write_ndjson(story.events, tmp_path / "more.json", Random(1))])
    with pytest.raises(StaleError, match="ga4 build"):
        workspace.churn_score()
    assert churning.card(workspace.settings)[0].model_id is not None
