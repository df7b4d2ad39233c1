"""Writes a world's events as the files people have; shares nothing with the readers.

Every writer takes a `random.Random`: what has no order in an export (keys of an object,
parameters of an event) comes in an order of its choosing.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from worlds import Event

LISTS = ("event_params", "items")
PARAMS = pa.list_(
    pa.struct(
        [
            ("key", pa.string()),
            (
                "value",
                pa.struct(
                    [
                        ("string_value", pa.string()),
                        ("int_value", pa.int64()),
                        ("float_value", pa.float64()),
                        ("double_value", pa.float64()),
                    ]
                ),
            ),
        ]
    )
)
NEWER = ("is_active_user", "batch_page_id", "batch_ordering_id", "batch_event_index")
"""Columns that a Parquet file of today has, filled or not."""
TYPES = {name: pa.int64() for name in NEWER} | {
    "is_active_user": pa.bool_(),
    "event_params": PARAMS,
}
"""The types of columns that may be empty, as exported."""
SKINNY = {
    "user_id": "user_pseudo_id",
    "event_date": "event_date",
    "event_timestamp": "event_timestamp",
    "event_name": "event_name",
    "country": "geo.country",
    "device_category": "device.category",
    "source": "traffic_source.source",
    "medium": "traffic_source.medium",
    "transaction_id": "ecommerce.transaction_id",
    "purchase_revenue_usd": "ecommerce.purchase_revenue_in_usd",
}
"""Column of the skinny file to the place its value comes from."""
CONSOLE_ALWAYS = frozenset(
    ["event_params.key", "event_params.value.string_value", "event_params.value.int_value"]
)
"""Columns of every console CSV, filled or not."""


def write_ndjson(events: Sequence[Event], path: Path, dice: Random) -> Path:
    """As `bq extract` writes it: 64-bit integers as text, missing values absent."""
    lines = [json.dumps(_shuffled(_json(_typed(event)), dice)) for event in events]
    data = "".join(line + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


def write_parquet(events: Sequence[Event], path: Path, dice: Random) -> Path:
    """As `bq extract` writes it: lists of records."""
    rows = [_shuffled(_typed(event), dice) for event in events]
    names = list(dict.fromkeys([*(name for row in rows for name in row), *NEWER]))
    dice.shuffle(names)
    schema = pa.schema(
        [(name, TYPES.get(name) or _kind([row.get(name) for row in rows])) for name in names]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return path


def write_console(events: Sequence[Event], path: Path, dice: Random) -> Path:
    """As the console writes it: dotted header, further array elements on lines below."""
    typed = [_shuffled(_typed(event), dice) for event in events]
    flat = [{k: v for k, v in leaves(event).items() if k not in LISTS} for event in typed]
    lists = [
        {name: [leaves(one, name + ".") for one in event.get(name, [])] for name in LISTS}
        for event in typed
    ]
    cells = [*flat, *(one for event in lists for ones in event.values() for one in ones)]
    header = sorted({name for row in cells for name in row} | CONSOLE_ALWAYS)
    lines = []
    for scalars, arrays in zip(flat, lists, strict=True):
        for at in range(max(1, *(len(ones) for ones in arrays.values()))):
            line = dict(scalars) if at == 0 else {}
            for ones in arrays.values():
                line |= ones[at] if at < len(ones) else {}
            lines.append(line)
    return _csv(header, lines, path)


def write_flat(events: Sequence[Event], path: Path, dice: Random) -> Path:
    """One line per event, underscored names, parameters as columns; no items."""
    rows = []
    for event in events:
        rest = {k: v for k, v in event.items() if k not in LISTS}
        row = {name.replace(".", "_"): value for name, value in leaves(rest).items()}
        rows.append(row | dict(event.get("event_params") or {}))
    header = sorted({name for row in rows for name in row})
    dice.shuffle(header)
    return _csv(header, rows, path)


def write_skinny(events: Sequence[Event], path: Path, dice: Random) -> Path:
    """The ten columns of the skinny schema."""
    rows = []
    for event in events:
        found = leaves(event)
        rows.append({name: found.get(place) for name, place in SKINNY.items()})
    return _csv(list(SKINNY), rows, path)


def as_skinny(event: Event) -> dict[str, Any]:
    """What a skinny file still says of an event: its source has lost its scope."""
    found = leaves(event)
    return {
        "event_date": event["event_date"],
        "event_timestamp": event["event_timestamp"],
        "event_name": event["event_name"],
        "user_pseudo_id": event["user_pseudo_id"],
        "device": {"category": found.get("device.category")},
        "geo": {"country": found.get("geo.country")},
        "source": found.get("traffic_source.source"),
        "medium": found.get("traffic_source.medium"),
        "ecommerce": {
            "transaction_id": found.get("ecommerce.transaction_id"),
            "purchase_revenue_in_usd": found.get("ecommerce.purchase_revenue_in_usd"),
        },
    }


def as_flat(event: Event) -> dict[str, Any]:
    """What a flat file still says: no items, and its source has lost its scope."""
    params = dict(event.get("event_params") or {})
    lost = {name: params.pop(name) for name in ("source", "medium", "campaign") if name in params}
    return {**{k: v for k, v in event.items() if k != "items"}, "event_params": params, **lost}


def leaves(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by dotted path; lists stay.

    >>> leaves({"geo": {"country": "Peru"}, "platform": None})
    {'geo.country': 'Peru'}
    """
    found: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            found |= leaves(value, f"{prefix}{name}.")
        elif value is not None:
            found[prefix + name] = value
    return found


def _typed(event: Event) -> dict[str, Any]:
    """The event with its parameters in typed slots, without what is missing."""
    found = {name: value for name, value in event.items() if value not in (None, {}, [])}
    params = event.get("event_params") or {}
    found["event_params"] = [
        {"key": key, "value": {_slot(value): value}} for key, value in params.items()
    ]
    return found


def _slot(value: object) -> str:
    if isinstance(value, str):
        return "string_value"
    return "int_value" if isinstance(value, int) else "double_value"


def _shuffled(value: Any, dice: Random) -> Any:
    if isinstance(value, Mapping):
        names = list(value)
        dice.shuffle(names)
        return {
            name: dice.sample(value[name], len(value[name]))
            if name == "event_params"
            else _shuffled(value[name], dice)
            for name in names
        }
    return value


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _json(below) for name, below in value.items() if below is not None}
    if isinstance(value, list):
        return [_json(below) for below in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _kind(values: Sequence[Any]) -> pa.DataType:
    """The Arrow type of a field from its values."""
    known = [value for value in values if value is not None]
    if known and isinstance(known[0], Mapping):
        names = list(dict.fromkeys(name for value in known for name in value))
        return pa.struct([(name, _kind([v.get(name) for v in known])) for name in names])
    if known and isinstance(known[0], list):
        return pa.list_(_kind([one for value in known for one in value]))
    if any(isinstance(value, str) for value in known):
        return pa.string()
    if any(isinstance(value, float) for value in known):
        return pa.float64()
    return pa.bool_() if any(isinstance(value, bool) for value in known) else pa.int64()


def _csv(header: Sequence[str], rows: Sequence[Mapping[str, Any]], path: Path) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow([_cell(row.get(name)) for name in header])
    return path


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
