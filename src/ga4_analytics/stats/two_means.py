"""Two means held against each other, from how many, mean and variance of each arm."""

from __future__ import annotations

from collections.abc import Sequence
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


def mean_bounds(moments: Moments, confidence: float = 0.95) -> tuple[float, float]:
    """Student's interval of one mean.

    Args:
        moments: Of two units or more.
        confidence: Coverage, in (0, 1).

    >>> [round(bound, 4) for bound in mean_bounds(Moments(10, 2.33, 4.009))]
    [0.8977, 3.7623]
    """
    from scipy.stats import t

    width = float(t.ppf((1.0 + confidence) / 2.0, moments.n - 1))
    width *= sqrt(moments.variance / moments.n)
    return moments.mean - width, moments.mean + width


@dataclass(frozen=True)
class NotWorse:
    """A test that a mean is not below a part of another, and what part is still possible.

    Attributes:
        p_value: One-sided, of the treatment being worse by the margin or more.
        worst: One-sided bound of the relative change; None where nothing bounds it. The
            p-value is below one minus the confidence exactly where the bound is within the
            margin.
    """

    p_value: float
    worst: float | None


def not_worse(
    control: Moments,
    treatment: Moments,
    margin: float,
    confidence: float = 0.95,
    *,
    higher_is_better: bool = True,
) -> NotWorse | None:
    """Test whether a treatment is not worse than the control by a relative margin.

    Args:
        control: Of the control; its mean is above 0, else there is no relative margin.
        treatment: Of the treatment.
        margin: Relative change for the worse, in [0, 1).
        confidence: One minus the one-sided level.
        higher_is_better: Whether below is worse; else above is.

    Returns:
        The test, or None where the control's mean is not above 0 or nothing varies.

    Source: E. C. Fieller (1954), Some problems in interval estimation, JRSS B 16, 175-185;
    degrees of freedom are Welch's.

    >>> a, b = Moments(1000, 10.0, 25.0), Moments(1000, 9.9, 25.0)
    >>> found = not_worse(a, b, 0.05)
    >>> f"{found.p_value:.4f}", round(found.worst, 4)
    ('0.0334', -0.046)
    """
    from scipy.stats import t

    plain = welch(control, treatment)
    if plain is None or control.mean <= 0:
        return None
    sign = 1.0 if higher_is_better else -1.0
    part = 1.0 - sign * margin
    above, below = treatment.variance / treatment.n, control.variance / control.n
    z = sign * (treatment.mean - part * control.mean) / sqrt(above + part * part * below)
    q = float(t.ppf(confidence, plain.df))
    # The part f of the control at which z would be q: a root of a f^2 - 2 b f + c.
    a = control.mean**2 - q * q * below
    b = treatment.mean * control.mean
    c = treatment.mean**2 - q * q * above
    inside = b * b - a * c
    worst = (b - sign * sqrt(inside)) / a - 1.0 if a > 0 and inside >= 0 else None
    return NotWorse(float(t.sf(z, plain.df)), worst)


def same_effect(effects: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Cochran's Q: whether effects in several groups could be one.

    Args:
        effects: The estimate and standard error of two groups or more.

    Returns:
        Q, and its p-value from the chi-square distribution.

    Source: W. G. Cochran (1954), The combination of estimates from different experiments,
    Biometrics 10, 101-129.

    >>> statistic, p_value = same_effect([(1.0, 0.5), (3.0, 0.5)])
    >>> round(statistic, 6), round(p_value, 6)
    (8.0, 0.004678)
    """
    from scipy.stats import chi2

    weights = np.array([1.0 / se**2 for _, se in effects])
    values = np.array([value for value, _ in effects])
    middle = float(weights @ values) / float(weights.sum())
    statistic = float(weights @ (values - middle) ** 2)
    return statistic, float(chi2.sf(statistic, len(effects) - 1))


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
