"""NDJSON as ``bq extract`` writes it: one event per line, 64-bit integers as text.

Keys are found block by block, so a field that Google adds tomorrow is read today. Missing
keys, nulls and empty lists mean the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ga4_analytics.sources.batches import (
    ITEM_FIELDS,
    LINE,
    PARAMETER,
    TEXT,
    RawBatch,
    Reject,
)
from ga4_analytics.sources.lines import Block, Seen, blocks
from ga4_analytics.sources.mapping import GA4_TOP_LEVEL
from ga4_analytics.sources.nested import SLOTS, repeated_sql
from ga4_analytics.sources.sql_text import quoted, text_literal

_VALUE = pa.struct([(slot, TEXT) for slot in SLOTS])
_DATED = pa.struct([*_VALUE, pa.field("set_timestamp_micros", TEXT)])
_PARAMS = pa.list_(pa.struct([pa.field("key", TEXT), pa.field("value", _VALUE)]))
LISTS: dict[str, pa.ListType] = {
    "event_params": _PARAMS,
    "user_properties": pa.list_(pa.struct([pa.field("key", TEXT), pa.field("value", _DATED)])),
    "items": pa.list_(
        pa.struct(
            [
                *(pa.field(name, TEXT) for name in ITEM_FIELDS),
                pa.field("item_params", _PARAMS),
            ]
        )
    ),
}


def read_ndjson(path: Path, seen: Seen) -> Iterator[RawBatch]:
    """Read newline-delimited JSON.

    Args:
        path: The file.
        seen: Told the position in the file on disk.
    """
    with duckdb.connect() as engine:
        for block in blocks(path, quoted=False, seen=seen):
            yield _batch(engine, block)


@dataclass(frozen=True)
class _Lines:
    """A block's lines that are not blank, as text."""

    numbers: list[int]
    texts: list[str]
    valid: list[bool]


def _lines(block: Block) -> _Lines:
    numbers: list[int] = []
    texts: list[str] = []
    valid: list[bool] = []
    for offset, line in enumerate(block.data.split(b"\n")):
        if stripped := line.strip():
            numbers.append(block.first_line + offset)
            try:
                texts.append(stripped.decode("utf-8"))
                valid.append(True)
            except UnicodeDecodeError:
                texts.append(stripped.decode("utf-8", "replace"))
                valid.append(False)
    return _Lines(numbers, texts, valid)


def _batch(engine: duckdb.DuckDBPyConnection, block: Block) -> RawBatch:
    lines = _lines(block)
    rejects = _stage_objects(engine, lines)
    table = flattened(engine)
    texts = dict(zip(lines.numbers, lines.texts, strict=True))
    numbers = table.column(LINE).to_pylist()
    return RawBatch(table, lambda row: texts[numbers[row]], rejects)


def flattened(engine: duckdb.DuckDBPyConnection) -> pa.Table:
    """The JSON objects ``j`` of the table ``good`` as text columns and lists, in their order."""
    return engine.execute(_select(engine)).to_arrow_table().combine_chunks()


def _stage_objects(engine: duckdb.DuckDBPyConnection, lines: _Lines) -> tuple[Reject, ...]:
    """Put the lines that are events into the table ``good`` and give the others."""
    engine.register(
        "given",
        pa.table(
            {
                LINE: lines.numbers,
                "j": pa.array(lines.texts, TEXT),
                "valid": lines.valid,
            }
        ),
    )
    checks = " ".join(
        f"when json_exists(j, '$.{name}') and json_type(j, '$.{name}') not in ('ARRAY', 'NULL') "
        f"then '{name}'"
        for name in LISTS
    )
    engine.execute(
        f"""create or replace temp table sorted_out as
        select {LINE}, j, case
            when not valid then 'invalid_utf8'
            when not coalesce(json_valid(j), false) then 'invalid_json'
            when json_type(j) <> 'OBJECT' then 'not_an_object'
            {checks} end as problem
        from given"""
    )
    engine.execute(
        f"create or replace temp table good as select {LINE}, j::json as j "
        "from sorted_out where problem is null"
    )
    found = engine.execute(
        f"select {LINE}, j, problem from sorted_out where problem is not null order by 1"
    ).fetchall()
    return tuple(_reject(line, text, problem) for line, text, problem in found)


def _reject(line: int, text: str, problem: str) -> Reject:
    reasons = {
        "invalid_utf8": "The line is not valid UTF-8; export it again.",
        "invalid_json": "The line is not valid JSON; it may be cut off. Export it again.",
        "not_an_object": "The line is JSON but not an object; an event is one object per line.",
    }
    if problem in reasons:
        return Reject(line, None, problem, reasons[problem], text)
    return Reject(line, problem, "not_a_list", f"{problem} is not a list of records.", text)


def _select(engine: duckdb.DuckDBPyConnection) -> str:
    """SQL that flattens ``good`` to text columns and lists of text records."""
    names = _column(engine, "select distinct unnest(json_keys(j)) as k from good order by k")
    records = [name for name in names if name in GA4_TOP_LEVEL and _is_record(engine, name)]
    shape: dict[str, Any] = {}
    selects: list[str] = [LINE]
    inner: list[str] = [LINE]
    for name in names:
        field = f"x.{quoted(name)}"
        if name in LISTS:
            shape[name] = _json_shape(LISTS[name])
            selects.append(f"{repeated_sql(name, LISTS[name], field)} as {quoted(name)}")
        elif name in records:
            shape[name] = "JSON"
            leaves = _without_empty(_leaf_tree(engine, name))
            if leaves:
                shown = text_literal(json.dumps(leaves))
                inner.append(f"from_json({field}, {shown}) as {quoted('r_' + name)}")
            selects += _leaf_selects(name, quoted("r_" + name), leaves)
        else:
            shape[name] = "VARCHAR"
            target = name if name in GA4_TOP_LEVEL else PARAMETER + name
            selects.append(f"nullif({field}, '') as {quoted(target)}")
    parsed = f"select {LINE}, from_json(j, {text_literal(json.dumps(shape))}) as x from good"
    if not names:
        return f"select {LINE} from good"
    return f"select {', '.join(selects)} from (select x, {', '.join(inner)} from ({parsed}))"


def _column(engine: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    return [row[0] for row in engine.execute(sql).fetchall()]


def _is_record(engine: duckdb.DuckDBPyConnection, name: str) -> bool:
    path = text_literal('$."' + name + '"')
    return "OBJECT" in _column(engine, f"select distinct json_type(j, {path}) from good")


def _leaf_tree(engine: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    """The union of a record's keys; few distinct values stand for many rows."""
    path = text_literal('$."' + name + '"')
    tree: dict[str, Any] = {}
    for text in _column(
        engine,
        f"select distinct json_extract(j, {path})::varchar as r from good order by r",
    ):
        value = json.loads(text) if text else None
        if isinstance(value, dict):
            _merge(tree, value)
    return tree


def _without_empty(tree: dict[str, Any]) -> dict[str, Any]:
    """The tree without records that never have a value: ``{}`` says no more than nothing.

    >>> _without_empty({"a": {"b": {}}, "c": "VARCHAR"})
    {'c': 'VARCHAR'}
    """
    pruned = {k: _without_empty(v) if isinstance(v, dict) else v for k, v in tree.items()}
    return {key: value for key, value in pruned.items() if value != {}}


def _merge(tree: dict[str, Any], record: dict[str, Any]) -> None:
    for key, value in record.items():
        if isinstance(value, dict):
            below = tree.setdefault(key, {})
            if isinstance(below, dict):
                _merge(below, value)
        elif not isinstance(tree.get(key), dict):
            tree[key] = "VARCHAR"


def _leaf_selects(path: str, sql: str, tree: dict[str, Any]) -> list[str]:
    selects: list[str] = []
    for key, below in tree.items():
        field, name = f"{sql}.{quoted(key)}", f"{path}.{key}"
        if isinstance(below, dict):
            selects += _leaf_selects(name, field, below)
        else:
            selects.append(f"nullif({field}, '') as {quoted(name)}")
    return selects


def _json_shape(kind: pa.DataType) -> Any:
    if pa.types.is_list(kind):
        return [_json_shape(kind.value_type)]
    if pa.types.is_struct(kind):
        return {field.name: _json_shape(field.type) for field in kind}
    return "VARCHAR"
