"""Intervals for proportions."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist


@dataclass(frozen=True)
class Proportion:
    """A share with its interval.

    Attributes:
        successes: Numerator.
        trials: Denominator, at least 1.
        value: ``successes / trials``, in [0, 1].
        low: Lower bound of the interval, in [0, value].
        high: Upper bound of the interval, in [value, 1].
    """

    successes: int
    trials: int
    value: float
    low: float
    high: float


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Proportion | None:
    """Wilson's score interval for a binomial proportion, without continuity correction.

    Args:
        successes: How many of the trials succeeded, 0 to ``trials``.
        trials: How many there were; 0 has no proportion.
        confidence: Coverage of the two-sided interval, in (0, 1).

    Returns:
        The proportion with its bounds as fractions, or None for no trials.

    Raises:
        ValueError: The counts are not ``0 <= successes <= trials`` or the confidence is not
            in (0, 1).

    Source: E. B. Wilson (1927), Probable inference, the law of succession, and statistical
    inference, JASA 22, 209-212.

    >>> found = wilson(81, 263)
    >>> round(found.value, 4), round(found.low, 4), round(found.high, 4)
    (0.308, 0.2553, 0.3662)
    >>> wilson(0, 0) is None
    True
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is not a proportion.")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"A confidence of {confidence} is not between 0 and 1.")
    if trials == 0:
        return None
    z = NormalDist().inv_cdf((1.0 + confidence) / 2.0)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * sqrt(share * (1.0 - share) / trials + z * z / (4 * trials * trials))
    scale = 1.0 + z * z / trials
    # At 0 and at n successes one bound equals the share exactly; rounding must not cross it.
    low = 0.0 if successes == 0 else min(share, (centre - spread) / scale)
    high = 1.0 if successes == trials else max(share, (centre + spread) / scale)
    return Proportion(successes, trials, share, low, high)
