"""Questions about an experiment on a property's own data, and their answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ga4_analytics.questions.experiment_parts import (
    Assignment,
    Exposure,
    Guardrail,
    Kind,
    Metric,
    VariantShare,
)
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.results import Result
from ga4_analytics.stats.bayes import Posterior
from ga4_analytics.stats.sample_ratio import SampleRatio
from ga4_analytics.stats.sequential import AlwaysValid
from ga4_analytics.stats.two_means import Adjustment, Effect
from ga4_analytics.stats.two_proportions import Significance

Role = Literal["primary", "secondary", "guardrail"]
Decider = Literal["z_test", "fisher_exact", "welch", "always_valid"]
Outcome = Literal[
    "too_little_data", "withheld", "better", "worse", "mixed", "no_difference_shown"
]  # fmt: skip


@dataclass(frozen=True)
class ExperimentSpec:
    """Hold the variants of an experiment against its control.

    Attributes:
        assignment: Who is in which variant, and what exposes.
        primary: The metrics that decide.
        name: The experiment's name.
        control: The control; empty: the variant called control, else the first by name.
        variants: The variants and the shares meant; none: those seen, in equal shares.
        secondary: Further metrics.
        guardrails: Metrics that must not get worse.
        query: Days of the exposures; events and users that count; columns by whose value at
            the exposure the effect is told apart.
        window: How long after its exposure each unit is followed, as ``14d``; units that have
            not been followed so long are left out. Empty: to the end of the last day, all alike.
        confidence: One minus the two-sided level of the tests.
        method: 'fixed': one look at the end; 'always_valid': any number of looks;
            'obrien_fleming', 'pocock': looks that were planned.
        planned_units: Units in all that were planned; the test of every look is sharpest there.
        look: Which of the planned looks this is, from 1.
        looks: How many looks were planned, equally far apart.
        prior: Parameters of the beta prior of proportions.
    """

    assignment: Assignment = field(default_factory=Exposure)
    primary: tuple[Metric, ...] = ()
    name: str = ""
    control: str = ""
    variants: tuple[VariantShare, ...] = ()
    secondary: tuple[Metric, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    query: Query = field(default_factory=Query)
    window: str = ""
    confidence: float = 0.95
    method: Literal["fixed", "always_valid", "obrien_fleming", "pocock"] = "fixed"
    planned_units: int = 10_000
    look: int = 1
    looks: int = 1
    prior: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True)
class Excluded:
    """Units with an exposure event in the range that are in no variant.

    Attributes:
        in_two_variants: Exposed to more than one.
        without_variant: All of their exposure events have a null variant.
        other_variants: Only exposed to variants that the question does not name.
        without_time: All of their exposure events have no time of their own.
    """

    in_two_variants: int
    without_variant: int
    other_variants: int
    without_time: int


@dataclass(frozen=True)
class VariantValue:
    """A metric in a variant.

    Attributes:
        variant: The variant.
        units: Its units that count.
        immature: Its units that were not yet followed long enough, and do not count.
        numerator: Units that did it; the sum; what stands above in a ratio.
        denominator: Units; what stands below in a ratio.
        value: The one over the other; None where there is nothing below.
        low: Lower bound of its interval: Wilson's, or Student's.
        high: Upper bound.
        sd: Standard deviation of a unit; of a ratio, of its linearised values.
        posterior: Of proportions, what the beta-binomial model says.
    """

    variant: str
    units: int
    immature: int
    numerator: float
    denominator: float
    value: float | None
    low: float | None
    high: float | None
    sd: float | None
    posterior: Posterior | None = None


@dataclass(frozen=True)
class NonInferiority:
    """Whether a variant is not worse than the control by more than a margin.

    Attributes:
        margin: The relative margin.
        p_value: One-sided, of the variant being worse by the margin or more.
        worst: One-sided bound of the relative change: what may still be true; None where the
            data bound nothing.
        holds: Whether the p-value is below the level.
    """

    margin: float
    p_value: float
    worst: float | None
    holds: bool


@dataclass(frozen=True)
class Difference:
    """A variant held against the control in a metric.

    Attributes:
        variant: The variant.
        difference: Its value less the control's.
        low: Lower bound: Newcombe's for proportions, Welch's for means; the interval of every
            look where that decides.
        high: Upper bound.
        se: Standard error of the difference, unpooled; None where nothing varies.
        lift: The relative difference; None where the control's value is 0.
        z_test: Two-proportion z-test; None for means.
        fisher_exact: Fisher's exact test; None for means.
        boschloo_exact: Boschloo's; None for means and beyond 90,000 tables.
        welch: Welch's t-test; None for proportions and where nothing varies.
        always_valid: The test and interval that hold at every look.
        adjusted: With a covariate, Welch's test of the adjusted values; it decides then.
        covariate: How the covariate was used.
        decides: The test that decides; None where nothing can be tested.
        p_value: Of that test alone.
        p_adjusted: After the correction for several tests.
        level: What it is held against.
        is_significant: Whether it is below.
        is_better: Whether the difference goes the good way; None where there is none.
        guardrail: Of guardrails, whether it is not worse by the margin.
    """

    variant: str
    difference: float | None
    low: float | None
    high: float | None
    se: float | None
    lift: Effect | None
    z_test: Significance | None
    fisher_exact: Significance | None
    boschloo_exact: Significance | None
    welch: Effect | None
    always_valid: AlwaysValid | None
    adjusted: Effect | None
    covariate: Adjustment | None
    decides: Decider | None
    p_value: float | None
    p_adjusted: float | None
    level: float
    is_significant: bool
    is_better: bool | None
    guardrail: NonInferiority | None = None


@dataclass(frozen=True)
class MetricAnswer:
    """What came out in a metric.

    Attributes:
        metric: The metric's name.
        role: What it is for.
        kind: Its kind.
        higher_is_better: Whether more of it is good.
        correction: How p-values were corrected for several tests: 'holm' or 'bh'.
        capped_at: Amounts above it were set to it; None: none were.
        values: Of each variant, the control first.
        differences: Of each variant but the control.
    """

    metric: str
    role: Role
    kind: Kind
    higher_is_better: bool
    correction: Literal["holm", "bh"]
    capped_at: float | None
    values: tuple[VariantValue, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class GroupAnswer:
    """The primary metrics among the units of one value of the breakdown.

    Attributes:
        group: Value of each column of the breakdown at the exposure.
        units: Units of each variant, in their order.
        sample_ratio: Whether they split as they should have; None for too few variants.
        metrics: The primary metrics; p-values corrected over all groups.
    """

    group: tuple[str | None, ...]
    units: tuple[int, ...]
    sample_ratio: SampleRatio | None
    metrics: tuple[MetricAnswer, ...]


@dataclass(frozen=True)
class Heterogeneity:
    """Whether the effect is the same in all groups of the breakdown.

    Attributes:
        metric: A primary metric.
        variant: A variant.
        statistic: Cochran's Q of the groups' differences.
        groups: How many groups could be compared.
        p_value: Of the chi-square test.
        p_adjusted: By Holm over primary metrics and variants.
    """

    metric: str
    variant: str
    statistic: float
    groups: int
    p_value: float
    p_adjusted: float


@dataclass(frozen=True)
class ExperimentResult(Result):
    """What an experiment says.

    Attributes:
        outcome: What follows, for programs.
        verdict: What follows, in a sentence or two.
        deciding: Which test decides and why, in a sentence.
        is_simulated: Whether the split is a simulation: no variant was shown to anybody.
        control: The control.
        variants: All variants, the control first.
        units: Units of each.
        excluded: Units that are in no variant.
        exposed_before: Units that were exposed before the first day too; they count.
        sample_ratio: Whether units split as they should have; None for fewer than two variants.
        metrics: Primary, then secondary metrics, then guardrails.
        groups: The primary metrics by group; none without a breakdown.
        heterogeneity: Whether effects differ between groups.
    """

    outcome: Outcome
    verdict: str
    deciding: str
    is_simulated: bool
    control: str
    variants: tuple[str, ...]
    units: tuple[int, ...]
    excluded: Excluded
    exposed_before: int
    sample_ratio: SampleRatio | None
    metrics: tuple[MetricAnswer, ...]
    groups: tuple[GroupAnswer, ...] = ()
    heterogeneity: tuple[Heterogeneity, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """A row a metric and variant, all units first, then by group."""
        by = self.spec.query.by
        everybody: dict[str, str | None] = {"of": "all units"} | dict.fromkeys(by)
        rows = [row for each in self.metrics for row in _rows(each, everybody)]
        for group in self.groups:
            label = {"of": "group"} | dict(zip(by, group.group, strict=False))
            rows += [row for each in group.metrics for row in _rows(each, label)]
        return rows


def _rows(answer: MetricAnswer, label: dict[str, str | None]) -> list[dict[str, Any]]:
    rows = []
    # The control stands first and is held against nothing; without units there is none.
    for value, found in zip(answer.values, (None, *answer.differences), strict=False):
        row: dict[str, Any] = dict(label)
        row |= {"metric": answer.metric, "role": answer.role, "kind": answer.kind}
        names = ("variant", "units", "immature", "numerator", "denominator", "value")
        row |= {name: getattr(value, name) for name in names}
        row |= {"value_low": value.low, "value_high": value.high}
        posterior = value.posterior
        row["chance_best"] = posterior.chance_best if posterior else None
        row["expected_loss"] = posterior.expected_loss if posterior else None
        for name in ("difference", "low", "high", "decides", "p_value", "p_adjusted"):
            row[name] = getattr(found, name) if found else None
        lift = found.lift if found else None
        for name in ("value", "low", "high"):
            row["lift" if name == "value" else f"lift_{name}"] = (
                getattr(lift, name) if lift else None
            )
        for name, test in (("p_z", "z_test"), ("p_fisher", "fisher_exact"), ("p_welch", "welch")):
            tested = getattr(found, test) if found else None
            row[name] = tested.p_value if tested else None
        row["is_significant"] = found.is_significant if found else None
        rows.append(row)
    return rows
