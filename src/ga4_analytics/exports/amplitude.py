"""Amplitude: events of the HTTP V2 and Batch APIs, user properties as ``$identify`` events.

Source: Amplitude's pages on the HTTP V2 API, the Batch API and on data back-fill.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.exports import cells
from ga4_analytics.exports.layout import Bounds, Members, Object, Raw, Text, Word
from ga4_analytics.exports.request import ExportRequest
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

LEAST_ID = 5
MOST_ID = 1024
REFUSED_WORD = "lmy47d"
"""A word that Amplitude alone takes for no id."""

_BOUNDS = Bounds(line_bytes=1_000_000, text=1024, key=1024, members=1024, depth=38,
                 reserved=("$*",))  # fmt: skip
_PART = Part(rows=2000, bytes=19_900_000)

_EVENT = (
    Text("user_id", "user_id"),
    Text("device_id", "device_id"),
    Text("event_type", "event_name"),
    Raw("time", "time"),
    Raw("session_id", "session_start"),
    Text("insert_id", "event_id"),
    Text("app_version", "app_version"),
    Text("platform", "platform"),
    Text("os_name", "operating_system"),
    Text("os_version", "operating_system_version"),
    Text("device_brand", "device_brand"),
    Text("device_model", "device_model"),
    Text("country", "country"),
    Text("region", "region"),
    Text("city", "city"),
    Text("language", "language"),
    Raw("revenue", "revenue"),
    Word("currency", "USD", "revenue"),
    Object(
        "event_properties",
        (
            *COMMON,
            *FLAT_PAGE,
            Text("ga4_browser", "browser"),
            Text("ga4_browser_version", "browser_version"),
            Raw("ga4_items", "items"),
            Members("event_params"),
        ),
    ),
    Object("user_properties", (Members("user_properties"),)),
)
_USER = (
    Text("user_id", "user_id"),
    Text("device_id", "device_id"),
    Word("event_type", "$identify"),
    Raw("time", "time"),
    Text("insert_id", "line_id"),
    Object(
        "user_properties",
        (
            Object("$set", (Members("user_properties"),)),
            Object("$setOnce", FIRST_TOUCH),
        ),
        stays=True,
    ),
)


def _ids(rows: Rows) -> tuple[dict[str, pa.Array], dict[str, pa.Array], dict[str, pa.Array]]:
    """The two ids that can be sent, why rows cannot be, and which ids are left out."""
    least = LEAST_ID if rows.request.min_id_length is None else rows.request.min_id_length
    columns, left = {}, {}
    for name, column in (("user_id", "user_id"), ("device_id", "user_pseudo_id")):
        ids = rows[column]
        small = pc.utf8_lower(pc.utf8_trim_whitespace(ids))
        good = pc.and_(
            cells.accepted(ids, least, MOST_ID),
            pc.fill_null(pc.not_equal(small, REFUSED_WORD), False),
        )
        columns[name] = cells.where(good, ids)
        left[f"{name} left out"] = pc.and_(pc.is_valid(ids), pc.invert(good))
    nobody = pc.and_(pc.is_null(rows["user_id"]), pc.is_null(rows["user_pseudo_id"]))
    none_good = pc.and_(pc.is_null(columns["user_id"]), pc.is_null(columns["device_id"]))
    return columns, {"without a user": nobody, "id refused": none_good}, left


def _events(rows: Rows) -> Shaped:
    ids, refused, left = _ids(rows)
    name = rows["event_name"]
    reserved = pc.or_(pc.starts_with(name, "[Amplitude]"), pc.starts_with(name, "$"))
    columns = rows.common() | ids | {
        "time": cells.millis(rows["event_timestamp"]),
        "session_start": cells.millis(rows["session_start_us"]),
    }  # fmt: skip
    return Shaped(columns, timeless(rows) | {"reserved name": reserved} | refused, left)


def _users(rows: Rows) -> Shaped:
    ids, refused, left = _ids(rows)
    columns = touched(rows) | ids | {"time": cells.millis(rows["event_timestamp"])}
    return Shaped(columns, timeless(rows) | refused, left)


def _beside(request: ExportRequest) -> dict[str, Any]:
    if request.min_id_length is None:
        return {}
    return {"options": {"min_id_length": request.min_id_length}}


TARGET = Target(
    name="amplitude",
    title="Amplitude",
    events=Kind(_EVENT, _BOUNDS, _PART, _events, "amplitude_event", ("insert_id",), ("revenue",)),
    users=Kind(_USER, _BOUNDS, _PART, _users, "amplitude_user", ("insert_id",)),
    ages=(
        Age(
            "Amplitude takes an event for a repeat of another (same device_id and insert_id) for "
            "7 days only.",
            "Send each file of older events once; to send one again, use another project.",
            older_than=7 * 86_400,
        ),
        Age(
            "User properties of old events overwrite the values that users have now.",
            'Add "$skip_user_properties_sync": true to each event that is sent as a back-fill.',
            older_than=86_400,
        ),
    ),
    beside=_beside,
    may_choose_least_id=True,
)
