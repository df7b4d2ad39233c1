"""Answers as figures."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from matplotlib.figure import Figure

from ga4_analytics.render.answers import TOPICS


def figure_of(result: Any) -> Figure:
    """An answer as a figure in the style of the house.

    Args:
        result: Any answer.
    """
    kind = type(result).__name__
    module = import_module(f"ga4_analytics.render.answer_plots.{TOPICS[kind]}")
    return cast(Figure, module.PLOTTED[kind](result))
