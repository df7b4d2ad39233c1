"""The canonical columns, said once.

``EVENT_COLUMNS`` and ``ITEM_COLUMNS`` are the columns of ``raw.ga4_events`` and
``raw.ga4_items`` on every warehouse, in order. A column's ``paths`` are the places in
Google's export schema where its value is looked for, first one wins:
``device.category`` is a field, ``@ga_session_id`` is the event parameter of that name.
Source: https://support.google.com/analytics/answer/7029846 (event schema).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "bigint", "integer", "boolean", "date", "double"]
Reading = Literal["text", "integer", "boolean", "money", "date", "timestamp"]


@dataclass(frozen=True)
class Column:
    """One canonical column.

    Attributes:
        name: Its name in the warehouse.
        kind: Its type in the warehouse.
        about: What it holds, with its unit, in one sentence.
        paths: Where Google's schema keeps it, in order of preference.
        reading: How text is turned into it; derived columns have none.
    """

    name: str
    kind: Kind
    about: str
    paths: tuple[str, ...] = ()
    reading: Reading | None = None


def _text(name: str, about: str, *paths: str) -> Column:
    return Column(name, "text", about, paths, "text")


def _count(name: str, about: str, *paths: str) -> Column:
    return Column(name, "bigint", about, paths, "integer")


def _flag(name: str, about: str, *paths: str) -> Column:
    return Column(name, "boolean", about, paths, "boolean")


def _money(name: str, about: str, *paths: str) -> Column:
    return Column(name, "bigint", about + " In micro-units (1 = 0.000001).", paths, "money")


_LAST_CLICK = "session_traffic_source_last_click"

EVENT_COLUMNS: tuple[Column, ...] = (
    Column("dataset", "text", "The property the event belongs to; part of every key."),
    Column(
        "event_date",
        "date",
        "The day in the property's reporting time zone.",
        ("event_date",),
        "date",
    ),
    Column("event_id", "text", "uuid5 that names the event on every run and every engine."),
    Column(
        "id_scheme",
        "text",
        "'ga4' when timestamp, session and parameters went into event_id, else 'columns'.",
    ),
    Column(
        "repeat_ordinal",
        "integer",
        "0 for an event, n for its n-th repeat under one key.",
    ),
    Column(
        "repeat_of",
        "text",
        "The event_id of the event this one repeats; null for ordinal 0.",
    ),
    Column(
        "event_timestamp",
        "bigint",
        "When it happened, microseconds since 1970-01-01 UTC.",
        ("event_timestamp",),
        "timestamp",
    ),
    Column(
        "utc_offset_min",
        "integer",
        "Minutes the property's zone is ahead of UTC at that time.",
    ),
    _text("event_name", "What happened.", "event_name"),
    _text(
        "user_pseudo_id",
        "The device or browser (client id); text, never a number.",
        "user_pseudo_id",
    ),
    _text("user_id", "The signed-in user, where the site sets one.", "user_id"),
    _text(
        "ga_session_id",
        "The session's id; unique only together with the user.",
        "ga_session_id",
        "@ga_session_id",
    ),
    _count(
        "ga_session_number",
        "1 for the client's first session.",
        "ga_session_number",
        "@ga_session_number",
    ),
    _flag(
        "session_engaged",
        "Whether the export marks the session as engaged.",
        "session_engaged",
        "@session_engaged",
        "@engaged_session_event",
    ),
    _count(
        "engagement_time_msec",
        "Foreground milliseconds since the previous event.",
        "engagement_time_msec",
        "@engagement_time_msec",
    ),
    _flag(
        "is_active_user",
        "Google's own active-user flag (daily tables only).",
        "is_active_user",
    ),
    _count(
        "user_first_touch_timestamp",
        "First time the client was seen, microseconds UTC.",
        "user_first_touch_timestamp",
    ),
    _count(
        "batch_page_id",
        "Order of the page within the client's batch.",
        "batch_page_id",
        "@batch_page_id",
    ),
    _count(
        "batch_ordering_id",
        "Order of the request within the page.",
        "batch_ordering_id",
        "@batch_ordering_id",
    ),
    _count(
        "batch_event_index",
        "Order of the event within the request.",
        "batch_event_index",
    ),
    _text("stream_id", "The data stream.", "stream_id"),
    _text("platform", "WEB, ANDROID or IOS.", "platform"),
    _text(
        "hostname",
        "Host name of the page.",
        "device.web_info.hostname",
        "event_dimensions.hostname",
    ),
    _text("page_location", "Full address of the page.", "page_location", "@page_location"),
    Column(
        "page_path",
        "text",
        "The path of page_location, without host, query and fragment.",
    ),
    _text("page_title", "Title of the page.", "page_title", "@page_title"),
    _text(
        "page_referrer",
        "Address of the previous page.",
        "page_referrer",
        "@page_referrer",
    ),
    _text("device_category", "desktop, mobile, tablet or smart tv.", "device.category"),
    _text("device_brand", "Brand of the device.", "device.mobile_brand_name"),
    _text("device_model", "Model of the device.", "device.mobile_model_name"),
    _text("operating_system", "Operating system.", "device.operating_system"),
    _text(
        "operating_system_version",
        "Version of the operating system.",
        "device.operating_system_version",
    ),
    _text("browser", "Browser.", "device.web_info.browser", "device.browser"),
    _text(
        "browser_version",
        "Version of the browser.",
        "device.web_info.browser_version",
        "device.browser_version",
    ),
    _text("language", "Language of the device.", "device.language"),
    _text("continent", "Continent.", "geo.continent"),
    _text("country", "Country.", "geo.country"),
    _text("region", "Region.", "geo.region"),
    _text("city", "City.", "geo.city"),
    _text("app_version", "Version of the app.", "app_info.version"),
    _text(
        "first_user_source",
        "Source that first brought the user.",
        "traffic_source.source",
    ),
    _text(
        "first_user_medium",
        "Medium that first brought the user.",
        "traffic_source.medium",
    ),
    _text(
        "first_user_campaign",
        "Campaign that first brought the user.",
        "traffic_source.name",
    ),
    _text(
        "session_source",
        "The session's last-click source, as exported.",
        f"{_LAST_CLICK}.cross_channel_campaign.source",
        f"{_LAST_CLICK}.manual_campaign.source",
    ),
    _text(
        "session_medium",
        "The session's last-click medium, as exported.",
        f"{_LAST_CLICK}.cross_channel_campaign.medium",
        f"{_LAST_CLICK}.manual_campaign.medium",
    ),
    _text(
        "session_campaign",
        "The session's last-click campaign, as exported.",
        f"{_LAST_CLICK}.cross_channel_campaign.campaign_name",
        f"{_LAST_CLICK}.manual_campaign.campaign_name",
    ),
    _text(
        "session_channel_group",
        "The session's default channel group, as exported.",
        f"{_LAST_CLICK}.cross_channel_campaign.default_channel_group",
    ),
    _text(
        "event_source",
        "Source collected with this event.",
        "collected_traffic_source.manual_source",
        "@source",
    ),
    _text(
        "event_medium",
        "Medium collected with this event.",
        "collected_traffic_source.manual_medium",
        "@medium",
    ),
    _text(
        "event_campaign",
        "Campaign collected with this event.",
        "collected_traffic_source.manual_campaign_name",
        "@campaign",
    ),
    _text(
        "gclid",
        "Google Ads click id collected with this event.",
        "collected_traffic_source.gclid",
        "@gclid",
    ),
    _text(
        "source",
        "Source from a flat file, whose scope the file does not tell.",
        "source",
    ),
    _text(
        "medium",
        "Medium from a flat file, whose scope the file does not tell.",
        "medium",
    ),
    _text(
        "campaign",
        "Campaign from a flat file, whose scope the file does not tell.",
        "campaign",
    ),
    _money(
        "event_value_usd_micros",
        "The event's value in US dollars.",
        "event_value_in_usd",
    ),
    _text(
        "transaction_id",
        "The order's id.",
        "ecommerce.transaction_id",
        "@transaction_id",
    ),
    _text("currency", "ISO 4217 code of the local amounts.", "currency", "@currency"),
    _money(
        "purchase_revenue_usd_micros",
        "Revenue of a purchase in US dollars.",
        "ecommerce.purchase_revenue_in_usd",
    ),
    _money(
        "purchase_revenue_micros",
        "Revenue of a purchase in local currency.",
        "ecommerce.purchase_revenue",
    ),
    _money(
        "refund_value_usd_micros",
        "Refunded amount in US dollars.",
        "ecommerce.refund_value_in_usd",
    ),
    _money(
        "refund_value_micros",
        "Refunded amount in local currency.",
        "ecommerce.refund_value",
    ),
    _money(
        "shipping_value_usd_micros",
        "Shipping in US dollars.",
        "ecommerce.shipping_value_in_usd",
    ),
    _money("tax_value_usd_micros", "Tax in US dollars.", "ecommerce.tax_value_in_usd"),
    _count("total_item_quantity", "Items in the order.", "ecommerce.total_item_quantity"),
    Column(
        "event_params",
        "text",
        "All event parameters, and columns we do not know, as a JSON object with sorted keys.",
    ),
    Column("user_properties", "text", "User properties as a JSON object with sorted keys."),
    Column(
        "other_fields",
        "text",
        "Fields of Google's schema without a column of their own, as a JSON object by dotted path.",
    ),
)

ITEM_COLUMNS: tuple[Column, ...] = (
    Column("dataset", "text", "The property the event belongs to."),
    Column("event_date", "date", "The event's day."),
    Column("event_id", "text", "The event the item belongs to."),
    Column("item_index", "integer", "Position within the event, from 0."),
    _text("item_id", "The item's id.", "item_id"),
    _text("item_name", "The item's name.", "item_name"),
    _text("item_brand", "Brand.", "item_brand"),
    _text("item_variant", "Variant.", "item_variant"),
    _text("item_category", "First category.", "item_category"),
    _text("item_category2", "Second category.", "item_category2"),
    _text("item_category3", "Third category.", "item_category3"),
    _text("item_category4", "Fourth category.", "item_category4"),
    _text("item_category5", "Fifth category.", "item_category5"),
    _money("price_usd_micros", "Price of one in US dollars.", "price_in_usd"),
    _money("price_micros", "Price of one in local currency.", "price"),
    _count("quantity", "How many.", "quantity"),
    _money("item_revenue_usd_micros", "Revenue in US dollars.", "item_revenue_in_usd"),
    _money("item_revenue_micros", "Revenue in local currency.", "item_revenue"),
    _money("item_refund_usd_micros", "Refund in US dollars.", "item_refund_in_usd"),
    _money("item_refund_micros", "Refund in local currency.", "item_refund"),
    _text("coupon", "Coupon.", "coupon"),
    _text("affiliation", "Store or affiliate.", "affiliation"),
    _text("location_id", "Place id.", "location_id"),
    _text("item_list_id", "Id of the list it was shown in.", "item_list_id"),
    _text("item_list_name", "Name of the list it was shown in.", "item_list_name"),
    _text("item_list_index", "Position in that list.", "item_list_index"),
    _text("promotion_id", "Promotion id.", "promotion_id"),
    _text("promotion_name", "Promotion name.", "promotion_name"),
    _text("creative_name", "Creative name.", "creative_name"),
    _text("creative_slot", "Creative slot.", "creative_slot"),
    Column("item_params", "text", "Item parameters as a JSON object with sorted keys."),
)

SKINNY_COLUMNS: tuple[str, ...] = (
    "user_id",
    "event_date",
    "event_timestamp",
    "event_name",
    "country",
    "device_category",
    "source",
    "medium",
    "transaction_id",
    "purchase_revenue_usd",
)
"""The skinny file's columns, in order; its ``user_id`` holds the device id."""
