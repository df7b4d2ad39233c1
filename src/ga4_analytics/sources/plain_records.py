"""Records written as Google writes them, made canonical by compiled passes over columns.

What comes out is what the SQL of ``plan`` says, many times faster. A record in which any text
is written in another way, or breaks a rule, is left to the SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.kernels import canonical
from ga4_analytics.kernels import plain_texts as kernel
from ga4_analytics.sources.batches import TEXT
from ga4_analytics.sources.identity import GA4_KEY, NAMESPACE, uuids
from ga4_analytics.sources.param_lists import is_pairs, pairs, text_array, text_parts
from ga4_analytics.sources.readings import DAY_US, FIRST_DAY, FIRST_US, IDENTIFIERS, Judging
from ga4_analytics.sources.schema import EVENT_COLUMNS, ITEM_COLUMNS, Column
from ga4_analytics.sources.sql_text import json_text
from ga4_analytics.sources.stage_columns import (
    KEY,
    ROW,
    STAGE_ITEMS,
    fillable,
    other_fields,
    places,
    unknown_columns,
)

_COLUMNS = {column.name: column for column in EVENT_COLUMNS}
_TIMED = {"event_date", "event_name", "event_timestamp"}
_EPOCH = date(1970, 1, 1)
_LARGEST = 10**18 - 1
_LONGEST_NAME = 200
_LONGEST_ESCAPE = 6
_NAMESPACE = np.frombuffer(NAMESPACE.bytes, np.uint8)
_NO_PREFIX = _NAMESPACE[:0]

Arrays = dict[str, pa.Array]
Texts = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]
"""Texts one behind the other: their bytes, and 0 and where each of them ends."""


@dataclass(frozen=True)
class PlainRecords:
    """The canonical records of a batch, as far as they are plain.

    Attributes:
        events: As in `Normalised`.
        items: As in `Normalised`.
        left: The records that are not among them.
    """

    events: pa.Table
    items: pa.Table | None
    left: pa.Table


def plain_records(
    engine: duckdb.DuckDBPyConnection, table: pa.Table, read: frozenset[str], judging: Judging
) -> PlainRecords | None:
    """Make the plain records of a batch canonical.

    Args:
        engine: One that knows the macros.
        table: The batch with `ROW`, its lists of parameters read already.
        read: Which lists are; see `plan_batch`.
        judging: The clock, and whether damage is accepted.

    Returns:
        None where the whole batch is for the SQL: its lists are not read, it has no dates or
        names, or damage is accepted.
    """
    names = set(table.schema.names)
    if judging.accept or {"event_params", "user_properties"} & names - read or not table.num_rows:
        return None
    if "items" in names and not _are_items(table.schema.field("items").type):
        return None
    needed = _TIMED if "event_params" in names else _TIMED - {"event_timestamp"}
    if not all(places(_COLUMNS[name], names, read) for name in needed):
        return None
    batch, left = _Batch(table, read, judging), table.slice(0, 0)
    if not batch.plain.all():
        kept = pa.array(batch.plain.view(np.bool_))
        left = table.filter(pc.invert(kept))
        batch = _Batch(table.filter(kept), read, judging)
    keys = batch.keys()
    items = batch.items(engine, keys) if "items" in names else None
    return PlainRecords(batch.events(keys), items, left)


class _Texts:
    """Columns of texts that are read into values; ``plain`` is 1 for each row that is plain."""

    def __init__(self, rows: int, judging: Judging) -> None:
        self.plain = np.ones(rows, np.uint8)
        self._latest = judging.clock_us + DAY_US

    def value(self, column: Column, text: pa.Array) -> pa.Array:
        """The values of a canonical column."""
        parts = text_parts(text)
        there = parts[2]
        if column.reading in ("integer", "money", "timestamp"):
            numbers = np.zeros(len(text), np.int64)
            if column.reading == "integer":
                kernel.whole_numbers(parts, 1, 18, 0, _LARGEST, numbers, self.plain)
            elif column.reading == "money":
                kernel.amounts(parts, numbers, self.plain)
            else:
                kernel.whole_numbers(parts, 16, 16, FIRST_US, self._latest, numbers, self.plain)
            return pa.array(numbers, mask=~there)
        if column.reading == "boolean":
            flags = np.zeros(len(text), np.bool_)
            kernel.flags(parts, flags, self.plain)
            return pa.array(flags, mask=~there)
        if column.reading == "date":
            days = np.zeros(len(text), np.int32)
            first = (date.fromisoformat(FIRST_DAY) - _EPOCH).days
            last = timedelta(microseconds=self._latest).days
            kernel.days(parts, first, last, days, self.plain)
            return pa.array(days).view(pa.date32())
        if column.name == "event_name":
            kernel.names(parts, _LONGEST_NAME, self.plain)
        elif column.name in IDENTIFIERS:
            kernel.without(parts, ord("+"), self.plain)
            if column.name == "ga_session_id":
                kernel.without(parts, ord("."), self.plain)
        return text

    def path(self, text: pa.Array) -> pa.Array:
        """The paths of addresses."""
        parts = text_parts(text)
        starts = np.empty(len(text) + 1, np.int32)
        size = int(parts[0][-1]) - int(parts[0][0])
        out = np.empty(size, np.uint8)
        kernel.web_paths(parts, starts, out, self.plain)
        return text_array(starts, out, parts[2])


class _Batch:
    """A batch and the values of its columns."""

    def __init__(self, table: pa.Table, read: frozenset[str], judging: Judging) -> None:
        self._table = table
        self._names = tuple(table.schema.names)
        self._texts: Arrays = {}
        for column in EVENT_COLUMNS:
            if column.reading and (found := places(column, self._names, read)):
                texts = [_array(table, name) for name in found]
                self._texts[column.name] = texts[0] if len(texts) == 1 else pc.coalesce(*texts)
        reader = _Texts(table.num_rows, judging)
        self._values = {
            column.name: reader.value(column, self._texts[column.name])
            for column in EVENT_COLUMNS
            if column.name in self._texts
        }
        self._nested = "event_params" in self._names
        if self._nested:
            # Events without a time have keys of another kind.
            reader.plain &= np.asarray(self._texts["event_timestamp"].is_valid())
        if "page_location" in self._texts:
            self._values["page_path"] = reader.path(self._texts["page_location"])
        self.plain = reader.plain
        self._items = _Items(table, judging) if "items" in self._names else None
        if self._items is not None:
            self.plain[self._items.odd_rows()] = 0

    def keys(self) -> pa.Array:
        """The key of each event; all rows are plain."""
        hashed, ends = self._array_keys() if self._nested else self._object_keys()
        buffers = [None, pa.py_buffer(ends), pa.py_buffer(hashed)]
        return uuids(pa.Array.from_buffers(pa.binary(), len(ends) - 1, buffers))

    def _array_keys(self) -> Texts:
        """What keys of the scheme ``ga4`` are hashed from, and where each ends."""
        missing = pa.nulls(self._table.num_rows, TEXT)
        texts = self._texts | {"event_params": self._params}
        parts = tuple(text_parts(texts.get(name, missing)) for name in GA4_KEY[1:])
        room = _LONGEST_ESCAPE * sum(int(each[0][-1]) - int(each[0][0]) for each in parts)
        rows = self._table.num_rows
        # Memory that is not written to is not taken.
        out = np.empty(room + rows * (len(_NAMESPACE) + 16 + 5 * len(parts)), np.uint8)
        ends = np.empty(rows + 1, np.int32)
        canonical.keys(_NAMESPACE, text_parts(texts["event_date"]), parts, out, ends)
        return out, ends

    def _object_keys(self) -> Texts:
        """The same for the scheme ``columns``."""
        values = {name: self._values[name] for name in self._texts}
        params = self._params
        if params is not None:
            values["event_params"] = params
        texts = {name: values[name].cast(TEXT) for name in sorted(values)}
        return _objects(texts, _NAMESPACE)

    @cached_property
    def _params(self) -> pa.Array | None:
        """The JSON of the parameters, or of columns that are not known."""
        if self._nested:
            return _array(self._table, "event_params")
        unknown = unknown_columns(self._names)
        columns = {key: _array(self._table, unknown[key]) for key in sorted(unknown)}
        return _json(columns) if columns else None

    def events(self, keys: pa.Array) -> pa.Table:
        """The canonical events; all rows are plain."""
        made = {
            **self._values,
            ROW: _array(self._table, ROW),
            KEY: keys,
            "id_scheme": pa.repeat("ga4" if self._nested else "columns", self._table.num_rows),
            "event_params": self._params,
        }
        if "user_properties" in self._names:
            made["user_properties"] = _array(self._table, "user_properties")
        if others := other_fields(self._names):
            made["other_fields"] = _json({name: _array(self._table, name) for name in others})
        return pa.table({name: made[name] for name in fillable(self._texts, self._names)})

    def items(self, engine: duckdb.DuckDBPyConnection, keys: pa.Array) -> pa.Table:
        """The canonical items; all rows are plain."""
        assert self._items is not None
        above = {
            ROW: _array(self._table, ROW), KEY: keys, "event_date": self._values["event_date"],
        }  # fmt: skip
        return self._items.made(engine, above)


class _Items:
    """The items of a batch, one behind the other."""

    def __init__(self, table: pa.Table, judging: Judging) -> None:
        lists = _array(table, "items")
        self._rows = np.asarray(pc.list_parent_indices(lists))
        records = pc.list_flatten(lists)
        names = [each.name for each in records.type]
        self._texts: Arrays = dict(zip(names, records.flatten(), strict=True))
        reader = _Texts(len(records), judging)
        self._values = {
            column.name: reader.value(column, self._texts[column.paths[0]])
            for column in ITEM_COLUMNS
            if column.paths
        }
        self._plain = reader.plain

    def odd_rows(self) -> npt.NDArray[np.int64]:
        """The rows of the batch with an item that is not plain."""
        odd: npt.NDArray[np.int64] = self._rows[self._plain == 0]
        return odd

    def made(self, engine: duckdb.DuckDBPyConnection, above: Arrays) -> pa.Table:
        """The canonical items, where ``above`` has those columns that events have as well."""
        first = np.searchsorted(self._rows, self._rows)
        index = (np.arange(len(self._rows)) - first).astype(np.int32)
        rows = pa.array(self._rows)
        made = {
            **self._values,
            **{name: column.take(rows) for name, column in above.items()},
            "item_index": pa.array(index),
            "item_params": pairs(engine, self._texts["item_params"], ()).objects,
        }
        return pa.table({name: made[name] for name in STAGE_ITEMS})


def _are_items(kind: pa.DataType) -> bool:
    """Whether a type is a list of items with parameters as text."""
    if not pa.types.is_list(kind) or not pa.types.is_struct(kind.value_type):
        return False
    fields = {field.name: field.type for field in kind.value_type}
    named = {column.paths[0] for column in ITEM_COLUMNS if column.paths}
    return all(fields.get(name) == TEXT for name in named) and is_pairs(fields.get("item_params"))


def _array(table: pa.Table, name: str) -> pa.Array:
    """A column in one piece."""
    column = table.column(name)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _json(columns: Arrays) -> pa.Array:
    """JSON objects of the texts that are there; null where none is."""
    out, ends = _objects(columns, _NO_PREFIX)
    return text_array(ends, out[: ends[-1]], np.diff(ends) > 0)


def _objects(columns: Arrays, prefix: npt.NDArray[np.uint8]) -> Texts:
    """JSON objects one behind the other, and where each of them ends; see `canonical.objects`."""
    heads = [f"{json_text(name)}:".encode() for name in columns]
    parts = [text_parts(column) for column in columns.values()]
    rows = len(parts[0][2])
    begins = np.cumsum([0, *(int(each[0][-1]) - int(each[0][0]) for each in parts)])
    starts = np.empty((len(parts), rows + 1), np.int32)
    for line, (each, begin) in enumerate(zip(parts, begins, strict=False)):
        starts[line] = each[0] - each[0][0] + begin
    data = np.concatenate([each[1][each[0][0] : each[0][-1]] for each in parts])
    there = np.stack([each[2] for each in parts])
    head_starts = np.cumsum([0, *map(len, heads)])
    a_row = int(head_starts[-1]) + 3 * len(parts) + 2 + len(prefix)
    out = np.empty(_LONGEST_ESCAPE * len(data) + rows * a_row, np.uint8)
    ends = np.empty(rows + 1, np.int32)
    names = np.frombuffer(b"".join(heads), np.uint8)
    canonical.objects(prefix, names, head_starts, starts, data, there, out, ends)
    return out, ends
