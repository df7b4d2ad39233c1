"""Wilson's interval for many proportions at once."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def wilson_bounds(
    successes: Counts, trials: Counts, confidence: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """The numbers of `proportions.wilson`, to the last bit, for arrays of counts.

    Args:
        successes: How many succeeded, 0 to ``trials``.
        trials: How many there were; the same shape or one that broadcasts to it.
        confidence: Coverage of the two-sided interval, in (0, 1).

    Returns:
        Shares, lower and upper bounds as fractions; NaN for no trials.

    >>> share, low, high = wilson_bounds(np.array([81, 0]), np.array([263, 0]))
    >>> [round(float(part[0]), 4) for part in (share, low, high)], bool(np.isnan(low[1]))
    ([0.308, 0.2553, 0.3662], True)
    """
    z = NormalDist().inv_cdf((1.0 + confidence) / 2.0)
    n = np.where(trials > 0, trials, 1) + 0 * successes
    share = successes / n
    centre = share + z * z / (2 * n)
    spread = z * np.sqrt(share * (1.0 - share) / n + z * z / (4 * n * n))
    scale = 1.0 + z * z / n
    low = np.where(successes == 0, 0.0, np.minimum(share, (centre - spread) / scale))
    high = np.where(successes == n, 1.0, np.maximum(share, (centre + spread) / scale))
    none = np.broadcast_to(trials == 0, share.shape)
    nan = np.nan
    return np.where(none, nan, share), np.where(none, nan, low), np.where(none, nan, high)
