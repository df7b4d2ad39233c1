"""Intervals for means and ratios of amounts that come user by user."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mean:
    """A total over a count, with its interval.

    Attributes:
        total: Numerator.
        count: Denominator, at least 1.
        value: ``total / count``.
        low: Lower bound of the interval; None where fewer than two users leave it open.
        high: Upper bound of the interval; None as ``low``.
    """

    total: float
    count: int
    value: float
    low: float | None
    high: float | None


def ratio_of_sums(
    amounts: NDArray[np.float64],
    counts: NDArray[np.float64],
    zeros: int = 0,
    confidence: float = 0.95,
) -> Mean | None:
    """The sum of amounts over the sum of counts, users being what varies.

    With all counts 1 it is the mean and its usual normal interval; else the interval is that
    of a ratio by the delta method, which lets the orders of one user hang together. The order
    of users does not change a digit.

    Args:
        amounts: One a user.
        counts: One a user: 1, or the user's orders.
        zeros: Users more, with an amount of 0 and a count of 1.
        confidence: Coverage of the two-sided interval, in (0, 1).

    Returns:
        The ratio, or None where the counts add up to 0.

    Source: W. G. Cochran (1977), Sampling Techniques, 3rd edition, equation 6.9, without the
    correction for a finite population.

    >>> found = ratio_of_sums(np.array([10.0, 20.0]), np.ones(2), zeros=2)
    >>> found.value, round(found.low, 3), round(found.high, 3)
    (7.5, -1.883, 16.883)
    """
    users = len(amounts) + zeros
    count = int(counts.sum()) + zeros
    if count == 0:
        return None
    total = float(np.sort(amounts).sum())
    value = total / count
    if users < 2:
        return Mean(total, count, value, None, None)
    squares = float(np.sort((amounts - value * counts) ** 2).sum()) + zeros * value * value
    z = NormalDist().inv_cdf((1.0 + confidence) / 2.0)
    spread = z * sqrt(users * squares / (users - 1)) / count
    return Mean(total, count, value, value - spread, value + spread)
