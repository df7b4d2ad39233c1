"""Settings of charts in Metabase's words, and the frame of queries that cards share.

Metabase does not check these settings: a name that is no column of the card draws an empty
chart. A test holds each against the columns of its SQL.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ga4_analytics.publish.metabase.definitions import OF_SLICE

Settings = dict[str, Any]


def axes(dimensions: tuple[str, ...], metrics: tuple[str, ...], **more: Any) -> Settings:
    """A line, bar or area chart.

    Args:
        dimensions: The column of the x axis, and where there are two, that of the series.
        metrics: The columns of the y axis.
        more: Further settings by name, ``__`` standing for the point.
    """
    settings: Settings = {
        "graph.dimensions": list(dimensions),
        "graph.metrics": list(metrics),
        "graph.x_axis.title_text": "",
        "graph.y_axis.title_text": "",
    }
    settings.update((name.replace("__", "."), value) for name, value in more.items())
    return settings


def formatted(columns: Mapping[str, Settings]) -> Settings:
    """How single columns are written."""
    keys = {name: json.dumps(["name", name], separators=(",", ":")) for name in columns}
    return {"column_settings": {keys[name]: how for name, how in columns.items()}}


PERCENT: Settings = {"number_style": "percent", "decimals": 1}
USD: Settings = {"number_style": "currency", "currency": "USD", "currency_style": "symbol"}


def latest(column: str, how: Settings | None = None) -> Settings:
    """A number that is compared with the day before it."""
    settings: Settings = {
        "scalar.field": column,
        "scalar.comparisons": [{"id": "before", "type": "previousPeriod"}],
    }
    return settings | (formatted({column: how}) if how else {})


def of_day(mart: str, column: str, *, slices: bool) -> str:
    """One column of a mart by day.

    Args:
        mart: A mart with one row a day, or one a day and slice.
        column: The column.
        slices: Whether it is a ``_by_slice`` mart.
    """
    chosen = f"\n  and {OF_SLICE}" if slices else ""
    return f"""\
select event_date, {column}
from analytics.{mart}
where dataset = {{{{dataset}}}}{chosen}
  [[and {{{{date}}}}]]
order by event_date"""
