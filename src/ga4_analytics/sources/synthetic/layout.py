"""The export's fields in BigQuery's order, with their types."""

from __future__ import annotations

from functools import cache

import pyarrow as pa

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
BATCH_FIELDS = ("batch_event_index", "batch_page_id", "batch_ordering_id")
"""Columns that newer exports have behind these; written where ties are planted."""
_INTEGERS = frozenset({
    "event_timestamp", "event_previous_timestamp", "event_bundle_sequence_id",
    "event_server_timestamp_offset", "user_first_touch_timestamp", "int_value",
    "set_timestamp_micros", "time_zone_offset_seconds", "total_item_quantity", "unique_items",
    "quantity", *BATCH_FIELDS,
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


@cache
def schema(batches: bool = False) -> pa.Schema:
    """The export's columns with BigQuery's types.

    Args:
        batches: Whether `BATCH_FIELDS` are among them.

    Example:
        >>> schema().field("privacy_info").type.field("ads_storage").type
        DataType(string)
    """
    return pa.schema(_fields([*HEADER, *(BATCH_FIELDS if batches else ())]))
