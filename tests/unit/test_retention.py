"""Retention, lifecycle and stickiness told as stories."""

from __future__ import annotations

from dataclasses import replace

import pytest
from logs import DAY, HOUR, MINUTE, START, Event, index_of
from test_trends import without_day

from ga4_analytics.analyses import lifecycle, retention, sessions, stickiness
from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.codec import decode
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.lifecycle import Lifecycle
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.retention import Retention
from ga4_analytics.questions.sessions import GapSessions
from ga4_analytics.questions.stickiness import Stickiness
from ga4_analytics.stats.bounds import wilson_bounds
from ga4_analytics.stats.proportions import wilson


def visits(**days: list[int]) -> list[Event]:
    """Who comes on which days, at noon."""
    return [
        Event(user, "view", START + day * DAY + 12 * HOUR)
        for user, mine in days.items()
        for day in mine
    ]


def test_young_cohorts_do_not_dilute_the_pooled_curve() -> None:
    log = visits(ada=[0, 1, 2], bob=[0], cyd=[2])
    found = retention.answer(index_of(log), Retention(periods=2)).overall
    assert [c.returned for c in found.cohorts] == [(2, 1, 1), (1, None, None)]
    assert (found.pooled.users, found.pooled.returned) == ((3, 2, 2), (3, 1, 1))
    assert found.pooled.rate[1] == 0.5


def test_a_day_that_comes_back_is_the_earlier_one() -> None:
    zone, change = "America/St_Johns", 1_289_097_060_000_000  # 00:01 on the 7th: 23:01 on the 6th
    log = [Event("ada", "view", change + minutes * MINUTE) for minutes in (-1, 10, 24 * 60)]
    view = EventSelector(("view",))
    found = retention.answer(index_of(log, zone), Retention(view, view, periods=1)).overall
    assert [(c.start.day, c.returned) for c in found.cohorts] == [(6, (1, 1))]


def test_a_cell_waits_for_its_day_to_be_complete() -> None:
    log = visits(ada=[0, 1, 2])
    found = retention.answer(index_of(log, incomplete=1), Retention(periods=2)).overall
    assert found.cohorts[0].returned == (1, 1, None)


def test_a_week_is_mature_when_all_of_it_is_complete() -> None:
    log = visits(ada=[1, 8, 14])  # Monday, the next one, Sunday
    weekly = Retention(unit="week", periods=1)
    assert retention.answer(index_of(log), weekly).overall.cohorts[0].returned == (1, 1)
    early = retention.answer(index_of(log[:2]), weekly).overall
    assert early.cohorts[0].returned == (1, None)


def test_who_was_there_before_the_data_starts_no_cohort_unless_asked() -> None:
    old = [replace(event, touch=START - 1) for event in visits(ada=[0, 1])]
    asked = Retention(periods=1)
    assert retention.answer(index_of(old), asked).overall.cohorts == ()
    kept = replace(asked, include_left_truncated=True)
    assert retention.answer(index_of(old), kept).overall.cohorts[0].users == 1


def test_on_exactly_on_or_after_and_within() -> None:
    index = index_of(visits(ada=[0, 3], bob=[0, 1], cyd=[4]))
    asked = Retention(periods=3)
    exact = retention.answer(index, asked).overall.cohorts[0]
    assert exact.returned == (2, 1, 0, 1)
    later = retention.answer(index, replace(asked, mode="unbounded"))
    assert later.periods == ("0+", "1+", "2+", "3+")
    assert later.overall.cohorts[0].returned == (2, 2, 1, 1)
    assert later.overall.cohorts[0].followed == (5, 4, 3, 2)
    within = retention.answer(index, replace(asked, mode="bracket", brackets=((1, 2), (1, 9))))
    assert within.overall.cohorts[0].returned == (1, None)


def test_a_day_of_the_clock_ends_at_the_microsecond() -> None:
    log = [Event("ada", "view", START + t) for t in (HOUR, HOUR + DAY - 1)]
    log += [Event("bob", "view", START + t) for t in (HOUR, HOUR + DAY)]
    log += [Event(None, "end", START + 4 * DAY)]
    found = retention.answer(index_of(log), Retention(clock="rolling", periods=1)).overall
    assert found.cohorts[0].returned == (2, 1)


def test_events_without_a_time_neither_start_nor_return_by_the_clock() -> None:
    log = [*visits(ada=[0, 1]), Event(None, "end", START + 4 * DAY)]
    index = index_of(log)
    segment = index.segments[0]
    flags = segment.flags.copy()
    flags[0] |= 8
    index = replace(index, segments=(replace(segment, flags=flags),))
    found = retention.answer(index, Retention(clock="rolling", periods=1)).overall
    assert [str(c.start) for c in found.cohorts] == ["2020-11-02"]
    calendar = retention.answer(index, Retention(periods=1)).overall
    assert [str(c.start) for c in calendar.cohorts] == ["2020-11-01"]


def test_every_day_with_a_start_is_an_entry_when_recurring() -> None:
    found = retention.answer(
        index_of(visits(ada=[0, 1, 2])), Retention(entry="recurring", periods=1, bootstrap=50)
    ).overall
    assert [(c.users, c.returned) for c in found.cohorts] == [
        (1, (1, 1)), (1, (1, 1)), (1, (1, None)),
    ]  # fmt: skip
    assert found.pooled.users == (3, 2)


def test_money_comes_back_as_well_as_users() -> None:
    buy = EventSelector(("buy",))
    log = [
        Event("ada", "view", START),
        Event("bob", "view", START),
        Event("ada", "buy", START + DAY, columns={"revenue_usd": 1_500_000}),
        Event("ada", "buy", START + DAY + 1, columns={"revenue_usd": 250_000}),
    ]
    found = retention.answer(index_of(log), Retention(returns=buy, value="revenue_usd", periods=1))
    cohort = found.overall.cohorts[0]
    assert (cohort.returned, cohort.amount) == ((0, 1), (0.0, 1.75))
    assert cohort.amount_per_user == (0.0, 0.875)


def test_a_day_that_is_not_loaded_does_not_count_against_the_pooled_curve() -> None:
    index = without_day(index_of(visits(ada=[0, 2], bob=[0, 2])), 1)
    found = retention.answer(index, Retention(periods=2)).overall
    assert found.cohorts[0].missing_days == (0, 1, 0)
    assert found.pooled.users == (2, 0, 2)
    assert found.pooled.rate == (1.0, None, 1.0)


def test_a_year_of_days_is_no_limit() -> None:
    found = retention.answer(index_of(visits(ada=[0, 400])), Retention(periods=400))
    assert found.overall.cohorts[0].returned[400] == 1
    assert len(found.records()) == 401


@pytest.mark.parametrize(
    "question",
    [
        Retention(mode="bracket"),
        Retention(brackets=((1, 2),)),
        Retention(mode="bracket", brackets=((3, 2),)),
        Retention(periods=-1),
        Retention(value="country"),
        Retention(start=EventSelector(("veiw",))),
    ],
)
def test_wrong_questions_are_refused(question: Retention) -> None:
    with pytest.raises(QuestionError):
        retention.answer(index_of(visits(ada=[0])), question)


def test_questions_come_back_from_json() -> None:
    index = index_of(visits(ada=[0, 1]))
    for module, question in (
        (retention, Retention(mode="bracket", brackets=((0, 1),), query=Query(by=("country",)))),
        (lifecycle, Lifecycle(unit="week")),
        (stickiness, Stickiness()),
        (sessions, GapSessions(gap="1h")),
    ):
        found = module.answer(index, question)  # type: ignore[attr-defined]
        assert decode(type(question), found.to_dict()["spec"]) == question
        assert found.to_arrow().num_rows == len(found.records())


def test_lifecycle_of_four_days() -> None:
    log = visits(ada=[0, 1, 3], bob=[1], old=[0, 2])
    log = [replace(e, touch=START - DAY) if e.user == "old" else e for e in log]
    (found,) = lifecycle.answer(index_of(log), Lifecycle()).groups
    assert found.new == (1, 1, 0, 0)
    assert found.returning == (None, 1, 0, 0)
    assert found.resurrecting == (None, 0, 1, 1)
    assert found.dormant == (None, -1, -2, -1)
    assert found.pulse == (None, 1.0, 0.5, 1.0)


def test_stickiness_counts_distinct_days() -> None:
    log = visits(ada=[0, 0, 2], bob=[1])
    (found,) = stickiness.answer(index_of(log), Stickiness()).groups
    assert [(s.exactly, s.at_least) for s in found.sticks] == [(1, 2), (1, 1), (0, 0)]


def test_half_an_hour_is_still_one_session() -> None:
    log = [Event("ada", "view", START + t) for t in (0, 30 * MINUTE, 60 * MINUTE + 1)]
    found = sessions.answer(index_of(log), GapSessions())
    assert (found.total.sessions, found.total.length_us) == (2, 30 * MINUTE)


def test_bounds_of_many_are_the_bounds_of_each() -> None:
    import numpy as np

    trials = np.arange(60)
    for successes in range(60):
        found = wilson_bounds(np.minimum(successes, trials), trials)
        for n in trials.tolist():
            one = wilson(min(successes, n), n)
            got = tuple(float(part[n]) for part in found)
            assert one is None or got == (one.value, one.low, one.high)
