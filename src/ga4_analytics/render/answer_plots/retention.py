"""Retention as a heat map with the pooled curve, stickiness as bars."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from ga4_analytics.questions.retention import RetentionGroup, RetentionResult
from ga4_analytics.questions.stickiness import StickinessResult
from ga4_analytics.render.answer_plots.parts import colour, empty, legend
from ga4_analytics.render.answers.parts import group_name
from ga4_analytics.render.answers.retention import far
from ga4_analytics.render.axes import PERCENT, numbers, short
from ga4_analytics.render.plots import draw_band, draw_heat_map
from ga4_analytics.render.style import INK, MAIN, new_figure, quiet_axes, style

_TICKS = 16


def retention(result: RetentionResult) -> Figure:
    """Cohorts and periods as shades, all cohorts pooled as a curve, one for each group."""
    with style():
        cohorts = result.overall.cohorts
        if not cohorts:
            return empty("Retention", "Nobody started.")
        if all(rate is None for rate in result.overall.pooled.rate[1:]):
            return empty("Retention", "No period is complete yet.")
        # What everybody does at the start would bleach all other cells.
        first = 1 if result.periods[0] == "0" and len(result.periods) > 1 else 0
        heat = min(4.4, 1.0 + 0.16 * max(6, len(cohorts)))
        figure = new_figure(heat + 2.6)
        top, below = figure.subplots(2, 1, height_ratios=(heat, 2.4))
        format_ = "%b %Y" if result.spec.unit == "month" else "%d %b %Y"
        draw_heat_map(
            top,
            [f"{cohort.start:{format_}}" for cohort in cohorts],
            [cohort.rate[first:] for cohort in cohorts],
            [cohort.users for cohort in cohorts],
        )
        _periods(top, result, first)
        top.set_title(f"Share of a {result.spec.unit}'s users who came back: {_what(result)}")
        _curves(below, result, first)
        return figure


def _what(result: RetentionResult) -> str:
    return short(result.spec.returns.shown)


def _periods(axes: Axes, result: RetentionResult, first: int) -> None:
    names = result.periods[first:]
    step = -(-len(names) // _TICKS)
    places = range(0, len(names), step)
    axes.set_xticks([place + 1 for place in places], [names[place] for place in places])
    axes.set_xlim(0.5, len(names) + 0.5)
    axes.set_xlabel(f"{result.spec.unit}s after the start")


def _curves(axes: Axes, result: RetentionResult, first: int) -> None:
    groups: Sequence[RetentionGroup] = result.groups or (result.overall,)
    x = list(range(1, len(result.periods) - first + 1))
    highest = 0.0
    for place, group in enumerate(groups):
        pooled = group.pooled
        if len(groups) == 1:
            draw_band(axes, x, pooled.rate[first:], pooled.low[first:], pooled.high[first:])
        else:
            axes.plot(
                x, numbers(pooled.rate[first:]), color=colour(place), lw=1.4, marker="o",
                markersize=2.5, label=short(group_name(group.group), 20),
            )  # fmt: skip
        tops = pooled.high if len(groups) == 1 else pooled.rate
        highest = max([highest, *(value for value in tops[first:] if value is not None)])
    quiet_axes(axes, "y")
    axes.set_ylim(0, highest * 1.1 or 1.0)
    axes.yaxis.set_major_formatter(PERCENT)
    _periods(axes, result, first)
    axes.set_title("All cohorts together" + (", by group" if len(groups) > 1 else ""))
    legend(axes, len(groups))


def stickiness(result: StickinessResult) -> Figure:
    """Share of users on so many days or more, as bars with intervals, or a line a group."""
    with style():
        groups = [group for group in result.groups if group.sticks]
        most = max((far(group) for group in groups), default=0)
        if not groups or not any(group.users for group in groups):
            return empty("Stickiness", "Nobody did it.")
        figure = new_figure(2.8)
        axes = figure.subplots()
        for place, group in enumerate(groups):
            sticks = group.sticks[:most]
            x = [stick.days for stick in sticks]
            shares = numbers([stick.share.value if stick.share else None for stick in sticks])
            if len(groups) > 1:
                axes.plot(x, shares, color=colour(place), lw=1.4, marker="o", markersize=2.5,
                          label=short(group_name(group.group), 20))  # fmt: skip
                continue
            axes.bar(x, shares, width=0.72, color=MAIN)
            low = [stick.share.value - stick.share.low for stick in sticks if stick.share]
            high = [stick.share.high - stick.share.value for stick in sticks if stick.share]
            axes.errorbar(x, shares, yerr=[low, high], fmt="none", color=INK, lw=1, capsize=2)
        unit = result.spec.unit
        quiet_axes(axes, "y")
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(PERCENT)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=_TICKS, integer=True))
        if most <= _TICKS:
            axes.xaxis.set_major_locator(
                FixedLocator([stick.days for stick in groups[0].sticks[:most]])
            )
        axes.set_xlabel(f"{unit}s or more")
        axes.set_title(f"Share of users with {short(result.spec.event.shown)} on so many {unit}s")
        legend(axes, len(groups))
        return figure


PLOTTED = {"RetentionResult": retention, "StickinessResult": stickiness}
