"""Revenue by time and group, and the value of cohorts."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ga4_analytics.questions.revenue import Bucket, RevenueResult
from ga4_analytics.render.answer_plots.parts import colour, empty, legend
from ga4_analytics.render.answers.parts import group_name
from ga4_analytics.render.axes import DOLLARS, Array, dates, numbers, short, time_axis
from ga4_analytics.render.style import LIGHT, MAIN, SCALE, new_figure, quiet_axes, style

_DAYS = {"day": 1, "week": 7, "month": 30}


def revenue(result: RevenueResult) -> Figure:
    """Gross of each bucket, a line for each group; below it what cohorts brought."""
    with style():
        if not result.buckets:
            return empty("Revenue")
        lifetime = any(value.value is not None for value in result.lifetime)
        figure = new_figure(5.4 if lifetime else 2.8)
        every = figure.subplots(2 if lifetime else 1, 1, squeeze=False)[:, 0]
        groups = list(dict.fromkeys(bucket.group for bucket in result.buckets))
        if len(groups) == 1:
            _bars(every[0], result, list(result.buckets))
        else:
            _lines(every[0], result)
        time_axis(every[0], [bucket.start for bucket in result.buckets])
        if len(groups) == 1:
            low, high = every[0].get_xlim()
            every[0].set_xlim(low - 0.1, high + _DAYS[result.spec.interval] - 1)
        quiet_axes(every[0], "y")
        every[0].set_ylim(bottom=0)
        every[0].yaxis.set_major_formatter(DOLLARS)
        every[0].set_title(f"Gross revenue a {result.spec.interval}, {result.currency}")
        if lifetime:
            _lifetime(every[1], result)
        return figure


def _gross(buckets: list[Bucket]) -> Array:
    micros = [bucket.amounts.gross_usd_micros if bucket.amounts else None for bucket in buckets]
    return numbers(micros) / 1_000_000


def _bars(axes: Axes, result: RevenueResult, buckets: list[Bucket]) -> None:
    length = np.timedelta64(_DAYS[result.spec.interval] * 24, "h")
    x = (
        dates([bucket.start for bucket in buckets]).astype("datetime64[h]")
        + (length - np.timedelta64(24, "h")) // 2
    )
    shades = [MAIN if bucket.is_complete else LIGHT for bucket in buckets]
    axes.bar(x, _gross(buckets), width=length * 4 // 5, color=shades)


def _lines(axes: Axes, result: RevenueResult) -> None:
    groups = [total.group for total in result.totals]
    for place, group in enumerate(groups):
        buckets = [bucket for bucket in result.buckets if bucket.group == group]
        x, values = dates([bucket.start for bucket in buckets]), _gross(buckets)
        whole = np.array([bucket.is_complete for bucket in buckets], dtype=bool)
        axes.plot(
            x, np.where(whole, values, np.nan), color=colour(place), lw=1.4,
            marker="o" if len(x) < 3 else None, markersize=4, label=short(group_name(group), 20),
        )  # fmt: skip
        axes.plot(x, np.where(whole, np.nan, values), "o", mfc="white", mec=colour(place), ms=4.5)
    legend(axes, len(groups))


def _lifetime(axes: Axes, result: RevenueResult) -> None:
    """A line a cohort, the later the darker."""
    cohorts = sorted({value.cohort for value in result.lifetime if value.value})
    for place, cohort in enumerate(cohorts):
        found = [value for value in result.lifetime if value.cohort == cohort and value.value]
        shade = SCALE(0.25 + 0.75 * place / max(1, len(cohorts) - 1))
        name = f"{cohort:%d %b %Y}" if place in (0, len(cohorts) - 1) else "_"
        axes.plot(
            [value.period for value in found],
            numbers([value.value.value if value.value else None for value in found]),
            color=shade, lw=1.2, marker="o", markersize=2.5, label=name,
        )  # fmt: skip
    quiet_axes(axes, "y")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(DOLLARS)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True))
    axes.set_xlabel(f"{result.spec.interval}s after the first")
    axes.set_title("Gross a user so far, by the cohort in which they were new")
    legend(axes, len(cohorts))


PLOTTED = {"RevenueResult": revenue}
