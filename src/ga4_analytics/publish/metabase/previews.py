"""Pictures of the dashboards, drawn from the same definitions and the same query results.

They show what Metabase will show and where, in its grid of 24 columns; they are not
screenshots, and say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from ga4_analytics.publish.metabase.definitions import (
    DATE,
    GRID_WIDTH,
    Card,
    Dashboard,
    Place,
    Scene,
)
from ga4_analytics.publish.metabase.filled import Value, defaults, filled
from ga4_analytics.publish.metabase.preview_charts import draw
from ga4_analytics.render.style import INK, MUTED, style
from ga4_analytics.warehouse.base import Warehouse

CELL = 0.56
"""Inches of a column and of a row."""
HEAD, MARGIN, GAP = 1.35, 0.35, 0.09
CANVAS, PAPER, EDGE = "#f6f8fa", "#ffffff", "#dfe4ea"
LABEL = "Preview drawn by ga4 from the same definitions and data. Not a screenshot of Metabase."
_DPI = 100


@dataclass(frozen=True)
class _Sheet:
    """A figure and how places of the grid lie on it."""

    figure: Figure
    width: float
    height: float

    def box(self, place: Place) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of a place, in parts of the figure."""
        left = MARGIN + place.col * CELL + GAP
        top = HEAD + place.row * CELL + GAP
        wide, high = place.width * CELL - 2 * GAP, place.height * CELL - 2 * GAP
        return (
            left / self.width,
            1 - (top + high) / self.height,
            wide / self.width,
            high / self.height,
        )


def preview(dashboard: Dashboard, scene: Scene, warehouse: Warehouse) -> Figure:
    """Draw a dashboard as it looks when it is opened.

    Args:
        dashboard: The dashboard.
        scene: Its filters' values.
        warehouse: Where its cards' SQL runs.

    Raises:
        WarehouseError: A card's SQL was refused.
    """
    chosen = defaults(scene)
    results = {card.slug: _answer(card, chosen, warehouse) for card, _ in dashboard.cards}
    with style():
        sheet = _sheet(dashboard)
        _head(sheet, dashboard, chosen)
        for title, place in dashboard.headings:
            left, bottom, _, high = sheet.box(place)
            sheet.figure.text(
                left, bottom + high / 2, title, size=13, weight="bold", color=INK, va="center"
            )
        for card, place in dashboard.cards:
            _card(sheet, card, place, results[card.slug])
    return sheet.figure


def _answer(card: Card, chosen: Mapping[str, Value], warehouse: Warehouse) -> pa.Table:
    statement = filled(card, chosen)
    return warehouse.query(statement.sql, statement.params)


def _sheet(dashboard: Dashboard) -> _Sheet:
    places = [place for _, place in (*dashboard.cards, *dashboard.headings)]
    rows = max(place.row + place.height for place in places)
    width = 2 * MARGIN + GRID_WIDTH * CELL
    height = HEAD + rows * CELL + MARGIN
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor=CANVAS)
    FigureCanvasAgg(figure)
    return _Sheet(figure, width, height)


def _head(sheet: _Sheet, dashboard: Dashboard, chosen: Mapping[str, Value]) -> None:
    figure, left = sheet.figure, (MARGIN + GAP) / sheet.width

    def line(inches: float, words: str, **how: Any) -> None:
        figure.text(left, 1 - inches / sheet.height, words, va="center", **how)

    line(0.36, dashboard.name, size=18, weight="bold", color=INK)
    line(0.68, dashboard.about, size=10, color=MUTED)
    filters = []
    for each in dashboard.filters:
        value = chosen.get(each.slug, "all")
        shown = f"{value[0]} to {value[1]}" if each == DATE else str(value)
        filters.append(f"{each.label}: {shown}")
    line(1.02, "   |   ".join(filters), size=10, color=INK)
    figure.text(
        1 - left,
        1 - 0.36 / sheet.height,
        LABEL,
        size=9,
        color="#b3541e",
        ha="right",
        va="center",
        style="italic",
    )


def _card(sheet: _Sheet, card: Card, place: Place, data: pa.Table) -> None:
    figure = sheet.figure
    left, bottom, wide, high = sheet.box(place)
    figure.add_artist(
        FancyBboxPatch(
            (left, bottom),
            wide,
            high,
            boxstyle="round,pad=0,rounding_size=0.004",
            facecolor=PAPER,
            edgecolor=EDGE,
            linewidth=0.8,
            transform=figure.transFigure,
            zorder=-1,
        )
    )
    pad_x, pad_y = 0.16 / sheet.width, 0.14 / sheet.height
    figure.text(
        left + pad_x, bottom + high - 0.2 / sheet.height, card.name, size=10.5, weight="bold",
        color=INK, va="center",
    )  # fmt: skip
    title = 0.36 / sheet.height
    axes: Axes = figure.add_axes(
        (left + pad_x, bottom + pad_y, wide - 2 * pad_x, high - pad_y - title)
    )
    inches = ((wide - 2 * pad_x) * sheet.width, (high - pad_y - title) * sheet.height)
    draw(axes, card, data, inches)
