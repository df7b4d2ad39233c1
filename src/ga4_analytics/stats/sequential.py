"""Looking before the end: always-valid tests, and looks that were planned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_NODES = 160
"""Points of a look's grid; the bounds are exact to five digits with half as many."""


@dataclass(frozen=True)
class AlwaysValid:
    """A test and interval that hold at every look, however often one looks.

    Attributes:
        p_value: In (0, 1].
        low: Lower bound of the interval.
        high: Upper bound of the interval.
    """

    p_value: float
    low: float
    high: float


def tuning(units: int, alpha: float = 0.05) -> float:
    """The tuning parameter that makes the interval narrowest at so many units.

    It must be fixed before the first look.

    Source: I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy and A. Ramdas (2023),
    Time-uniform central limit theory and asymptotic confidence sequences, equation 155.

    >>> round(tuning(1000), 10)
    0.0890850975
    """
    return sqrt((-2.0 * log(alpha) + log(-2.0 * log(alpha) + 1.0)) / units)


def always_valid(
    effect: float, se: float, units: int, rho: float, alpha: float = 0.05
) -> AlwaysValid:
    """The mixture sequential probability ratio test of an effect, and its interval.

    Args:
        effect: The estimate.
        se: Its standard error, positive.
        units: How many units are in it, all arms together.
        rho: See `tuning`.
        alpha: One minus the coverage.

    Source: R. Johari, P. Koomen, L. Pekelis and D. Walsh (2022), Always valid inference:
    continuous monitoring of A/B tests, Operations Research 70; Waudby-Smith et al. (2023),
    equation 9. The p-value at one look is not the least of all looks so far.

    >>> found = always_valid(2.199876900128674, 1.0, 20000, 0.03984006677137368)
    >>> round(found.p_value, 9)
    0.548009382
    """
    r = units * rho * rho
    z = effect / se
    evidence = z * z * r / (2.0 * (1.0 + r)) - log(1.0 + r) / 2.0
    width = se * sqrt(2.0 * (1.0 + r) / r * log(sqrt(1.0 + r) / alpha))
    return AlwaysValid(min(1.0, exp(min(0.0, -evidence))), effect - width, effect + width)


def crossing(bounds: Sequence[float], times: Sequence[float]) -> list[float]:
    """The chance, without an effect, that the z-statistic first leaves its bounds at each look.

    Args:
        bounds: Of the absolute z at each look.
        times: Share of the information that each look has, ascending, the last 1.

    Source: P. Armitage, C. K. McPherson and B. C. Rowe (1969), Repeated significance tests on
    accumulating data, JRSS A 132, 235-244, by Gauss-Legendre quadrature.

    >>> naive = crossing([1.959964] * 5, [0.2, 0.4, 0.6, 0.8, 1.0])
    >>> round(sum(naive), 3)
    0.142
    """
    chances: list[float] = []
    grid, weights, density = np.array([0.0]), np.array([1.0]), np.array([1.0])
    before = 0.0
    nodes, node_weights = _rule()
    for bound, time in zip(bounds, times, strict=True):
        spread = sqrt(time - before)
        edge = bound * sqrt(time)
        mass = weights * density
        upper = _tail((edge - grid) / spread) + _tail((edge + grid) / spread)
        chances.append(float(mass @ upper))
        points = nodes * edge
        steps = (points[:, None] - grid[None, :]) / spread
        density = (np.exp(-0.5 * steps**2) / (sqrt(2 * np.pi) * spread)) @ mass
        grid, weights, before = points, node_weights * edge, time
    return chances


@cache
def _rule() -> tuple[Floats, Floats]:
    """Points and weights of a look's grid on [-1, 1]: an eigenvalue problem, solved once."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights


def _tail(z: Floats) -> Floats:
    from scipy.special import ndtr

    tail: Floats = ndtr(-z)
    return tail


def pocock(looks: int, alpha: float = 0.05) -> list[float]:
    """Pocock's bounds: the same at each of equally spaced looks.

    Source: S. J. Pocock (1977), Group sequential methods in the design and analysis of
    clinical trials, Biometrika 64, 191-199.

    >>> [round(bound, 3) for bound in pocock(2)]
    [2.178, 2.178]
    """
    return _solved(lambda c: [c] * looks, looks, alpha)


def obrien_fleming(looks: int, alpha: float = 0.05) -> list[float]:
    """O'Brien and Fleming's bounds: high at first, close to the usual one at the end.

    Source: P. C. O'Brien and T. R. Fleming (1979), A multiple testing procedure for clinical
    trials, Biometrics 35, 549-556.

    >>> [round(bound, 3) for bound in obrien_fleming(3)]
    [3.471, 2.454, 2.004]
    """
    return _solved(lambda c: [c * sqrt(looks / k) for k in range(1, looks + 1)], looks, alpha)


def _solved(bounds: Callable[[float], list[float]], looks: int, alpha: float) -> list[float]:
    from scipy.optimize import brentq

    times = [k / looks for k in range(1, looks + 1)]
    constant = brentq(lambda c: sum(crossing(bounds(c), times)) - alpha, 1.0, 8.0, xtol=1e-9)
    return bounds(float(constant))


def spending(times: Sequence[float], alpha: float = 0.05) -> list[float]:
    """Bounds for looks at any times, that spend alpha as O'Brien and Fleming would.

    Args:
        times: Share of the information that each look has, ascending, the last at most 1.
        alpha: Two-sided.

    Source: K. K. G. Lan and D. L. DeMets (1983), Discrete sequential boundaries for clinical
    trials, Biometrika 70, 659-663.

    >>> [round(bound, 3) for bound in spending([0.5, 1.0])]
    [2.963, 1.969]
    """
    from scipy.optimize import brentq

    normal = NormalDist()
    found: list[float] = []
    spent = 0.0
    for place, time in enumerate(times):
        # On each side half of alpha, spent as 2 - 2 Phi(z / sqrt(t)).
        budget = 4.0 * (1.0 - normal.cdf(normal.inv_cdf(1.0 - alpha / 4.0) / sqrt(time)))
        part = max(budget - spent, 1e-14)
        looks = list(times[: place + 1])
        found.append(float(brentq(_excess(found, looks, part), 0.5, 9.0, xtol=1e-9)))
        spent = budget
    return found


def _excess(
    known: Sequence[float], times: Sequence[float], part: float
) -> Callable[[float], float]:
    earlier = list(known)
    return lambda bound: crossing([*earlier, bound], times)[-1] - part
