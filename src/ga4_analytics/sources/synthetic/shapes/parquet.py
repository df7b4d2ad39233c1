"""Nested Parquet as BigQuery exports it: structs and lists of structs, a file a day."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from ga4_analytics.sources.synthetic.records import Describer
from ga4_analytics.sources.synthetic.sample import Sample
from ga4_analytics.sources.synthetic.shapes.console import HEADER
from ga4_analytics.sources.synthetic.spec import Progress

_BATCH = 10_000
_INTEGERS = frozenset({
    "event_timestamp", "event_previous_timestamp", "event_bundle_sequence_id",
    "event_server_timestamp_offset", "user_first_touch_timestamp", "int_value",
    "set_timestamp_micros", "time_zone_offset_seconds", "total_item_quantity", "unique_items",
    "quantity",
})  # fmt: skip
_FLOATS = frozenset({
    "event_value_in_usd", "revenue", "float_value", "double_value", "purchase_revenue_in_usd",
    "purchase_revenue", "refund_value_in_usd", "refund_value", "shipping_value_in_usd",
    "shipping_value", "tax_value_in_usd", "tax_value", "price_in_usd", "price",
    "item_revenue_in_usd", "item_revenue", "item_refund_in_usd", "item_refund",
})  # fmt: skip
_LISTS = frozenset({"event_params", "user_properties", "items"})


def _type_of(name: str, inner: list[str]) -> pa.DataType:
    if inner:
        struct = pa.struct(_fields(inner))
        return pa.list_(struct) if name in _LISTS else struct
    if name in _INTEGERS:
        return pa.int64()
    return pa.float64() if name in _FLOATS else pa.string()


def _fields(paths: list[str]) -> list[pa.Field]:
    grouped: dict[str, list[str]] = {}
    for path in paths:
        head, _, rest = path.partition(".")
        grouped.setdefault(head, []).extend([rest] if rest else [])
    return [pa.field(name, _type_of(name, inner)) for name, inner in grouped.items()]


def schema() -> pa.Schema:
    """The export's columns with BigQuery's types.

    Example:
        >>> schema().field("privacy_info").type.field("ads_storage").type
        DataType(string)
    """
    return pa.schema(_fields(list(HEADER)))


def write_parquet(sample: Sample, folder: Path, progress: Progress) -> list[Path]:
    """Write one nested Parquet file a day.

    Args:
        sample: The sample.
        folder: Where to; it must be there.
        progress: Told how many more events were written.

    Returns:
        The files, by day.
    """
    describer, paths, columns = Describer(sample), [], schema()
    for day in range(sample.spec.days):
        path = folder / f"events_{sample.spec.day(day):%Y%m%d}.parquet"
        records = describer.day(day)
        with parquet.ParquetWriter(path, columns, compression="snappy") as writer:
            while batch := list(islice(records, _BATCH)):
                writer.write_table(pa.Table.from_pylist(batch, schema=columns))
                progress(len(batch))
        paths.append(path)
    return paths
