"""What readers hand to the normaliser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

Shape = Literal[
    "console CSV", "flat CSV", "item CSV", "JSON CSV", "Python CSV", "NDJSON", "Parquet"
]

TEXT = pa.string()
PARAM = pa.struct(
    [
        ("key", TEXT),
        ("string_value", TEXT),
        ("int_value", TEXT),
        ("float_value", TEXT),
        ("double_value", TEXT),
    ]
)
PROPERTY = pa.struct([*PARAM, pa.field("set_timestamp_micros", TEXT)])
ITEM_FIELDS: tuple[str, ...] = (
    "item_id",
    "item_name",
    "item_brand",
    "item_variant",
    "item_category",
    "item_category2",
    "item_category3",
    "item_category4",
    "item_category5",
    "price_in_usd",
    "price",
    "quantity",
    "item_revenue_in_usd",
    "item_revenue",
    "item_refund_in_usd",
    "item_refund",
    "coupon",
    "affiliation",
    "location_id",
    "item_list_id",
    "item_list_name",
    "item_list_index",
    "promotion_id",
    "promotion_name",
    "creative_name",
    "creative_slot",
)
ITEM = pa.struct(
    [
        *(pa.field(name, TEXT) for name in ITEM_FIELDS),
        pa.field("item_params", pa.list_(PARAM)),
    ]
)

GIVEN = "="
"""Prefix of a column that a flat file gives directly: ``=country``."""
PARAMETER = "@"
"""Prefix of a column that we do not know and keep among the parameters."""
LINE = "_line"
"""The column of line numbers, from 1; rows of a Parquet file count as lines."""


@dataclass(frozen=True)
class Reject:
    """One record that could not be read.

    Attributes:
        line: Where it stands in its file, from 1.
        column: The column at fault, or None for the whole record.
        rule: Short name of the rule it breaks.
        reason: What was found.
        raw_text: The record as it stands in the file.
        fatal: Whether the whole file cannot be trusted because of it.
    """

    line: int
    column: str | None
    rule: str
    reason: str
    raw_text: str
    fatal: bool = False


@dataclass(frozen=True)
class RawBatch:
    """Some records of one file, all text.

    Attributes:
        table: ``_line`` (int64) and text columns named by their path in Google's schema
            (``geo.country``), by ``=canonical name`` or by ``@unknown name``; and, where the
            shape nests, the lists ``event_params``, ``user_properties`` and ``items``.
        raw_text: Gives the text of a row as it stands in the file.
        rejects: Records of the same part of the file that have no row in ``table``.
    """

    table: pa.Table
    raw_text: Callable[[int], str]
    rejects: tuple[Reject, ...] = field(default=())
