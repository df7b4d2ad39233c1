"""A chance that never falls as a number grows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def never_falling(hits: NDArray[np.int64], trials: NDArray[np.int64]) -> NDArray[np.float64]:
    """The nearest chances that never fall from one group to the next: neighbours are pooled.

    Args:
        hits: To how many of each group it happened, groups in order.
        trials: Their sizes; a group without anybody takes the chance of the one before it.

    Returns:
        A chance for each group, in [0, 1]. Without a trial at all: 0.5 for each.

    Source: M. Ayer et al. (1955), An empirical distribution function for sampling with
    incomplete information, Annals of Mathematical Statistics 26, 641-647.

    >>> never_falling(np.array([1, 0, 3]), np.array([2, 2, 4])).tolist()
    [0.25, 0.25, 0.75]
    """
    pools: list[list[int]] = []
    for hit, trial in zip(hits.tolist(), trials.tolist(), strict=True):
        pools.append([hit, trial, 1])
        while len(pools) > 1 and _falls(pools[-2], pools[-1]):
            last = pools.pop()
            pools[-1] = [one + other for one, other in zip(pools[-1], last, strict=True)]
    known = [hit / trial if trial else 0.5 for hit, trial, _ in pools]
    return np.repeat(np.array(known, np.float64), [groups for _, _, groups in pools])


def _falls(before: list[int], after: list[int]) -> bool:
    if not before[1] or not after[1]:
        return True
    return before[0] * after[1] >= after[0] * before[1]
