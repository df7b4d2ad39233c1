"""p-values that hold for several tests at once."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted so that the chance of any false alarm stays below the level.

    Source: S. Holm (1979), A simple sequentially rejective multiple test procedure.

    >>> [round(p, 4) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    return _adjusted(p_values, "holm")


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted so that the expected share of false alarms stays below the level.

    Source: Y. Benjamini and Y. Hochberg (1995), Controlling the false discovery rate.

    >>> [round(p, 4) for p in benjamini_hochberg([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    return _adjusted(p_values, "fdr_bh")


def _adjusted(p_values: Sequence[float], method: str) -> list[float]:
    from statsmodels.stats.multitest import multipletests  # loads slowly

    if not p_values:
        return []
    return [float(p) for p in multipletests(list(p_values), method=method)[1]]
