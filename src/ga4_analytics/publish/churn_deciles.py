"""Chances to churn in tenths of the users; apart, because who only shows them writes nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.questions.churn import Decile

DECILES = 10


def deciles(chances: NDArray[np.float64]) -> NDArray[np.int64]:
    """The tenth in which each user is, 1 the likeliest; equal chances go by the users' order.

    >>> deciles(np.array([0.1, 0.9, 0.5])).tolist()
    [7, 1, 4]
    """
    place = np.empty(len(chances), np.int64)
    place[np.argsort(-chances, kind="stable")] = np.arange(len(chances))
    return place * DECILES // max(1, len(chances)) + 1


def decile_facts(chances: NDArray[np.float64]) -> tuple[Decile, ...]:
    """What the users of each tenth have; tenths without anybody are left out.

    Args:
        chances: Chance to churn of each user, fractions.
    """
    tenth, found = deciles(chances), []
    for number in range(1, DECILES + 1):
        own = chances[tenth == number]
        if len(own):
            low, mean, high = float(own.min()), float(own.mean()), float(own.max())
            found.append(Decile(number, len(own), low, mean, high))
    return tuple(found)
