"""p-values that hold for several tests at once.

As statsmodels' ``multipletests``, which collects all garbage of the process at each call.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted so that the chance of any false alarm stays below the level.

    Source: S. Holm (1979), A simple sequentially rejective multiple test procedure.

    >>> [round(p, 4) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    scaled = np.asarray(p_values, float)[order] * np.arange(len(order), 0, -1)
    return _in_place(np.maximum.accumulate(scaled), order)


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted so that the expected share of false alarms stays below the level.

    Source: Y. Benjamini and Y. Hochberg (1995), Controlling the false discovery rate.

    >>> [round(p, 4) for p in benjamini_hochberg([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    order = np.argsort(p_values, kind="stable")
    count = len(order)
    scaled = np.asarray(p_values, float)[order] * count / np.arange(1, count + 1)
    return _in_place(np.minimum.accumulate(scaled[::-1])[::-1], order)


def _in_place(adjusted: Floats, order: NDArray[np.int64]) -> list[float]:
    """Sorted p-values in their own order again, none above 1."""
    found = np.empty(len(order))
    found[order] = np.minimum(adjusted, 1.0)
    return [float(p) for p in found]
