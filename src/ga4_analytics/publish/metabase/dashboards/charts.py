"""Settings of charts in Metabase's words, and the frame of queries that cards share.

Metabase does not check these settings: a name that is no column of the card draws an empty
chart. A test holds each against the columns of its SQL.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ga4_analytics.publish.metabase.definitions import OF_SLICE, Card

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


def column_key(name: str) -> str:
    """How Metabase names a column in ``column_settings``.

    >>> column_key("rate")
    '["name","rate"]'
    """
    return json.dumps(["name", name], ensure_ascii=False, separators=(",", ":"))


def formatted(columns: Mapping[str, Settings]) -> Settings:
    """How single columns are written."""
    return {"column_settings": {column_key(name): how for name, how in columns.items()}}


PERCENT: Settings = {"number_style": "percent", "decimals": 1}
USD: Settings = {"number_style": "currency", "currency": "USD", "currency_style": "symbol"}


def latest(column: str, how: Settings | None = None) -> Settings:
    """A number that is compared with the day before it."""
    settings: Settings = {
        "scalar.field": column,
        "scalar.comparisons": [{"id": "before", "type": "previousPeriod"}],
    }
    return settings | (formatted({column: how}) if how else {})


def by_day(
    slug: str,
    name: str,
    about: str,
    mart: str,
    columns: tuple[str, ...],
    *,
    display: str = "line",
    how: Settings | None = None,
    computed: str = "",
    date: str = "event_date",
    **more: Any,
) -> Card:
    """A chart of columns of a mart over its days.

    Args:
        slug: The card's slug.
        name: Its title.
        about: How to read it.
        mart: A mart with one row a day, or, named ``_by_slice``, one a day and slice.
        columns: What is drawn.
        display: Metabase's name of the chart.
        how: How the columns are written.
        computed: The columns as SQL, where they are not columns of the mart.
        date: The column of the day.
        more: Further settings of the chart, see `axes`.
    """
    settings = axes((date,), columns, **more)
    return Card(
        slug=slug,
        name=name,
        about=about,
        display=display,
        marts=(mart,),
        sql=_days_of(mart, computed or ", ".join(columns), date),
        columns=(date, *columns),
        settings=settings | formatted(dict.fromkeys(columns, how)) if how else settings,
        date_column=date,
    )


def last_day(
    slug: str,
    name: str,
    about: str,
    mart: str,
    column: str,
    *,
    how: Settings | None = None,
    date: str = "event_date",
) -> Card:
    """A number of the range's last day, compared with the day before it.

    Args:
        slug: See `by_day`, as the next three.
        column: The number.
        how: How it is written.
        date: The column of the day.
    """
    return Card(
        slug=slug,
        name=name,
        about=about,
        display="smartscalar",
        marts=(mart,),
        sql=_days_of(mart, column, date),
        columns=(date, column),
        settings=latest(column, how),
        date_column=date,
    )


def _days_of(mart: str, columns: str, date: str) -> str:
    """Columns of a mart by day, of the slice that is chosen where it has slices."""
    chosen = f"\n  and {OF_SLICE}" if mart.endswith("_by_slice") else ""
    return f"""\
select {date}, {columns}
from analytics.{mart}
where dataset = {{{{dataset}}}}{chosen}
  [[and {{{{date}}}}]]
order by {date}"""
