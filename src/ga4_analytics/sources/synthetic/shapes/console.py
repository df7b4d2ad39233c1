"""The console's CSV: dotted headers; further array elements on rows with empty parents."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ga4_analytics.sources.synthetic.records import Describer
from ga4_analytics.sources.synthetic.sample import Sample
from ga4_analytics.sources.synthetic.spec import Progress

FILE_NAME = "ga4_raw.csv"
_VALUES = tuple(f"value.{slot}_value" for slot in ("string", "int", "float", "double"))
_PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("event_date", "event_timestamp", "event_name")),
    ("event_params.", ("key", *_VALUES)),
    ("", ("event_previous_timestamp", "event_value_in_usd", "event_bundle_sequence_id",
          "event_server_timestamp_offset", "user_id", "user_pseudo_id")),
    ("privacy_info.", ("analytics_storage", "ads_storage", "uses_transient_token")),
    ("user_properties.", ("key", *_VALUES, "value.set_timestamp_micros")),
    ("", ("user_first_touch_timestamp",)),
    ("user_ltv.", ("revenue", "currency")),
    ("device.", ("category", "mobile_brand_name", "mobile_model_name", "mobile_marketing_name",
                 "mobile_os_hardware_model", "operating_system", "operating_system_version",
                 "vendor_id", "advertising_id", "language", "is_limited_ad_tracking",
                 "time_zone_offset_seconds", "web_info.browser", "web_info.browser_version")),
    ("geo.", ("continent", "sub_continent", "country", "region", "city", "metro")),
    ("app_info.", ("id", "version", "install_store", "firebase_app_id", "install_source")),
    ("traffic_source.", ("medium", "name", "source")),
    ("", ("stream_id", "platform")),
    ("event_dimensions.", ("hostname",)),
    ("ecommerce.", ("total_item_quantity", "purchase_revenue_in_usd", "purchase_revenue",
                    "refund_value_in_usd", "refund_value", "shipping_value_in_usd",
                    "shipping_value", "tax_value_in_usd", "tax_value", "unique_items",
                    "transaction_id")),
    ("items.", ("item_id", "item_name", "item_brand", "item_variant", "item_category",
                "item_category2", "item_category3", "item_category4", "item_category5",
                "price_in_usd", "price", "quantity", "item_revenue_in_usd", "item_revenue",
                "item_refund_in_usd", "item_refund", "coupon", "affiliation", "location_id",
                "item_list_id", "item_list_name", "item_list_index", "promotion_id",
                "promotion_name", "creative_name", "creative_slot")),
)  # fmt: skip
HEADER = tuple(prefix + name for prefix, names in _PARTS for name in names)
_POSITION = {name: position for position, name in enumerate(HEADER)}
_ARRAYS = ("event_params", "user_properties", "items")


def flatten(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Name nested fields by their path; arrays stay out.

    Example:
        >>> flatten({"geo": {"country": "Peru"}, "items": []})
        {'geo.country': 'Peru'}
    """
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat.update(flatten(value, f"{prefix}{key}."))
        elif not isinstance(value, list):
            flat[prefix + key] = value
    return flat


def console_rows(record: dict[str, Any]) -> Iterator[list[Any]]:
    """Give the rows of an event: its arrays advance side by side and end on their own.

    Example:
        >>> rows = console_rows({"event_name": "a", "event_params": [{"key": "x"}, {"key": "y"}]})
        >>> [(row[2], row[3]) for row in rows]
        [('a', 'x'), ('', 'y')]
    """
    arrays = (
        [flatten(element, f"{name}.") for element in record.get(name, [])] for name in _ARRAYS
    )
    parent = flatten(record)
    for elements in list(zip_longest(*arrays, fillvalue={})) or [()]:
        row: list[Any] = [""] * len(HEADER)
        for cells in (parent, *elements):
            for name, value in cells.items():
                row[_POSITION[name]] = value
        yield row
        parent = {}


def write_console(sample: Sample, folder: Path, progress: Progress) -> list[Path]:
    """Write the sample as one CSV in the console's shape.

    Args:
        sample: The sample.
        folder: Where to; it must be there.
        progress: Told how many more events were written.

    Returns:
        The file.
    """
    path, describer = folder / FILE_NAME, Describer(sample)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for day in range(sample.spec.days):
            count = 0
            for count, record in enumerate(describer.day(day), start=1):  # noqa: B007
                writer.writerows(console_rows(record))
            progress(count)
    return [path]
