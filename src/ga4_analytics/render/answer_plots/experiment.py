"""A forest of an experiment's relative lifts: metrics and variants, then groups."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ga4_analytics.questions.experiment import Difference, ExperimentResult, MetricAnswer
from ga4_analytics.questions.experiment_plan import ExperimentPlanResult
from ga4_analytics.render.answer_plots.calculators import plan as power_curve
from ga4_analytics.render.answer_plots.parts import empty
from ga4_analytics.render.answers.calculators import p_words, signed
from ga4_analytics.render.answers.parts import group_name
from ga4_analytics.render.axes import short
from ga4_analytics.render.style import (
    ACCENT,
    EMPTY,
    INK,
    LIGHT,
    MAIN,
    MUTED,
    new_figure,
    quiet_axes,
    style,
)

_LIFTS = FuncFormatter(lambda share, _: f"{100 * share:+.4g} %" if share else "0")
_MOST = 40
_WIDEST = 3.0
"""A lift beyond so many times the widest of the better half of the intervals is cut off."""


@dataclass(frozen=True)
class _Line:
    """A line of the forest.

    Attributes:
        name: What it is about.
        found: The variant held against the control.
        base: The control's value.
        is_group: Whether it is about a group.
        worse: Which way is worse: 1 or -1.
    """

    name: str
    found: Difference
    base: float
    is_group: bool
    worse: float


def experiment(result: ExperimentResult) -> Figure:
    """Each lift with its interval, and behind it the interval of every look."""
    with style():
        if result.outcome == "withheld":
            return empty("No verdict", "The split is not as it should be; see the sample ratio.")
        lines = _lines(result)
        if not lines:
            return empty(result.spec.name or "Experiment", result.verdict)
        figure = new_figure(1.5 + 0.42 * len(lines))
        axes = figure.subplots()
        quiet_axes(axes, "x")
        low, high = _limits(lines)
        for place, line in enumerate(lines):
            if line.is_group:
                axes.axhspan(place - 0.5, place + 0.5, color=EMPTY, linewidth=0)
            _draw(axes, place, line)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_xlim(low, high)
        axes.set_ylim(len(lines) - 0.4, -0.6)
        axes.set_yticks(range(len(lines)), [short(line.name, 38) for line in lines])
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
        axes.xaxis.set_major_formatter(_LIFTS)
        simulated = "simulated split: " if result.is_simulated else ""
        axes.set_title(f"{simulated}{result.spec.name or 'experiment'}: lift over {result.control}")
        axes.set_xlabel(_legend(result), fontsize=8)
    return figure


def _lines(result: ExperimentResult) -> list[_Line]:
    found = [line for metric in result.metrics for line in _of_metric(metric, "", result)]
    for group in result.groups:
        label = group_name(group.group)
        found += [line for metric in group.metrics for line in _of_metric(metric, label, result)]
    return found[:_MOST]


def _of_metric(metric: MetricAnswer, group: str, result: ExperimentResult) -> list[_Line]:
    base = metric.values[0].value if metric.values else None
    lines = []
    for found in metric.differences:
        if found.lift is None or not base:
            continue
        parts = [metric.metric]
        parts += [found.variant] if len(result.variants) > 2 else []
        parts += [group] if group else []
        worse = -1.0 if metric.higher_is_better else 1.0
        lines.append(_Line(" · ".join(parts), found, base, bool(group), worse))
    return lines


def _limits(lines: list[_Line]) -> tuple[float, float]:
    """Where the axis ends: a few very wide intervals may be cut, the others are whole."""
    lifts = [line.found.lift for line in lines if line.found.lift is not None]
    widths = sorted(max(abs(lift.low), abs(lift.high)) for lift in lifts)
    most = min(widths[-1], _WIDEST * widths[(len(widths) - 1) // 2])
    low = max(-most, min(0.0, *(lift.low for lift in lifts)))
    high = min(most, max(0.0, *(lift.high for lift in lifts)))
    room = 0.06 * (high - low)
    return low - room, high + room


def _draw(axes: Axes, place: int, line: _Line) -> None:
    found, lift = line.found, line.found.lift
    assert lift is not None  # lines without one are not drawn
    colour = MUTED
    if found.is_significant:
        colour = MAIN if found.is_better else ACCENT
    if found.always_valid is not None:
        span = [bound / abs(line.base) for bound in (found.always_valid.low,
                                                      found.always_valid.high)]  # fmt: skip
        axes.plot(span, (place, place), color=LIGHT, linewidth=7, solid_capstyle="butt", alpha=0.5)
    axes.plot((lift.low, lift.high), (place, place), color=colour, linewidth=2)
    axes.plot(lift.value, place, "o", color=colour, markersize=6)
    if found.guardrail is not None:
        margin = line.worse * found.guardrail.margin
        axes.plot(margin, place, "|", color=ACCENT, markersize=16, zorder=3)
    axes.annotate(
        f"{signed(lift.value)}\np {p_words(found.p_adjusted)}", (1.02, place),
        xycoords=("axes fraction", "data"), fontsize=8, color=INK, va="center",
        annotation_clip=False,
    )  # fmt: skip


def _legend(result: ExperimentResult) -> str:
    words = [f"line: {100 * result.spec.confidence:g} % interval", "band: every look"]
    if any(metric.role == "guardrail" for metric in result.metrics):
        words.append("stroke: margin of a guardrail")
    if result.groups:
        words.append("grey rows: groups")
    return "; ".join(words)


def plan(result: ExperimentPlanResult) -> Figure:
    """The power to find each lift."""
    if result.plan is None:
        with style():
            return empty("Plan", result.verdict)
    return power_curve(result.plan)


PLOTTED = {"ExperimentResult": experiment, "ExperimentPlanResult": plan}
