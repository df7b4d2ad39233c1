"""How many units an experiment needs, and what it can find with those it has."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()


def power_of_proportions(
    base: float, other: float, n: int, ratio: float = 1.0, alpha: float = 0.05
) -> float:
    """The chance that the two-proportion z-test finds a difference.

    Args:
        base: Rate of the control.
        other: Rate of the treatment.
        n: Units of the control.
        ratio: Units of the treatment for each of the control.
        alpha: Two-sided level.

    Source: R's ``power.prop.test``; J. L. Fleiss, B. Levin and M. C. Paik (2003), Statistical
    Methods for Rates and Proportions, 3rd edition, equation 4.14.

    >>> round(power_of_proportions(0.5, 0.75, 50), 7)
    0.7401659
    """
    pooled = (base + ratio * other) / (1.0 + ratio)
    under = sqrt((1.0 + 1.0 / ratio) * pooled * (1.0 - pooled))
    apart = sqrt(base * (1.0 - base) + other * (1.0 - other) / ratio)
    z = _NORMAL.inv_cdf(1.0 - alpha / 2.0)
    if apart == 0:
        return 1.0 if base != other else alpha
    return _NORMAL.cdf((abs(other - base) * sqrt(n) - z * under) / apart)


def power_of_means(
    difference: float, sd: float, n: int, ratio: float = 1.0, alpha: float = 0.05
) -> float:
    """The chance that a test of means finds a difference; the far tail is left out.

    Args:
        difference: Of the means.
        sd: Standard deviation of a unit; of a ratio metric, of its linearised values.
        n: Units of the control.
        ratio: Units of the treatment for each of the control.
        alpha: Two-sided level.

    >>> round(power_of_means(0.25, 1.0, 252), 3)
    0.801
    """
    se = sd * sqrt((1.0 + 1.0 / ratio) / n)
    return _NORMAL.cdf(abs(difference) / se - _NORMAL.inv_cdf(1.0 - alpha / 2.0))


def needed(power: Callable[[int], float], wanted: float) -> int | None:
    """The fewest units of the control with which a power is reached.

    Args:
        power: By units; does not fall.
        wanted: In (0, 1).

    Returns:
        The units, or None where a billion are not enough.

    >>> needed(lambda n: power_of_proportions(0.5, 0.75, n), 0.9)
    77
    """
    high = 2
    while power(high) < wanted:
        high *= 2
        if high > 1_000_000_000:
            return None
    low = 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= wanted else (middle, high)
    return high


def detectable(power: Callable[[float], float], wanted: float, most: float) -> float | None:
    """The smallest effect that is found with a power.

    Args:
        power: By the effect, which is positive; does not fall.
        wanted: In (0, 1).
        most: The largest effect there can be.

    Returns:
        The effect, or None where even the largest is not found so often.

    >>> effect = detectable(lambda d: power_of_means(d, 1.0, 252), 0.8, 10.0)
    >>> round(effect, 4)
    0.2496
    """
    from scipy.optimize import brentq

    if power(most) < wanted:
        return None
    return float(brentq(lambda effect: power(effect) - wanted, most * 1e-12, most, xtol=1e-12))


def rule_of_thumb(sd: float, difference: float) -> int:
    """Sixteen variances over the squared difference: units an arm for 80 % at 5 %.

    Source: R. Kohavi, R. Longbotham, D. Sommerfield and R. M. Henne (2009), Controlled
    experiments on the web, Data Mining and Knowledge Discovery 18, 140-181.

    >>> rule_of_thumb(sqrt(0.05 * 0.95), 0.0025)
    121600
    """
    return ceil(round(16.0 * sd * sd / (difference * difference), 6))
