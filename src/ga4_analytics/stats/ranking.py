"""How well a score ranks the few above the many: PR-AUC, ROC-AUC, precision at a share.

Every function takes weights, so that drawing users again (bootstrap) is a change of weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Ranked:
    """Rows in order of a score, the highest first, ties together.

    Attributes:
        order: Places of the rows.
        ends: Place in ``order`` of the last row of each run of equal scores.
        scores: The score of each run, descending.
    """

    order: NDArray[np.int64]
    ends: NDArray[np.int64]
    scores: Floats


def ranked(scores: Floats) -> Ranked:
    """Put rows in order of their score.

    >>> ranked(np.array([0.1, 0.9, 0.1])).ends.tolist()
    [0, 2]
    """
    order = np.argsort(-scores, kind="stable")
    given = scores[order]
    ends = np.flatnonzero(np.append(given[1:] != given[:-1], [True] * min(1, len(given))))
    return Ranked(order, ends, given[ends])


def _sums(rows: Ranked, hits: Bools, weights: Floats) -> tuple[Floats, Floats]:
    """Weight of hits, and of all, from the top down to the end of each run of ties."""
    weight = weights[rows.order]
    return np.cumsum(weight * hits[rows.order])[rows.ends], np.cumsum(weight)[rows.ends]


def average_precision(rows: Ranked, hits: Bools, weights: Floats) -> float | None:
    """Area under the precision-recall curve as a sum of steps, never of trapezoids.

    Args:
        rows: The rows in order of their score.
        hits: Whether each row is one that is looked for.
        weights: How often each row counts.

    Returns:
        In [0, 1]; a score that says nothing has the share of hits. None without a hit.

    Source: scikit-learn, User Guide 3.4.4.9, ``average_precision_score``.

    >>> rows = ranked(np.array([0.1, 0.4, 0.35, 0.8]))
    >>> average_precision(rows, np.array([False, False, True, True]), np.ones(4))
    0.8333333333333333
    """
    above, every = _sums(rows, hits, weights)
    if not len(above) or above[-1] <= 0:
        return None
    steps = np.diff(above, prepend=0.0)
    known = every > 0
    return float(np.sum(steps[known] * above[known] / every[known]) / above[-1])


def roc_auc(rows: Ranked, hits: Bools, weights: Floats) -> float | None:
    """The chance that a hit has a higher score than another row, ties counting half.

    Returns:
        In [0, 1]; None where there is no hit, or nothing else.

    Source: H. B. Mann and D. R. Whitney (1947), Annals of Mathematical Statistics 18, 50-60.

    >>> rows = ranked(np.array([0.1, 0.4, 0.35, 0.8]))
    >>> roc_auc(rows, np.array([False, False, True, True]), np.ones(4))
    0.75
    """
    above, every = _sums(rows, hits, weights)
    if not len(above) or above[-1] <= 0 or every[-1] - above[-1] <= 0:
        return None
    below = every - above
    steps = np.diff(below, prepend=0.0)
    middle = (above + np.append(0.0, above[:-1])) / 2
    return float(np.sum(steps * middle) / (above[-1] * below[-1]))


@dataclass(frozen=True)
class AtShare:
    """What choosing the top share of rows finds.

    Attributes:
        share: The share of rows that is chosen, in (0, 1].
        rows: How many that are, rounded up.
        hits: How many of them are looked for; of equal scores at the edge the expected number.
        precision: Hits of the chosen.
        recall: Of all hits, those that are chosen; None without a hit.
        lift: Precision over the share of hits among all; None without a hit.
    """

    share: float
    rows: int
    hits: float
    precision: float
    recall: float | None
    lift: float | None


def at_share(rows: Ranked, hits: Bools, share: float) -> AtShare:
    """What choosing the top share of rows finds.

    Args:
        rows: The rows in order of their score; at least one.
        hits: Whether each row is one that is looked for.
        share: How many to choose, in (0, 1].

    >>> found = at_share(ranked(np.array([1.0, 1.0, 0.0, 0.0])), np.array([1, 0, 0, 0]) > 0, 0.25)
    >>> found.hits, found.precision, found.lift
    (0.5, 0.5, 2.0)
    """
    above, every = _sums(rows, hits, np.ones(len(hits)))
    chosen = int(np.ceil(round(share * len(hits), 9)))
    run = int(np.searchsorted(every, chosen))
    before = (float(above[run - 1]), float(every[run - 1])) if run else (0.0, 0.0)
    part = (chosen - before[1]) / (float(every[run]) - before[1])
    found = before[0] + part * (float(above[run]) - before[0])
    whole = float(above[-1])
    precision = found / chosen
    return AtShare(
        share,
        chosen,
        found,
        precision,
        found / whole if whole else None,
        precision * len(hits) / whole if whole else None,
    )


def precision_recall(rows: Ranked, hits: Bools, most: int = 100) -> tuple[tuple[float, float], ...]:
    """Points of the precision-recall curve for drawing.

    Args:
        rows: The rows in order of their score.
        hits: Whether each row is one that is looked for; at least one is.
        most: How many points at most, spread over the recall.

    Returns:
        Recall and precision of each.

    >>> precision_recall(ranked(np.array([0.9, 0.1])), np.array([True, False]))
    ((1.0, 1.0), (1.0, 0.5))
    """
    above, every = _sums(rows, hits, np.ones(len(hits)))
    # Before the first hit there is nothing to be precise about.
    every, above = every[above > 0], above[above > 0]
    recall = above / above[-1]
    kept = np.unique(np.searchsorted(recall, np.linspace(recall[0], 1.0, most)))
    kept = np.unique(np.append(kept, len(recall) - 1))
    return tuple((float(recall[n]), float(above[n] / every[n])) for n in kept)
