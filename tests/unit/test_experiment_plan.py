"""Plans from past data: the past by hand, the A/A check by a second way."""

from __future__ import annotations

import numpy as np
import pytest
from logs import DAY, HOUR, START, Event, index_of
from scipy.stats import ttest_ind
from statsmodels.stats.proportion import proportions_ztest

from ga4_analytics.analyses.experiment_plan import answer
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.build_experiment import plan
from ga4_analytics.questions.experiment_plan import ExperimentPlanResult
from ga4_analytics.render.answer import Answer

USERS = 300


def past() -> Index:
    """300 users in 10 days: every fourth buys, for n dollars; every tenth buys twice."""
    events = []
    for n in range(USERS):
        user, time = f"u{n:03}", START + (n % 10) * DAY + n
        events.append(Event(user, "A", time))
        for again in range((n % 4 == 0) * (1 + (n % 10 == 0))):
            columns = {"transaction_id": f"{n}/{again}", "revenue_usd": n * 1_000_000}
            events.append(Event(user, "purchase", time + HOUR + again, columns=columns))
    return index_of(events)


def asked(metric: str, **given: object) -> ExperimentPlanResult:
    return answer(past(), plan(metric, exposure="A", **given))  # type: ignore[arg-type]


def splits(seed: int, count: int) -> list[np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """The random halves, drawn once more."""
    generator = np.random.default_rng(seed)
    drawn = [np.frombuffer(generator.bytes(USERS // 8 + 1), np.uint8) for _ in range(count)]
    return [np.unpackbits(each)[:USERS].astype(bool) for each in drawn]


def test_the_past_is_counted() -> None:
    found = asked("purchase", lift=0.2)
    assert (found.exposed, found.measured, found.days) == (USERS, USERS, 10)
    assert found.baseline == 0.25 and found.units_per_day == 30.0 and found.sd is None
    assert found.plan is not None and found.plan.units is not None
    # Fleiss' formula by hand: p 0.25 against 0.3.
    z_a, z_b, middle = 1.959964, 0.841621, 0.275
    root = z_a * (2 * middle * (1 - middle)) ** 0.5 + z_b * (0.25 * 0.75 + 0.3 * 0.7) ** 0.5
    assert found.plan.units == pytest.approx((root / 0.05) ** 2, abs=1)
    assert found.plan.days == 7 * -(-found.plan.units_in_all // 210)  # type: ignore[operator]
    assert "find a relative change of +0.2" in found.verdict


def test_without_a_wish_it_tells_what_two_weeks_find() -> None:
    found = asked("purchase", splits=0)
    assert found.plan is not None and found.plan.units == 210 and found.same is None


def test_a_window_leaves_out_who_is_not_followed_yet() -> None:
    assert asked("purchase", window="3d", splits=0).measured == 210


def test_false_alarms_are_those_of_a_second_way() -> None:
    bought = np.array([n % 4 == 0 for n in range(USERS)], float)
    paid = np.array([n * (n % 4 == 0) * (1 + (n % 10 == 0)) for n in range(USERS)], float)
    orders = bought * np.array([1 + (n % 10 == 0) for n in range(USERS)])
    wanted: dict[str, list[float]] = {"purchase": [], "mean:revenue": [], "ratio": []}
    for half in splits(7, 60):
        sizes = [half.sum(), (~half).sum()]
        counts = [bought[half].sum(), bought[~half].sum()]
        wanted["purchase"].append(proportions_ztest(counts, sizes)[1])
        wanted["mean:revenue"].append(ttest_ind(paid[half], paid[~half], equal_var=False).pvalue)
        lines = []
        for arm in (half, ~half):
            ratio = paid[arm].sum() / orders[arm].sum()
            lines.append(ratio + (paid[arm] - ratio * orders[arm]) / orders[arm].mean())
        wanted["ratio"].append(ttest_ind(*lines, equal_var=False).pvalue)
    for metric, p_values in wanted.items():
        name = "ratio:revenue / orders" if metric == "ratio" else metric
        same = asked(name, splits=60, seed=7, confidence=0.8).same
        assert same is not None and same.splits == 60
        assert same.rejected == sum(p < 0.2 for p in p_values), metric


def test_a_ratio_has_the_spread_of_its_linearised_values() -> None:
    found = asked("ratio:revenue / orders", splits=0)
    paid = [n * (n % 4 == 0) * (1 + (n % 10 == 0)) for n in range(USERS)]
    orders = [(n % 4 == 0) * (1 + (n % 10 == 0)) for n in range(USERS)]
    ratio = sum(paid) / sum(orders)
    assert found.baseline == pytest.approx(ratio)
    rest = np.array(paid) - ratio * np.array(orders)
    assert found.sd == pytest.approx(rest.std(ddof=1) / (sum(orders) / USERS))


def test_what_cannot_be_planned_is_said() -> None:
    never = answer(past(), plan("purchase[revenue_usd>1000]", exposure="A", lift=0.1))
    assert never.plan is None and "Nothing can be planned" in never.verdict
    nobody = answer(past(), plan("purchase", exposure="A", lift=0.1, window="52w"))
    assert nobody.measured == 0 and "Not enough data" in nobody.verdict
    for found in (never, nobody):
        Answer(found).plot()
        assert found.records() == [] and str(Answer(found))
    with pytest.raises(QuestionError, match="one of the two"):
        asked("purchase", lift=0.1, units=500)
    with pytest.raises(QuestionError, match="splits"):
        asked("purchase", splits=-1)
