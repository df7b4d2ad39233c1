"""Funnels against every chain of events there is, over all options together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from logs import DAY, HOUR, START, Event, index_of, logs
from oracles import funnel as oracle

from ga4_analytics.analyses import funnel_run
from ga4_analytics.analyses.funnel import answer, users_of
from ga4_analytics.questions.codec import decode
from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.funnel import Exclusion, FunnelResult, FunnelSpec
from ga4_analytics.questions.query import Query

FIRST = date(2020, 11, 1)
LOGS = logs("ABC", ("u", "v"), most=9)
# Nothing is tied and much lies at a window's edge, over several days.
GRID = st.lists(
    st.tuples(st.integers(0, 14), st.sampled_from("AABBC"), st.sampled_from([None, "US"])),
    min_size=3, max_size=8, unique_by=lambda drawn: drawn[0],
).flatmap(
    lambda drawn: st.sampled_from([HOUR // 2, HOUR, 12 * HOUR]).map(
        lambda grain: [
            Event("u", name, START + 21 * HOUR + step * grain, session=1, columns={"country": land})
            for step, name, land in drawn
        ]
    )
)  # fmt: skip
SLOW = {"deadline": None, "suppress_health_check": list(HealthCheck)}
SECONDS = st.sampled_from([None, 1, 1800, 3600, 7200, 86_400])


@dataclass(frozen=True)
class Case:
    """A question in both languages, and the data."""

    log: list[Event]
    question: FunnelSpec
    asked: oracle.Asked
    horizon: int | None
    incomplete: int
    split: int

    def answer(self, **changes: Any) -> FunnelResult:
        index = index_of(self.log, incomplete=self.incomplete, split=self.split)
        return answer(index, replace(self.question, **changes), threads=1)


STEPS = st.builds(
    oracle.Step,
    st.lists(st.sampled_from("ABC"), max_size=2, unique=True).map(tuple),
    st.sampled_from([None, None, "US"]),
)
PLAIN_STEPS = st.permutations("ABC").flatmap(
    lambda names: st.integers(1, 3).map(
        lambda count: tuple(oracle.Step((name,)) for name in names[:count])
    )
)


def selector(step: oracle.Step) -> EventSelector:
    where = None if step.country is None else Condition("country", "is", (step.country,))
    return EventSelector(step.names, where)


@st.composite
def cases(draw: Any, plain: bool = False, options: bool = True, apart: bool = False) -> Case:
    # Every name is in the data, or a question of it would be refused.
    own = draw(GRID if apart else LOGS)
    log = [*own, *(Event("w", name, START, columns={"country": "US"}) for name in "ABC")]
    steps = draw(PLAIN_STEPS if plain else st.lists(STEPS, min_size=1, max_size=4).map(tuple))
    days = [event.day("UTC") for event in log]
    start, end = draw(
        st.sampled_from([(None, None), (FIRST, FIRST), (FIRST, FIRST + timedelta(1))])
    )
    incomplete = draw(st.integers(0, 2))
    complete = (max(days) - min(days)).days + 1 - incomplete
    base = START // DAY + (min(days) - FIRST).days
    order = draw(st.sampled_from(["ordered", "ordered", "strict", "any"])) if options else "ordered"
    counting = draw(
        st.sampled_from(["user", "session", "attempt"] if options else ["user", "session"])
    )
    window = draw(SECONDS)
    step_window = least = None
    exclusions: list[tuple[oracle.Step, int, int]] = []
    optional: list[int] = []
    if options and order != "any":
        step_window = draw(st.one_of(st.none(), SECONDS))
        least = draw(st.sampled_from([None, None, 1, 1800]))
        assume(least is None or least <= min(window or 10**9, step_window or 10**9))
    if options and order == "ordered" and len(steps) > 1:
        if len(steps) > 2:
            optional = draw(st.sampled_from([[], [], [2]]))
        needed = [n for n in range(1, len(steps) + 1) if n not in optional]
        for _ in range(draw(st.integers(0, 2))):
            pair = sorted(draw(st.permutations(needed))[:2])
            exclusions.append((draw(STEPS), pair[0], pair[1]))
    country = draw(st.sampled_from([None, None, "US"])) if options else None
    asked = oracle.Asked(
        steps, start or min(days), end or max(days),
        (window or 10**9) * 10**6, (step_window or 10**9) * 10**6, (least or 0) * 10**6,
        order, counting, tuple(exclusions), tuple(optional), country,
    )  # fmt: skip
    where = Condition("country", "is", (country,)) if country else None
    question = FunnelSpec(
        tuple(selector(step) for step in steps), Query(start, end, where),
        order=order, counting=counting, window_seconds=window, step_window_seconds=step_window,
        least_seconds=least or 0, optional=tuple(optional),
        exclusions=tuple(Exclusion(selector(x), i, j) for x, i, j in exclusions),
    )  # fmt: skip
    # No window at all is never over, whatever stands for it.
    horizon = (base + complete) * DAY if complete > 0 else None
    return Case(log, question, asked, horizon, incomplete, draw(st.integers(1, 3)))


def check(case: Case, found: FunnelResult) -> None:
    units = oracle.units_of(case.asked, case.log, case.horizon)
    needed = oracle.needed(case.asked)
    last = len(needed)
    for step in found.steps:
        if step.step in case.asked.optional:
            assert step.users == sum(unit.aside[step.step] for unit in units)
            continue
        level = needed.index(step.step) + 1
        assert step.users == sum(unit.level >= level for unit in units)
        ended = [unit for unit in units if unit.level == level and level < last]
        assert step.dropped == sum(not unit.is_open for unit in ended)
        assert step.open == sum(unit.is_open for unit in ended)
        sure = [unit.weakest for unit in units]
        if None not in sure:
            least = sum(weakest >= level for weakest in sure)
            exact = len({s.names for s in case.asked.steps}) == len(case.asked.steps) and all(
                len(s.names) == 1 for s in case.asked.steps
            )
            if exact and case.asked.order == "ordered" and not case.asked.exclusions:
                assert step.users_worst_order == least
            assert step.users_worst_order <= least
    used = sum(unit.level for unit in units)
    assert found.tied_share == (sum(unit.tied for unit in units) / used if used else None)
    check_trend(units, found, last)
    check_times(case, units, found)


def check_trend(units: list[oracle.Unit], found: FunnelResult, last: int) -> None:
    expected: dict[date, list[int]] = {}
    for unit in units:
        for day, (level, is_open) in unit.days.items():
            row = expected.setdefault(day, [0] * (last + 1))
            for place in range(level):
                row[place] += 1
            row[last] += is_open
    shown = {row.entry_date: [*row.users, row.open] for row in found.trend}
    assert shown == expected
    for row in found.trend:
        assert row.dropped + row.open + row.users[-1] == row.entered == row.users[0]
        assert not row.is_mature or row.open == 0


def check_times(case: Case, units: list[oracle.Unit], found: FunnelResult) -> None:
    assert found.time_to_convert is not None
    times = [unit.took for unit in units if unit.took is not None]
    steps = len(oracle.needed(case.asked))
    reach = min(case.asked.window, case.asked.step_window * max(1, steps - 1))
    horizon = -(10**18) if case.horizon is None else case.horizon
    lost = [min(reach, max(0, horizon - unit.first.time)) for unit in units if unit.took is None]
    assert found.time_to_convert.converted == len(times)
    assert found.time_to_convert.entered == len(units)
    for each in found.time_to_convert.quantiles:
        share = Fraction(each.share).limit_denominator(100)
        at = oracle.kaplan_meier_quantile(times, lost, len(units), share)
        assert each.seconds == (None if at is None else at / 1e6)


@settings(max_examples=300, **SLOW)
@given(st.sampled_from([False, False, True]).flatmap(lambda apart: cases(apart=apart)))
def test_every_option_equals_all_chains(case: Case) -> None:
    found = case.answer()
    check(case, found)
    assert decode(FunnelSpec, found.to_dict()["spec"]) == case.question


@settings(max_examples=200, **SLOW)
@given(
    st.tuples(st.booleans(), st.booleans()).flatmap(
        lambda how: cases(plain=how[0], options=False, apart=how[1])
    )
)
def test_the_fast_path_equals_all_chains_and_the_general_path(case: Case) -> None:
    found = case.answer()
    check(case, found)
    run = funnel_run.run

    def in_general(index: Any, plan: Any, *rest: Any, **more: Any) -> Any:
        assert plan.fast
        return run(index, replace(plan, fast=False), *rest, **more)

    with mock.patch("ga4_analytics.analyses.funnel.run", in_general):
        general = case.answer()
    assert replace(general, seconds=0) == replace(found, seconds=0)


@settings(max_examples=150, **SLOW)
@given(cases(), st.sampled_from(["first", "last", "step"]), st.integers(1, 2))
def test_groups_are_told_by_the_attempts_events(case: Case, attribution: str, top: int) -> None:
    assume(not (attribution == "step" and case.asked.order == "any"))
    step = case.asked and oracle.needed(case.asked)[-1] if attribution == "step" else None
    query = replace(case.question.query, by=("country",), top=top)
    found = case.answer(query=query, attribution=attribution, attribution_step=step)
    expected: Counter[tuple[str | None, int]] = Counter()
    for unit in oracle.units_of(case.asked, case.log, case.horizon):
        values = [row.event.columns.get("country") for row in unit.chain]
        if attribution == "step":
            last = len(oracle.needed(case.asked))
            value = values[-1] if len(values) == last else None
        else:
            known = [value for value in values if value is not None]
            value = (known[0] if attribution == "first" else known[-1]) if known else None
        for level in range(1, unit.level + 1):
            expected[value, level] += 1
    needed = oracle.needed(case.asked)
    shown = {group.group[0]: group for group in found.groups}
    for value, group in shown.items():
        if value == "(other)":
            continue
        for bar in group.steps:
            if bar.step in needed:
                assert bar.users == expected[value, needed.index(bar.step) + 1]
    total = [sum(group.steps[n - 1].users for group in found.groups) for n in needed]
    assert total == [found.steps[n - 1].users for n in needed]


@settings(max_examples=60, **SLOW)
@given(cases())
def test_all_attribution_makes_each_groups_funnel_of_its_events(case: Case) -> None:
    query = replace(case.question.query, by=("country",))
    found = case.answer(query=query, attribution="all")
    for group in found.groups:
        value = group.group[0]
        steps = tuple(_Only(step.names, step.country, value) for step in case.asked.steps)
        units = oracle.units_of(replace(case.asked, steps=steps), case.log, case.horizon)
        for level, number in enumerate(oracle.needed(case.asked), start=1):
            users = sum(unit.level >= level for unit in units)
            assert group.steps[number - 1].users == users


@dataclass(frozen=True)
class _Only(oracle.Step):
    value: str | None = None

    def takes(self, event: Event) -> bool:
        return super().takes(event) and event.columns.get("country") == self.value


CHAINED = ("amplitude", "posthog", "ga4")
LOOSE = ("mixpanel", "growthbook", "clickhouse", "openpanel", "mitzu", "umami")


@settings(max_examples=200, **SLOW)
@given(cases(options=False), st.sampled_from(CHAINED + LOOSE))
def test_rules_by_name_equal_their_definitions(case: Case, rules: str) -> None:
    found = case.answer(rules=rules, counting="user")
    asked = replace(case.asked, rules=rules, counting="user")
    if rules == "ga4":
        asked = replace(asked, window=oracle.FOREVER, step_window=asked.window)
    if rules in LOOSE:
        levels = oracle.reached_by_rule(asked, case.log)
    else:
        levels = [unit.level for unit in oracle.units_of(asked, case.log, case.horizon)]
    assert [bar.users for bar in found.steps] == [
        sum(level >= number for level in levels) for number in range(1, len(asked.steps) + 1)
    ]


@settings(max_examples=60, **SLOW)
@given(cases(), st.sampled_from(["reached", "dropped", "open"]))
def test_the_users_of_a_bar_are_those_it_counts(case: Case, kind: str) -> None:
    index = index_of(case.log, incomplete=case.incomplete, split=case.split)
    units = oracle.units_of(case.asked, case.log, case.horizon)
    needed = oracle.needed(case.asked)
    for level, number in enumerate(needed, start=1):
        expected = {
            unit.user
            for unit in units
            if (unit.level >= level if kind == "reached" else unit.level == level < len(needed))
            and (kind == "reached" or unit.is_open == (kind == "open"))
        }
        assert users_of(index, case.question, number, kind) == sorted(expected)


@settings(max_examples=60, **SLOW)
@given(cases(), st.integers(2, 3))
def test_threads_and_segments_never_change_an_answer(case: Case, split: int) -> None:
    query = replace(case.question.query, by=("country", "device_category"))
    whole = answer(index_of(case.log), replace(case.question, query=query), threads=1)
    pieces = index_of(case.log, split=split)
    with (
        mock.patch("ga4_analytics.analyses.funnel_run.PART_ROWS", 1),
        mock.patch("ga4_analytics.analyses.funnel_run.FAST_ROWS", 1),
    ):
        again = answer(pieces, replace(case.question, query=query), threads=2)
    assert replace(again, seconds=0) == replace(whole, seconds=0)
