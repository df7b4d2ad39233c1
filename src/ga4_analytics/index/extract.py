"""Reads the rows of an index from a warehouse: every column of it under its own name.

Both warehouses give the same texts, and what lies in JSON is taken out by one engine, an
in-process DuckDB, so both give the same index.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.errors import SettingsError
from ga4_analytics.index.columns import ColumnSpec
from ga4_analytics.index.rows import BATCH
from ga4_analytics.sources.sql_text import text_literal
from ga4_analytics.warehouse.base import Warehouse

_ALWAYS = (
    "user_key", "event_id", "event_date", "event_timestamp", "order_us", "event_name",
    "session_number", "is_session_derived", *BATCH, "is_suspected_repeat",
    "engagement_time_msec", "is_active_user", "is_session_engaged", "user_first_touch_timestamp",
)  # fmt: skip
_OBJECTS = ("event_params", "user_properties")
_ITEMS = "items"
_SEPARATOR = "\x1f"
CHUNK_ROWS = 500_000
MOST_NAMED = 100_000
"""Of more users than this a select takes the names as a parameter."""


@dataclass(frozen=True)
class Wanted:
    """Which rows of a dataset to read; None means all.

    Attributes:
        users: Those of these users only.
        nobody_days: With ``users``: rows of nobody of these days (ISO dates) as well.
    """

    users: Sequence[str] | None = None
    nobody_days: Sequence[str] = ()


def read_rows(
    warehouse: Warehouse, dataset: str, specs: Sequence[ColumnSpec], wanted: Wanted
) -> Iterator[pa.Table]:
    """Give rows in pieces of some `CHUNK_ROWS`, in any order.

    Args:
        warehouse: With ``analytics.index_events``.
        dataset: The property.
        specs: The columns.
        wanted: Which rows.

    Raises:
        SettingsError: A column's source is not there.
    """
    check_sources(warehouse, specs)
    if wanted.users is not None and not wanted.users and not wanted.nobody_days:
        return
    sql, params = select(dataset, specs, wanted)
    with duckdb.connect(":memory:") as engine:
        waiting: list[pa.RecordBatch] = []
        for batch in warehouse.stream(sql, params):
            waiting.append(batch)
            if sum(each.num_rows for each in waiting) >= CHUNK_ROWS:
                yield _named(pa.Table.from_batches(waiting), specs, engine)
                waiting = []
        if waiting:
            yield _named(pa.Table.from_batches(waiting), specs, engine)


def check_sources(warehouse: Warehouse, specs: Sequence[ColumnSpec]) -> None:
    """Refuse columns whose source the warehouse does not have.

    Raises:
        SettingsError: One is not there; the message names what is.
    """
    for spec in specs:
        first, _, field = spec.source.partition(".")
        if first in _OBJECTS and field:
            continue
        relation = "stg_ga4_items" if first == _ITEMS and field else "index_events"
        there = _columns(warehouse, relation)
        if (field or first) not in there:
            raise SettingsError(
                f"The index column {spec.name} has source {spec.source!r}.",
                rule=f"It must be event_params.KEY, user_properties.KEY, items.FIELD or a column "
                f"of analytics.{relation}: {', '.join(there)}.",
                remedy="Change it under [[columns]] in ga4.toml.",
            )


def select(dataset: str, specs: Sequence[ColumnSpec], wanted: Wanted) -> tuple[str, list[Any]]:
    """SQL for the rows, and its parameters."""
    fields = [f"events.{name}" for name in _ALWAYS]
    params: list[Any] = []
    joined = False
    for place, spec in enumerate(specs):
        first, _, field = spec.source.partition(".")
        if first == _ITEMS and field:
            joined = True
            fields.append(f"item_lists.v{place} as v{place}")
        elif not field:
            kind = "text" if spec.kind == "text" else "bigint"
            fields.append(f"cast(events.{first} as {kind}) as v{place}")
    for name in _OBJECTS:
        keys = [spec.source.partition(".")[2] for spec in specs if _is_in(spec, name)]
        if keys:
            # Most events lack the keys, and then their JSON stays where it is.
            tests = " or ".join(f"strpos(events.{name}, ?) > 0" for _ in keys)
            params += [json.dumps(key, ensure_ascii=False) + ":" for key in keys]
            fields.append(f"case when {tests} then events.{name} end as {name}")
    sql = f"select {', '.join(fields)} from analytics.index_events as events"
    if joined:
        sql += f" left join ({_item_lists(specs)}) as item_lists on "
        sql += "item_lists.event_id = events.event_id"
        params.append(dataset)
    sql += " where events.dataset = ?"
    params.append(dataset)
    if wanted.users is not None:
        sql, params = _those(sql, params, wanted.users, wanted.nobody_days)
    return sql, params


def _those(
    sql: str, params: list[Any], users: Sequence[str], nobody_days: Sequence[str]
) -> tuple[str, list[Any]]:
    """A select narrowed to some users, and to nobody's rows of some days."""
    if len(users) + len(nobody_days) > MOST_NAMED:
        sql += " and (events.user_key in (select unnest(cast(? as text[])))"
        sql += " or (events.user_key is null and cast(events.event_date as text)"
        sql += " in (select unnest(cast(? as text[])))))"
        return sql, [*params, list(users), list(nobody_days)]
    # As one test of a list of texts, engines judge a row before they join it with its session;
    # a list of bare keys DuckDB tries one by one.
    names = [*("u" + user for user in users), *("d" + day for day in nobody_days)]
    sql += " and case when events.user_key is null then 'd' || cast(events.event_date as text)"
    sql += f" else 'u' || events.user_key end in ({', '.join(map(text_literal, names))})"
    return sql, params


def _item_lists(specs: Sequence[ColumnSpec]) -> str:
    """SQL for the texts of each event's items in order: ``v`` before each, ``n`` for null."""
    fields = [
        f"string_agg(coalesce('v' || replace(cast({spec.source.partition('.')[2]} as text), "
        f"chr(31), ' '), 'n'), chr(31) order by item_index) as v{place}"
        for place, spec in enumerate(specs)
        if _is_in(spec, _ITEMS)
    ]
    return (
        f"select event_id, {', '.join(fields)} from analytics.stg_ga4_items "
        "where dataset = ? group by event_id"
    )


def _is_in(spec: ColumnSpec, name: str) -> bool:
    return spec.source.startswith(name + ".")


def _columns(warehouse: Warehouse, relation: str) -> list[str]:
    found = warehouse.query(
        "select column_name from information_schema.columns where table_schema = 'analytics' "
        "and table_name = ? order by ordinal_position",
        (relation,),
    )
    return [str(name) for name in found.column("column_name").to_pylist()]


def _named(
    rows: pa.Table, specs: Sequence[ColumnSpec], engine: duckdb.DuckDBPyConnection
) -> pa.Table:
    """Rows with a column under each spec's name."""
    fields = {name: rows[name] for name in _ALWAYS}
    for place, spec in enumerate(specs):
        if any(_is_in(spec, name) for name in _OBJECTS):
            column = from_json(rows[spec.source.partition(".")[0]], spec, engine)
        else:
            column = rows[f"v{place}"]
            if spec.kind == "texts":
                column = _split(column)
        fields[spec.name] = column
    return pa.table(fields)


def _split(column: pa.ChunkedArray) -> pa.Array:
    """Lists of texts from what `_item_lists` joined."""
    joined = pa.concat_arrays([pa.array([], pa.string()), *column.cast(pa.string()).chunks])
    lists = pc.split_pattern(joined, _SEPARATOR)
    values = lists.values
    texts = pc.if_else(pc.starts_with(values, "v"), pc.utf8_slice_codeunits(values, 1), None)
    return pa.ListArray.from_arrays(lists.offsets, texts, mask=pc.is_null(lists))


def from_json(
    column: pa.ChunkedArray, spec: ColumnSpec, engine: duckdb.DuckDBPyConnection
) -> pa.ChunkedArray | pa.Array:
    """One key of JSON objects as a column of the spec's kind; null where it has no value."""
    kind = {"text": pa.string(), "texts": pa.list_(pa.string())}.get(spec.kind, pa.int64())
    if column.null_count == len(column):
        return pa.nulls(len(column), kind)
    source, _, key = spec.source.partition(".")
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")
    objects = pa.table({"place": pa.array(range(len(column))), "object": column})
    inner = "coalesce(json_extract(found, '$.value'), found)"
    found = inner if source == "user_properties" else "found"
    sql = f"""
        select {_VALUES[spec.kind]} as value from (
            select place, {found} as found from (
                select place, json_extract(object, ?) as found from objects
            )
        ) order by place
    """
    engine.register("objects", objects)
    try:
        return engine.execute(sql, [pointer]).to_arrow_table()["value"].cast(kind)
    finally:
        engine.unregister("objects")


_TEXT = "json_extract_string(found, '$')"
_VALUES = {
    "text": _TEXT,
    "integer": f"try_cast({_TEXT} as bigint)",
    "micros": f"try_cast(try_cast({_TEXT} as decimal(38, 6)) * 1000000 as bigint)",
    "texts": f"case json_type(found) when 'ARRAY' then from_json(found, '[\"VARCHAR\"]') "
    f"when null then null else case when found is not null then [{_TEXT}] end end",
}
