"""Plots of results: arrays in, a figure out. Nothing is computed here but positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ga4_analytics.render import text
from ga4_analytics.render.axes import (
    COUNTS,
    DOLLARS,
    PERCENT,
    Array,
    Series,
    counts_from_zero,
    dates,
    numbers,
    short,
    time_axis,
)
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
        time_axis(axes[-1], days)
        top = axes[0]
        x, whole = dates(days), _only(complete, active)
        top.fill_between(x, whole, color=LIGHT, alpha=0.35, linewidth=0)
        top.plot(x, whole, color=MAIN, linewidth=1.5, marker="o" if len(days) < 3 else None)
        part = _only([not flag for flag in complete], active)
        top.plot(x, part, "o", mfc="white", mec=ACCENT, markersize=5, clip_on=False)
        _label_incomplete(top, x, part)
        counts_from_zero(top, "Active users a day")
        if rolling:
            _line_with_label(axes[1], x, _only(complete, month), MAIN, "28 days")
            _line_with_label(axes[1], x, _only(complete, week), ACCENT, "7 days")
            counts_from_zero(axes[1], "Active users of the trailing 7 and 28 days")
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
        names = [f"{cohort:%d %b %Y}" for cohort in cohorts]
        axes = figure.subplots()
        draw_heat_map(axes, names, rates, sizes)
        _day_axis(axes, max(map(len, rates)))
        axes.set_title("Share of a day's new users who came back on a later day")
        return figure


def draw_heat_map(
    axes: Axes, cohorts: Sequence[str], rates: Sequence[Series], sizes: Sequence[int]
) -> None:
    """Shares by cohort and period as shades, the first period at 1.

    Args:
        axes: Where to draw.
        cohorts: Their names.
        rates: For each cohort its shares; None stays empty.
        sizes: Users of each cohort.
    """
    grid = np.array([numbers(row) for row in rates])
    known = grid[~np.isnan(grid)]
    # A few tiny cohorts must not bleach all others.
    top = float(np.quantile(known, 0.99)) if known.size else 1.0
    image = axes.imshow(
        np.ma.masked_invalid(grid),
        aspect="auto",
        cmap=SCALE.with_extremes(bad=EMPTY),
        vmin=0.0,
        vmax=top or 1.0,
        interpolation="nearest",
        extent=(0.5, grid.shape[1] + 0.5, len(cohorts) - 0.5, -0.5),
    )
    step = max(1, -(-len(cohorts) // 14))
    places = range(0, len(cohorts), step)
    axes.set_yticks(list(places), [f"{cohorts[n]}  ({sizes[n]:,})" for n in places])
    axes.annotate(
        "cohort (users)", (0, 1), xytext=(-5, 4), xycoords="axes fraction",
        textcoords="offset points", ha="right", fontsize=8, color=MUTED,
    )  # fmt: skip
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    figure = axes.get_figure(root=False)
    assert figure is not None
    bar = figure.colorbar(image, ax=axes, format=PERCENT, shrink=0.6, pad=0.02, extend="max")
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)


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
        highs = [pooled[d].high for d in days]
        draw_band(axes, days, *([getattr(pooled[d], name) for d in days]
                                for name in ("value", "low", "high")))  # fmt: skip
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
        axes.yaxis.set_major_formatter(PERCENT)
        _day_axis(axes, days[-1])
        axes.set_title("Share of all cohorts that came back on the day itself")
        return figure


def draw_band(axes: Axes, x: Sequence[int], values: Series, low: Series, high: Series) -> None:
    """A curve with its interval."""
    axes.fill_between(x, numbers(low), numbers(high), color=LIGHT, alpha=0.5, linewidth=0)
    axes.plot(x, numbers(values), color=MAIN, linewidth=1.5, marker="o", markersize=2.5)


@dataclass(frozen=True)
class FunnelBar:
    """A step of a funnel as a bar.

    Attributes:
        name: What stands before it.
        users: How many reached it.
        share: Of all entries; None where there are none.
        low: Lower bound of the share's interval.
        high: Upper bound.
        previous: Share of the step before; None for the first.
    """

    name: str
    users: int
    share: float | None
    low: float | None
    high: float | None
    previous: float | None


def funnel(totals: FunnelTotals) -> Figure:
    """A funnel's steps as bars with the interval of each share of all entries."""
    bars = []
    for step in totals.steps:
        whole, before = step.conversion, step.from_previous
        bars.append(
            FunnelBar(
                name=f"{step.step}  {short(step.name)}",
                users=step.users,
                share=whole.value if whole else None,
                low=whole.low if whole else None,
                high=whole.high if whole else None,
                previous=before.value if before else None,
            )
        )
    return funnel_bars(bars, f"Funnel {totals.funnel}: share of {totals.entered:,} entries")


def funnel_bars(bars: Sequence[FunnelBar], title: str) -> Figure:
    """Steps as bars with the interval of each share of all entries."""
    with style():
        figure = new_figure(0.9 + 0.46 * len(bars))
        axes = figure.subplots()
        for position, bar in enumerate(bars):
            if bar.share is None:
                continue
            axes.barh(position, bar.share, height=0.62, color=MAIN if position else LIGHT)
            if position and bar.low is not None and bar.high is not None:
                spread = [[bar.share - bar.low], [bar.high - bar.share]]
                axes.errorbar(bar.share, position, xerr=spread, color=INK, lw=1.1, capsize=2.5)
            about = f"{bar.users:,}  ·  {text.percent(bar.share)}"
            if bar.previous is not None:
                about += f"\n{text.percent(bar.previous)} of step {position}"
            axes.annotate(
                about, (1.02, position), xycoords=("axes fraction", "data"), va="center",
                fontsize=8, annotation_clip=False,
            )  # fmt: skip
        axes.set_yticks(range(len(bars)), [bar.name for bar in bars])
        axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.0)
        quiet_axes(axes, "x")
        axes.xaxis.set_major_formatter(PERCENT)
        axes.set_title(title)
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
        axes.set_yticks(range(len(names)), [short(name) for name in names])
        axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
        axes.invert_yaxis()
        axes.set_xlim(0, max(values, default=1) * 1.32 or 1)
        quiet_axes(axes, "x")
        axes.xaxis.set_major_formatter(COUNTS)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axes.set_title(title)
        return figure


def daily_revenue(days: Sequence[date], ruled: Series, raw: Series) -> Figure:
    """Revenue a day by the order rule as bars, summed over purchase events as a line."""
    with style():
        figure = new_figure(2.6)
        axes = figure.subplots()
        x = dates(days)
        axes.bar(x, numbers(ruled), width=0.8, color=LIGHT, label="orders, repeats removed")
        axes.plot(
            x, numbers(raw), color=ACCENT, linewidth=1.1, label="summed over purchase events",
            marker="o", markersize=2 if len(days) > 7 else 5,
        )  # fmt: skip
        axes.legend(frameon=False, fontsize=8, loc="upper right", ncols=2, borderaxespad=0.0,
                    bbox_to_anchor=(1.0, 1.14))  # fmt: skip
        time_axis(axes, days)
        quiet_axes(axes, "y")
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(DOLLARS)
        axes.set_title("Revenue a day")
        return figure


def _only(wanted: Sequence[bool], values: Series) -> Array:
    return np.where(wanted, numbers(values), np.nan)


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


def _label_incomplete(axes: Axes, x: Array, values: Array) -> None:
    """Say once, at the last hollow point, what hollow points are."""
    known = [(place, value) for place, value in zip(x, values, strict=True) if value == value]
    if known:
        axes.annotate(
            "not complete", known[-1], xytext=(0, 7), textcoords="offset points",
            ha="right", fontsize=8, color=ACCENT,
        )  # fmt: skip


def _day_axis(axes: Axes, last: int) -> None:
    """Number the days after a first visit: each of a few, else day 1 and the weeks."""
    axes.set_xticks(range(1, last + 1) if last <= 12 else [1, *range(7, last + 1, 7)])
    axes.set_xlim(0.5, last + 0.5)
    axes.set_xlabel("Days after the first visit")
