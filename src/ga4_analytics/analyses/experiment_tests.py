"""From what each unit did to a metric's answer: values, tests, intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.questions.experiment import (
    Difference,
    ExperimentSpec,
    MetricAnswer,
    NonInferiority,
    Role,
    VariantValue,
)
from ga4_analytics.questions.experiment_parts import Metric
from ga4_analytics.stats.bayes import beta_binomial
from ga4_analytics.stats.proportions import wilson
from ga4_analytics.stats.sequential import (
    AlwaysValid,
    always_valid,
    obrien_fleming,
    pocock,
    tuning,
)
from ga4_analytics.stats.two_means import (
    Adjustment,
    Effect,
    Moments,
    cuped,
    linearised,
    mean_bounds,
    not_worse,
    relative_lift,
    welch,
    winsorised,
)
from ga4_analytics.stats.two_proportions import (
    Counts,
    boschloo_exact,
    fisher_exact,
    newcombe,
    z_is_good,
    z_test,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """A metric of all units.

    Attributes:
        metric: The metric.
        role: What it is for.
        variant: The variant of each unit.
        mature: Whether each unit was followed long enough.
        above: What is added up of each unit; of proportions 1 or 0.
        below: What stands below in a ratio; else None.
        covariate: What is known from before; NaN where a unit had no event; None: not used.
        margin: Of guardrails.
        capped_at: Amounts above it were set to it.
    """

    metric: Metric
    role: Role
    variant: NDArray[np.int64]
    mature: NDArray[np.bool_]
    above: Floats
    below: Floats | None = None
    covariate: Floats | None = None
    margin: float | None = None
    capped_at: float | None = None

    def among(self, units: NDArray[np.bool_]) -> Measured:
        """The metric of some of the units."""

        def some(values: Floats | None) -> Floats | None:
            return None if values is None else values[units]

        return replace(
            self, variant=self.variant[units], mature=self.mature[units],
            above=self.above[units], below=some(self.below), covariate=some(self.covariate),
        )  # fmt: skip

    def capped(self) -> Measured:
        """Winsorised, where the metric asks for it, over the mature units of all variants."""
        share = self.metric.winsorise
        if share >= 1.0 or not self.mature.any():
            return self
        bound = float(winsorised(self.above[self.mature], share).max())
        covariate = self.covariate
        if covariate is not None and (known := self.mature & ~np.isnan(covariate)).any():
            covariate = np.minimum(covariate, winsorised(covariate[known], share).max())
        above = np.minimum(self.above, bound)
        return replace(self, above=above, covariate=covariate, capped_at=bound)


@dataclass(frozen=True)
class Arm:
    """A variant in a metric.

    Attributes:
        name: Its name.
        n: Units that count.
        immature: Units that do not count yet.
        above: Sum of what stands above.
        below: Sum of what stands below.
        moments: Of a unit's values; None below two units, or where nothing stands below.
        adjusted: The same with the covariate's part taken off.
    """

    name: str
    n: int
    immature: int
    above: float
    below: float
    moments: Moments | None
    adjusted: Moments | None

    @property
    def counts(self) -> Counts:
        """Successes among units, of a proportion."""
        return Counts(int(self.above), self.n)


def level_of(spec: ExperimentSpec) -> float:
    """What p-values are held against at this look.

    >>> level_of(ExperimentSpec()), round(level_of(ExperimentSpec(method="pocock", looks=2)), 4)
    (0.05, 0.0294)
    """
    alpha = round(1.0 - spec.confidence, 12)
    if spec.method not in ("pocock", "obrien_fleming"):
        return alpha
    bounds = (pocock if spec.method == "pocock" else obrien_fleming)(spec.looks, alpha)
    return 2.0 * (1.0 - NormalDist().cdf(bounds[spec.look - 1]))


def answer_of(
    spec: ExperimentSpec, variants: Sequence[str], given: Measured, *, level: float, exact: bool
) -> MetricAnswer:
    """A metric's answer, its p-values not yet corrected.

    Args:
        spec: The question.
        variants: The variants, the control first.
        given: The metric of all units.
        level: What p-values are held against.
        exact: Whether Boschloo's test, which may take half a second, is wanted.
    """
    measured = given.capped()
    arms, adjustment = _arms(variants, measured)
    return MetricAnswer(
        metric=given.metric.name,
        role=given.role,
        kind=given.metric.kind,
        higher_is_better=given.metric.higher_is_better,
        correction="bh" if given.role == "secondary" else "holm",
        capped_at=measured.capped_at,
        values=_values(spec, measured, arms),
        differences=tuple(
            _difference(spec, measured, arms[0], arm, adjustment, level, exact) for arm in arms[1:]
        ),
    )


def _arms(variants: Sequence[str], measured: Measured) -> tuple[list[Arm], Adjustment | None]:
    adjusted, how = None, None
    if measured.covariate is not None and measured.mature.any():
        adjusted = np.array(measured.above)
        adjusted[measured.mature], how = cuped(
            measured.above[measured.mature], measured.covariate[measured.mature]
        )
    found = []
    for place, name in enumerate(variants):
        own = measured.variant == place
        here = own & measured.mature
        n = int(here.sum())
        above = measured.above[here]
        below = None if measured.below is None else measured.below[here]
        found.append(
            Arm(
                name=name,
                n=n,
                immature=int(own.sum()) - n,
                above=float(np.sort(above).sum()),
                below=float(n if below is None else np.sort(below).sum()),
                moments=_moments(measured.metric, above, below),
                adjusted=None if adjusted is None or n < 2 else Moments.of_values(adjusted[here]),
            )
        )
    return found, how


def _moments(metric: Metric, above: Floats, below: Floats | None) -> Moments | None:
    if len(above) < 2 or (below is not None and below.sum() == 0):
        return None
    if metric.is_proportion:
        return Moments.of_proportion(int(above.sum()), len(above))
    return Moments.of_values(above if below is None else linearised(above, below))


def _values(
    spec: ExperimentSpec, measured: Measured, arms: Sequence[Arm]
) -> tuple[VariantValue, ...]:
    posteriors = {}
    if measured.metric.is_proportion and len(arms) > 1 and all(arm.n for arm in arms):
        counts = [(int(arm.above), arm.n) for arm in arms]
        found = beta_binomial(counts, spec.prior, spec.confidence)
        posteriors = {arm.name: one for arm, one in zip(arms, found, strict=True)}
    values = []
    for arm in arms:
        low, high = _bounds(arm, measured.metric.is_proportion, spec.confidence)
        values.append(
            VariantValue(
                variant=arm.name,
                units=arm.n,
                immature=arm.immature,
                numerator=arm.above,
                denominator=arm.below,
                value=arm.above / arm.below if arm.below else None,
                low=low,
                high=high,
                sd=sqrt(arm.moments.variance) if arm.moments else None,
                posterior=posteriors.get(arm.name),
            )
        )
    return tuple(values)


def _bounds(arm: Arm, proportion: bool, confidence: float) -> tuple[float | None, float | None]:
    if proportion:
        found = wilson(int(arm.above), arm.n, confidence)
        return (None, None) if found is None else (found.low, found.high)
    return (None, None) if arm.moments is None else mean_bounds(arm.moments, confidence)


def _difference(
    spec: ExperimentSpec,
    measured: Measured,
    control: Arm,
    arm: Arm,
    adjustment: Adjustment | None,
    level: float,
    exact: bool,
) -> Difference:
    """A variant against the control; where one has no value there is nothing but its name."""
    found = _nothing(arm.name, level)
    if not (control.n and arm.n and control.below and arm.below):
        return found
    if measured.metric.is_proportion:
        found = _of_proportions(spec, found, control, arm, exact)
    elif control.moments is not None and arm.moments is not None:
        found = _of_means(spec, found, control, arm, adjustment)
    found = _at_every_look(spec, found, control, arm)
    return _judged(replace(found, guardrail=_guardrail(spec, measured, control, arm)), measured)


def _nothing(variant: str, level: float) -> Difference:
    return Difference(
        variant=variant, difference=None, low=None, high=None, se=None, lift=None, z_test=None,
        fisher_exact=None, boschloo_exact=None, welch=None, always_valid=None, adjusted=None,
        covariate=None, decides=None, p_value=None, p_adjusted=None, level=level,
        is_significant=False, is_better=None,
    )  # fmt: skip


def _of_proportions(
    spec: ExperimentSpec, found: Difference, control: Arm, arm: Arm, exact: bool
) -> Difference:
    one, other = control.counts, arm.counts
    z, fisher = z_test(one, other), fisher_exact(one, other)
    low, high = newcombe(one, other, spec.confidence)
    tested = z.p_value is not None
    by_z = tested and z_is_good(one, other)
    return replace(
        found,
        difference=other.share - one.share,
        low=low,
        high=high,
        lift=relative_lift(_of_counts(one), _of_counts(other), spec.confidence),
        z_test=z,
        fisher_exact=fisher,
        boschloo_exact=boschloo_exact(one, other) if exact else None,
        decides=("z_test" if by_z else "fisher_exact") if tested else None,
        p_value=(z if by_z else fisher).p_value if tested else None,
    )


def _of_counts(counts: Counts) -> Moments:
    return Moments.of_proportion(counts.successes, counts.trials)


def _of_means(
    spec: ExperimentSpec, found: Difference, control: Arm, arm: Arm, how: Adjustment | None
) -> Difference:
    assert control.moments is not None and arm.moments is not None
    plain = welch(control.moments, arm.moments, spec.confidence)
    adjusted = None
    base, other = control.moments, arm.moments
    if how is not None and control.adjusted is not None and arm.adjusted is not None:
        adjusted = welch(control.adjusted, arm.adjusted, spec.confidence)
        base, other = control.adjusted, arm.adjusted
    decides = adjusted or plain
    return replace(
        found,
        difference=decides.value if decides else other.mean - base.mean,
        low=decides.low if decides else None,
        high=decides.high if decides else None,
        lift=relative_lift(base, other, spec.confidence),
        welch=plain,
        adjusted=adjusted,
        covariate=how,
        decides="welch" if decides else None,
        p_value=decides.p_value if decides else None,
    )


def _at_every_look(spec: ExperimentSpec, found: Difference, control: Arm, arm: Arm) -> Difference:
    """Add the test of every look, and let it decide where the question says so."""
    se = _standard_error(found, control, arm)
    if found.difference is None or not se or not isfinite(se):
        return found
    level = round(1.0 - spec.confidence, 12)
    rho = tuning(spec.planned_units, level)
    always = always_valid(found.difference, se, control.n + arm.n, rho, level)
    if found.z_test is not None:
        low, high = max(-1.0, always.low), min(1.0, always.high)
        always = AlwaysValid(always.p_value, low, high)
    found = replace(found, se=se, always_valid=always)
    if spec.method != "always_valid" or found.decides is None:
        return found
    return replace(
        found, decides="always_valid", p_value=always.p_value, low=always.low, high=always.high
    )


def _standard_error(found: Difference, control: Arm, arm: Arm) -> float | None:
    if found.z_test is not None:
        each = (control.counts, arm.counts)
        return sqrt(sum(one.share * (1.0 - one.share) / one.trials for one in each))
    effect: Effect | None = found.adjusted or found.welch
    return effect.se if effect else None


def _guardrail(
    spec: ExperimentSpec, measured: Measured, control: Arm, arm: Arm
) -> NonInferiority | None:
    if measured.margin is None:
        return None
    base, other = control.adjusted or control.moments, arm.adjusted or arm.moments
    if base is None or other is None:
        return None
    better = measured.metric.higher_is_better
    found = not_worse(base, other, measured.margin, spec.confidence, higher_is_better=better)
    if found is None:
        return None
    holds = found.p_value < round(1.0 - spec.confidence, 12)
    return NonInferiority(measured.margin, found.p_value, found.worst, holds)


def _judged(found: Difference, measured: Measured) -> Difference:
    if not found.difference:
        return found
    return replace(found, is_better=(found.difference > 0) == measured.metric.higher_is_better)
