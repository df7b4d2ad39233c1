"""Ugly changes to valid Parquet files, drawn from a seed."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from fuzz.ugly import FATAL_TEXTS, UGLY_TEXTS, mutate_bytes

Rows = list[int | None] | None
"""The original row of each row; None for a changed one; None at all where all changed."""
Made = tuple[pa.Table, Rows]
TableMutation = Callable[[pa.Table, Rows, Random], Made]


def mutate_table(table: pa.Table, dice: Random) -> tuple[bytes, Rows, str]:
    """A changed Parquet file, its rows' origin, and what was done."""
    rows: Rows = list(range(table.num_rows))
    done = []
    if dice.random() < 0.88:
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            mutation = dice.choices(list(_MUTATIONS), list(_MUTATIONS.values()))[0]
            table, rows = mutation(table, rows, dice)
            done.append(mutation.__name__)
    options: dict[str, Any] = {
        "compression": dice.choice(("snappy", "none", "zstd", "gzip")),
        "use_dictionary": dice.random() < 0.5,
        "row_group_size": dice.choice((1000, 1000, 7)),
        "version": dice.choice(("2.6", "1.0")),
    }
    target = io.BytesIO()
    pq.write_table(table, target, **options)
    data = target.getvalue()
    if not done:
        return mutate_bytes(data, dice), None, "bytes"
    return data, rows, " ".join(done)


def _column(table: pa.Table, dice: Random) -> int:
    return dice.randrange(max(table.num_columns, 1))


def _set(table: pa.Table, at: int, column: Any, name: str | None = None) -> pa.Table:
    return table.set_column(at, name or table.schema.names[at], column)


def row_changed(table: pa.Table, rows: Rows, dice: Random) -> Made:
    """Some values of one row: nulls and ugly ones of their types."""
    if not table.num_rows:
        return table, rows
    row = dice.randrange(table.num_rows)
    for _ in range(dice.choice((1, 2, 5))):
        at = _column(table, dice)
        values = table.column(at).to_pylist()
        values[row] = _ugly(values[row], table.schema.field(at).type, dice)
        try:
            made = pa.array(values, table.schema.field(at).type)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, ValueError):
            continue
        table = _set(table, at, made)
    return table, rows and [None if at == row else each for at, each in enumerate(rows)]


def _ugly(value: Any, kind: pa.DataType, dice: Random) -> Any:
    """A value of the same type, or None."""
    if dice.random() < 0.15:
        return None
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return dice.choice(FATAL_TEXTS if dice.random() < 0.04 else UGLY_TEXTS)
    if pa.types.is_integer(kind):
        return dice.choice((0, -1, 2**63 - 1, -(2**63), 1604188804579, 10**17))
    if pa.types.is_floating(kind):
        return dice.choice((0.1, -0.0, 1e300, float("nan"), float("inf"), 1e-9))
    if isinstance(value, list):
        known = value and pa.types.is_list(kind)
        inner = value + ([_ugly(value[0], kind.value_type, dice)] if known else [None])
        return dice.choice(([], [None], value * 2, inner, value[1:]))
    if isinstance(value, dict) and value:
        name = dice.choice(list(value))
        return value | {name: _ugly(value[name], kind.field(name).type, dice)}
    return value


def rows_taken(table: pa.Table, rows: Rows, dice: Random) -> Made:
    """Rows dropped, doubled and put into another order."""
    order = list(range(table.num_rows))
    if order:
        what = dice.randrange(4)
        if what == 0:
            order.pop(dice.randrange(len(order)))
        elif what == 1:
            order += [dice.choice(order)] * dice.choice((1, 5))
        elif what == 2:
            dice.shuffle(order)
        elif dice.random() < 0.2:
            order = []
    return table.take(pa.array(order, pa.int64())), rows and [rows[each] for each in order]


def columns_reordered(table: pa.Table, rows: Rows, dice: Random) -> Made:
    return table.select(dice.sample(range(table.num_columns), table.num_columns)), rows


def same_in_another_type(table: pa.Table, rows: Rows, dice: Random) -> Made:
    """A column that says the same in another of Parquet's types."""
    at = _column(table, dice)
    name, kind, column = table.schema.names[at], table.schema.field(at).type, table.column(at)
    others: list[pa.DataType] = []
    if pa.types.is_string(kind):
        others = [pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.binary()]
    elif pa.types.is_integer(kind):
        others = [pa.string(), pa.decimal128(25, 0), pa.dictionary(pa.int32(), pa.int64())]
        if name == "event_timestamp":
            others += [pa.timestamp("us", "UTC"), pa.timestamp("us"), pa.uint64()]
    if name == "event_date" and pa.types.is_string(kind):
        days = pc.strptime(column, format="%Y%m%d", unit="s", error_is_null=True)
        if days.null_count == column.null_count:
            return _set(table, at, days.cast(pa.date32())), rows
    if not others:
        return table, rows
    try:
        return _set(table, at, column.cast(dice.choice(others))), rows
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return table, rows


def column_dropped(table: pa.Table, rows: Rows, dice: Random) -> Made:
    return table.remove_column(_column(table, dice)), None


def column_renamed(table: pa.Table, rows: Rows, dice: Random) -> Made:
    names = list(table.schema.names)
    names[_column(table, dice)] = dice.choice(
        ("x", "", "event_name", "EVENT_NAME", "items", "event_params", "geo", "a.b", '"', "_line",
         "row_id", "@x", "=country", "é", "user_id", "device", "event_date", "'")
    )  # fmt: skip
    return table.rename_columns(names), None


def column_nulled(table: pa.Table, rows: Rows, dice: Random) -> Made:
    at = _column(table, dice)
    kind = dice.choice((table.schema.field(at).type, pa.null()))
    return _set(table, at, pa.nulls(table.num_rows, kind)), None


def column_of_another_kind(table: pa.Table, rows: Rows, dice: Random) -> Made:
    """A column replaced by one of a type that nobody expects there."""
    at, count = _column(table, dice), table.num_rows
    day = datetime(2020, 11, 1, 12, tzinfo=UTC)
    makers: tuple[Callable[[], Any], ...] = (
        lambda: pa.array([at % 3 == 0 for at in range(count)]),
        lambda: pa.array([1.5 * at for at in range(count)], pa.float32()),
        lambda: pa.array([Decimal(at) / 100 for at in range(count)], pa.decimal128(12, 2)),
        lambda: pa.array([day] * count, pa.timestamp("ns", "Europe/Istanbul")),
        lambda: pa.array([day.replace(tzinfo=None)] * count, pa.timestamp("ms")),
        lambda: pa.array([day.date()] * count),
        lambda: pa.array([day.time()] * count, pa.time64("us")),
        lambda: pa.array([timedelta(seconds=at) for at in range(count)], pa.duration("us")),
        lambda: pa.array([b"\xff\x00"] * count),
        lambda: pa.array([b"\xff" * 16] * count, pa.binary(16)),
        lambda: pa.array([["a", None]] * count),
        lambda: pa.array([[]] * count, pa.list_(pa.null())),
        lambda: pa.array([[[1]]] * count),
        lambda: pa.array([{"a": 1, "b": {"c": None}}] * count),
        lambda: pa.array([[("k", "v")]] * count, pa.map_(pa.string(), pa.string())),
        lambda: pa.array([[{"key": "k", "value": "v"}]] * count),
        lambda: pa.array([[{"key": 1, "value": {"int_value": 1}}]] * count),
        lambda: pa.array([[{"key": ["k"], "value": {"x": [1]}}]] * count),
        lambda: pa.array([[{"item_id": 1, "price": "x", "item_params": "y"}]] * count),
        lambda: pa.array([[{"item_id": "1", "item_params": [{"key": "k"}]}]] * count),
        lambda: pa.array([[{"item_id": "1", "item_params": [1]}]] * count),
        lambda: pa.array(['{"a": 1}'] * count),
        lambda: pa.array(["[1"] * count, pa.large_string()),
        lambda: pa.array([dice.choice(UGLY_TEXTS) for _ in range(count)]),
        lambda: pa.array(range(count), pa.uint8()),
        lambda: pa.array([1.0] * count, pa.float16()),
    )
    return _set(table, at, dice.choice(makers)()), None


def column_added(table: pa.Table, rows: Rows, dice: Random) -> Made:
    """A column that we do not know, nested or not, or one whose name is there already."""
    changed, _ = column_of_another_kind(table, rows, dice)
    column = next(
        (changed.column(at) for at in range(table.num_columns)
         if changed.column(at) is not table.column(at)
         and not changed.column(at).equals(table.column(at))),
        pa.array(["v"] * table.num_rows),
    )  # fmt: skip
    name = dice.choice(("new", "a.b", "", "event_name", '"', "items2", "_line", "event_params.key",
                        "item_id", "session_id", "row_id", table.schema.names[0]))  # fmt: skip
    return table.append_column(name, column), None


_MUTATIONS: dict[TableMutation, int] = {
    row_changed: 40, rows_taken: 14, columns_reordered: 8, same_in_another_type: 24,
    column_dropped: 4, column_renamed: 5, column_nulled: 4, column_of_another_kind: 10,
    column_added: 6,
}  # fmt: skip
