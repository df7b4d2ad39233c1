"""The default sample is as the published totals of Google's public sample say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ga4_analytics.sources.synthetic import SampleSpec, Truth, generate, tell_truth
from ga4_analytics.sources.synthetic.calibration import Reference, calibration_table, read_reference

PUBLISHED = Path(__file__).parents[3] / "shared/data/truth"

pytestmark = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason=f"the published totals are not at {PUBLISHED}"
)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return read_reference(PUBLISHED)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return tell_truth(generate(SampleSpec()))


def test_every_metric_is_within_its_limit(truth: Truth, reference: Reference) -> None:
    missed = [row for row in calibration_table(truth, reference) if not row.is_met]
    assert not missed


def test_another_seed_is_within_the_limits_too(reference: Reference) -> None:
    truth = tell_truth(generate(SampleSpec(seed=2026)))
    assert [row for row in calibration_table(truth, reference) if not row.is_met] == []


def test_every_day_has_its_users(truth: Truth, reference: Reference) -> None:
    for day, have in zip(reference.daily, truth.users_by_day, strict=True):
        assert have == pytest.approx(day["users"] * truth.scale, rel=0.05)


def test_limits_can_be_missed(truth: Truth, reference: Reference) -> None:
    wrong = replace(truth, users=int(truth.users * 1.06), events=int(truth.events * 0.97))
    missed = {row.metric for row in calibration_table(wrong, reference) if not row.is_met}
    assert {"users", "events"} <= missed


def test_people_come_from_where_they_should(truth: Truth) -> None:
    share = {name: count / truth.users for name, count in truth.users_by_country.items()}
    assert share["United States"] == pytest.approx(0.44, rel=0.1)
    assert share["India"] == pytest.approx(0.093, rel=0.1)
    assert share["Canada"] == pytest.approx(0.074, rel=0.1)
    sources = list(truth.users_by_source)
    assert sources[:2] == ["google / organic", "(direct) / (none)"]
    assert {"<Other> / <Other>", "(data deleted) / (data deleted)"} <= set(sources)
