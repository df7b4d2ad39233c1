"""The repeated fields of a console CSV, gathered from an event's lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.sources.batches import ITEM, ITEM_FIELDS, PARAM, PARAMETER, PROPERTY, TEXT
from ga4_analytics.sources.canonical_json import canonical_json
from ga4_analytics.sources.mapping import GA4_TOP_LEVEL
from ga4_analytics.sources.nested import SLOTS

REPEATED: dict[str, pa.StructType] = {
    "event_params": PARAM,
    "user_properties": PROPERTY,
    "items": ITEM,
}
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


def may_repeat(name: str) -> bool:
    """Whether a column can have values on an event's further lines.

    That of a record that we do not know can: a CSV does not tell whether it repeats.

    >>> [may_repeat(name) for name in ("items.price", "geo.country", "new.leaf", "new")]
    [True, False, True, False]
    """
    top, dot, _ = name.partition(".")
    return top in REPEATED or bool(dot and top not in GA4_TOP_LEVEL)


@dataclass(frozen=True)
class Lines:
    """The lines of some events.

    Attributes:
        table: Their cells.
        header: Their columns' names.
        starts: The first line of each event.
        stops: The line after the last of each event.
    """

    table: pa.Table
    header: tuple[str, ...]
    starts: Rows
    stops: Rows

    def columns(self) -> dict[str, pa.Array]:
        """Every field that repeats, one value for each event."""
        found = {
            name: self._list(self._below(name), kind)
            for name, kind in REPEATED.items()
            if name != "items"
        }
        found["items"] = self._items()
        tops = {name.partition(".")[0] for name in self.header if may_repeat(name)}
        for top in sorted(tops - set(REPEATED)):
            found[PARAMETER + top] = self._unknown(self._below(top))
        return found

    def _below(self, prefix: str) -> dict[str, int]:
        """Path below a prefix to its position."""
        return {
            name.removeprefix(prefix + "."): position
            for position, name in enumerate(self.header)
            if name.startswith(prefix + ".")
        }

    def _filled(self, positions: dict[str, int]) -> Flags:
        """The lines on which any of these cells has a value; none before the first event."""
        filled = np.zeros(self.table.num_rows, dtype=np.bool_)
        for position in positions.values():
            filled |= np.asarray(pc.is_valid(self.table.column(position)).to_numpy(), np.bool_)
        filled[: int(self.starts[0]) if len(self.starts) else self.table.num_rows] = False
        return filled

    def _texts(self, position: int | None, rows: Rows) -> pa.Array:
        if position is None:
            return pa.nulls(len(rows), TEXT)
        return self.table.column(position).combine_chunks().take(pa.array(rows))

    def _list(self, fields: dict[str, int], kind: pa.StructType) -> pa.Array:
        if not fields:
            return pa.nulls(len(self.starts), pa.list_(kind))
        rows = np.flatnonzero(self._filled(fields))
        return _cut(self._params(fields, kind, rows), rows, self.starts, self.stops)

    def _params(self, fields: dict[str, int], kind: pa.StructType, rows: Rows) -> pa.StructArray:
        """Keyed values; a slot that we do not know is a text where no other has a value."""
        leaves = {path.rpartition(".")[2]: position for path, position in fields.items()}
        texts = {field.name: self._texts(leaves.get(field.name), rows) for field in kind}
        new = [self._texts(leaves[name], rows) for name in sorted(set(leaves) - set(texts))]
        if new:
            empty = pc.is_null(pc.coalesce(*(texts[slot] for slot in SLOTS)))
            texts["string_value"] = pc.if_else(empty, pc.coalesce(*new), texts["string_value"])
        return pa.StructArray.from_arrays(list(texts.values()), fields=list(kind))

    def _items(self) -> pa.Array:
        """Items; a line that has only item parameters goes on with the item above it."""
        fields = self._below("items")
        if not fields:
            return pa.nulls(len(self.starts), pa.list_(ITEM))
        params = {path: at for path, at in fields.items() if path.startswith("item_params.")}
        own = self._filled({path: at for path, at in fields.items() if path not in params})
        with_params = self._filled(params)
        last = np.maximum.accumulate(np.where(own, np.arange(len(own)), -1))
        event = np.searchsorted(self.starts, np.arange(len(own)), side="right") - 1
        first = self.starts[np.maximum(event, 0)] if len(self.starts) else np.zeros(len(own))
        alone = np.flatnonzero(with_params & (last < first))
        alone = alone[np.unique(event[alone], return_index=True)[1]]
        own[alone] = True
        rows = np.flatnonzero(own)
        elements = np.flatnonzero(with_params)
        inner = self._params(params, PARAM, elements)
        arrays = [self._texts(fields.get(name), rows) for name in ITEM_FIELDS]
        stops = np.append(rows[1:], self.table.num_rows)
        listed = _cut(inner, elements, rows, stops)
        new = {path: at for path, at in fields.items() if path not in {*params, *ITEM_FIELDS}}
        arrays.append(self._with_new(listed, new, rows))
        struct = pa.StructArray.from_arrays(arrays, fields=list(ITEM))
        return _cut(struct, rows, self.starts, self.stops)

    def _with_new(self, params: pa.Array, fields: dict[str, int], rows: Rows) -> pa.Array:
        """Item parameters, and the item's new fields among them."""
        if not fields:
            return params
        texts = {path: self._texts(at, rows).to_pylist() for path, at in sorted(fields.items())}
        found = [
            (known or [])
            + [{"key": path, "string_value": text[at]} for path, text in texts.items() if text[at]]
            for at, known in enumerate(params.to_pylist())
        ]
        return pa.array(found, pa.list_(PARAM))

    def _unknown(self, fields: dict[str, int]) -> pa.Array:
        """A record that we do not know as JSON: an object, or a list where it has more lines."""
        filled = np.flatnonzero(self._filled(fields))
        texts = {path: self._texts(at, filled).to_pylist() for path, at in fields.items()}
        records = [_record({path: text[at] for path, text in texts.items()})
                   for at in range(len(filled))]  # fmt: skip
        cuts = np.searchsorted(filled, np.append(self.starts, self.stops[-1:]))
        found = [records[a:b] for a, b in pairwise(cuts)]
        return pa.array([_json(some) for some in found], TEXT)


def _cut(values: pa.StructArray, rows: Rows, starts: Rows, stops: Rows) -> pa.Array:
    """Values that stand on some rows as one list for each span of rows."""
    if not len(starts):
        return pa.array([], pa.list_(values.type))
    offsets = np.searchsorted(rows, np.append(starts, stops[-1:])).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def _record(cells: dict[str, str | None]) -> dict[str, Any]:
    """Nested again.

    >>> _record({"a.b": "1", "c": None})
    {'a': {'b': '1'}}
    """
    record: dict[str, Any] = {}
    for path, text in cells.items():
        if text is not None:
            *above, leaf = path.split(".")
            inner = record
            for key in above:
                inner = inner.setdefault(key, {})
            inner[leaf] = text
    return record


def _json(records: list[dict[str, Any]]) -> str | None:
    if not records:
        return None
    return canonical_json(json.dumps(records if len(records) > 1 else records[0]))
