"""Kaplan-Meier against the published example of Freireich et al. (1963), Blood 21."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ga4_analytics.stats.survival import kaplan_meier, stays_above

# Weeks in remission under 6-mercaptopurine; those lost were still in remission.
RELAPSED = np.array([6, 6, 6, 7, 10, 13, 16, 22, 23])
LOST = np.array([6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])
PLACEBO = np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23])


def test_remission_under_treatment() -> None:
    curve = kaplan_meier(RELAPSED, LOST)
    assert curve.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    published = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert curve.survival.tolist() == pytest.approx(published, abs=5e-4)
    assert curve.quantile(0.5) == 23
    assert curve.quantile(0.75) is None
    assert curve.interval(10) == pytest.approx((0.5032, 0.8894), abs=5e-5)
    assert curve.interval(5) is None


def test_remission_under_placebo() -> None:
    curve = kaplan_meier(PLACEBO, np.zeros(0, np.int64))
    assert curve.quantile(0.5) == 8
    assert curve.survival[-1] == 0


def test_those_watched_beyond_count_like_those_lost_last() -> None:
    early, late = LOST[LOST < 25], LOST[LOST >= 25]
    beyond = kaplan_meier(RELAPSED, early, beyond=len(late))
    assert beyond.survival.tolist() == kaplan_meier(RELAPSED, LOST).survival.tolist()


def test_nobody_gives_an_empty_curve() -> None:
    empty = np.zeros(0, np.int64)
    assert kaplan_meier(empty, empty).quantile(0.5) is None


@given(
    st.lists(st.integers(0, 9), max_size=12),
    st.lists(st.lists(st.integers(0, 12), max_size=30), max_size=4),
    st.integers(0, 40),
    st.sampled_from((0.1, 0.25, 0.5)),
)
def test_what_is_plain_without_the_curve_is_what_the_curve_says(
    happened: list[int], lost: list[list[int]], beyond: int, share: float
) -> None:
    events, parts = np.array(happened, np.int64), [np.array(each, np.int64) for each in lost]
    curve = kaplan_meier(events, np.concatenate([events[:0], *parts]), beyond)
    if stays_above(share, events, parts, beyond):
        assert curve.quantile(share) is None
    elif len(parts) < 2 and not beyond and happened:
        # Few are at risk at the end: it has to be looked at.
        assert len(happened) >= share * sum(time >= max(happened) for each in lost for time in each)
