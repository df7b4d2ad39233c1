"""Mixpanel: events of ``/import``, profiles of ``/engage``.

Source: Mixpanel's pages on Import Events and on limits of user profiles.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.exports import cells
from ga4_analytics.exports.layout import Bounds, Members, Object, Raw, Text
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
    person,
    timeless,
    touched,
)

MOST_ID = 255
FIRST_US = 31_536_000_000_000
"""1971-01-01: what is older is refused."""

_RESERVED = ("$*", "mp_*", "time", "distinct_id", "token", "event", "length", "bucket")
_BOUNDS = Bounds(line_bytes=999_999, members=254, depth=0, reserved=_RESERVED)
# 10 MB are stated, but an older example of Mixpanel's own says 2,097,152 bytes.
_PART = Part(rows=2000, bytes=2_000_000)

_EVENT = (
    Text("event", "event_name"),
    Object(
        "properties",
        (
            Raw("time", "time"),
            Text("distinct_id", "identity"),
            Text("$insert_id", "event_id"),
            Text("$os", "operating_system"),
            Text("$os_version", "operating_system_version"),
            Text("$browser", "browser"),
            Text("$browser_version", "browser_version"),
            Text("$brand", "device_brand"),
            Text("$model", "device_model"),
            Text("$app_version_string", "app_version"),
            Text("$region", "region"),
            Text("$city", "city"),
            Text("$current_url", "page_location"),
            Text("$referrer", "page_referrer"),
            Text("ga4_country", "country"),
            Text("ga4_language", "language"),
            Text("ga4_platform", "platform"),
            Text("ga4_user_id", "user_id"),
            Raw("ga4_revenue_usd", "revenue"),
            Raw("ga4_items", "items"),
            *COMMON,
            *FLAT_PAGE,
            Members("event_params"),
        ),
        stays=True,
    ),
)
_USER = (
    Text("$distinct_id", "identity"),
    Object("$set", (*FIRST_TOUCH, Text("ga4_user_id", "user_id"), Members("user_properties")),
           stays=True),
)  # fmt: skip


def _events(rows: Rows) -> Shaped:
    found = person(rows, MOST_ID)
    name = rows["event_name"]
    reserved = pc.or_(pc.starts_with(name, "$"), pc.starts_with(name, "mp_"))
    columns: dict[str, pa.Array] = rows.common() | {
        "identity": found.ids,
        "time": cells.millis(rows["event_timestamp"]),
    }
    refused = timeless(rows, FIRST_US) | {"reserved name": reserved} | found.refused
    return Shaped(columns, refused)


def _users(rows: Rows) -> Shaped:
    found = person(rows, MOST_ID)
    return Shaped(touched(rows) | {"identity": found.ids}, found.refused)


def _beside(request: ExportRequest) -> dict[str, Any]:
    return {"query": {"strict": 1}}


TARGET = Target(
    name="mixpanel",
    title="Mixpanel",
    events=Kind(_EVENT, _BOUNDS, _PART, _events, "mixpanel_event", ("properties", "$insert_id")),
    users=Kind(_USER, _BOUNDS, _PART, _users, "mixpanel_user"),
    ages=(
        Age(
            "Mixpanel's /track drops events that are older than 5 days.",
            "Send the files to /import, which takes events from 1971 on.",
            older_than=5 * 86_400,
        ),
        Age(
            "Mixpanel refuses events more than an hour in the future.",
            "Send them when their time has come.",
            newer_than=3_600,
        ),
    ),
    beside=_beside,
)
