"""Metrics of scores, held against scikit-learn and statsmodels, which they do not use."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression

from ga4_analytics.stats.calibration import brier, calibration, log_loss
from ga4_analytics.stats.isotonic import never_falling
from ga4_analytics.stats.ranking import (
    at_share,
    average_precision,
    precision_recall,
    ranked,
    roc_auc,
)

ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]), st.booleans(), st.integers(0, 3)),
    min_size=2,
    max_size=40,
)
Given = list[tuple[float, bool, int]]


def arrays(rows: Given) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scores, hits, weights = zip(*rows, strict=True)
    return np.array(scores), np.array(hits), np.array(weights, float)


@settings(max_examples=300)
@given(ROWS)
def test_areas_are_those_of_scikit_learn(rows: Given) -> None:
    scores, hits, weights = arrays(rows)
    given_ = ranked(scores)
    above, below = weights[hits].sum(), weights[~hits].sum()
    found = average_precision(given_, hits, weights)
    if above == 0:
        assert found is None
        assert roc_auc(given_, hits, weights) is None
        return
    kept = weights > 0
    expected = metrics.average_precision_score(hits[kept], scores[kept],
                                               sample_weight=weights[kept])  # fmt: skip
    assert found == pytest.approx(expected, abs=1e-12)
    if below == 0:
        assert roc_auc(given_, hits, weights) is None
        return
    expected = metrics.roc_auc_score(hits[kept], scores[kept], sample_weight=weights[kept])
    assert roc_auc(given_, hits, weights) == pytest.approx(expected, abs=1e-12)


@given(ROWS)
def test_weights_are_rows_written_several_times(rows: Given) -> None:
    scores, hits, weights = arrays(rows)
    again = weights.astype(int)
    whole = ranked(np.repeat(scores, again)), np.repeat(hits, again), np.ones(again.sum())
    assert average_precision(ranked(scores), hits, weights) == pytest.approx(
        average_precision(*whole), abs=1e-12
    )


@given(ROWS, st.sampled_from([0.05, 0.1, 1 / 3, 0.5, 1.0]))
def test_the_top_share_is_the_mean_over_all_ways_to_break_ties(rows: Given, share: float) -> None:
    scores, hits, _ = arrays(rows)
    found = at_share(ranked(scores), hits, share)
    assert found.rows == int(np.ceil(round(share * len(rows), 9)))
    dice = np.random.default_rng(3)
    drawn = []
    for _ in range(200):
        order = np.lexsort((dice.random(len(rows)), -scores))[: found.rows]
        drawn.append(hits[order].sum())
    assert found.hits == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / 14 + 1e-9)
    if share == 1.0 and hits.any():
        assert (found.recall, found.lift) == (1.0, pytest.approx(1.0))


def test_the_curve_is_that_of_scikit_learn_and_short() -> None:
    dice = np.random.default_rng(1)
    scores, hits = dice.random(5000).round(3), dice.random(5000) < 0.2
    precise, recall, _ = metrics.precision_recall_curve(hits, scores)
    known = {(round(float(r), 9), round(float(p), 9)) for p, r in zip(precise, recall, strict=True)}
    curve = precision_recall(ranked(scores), hits)
    assert len(curve) <= 101
    assert curve[-1][0] == 1.0
    assert {(round(r, 9), round(p, 9)) for r, p in curve} <= known


def test_errors_of_chances_are_those_of_scikit_learn() -> None:
    dice = np.random.default_rng(2)
    chances = dice.random(400)
    happened = dice.random(400) < chances
    assert brier(chances, happened) == pytest.approx(metrics.brier_score_loss(happened, chances))
    assert log_loss(chances, happened) == pytest.approx(metrics.log_loss(happened, chances))


def test_slope_and_intercept_are_those_of_statsmodels() -> None:
    dice = np.random.default_rng(3)
    odds = dice.normal(0, 2, 900)
    happened = dice.random(900) < 1 / (1 + np.exp(-(0.5 * odds + 0.3)))
    found = calibration(1 / (1 + np.exp(-odds)), happened)
    fitted = sm.Logit(happened.astype(float), sm.add_constant(odds)).fit(disp=0)
    assert (found.intercept, found.slope) == pytest.approx(tuple(fitted.params), abs=1e-4)
    assert sum(each.observed.trials for each in found.bins) == 900
    assert len(found.bins) == 10


def test_calibration_cannot_be_told_without_both_outcomes_or_with_one_chance() -> None:
    chances = np.linspace(0.1, 0.9, 20)
    assert calibration(chances, np.ones(20, bool)).slope is None
    assert calibration(np.full(20, 0.3), np.arange(20) < 5).slope is None
    # Chances that part the outcomes without error have no finite slope.
    assert calibration(chances, chances > 0.5).slope is None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=1, max_size=20))
def test_chances_never_fall_as_in_scikit_learn(groups: list[tuple[int, int]]) -> None:
    hits = np.array([min(h, t) for h, t in groups])
    trials = np.array([t for _, t in groups])
    expected = IsotonicRegression().fit_transform(
        np.arange(len(hits)), hits / trials, sample_weight=trials
    )
    assert never_falling(hits, trials) == pytest.approx(expected, abs=1e-9)


def test_days_on_which_nobody_was_last_seen_take_a_neighbours_chance() -> None:
    found = never_falling(np.array([0, 1, 0, 2]), np.array([0, 4, 0, 4]))
    assert found.tolist() == [0.25, 0.25, 0.25, 0.5]
    assert never_falling(np.zeros(2, int), np.zeros(2, int)).tolist() == [0.5, 0.5]
