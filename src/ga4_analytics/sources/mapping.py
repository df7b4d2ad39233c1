"""Which column of a flat file is which: published names, people's names, and ``--map``.

A header is compared in lower case with blanks, dots, dashes and changes to capitals
(``eventName``) as underscores. It matches, in this order: a name given with ``--map``; a
canonical column (``device_category``, ``purchase_revenue_usd``); a path of Google's schema
(``device.category``, ``geo_country``); a name of `ALIASES`; a name of `FALLBACKS`, where no
other column has a better claim. Anything else stays among the event's parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from ga4_analytics.errors import SourceError
from ga4_analytics.sources.batches import GIVEN, ITEM_FIELDS, PARAMETER
from ga4_analytics.sources.schema import EVENT_COLUMNS

ALIASES: dict[str, str] = {
    "client_id": "user_pseudo_id",
    "clientid": "user_pseudo_id",
    "device": "device_category",
    "device_device_category": "device_category",
    "ga_client_id": "user_pseudo_id",
    "geo_geo_country": "country",
    "host_name": "hostname",
    "order_id": "transaction_id",
    "os": "operating_system",
    "os_version": "operating_system_version",
    "page_url": "page_location",
    "pseudo_user_id": "user_pseudo_id",
    "referrer": "page_referrer",
    "revenue_usd": "purchase_revenue_usd_micros",
    "session_default_channel_group": "session_channel_group",
    "session_default_channel_grouping": "session_channel_group",
    "session_id": "ga_session_id",
    "session_number": "ga_session_number",
    "traffic_campaign": "campaign",
    "traffic_medium": "medium",
    "traffic_source": "source",
    "utm_campaign": "campaign",
    "utm_medium": "medium",
    "utm_source": "source",
}
"""Names people give to columns, to the canonical column they mean."""

FALLBACKS: dict[str, str] = {
    "date": "event_date",
    "event": "event_name",
    "event_datetime": "event_timestamp",
    "event_day": "event_date",
    "event_time": "event_timestamp",
    "timestamp": "event_timestamp",
    "timestamp_micros": "event_timestamp",
    "visitor_id": "user_pseudo_id",
}
"""Names that mean a canonical column where no other column of the file does."""

NOT_GUESSED: dict[str, str] = {
    "id": "It may be any id.",
    "name": "It may be the event's, the page's, the campaign's or a person's.",
    "revenue": "It does not say whether it is in US dollars.",
    "time": "It may be a time of day or a duration.",
    "uid": "It may be a device or a person.",
    "value": "It is a parameter of GA4 in the event's own currency.",
}
"""Names that people use for several things: they stay parameters until ``--map`` says more."""

Rule = Literal[
    "--map",
    "canonical name",
    "Google's path",
    "alias",
    "fallback",
    "user_id of a flat file",
    "item field",
    "kept in other_fields",
    "kept as parameter",
]

GA4_TOP_LEVEL: frozenset[str] = frozenset(
    {
        "event_date",
        "event_timestamp",
        "event_name",
        "event_params",
        "event_previous_timestamp",
        "event_value_in_usd",
        "event_bundle_sequence_id",
        "event_server_timestamp_offset",
        "user_id",
        "user_pseudo_id",
        "privacy_info",
        "user_properties",
        "user_first_touch_timestamp",
        "user_ltv",
        "device",
        "geo",
        "app_info",
        "traffic_source",
        "stream_id",
        "platform",
        "event_dimensions",
        "ecommerce",
        "items",
        "collected_traffic_source",
        "is_active_user",
        "batch_event_index",
        "batch_page_id",
        "batch_ordering_id",
        "session_traffic_source_last_click",
        "publisher",
        "event_original_occurrence_timestamp",
    }
)
"""The 31 columns of Google's events tables (2026)."""

GA4_RECORDS: frozenset[str] = frozenset(
    {
        "privacy_info",
        "user_ltv",
        "device",
        "device.web_info",
        "geo",
        "app_info",
        "traffic_source",
        "event_dimensions",
        "ecommerce",
        "collected_traffic_source",
        "session_traffic_source_last_click",
        "session_traffic_source_last_click.manual_campaign",
        "session_traffic_source_last_click.google_ads_campaign",
        "session_traffic_source_last_click.cross_channel_campaign",
        "session_traffic_source_last_click.sa360_campaign",
        "session_traffic_source_last_click.cm360_campaign",
        "session_traffic_source_last_click.dv360_campaign",
        "publisher",
    }
)
"""The records among them, and the records in those; any other record is kept as JSON."""

SETTABLE: tuple[str, ...] = tuple(column.name for column in EVENT_COLUMNS if column.reading)
"""Canonical columns that a file, ``--map`` or ``--set`` can fill."""


@dataclass(frozen=True)
class ColumnOptions:
    """What the user said about a flat file's columns.

    Attributes:
        maps: Canonical (or item) column to the header that holds it.
        constants: Canonical column to a value for every row.
        decimal: 'point' or 'comma', the mark of the files' numbers; None lets them tell.
        timestamps_in: The zone (IANA) of times that have none; None refuses them.
        timestamp_unit: 's', 'ms' or 'us' since 1970; None takes microseconds only.
    """

    maps: Mapping[str, str]
    constants: Mapping[str, str]
    decimal: Literal["point", "comma"] | None = None
    timestamps_in: str | None = None
    timestamp_unit: Literal["s", "ms", "us"] | None = None

    def said(self) -> list[str]:
        """What the user said, as texts that differ where a file would be read differently."""
        said = [f"map {a}={b}" for a, b in sorted(self.maps.items())]
        said += [f"set {a}={b}" for a, b in sorted(self.constants.items())]
        for name in ("decimal", "timestamps_in", "timestamp_unit"):
            if value := getattr(self, name):
                said.append(f"{name} {value}")
        return said


NO_OPTIONS = ColumnOptions({}, {})


def parse_pairs(texts: tuple[str, ...], flag: str) -> dict[str, str]:
    """Read repeated ``column=value`` options.

    >>> parse_pairs(("event_name=purchase",), "--set")
    {'event_name': 'purchase'}

    Raises:
        SourceError: There is no ``=``, or the column is not ours.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        column, equals, value = text.partition("=")
        column = column.strip()
        column = _names().get(_folded(column), (column, None))[0]
        if not equals or column not in (*SETTABLE, *ITEM_FIELDS):
            raise SourceError(
                f"{flag} {text} is not understood.",
                rule=f"It must be COLUMN={'NAME' if flag == '--map' else 'VALUE'} with a "
                "column of ours in front.",
                remedy=f"The columns are: {', '.join(SETTABLE)}; of items: "
                f"{', '.join(ITEM_FIELDS)}.",
            )
        pairs[column] = value
    return pairs


@dataclass(frozen=True)
class Mapped:
    """Where one column of a flat file goes, and why.

    Attributes:
        header: Its name in the file.
        target: ``=canonical``, ``item:field``, ``@unknown``, or a path of Google's schema.
        rule: The rule that says so.
    """

    header: str
    target: str
    rule: Rule


def map_columns(header: tuple[str, ...], options: ColumnOptions, path: Path) -> list[Mapped]:
    """Say where each column of a flat file goes, and by which rule.

    Args:
        header: The file's column names.
        options: What the user said.
        path: The file, for messages.

    Raises:
        SourceError: Two columns mean the same, or ``--map`` names a missing one.
    """
    mapped = _user_maps(header, options, path)
    with_items = bool(
        {"item_id", "item_name"} & ({_folded(name) for name in header} | set(options.maps))
    )
    found = [
        Mapped(name, mapped[name], "--map")
        if name in mapped
        else _mapped(name, header, with_items, options)
        for name in header
    ]
    claimed = {each.target for each in found if each.rule != "fallback"}
    plan: list[Mapped] = []
    taken: dict[str, str] = {}
    for each in found:
        if each.rule == "fallback" and (each.target in claimed or each.target in taken):
            each = Mapped(each.header, PARAMETER + each.header, "kept as parameter")
        if each.target in taken:
            raise SourceError(
                f"{path}: the columns {taken[each.target]!r} and {each.header!r} both mean "
                f"{each.target.lstrip('=@')}.",
                rule="A column of ours is filled by one column of the file.",
                remedy=f"Choose with --map {each.target.lstrip('=@')}=NAME.",
            )
        taken[each.target] = each.header
        plan.append(each)
    return plan


def plan_columns(
    header: tuple[str, ...], options: ColumnOptions, path: Path
) -> dict[str, tuple[int, str]]:
    """Target of each column of a flat file to its position and name; see `map_columns`."""
    plan = map_columns(header, options, path)
    return {each.target: (position, each.header) for position, each in enumerate(plan)}


def _user_maps(header: tuple[str, ...], options: ColumnOptions, path: Path) -> dict[str, str]:
    mapped: dict[str, str] = {}
    for column, name in options.maps.items():
        if name not in header:
            raise SourceError(
                f"{path} has no column {name!r}, which --map {column}={name} names.",
                rule="--map takes the name as it stands in the header.",
                remedy=f"Its columns are: {', '.join(header)}.",
            )
        mapped[name] = f"item:{column}" if column in ITEM_FIELDS else GIVEN + column
    return mapped


def _mapped(name: str, header: tuple[str, ...], with_items: bool, options: ColumnOptions) -> Mapped:
    folded = _folded(name)
    if folded == "user_id" and not _has_device_id(header):
        known: tuple[str, Rule] | None = ("user_pseudo_id", "user_id of a flat file")
    elif with_items and folded in ITEM_FIELDS:
        return Mapped(name, f"item:{folded}", "item field")
    else:
        known = _names().get(folded)
    if known and known[0] not in options.maps:
        return Mapped(name, GIVEN + known[0], known[1])
    if not known and name.partition(".")[0] in GA4_TOP_LEVEL and "." in name:
        return Mapped(name, name, "kept in other_fields")
    return Mapped(name, PARAMETER + name, "kept as parameter")


def _has_device_id(header: tuple[str, ...]) -> bool:
    known = (_names().get(_folded(name)) for name in header)
    return any(found and found[0] == "user_pseudo_id" for found in known)


def _folded(name: str) -> str:
    """A header's name as it is compared.

    >>> [_folded(name) for name in ("Client ID", "geo.country", "eventName")]
    ['client_id', 'geo_country', 'event_name']
    """
    folded = re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", name.strip()).lower()
    for mark in " .-":
        folded = folded.replace(mark, "_")
    return folded


@lru_cache(maxsize=1)
def _names() -> Mapping[str, tuple[str, Rule]]:
    """Folded header name to canonical column and rule, weakest claim first."""
    names: dict[str, tuple[str, Rule]] = {}
    names |= {name: (column, "fallback") for name, column in FALLBACKS.items()}
    names |= {name: (column, "alias") for name, column in ALIASES.items()}
    for column in EVENT_COLUMNS:
        for path in reversed(column.paths):
            if not path.startswith(PARAMETER):
                names[_folded(path)] = (column.name, "Google's path")
    for column in EVENT_COLUMNS:
        if column.reading:
            names[column.name.removesuffix("_micros")] = (column.name, "canonical name")
    return names
