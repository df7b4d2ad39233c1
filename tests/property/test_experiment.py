"""Experiments against their oracle, on hostile small logs."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import Event, index_of, logs
from oracles import experiment as oracle
from property_users import ZONES
from scipy.stats import ttest_ind

from ga4_analytics.analyses.experiment import answer
from ga4_analytics.questions.codec import decode, encode
from ga4_analytics.questions.experiment import ExperimentSpec, MetricAnswer
from ga4_analytics.questions.experiment_parts import (
    Amount,
    Exposure,
    Guardrail,
    ListedUnits,
    Members,
    Metric,
    SimulatedSplit,
    VariantShare,
)
from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.segments import Did

USERS = ("u", "v", "w", "x", "y", None)
NAMES = ("shown", "shown", "purchase", "A", "B")
VARIANTS: list[list[str] | None] = [None, [], ["control"], ["control"], ["Ünï"], ["Ünï"], ["c"],
                                    ["control", "Ünï"], ["c", "c"]]  # fmt: skip


@st.composite
def trials(draw: st.DrawFn) -> list[Event]:
    """Logs with exposures, repeats, ties, null and several variants, events without a time."""
    events = draw(logs(NAMES, users=USERS, most=22))
    usual = {user: draw(st.sampled_from(VARIANTS)) for user in USERS}
    found = []
    for event in events:
        odd = draw(st.integers(0, 9)) == 0
        variant = draw(st.sampled_from(VARIANTS)) if odd else usual[event.user]
        columns = event.columns | {"transaction_id": draw(st.sampled_from([None, "T1", "T2"]))}
        if event.name == "shown":
            columns = columns | {"experiment_variant": variant}
        found.append(replace(event, columns=columns))
    return found


def some(*names: str) -> EventSelector:
    return EventSelector(names)


METRICS = (
    Metric("bought", event=some("purchase")),
    Metric("shown", event=some("shown"), window="1h"),
    Metric("revenue", "mean", of=Amount("revenue"), covariate_days=1),
    Metric("msec", "mean", of=Amount("sum", some("A", "B"), "engagement_msec"), window="30m"),
    Metric("count", "mean", of=Amount("events"), covariate_days=2, covariate=Amount("days")),
    Metric("sessions", "mean", of=Amount("sessions", some("A", "purchase"))),
    Metric("days", "mean", of=Amount("days"), window="2d"),
    Metric("value", "ratio", of=Amount("revenue"), per=Amount("orders")),
    Metric("per A", "ratio", of=Amount("events", some("B")), per=Amount("events", some("A"))),
    Metric("back", "retention", days=(1, 2)),
    Metric("path", "funnel", steps=(some("A"), some("B"), some("purchase"))),
    Metric("twice", "funnel", steps=(some("A", "shown"), some("shown")), window="1d"),
)


@st.composite
def questions(draw: st.DrawFn) -> ExperimentSpec:
    """Questions with any of their options."""
    start = draw(st.one_of(st.none(), st.just(date(2020, 11, 1))))
    listed = ListedUnits((Members("b", ("u", "v", "q")), Members("a", ("w", "v"))))
    chosen = draw(st.sampled_from(["exposure", "exposure", "any", "list", "split"]))
    named: tuple[VariantShare, ...] = ()
    if chosen in ("exposure", "any"):
        shares = (VariantShare("Ünï", 1.0), VariantShare("control", 2.0))
        named = draw(st.sampled_from([(), (), shares]))
    return ExperimentSpec(
        assignment={
            "exposure": Exposure(some("shown")),
            "any": Exposure(),
            "list": listed,
            "split": SimulatedSplit("salt", draw(st.sampled_from([some("shown"), some()]))),
        }[chosen],
        primary=METRICS[:3],
        secondary=METRICS[3:10],
        guardrails=tuple(Guardrail(metric, 0.1) for metric in METRICS[10:]),
        variants=named,
        control="c" if chosen == "exposure" and not named and draw(st.booleans()) else "",
        window=draw(st.sampled_from(["", "", "3h", "1d"])),
        query=Query(
            start=start,
            end=start and start + timedelta(draw(st.integers(0, 3))),
            where=draw(st.sampled_from([None, None, Condition("country", "is_set")])),
            users=draw(st.sampled_from([None, None, Did(some("A", "purchase"))])),
        ),
    )


@settings(max_examples=250, deadline=None)
@given(trials(), questions(), st.sampled_from(ZONES), st.integers(1, 3), st.integers(0, 2))
def test_an_experiment_is_that_of_the_oracle(
    events: list[Event], question: ExperimentSpec, zone: str, split: int, incomplete: int
) -> None:
    for name in (*NAMES, "purchase"):
        if not any(event.name == name and event.user for event in events):
            events = [*events, Event("z", name, 1_604_188_800_000_000 + 5)]
    index = index_of(events, zone, split=split, incomplete=incomplete)
    calendar = index.calendar
    found = answer(index, question)
    assert calendar.first is not None and calendar.last is not None
    start, end = question.query.start or calendar.first, question.query.end or calendar.last
    wanted = oracle.trial(events, question, zone, start, end)
    assert list(found.variants) == wanted.variants
    assert [*found.units] == [
        sum(variant == name for variant, _ in wanted.units.values()) for name in wanted.variants
    ]
    for name in ("in_two_variants", "without_variant", "other_variants", "without_time"):
        assert getattr(found.excluded, name) == getattr(wanted, name), name
    assert found.exposed_before == wanted.before
    metrics = [*question.primary, *question.secondary]
    metrics += [each.metric for each in question.guardrails]
    for metric, got in zip(metrics, found.metrics, strict=True):
        agree(metric, got, wanted, events, question, zone, end, calendar)
    assert decode(ExperimentSpec, encode(question)) == question
    assert found.to_arrow().num_rows == len(metrics) * len(found.variants)


def agree(
    metric: Metric, got: MetricAnswer, wanted: oracle.Trial, events: list[Event],
    question: ExperimentSpec, zone: str, end: date, calendar: Any,
) -> None:  # fmt: skip
    """A metric's values are the oracle's, and its test is scipy's."""
    above: dict[str, list[float]] = {name: [] for name in wanted.variants}
    below: dict[str, list[float]] = {name: [] for name in wanted.variants}
    open_: dict[str, int] = dict.fromkeys(wanted.variants, 0)
    known: list[tuple[str, float | None]] = []
    for user, (variant, exposure) in wanted.units.items():
        mine = [event for event in events if event.user == user]
        if not oracle.mature(exposure, metric, question, zone, calendar.last_complete,
                             calendar.horizon_us):  # fmt: skip
            open_[variant] += 1
            continue
        over, under = oracle.value(mine, exposure, metric, question, zone, end)
        above[variant].append(over)
        below[variant].append(under)
        if metric.covariate_days:
            known.append((variant, oracle.covariate(mine, exposure, metric, question, zone, end)))
    for value in got.values:
        name = value.variant
        assert (value.units, value.immature) == (len(above[name]), open_[name]), metric.name
        assert value.numerator == pytest.approx(sum(above[name])), metric.name
        assert value.denominator == pytest.approx(sum(below[name])), metric.name
    for difference in got.differences:
        one, other = above[got.values[0].variant], above[difference.variant]
        if metric.kind == "mean" and difference.welch is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                told = ttest_ind(other, one, equal_var=False)
            assert difference.welch.p_value == pytest.approx(told.pvalue)
        if difference.adjusted is not None:
            values = [each for name in above for each in above[name]]
            names = [name for name in above for _ in above[name]]
            order = [i for name in above for i, (own, _) in enumerate(known) if own == name]
            line = adjusted(values, [known[i][1] for i in order])
            a = [x for x, n in zip(line, names, strict=True) if n == difference.variant]
            b = [x for x, n in zip(line, names, strict=True) if n == got.values[0].variant]
            assert difference.adjusted.value == pytest.approx(np.mean(a) - np.mean(b))
            told = ttest_ind(a, b, equal_var=False)
            assert difference.adjusted.p_value == pytest.approx(told.pvalue, abs=1e-9)


def adjusted(values: list[float], covariate: list[float | None]) -> list[float]:
    """Residuals of the values on the covariate by least squares, the mean where it is missing."""
    known = [x for x in covariate if x is not None]
    middle = sum(known) / len(known) if known else 0.0
    x = np.array([middle if each is None else each for each in covariate])
    design = np.column_stack([np.ones(len(x)), x - x.mean()])
    slope = np.linalg.lstsq(design, np.array(values), rcond=None)[0][1]
    return list(np.array(values) - slope * (x - middle))
