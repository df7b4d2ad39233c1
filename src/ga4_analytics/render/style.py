"""The one look of all plots, and PNG files that are the same for the same data."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

INK = "#1f2933"
MUTED = "#66727f"
GRID = "#e3e7ec"
EMPTY = "#f3f4f6"
MAIN = "#1f5f99"
LIGHT = "#9dbbd8"
ACCENT = "#d9702b"
PALETTE = (
    MAIN, ACCENT, "#3b8f6b", "#8a5aa8", "#c2a02c", "#4fa3c7", "#b5485d", "#7a8a2e", "#5d6d9e",
    "#a87350",
)  # fmt: skip
"""Colours of groups, in their order; a further one, such as *other*, is `MUTED`."""
SCALE = LinearSegmentedColormap.from_list("scale", ["#eaf1f8", "#8fb4d6", "#1f5f99", "#0b2c4d"])

WIDTH = 7.2
"""Inches: the width of a printed column of text."""

_DPI = 160
_RC: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.titlepad": 10,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "text.parse_math": False,  # names hold dollar signs and underscores
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}


class style:  # noqa: N801 - reads as a verb: with style():
    """Our style for the length of a block, whatever a person's own matplotlibrc says."""

    def __enter__(self) -> None:
        self._context = matplotlib.rc_context()
        self._context.__enter__()
        matplotlib.rcdefaults()
        for name, value in _RC.items():
            matplotlib.rcParams[name] = value  # type: ignore[index]

    def __exit__(self, *problem: Any) -> None:
        self._context.__exit__(*problem)


def new_figure(height: float) -> Figure:
    """A figure of the column's width, laid out tightly.

    Args:
        height: Inches.
    """
    figure = Figure(figsize=(WIDTH, height), dpi=_DPI, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def quiet_axes(axes: Axes, grid: Literal["x", "y"]) -> None:
    """Leave only the grid of one direction ('x' or 'y') and no tick marks."""
    axes.grid(axis=grid)
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(side == ("bottom" if grid == "y" else "left"))


def save_png(figure: Figure, path: Path) -> None:
    """Write a PNG without dates or versions in it."""
    figure.savefig(path, format="png", metadata={"Software": None})
