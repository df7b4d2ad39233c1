"""The best possible chances of the plant, held against members drawn by its own rules."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from ga4_analytics.sources.synthetic.plants.churn import AGAIN, weeks_until
from ga4_analytics.sources.synthetic.plants.churn_best import chance_of_week, chance_to_churn

GAP, HORIZON, CUTOFF = 3, 14, 40


def members(count: int, hazard: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Day of joining of members, and whether each of 70 days after it is active."""
    dice = np.random.default_rng(seed)
    u = dice.random((count, 10, 7))
    active = (u < AGAIN) | (u == u.min(axis=2, keepdims=True))
    active[:, 0, 0] = True
    weeks = weeks_until(np.full(count, hazard), dice.random((count, 10)))
    active &= np.arange(10)[None, :, None] < weeks[:, None, None]
    return dice.integers(0, 39, count), active.reshape(count, 70)


@pytest.mark.parametrize("hazard", [0.08, 0.4])
def test_chances_come_true_among_members_of_the_plant(hazard: float) -> None:
    chances, churned = [], []
    for joined, days in zip(*members(6000, hazard, 3), strict=True):
        seen = [int(joined + day) for day in np.flatnonzero(days) if joined + day < CUTOFF]
        later = joined + np.flatnonzero(days)
        gone = not ((later >= CUTOFF + GAP) & (later < CUTOFF + GAP + HORIZON)).any()
        chances.append(chance_to_churn(seen, CUTOFF, GAP, HORIZON, hazard))
        churned.append(gone)
    told, happened = np.array(chances), np.array(churned)
    assert ((told >= 0) & (told <= 1)).all()
    # Who was silent for a whole week has left, surely.
    assert happened[told == 1.0].all()
    for low, high in ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.999)):
        there = (told >= low) & (told < high)
        if there.sum() > 60:
            spread = np.sqrt((told[there] * (1 - told[there])).sum()) / there.sum()
            assert abs(happened[there].mean() - told[there].mean()) < 4 * spread, (low, high)


def test_the_chances_of_all_patterns_of_a_week_add_up() -> None:
    """Each of the 128 patterns of seven days, and of some days with the rest free."""
    whole = sum(
        chance_of_week(sum(pattern), 7 - sum(pattern))
        for pattern in product((0, 1), repeat=7)
        if any(pattern)
    )
    assert whole == pytest.approx(1.0)
    for known in range(7):
        some = sum(
            chance_of_week(sum(pattern), known - sum(pattern))
            for pattern in product((0, 1), repeat=known)
        )
        assert some == pytest.approx(1.0)


def test_longer_silence_never_lowers_the_chance() -> None:
    # Joined on day 0: weeks of membership begin on days 7, 14, 21, 28.
    chances = [chance_to_churn([0, 8, 15, 22, 22 + n], 36, GAP, HORIZON, 0.2) for n in range(13)]
    assert (np.diff(chances) <= 1e-12).all()
    assert chances[0] == 1.0
