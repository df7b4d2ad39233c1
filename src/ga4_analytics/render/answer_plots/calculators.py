"""Answers about experiments: a forest of differences, a curve of power."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from ga4_analytics.questions.calculators import CompareAnswer, PlanAnswer, SplitAnswer
from ga4_analytics.render.answer_plots.parts import empty
from ga4_analytics.render.axes import PERCENT
from ga4_analytics.render.style import (
    ACCENT,
    INK,
    LIGHT,
    MAIN,
    MUTED,
    new_figure,
    quiet_axes,
    style,
)

_POINTS = FuncFormatter(lambda share, _: f"{100 * share:+.3g} pp" if share else "0")


def compare(result: CompareAnswer) -> Figure:
    """Each variant's difference from the control: the interval, and that of every look."""
    with style():
        if result.sample_ratio.is_mismatch:
            return empty("No verdict", "The split is not as it should be; see the sample ratio.")
        contrasts = result.contrasts
        figure = new_figure(1.5 + 0.55 * len(contrasts))
        axes = figure.subplots()
        quiet_axes(axes, "x")
        for place, each in enumerate(contrasts):
            colour = MAIN if each.is_significant else MUTED
            if each.sequential is not None:
                span = (each.sequential.low, each.sequential.high)
                axes.plot(span, (place, place), color=LIGHT, linewidth=7, solid_capstyle="butt")
            axes.plot((each.low, each.high), (place, place), color=colour, linewidth=2)
            axes.plot(each.difference, place, "o", color=colour, markersize=6)
            said = "p –" if each.p_value is None else f"p {each.p_value:.3g}"
            axes.annotate(
                said, (1.0, place), xycoords=("axes fraction", "data"), fontsize=8, color=INK,
                ha="right", va="bottom", xytext=(0, 5), textcoords="offset points",
            )  # fmt: skip
        axes.axvline(0, color=ACCENT, linewidth=1)
        axes.set_yticks(range(len(contrasts)), [each.name for each in contrasts])
        axes.set_ylim(len(contrasts) - 0.4, -0.6)
        axes.xaxis.set_major_formatter(_POINTS)
        axes.set_title(f"Difference from {result.arms[0].name}")
        axes.set_xlabel("line: one look at the end; band: every look", fontsize=8)
    return figure


def split(result: SplitAnswer) -> Figure:
    """Units beside what they should have been."""
    with style():
        figure = new_figure(2.4)
        axes = figure.subplots()
        quiet_axes(axes, "y")
        at = np.arange(len(result.spec.units))
        axes.bar(at - 0.2, result.spec.units, 0.38, color=MAIN, label="units")
        axes.bar(at + 0.2, result.sample_ratio.expected, 0.38, color=LIGHT, label="expected")
        axes.set_xticks(at, [f"variant {n + 1}" for n in at])
        axes.set_title(result.verdict.split(":")[0])
        axes.legend(frameon=False, fontsize=8)
    return figure


def plan(result: PlanAnswer) -> Figure:
    """The power to find each lift."""
    with style():
        if not result.curve:
            return empty("Power", "No number of units finds that lift.")
        figure = new_figure(2.6)
        axes = figure.subplots()
        quiet_axes(axes, "y")
        lifts, powers = zip(*result.curve, strict=True)
        axes.plot(lifts, powers, color=MAIN, marker="o", markersize=4)
        axes.axhline(result.spec.power, color=ACCENT, linewidth=1)
        axes.set_ylim(0, 1.02)
        axes.xaxis.set_major_formatter(PERCENT)
        axes.yaxis.set_major_formatter(PERCENT)
        axes.set_title(f"Power with {result.units:,} units of the control, by lift")
    return figure


PLOTTED = {"CompareAnswer": compare, "SplitAnswer": split, "PlanAnswer": plan}
