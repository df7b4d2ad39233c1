"""Plots of results: arrays in, a figure out. Nothing is computed here but positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ga4_analytics.render import text
from ga4_analytics.render.facts import FunnelTotals
from ga4_analytics.render.style import (
    ACCENT,
    EMPTY,
    INK,
    LIGHT,
    MAIN,
    MUTED,
    SCALE,
    new_figure,
    quiet_axes,
    style,
)
from ga4_analytics.stats.proportions import Proportion

Series = Sequence[float | int | None]
Array = np.ndarray[Any, np.dtype[Any]]

_NAME_WIDTH = 26
_COUNTS = FuncFormatter(lambda value, _: f"{value:,.0f}")
_DOLLARS = FuncFormatter(lambda value, _: f"${value:,.0f}")
_PERCENT = FuncFormatter(lambda value, _: f"{value * 100:g} %")


def active_users(
    days: Sequence[date], active: Series, week: Series, month: Series, complete: Sequence[bool]
) -> Figure:
    """Daily active users above, distinct users of the trailing 7 and 28 days below.

    Args:
        days: The loaded days in order.
        active: Active users of each; None where the data cannot tell.
        week: Distinct active users of the 7 days up to each.
        month: Distinct active users of the 28 days up to each.
        complete: Whether all of a day's events are there; other days are hollow points.
    """
    with style():
        rolling = any(not np.isnan(_only(complete, each)).all() for each in (week, month))
        figure = new_figure(4.2 if rolling else 2.4)
        axes = figure.subplots(2 if rolling else 1, 1, sharex=True, squeeze=False)[:, 0]
        _time_axis(axes[-1], days)
        top = axes[0]
        x, whole = _dates(days), _only(complete, active)
        top.fill_between(x, whole, color=LIGHT, alpha=0.35, linewidth=0)
        top.plot(x, whole, color=MAIN, linewidth=1.5, marker="o" if len(days) < 3 else None)
        part = _only([not flag for flag in complete], active)
        top.plot(x, part, "o", mfc="white", mec=ACCENT, markersize=5, clip_on=False)
        _label_incomplete(top, x, part)
        _counts_from_zero(top, "Active users a day")
        if rolling:
            _line_with_label(axes[1], x, _only(complete, month), MAIN, "28 days")
            _line_with_label(axes[1], x, _only(complete, week), ACCENT, "7 days")
            _counts_from_zero(axes[1], "Active users of the trailing 7 and 28 days")
        return figure


def retention_heat_map(
    cohorts: Sequence[date], rates: Sequence[Series], sizes: Sequence[int]
) -> Figure:
    """Retention by cohort and day number; cells that are not complete stay empty.

    Args:
        cohorts: Cohort dates in order.
        rates: For each cohort the fraction that came back on day 1, 2, ...; None where
            the day is not complete yet.
        sizes: Users of each cohort.
    """
    with style():
        figure = new_figure(min(6.4, 1.6 + 0.16 * max(6, len(cohorts))))
        axes = figure.subplots()
        grid = np.array([_numbers(row) for row in rates])
        known = grid[~np.isnan(grid)]
        # A few tiny cohorts must not bleach all others.
        top = float(np.quantile(known, 0.99)) if known.size else 1.0
        scale = SCALE.with_extremes(bad=EMPTY)
        image = axes.imshow(
            np.ma.masked_invalid(grid),
            aspect="auto",
            cmap=scale,
            vmin=0.0,
            vmax=top or 1.0,
            interpolation="nearest",
            extent=(0.5, grid.shape[1] + 0.5, len(cohorts) - 0.5, -0.5),
        )
        step = max(1, -(-len(cohorts) // 14))
        places = range(0, len(cohorts), step)
        axes.set_yticks(list(places), [f"{cohorts[n]:%d %b %Y}  ({sizes[n]:,})" for n in places])
        _day_axis(axes, grid.shape[1])
        axes.annotate(
            "cohort (users)", (0, 1), xytext=(-5, 4), xycoords="axes fraction",
            textcoords="offset points", ha="right", fontsize=8, color=MUTED,
        )  # fmt: skip
        axes.set_title("Share of a day's new users who came back on a later day")
        axes.tick_params(length=0)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        bar = figure.colorbar(image, ax=axes, format=_PERCENT, shrink=0.6, pad=0.02, extend="max")
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0)
        return figure


def retention_curve(pooled: Mapping[int, Proportion], label_days: Sequence[int]) -> Figure:
    """Pooled retention by day number with its 95 % band.

    Args:
        pooled: Day number, from 1, to the pooled share.
        label_days: Days whose value is written beside the curve.
    """
    with style():
        figure = new_figure(2.6)
        axes = figure.subplots()
        days = sorted(pooled)
        values = [pooled[day].value for day in days]
        lows, highs = [pooled[d].low for d in days], [pooled[d].high for d in days]
        axes.fill_between(days, lows, highs, color=LIGHT, alpha=0.5, linewidth=0)
        axes.plot(days, values, color=MAIN, linewidth=1.5, marker="o", markersize=2.5)
        for day in label_days:
            if day in pooled:
                axes.annotate(
                    f"day {day}: {text.percent(pooled[day])}",
                    (day, pooled[day].high),
                    xytext=(0, 7),
                    textcoords="offset points",
                    ha="right" if day == days[-1] else "left",
                    fontsize=8,
                )
        quiet_axes(axes, "y")
        axes.set_ylim(0, max(highs) * 1.15 or 1.0)
        axes.yaxis.set_major_formatter(_PERCENT)
        _day_axis(axes, days[-1])
        axes.set_title("Share of all cohorts that came back on the day itself")
        return figure


def funnel(totals: FunnelTotals) -> Figure:
    """A funnel's steps as bars with the interval of each share of all entries."""
    with style():
        count = len(totals.steps)
        figure = new_figure(0.9 + 0.46 * count)
        axes = figure.subplots()
        for position, step in enumerate(totals.steps):
            share = step.conversion
            if share is None:
                continue
            axes.barh(position, share.value, height=0.62, color=MAIN if position else LIGHT)
            if position:
                spread = [[share.value - share.low], [share.high - share.value]]
                axes.errorbar(share.value, position, xerr=spread, color=INK, lw=1.1, capsize=2.5)
            about = f"{step.users:,}  ·  {text.percent(share)}"
            if step.from_previous is not None:
                about += f"\n{text.percent(step.from_previous)} of step {step.step - 1}"
            axes.annotate(
                about, (1.02, position), xycoords=("axes fraction", "data"), va="center",
                fontsize=8, annotation_clip=False,
            )  # fmt: skip
        names = [f"{step.step}  {_short(step.name)}" for step in totals.steps]
        axes.set_yticks(range(count), names)
        axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.0)
        quiet_axes(axes, "x")
        axes.xaxis.set_major_formatter(_PERCENT)
        axes.set_title(f"Funnel {totals.funnel}: share of {totals.entered:,} entries")
        return figure


def ranked_bars(
    names: Sequence[str], values: Sequence[int], notes: Sequence[str], title: str
) -> Figure:
    """Counts by name, largest first, with a note beside each bar."""
    with style():
        figure = new_figure(0.8 + 0.3 * len(names))
        axes = figure.subplots()
        axes.barh(range(len(names)), values, height=0.66, color=MAIN)
        for position, (value, note) in enumerate(zip(values, notes, strict=True)):
            axes.annotate(
                note, (value, position), xytext=(6, 0), textcoords="offset points",
                va="center", fontsize=8,
            )  # fmt: skip
        axes.set_yticks(range(len(names)), [_short(name) for name in names])
        axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
        axes.invert_yaxis()
        axes.set_xlim(0, max(values, default=1) * 1.32 or 1)
        quiet_axes(axes, "x")
        axes.xaxis.set_major_formatter(_COUNTS)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axes.set_title(title)
        return figure


def daily_revenue(days: Sequence[date], ruled: Series, raw: Series) -> Figure:
    """Revenue a day by the order rule as bars, summed over purchase events as a line."""
    with style():
        figure = new_figure(2.6)
        axes = figure.subplots()
        x = _dates(days)
        axes.bar(x, _numbers(ruled), width=0.8, color=LIGHT, label="orders, repeats removed")
        axes.plot(
            x, _numbers(raw), color=ACCENT, linewidth=1.1, label="summed over purchase events",
            marker="o", markersize=2 if len(days) > 7 else 5,
        )  # fmt: skip
        axes.legend(frameon=False, fontsize=8, loc="upper right", ncols=2, borderaxespad=0.0,
                    bbox_to_anchor=(1.0, 1.14))  # fmt: skip
        _time_axis(axes, days)
        quiet_axes(axes, "y")
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(_DOLLARS)
        axes.set_title("Revenue a day")
        return figure


def _short(name: str) -> str:
    return name if len(name) <= _NAME_WIDTH else name[: _NAME_WIDTH - 1] + "…"


def _numbers(values: Series) -> Array:
    return np.array([np.nan if value is None else float(value) for value in values])


def _only(wanted: Sequence[bool], values: Series) -> Array:
    return np.where(wanted, _numbers(values), np.nan)


def _dates(days: Sequence[date]) -> Array:
    return np.array(days, dtype="datetime64[D]")


def _time_axis(axes: Axes, days: Sequence[date]) -> None:
    """Name some eight days, whole weeks apart where there are weeks; the year where it begins."""
    step = max(1, -(-((days[-1] - days[0]).days + 1) // 8))
    step = step if step < 5 else -(-step // 7) * 7
    ticks = [days[0] + timedelta(days=n) for n in range(0, (days[-1] - days[0]).days + 1, step)]
    years = [None, *(day.year for day in ticks)]
    labels = [
        f"{day.day} {day:%b}" + (f"\n{day.year}" if day.year != before else "")
        for day, before in zip(ticks, years, strict=False)
    ]
    axes.set_xticks(_dates(ticks), labels)
    room = np.timedelta64(14, "h")
    ends = np.array([days[0], days[-1]], dtype="datetime64[h]")
    axes.set_xlim(ends[0] - room, ends[1] + room)


def _day_axis(axes: Axes, last: int) -> None:
    """Number the days after a first visit: each of a few, else day 1 and the weeks."""
    axes.set_xticks(range(1, last + 1) if last <= 12 else [1, *range(7, last + 1, 7)])
    axes.set_xlim(0.5, last + 0.5)
    axes.set_xlabel("Days after the first visit")


def _counts_from_zero(axes: Axes, title: str) -> None:
    quiet_axes(axes, "y")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(_COUNTS)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.set_title(title)


def _label_incomplete(axes: Axes, x: Array, values: Array) -> None:
    """Say once, at the last hollow point, what hollow points are."""
    known = [(place, value) for place, value in zip(x, values, strict=True) if value == value]
    if known:
        axes.annotate(
            "not complete", known[-1], xytext=(0, 7), textcoords="offset points",
            ha="right", fontsize=8, color=ACCENT,
        )  # fmt: skip


def _line_with_label(axes: Axes, x: Array, values: Array, colour: str, label: str) -> None:
    axes.plot(x, values, color=colour, linewidth=1.5)
    known = [(place, value) for place, value in zip(x, values, strict=True) if value == value]
    if known:
        axes.annotate(
            label, known[-1], xytext=(0, 6), textcoords="offset points",
            ha="right", fontsize=8, color=colour, fontweight="bold",
        )  # fmt: skip
    if not known:
        axes.annotate(
            f"{label}: fewer days are loaded", (0.01, 0.5 if colour == MAIN else 0.3),
            xycoords="axes fraction", fontsize=8, color=MUTED,
        )  # fmt: skip
