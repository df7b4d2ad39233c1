"""Funnels as bars."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from ga4_analytics.questions.funnel import FunnelGroup, FunnelResult, FunnelStep
from ga4_analytics.render import text
from ga4_analytics.render.answer_plots.parts import colour, empty, legend
from ga4_analytics.render.answers.parts import group_name
from ga4_analytics.render.axes import PERCENT, short
from ga4_analytics.render.plots import FunnelBar, funnel_bars
from ga4_analytics.render.style import INK, new_figure, quiet_axes, style

_SIDE_BY_SIDE = 4


def funnel(result: FunnelResult) -> Figure:
    """Bars with intervals; groups side by side, or by their last step where there are many."""
    entered = result.steps[0].users
    counted = f"{entered:,} {result.counting}s"
    title = f"Share of {counted} who entered"
    if not entered:
        with style():
            return empty("Funnel", "Nobody entered it.")
    if not result.groups:
        return funnel_bars([_bar(step) for step in result.steps], title)
    with style():
        if len(result.groups) <= _SIDE_BY_SIDE and len(result.steps) > 1:
            return _side_by_side(result.steps, result.groups, title)
        return _last_step(result)


def _bar(step: FunnelStep) -> FunnelBar:
    return FunnelBar(
        f"{step.step}  {short(step.event)}", step.users, step.rate_from_start, step.low,
        step.high, step.rate_from_previous,
    )  # fmt: skip


def _side_by_side(steps: Sequence[FunnelStep], groups: Sequence[FunnelGroup], title: str) -> Figure:
    height = 0.8 / len(groups)
    figure = new_figure(1.0 + len(steps) * (0.14 + 0.2 * len(groups)))
    axes = figure.subplots()
    for place, group in enumerate(groups):
        for position, step in enumerate(group.steps):
            at = position - 0.4 + height * (place + 0.5)
            label = f"{short(group_name(group.group), 20)} ({group.steps[0].users:,})"
            rate = step.rate_from_start
            axes.barh(
                at, rate or 0.0, height=height * 0.88, color=colour(place),
                label="_" if position else label,
            )  # fmt: skip
            if position and rate is not None and step.low is not None and step.high is not None:
                spread = [[rate - step.low], [step.high - rate]]
                axes.errorbar(rate, at, xerr=spread, color=INK, lw=0.9, capsize=1.8)
                axes.annotate(
                    f"{text.percent(rate)}", (step.high, at), xytext=(4, 0),
                    textcoords="offset points", va="center", fontsize=7.5,
                )  # fmt: skip
    axes.set_yticks(range(len(steps)), [f"{step.step}  {short(step.event)}" for step in steps])
    axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.0)
    quiet_axes(axes, "x")
    axes.xaxis.set_major_formatter(PERCENT)
    axes.set_title(title)
    legend(axes, 2)
    return figure


def _last_step(result: FunnelResult) -> Figure:
    groups = result.groups
    figure = new_figure(0.9 + 0.32 * len(groups))
    axes = figure.subplots()
    highest = 0.0
    for place, group in enumerate(groups):
        step = group.steps[-1]
        rate, low, high = step.rate_from_start, step.low, step.high
        if rate is None or low is None or high is None:
            continue
        axes.barh(place, rate, height=0.62, color=colour(0))
        axes.errorbar(rate, place, xerr=[[rate - low], [high - rate]], color=INK, lw=1, capsize=2.5)
        highest = max(highest, high)
        about = f"{text.percent(rate)}  ·  {step.users:,} of {group.steps[0].users:,}"
        axes.annotate(
            about, (1.02, place), xycoords=("axes fraction", "data"), va="center", fontsize=8,
            annotation_clip=False,
        )  # fmt: skip
    axes.set_yticks(range(len(groups)), [short(group_name(group.group)) for group in groups])
    axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, min(1.0, highest * 1.05) or 1.0)
    quiet_axes(axes, "x")
    axes.xaxis.set_major_formatter(PERCENT)
    last = result.steps[-1]
    axes.set_title(f"Share of those who entered that reached {last.step}  {short(last.event)}")
    return figure


PLOTTED = {"FunnelResult": funnel}
