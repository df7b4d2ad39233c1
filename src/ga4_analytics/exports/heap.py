"""Heap: events of the bulk track API, properties of the bulk user API; both flat.

Source: Heap's developer pages on server-side APIs.
"""

from __future__ import annotations

import pyarrow as pa

from ga4_analytics.exports import cells
from ga4_analytics.exports.layout import Bounds, Members, Object, Raw, Text
from ga4_analytics.exports.target import (
    COMMON,
    FIRST_TOUCH,
    FLAT_PAGE,
    Kind,
    Part,
    Rows,
    Shaped,
    Target,
    person,
    timeless,
    touched,
)

MOST_ID = 255
_TEXT = 1023
# An event's name may have 1024 characters; it is cut at 1023 like everything else.
_BOUNDS = Bounds(line_bytes=1_000_000, text=_TEXT, key=_TEXT, depth=0)
# Heap keeps "id" in all spellings for itself.
_USER_BOUNDS = Bounds(line_bytes=1_000_000, text=_TEXT, key=_TEXT, depth=0,
                      reserved=("id", "ID", "Id", "iD"))  # fmt: skip
_PART = Part(rows=1000, bytes=5_000_000)
"""Heap states no bytes; five megabytes are ours."""

_EVENT = (
    Text("identity", "identity"),
    Text("event", "event_name"),
    Text("timestamp", "iso"),
    Text("idempotency_key", "event_id"),
    Object(
        "properties",
        (
            *COMMON,
            *FLAT_PAGE,
            Text("ga4_user_id", "user_id"),
            Text("ga4_platform", "platform"),
            Text("ga4_app_version", "app_version"),
            Text("ga4_operating_system", "operating_system"),
            Text("ga4_browser", "browser"),
            Text("ga4_language", "language"),
            Text("ga4_country", "country"),
            Text("ga4_region", "region"),
            Text("ga4_city", "city"),
            Raw("ga4_revenue_usd", "revenue"),
            Raw("ga4_items", "item_count"),
            Text("ga4_item_ids", "item_ids"),
            Text("ga4_item_names", "item_names"),
            Text("ga4_item_categories", "item_categories"),
            Text("ga4_item_quantities", "item_quantities"),
            Members("event_params"),
        ),
    ),
)
_USER = (
    Text("identity", "identity"),
    Object("properties", (*FIRST_TOUCH, Text("ga4_user_id", "user_id"),
                          Members("user_properties")), stays=True),
)  # fmt: skip


def _events(rows: Rows) -> Shaped:
    found = person(rows, MOST_ID)
    columns: dict[str, pa.Array] = rows.common() | {
        "identity": found.ids,
        "iso": cells.iso(rows["event_timestamp"]),
    }
    return Shaped(columns, timeless(rows) | found.refused)


def _users(rows: Rows) -> Shaped:
    found = person(rows, MOST_ID)
    return Shaped(touched(rows) | {"identity": found.ids}, found.refused)


TARGET = Target(
    name="heap",
    title="Heap",
    events=Kind(_EVENT, _BOUNDS, _PART, _events, "heap_event", ("idempotency_key",)),
    users=Kind(_USER, _USER_BOUNDS, _PART, _users, "heap_user"),
    items="flat",
)
