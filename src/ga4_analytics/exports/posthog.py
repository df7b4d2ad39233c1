"""PostHog: events of ``/batch/``, person properties as ``$set`` events.

Source: PostHog's pages on the capture API and on historical migrations, and the limits of its
Python client.
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
    person,
    timeless,
    touched,
)

MOST_ID = 200
_RESERVED = ("$*", "distinct_id", "token", "api_key", "uuid", "timestamp", "event")
_BOUNDS = Bounds(line_bytes=900 * 1024, reserved=_RESERVED)
_PART = Part(rows=10_000, bytes=5_000_000)
"""The body may have 20 MB; the vendor's own client stops at 5 MB. The count is ours."""

_EVENT = (
    Text("event", "event_name"),
    Text("distinct_id", "identity"),
    Text("timestamp", "iso"),
    Text("uuid", "event_id"),
    Object(
        "properties",
        (
            Word("$geoip_disable", True),
            Word("$process_person_profile", False, "is_anonymous"),
            Text("$current_url", "page_location"),
            Text("$host", "hostname"),
            Text("$pathname", "page_path"),
            Text("$referrer", "page_referrer"),
            Text("$os", "operating_system"),
            Text("$os_version", "operating_system_version"),
            Text("$browser", "browser"),
            Text("$browser_version", "browser_version"),
            Text("$device_type", "device_category"),
            Text("$device_model", "device_model"),
            Text("$app_version", "app_version"),
            Text("$browser_language", "language"),
            Text("$geoip_country_name", "country"),
            Text("$geoip_subdivision_1_name", "region"),
            Text("$geoip_city_name", "city"),
            Text("ga4_platform", "platform"),
            Text("ga4_user_id", "user_id"),
            Raw("ga4_revenue_usd", "revenue"),
            Raw("ga4_items", "items"),
            *COMMON,
            *FLAT_PAGE,
            Members("event_params"),
            Object("$set", (Members("user_properties"),)),
        ),
        stays=True,
    ),
)
_USER = (
    Word("event", "$set"),
    Text("distinct_id", "identity"),
    Text("timestamp", "iso"),
    Text("uuid", "line_id"),
    Object(
        "properties",
        (
            Word("$geoip_disable", True),
            Object("$set", (Text("ga4_user_id", "user_id"), Members("user_properties"))),
            Object("$set_once", FIRST_TOUCH),
        ),
        stays=True,
    ),
)


def _events(rows: Rows) -> Shaped:
    found = person(rows, MOST_ID)
    anonymous = pc.and_(pc.is_null(rows["user_id"]), pc.is_null(rows["user_properties"]))
    columns: dict[str, pa.Array] = rows.common() | {
        "identity": found.ids,
        "iso": cells.iso(rows["event_timestamp"]),
        "is_anonymous": cells.where(anonymous, rows["event_id"]),
    }
    reserved = {"reserved name": pc.starts_with(rows["event_name"], "$")}
    return Shaped(columns, timeless(rows) | reserved | found.refused)


def _users(rows: Rows) -> Shaped:
    found = person(rows, MOST_ID)
    # A profile is what PostHog charges for: nobody gets one by being exported.
    unknown = pc.and_(pc.is_null(rows["user_id"]), pc.is_null(rows["user_properties"]))
    refused = timeless(rows) | found.refused | {"anonymous": unknown}
    return Shaped(touched(rows) | {"identity": found.ids}, refused)


def _beside(request: ExportRequest) -> dict[str, Any]:
    return {"historical_migration": True}


TARGET = Target(
    name="posthog",
    title="PostHog",
    events=Kind(_EVENT, _BOUNDS, _PART, _events, "posthog_event", ("uuid",)),
    users=Kind(_USER, _BOUNDS, _PART, _users, "posthog_user", ("uuid",)),
    ages=(
        Age(
            "PostHog wants historical_migration for what is older than 48 hours.",
            "The manifest's request.beside has it; send it with each batch.",
            older_than=48 * 3_600,
        ),
        Age(
            "historical_migration is for events at least 48 hours old.",
            'Send files with younger events with "historical_migration": false, or wait.',
            newer_than=-48 * 3_600,
        ),
    ),
    beside=_beside,
)
