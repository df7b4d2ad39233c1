"""The fast path of funnels against the general one, in all that an outcome holds.

Logs as GA4 writes them: visits that begin with several tied events, over several days, at the
edges of days and windows, interleaved. The general path is held to every chain of events there
is in `test_funnel`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from logs import DAY, HOUR, START, Event, index_of, sessions_in_order

from ga4_analytics.analyses import funnel_run
from ga4_analytics.analyses.funnel_plan import Plan, plan_of, required
from ga4_analytics.analyses.funnel_run import Outcome, run
from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.analyses.scope import scope_of
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.funnel import FunnelSpec
from ga4_analytics.questions.query import Query

FIRST = date(2020, 11, 1)
NAMES = "ABCDE"
SLOW = {"deadline": None, "suppress_health_check": list(HealthCheck)}
LANDS = st.sampled_from([None, "US", "DE"])
# Names and countries of one moment: ties of three and more are common.
MOMENT = st.lists(st.tuples(st.sampled_from(NAMES + "AAB"), LANDS), min_size=1, max_size=4)
OPENING = st.sampled_from(["A", "AB", "BA", "ABE", "ABC", "BAA", "CBA"]).map(
    lambda names: [(name, "US") for name in names]
)
GAPS = st.sampled_from([1, HOUR // 2, HOUR, HOUR, 12 * HOUR, DAY - 1, DAY])
VISIT = st.tuples(
    st.integers(0, 10), st.integers(1, 3), OPENING, st.lists(st.tuples(GAPS, MOMENT), max_size=5)
)


@st.composite
def visits(draw: Any, users: Sequence[str] = ("u", "v", "w", "x")) -> list[Event]:
    """A log of visits; a session number that comes back makes sessions interleave."""
    log = []
    for user in users:
        for half_days, session, opening, later in draw(st.lists(VISIT, min_size=1, max_size=4)):
            time = START + half_days * DAY // 2
            moments = [(0, opening), *later]
            for gap, moment in moments:
                time += gap
                for name, land in moment:
                    timeless = draw(st.integers(0, 30)) == 0
                    at = time // DAY * DAY if timeless else time
                    log.append(Event(user, name, at, session=draw(st.sampled_from(
                        [session, session, session, session, None])),
                        columns={"country": land}, timeless=timeless))  # fmt: skip
    # Every name is in the data, or a question of it would be refused.
    return sessions_in_order([*log, *(Event("z", name, START) for name in NAMES)])


PLAIN = st.permutations(NAMES).flatmap(
    lambda names: st.integers(1, 5).map(lambda count: [EventSelector((n,)) for n in names[:count]])
)
IN_US = Condition("country", "is", ("US",))
FILTERED = PLAIN.flatmap(
    lambda steps: st.tuples(
        *(st.sampled_from([step, replace(step, where=IN_US)]) for step in steps)
    ).map(list)
)
ANY = st.lists(
    st.builds(
        EventSelector,
        st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple),
        st.sampled_from([None, None, IN_US]),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


REPEATED = st.lists(st.sampled_from("AABBC"), min_size=2, max_size=5).map(
    lambda names: [EventSelector((name,)) for name in names]
)


@st.composite
def questions(draw: Any, steps: Any) -> FunnelSpec:
    """A funnel in order with one window, over all days or some."""
    start, length = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    some = Query(FIRST + timedelta(start), FIRST + timedelta(start + length))
    return FunnelSpec(
        tuple(draw(steps)),
        draw(st.sampled_from([Query(), Query(), some])),
        counting=draw(st.sampled_from(["user", "session"])),
        window_seconds=draw(st.sampled_from([None, 1, 1800, 3600, 43_200, 86_400, 259_200])),
    )


def settled(index: Index, question: FunnelSpec) -> tuple[Plan, Any]:
    plan = plan_of(index, question, scope_of(index, question.query), required(question))
    assert plan.fast
    return plan, chosen_users(index, None)


def held(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """All that outcomes hold; times in no order, as parts give them in none."""
    found: dict[str, Any] = {}
    for name in ("state", "weakest", "entry_row", "times", "lost"):
        values = np.concatenate([getattr(each, name) for each in outcomes])
        found[name] = (np.sort(values) if name in ("times", "lost") else values).tolist()
    for name in ("trend", "trend_open", "states", "weakest_levels", "used", "tied"):
        found[name] = np.asarray(sum(getattr(each, name) for each in outcomes)).tolist()
    return found


def both_paths(log: list[Event], question: FunnelSpec, incomplete: int, rows: int) -> None:
    index = index_of(log, incomplete=incomplete, split=2)
    plan, chosen = settled(index, question)
    with (
        mock.patch("ga4_analytics.analyses.funnel_run.PART_ROWS", rows),
        mock.patch("ga4_analytics.analyses.funnel_run.FAST_ROWS", rows),
    ):
        fast = run(index, plan, chosen, 1, wants_entry=True)
        general = run(index, replace(plan, fast=False), chosen, 1, wants_entry=True)
    assert held(fast) == held(general)


INCOMPLETE = st.sampled_from([0, 0, 1, 2, 5])
ROWS = st.sampled_from([1, 1000])


@settings(max_examples=250, **SLOW)
@given(visits(), questions(PLAIN), INCOMPLETE, ROWS)
def test_steps_by_name(log: list[Event], question: FunnelSpec, open_days: int, rows: int) -> None:
    both_paths(log, question, open_days, rows)


@settings(max_examples=150, **SLOW)
@given(visits(), questions(FILTERED), INCOMPLETE, ROWS)
def test_steps_with_filters(
    log: list[Event], question: FunnelSpec, open_days: int, rows: int
) -> None:
    both_paths(log, question, open_days, rows)


@settings(max_examples=250, **SLOW)
@given(visits(), questions(ANY), INCOMPLETE, ROWS)
def test_steps_that_share_events(
    log: list[Event], question: FunnelSpec, open_days: int, rows: int
) -> None:
    both_paths(log, question, open_days, rows)


@settings(max_examples=250, **SLOW)
@given(visits(), questions(REPEATED), INCOMPLETE, ROWS)
def test_steps_that_repeat(
    log: list[Event], question: FunnelSpec, open_days: int, rows: int
) -> None:
    both_paths(log, question, open_days, rows)


@settings(max_examples=60, **SLOW)
@given(visits(), questions(st.one_of(PLAIN, FILTERED)))
def test_no_user_is_left_where_each_event_serves_one_step(
    log: list[Event], question: FunnelSpec
) -> None:
    index = index_of(log)
    plan, chosen = settled(index, replace(question, counting="user"))
    with mock.patch.object(funnel_run, "_judge", side_effect=AssertionError("left")):
        run(index, plan, chosen, 1)
