"""Questions about an experiment that is still to come, from what users did before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ga4_analytics.questions.calculators import PlanAnswer
from ga4_analytics.questions.experiment_parts import ANY_EVENT, Metric
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.results import Result
from ga4_analytics.stats.proportions import Proportion


@dataclass(frozen=True)
class ExperimentPlan:
    """Ask how long an experiment takes with the property's own users, or what it can find.

    Attributes:
        metric: What will decide.
        event: What will expose: a user's first such event in the range.
        lift: The smallest relative change worth finding; None asks for it.
        units: Units of the control; None asks for them. Neither: what two weeks can find.
        query: The past days, events and users that are looked at.
        window: How long after its exposure each unit will be followed, as ``14d``; empty: to
            the end of the range.
        power: The chance to find it, in (0, 1).
        confidence: One minus the two-sided level.
        variants: How many variants there will be, the control among them.
        treatment_share: Units of each treatment for each of the control.
        splits: How many random splits the A/A check makes; 0: none.
        seed: Their seed.
    """

    metric: Metric
    event: EventSelector = ANY_EVENT
    lift: float | None = None
    units: int | None = None
    query: Query = field(default_factory=Query)
    window: str = ""
    power: float = 0.8
    confidence: float = 0.95
    variants: int = 2
    treatment_share: float = 1.0
    splits: int = 200
    seed: int = 0


@dataclass(frozen=True)
class SameSplits:
    """Random splits of the past in which nothing differs but by chance (A/A).

    Attributes:
        splits: How many were tested.
        rejected: In how many the deciding test found a difference at the level.
        share: ``rejected`` of ``splits`` with its 99 % interval, which holds the chance in
            making so few splits.
        uniform_p_value: Of the Kolmogorov-Smirnov test that the p-values are uniform.
        is_sound: Whether the level lies in that interval.
    """

    splits: int
    rejected: int
    share: Proportion
    uniform_p_value: float
    is_sound: bool


@dataclass(frozen=True)
class ExperimentPlanResult(Result):
    """What an experiment needs, from past data.

    Attributes:
        verdict: What follows, in a sentence or two.
        exposed: Units that were exposed in the range.
        measured: Those of them that were followed long enough.
        days: Loaded days of the range.
        units_per_day: Units exposed for the first time a day, on average.
        baseline: The metric of all of them; None where there is nothing to measure.
        sd: Standard deviation of a unit, after the covariate; None of proportions.
        plan: The plan with these; None where nothing can be planned.
        same: The A/A check; None where nothing can be split, or none was wanted.
    """

    verdict: str
    exposed: int
    measured: int
    days: int
    units_per_day: float | None
    baseline: float | None
    sd: float | None
    plan: PlanAnswer | None
    same: SameSplits | None

    def records(self) -> list[dict[str, Any]]:
        """A row a relative change, with the power to find it."""
        return self.plan.records() if self.plan else []
