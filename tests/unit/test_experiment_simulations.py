"""How often intervals and tests are wrong where the truth is known; seeds are fixed."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np
import pytest

from ga4_analytics.analyses.experiment_tests import level_of
from ga4_analytics.questions.experiment import ExperimentSpec
from ga4_analytics.sources.synthetic.plants.experiment import treated_share
from ga4_analytics.stats.sequential import always_valid, tuning
from ga4_analytics.stats.two_proportions import Counts, lift_bounds, newcombe, z_test

ROUNDS = 2_000
ERROR = sqrt(0.05 * 0.95 / ROUNDS)
"""Monte Carlo standard error of a share that should be 5 or 95 %: 0.5 points."""


@pytest.mark.parametrize("lift", [0.5, 0.0])
def test_the_planted_lift_lies_in_its_interval(lift: float) -> None:
    """Who is treated is drawn given who buys, as the sample's plant does."""
    rng = np.random.default_rng(11)
    users, bought = 4_000, rng.binomial(4_000, 0.1, ROUNDS)
    covered = 0
    for buyers in bought.tolist():
        idle, keen = treated_share(lift, buyers / users)
        yes = int(rng.binomial(buyers, keen))
        no = int(rng.binomial(users - buyers, idle))
        control = Counts(buyers - yes, users - yes - no)
        bounds = lift_bounds(control, Counts(yes, yes + no))
        assert bounds is not None
        covered += bounds[0] <= lift <= bounds[1]
    assert covered / ROUNDS == pytest.approx(0.95, abs=4 * ERROR)


def test_peeking_is_wrong_often_and_the_method_of_every_look_is_not() -> None:
    rng = np.random.default_rng(12)
    looks, step = 20, 100
    rho = tuning(2 * looks * step)
    arms = rng.binomial(step, 0.1, (ROUNDS, 2, looks)).cumsum(axis=2)
    plain = always = last = 0
    for one, other in arms.tolist():
        naive, held = [], []
        for look, (a, b) in enumerate(zip(one, other, strict=True), start=1):
            n = look * step
            control, treatment = Counts(a, n), Counts(b, n)
            naive.append(z_test(control, treatment).p_value or 1.0)
            se = sqrt(sum(each.share * (1.0 - each.share) / n for each in (control, treatment)))
            held.append(always_valid(treatment.share - control.share, se, 2 * n, rho).p_value)
        plain += min(naive) < 0.05
        always += min(held) < 0.05
        last += naive[-1] < 0.05
    assert last / ROUNDS == pytest.approx(0.05, abs=4 * ERROR)
    assert plain / ROUNDS > 0.2
    assert always / ROUNDS < 0.05 + 4 * ERROR


@pytest.mark.parametrize("method", ["pocock", "obrien_fleming"])
def test_a_lift_lies_in_the_intervals_of_all_planned_looks_together(
    method: Literal["pocock", "obrien_fleming"],
) -> None:
    rng = np.random.default_rng(14)
    looks, step, lift = 5, 400, 0.5
    covers = [
        1.0 - level_of(ExperimentSpec(method=method, looks=looks, look=look))
        for look in range(1, looks + 1)
    ]
    arms = rng.binomial(step, [[0.1], [0.1 * (1.0 + lift)]], (ROUNDS, 2, looks)).cumsum(axis=2)
    all_looks = usual = 0
    for one, other in arms.tolist():
        counts = [
            (Counts(a, n), Counts(b, n))
            for a, b, n in zip(one, other, range(step, looks * step + 1, step), strict=True)
        ]
        all_looks += all(_holds(lift, *pair, c) for pair, c in zip(counts, covers, strict=True))
        usual += all(_holds(lift, *pair, 0.95) for pair in counts)
    assert all_looks / ROUNDS == pytest.approx(0.95, abs=4 * ERROR)
    assert usual / ROUNDS < 0.9


def _holds(lift: float, control: Counts, treatment: Counts, confidence: float) -> bool:
    bounds = lift_bounds(control, treatment, confidence)
    return bounds is not None and bounds[0] <= lift <= bounds[1]


def test_the_interval_of_a_lift_agrees_with_that_of_the_difference() -> None:
    rng = np.random.default_rng(13)
    for n, m, p, q in rng.random((ROUNDS, 4)).tolist():
        control = Counts(1 + int(40 * n * p), 1 + int(40 * n))
        treatment = Counts(int(40 * m * q), 1 + int(40 * m))
        bounds = lift_bounds(control, treatment)
        assert bounds is not None and bounds[0] >= -1.0
        low, high = newcombe(control, treatment)
        if min(abs(low), abs(high)) > 1e-9:
            assert (bounds[0] < 0 < bounds[1]) == (low < 0 < high)
