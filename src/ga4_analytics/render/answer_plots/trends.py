"""Trends as lines, lifecycle as stacked bars, sessions as bars and a line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ga4_analytics.questions.lifecycle import LifecycleGroup, LifecycleResult
from ga4_analytics.questions.sessions import GapSessionsResult
from ga4_analytics.questions.trends import Bucket, Line, TrendsResult
from ga4_analytics.render.answer_plots.parts import colour, empty, legend, moments, over_time, spans
from ga4_analytics.render.answers.parts import group_name
from ga4_analytics.render.answers.trends import line_names
from ga4_analytics.render.axes import counts_from_zero, numbers, short, time_axis
from ga4_analytics.render.style import ACCENT, LIGHT, MAIN, MUTED, new_figure, quiet_axes, style

_PANELS = 4
_MOST_GROUPS = 6
_AMOUNTS = FuncFormatter(lambda value, _: f"{value:,.6g}")
_KINDS = (("returning", MAIN), ("resurrecting", LIGHT), ("new", "#3b8f6b"), ("dormant", ACCENT))


def trends(result: TrendsResult) -> Figure:
    """A panel for each series, a line for each group; an earlier period is dashed."""
    with style():
        if not result.lines or not result.buckets:
            return empty("Trends")
        panels = [list(part) for _, part in groupby(_ordered(result), lambda n: _letter(result, n))]
        if len(panels) > _PANELS:
            panels = [list(range(len(result.lines)))]
        figure = new_figure(0.6 + 2.1 * len(panels))
        every = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        over_time(every[-1], result.buckets)
        for axes, places in zip(every, panels, strict=True):
            _panel(axes, result, places, alone=len(panels) == 1)
        return figure


def _ordered(result: TrendsResult) -> list[int]:
    letters = [line.letter for line in result.lines]
    return sorted(range(len(letters)), key=lambda place: letters.index(letters[place]))


def _letter(result: TrendsResult, place: int) -> str:
    return result.lines[place].letter


def _panel(axes: Axes, result: TrendsResult, places: Sequence[int], alone: bool) -> None:
    lines = [result.lines[place] for place in places]
    dashed = bool(result.previous) and len(lines) <= _PANELS
    one_series = len({line.letter for line in lines}) == 1
    for shade, (place, line, name) in enumerate(zip(places, lines, line_names(lines), strict=True)):
        if dashed:
            before = result.previous[place].values[: len(result.buckets)]
            x = moments(result.buckets)[: len(before)]
            axes.plot(x, numbers(before), "--", color=colour(shade), lw=1, alpha=0.6)
        draw_line(axes, result.buckets, line, colour(shade), short(name))
    quiet_axes(axes, "y")
    values = [value for line in lines for value in line.values if value is not None]
    if min(values, default=0) >= 0:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(_AMOUNTS)
    whole = all(isinstance(value, int) for value in values)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=whole))
    title = lines[0].label if one_series else "Trends"
    axes.set_title(short(title, 60) + (", dashed: earlier" if dashed else ""))
    legend(axes, len(lines))


def draw_line(axes: Axes, buckets: Sequence[Bucket], line: Line, shade: str, name: str) -> None:
    """A line whose buckets that are not complete, or cut by the range, are hollow points."""
    x, values = moments(buckets), numbers(line.values)
    whole = np.array([bucket.is_complete and bucket.is_whole for bucket in buckets])
    known = np.where(whole, values, np.nan)
    marker = "o" if (~np.isnan(known)).sum() < 3 else None
    axes.plot(x, known, color=shade, lw=1.5, marker=marker, markersize=4, label=name)
    axes.plot(
        x, np.where(whole, np.nan, values), "o", mfc="white", mec=shade, markersize=4.5,
        clip_on=False,
    )  # fmt: skip


def lifecycle(result: LifecycleResult) -> Figure:
    """Who came, stayed and came back as bars above zero, who went below."""
    with style():
        groups = result.groups[:_MOST_GROUPS]
        if not groups or not result.buckets:
            return empty("Lifecycle")
        rows = -(-len(groups) // 2) if len(groups) > 1 else 1
        figure = new_figure(3.0 if len(groups) == 1 else 0.6 + 1.9 * rows)
        grid = figure.subplots(rows, 2 if len(groups) > 1 else 1, sharex=True, squeeze=False)
        for axes, group in zip(grid.flat, groups, strict=False):
            _stacked(axes, result, group)
        for axes in list(grid.flat)[len(groups) :]:
            axes.set_axis_off()
        first = grid.flat[0]
        handles, labels = first.get_legend_handles_labels()
        figure.legend(
            handles, labels, frameon=False, fontsize=8, loc="outside upper right", ncols=4
        )
        return figure


def _stacked(axes: Axes, result: LifecycleResult, group: LifecycleGroup) -> None:
    x, width = spans(result.buckets)
    base = np.zeros(len(x))
    for name, shade in _KINDS:
        values = np.nan_to_num(numbers(getattr(group, name)))
        low = base if name != "dormant" else np.zeros(len(x))
        axes.bar(x, values, bottom=low, width=width, color=shade, label=name)
        base = base + values if name != "dormant" else base
    axes.axhline(0, color=MUTED, lw=0.8)
    time_axis(axes, [bucket.first_day for bucket in result.buckets], 4 if group.group else 8)
    axes.set_xlim(x[0] - width[0], x[-1] + width[-1])
    quiet_axes(axes, "y")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.set_title(short(group_name(group.group)) if group.group else f"Users a {result.spec.unit}")


def sessions(result: GapSessionsResult) -> Figure:
    """Sessions as bars, their mean length as a line."""
    with style():
        if not result.buckets:
            return empty("Sessions")
        figure = new_figure(4.0)
        top, below = figure.subplots(2, 1, sharex=True)
        x, width = spans(result.buckets)
        complete = [bucket.is_complete and bucket.is_whole for bucket in result.buckets]
        counts = numbers([count.sessions for count in result.counts])
        for shade, wanted in ((MAIN, complete), (LIGHT, [not flag for flag in complete])):
            top.bar(x, np.where(wanted, counts, np.nan), width=width, color=shade)
        counts_from_zero(top, f"Sessions a {result.spec.granularity}, light: not complete")
        means = numbers([count.mean_seconds for count in result.counts])
        below.plot(x, means, color=MAIN, lw=1.5, marker="o" if len(x) < 3 else None)
        counts_from_zero(below, "Mean length, seconds")
        over_time(below, result.buckets)
        below.set_xlim(x[0] - width[0], x[-1] + width[-1])
        return figure


PLOTTED = {"TrendsResult": trends, "LifecycleResult": lifecycle, "GapSessionsResult": sessions}
