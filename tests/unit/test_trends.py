"""Trends told as stories: what each word means, by counting on fingers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from logs import DAY, HOUR, START, Event, index_of

from ga4_analytics.analyses.trends import answer
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.codec import decode
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.trends import Before, Series, Trends

PURCHASES = EventSelector(("purchase",))


def shop() -> list[Event]:
    """Ada comes on two days and buys twice; Bob looks once; somebody unknown buys."""
    return [
        Event("ada", "view", START + HOUR, session=1, columns={"country": "DE"}),
        Event("ada", "purchase", START + 2 * HOUR, session=1, columns={"revenue_usd": 1_500_000}),
        Event("ada", "purchase", START + DAY, session=2, columns={"revenue_usd": 2_250_000}),
        Event("bob", "view", START + DAY + 1, session=1, columns={"country": "US"}),
        Event(None, "purchase", START + DAY + 2, columns={"revenue_usd": 10}),
    ]


def without_day(index: Index, place: int) -> Index:
    """The index with a day that was never loaded."""
    days = tuple(d for n, d in enumerate(index.calendar.days) if n != place)
    return replace(index, calendar=replace(index.calendar, days=days))


def values(index: Index, *series: Series, **more: object) -> list[tuple[object, ...]]:
    found = answer(index, Trends(series, **more))  # type: ignore[arg-type]
    return [(*line.values, line.total) for line in found.lines]


def test_the_users_of_a_range_are_not_the_sum_of_its_days() -> None:
    assert values(index_of(shop()), Series(measure="users")) == [(1, 2, 2)]


def test_events_of_nobody_count_as_events_and_money_and_never_as_users() -> None:
    asked = Series(PURCHASES), Series(PURCHASES, "sum", "revenue_usd"), Series(PURCHASES, "users")
    assert values(index_of(shop()), *asked) == [(1, 2, 3), (1.5, 2.25001, 3.75001), (1, 1, 1)]


def test_a_session_counts_on_the_date_of_its_first_event() -> None:
    night = [
        Event("ada", "view", START + DAY - 1, session=1),
        Event("ada", "purchase", START + DAY + 1, session=1),
    ]
    assert values(index_of(night), Series(PURCHASES, "sessions")) == [(1, 0, 1)]


def test_a_formula_is_null_where_it_divides_by_zero() -> None:
    found = values(
        index_of(shop()), Series(EventSelector(("view",)), "users"), Series(PURCHASES, "users"),
        formulas=("B / A * 100", "A / (B - B)"),
    )  # fmt: skip
    assert found[2:] == [(100.0, 100.0, 50.0), (None, None, None)]


@pytest.mark.parametrize("text", ["C", "A ** 2", "A.real", "(lambda: A)()", "A +", "'a'", "A if B"])
def test_a_formula_takes_nothing_but_arithmetic(text: str) -> None:
    with pytest.raises(QuestionError, match=r"formulas\[0\]"):
        values(index_of(shop()), Series(), Series(), formulas=(text,))


def test_a_day_that_is_not_loaded_is_null_and_not_zero() -> None:
    log = [Event("ada", "view", START + n * DAY) for n in (0, 2)]
    found = answer(without_day(index_of(log), 1), Trends((Series(), Series(measure="users"))))
    assert [line.values for line in found.lines] == [(1, None, 1), (1, None, 1)]
    assert [bucket.missing_days for bucket in found.buckets] == [0, 1, 0]
    week = answer(without_day(index_of(log), 1), Trends(granularity="month"))
    assert [(b.missing_days, b.is_complete) for b in week.buckets] == [(1, False)]


def test_what_the_files_cannot_tell_is_null_with_a_reason() -> None:
    index = index_of(shop())
    days = (replace(index.calendar.days[0], can=frozenset(), active_rule=None),)
    days += index.calendar.days[1:]
    mute = replace(index, calendar=replace(index.calendar, days=days))
    asked = (
        Series(), Series(measure="users"), Series(measure="sessions"),
        Series(measure="sum", column="revenue_usd"), Series(measure="active_users"),
    )  # fmt: skip
    found = answer(mute, Trends(asked))
    assert [line.values[0] for line in found.lines] == [2, None, None, None, None]
    assert found.definition[-1].startswith("The files of 1 of the days (the first is 2020-11-01)")


def test_a_day_of_winter_time_has_25_hours_and_one_of_summer_time_23() -> None:
    noon = index_of([Event("ada", "view", START + 16 * HOUR)], "America/New_York")
    found = answer(noon, Trends(granularity="hour"))
    assert len(found.buckets) == 25
    assert [b.start[11:] for b in found.buckets[:4]] == [
        "00:00:00-04:00", "01:00:00-04:00", "01:00:00-05:00", "02:00:00-05:00",
    ]  # fmt: skip
    spring = index_of([Event("ada", "view", 1_583_683_200_000_000)], "America/New_York")
    assert len(answer(spring, Trends(granularity="hour")).buckets) == 23


def test_events_without_a_time_count_in_days_and_not_in_hours() -> None:
    index = index_of([Event("ada", "view", START), Event("ada", "view", START + 1)])
    segment = index.segments[0]
    flags = segment.flags.copy()
    flags[0] |= 8
    index = replace(index, segments=(replace(segment, flags=flags),))
    assert values(index, Series()) == [(2, 2)]
    assert values(index, Series(), granularity="hour")[0][0] == 1


def test_weeks_start_on_monday_or_on_sunday() -> None:
    log = [Event("ada", "view", START), Event("bob", "view", START + DAY)]  # a Sunday, a Monday
    assert values(index_of(log), Series(), granularity="week") == [(1, 1, 2)]
    assert values(index_of(log), Series(), granularity="week", week_starts="sunday") == [(2, 2)]


def test_users_of_other_are_counted_once() -> None:
    log = [Event("ada", "view", START + n, columns={"country": c}) for n, c in enumerate("XYZXX")]
    found = answer(index_of(log), Trends((Series(measure="users"),), Query(by=("country",), top=1)))
    assert [(line.group, line.total) for line in found.lines] == [(("X",), 1), (("(other)",), 1)]


def test_a_month_before_is_the_same_days_or_the_last_one() -> None:
    question = Trends(query=Query(date(2021, 3, 29), date(2021, 3, 31)), compare=Before("month", 1))
    found = answer(index_of(shop()), question)
    assert [bucket.start for bucket in found.previous_buckets] == ["2021-02-28"]


def test_sums_are_exact_beyond_64_bits() -> None:
    huge = [Event("ada", "x", START + n, columns={"revenue_usd": 2**62}) for n in range(6)]
    (found,) = values(index_of(huge), Series(measure="sum", column="revenue_usd"))
    assert found[0] == 6 * 2**62 / 1_000_000


@pytest.mark.parametrize(
    ("series", "granularity", "field"),
    [
        (Series(measure="sum"), "day", r"series\[0\]: sum has no column"),
        (Series(column="revenue_usd"), "day", "takes no column"),
        (Series(measure="sum", column="country"), "day", "holds text"),
        (Series(measure="active_users"), "hour", "told by day"),
        (Series(measure="rolling_7d_users"), "week", "end on a day"),
        (Series(measure="percentile", column="revenue_usd", percentile=100), "day", "percentile"),
        (Series(EventSelector(("purchse",))), "day", "purchse"),
    ],
)
def test_wrong_questions_say_where(series: Series, granularity: str, field: str) -> None:
    with pytest.raises(QuestionError, match=field):
        answer(index_of(shop()), Trends((series,), granularity=granularity))  # type: ignore[arg-type]


def test_an_answer_is_tables_and_json_and_its_question_comes_back() -> None:
    question = Trends((Series(PURCHASES, "per_user"),), Query(by=("country",)), compare=Before())
    found = answer(index_of(shop()), question)
    content = found.to_dict()
    assert decode(Trends, content["spec"]) == question
    assert content["buckets"][0]["start"] == "2020-11-01"
    frame = found.to_pandas()
    assert len(frame) == len(found.lines) * 2
    assert {"series", "country", "value", "numerator", "previous_value"} <= set(frame.columns)


def test_an_index_without_users_answers_zero() -> None:
    empty = replace(index_of(shop()), segments=(), nobody=())
    asked = ("events", "users", "sessions", "active_users", "new_users", "percentile_per_user")
    found = answer(empty, Trends(tuple(Series(measure=m) for m in asked)))  # type: ignore[arg-type]
    assert [line.values for line in found.lines] == [(0, 0)] * 5 + [(None, None)]
    assert np.isclose(found.seconds, found.seconds)
