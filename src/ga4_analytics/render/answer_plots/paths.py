"""Paths as a flow: bands between the steps of neighbouring levels."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ga4_analytics.questions.paths import PathsResult
from ga4_analytics.render.answer_plots.parts import colour, empty
from ga4_analytics.render.axes import short
from ga4_analytics.render.style import GRID, MUTED, new_figure, style

Place = tuple[int, str]
_GAP = 0.03
_BAR = 0.035
_SMALL = 0.018
_CURVE = np.linspace(0, 1, 24)


def paths(result: PathsResult) -> Figure:
    """Steps as bars, as high as many paths reach them, with bands between."""
    with style():
        if not result.paths or not result.links:
            return empty("Paths", "There is no path.")
        sizes = _sizes(result)
        places = _layout(result, sizes)
        deep = max(level for level, _ in sizes)
        figure = new_figure(4.2)
        axes = figure.subplots()
        names = list(dict.fromkeys(name for _, name in sorted(sizes, key=lambda p: -sizes[p])))
        shades = {name: colour(n) if name != "(other)" else MUTED for n, name in enumerate(names)}
        _bands(axes, result, sizes, places, shades)
        for (level, name), (low, high) in places.items():
            axes.fill_between([level, level + _BAR], low, high, color=shades[name], lw=0)
            if high - low >= _SMALL:
                count = f"{sizes[level, name]:,}"
                axes.annotate(
                    f"{short(name, 16 if deep < 5 else 12)}\n{count}",
                    (level + _BAR, (low + high) / 2), xytext=(3, 0), textcoords="offset points",
                    va="center", fontsize=7 if high - low >= 2.4 * _SMALL else 5.5,
                )  # fmt: skip
        axes.set_xlim(-0.02, deep + 0.75)
        axes.set_ylim(max(high for _, high in places.values()) + 0.02, -0.01)
        axes.set_axis_off()
        what = "after" if result.spec.direction == "from" else "before"
        axes.set_title(f"{result.paths:,} paths {what} {short(result.spec.anchor.shown)}")
        return figure


def _sizes(result: PathsResult) -> dict[Place, int]:
    """How many paths reach each step of each level; the anchor is level 0."""
    sizes: dict[Place, int] = {}
    for link in result.links:
        if link.level == 1:
            sizes[0, link.source] = result.paths
        place = (link.level, link.target)
        sizes[place] = sizes.get(place, 0) + link.count
    return sizes


def _layout(result: PathsResult, sizes: dict[Place, int]) -> dict[Place, tuple[float, float]]:
    places: dict[Place, tuple[float, float]] = {}
    for level in range(max(level for level, _ in sizes) + 1):
        top = 0.0
        inside = [(name, size) for (where, name), size in sizes.items() if where == level]
        for name, size in sorted(inside, key=lambda p: (p[0] == "(other)", -p[1], p[0])):
            height = size / result.paths
            places[level, name] = (top, top + height)
            top += height + _GAP
    return places


def _bands(
    axes: Axes,
    result: PathsResult,
    sizes: dict[Place, int],
    places: dict[Place, tuple[float, float]],
    shades: dict[str, str],
) -> None:
    """Draw each link as a band; what ends at a step leaves its bar's lower part free."""
    left = {place: low for place, (low, _) in places.items()}
    right = dict(left)
    ease = 3 * _CURVE**2 - 2 * _CURVE**3
    for link in sorted(
        result.links,
        key=lambda each: (
            each.level,
            places.get((each.level - 1, each.source), (0, 0)),
            places[each.level, each.target],
        ),
    ):
        source, target = (link.level - 1, link.source), (link.level, link.target)
        if source not in places:
            continue
        height = link.count / result.paths
        begin, end = left[source], right[target]
        left[source] += height
        right[target] += height
        x = source[0] + _BAR + _CURVE * (1 - _BAR)
        low = begin + (end - begin) * ease
        shade = shades.get(link.target, GRID)
        axes.fill_between(x, low, low + height, color=shade, alpha=0.28, lw=0)


PLOTTED = {"PathsResult": paths}
