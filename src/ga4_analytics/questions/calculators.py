"""Questions about an experiment that need no data but counts, and their answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ga4_analytics.questions.results import Answered
from ga4_analytics.stats.bayes import Posterior
from ga4_analytics.stats.proportions import Proportion
from ga4_analytics.stats.sample_ratio import SampleRatio
from ga4_analytics.stats.sequential import AlwaysValid
from ga4_analytics.stats.two_means import Effect
from ga4_analytics.stats.two_proportions import Significance


@dataclass(frozen=True)
class Arm:
    """A variant with its counts.

    Attributes:
        name: Its name.
        successes: How many units converted.
        units: How many it has.
    """

    name: str
    successes: int
    units: int


@dataclass(frozen=True)
class Compare:
    """Hold the conversion of variants against a control's.

    Attributes:
        arms: The variants, the control first.
        confidence: Coverage of the intervals, in (0, 1); one minus it is the level of the tests.
        weights: What the split was meant to be, up to a factor; equal where there are none.
        planned_units: For how many units in all the sequential interval is narrowest.
        prior: Parameters of the beta prior.
    """

    arms: tuple[Arm, ...]
    confidence: float = 0.95
    weights: tuple[float, ...] = ()
    planned_units: int = 10_000
    prior: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True)
class ArmAnswer:
    """A variant's conversion.

    Attributes:
        name: Its name.
        rate: Its conversion with Wilson's interval.
        posterior: What the beta-binomial model says of it.
    """

    name: str
    rate: Proportion
    posterior: Posterior


@dataclass(frozen=True)
class Contrast:
    """A variant held against the control.

    Attributes:
        name: The variant.
        difference: Its rate less the control's.
        low: Lower bound of the difference (Newcombe).
        high: Upper bound of the difference.
        z_test: Two-proportion z-test, pooled variance.
        fisher_exact: Fisher's exact test.
        boschloo_exact: Boschloo's exact test; None where units times units exceed 90,000.
        decides: The test that decides: z where at least five successes and failures are expected
            in both variants, else Fisher's.
        p_value: Of the deciding test, adjusted by Holm where there are several variants.
        p_value_bh: The same adjusted by Benjamini and Hochberg.
        is_significant: Whether `p_value` is below the level.
        lift: The relative difference; None where either has no successes. Its interval is
            MOVER's and agrees with Newcombe's; standard error and p-value are the delta method's.
        sequential: The test and interval of the difference that hold at every look.
    """

    name: str
    difference: float
    low: float
    high: float
    z_test: Significance
    fisher_exact: Significance
    boschloo_exact: Significance | None
    decides: Literal["z_test", "fisher_exact"]
    p_value: float | None
    p_value_bh: float | None
    is_significant: bool
    lift: Effect | None
    sequential: AlwaysValid | None


@dataclass(frozen=True)
class CompareAnswer(Answered):
    """How variants compare.

    Attributes:
        spec: The question.
        definition: What was tested and which test decides, in sentences.
        verdict: What follows, in a sentence.
        sample_ratio: Whether units split as they should have; checked first.
        arms: The variants in their order.
        contrasts: Each but the control, held against it.
        equal: The chi-square test that all are equal, where there are three or more.
    """

    spec: Compare
    definition: tuple[str, ...]
    verdict: str
    sample_ratio: SampleRatio
    arms: tuple[ArmAnswer, ...]
    contrasts: tuple[Contrast, ...]
    equal: Significance | None

    def records(self) -> list[dict[str, Any]]:
        """A row a variant."""
        rows = []
        contrasts: list[Contrast | None] = [None, *self.contrasts]
        for arm, contrast in zip(self.arms, contrasts, strict=True):
            row: dict[str, Any] = {
                "variant": arm.name,
                "units": arm.rate.trials,
                "successes": arm.rate.successes,
                "rate": arm.rate.value,
                "rate_low": arm.rate.low,
                "rate_high": arm.rate.high,
                "chance_best": arm.posterior.chance_best,
                "expected_loss": arm.posterior.expected_loss,
            }
            for name in ("difference", "low", "high", "p_value", "decides"):
                row[name] = getattr(contrast, name) if contrast else None
            rows.append(row)
        return rows


@dataclass(frozen=True)
class Split:
    """Ask whether units fell into variants as they should have.

    Attributes:
        units: How many each has.
        weights: What the split was meant to be, up to a factor; equal where there are none.
    """

    units: tuple[int, ...]
    weights: tuple[float, ...] = ()


@dataclass(frozen=True)
class SplitAnswer(Answered):
    """Whether a split is as it should be.

    Attributes:
        spec: The question.
        definition: What was tested, in sentences.
        verdict: What follows, in a sentence.
        sample_ratio: The test.
    """

    spec: Split
    definition: tuple[str, ...]
    verdict: str
    sample_ratio: SampleRatio

    def records(self) -> list[dict[str, Any]]:
        """A row a variant."""
        pairs = zip(self.spec.units, self.sample_ratio.expected, strict=True)
        return [{"units": n, "expected": expected} for n, expected in pairs]


@dataclass(frozen=True)
class Plan:
    """Ask how many units an experiment needs, or what it can find.

    Attributes:
        baseline: The control's rate, or its mean where `sd` is given.
        lift: The smallest relative change worth finding; None asks for it.
        units: Units of the control; None asks for them. One of the two is given.
        sd: Standard deviation of a unit, for a mean or a linearised ratio; None: a proportion.
        power: The chance to find it, in (0, 1).
        confidence: One minus the two-sided level.
        variants: How many variants there are, the control among them.
        treatment_share: Units of each treatment for each of the control.
        units_per_day: New units a day, all variants together; None: not known.
    """

    baseline: float
    lift: float | None = None
    units: int | None = None
    sd: float | None = None
    power: float = 0.8
    confidence: float = 0.95
    variants: int = 2
    treatment_share: float = 1.0
    units_per_day: float | None = None


@dataclass(frozen=True)
class PlanAnswer(Answered):
    """What an experiment needs or can find.

    Attributes:
        spec: The question.
        definition: How it was computed, in sentences.
        lift: The relative change, given or found; None where none can be found.
        difference: The same in the metric's own unit.
        units: Units of the control; None where a billion are not enough.
        units_in_all: Units of all variants.
        days: Whole days until they have come, whole weeks at least; None where unknown.
        level: The level of each test, after Bonferroni where there are several treatments.
        curve: Relative changes and the power to find each with these units.
    """

    spec: Plan
    definition: tuple[str, ...]
    lift: float | None
    difference: float | None
    units: int | None
    units_in_all: int | None
    days: int | None
    level: float
    curve: tuple[tuple[float, float], ...]

    def records(self) -> list[dict[str, Any]]:
        """A row a relative change."""
        return [{"lift": lift, "power": power} for lift, power in self.curve]
