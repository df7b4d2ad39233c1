"""How long until something happens, where not everybody was watched to the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Survival:
    """A Kaplan-Meier curve: the share to whom it has not happened yet.

    Attributes:
        times: Distinct times at which it happened, ascending.
        at_risk: How many were still watched just before each.
        events: To how many it happened at each.
        survival: The share to whom it has not happened after each, in [0, 1].
    """

    times: NDArray[np.int64]
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]
    survival: NDArray[np.float64]

    def quantile(self, share: float) -> int | None:
        """The first time by which it has happened to a share of all.

        Args:
            share: In (0, 1]; 0.5 gives the median.

        Returns:
            The time, or None where the curve does not come down so far.
        """
        # A share of whole persons, as 1 - 0.9, must not miss a step by its last bit.
        reached = np.flatnonzero(self.survival <= 1.0 - share + 1e-12)
        return int(self.times[reached[0]]) if len(reached) else None

    def interval(self, time: int, confidence: float = 0.95) -> tuple[float, float] | None:
        """Bounds of the survival at a time: Greenwood's variance on the log-log scale.

        Args:
            time: When.
            confidence: Coverage, in (0, 1).

        Returns:
            Lower and upper bound, or None where nothing has happened yet or all is over.
        """
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        if place < 0 or not 0.0 < self.survival[place] < 1.0:
            return None
        risk, hit = self.at_risk[: place + 1], self.events[: place + 1]
        spread = sqrt(float(np.sum(hit / (risk * (risk - hit)))))
        share = float(self.survival[place])
        z = NormalDist().inv_cdf((1.0 + confidence) / 2.0) * spread / log(share)
        centre = log(-log(share))
        return exp(-exp(centre - z)), exp(-exp(centre + z))


def stays_above(
    share: float,
    happened: NDArray[np.int64],
    lost: Sequence[NDArray[np.int64]],
    beyond: int = 0,
) -> bool:
    """Whether it is plain without the curve that it happens to less than a share of all.

    Each event takes at most one of those who are at risk at the last one.

    Args:
        share: In (0, 1].
        happened: See `kaplan_meier`.
        lost: The same times in any number of arrays, of which as few are looked at as will do.
        beyond: See `kaplan_meier`.

    >>> stays_above(0.5, np.array([1, 2]), [np.array([1]), np.array([2, 9])], beyond=3)
    True
    >>> stays_above(0.5, np.array([1, 2]), [np.array([1])], beyond=3)
    False
    """
    at_risk = beyond
    latest = happened.max(initial=0)
    for times in (happened[:0], *lost):
        at_risk += int(np.count_nonzero(times >= latest))
        if len(happened) < (share - 1e-9) * at_risk:
            return True
    return len(happened) == 0


def kaplan_meier(happened: NDArray[np.int64], lost: NDArray[np.int64], beyond: int = 0) -> Survival:
    """The Kaplan-Meier estimate.

    Args:
        happened: Times at which it happened, one a person, in any order.
        lost: Times after which others were not watched any more; somebody lost at the time of
            an event still counts as at risk then.
        beyond: How many more were watched past all of these times.

    Returns:
        The curve.

    Source: E. L. Kaplan and P. Meier (1958), Nonparametric estimation from incomplete
    observations, JASA 53, 457-481.

    >>> curve = kaplan_meier(np.array([1, 2, 2]), np.array([2]), beyond=1)
    >>> curve.at_risk.tolist(), [round(share, 3) for share in curve.survival.tolist()]
    ([5, 4], [0.8, 0.4])
    >>> curve.quantile(0.5), curve.quantile(0.9) is None
    (2, True)
    """
    times, events = np.unique(np.asarray(happened, np.int64), return_counts=True)
    gone = np.concatenate([[0], np.cumsum(events)[:-1]])[: len(times)]
    # Most are lost after it happened to anybody, and change nothing. The others are sorted first:
    # to look up each of many took five times as long.
    soon = lost[lost < times[-1]] if len(times) else lost[:0]
    lost_before = np.searchsorted(np.sort(soon), times, side="left")
    total = len(happened) + len(lost) + beyond
    at_risk = (total - gone - lost_before).astype(np.int64)
    survival = np.cumprod((at_risk - events) / at_risk, dtype=np.float64)
    return Survival(times, at_risk, events.astype(np.int64), survival)
