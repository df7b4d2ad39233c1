"""Two means held against each other, from how many, mean and variance of each arm."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """What a test of means needs of an arm.

    Attributes:
        n: How many units.
        mean: Their mean.
        variance: Their variance with the divisor n - 1 (a proportion's: p (1 - p)).
    """

    n: int
    mean: float
    variance: float

    @classmethod
    def of_values(cls, values: Floats) -> Moments:
        """Those of at least two values, one a unit.

        >>> Moments.of_values(np.array([1.0, 3.0]))
        Moments(n=2, mean=2.0, variance=2.0)
        """
        return cls(len(values), float(values.mean()), float(values.var(ddof=1)))

    @classmethod
    def of_sums(cls, n: int, total: float, squares: float) -> Moments:
        """Those of values of which the sum and the sum of squares are known."""
        return cls(n, total / n, (squares - total * total / n) / (n - 1))

    @classmethod
    def of_proportion(cls, successes: int, trials: int) -> Moments:
        """Those of zeros and ones."""
        share = successes / trials
        return cls(trials, share, share * (1.0 - share))


@dataclass(frozen=True)
class Effect:
    """A difference, absolute or relative, with its test and interval.

    Attributes:
        value: Treatment minus control, or that over the control.
        se: Its standard error.
        df: Degrees of freedom of its t distribution.
        p_value: Two-sided.
        low: Lower bound of the interval.
        high: Upper bound of the interval.
    """

    value: float
    se: float
    df: float
    p_value: float
    low: float
    high: float


def welch(control: Moments, treatment: Moments, confidence: float = 0.95) -> Effect | None:
    """Welch's t-test of the difference of two means.

    Returns:
        The effect, or None where neither arm varies or one has fewer than two units.

    Source: B. L. Welch (1947), The generalization of Student's problem when several different
    population variances are involved, Biometrika 34, 28-35.

    >>> found = welch(Moments(10, 2.33, 4.009), Moments(10, 0.75, 3.2005556))
    >>> round(found.df, 3), round(found.p_value, 5)
    (17.776, 0.07939)
    """
    parts = (treatment.variance / treatment.n, control.variance / control.n)
    return _effect(treatment.mean - control.mean, parts, (treatment, control), confidence)


def relative_lift(control: Moments, treatment: Moments, confidence: float = 0.95) -> Effect | None:
    """The difference over the control's mean, by the delta method.

    Its test asks whether the ratio of means is one and need not agree with `welch`, which asks
    whether the difference is zero.

    Returns:
        The effect, or None where the control's mean is 0 or nothing varies.

    Source: E. C. Fieller's problem by the delta method, as in A. Deng, U. Knoblich and J. Lu
    (2018), Applying the delta method in metric analytics, KDD.

    >>> found = relative_lift(Moments.of_proportion(14, 28), Moments.of_proportion(16, 30))
    >>> round(found.value, 5), round(found.se, 4), round(found.low, 5), round(found.high, 5)
    (0.06667, 0.2717, -0.47767, 0.61101)
    """
    if control.mean == 0:
        return None
    base = abs(control.mean)
    parts = (
        treatment.variance / treatment.n / base**2,
        control.variance / control.n * treatment.mean**2 / base**4,
    )
    # The degrees of freedom are those of the difference, so that both tests use one t.
    plain = (treatment.variance / treatment.n, control.variance / control.n)
    value = (treatment.mean - control.mean) / base
    return _effect(value, parts, (treatment, control), confidence, plain)


def _effect(
    value: float,
    parts: tuple[float, float],
    arms: tuple[Moments, Moments],
    confidence: float,
    plain: tuple[float, float] | None = None,
) -> Effect | None:
    """An effect from the variance that each arm adds to it."""
    from scipy.stats import t

    se = sqrt(sum(parts))
    if se == 0 or not isfinite(se) or min(arm.n for arm in arms) < 2:
        return None
    shares = plain or parts
    df = sum(shares) ** 2 / sum(
        part**2 / (arm.n - 1) for part, arm in zip(shares, arms, strict=True)
    )
    width = float(t.ppf((1.0 + confidence) / 2.0, df)) * se
    p_value = 2.0 * float(t.sf(abs(value) / se, df))
    return Effect(value, se, df, p_value, value - width, value + width)


def linearised(numerators: Floats, denominators: Floats) -> Floats:
    """A ratio of sums as one value a unit, whose mean is the ratio and whose variance is right.

    Units are what was randomised: sessions of one user are not independent.

    Args:
        numerators: One a unit.
        denominators: One a unit; their mean is not 0.

    Source: delta method, as in Deng, Knoblich and Lu (2018).

    >>> linearised(np.array([1.0, 2.0]), np.array([2.0, 2.0])).tolist()
    [0.5, 1.0]
    """
    ratio = numerators.sum() / denominators.sum()
    linear: Floats = ratio + (numerators - ratio * denominators) / denominators.mean()
    return linear


def winsorised(values: Floats, share: float) -> Floats:
    """Values above a quantile set to it.

    Args:
        values: Those of all arms together, so that one bound holds for all.
        share: The quantile, in (0, 1].

    >>> winsorised(np.array([1.0, 2.0, 3.0, 100.0]), 0.75).tolist()
    [1.0, 2.0, 3.0, 3.0]
    """
    bound = np.quantile(values, share, method="lower")
    capped: Floats = np.minimum(values, bound)
    return capped


@dataclass(frozen=True)
class Adjustment:
    """How a covariate from before the exposure was used (CUPED).

    Attributes:
        theta: Slope of the metric on the covariate, over all arms together.
        correlation: Of metric and covariate; the variance falls by its square.
    """

    theta: float
    correlation: float


def cuped(values: Floats, covariate: Floats) -> tuple[Floats, Adjustment]:
    """Take off what a covariate explains; the means' difference stays unbiased.

    Args:
        values: The metric, one a unit, all arms together.
        covariate: Known before the exposure, one a unit; NaN where a unit has none, which
            counts as the mean in every arm.

    Returns:
        The adjusted values and what was done.

    Source: A. Deng, Y. Xu, R. Kohavi and T. Walker (2013), Improving the sensitivity of online
    controlled experiments by utilizing pre-experiment data, WSDM.

    >>> adjusted, how = cuped(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 30.0]))
    >>> adjusted.tolist(), how.theta, round(how.correlation, 6)
    ([2.0, 2.0, 2.0], 0.1, 1.0)
    """
    known = ~np.isnan(covariate)
    mean = covariate[known].mean() if known.any() else 0.0
    centred = np.where(known, covariate - mean, 0.0)
    variance = float(centred @ centred)
    if variance == 0:
        return values, Adjustment(0.0, 0.0)
    offset = values - values.mean()
    covariance = float(offset @ centred)
    spread = float(offset @ offset)
    theta = covariance / variance
    correlation = covariance / sqrt(variance * spread) if spread else 0.0
    return values - theta * centred, Adjustment(theta, correlation)
