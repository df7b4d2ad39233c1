"""Sample-ratio mismatch: whether units fell into the arms as they should have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, log

THRESHOLD = 0.001
"""Below this p-value a mismatch withholds the verdict; the usual choice of the practice."""


@dataclass(frozen=True)
class SampleRatio:
    """A test of the split.

    Attributes:
        expected: Units that each arm should have had.
        chi_square: The statistic.
        p_value: Of the chi-square test, for one look at the end.
        sequential_p_value: Valid at every look.
        is_mismatch: Whether the p-value is below `THRESHOLD`.
    """

    expected: tuple[float, ...]
    chi_square: float
    p_value: float
    sequential_p_value: float
    is_mismatch: bool


def sample_ratio(units: Sequence[int], weights: Sequence[float]) -> SampleRatio:
    """Test whether units split as the weights say.

    Args:
        units: How many each arm has, at least one in all.
        weights: What the split should be, up to a factor; all positive.

    Source: chi-square goodness of fit; the sequential one M. Lindon and A. Malek (2020),
    Anytime-valid inference for multinomial count data, arXiv 2011.03567.

    >>> found = sample_ratio([600, 400], [1, 1])
    >>> found.chi_square, f"{found.p_value:.3g}", found.is_mismatch
    (40.0, '2.54e-10', True)
    """
    from scipy.stats import chi2

    total = sum(units)
    expected = tuple(total * weight / sum(weights) for weight in weights)
    statistic = sum((n - e) ** 2 / e for n, e in zip(units, expected, strict=True))
    p_value = float(chi2.sf(statistic, len(units) - 1))
    shares = [weight / sum(weights) for weight in weights]
    always = sequential_p(units, shares)
    return SampleRatio(expected, statistic, p_value, always, p_value < THRESHOLD)


def sequential_p(units: Sequence[int], shares: Sequence[float], strength: float = 100.0) -> float:
    """A p-value of the split that may be looked at after every unit.

    Args:
        units: How many each arm has.
        shares: The share each should have; they add up to 1.
        strength: Weight of the prior on those shares, in units.

    >>> f"{sequential_p([600, 400], [0.5, 0.5]):.1e}", f"{sequential_p([600, 400], [0.5, 0.5], 2):.1e}"
    ('3.7e-08', '4.6e-08')
    """  # noqa: E501
    logs = lgamma(strength) - lgamma(strength + sum(units))
    for n, share in zip(units, shares, strict=True):
        logs += lgamma(strength * share + n) - lgamma(strength * share) - n * log(share)
    return min(1.0, exp(min(0.0, -logs)))
