"""Segment: track and identify messages of ``/v1/batch``.

Source: the Segment Spec (Track, Identify, Common fields) and the limits of its HTTP API.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.exports import cells
from ga4_analytics.exports.layout import Bounds, Members, Object, Raw, Text, Word
from ga4_analytics.exports.target import (
    COMMON,
    FIRST_TOUCH,
    FLAT_PAGE,
    Age,
    Kind,
    Part,
    Rows,
    Shaped,
    Target,
    timeless,
    touched,
)

MOST_ID = 255
_RESERVED = ("revenue", "order_id", "products")
_BOUNDS = Bounds(line_bytes=32 * 1024, reserved=_RESERVED)
_USER_BOUNDS = Bounds(line_bytes=32 * 1024)
_PART = Part(rows=2500, bytes=499_000)

_LIBRARY = Object("library", (Word("name", "ga4-product-analytics"),))
_CONTEXT = Object(
    "context",
    (
        _LIBRARY,
        Object(
            "page",
            (
                Text("url", "page_location"),
                Text("path", "page_path"),
                Text("referrer", "page_referrer"),
                Text("title", "page_title"),
            ),
        ),
        Object(
            "campaign",
            (
                Text("name", "own_campaign"),
                Text("source", "own_source"),
                Text("medium", "own_medium"),
            ),
        ),
        Object("os", (Text("name", "operating_system"),
                      Text("version", "operating_system_version"))),
        Object(
            "device",
            (
                Text("type", "device_category"),
                Text("manufacturer", "device_brand"),
                Text("model", "device_model"),
            ),
        ),
        Object("app", (Text("version", "app_version"),)),
        Object("location", (Text("country", "country"), Text("region", "region"),
                            Text("city", "city"))),
        Text("locale", "language"),
        Object("traits", (Members("user_properties"),)),
    ),
)  # fmt: skip
_EVENT = (
    Word("type", "track"),
    Text("messageId", "event_id"),
    Text("anonymousId", "anonymous_id"),
    Text("userId", "user_id"),
    Text("event", "event_name"),
    Text("timestamp", "iso"),
    Object(
        "properties",
        (
            Raw("revenue", "revenue"),
            Text("order_id", "transaction_id"),
            Raw("products", "items"),
            *COMMON,
            *FLAT_PAGE,
            Text("ga4_browser", "browser"),
            Text("ga4_platform", "platform"),
            Members("event_params"),
        ),
        stays=True,
    ),
    _CONTEXT,
)
_USER = (
    Word("type", "identify"),
    Text("messageId", "line_id"),
    Text("anonymousId", "anonymous_id"),
    Text("userId", "user_id"),
    Text("timestamp", "iso"),
    Object("traits", (*FIRST_TOUCH, Members("user_properties")), stays=True),
    Object("context", (_LIBRARY,)),
)


def _ids(rows: Rows) -> tuple[dict[str, pa.Array], dict[str, pa.Array], dict[str, pa.Array]]:
    """Both ids, why rows cannot be sent, and which ids are left out."""
    columns, left = {}, {}
    for name, column in (("user_id", "user_id"), ("anonymous_id", "user_pseudo_id")):
        good = cells.accepted(rows[column], 1, MOST_ID)
        columns[name] = cells.where(good, rows[column])
        left[f"{name} left out"] = pc.and_(pc.is_valid(rows[column]), pc.invert(good))
    nobody = pc.and_(pc.is_null(rows["user_id"]), pc.is_null(rows["user_pseudo_id"]))
    none_good = pc.and_(pc.is_null(columns["user_id"]), pc.is_null(columns["anonymous_id"]))
    return columns, {"without a user": nobody, "id refused": none_good}, left


def _events(rows: Rows) -> Shaped:
    ids, refused, left = _ids(rows)
    scope = rows["source_scope"]
    # A first touch is the user's, and an unknown scope nobody's: not this event's campaign.
    own = pc.fill_null(pc.is_in(scope, value_set=pa.array(["session", "event"])), False)
    columns = rows.common() | ids | {
        "iso": cells.iso(rows["event_timestamp"]),
        "own_source": cells.where(own, rows["source"]),
        "own_medium": cells.where(own, rows["medium"]),
        "own_campaign": cells.where(own, rows["campaign"]),
    }  # fmt: skip
    return Shaped(columns, timeless(rows) | refused, left)


def _users(rows: Rows) -> Shaped:
    ids, refused, left = _ids(rows)
    return Shaped(touched(rows) | ids, timeless(rows) | refused, left)


TARGET = Target(
    name="segment",
    title="Segment",
    events=Kind(
        _EVENT, _BOUNDS, _PART, _events, "segment_track", ("messageId",), ("properties", "revenue")
    ),
    users=Kind(_USER, _USER_BOUNDS, _PART, _users, "segment_identify", ("messageId",)),
    items="products",
    ages=(
        Age(
            "Segment drops repeats of a messageId for about 24 hours only.",
            "Send each file of older events once; destinations may have rules of their own.",
            older_than=86_400,
        ),
        Age(
            "Segment stores events of the future as they are.",
            "Send them when their time has come.",
            newer_than=3_600,
        ),
    ),
)
