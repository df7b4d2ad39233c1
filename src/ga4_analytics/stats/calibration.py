"""Whether chances come true: Brier score, log loss, calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.stats.proportions import Proportion, wilson

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_EDGE = 1e-12
_TURNS = 50


@dataclass(frozen=True)
class Bin:
    """Rows with chances of a like size.

    Attributes:
        predicted: Their mean chance.
        observed: To how many of them it happened, with Wilson's interval.
    """

    predicted: float
    observed: Proportion


@dataclass(frozen=True)
class Calibration:
    """How chances compare with what happened.

    Attributes:
        bins: Rows in groups of equal size by their chance, the lowest first; equal chances
            share one.
        error: Mean distance of chance and outcome over the bins, weighted by rows (ECE).
        slope: Of the logistic regression of the outcome on the log odds of the chance: 1 is
            right, below 1 means that chances are too extreme; None where it cannot be told.
        intercept: Of the same regression; 0 is right.
    """

    bins: tuple[Bin, ...]
    error: float
    slope: float | None
    intercept: float | None


def brier(chances: Floats, happened: Bools) -> float:
    """Mean square of chance less outcome; 0 is perfect.

    Source: G. W. Brier (1950), Monthly Weather Review 78, 1-3.

    >>> brier(np.array([0.5, 1.0]), np.array([False, True]))
    0.125
    """
    return float(np.mean((chances - happened) ** 2))


def log_loss(chances: Floats, happened: Bools) -> float:
    """Mean surprise in nats; chances of 0 and 1 are moved inwards by 1e-12.

    >>> round(log_loss(np.array([0.5, 0.5]), np.array([False, True])), 6)
    0.693147
    """
    sure = np.clip(chances, _EDGE, 1 - _EDGE)
    return float(-np.mean(np.where(happened, np.log(sure), np.log1p(-sure))))


def calibration(chances: Floats, happened: Bools, bins: int = 10) -> Calibration:
    """Hold chances against what happened.

    Args:
        chances: In [0, 1]; at least one.
        happened: Whether it happened.
        bins: How many groups of equal size to make.

    Source: A. Niculescu-Mizil and R. Caruana (2005), Predicting good probabilities with
    supervised learning, ICML; D. R. Cox (1958), Two further applications of a model for binary
    regression, Biometrika 45, 562-565.

    >>> found = calibration(np.array([0.2] * 5 + [0.8] * 5), np.arange(10) % 5 < 1)
    >>> len(found.bins), round(found.error, 3)
    (2, 0.3)
    """
    order = np.argsort(chances, kind="stable")
    edges = np.quantile(chances, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf")
    group = np.searchsorted(np.unique(edges), chances[order], side="left")
    starts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    made = []
    for first, end in zip(starts, np.append(starts[1:], len(order)), strict=True):
        rows = order[first:end]
        observed = wilson(int(happened[rows].sum()), len(rows))
        assert observed is not None  # no group is empty
        made.append(Bin(float(chances[rows].mean()), observed))
    error = sum(abs(b.predicted - b.observed.value) * b.observed.trials for b in made)
    slope, intercept = _line(chances, happened)
    return Calibration(tuple(made), error / len(chances), slope, intercept)


def _line(chances: Floats, happened: Bools) -> tuple[float | None, float | None]:
    """Slope and intercept of the outcome on the log odds, by Newton's method."""
    sure = np.clip(chances, 1e-6, 1 - 1e-6)
    odds = np.log(sure / (1 - sure))
    if happened.all() or not happened.any() or np.ptp(odds) < 1e-9:
        return None, None
    design = np.stack([np.ones_like(odds), odds])
    line = np.array([0.0, 1.0])
    for _ in range(_TURNS):
        fitted = 1 / (1 + np.exp(-np.clip(line @ design, -500, 500)))
        weight = np.maximum(fitted * (1 - fitted), 1e-12)
        step = np.linalg.solve((design * weight) @ design.T, design @ (happened - fitted))
        line = line + step
        if np.abs(step).max() < 1e-10:
            return float(line[1]), float(line[0])
    # It runs away where the chances part the outcomes without error.
    return None, None
