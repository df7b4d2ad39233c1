"""Which column of a flat file is which: published names, people's names, and ``--map``.

A header is compared in lower case with blanks, dots and dashes as underscores. It matches,
in this order: a name given with ``--map``; a canonical column (``device_category``,
``purchase_revenue_usd``); a path of Google's schema (``device.category``,
``geo_country``); a name of `ALIASES`. Anything else stays among the event's parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ga4_analytics.errors import SourceError
from ga4_analytics.sources.batches import GIVEN, ITEM_FIELDS, PARAMETER
from ga4_analytics.sources.schema import EVENT_COLUMNS

ALIASES: dict[str, str] = {
    "client_id": "user_pseudo_id",
    "device": "device_category",
    "revenue_usd": "purchase_revenue_usd_micros",
    "session_id": "ga_session_id",
    "session_number": "ga_session_number",
    "traffic_campaign": "campaign",
    "traffic_medium": "medium",
    "traffic_source": "source",
}
"""Names people give to columns, to the canonical column they mean."""

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

SETTABLE: tuple[str, ...] = tuple(column.name for column in EVENT_COLUMNS if column.reading)
"""Canonical columns that a file, ``--map`` or ``--set`` can fill."""


@dataclass(frozen=True)
class ColumnOptions:
    """What the user said about a flat file's columns.

    Attributes:
        maps: Canonical (or item) column to the header that holds it.
        constants: Canonical column to a value for every row.
    """

    maps: Mapping[str, str]
    constants: Mapping[str, str]


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
        column = _canonical_names().get(_folded(column), column)
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


def plan_columns(
    header: tuple[str, ...], options: ColumnOptions, path: Path
) -> dict[str, tuple[int, str]]:
    """Say where each column of a flat file goes.

    Args:
        header: The file's column names.
        options: What the user said.
        path: The file, for messages.

    Returns:
        Target name (``=canonical``, ``item:field``, ``@unknown``, or a path of Google's schema) to
        the column's position and name.

    Raises:
        SourceError: Two columns mean the same, or ``--map`` names a missing one.
    """
    mapped = _user_maps(header, options, path)
    with_items = bool(
        {"item_id", "item_name"} & ({_folded(name) for name in header} | set(options.maps))
    )
    plan: dict[str, tuple[int, str]] = {}
    for position, name in enumerate(header):
        target = mapped.get(name) or _target(name, header, with_items)
        if target.removeprefix(GIVEN) in options.maps and name not in mapped:
            target = PARAMETER + name
        if target in plan:
            raise SourceError(
                f"{path}: the columns {plan[target][1]!r} and {name!r} both mean "
                f"{target.lstrip('=@')}.",
                rule="A column of ours is filled by one column of the file.",
                remedy=f"Choose with --map {target.lstrip('=@')}=NAME.",
            )
        plan[target] = (position, name)
    return plan


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


def _target(name: str, header: tuple[str, ...], with_items: bool) -> str:
    folded = _folded(name)
    if folded == "user_id" and not _has_device_id(header):
        return GIVEN + "user_pseudo_id"
    if with_items and folded in ITEM_FIELDS:
        return f"item:{folded}"
    known = _canonical_names().get(folded)
    if known:
        return GIVEN + known
    if name.partition(".")[0] in GA4_TOP_LEVEL and "." in name:
        return name
    return PARAMETER + name


def _has_device_id(header: tuple[str, ...]) -> bool:
    return bool({"user_pseudo_id", "client_id"} & {_folded(name) for name in header})


def _folded(name: str) -> str:
    folded = name.strip().lower()
    for mark in " .-":
        folded = folded.replace(mark, "_")
    return folded


def _canonical_names() -> dict[str, str]:
    """Folded header name to canonical column, weakest claim first."""
    names = dict(ALIASES)
    for column in EVENT_COLUMNS:
        for path in reversed(column.paths):
            if not path.startswith(PARAMETER):
                names[_folded(path)] = column.name
    for column in EVENT_COLUMNS:
        if column.reading:
            names[column.name.removesuffix("_micros")] = column.name
    return names
