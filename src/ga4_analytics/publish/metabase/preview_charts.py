"""How each kind of chart looks in a preview: a card's rows in, ink on axes out."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ga4_analytics.publish.metabase.dashboards.charts import PERCENT, USD, column_key
from ga4_analytics.publish.metabase.definitions import Card
from ga4_analytics.render.axes import time_axis
from ga4_analytics.render.style import GRID, INK, MAIN, MUTED, PALETTE
from ga4_analytics.render.text import rounded

Size = tuple[float, float]
"""Width and height of the axes, inches."""
_ROW = 0.25
_LETTER = 0.078
"""Inches of a table's row, and of a letter in it."""
_MOST_SERIES = 8


def draw(axes: Axes, card: Card, data: pa.Table, size: Size) -> None:
    """Draw a card's rows as its display says.

    Raises:
        KeyError: There is no drawing for the display.
    """
    if data.num_rows == 0:
        _blank(axes)
        axes.text(0.5, 0.5, "No results", ha="center", va="center", color=MUTED)
        return
    _DRAWN[card.display](axes, card, data, size)


def _blank(axes: Axes) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)


def _values(data: pa.Table, name: str) -> list[Any]:
    return list(data.column(name).to_pylist())


def _numbers(data: pa.Table, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([np.nan if v is None else float(v) for v in _values(data, name)], np.float64)


def _how(card: Card, name: str) -> Mapping[str, Any]:
    how: Mapping[str, Any] = card.settings.get("column_settings", {}).get(column_key(name), {})
    return how


def said(value: Any, how: Mapping[str, Any]) -> str:
    """Write a value as a column's settings ask.

    >>> said(0.1234, PERCENT), said(1234.5, USD), said(None, {}), said(1200000, {})
    ('12.3%', '$1,234.50', '', '1,200,000')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        number = float(value)
        if how.get("number_style") == PERCENT["number_style"]:
            return f"{number:.{how.get('decimals', 1)}%}"
        if how.get("number_style") == USD["number_style"]:
            return f"${number:,.2f}"
        return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value)


def _tick(how: Mapping[str, Any]) -> FuncFormatter:
    def write(number: float, _: int) -> str:
        if how.get("number_style") == PERCENT["number_style"]:
            return f"{100 * number:g}%"
        sign = "$" if how.get("number_style") == USD["number_style"] else ""
        for unit, letter in ((1e6, "M"), (1e3, "k")):
            if abs(number) >= unit:
                return f"{sign}{number / unit:g}{letter}"
        return f"{sign}{number:g}"

    return FuncFormatter(write)


def _series(card: Card, data: pa.Table) -> tuple[list[Any], dict[str, np.ndarray[Any, Any]]]:
    """The x axis and each series on it, missing points as not a number."""
    dimensions, metrics = card.settings["graph.dimensions"], card.settings["graph.metrics"]
    if len(dimensions) == 1:
        return _values(data, dimensions[0]), {name: _numbers(data, name) for name in metrics}
    at = _values(data, dimensions[0])
    names = [str(name) for name in _values(data, dimensions[1])]
    numbers = _numbers(data, metrics[0])
    places = {x: i for i, x in enumerate(sorted(set(at)))}
    totals: dict[str, float] = {}
    for name, number in zip(names, numbers, strict=True):
        totals[name] = totals.get(name, 0.0) + float(np.nan_to_num(number))
    found = {
        name: np.full(len(places), np.nan)
        for name in sorted(totals, key=lambda name: (-totals[name], name))
    }
    for x, name, number in zip(at, names, numbers, strict=True):
        found[name][places[x]] = number
    return list(places), found


def _quiet(axes: Axes, how: Mapping[str, Any]) -> None:
    axes.grid(axis="y", color=GRID)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.yaxis.set_major_formatter(_tick(how))
    axes.yaxis.set_major_locator(MaxNLocator(5))


def _inset(axes: Axes, size: Size, left: float, bottom: float, top: float = 0.0) -> Axes:
    """Axes within, with so many inches left free for labels."""
    _blank(axes)
    wide, high = size
    return axes.inset_axes(
        (left / wide, bottom / high, 1 - (left + 0.1) / wide, 1 - (bottom + top) / high)
    )


def _graph(axes: Axes, card: Card, data: pa.Table, size: Size) -> None:
    at, series = _series(card, data)
    many = len(series) > 1
    inner = _inset(axes, size, 0.5, 0.32, 0.3 if many else 0.05)
    stacked = card.settings.get("stackable.stack_type") == "stacked"
    base = np.zeros(len(at))
    for place, (name, numbers) in enumerate(series.items()):
        color = PALETTE[place] if place < _MOST_SERIES else MUTED
        label = name.replace("_", " ") if place < _MOST_SERIES else None
        height = np.nan_to_num(numbers) if stacked else numbers
        if card.display == "line":
            inner.plot(at, numbers, color=color, label=label, linewidth=1.6)
        elif card.display == "area":
            inner.fill_between(at, base, base + height, color=color, label=label, alpha=0.75, lw=0)
        else:
            inner.bar(at, height, bottom=base, color=color, label=label, width=0.8)
        base = base + height if stacked else base
    _quiet(inner, _how(card, card.settings["graph.metrics"][0]))
    inner.set_ylim(bottom=0)
    if isinstance(at[0], datetime.date):
        time_axis(inner, at)
    if many:
        columns = max(1, int(size[0] / (0.45 + _LETTER * max(map(len, series)))))
        inner.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, fontsize=8,
            borderaxespad=0.1, columnspacing=1.2, handlelength=1.2,
        )  # fmt: skip


def _rows(axes: Axes, card: Card, data: pa.Table, size: Size) -> None:
    name = card.settings.get("graph.dimensions", [card.settings.get("map.dimension")])[0]
    metric = card.settings.get("graph.metrics", [card.settings.get("map.metric")])[0]
    shown = max(1, int(size[1] / 0.24))
    names = [str(value) for value in _values(data, name)][:shown]
    numbers = _numbers(data, metric)[:shown]
    inner = _inset(axes, size, 0.2 + _LETTER * max(map(len, names)), 0.05, 0.05)
    inner.barh(range(len(names)), numbers, color=MAIN, height=0.7)
    inner.set_yticks(range(len(names)), names)
    inner.invert_yaxis()
    inner.set_xlim(0, numbers.max() * 1.18 if numbers.max() > 0 else 1)
    for place, number in enumerate(numbers):
        inner.text(number, place, f" {said(number, _how(card, metric))}", va="center", size=8)
    inner.tick_params(length=0)
    inner.xaxis.set_visible(False)
    inner.spines["bottom"].set_visible(False)


def _map(axes: Axes, card: Card, data: pa.Table, size: Size) -> None:
    _rows(axes, card, data, (size[0], size[1] - 0.3))
    axes.text(1, 0.02, "Metabase draws these on a world map.", ha="right", color=MUTED, size=9)


def _number(axes: Axes, card: Card, data: pa.Table, size: Size) -> None:
    _blank(axes)
    column = card.settings["scalar.field"]
    numbers, how = _values(data, column), _how(card, column)
    axes.text(0.02, 0.62, said(numbers[-1], how) or "–", size=22, weight="bold", va="center")
    days = _values(data, card.columns[0])
    words = f"{days[-1]}"
    if len(numbers) > 1 and numbers[-1] is not None and numbers[-2]:
        change = float(numbers[-1]) / float(numbers[-2]) - 1
        words += f"   {rounded(change, '+.1%')} from the day before"
    axes.text(0.02, 0.16, words, size=9, color=MUTED, va="center")


def _funnel(axes: Axes, card: Card, data: pa.Table, size: Size) -> None:
    names = _values(data, card.settings["funnel.dimension"])
    numbers = _numbers(data, card.settings["funnel.metric"])
    inner = _inset(axes, size, 0.1, 0.1, 0.55)
    high = np.repeat(numbers / numbers.max(), 2) if numbers.max() > 0 else np.zeros(2 * len(names))
    at = np.ravel([[place, place + 1] for place in range(len(names))])
    for place, name in enumerate(names):
        inner.text(place + 0.04, 0.66, str(name), size=9, color=INK, weight="bold")
        share = numbers[place] / numbers[0] if numbers[0] else np.nan
        inner.text(place + 0.04, 0.56, f"{numbers[place]:,.0f}   {share:.1%}", size=9, color=MUTED)
    inner.fill_between(at, -high / 2, high / 2, color=MAIN, lw=0)
    for place in range(1, len(names)):
        inner.axvline(place, color="white", linewidth=2)
    inner.set_xlim(0, len(names))
    inner.set_ylim(-0.55, 0.75)
    inner.set_axis_off()


def _table(axes: Axes, card: Card, data: pa.Table, size: Size) -> None:
    _blank(axes)
    wide, high = size
    shown = min(data.num_rows, max(1, int(high / _ROW) - 2))
    cells = [[said(v, _how(card, name)) for v in _values(data, name)[:shown]] for name in
             card.columns]  # fmt: skip
    edges = _edges(card.columns, cells, wide)
    shades = _shades(card)
    for column, name in enumerate(card.columns):
        left, right = edges[column], edges[column + 1]
        number = any(isinstance(v, int | float | Decimal) for v in _values(data, name)[:shown])
        numbers = _numbers(data, name)[:shown] if name in shades else None
        x, side = (right - 0.08 / wide, "right") if number else (left + 0.02 / wide, "left")
        room = int((right - left) * wide / _LETTER)
        axes.text(x, 1 - 0.5 * _ROW / high, name, ha=side, va="center", size=8.5, color=MUTED,
                  weight="bold")  # fmt: skip
        for row in range(shown):
            y = 1 - (row + 1.5) * _ROW / high
            if numbers is not None and not np.isnan(numbers[row]):
                axes.axhspan(y - 0.5 * _ROW / high, y + 0.5 * _ROW / high, left, right,
                             color=shades[name](float(numbers[row])), lw=0)  # fmt: skip
            word = cells[column][row]
            word = word if len(word) <= room or number else word[: max(1, room - 1)] + "…"
            axes.text(x, y, word, ha=side, va="center", size=8.5, color=INK)
    if data.num_rows > shown:
        axes.text(0, 0.5 * _ROW / high, f"{data.num_rows - shown} more rows", size=8, color=MUTED)


def _edges(names: Sequence[str], cells: Sequence[Sequence[str]], wide: float) -> list[float]:
    """Left edges of a table's columns and the right one of the last, in parts of its width."""
    needed = np.array(
        [max(len(name), *map(len, column)) + 3 for name, column in zip(names, cells, strict=True)],
        np.float64,
    )
    room = wide / _LETTER
    widest = int(needed.argmax())
    if needed.sum() > room:
        needed[widest] = max(12.0, needed[widest] - (needed.sum() - room))
    return [0.0, *np.cumsum(needed / needed.sum())]


def _shades(card: Card) -> dict[str, Callable[[float], Any]]:
    """Colour of a value, for the columns that have one."""
    found: dict[str, Callable[[float], Any]] = {}
    for rule in card.settings.get("table.column_formatting", ()):
        colour = _scale(rule["colors"], float(rule["max_value"]))
        found.update(dict.fromkeys(rule["columns"], colour))
    return found


def _scale(colors: Sequence[str], most: float) -> Callable[[float], Any]:
    scale = LinearSegmentedColormap.from_list("range", colors)
    return lambda value: scale(min(1.0, value / most))


_DRAWN: Mapping[str, Callable[[Axes, Card, pa.Table, Size], None]] = {
    "line": _graph,
    "bar": _graph,
    "area": _graph,
    "row": _rows,
    "map": _map,
    "smartscalar": _number,
    "funnel": _funnel,
    "table": _table,
}
