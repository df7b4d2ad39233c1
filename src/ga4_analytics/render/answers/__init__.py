"""Answers as tables for a terminal, a pipe and a notebook."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from rich.console import Group, RenderableType

from ga4_analytics.questions.results import Result
from ga4_analytics.render.answers.parts import WIDTH, foot

TOPICS = {
    "FunnelResult": "funnel",
    "FunnelComparison": "funnel",
    "TrendsResult": "trends",
    "LifecycleResult": "trends",
    "GapSessionsResult": "trends",
    "RetentionResult": "retention",
    "StickinessResult": "retention",
    "PathsResult": "paths",
    "RevenueResult": "revenue",
    "SegmentsResult": "users",
    "UserResult": "users",
    "CompareAnswer": "calculators",
    "SplitAnswer": "calculators",
    "PlanAnswer": "calculators",
    "ChurnResult": "churn",
    "ChurnScores": "churn",
    "ExperimentResult": "experiment",
    "ExperimentPlanResult": "experiment",
}
"""The module of `render.answers` and of `render.answer_plots` for each result."""


def shown(result: Any, width: int = WIDTH) -> RenderableType:
    """An answer as lines and tables.

    Args:
        result: Any answer.
        width: Characters of a line.
    """
    kind = type(result).__name__
    module = import_module(f"ga4_analytics.render.answers.{TOPICS[kind]}")
    below = foot(result) if isinstance(result, Result) else []
    return Group(*module.SHOWN[kind](result, width), *below)
