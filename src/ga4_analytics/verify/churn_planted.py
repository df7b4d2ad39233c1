"""A model of churn held against the best possible one, on a sample whose hazard is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.churn_features import tables
from ga4_analytics.analyses.churn_models import Fitted
from ga4_analytics.analyses.churn_plan import planned
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.churn import ChurnResult
from ga4_analytics.sources.synthetic.plants.churn_best import chance_to_churn
from ga4_analytics.stats.calibration import brier
from ga4_analytics.stats.ranking import average_precision, ranked, roc_auc

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reached:
    """How well chances do on planted members at the test cutoffs.

    Attributes:
        name: Whose chances: 'best possible', or a model.
        pr_auc: Average precision of what the model looks for.
        roc_auc: Chance that one who is looked for stands above one who is not.
        brier: Mean square error; None for days, which are no chances.
    """

    name: str
    pr_auc: float
    roc_auc: float
    brier: float | None


@dataclass(frozen=True)
class Ceiling:
    """What can be reached on planted members, and what was.

    Attributes:
        rows: Members times test cutoffs.
        base_rate: Share of them that is looked for.
        best: What nobody can do better than, on average.
        model: The chosen model.
        recency: The days since the last active day.
    """

    rows: int
    base_rate: float
    best: Reached
    model: Reached
    recency: Reached

    @property
    def reached(self) -> float:
        """The part of the way from the recency rule to the best PR-AUC that the model went."""
        return (self.model.pr_auc - self.recency.pr_auc) / (self.best.pr_auc - self.recency.pr_auc)

    def records(self) -> list[dict[str, Any]]:
        """A row each: best, model, rule."""
        given = (self.best, self.model, self.recency)
        return [{"chances": each.name, "pr_auc": each.pr_auc, "roc_auc": each.roc_auc,
                 "brier": each.brier} for each in given]  # fmt: skip


def ceiling(
    index: Index, result: ChurnResult, fitted: Fitted | None, truth: Mapping[str, Any]
) -> Ceiling:
    """Hold a model against the best possible chances of the planted members.

    Args:
        index: The index of a sample with the plant ``churn``.
        result: An answer.
        fitted: The model that it chose.
        truth: The content of the sample's ``_truth.json``.

    Raises:
        QuestionError: The sample has no such plant, or the answer has no model.
    """
    planted = truth.get("plants", {}).get("churn")
    if planted is None or fitted is None:
        raise QuestionError(
            "There is no planted churn, or no model.",
            rule="The best possible score is known of a sample with the plant churn.",
            remedy="Make one with `ga4 demo-data FOLDER --plant churn`.",
        )
    question = result.spec
    hazard = {
        each["user_pseudo_id"]: float(planted["segments"][each["segment"]]["hazard"])
        for each in planted["members"]
    }
    plan = planned(index, question)
    days = _days_of(index, set(hazard))
    churned, chances, best, recency = [], [], [], []
    for table in tables(index, question, plan.features, plan.days("test")):
        keys = table.keys.to_pylist()
        ours = np.array([key in hazard for key in keys], bool)
        assert table.churned is not None
        churned.append(table.churned[ours])
        chances.append(fitted.chances(table)[ours])
        recency.append(table.numbers["recency_days"][ours])
        best.append([
            chance_to_churn([day for day in days[key] if day < table.cutoff], table.cutoff,
                            question.gap_days, question.horizon_days, hazard[key])
            for key, is_ours in zip(keys, ours, strict=True) if is_ours
        ])  # fmt: skip
    label = np.concatenate(churned)
    looks = result.target == "churn"

    def reached(name: str, pieces: Sequence[Any], are_chances: bool = True) -> Reached:
        given = np.concatenate(pieces).astype(np.float64)
        return _reached(name, given, label, looks, are_chances)

    return Ceiling(
        len(label),
        float((label if looks else ~label).mean()),
        reached("best possible", best),
        reached(fitted.model, chances),
        reached("days since last seen", recency, are_chances=False),
    )


def _reached(
    name: str, chances: Floats, churned: NDArray[np.bool_], looks: bool, are_chances: bool
) -> Reached:
    rows = ranked(chances if looks else -chances)
    hits, ones = churned if looks else ~churned, np.ones(len(churned))
    return Reached(
        name,
        average_precision(rows, hits, ones) or 0.0,
        roc_auc(rows, hits, ones) or 0.0,
        brier(chances, churned) if are_chances else None,
    )


def _days_of(index: Index, keys: set[str]) -> dict[str, list[int]]:
    """The days of some users."""
    found = {}
    for segment in index.segments:
        for place, key in enumerate(segment.keys.to_pylist()):
            if key in keys and segment.alive[place]:
                first, end = int(segment.user_day[place]), int(segment.user_day[place + 1])
                found[key] = [int(day) for day in segment.day[first:end]]
    return found
