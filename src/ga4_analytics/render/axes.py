"""Axes, ticks and names that plots share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ga4_analytics.render.style import quiet_axes

Series = Sequence[float | int | None]
Array = np.ndarray[Any, np.dtype[Any]]

NAME_WIDTH = 26
COUNTS = FuncFormatter(lambda value, _: f"{value:,.0f}")
DOLLARS = FuncFormatter(lambda value, _: f"${value:,.0f}")
PERCENT = FuncFormatter(lambda value, _: f"{value * 100:g} %")


def short(name: str, width: int = NAME_WIDTH) -> str:
    """A name that is not longer than a number of characters.

    >>> short("a_very_long_event_name", 10)
    'a_very_lo…'
    """
    return name if len(name) <= width else name[: width - 1] + "…"


def numbers(values: Series) -> Array:
    """Numbers as an array; None is not a number."""
    return np.array([np.nan if value is None else float(value) for value in values])


def dates(days: Sequence[date]) -> Array:
    """Days as an array."""
    return np.array(days, dtype="datetime64[D]")


def time_axis(axes: Axes, days: Sequence[date], most: int = 8) -> None:
    """Name some eight days, whole weeks apart where there are weeks; the year where it begins."""
    step = max(1, -(-((days[-1] - days[0]).days + 1) // most))
    step = step if step < 5 else -(-step // 7) * 7
    ticks = [days[0] + timedelta(days=n) for n in range(0, (days[-1] - days[0]).days + 1, step)]
    years = [None, *(day.year for day in ticks)]
    labels = [
        f"{day.day} {day:%b}" + (f"\n{day.year}" if day.year != before else "")
        for day, before in zip(ticks, years, strict=False)
    ]
    axes.set_xticks(dates(ticks), labels)
    room = np.timedelta64(14, "h")
    ends = np.array([days[0], days[-1]], dtype="datetime64[h]")
    axes.set_xlim(ends[0] - room, ends[1] + room)


def counts_from_zero(axes: Axes, title: str) -> None:
    """An axis of counts that begins at 0."""
    quiet_axes(axes, "y")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(COUNTS)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.set_title(title)
