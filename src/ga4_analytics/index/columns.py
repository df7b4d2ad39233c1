"""Which columns an index has beside time, name, user and session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ga4_analytics.settings import Settings

Kind = Literal["text", "integer", "micros", "texts"]
"""text: one of few values, kept as codes; integer and micros: 64-bit numbers (micros in
millionths, so that decimals stay exact); texts: any number of values an event, as an
event's items have."""

NO_NUMBER = -(2**63)
"""Stands for null in a column of numbers."""


@dataclass(frozen=True)
class ColumnSpec:
    """A column of the index.

    Attributes:
        name: Its name in questions.
        kind: What it holds.
        source: A column of ``analytics.index_events``, or ``event_params.KEY``,
            ``user_properties.KEY`` or ``items.FIELD``.
        words: What it is, for people.
    """

    name: str
    kind: Kind
    source: str
    words: str


DEFAULT_COLUMNS = (
    ColumnSpec("country", "text", "country", "Country"),
    ColumnSpec("device_category", "text", "device_category", "Device category"),
    ColumnSpec("source", "text", "source", "Source of the session"),
    ColumnSpec("medium", "text", "medium", "Medium of the session"),
    ColumnSpec("campaign", "text", "campaign", "Campaign of the session"),
    ColumnSpec("channel_group", "text", "channel_group", "Channel of the session"),
    ColumnSpec("landing_page", "text", "landing_page", "Landing page of the session"),
    ColumnSpec("page_path", "text", "page_path", "Page path"),
    ColumnSpec("platform", "text", "platform", "Platform"),
    ColumnSpec("operating_system", "text", "operating_system", "Operating system"),
    ColumnSpec("browser", "text", "browser", "Browser"),
    ColumnSpec("language", "text", "language", "Language"),
    ColumnSpec("transaction_id", "text", "transaction_id", "Transaction id"),
    ColumnSpec("revenue_usd", "micros", "purchase_revenue_usd_micros", "Purchase revenue, USD"),
    ColumnSpec("refund_usd", "micros", "refund_value_usd_micros", "Refund, USD"),
    ColumnSpec("value_usd", "micros", "event_value_usd_micros", "Event value, USD"),
    ColumnSpec("engagement_msec", "integer", "engagement_time_msec", "Engagement time, ms"),
    ColumnSpec(
        "experiment_variant", "texts", "event_params.experiment_variant", "Experiment variants"
    ),
)


def specs_of(settings: Settings) -> tuple[ColumnSpec, ...]:
    """The columns of an index with these settings: the defaults and those added.

    >>> from pathlib import Path
    >>> specs_of(Settings(Path("."))) == DEFAULT_COLUMNS
    True
    """
    added = (
        ColumnSpec(column.name, column.kind, column.source, column.source)
        for column in settings.columns
    )
    return (*DEFAULT_COLUMNS, *added)
