"""Events as they stand in Google's schema, written as every file with nested cells; shared."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ga4_analytics.ingest.files import InputFile, expand, inspect
from ga4_analytics.ingest.staging import Tally, read_parts
from ga4_analytics.sources.batches import Reject
from ga4_analytics.sources.mapping import NO_OPTIONS, ColumnOptions
from ga4_analytics.sources.normalise import Normaliser

Event = dict[str, Any]
NASTY = ("plain", "it's", 'say "hi"', "semi;colon", "two\nlines", "Türkiye", "a\\b", "}\n {", "…",
         "...", "<NA>", "{'x': 1}", "nan", " lead")  # fmt: skip


def events(count: int, seed: int) -> list[Event]:
    """Events with all the nested fields; every number fits a 64-bit integer or a double."""
    dice = Random(seed)
    return [_event(dice, number) for number in range(count)]


def _event(dice: Random, number: int) -> Event:
    word = dice.choice
    event: Event = {
        "event_date": "20201101",
        "event_timestamp": 1_604_188_800_000_000 + number,
        "event_name": word(("page_view", "purchase")),
        "event_params": [
            _param(dice, key)
            for key in dice.sample(["ga_session_id", "title", "value", "page_location"], 3)
        ],
        "event_bundle_sequence_id": dice.randrange(-(10**10), 10**10),
        "user_pseudo_id": f"{number % 7}.0010",
        "privacy_info": {"analytics_storage": "Yes", "ads_storage": None},
        "user_properties": [
            {"key": "tier", "value": {"string_value": word(NASTY), "set_timestamp_micros": 5}}
        ]
        if number % 3
        else [],
        "user_ltv": {"revenue": dice.randrange(1, 9999) / 8, "currency": "USD"},
        "device": {"category": word(("mobile", "desktop")), "language": word(NASTY),
                   "web_info": {"browser": "Chrome", "hostname": None}},
        "geo": {"country": word(NASTY), "city": None},
        "traffic_source": {"source": word(NASTY), "medium": "organic", "name": None},
        "stream_id": "2100450278",
        "platform": "WEB",
        "ecommerce": {"transaction_id": f"T{number}", "purchase_revenue_in_usd": 0.5 * number},
        "items": [
            {"item_id": f"00{at}", "item_name": word(NASTY), "price_in_usd": 7.5, "quantity": at,
             "item_params": [_param(dice, "size")]}
            for at in range(number % 3)
        ],
        "is_active_user": True,
        "batch_event_index": number,
        "session_traffic_source_last_click": {
            "manual_campaign": {"source": word(NASTY)},
            "cross_channel_campaign": {"default_channel_group": "Direct"},
        },
    }  # fmt: skip
    return event


def _param(dice: Random, key: str) -> Event:
    value: Event = dict.fromkeys(("string_value", "int_value", "float_value", "double_value"))
    if key == "ga_session_id":
        value["int_value"] = dice.randrange(2**40, 2**62)
    elif key == "value":
        value["double_value"] = dice.randrange(1000) / 4
    else:
        value["string_value"] = dice.choice(NASTY)
    return {"key": key, "value": value}


def is_nested(value: object) -> bool:
    return isinstance(value, list | dict)


def ndjson(rows: Sequence[Event], path: Path) -> Path:
    """As `bq extract` does: 64-bit integers as text, missing values absent."""
    path.write_text("".join(json.dumps(_extracted(row)) + "\n" for row in rows))
    return path


def _extracted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _extracted(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_extracted(each) for each in value]
    return str(value) if type(value) is int else value


def json_csv(rows: Sequence[Event], path: Path, delimiter: str = ",", indent: int = 0) -> Path:
    """As TO_JSON_STRING does: integers beyond 2^53 as text, all slots there."""
    cells = [
        {name: json.dumps(_safe(each), indent=indent or None) if is_nested(each) else each
         for name, each in row.items()}
        for row in rows
    ]  # fmt: skip
    return table_csv(cells, path, delimiter)


def _safe(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _safe(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_safe(each) for each in value]
    return str(value) if type(value) is int and abs(value) > 2**53 else value


def python_csv(rows: Sequence[Event], path: Path) -> Path:
    """As to_csv does with a frame of BigQuery's client: numpy's arrays of dictionaries."""
    cells = [
        {name: str(_arrays(each)) if is_nested(each) else each for name, each in row.items()}
        for row in rows
    ]
    return table_csv(cells, path, ",")


def _arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _arrays(each) for key, each in value.items()}
    if isinstance(value, list):
        made = np.empty(len(value), dtype=object)
        made[:] = [_arrays(each) for each in value]
        return made
    return value


def table_csv(rows: Sequence[Event], path: Path, delimiter: str) -> Path:
    """A CSV of scalar cells."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {name: "" if each is None else each for name, each in row.items()} for row in rows
    )
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def parquet(rows: Sequence[Event], path: Path) -> Path:
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def inspected(path: Path, options: ColumnOptions = NO_OPTIONS) -> list[InputFile]:
    return inspect(expand([str(path)]), options, path.parent / "unpacked").files


Canonical = tuple[list[Event], list[Event], list[Reject]]


def canonical(path: Path, options: ColumnOptions = NO_OPTIONS) -> Canonical:
    """The canonical events and items of a file without their nulls, and its rejects."""
    found: list[Event] = []
    items: list[Event] = []
    rejects: list[Reject] = []
    normaliser, row = Normaliser(), 0
    for part in read_parts(inspected(path, options), options, Tally(), lambda bytes_: None, ()):
        done = normaliser.normalise(part.batch, row)
        row += part.batch.table.num_rows
        found += [_filled(each) for each in done.events.to_pylist()]
        items += [_filled(each) for each in done.items.to_pylist()] if done.items else []
        rejects += [*part.batch.rejects, *(reject for _, reject in done.rejects)]
    return found, items, sorted(rejects, key=lambda reject: reject.line)


def _filled(row: Event) -> Event:
    return {name: each for name, each in row.items() if each is not None and name != "row_id"}
