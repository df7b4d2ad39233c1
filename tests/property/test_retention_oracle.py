"""Retention against the oracle, on hostile logs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from logs import Event, index_of
from long_logs import Selected, selected, worlds
from oracles.activity import bucket_start, loaded_days, shown_groups
from oracles.retention import Question, table

from ga4_analytics.analyses.retention import answer
from ga4_analytics.questions.filters import AllOf, Condition, EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.retention import Retention, RetentionGroup
from ga4_analytics.stats.proportions import wilson


@st.composite
def questions(draw: st.DrawFn) -> tuple[Retention, Selected, Selected]:
    starts, returns = draw(selected()), draw(selected())
    mode = draw(st.sampled_from(["bounded", "unbounded", "bracket"]))
    pairs = st.tuples(st.integers(0, 5), st.integers(0, 9)).map(lambda p: (p[0], p[0] + p[1]))
    brackets = draw(st.lists(pairs, min_size=1, max_size=3)) if mode == "bracket" else []
    question = Retention(
        start=starts.spec,
        returns=returns.spec,
        entry=draw(st.sampled_from(["first_ever", "first_in_range", "recurring"])),
        include_left_truncated=draw(st.booleans()),
        mode=mode,
        brackets=tuple(brackets),
        clock=draw(st.sampled_from(["calendar", "rolling"])),
        unit=draw(st.sampled_from(["day", "week", "month"])),
        week_starts=draw(st.sampled_from(["monday", "sunday"])),
        periods=draw(st.sampled_from([0, 2, 30])),
        value=draw(st.sampled_from([None, "engagement_msec"])),
    )
    return question, starts, returns


def shown(group: RetentionGroup) -> dict[Any, Any]:
    return {
        cohort.start: (cohort.users, list(cohort.returned), cohort.amount)
        for cohort in group.cohorts
    }


@settings(max_examples=200, deadline=None)
@given(
    worlds(),
    questions(),
    st.sampled_from([(), ("country",)]),
    st.integers(1, 2),
    st.tuples(st.integers(0, 9), st.integers(0, 9)),
    st.integers(0, 2),
    st.sampled_from([None, "mobile"]),
    st.integers(1, 3),
)
def test_every_cell_is_the_oracles(world, asked, by, top, cut, incomplete, device, split) -> None:
    log, zone = world
    question, starts, returns = asked
    days = loaded_days(log, zone)
    first = min(days[0] + timedelta(days=cut[0]), days[-1])
    last = max(days[-1] - timedelta(days=cut[1]), first)
    where = None if device is None else Condition("device_category", "is", (device,))
    query = Query(first, last, where, by=by, top=top)
    question = Retention(**{**vars(question), "query": query})

    def ok(event: Event) -> bool:
        return device is None or event.columns.get("device_category") == device

    periods = question.brackets or [(n, n) for n in range(question.periods + 1)]
    ask = Question(
        lambda e: starts.meets(e) and ok(e), lambda e: returns.meets(e) and ok(e), first, last,
        question.entry, question.include_left_truncated, question.mode, question.clock,
        question.unit, question.week_starts, periods, question.value,
    )  # fmt: skip
    index = index_of(log, zone, incomplete=incomplete, split=split)
    found = answer(index, question, threads=2)
    done = len(days) - incomplete

    def compare(group: RetentionGroup, cells: dict[Any, Any]) -> None:
        mine = {bucket_start(a, question.unit, question.week_starts): v
                for a, v in shown(group).items()}  # fmt: skip
        assert {a: v[:2] for a, v in mine.items()} == {a: (v[0], v[1]) for a, v in cells.items()}
        if question.value:
            assert {a: list(v[2]) for a, v in mine.items()} == {a: v[2] for a, v in cells.items()}
        for place in range(len(periods)):
            there = [v for v in cells.values() if v[1][place] is not None]
            pooled = wilson(sum(v[1][place] for v in there), sum(v[0] for v in there))
            assert group.pooled.rate[place] == (pooled.value if pooled else None)
            assert group.pooled.low[place] == (pooled.low if pooled else None)
            assert group.pooled.high[place] == (pooled.high if pooled else None)

    compare(found.overall, table(log, zone, ask, done))
    if not by:
        return
    counts: dict[Any, int] = {}
    for event in log:
        if event.user is not None and ask.starts(event) and first <= event.day(zone) <= last:
            label = (event.columns.get("country"),)
            counts[label] = counts.get(label, 0) + 1
    groups = shown_groups(counts, top)
    if groups:
        assert [group.group for group in found.groups] == groups
    for group in found.groups:

        def in_group(event: Event, group=group) -> bool:
            mine = (event.columns.get("country"),)
            return mine not in groups if group.group == ("(other)",) else mine == group.group

        compare(group, table(log, zone, ask, done, in_group))


@settings(max_examples=50, deadline=None)
@given(worlds(), questions(), st.integers(0, 2))
def test_user_days_and_rows_agree(world, asked, incomplete) -> None:
    log, zone = world
    question = Retention(**{**vars(asked[0]), "clock": "calendar", "value": None})
    rows = EventSelector(where=AllOf(()))
    index = index_of(log, zone, incomplete=incomplete)
    fast = Retention(**{**vars(question), "start": EventSelector(), "returns": EventSelector()})
    slow = Retention(**{**vars(question), "start": rows, "returns": rows})
    assert answer(index, fast).overall == answer(index, slow).overall


@settings(max_examples=30, deadline=None)
@given(worlds(), questions())
def test_the_bootstrap_surrounds_the_rate_and_changes_nothing_else(world, asked) -> None:
    log, zone = world
    plain = asked[0]
    drawn = Retention(**{**vars(plain), "bootstrap": 200, "seed": 7, "periods": 3})
    index = index_of(log, zone)
    found = answer(index, drawn).overall
    again = answer(index_of(log, zone, split=2), drawn, threads=1).overall
    assert found == again
    assert (
        found.cohorts == answer(index, Retention(**{**vars(plain), "periods": 3})).overall.cohorts
    )
    assert found.pooled.boot_low is not None and found.pooled.boot_high is not None
    for rate, low, high in zip(
        found.pooled.rate, found.pooled.boot_low, found.pooled.boot_high, strict=True
    ):
        assert (rate is None) == (low is None)
        if rate in (0.0, 1.0):
            assert low == high == rate
