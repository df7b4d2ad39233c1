"""The columns that a person adds to the event index."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Literal, cast

RESERVED_COLUMNS = frozenset(
    [
        "country",
        "device_category",
        "source",
        "medium",
        "campaign",
        "channel_group",
        "landing_page",
        "page_path",
        "platform",
        "operating_system",
        "browser",
        "language",
        "transaction_id",
        "revenue_usd",
        "refund_usd",
        "value_usd",
        "engagement_msec",
        "experiment_variant",
        "event_name",
        "event_date",
        "event_id",
        "event_timestamp",
        "order_us",
        "user_key",
        "session_number",
        "time",
        "day",
        "hour",
        "week",
        "month",
        "user",
        "session",
        "batch_page_id",
        "batch_ordering_id",
        "batch_event_index",
        "is_suspected_repeat",
        "engagement_time_msec",
        "is_active_user",
        "is_session_engaged",
        "is_session_derived",
        "user_first_touch_timestamp",
    ]
)
"""Names that a column of the index cannot be given: they mean something already."""


@dataclass(frozen=True)
class ColumnSetting:
    """A column that the event index has beside the usual ones.

    Attributes:
        name: Its name in questions: lower-case letters, digits and underscores.
        source: A column of ``analytics.index_events``, or ``event_params.KEY``,
            ``user_properties.KEY`` or ``items.FIELD``.
        kind: 'text', 'integer', 'micros' (a decimal, kept in millionths) or 'texts' (any
            number of values an event; items always are).
    """

    name: str
    source: str
    kind: Literal["text", "integer", "micros", "texts"]


_SOURCE = re.compile(
    r"(?P<column>[a-z_][a-z0-9_]*)|(?:event_params|user_properties)\.(?P<key>[^\0]+)"
    r"|items\.(?P<field>[a-z_][a-z0-9_]*)"
)
_KINDS = ("text", "integer", "micros", "texts")


def columns_checked(value: object) -> tuple[ColumnSetting, ...]:
    """Columns as ``ga4.toml`` says them.

    Raises:
        ValueError: A rule is broken; the message says which.
        KeyError: A column has no name or no source.

    >>> columns_checked([{"name": "size", "source": "event_params.size"}])
    (ColumnSetting(name='size', source='event_params.size', kind='text'),)
    """
    if not isinstance(value, (list, tuple)):
        raise ValueError
    found = tuple(
        part if isinstance(part, ColumnSetting) else _column(cast(dict[str, object], part))
        for part in value
    )
    names = [column.name for column in found]
    if len(set(names)) != len(names):
        raise ValueError("Two columns share a name.")
    return found


def _column(value: dict[str, object]) -> ColumnSetting:
    extra = set(value) - {field.name for field in fields(ColumnSetting)}
    if extra:
        raise ValueError(f"Unknown: {', '.join(sorted(extra))}.")
    name, source = str(value["name"]), str(value["source"])
    kind = value.get("kind", "text")
    if not re.fullmatch("[a-z][a-z0-9_]{0,62}", name):
        raise ValueError(f"{name!r} is not lower-case letters, digits and underscores.")
    if name in RESERVED_COLUMNS:
        raise ValueError(f"{name!r} is the name of a usual column.")
    place = _SOURCE.fullmatch(source)
    if place is None:
        raise ValueError(f"{source!r} is not event_params.KEY or one of the other sources.")
    if kind not in _KINDS:
        raise ValueError(f"kind is one of {', '.join(_KINDS)}.")
    if place["field"] and kind != "texts":
        raise ValueError(f"{source!r} has several values an event: its kind is 'texts'.")
    if place["column"] and kind == "texts":
        raise ValueError(f"{source!r} has one value an event: its kind is not 'texts'.")
    return ColumnSetting(name, source, cast(Literal["text"], kind))
