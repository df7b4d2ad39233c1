"""Both warehouses keep what they are given, and replace whole days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stages import DAY, NEXT_DAY, event, ledger_rows, make_stage, many_events_sql

from ga4_analytics.errors import SettingsError, WarehouseError
from ga4_analytics.sources.schema import EVENT_COLUMNS
from ga4_analytics.warehouse import Stage, Warehouse, open_warehouse
from ga4_analytics.warehouse import duckdb as duckdb_engine
from ga4_analytics.warehouse import postgres as postgres_engine
from ga4_analytics.warehouse.ddl import create_table
from ga4_analytics.warehouse.tables import EVENTS, LOADS, TABLES

HOSTILE = (
    "it's; drop table raw.loads; --",
    '"; select 1',
    "?", "%s", "%", "$1", "\\", "\\.", "\\N", "a\n\\.\nb", "NULL", "null", "t",
    "a,b\tc\r\nd", "  ", "", "e'x\\'", "zażółć gęślą", "日本語", "🛒 שלום", "x" * 100_000,
)  # fmt: skip


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse on each engine."""
    if request.param == "duckdb":
        setting = "folder with space/ga4.duckdb"
    else:
        setting = request.getfixturevalue("postgres_url")
    opened = open_warehouse(setting, tmp_path)
    opened.prepare()
    yield opened
    opened.close()


def contents(warehouse: Warehouse) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of raw."""
    return {
        table.name: warehouse.query(
            f"select * from raw.{table.name} order by "
            + ", ".join(f'"{column.name}"' for column in table.columns)
        ).to_pylist()
        for table in TABLES
    }


def test_every_kind_of_value_comes_back_as_it_went_in(warehouse: Warehouse, tmp_path: Path) -> None:
    integers = {"bigint": (-(2**63), 2**63 - 1), "integer": (-(2**31), 2**31 - 1)}
    days = (date(1, 1, 1), date(9999, 12, 31))
    events = [event(0)]
    for number, text in enumerate(HOSTILE, start=1):
        row: dict[str, Any] = {}
        for place, column in enumerate(EVENT_COLUMNS):
            odd = (number + place) % 2
            values = {
                "text": text, "boolean": bool(odd), "date": days[odd],
                **{kind: pair[odd] for kind, pair in integers.items()},
            }  # fmt: skip
            row[column.name] = values[column.kind]
        events.append(row | {"dataset": "ga4", "event_id": f"e{number}"})
    warehouse.replace_days(make_stage(tmp_path / "stage", events))
    expected = [{column.name: row.get(column.name) for column in EVENT_COLUMNS} for row in events]
    found = warehouse.query("select * from raw.ga4_events").to_pylist()
    assert sorted(found, key=lambda row: row["event_id"]) == sorted(
        expected, key=lambda row: row["event_id"]
    )


def test_the_same_days_twice_change_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    item = {"dataset": "ga4", "event_date": DAY, "event_id": "e1", "item_index": 0, "item_id": "x"}
    file = {"dataset": "ga4", "event_date": DAY, "sha256": "aa", "reading": "r"}
    stage = make_stage(
        tmp_path / "stage",
        [event(1), event(2), event(3, NEXT_DAY)],
        [item],
        {"day_files": ledger_rows("day_files", file), "rejects": ledger_rows("rejects")},
    )
    told: list[int] = []
    warehouse.replace_days(stage, told.append)
    first = contents(warehouse)
    warehouse.replace_days(stage)
    assert contents(warehouse) == first
    assert sum(told) == 3
    assert [len(first[name]) for name in ("ga4_events", "ga4_items", "ga4_days", "day_files")] == [
        3, 1, 2, 1
    ]  # fmt: skip


def test_only_the_named_days_of_the_named_dataset_go(warehouse: Warehouse, tmp_path: Path) -> None:
    before = [event(1), event(2, NEXT_DAY), event(3) | {"dataset": "other"}]
    warehouse.replace_days(make_stage(tmp_path / "a", before))
    warehouse.replace_days(make_stage(tmp_path / "b", [event(9)]))
    kept = warehouse.query("select dataset, event_id from raw.ga4_events order by event_id")
    assert kept.to_pylist() == [
        {"dataset": "ga4", "event_id": "e2"},
        {"dataset": "other", "event_id": "e3"},
        {"dataset": "ga4", "event_id": "e9"},
    ]


@pytest.mark.parametrize("fault", ["events", "items", "ledger"])
def test_a_stage_that_fails_leaves_all_as_it_was(
    warehouse: Warehouse, tmp_path: Path, fault: str
) -> None:
    good = make_stage(tmp_path / "stage", [event(1), event(2, NEXT_DAY)])
    warehouse.replace_days(good)
    before = contents(warehouse)
    broken = "select * from read_parquet('/nowhere/*.parquet')"
    changes: dict[str, dict[str, Any]] = {
        "events": {"events_sql": broken},
        "items": {"items_sql": broken},
        # A row of the ledger without its key comes last, when the events are written.
        "ledger": {"ledger": {**good.ledger, "loads": ledger_rows("loads", {"dataset": "ga4"})}},
    }
    with pytest.raises(WarehouseError) as caught:
        warehouse.replace_days(replace(good, **changes[fault]))
    assert warehouse.describe() in str(caught.value)
    assert contents(warehouse) == before


def test_ledger_rows_are_added_all_or_none(warehouse: Warehouse) -> None:
    load = ledger_rows("loads", {"load_id": "l1", "dataset": "ga4", "lines": 3})
    reject = ledger_rows("rejects", {"load_id": "l1", "line": 7, "raw_text": 'a,"b\n'})
    warehouse.add_rows({"loads": load, "rejects": reject})
    with pytest.raises(WarehouseError):
        warehouse.add_rows({"rejects": reject, "loads": load})
    assert warehouse.query("select raw_text, line from raw.rejects").to_pylist() == [
        {"raw_text": 'a,"b\n', "line": 7}
    ]


def test_preparing_twice_keeps_the_rows(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.replace_days(make_stage(tmp_path / "stage", [event(1)]))
    before = contents(warehouse)
    warehouse.prepare()
    assert contents(warehouse) == before
    for schema in ("raw", "analytics", "results"):
        found = warehouse.query(
            "select 1 as n from information_schema.schemata where schema_name = ?", [schema]
        )
        assert found.num_rows >= 1


def test_a_query_tells_hostile_texts_apart_and_null_from_empty(warehouse: Warehouse) -> None:
    for text in HOSTILE:
        answer = warehouse.query(
            "select cast(? as varchar) as a, '?' as b /* ? */, cast(? as bigint) as c, "
            "cast(? as date) as d, cast(? as varchar) as e -- ?",
            [text, 2**63 - 1, DAY, None],
        )
        assert answer.to_pylist() == [{"a": text, "b": "?", "c": 2**63 - 1, "d": DAY, "e": None}]
    lone = warehouse.query("select cast(null as varchar) as a union all select '' order by 1")
    assert sorted(lone["a"].to_pylist(), key=str) == ["", None]
    with pytest.raises(WarehouseError):
        warehouse.query("select cast(? as varchar), cast(? as varchar)", ["one"])


def test_a_query_gives_the_same_types_on_every_engine(warehouse: Warehouse) -> None:
    answer = warehouse.query(
        "select cast(1 as bigint) as n, cast(0.1 as double precision) as x, true as yes, "
        "cast('2024-02-29' as date) as day, cast('a' as varchar) as text, "
        "sum(cast(9007199254740993 as bigint)) as total, cast(2 as integer) as small"
    )
    assert answer.schema.types == [
        pa.int64(), pa.float64(), pa.bool_(), pa.date32(), pa.string(),
        pa.decimal128(38, 0), pa.int32(),
    ]  # fmt: skip
    assert int(answer["total"][0].as_py()) == 9007199254740993
    assert answer["x"][0].as_py() == 0.1
    empty = warehouse.query("select * from raw.ga4_events")
    assert empty.num_rows == 0
    assert empty.schema.names == [column.name for column in EVENT_COLUMNS]


def test_text_is_ordered_by_its_bytes(warehouse: Warehouse, tmp_path: Path) -> None:
    names = ["b", "B", "a", "_", "é", "e", "ab", "a b", "日"]
    rows = [event(number, event_name=name) for number, name in enumerate(names)]
    warehouse.replace_days(make_stage(tmp_path / "stage", rows))
    found = warehouse.query("select event_name from raw.ga4_events order by event_name")
    assert found["event_name"].to_pylist() == sorted(names, key=lambda name: name.encode())


def test_text_is_ordered_by_its_bytes_whatever_the_database_says(
    postgres_icu_url: str, tmp_path: Path
) -> None:
    warehouse = open_warehouse(postgres_icu_url, tmp_path)
    warehouse.prepare()
    plain = warehouse.query("select cast('a' as text) < cast('B' as text) as first")
    assert plain["first"][0].as_py(), "this database should order text as English does"
    test_text_is_ordered_by_its_bytes(warehouse, tmp_path)
    warehouse.close()


def test_a_long_answer_streams_while_other_queries_run(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = 200_000
    stage = make_stage(tmp_path / "stage", [event(1)])
    warehouse.replace_days(
        replace(stage, events_sql=many_events_sql(rows, "scroll"), event_rows=rows)
    )
    seen, batches = 0, 0
    for batch in warehouse.stream(
        "select event_timestamp, event_id, gclid from raw.ga4_events where event_name = ? "
        "order by event_timestamp",
        ["scroll"],
    ):
        assert batch.column(0)[0].as_py() == 1710000000000000 + seen
        assert batch.column(2).null_count == batch.num_rows
        seen += batch.num_rows
        batches += 1
        assert warehouse.query("select count(*) as n from raw.ga4_days")["n"][0].as_py() == 1
    assert seen == rows
    assert batches > 1
    next(warehouse.stream("select * from raw.ga4_events"))  # left before its end
    assert (
        warehouse.write_parquet(
            "select event_id from raw.ga4_events order by event_timestamp", tmp_path / "out.parquet"
        )
        == rows
    )
    written = pq.ParquetFile(tmp_path / "out.parquet")
    assert written.metadata.num_rows == rows
    assert written.metadata.row_group(0).column(0).compression == "ZSTD"
    assert written.read()["event_id"][-1].as_py() == f"e{rows - 1}"


def test_a_failing_file_leaves_the_older_one(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "out" / "a.parquet"
    warehouse.write_parquet("select cast(1 as bigint) as n", path)
    before = path.read_bytes()
    with pytest.raises(WarehouseError):
        warehouse.write_parquet("select 1 / (n - n) as n, x from nowhere", path)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["a.parquet"]


def test_columns_of_a_newer_version_are_added(warehouse: Warehouse, tmp_path: Path) -> None:
    types = (duckdb_engine if warehouse.engine == "duckdb" else postgres_engine).TYPES
    for table in (EVENTS, LOADS):
        older = replace(table, columns=table.columns[:-2])
        run(warehouse, f"drop table raw.{table.name}", create_table(older, types))
    run(warehouse, "insert into raw.loads (load_id, lines) values ('l1', 5)")
    warehouse.prepare()
    answer = warehouse.query("select * from raw.loads").to_pylist()
    assert answer[0]["lines"] == 5
    assert answer[0]["version"] is None
    warehouse.replace_days(make_stage(tmp_path / "stage", [event(1, other_fields="{}")]))
    assert warehouse.query("select other_fields as f from raw.ga4_events")["f"][0].as_py() == "{}"


def test_a_table_of_other_types_is_refused(warehouse: Warehouse) -> None:
    run(warehouse, "drop table raw.loads", "create table raw.loads (load_id bigint)")
    with pytest.raises(WarehouseError, match=r"raw\.loads.*load_id") as caught:
        warehouse.prepare()
    assert "drop raw.loads" in caught.value.remedy


def test_relations_are_found_by_name(warehouse: Warehouse) -> None:
    run(warehouse, "create view analytics.some_mart as select 1 as n")
    assert warehouse.relation_exists("raw", "ga4_events")
    assert warehouse.relation_exists("analytics", "some_mart")
    assert not warehouse.relation_exists("analytics", "ga4_events")
    assert not warehouse.relation_exists("raw", "'; drop table raw.loads; --")


def test_a_closed_warehouse_opens_again(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.replace_days(make_stage(tmp_path / "stage", [event(1)]))
    warehouse.close()
    assert warehouse.query("select count(*) as n from raw.ga4_events")["n"][0].as_py() == 1


@pytest.mark.parametrize(
    "setting",
    ["", "  ", ":memory:", "mysql://u:secret@h/d", "md:mine", "raw.duckdb", "x/analytics.db"],
)
def test_a_setting_that_is_neither_file_nor_postgres_is_refused(
    setting: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as caught:
        open_warehouse(setting, tmp_path)
    assert caught.value.rule
    assert "secret" not in str(caught.value)


def run(warehouse: Warehouse, *statements: str) -> None:
    """Change the database with the engine's own client."""
    import duckdb
    import psycopg

    with warehouse.released():
        if warehouse.engine == "duckdb":
            with duckdb.connect(warehouse.describe()) as file:
                for statement in statements:
                    file.execute(statement)
            return
        output, secrets = warehouse.dbt_output(), warehouse.dbt_environment()
        with psycopg.connect(
            host=output["host"],
            port=output["port"],
            user=output["user"],
            dbname=output["dbname"],
            password=secrets["DBT_ENV_SECRET_GA4_PASSWORD"],
        ) as server:
            for statement in statements:
                server.execute(statement.encode())


def test_a_stage_may_give_its_columns_in_any_order(warehouse: Warehouse, tmp_path: Path) -> None:
    stage: Stage = make_stage(tmp_path / "stage", [event(1, country="Spain")])
    names = ", ".join(f'"{column.name}"' for column in reversed(EVENT_COLUMNS))
    shuffled = replace(stage, events_sql=f"select {names} from ({stage.events_sql}) as given")
    warehouse.replace_days(shuffled)
    found = warehouse.query("select event_id, country from raw.ga4_events").to_pylist()
    assert found == [{"event_id": "e1", "country": "Spain"}]


def _long_texts(tmp_path: Path, setting: str) -> tuple[set[str], int, int]:
    """Store events with parameters that all differ.

    Gives how the file keeps them, its size, and how many came back.
    """
    rows = 50_000
    stage = make_stage(tmp_path / "stage", [event(1)])
    params = "json_object('page', 'https://shop.example/' || md5(i::varchar), 'place', i)::varchar"
    sql = many_events_sql(rows, "scroll").replace(
        'null::varchar as "event_params"', f'{params} as "event_params"'
    )
    warehouse = open_warehouse(setting, tmp_path)
    warehouse.prepare()
    warehouse.replace_days(replace(stage, events_sql=sql, event_rows=rows))
    kept = warehouse.query(
        "select distinct compression from pragma_storage_info('raw.ga4_events') "
        "where column_name = 'event_params' and segment_type = 'VARCHAR'"
    )
    back = warehouse.query(
        f"select count(distinct event_params) as n from ({sql}) g join raw.ga4_events e "
        "using (event_id, event_params)"
    )
    warehouse.close()
    size = (tmp_path / setting).stat().st_size
    return set(kept["compression"].to_pylist()), size, back["n"][0].as_py()


def test_a_new_file_needs_the_duckdb_that_the_readme_names(tmp_path: Path) -> None:
    warehouse = open_warehouse("ga4.duckdb", tmp_path)
    warehouse.prepare()
    found = warehouse.query(
        "select tags['storage_version'] as v from duckdb_databases() where not internal"
    )
    warehouse.close()
    assert found["v"].to_pylist() == ["v1.3.0+"]


def test_long_texts_take_little_room_in_a_new_file(tmp_path: Path) -> None:
    older = tmp_path / "older"
    older.mkdir()
    # A file as the versions before this one made it, which DuckDB 1.0 can open.
    duckdb.connect(str(older / "ga4.duckdb")).close()
    kept, size, back = _long_texts(tmp_path, "ga4.duckdb")
    kept_before, size_before, back_before = _long_texts(older, "ga4.duckdb")
    assert kept == {"ZSTD"}
    assert "ZSTD" not in kept_before
    assert back == back_before == 50_000
    assert size < size_before
