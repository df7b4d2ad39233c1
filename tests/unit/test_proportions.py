"""Wilson's interval against published examples and its own defining equation."""

from __future__ import annotations

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ga4_analytics.stats.proportions import wilson

# Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3 (score, no
# continuity correction), 95 %.
NEWCOMBE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("successes", "trials", "low", "high"), NEWCOMBE)
def test_published_examples(successes: int, trials: int, low: float, high: float) -> None:
    found = wilson(successes, trials)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_bounds_are_where_the_score_is_z(counts: tuple[int, int]) -> None:
    successes, trials = counts
    found = wilson(successes, trials)
    assert found is not None
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0
    for bound in (found.low, found.high):
        if 0.0 < bound < 1.0:  # the score test's own statistic, squared
            score = (found.value - bound) ** 2 * trials / (bound * (1 - bound))
            assert isclose(score, 1.959963984540054**2, rel_tol=1e-4)


def test_no_trials_have_no_proportion() -> None:
    assert wilson(0, 0) is None


@pytest.mark.parametrize(
    ("successes", "trials", "confidence"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)]
)
def test_impossible_input_is_refused(successes: int, trials: int, confidence: float) -> None:
    with pytest.raises(ValueError):
        wilson(successes, trials, confidence)
