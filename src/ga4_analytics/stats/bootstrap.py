"""Bootstrap over users, from how many users are alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


def ratio_interval(
    numerators: Counts,
    denominators: Counts,
    users: Counts,
    resamples: int,
    rng: np.random.Generator,
    confidence: float = 0.95,
) -> tuple[float, float] | None:
    """The percentile interval of a ratio of sums when users are drawn again with replacement.

    Drawing users again leaves each kind of user with a multinomial count, so the kinds are
    drawn and not the users: the same distribution, at a cost that users do not add to. A user
    with several entries is drawn with all of them, which Wilson's interval cannot know of.

    Args:
        numerators: What a user of each kind adds above the line.
        denominators: What they add below it.
        users: How many users of each kind there are.
        resamples: How often they are drawn.
        rng: Where chance comes from.
        confidence: Coverage of the two-sided interval, in (0, 1).

    Returns:
        Lower and upper bound, or None where a draw can have nothing below the line at all
        because no user has.

    Source: B. Efron (1979), Bootstrap methods: another look at the jackknife, Annals of
    Statistics 7, 1-26.

    >>> rng = np.random.default_rng(1)
    >>> kinds = np.array([0, 1]), np.array([1, 1]), np.array([182, 81])
    >>> low, high = ratio_interval(*kinds, 2000, rng)
    >>> 0.24 < low < 0.27 and 0.35 < high < 0.38
    True
    """
    total = int(users.sum())
    if total == 0 or not (users * denominators).any():
        return None
    drawn = rng.multinomial(total, users / total, size=resamples)
    above, below = drawn @ numerators, drawn @ denominators
    ratios = above[below > 0] / below[below > 0]
    if not len(ratios):
        return None
    low, high = np.quantile(ratios, [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0])
    return float(low), float(high)
