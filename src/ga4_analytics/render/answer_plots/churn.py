"""Answers about churn: calibration, precision and recall, importances."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ga4_analytics.questions.churn import ChurnResult, ChurnScores, ModelScore
from ga4_analytics.render.answer_plots.parts import colour, empty
from ga4_analytics.render.answers.churn import NAMES
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

MOST_FEATURES = 12


def churn(result: ChurnResult) -> Figure:
    """Precision and recall of all models beside the calibration of the chosen one."""
    with style():
        if result.refusal is not None:
            return empty("No model", "There are too few data to train one and to judge it.")
        figure = new_figure(3.3)
        left, right = figure.subplots(1, 2)
        draw_precision(left, result)
        draw_calibration(right, result)
    return figure


def precision(result: ChurnResult) -> Figure:
    """Precision by recall of every model."""
    with style():
        figure = new_figure(3.2)
        draw_precision(figure.subplots(), result)
    return figure


def calibration(result: ChurnResult) -> Figure:
    """What happened by what was foretold."""
    with style():
        figure = new_figure(3.6)
        axes = figure.subplots()
        draw_calibration(axes, result)
        axes.set_aspect("equal")
    return figure


def importances(result: ChurnResult) -> Figure:
    """How much average precision shuffling a feature costs the chosen model."""
    with style():
        shown = result.importances[:MOST_FEATURES]
        if not shown:
            return empty("Importances", "The rule looks at the days since users were last seen.")
        figure = new_figure(0.8 + 0.26 * len(shown))
        axes = figure.subplots()
        quiet_axes(axes, "x")
        places = range(len(shown))
        axes.barh(places, [each.drop for each in shown], height=0.66, color=MAIN)
        axes.errorbar(
            [each.drop for each in shown], places, xerr=[each.spread for each in shown],
            fmt="none", color=INK, lw=1.1, capsize=2.5,
        )  # fmt: skip
        axes.set_yticks(places, [each.feature for each in shown])
        axes.tick_params(axis="y", labelcolor=INK, labelsize=8)
        axes.invert_yaxis()
        axes.set_title("PR-AUC lost when a feature is shuffled")
    return figure


def draw_precision(axes: Axes, result: ChurnResult) -> None:
    """A curve a model, the base rate beneath."""
    quiet_axes(axes, "y")
    for place, each in enumerate(result.models):
        recall, precise = zip(*each.curve, strict=True)
        is_rule = each.model == "recency"
        axes.plot(
            recall, precise, color=MUTED if is_rule else colour(place - 1), lw=1.5,
            ls="--" if is_rule else "-", label=f"{NAMES[each.model]}  {each.pr_auc.value:.3f}",
        )  # fmt: skip
    assert result.base_rate is not None
    axes.axhline(result.base_rate, color=LIGHT, lw=1.2)
    axes.annotate(
        f"luck {result.base_rate:.3f}", (0.99, result.base_rate), xytext=(0, -3),
        textcoords="offset points", ha="right", va="top", fontsize=8, color=MUTED,
    )  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.04)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PERCENT)
    axes.set_xlabel(f"Recall: of all who {result.target}", fontsize=8)
    axes.set_title(f"Precision in finding {result.target}")
    # Curves run above the line of luck: the names go where there is room.
    is_low = result.base_rate < 0.4
    axes.legend(
        frameon=False, fontsize=7.5, loc="upper right" if is_low else "lower left",
        title="PR-AUC", title_fontsize=7.5, alignment="left",
    )  # fmt: skip


def draw_calibration(axes: Axes, result: ChurnResult) -> None:
    """Bins of the chosen model with their intervals, beside the diagonal of perfect chances."""
    assert result.chosen is not None
    model: ModelScore = result.model(result.chosen)
    quiet_axes(axes, "y")
    axes.plot((0, 1), (0, 1), color=LIGHT, lw=1.2)
    bins = model.calibration.bins
    foretold = np.array([each.predicted for each in bins])
    seen = np.array([each.observed.value for each in bins])
    spread = np.array(
        [[each.observed.value - each.observed.low, each.observed.high - each.observed.value]
         for each in bins]
    ).T  # fmt: skip
    axes.errorbar(foretold, seen, yerr=np.maximum(spread, 0), fmt="o", color=MAIN, markersize=4.5,
                  lw=1.1, capsize=2.5)  # fmt: skip
    slope = model.calibration.slope
    said = f"mean error {model.calibration.error:.3f}"
    said += "" if slope is None else f"\nslope {slope:.2f}"
    axes.annotate(said, (0.04, 0.96), xycoords="axes fraction", va="top", fontsize=8, color=ACCENT)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.04)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PERCENT)
    axes.set_xlabel("Chance to churn that was foretold", fontsize=8)
    axes.set_title(f"Share that churned ({NAMES[result.chosen]})")


def scores(result: ChurnScores) -> Figure:
    """The range and mean of chances by tenths."""
    with style():
        if not result.deciles:
            return empty("Churn scores", "There is no user to score.")
        figure = new_figure(2.6)
        axes = figure.subplots()
        quiet_axes(axes, "y")
        for each in result.deciles:
            axes.plot((each.decile, each.decile), (each.low, each.high), color=LIGHT, lw=7,
                      solid_capstyle="butt")  # fmt: skip
            axes.plot(each.decile, each.mean, "o", color=MAIN, markersize=4.5)
        axes.set_xticks([each.decile for each in result.deciles])
        axes.set_ylim(0, 1.04)
        axes.yaxis.set_major_formatter(PERCENT)
        axes.set_xlabel("Tenth of the users, the likeliest first", fontsize=8)
        axes.set_title(f"Chance to churn as of {result.as_of}")
    return figure


PLOTTED = {"ChurnResult": churn, "ChurnScores": scores}
