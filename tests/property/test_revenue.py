"""Revenue against its oracle, on hostile small logs."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import Event, index_of, logs
from oracles import revenue as oracle
from property_users import ZONES

from ga4_analytics.analyses.revenue import answer
from ga4_analytics.questions.codec import decode, encode
from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.revenue import RevenueQuestion
from ga4_analytics.questions.segments import Did

IDS = [None, "", "(not set)", "T1", "T1", "T2"]
NAMES = ("purchase", "purchase", "refund", "first_visit", "A")


@st.composite
def sales(draw: st.DrawFn) -> list[Event]:
    """Logs with repeated, conflicting and unnamed orders, refunds and nobody's purchases."""
    events = draw(logs(NAMES, users=("u", "v", None)))
    cells = st.tuples(st.sampled_from(IDS), st.sampled_from([None, 0, 2_500_000]))
    touch = draw(st.sampled_from([None, 1]))
    return [
        replace(
            event,
            touch=touch,
            columns=event.columns
            | dict(zip(("transaction_id", "refund_usd"), draw(cells), strict=True)),
        )
        for event in events
    ]


@st.composite
def questions(draw: st.DrawFn, names: list[str]) -> RevenueQuestion:
    """Questions with any of their options."""
    start = draw(st.one_of(st.none(), st.just(date(2020, 11, 1))))
    query = Query(
        start=start,
        end=start and start + timedelta(draw(st.integers(0, 3))),
        where=draw(st.sampled_from([None, Condition("country", "is_set")])),
        users=draw(st.sampled_from([None, Did(EventSelector((names[0],)))])),
    )
    unit = draw(st.sampled_from(["day", "week", "month"]))
    return RevenueQuestion(unit, draw(st.sampled_from([None, 0, 2])), query)


@settings(max_examples=150, deadline=None)
@given(st.data(), sales(), st.sampled_from(ZONES), st.integers(1, 3), st.integers(0, 2))
def test_revenue_is_that_of_the_oracle(
    data: st.DataObject, events: list[Event], zone: str, split: int, incomplete: int
) -> None:
    names = sorted({event.name for event in events})
    if not names:
        return
    question = data.draw(questions(names))
    index = index_of(events, zone, split=split, incomplete=incomplete)
    found = answer(index, question, threads=split)
    days = [event.day(zone) for event in events]
    start, end = question.query.start or min(days), question.query.end or max(days)

    def inside(event: Event) -> bool:
        return start <= event.day(zone) <= end

    total = found.totals[0]
    if max(start, min(days)) <= min(end, max(days)):
        assert _close(asdict(total.amounts), oracle.amounts(events, question, zone, inside))
    for each in found.buckets:
        spot = [d for d in _span(start, end) if oracle.bucket(d, question.interval) == each.start]
        loaded = [day for day in spot if min(days) <= day <= max(days)]
        assert (each.amounts is None) == (not loaded)
        last = max(days) - timedelta(days=incomplete)
        assert each.is_complete == all(min(days) <= day <= last for day in spot)
        if each.amounts is not None:
            of_bucket = oracle.amounts(events, question, zone, lambda e, s=spot: e.day(zone) in s)
            assert _close(asdict(each.amounts), of_bucket)
    _compare_users(found, oracle.per_user(events, question, zone, start, end))
    if question.periods is not None:
        complete = index.calendar.last_complete
        expected = oracle.lifetime(events, question, zone, start, end, complete)
        assert {(each.cohort, each.period) for each in found.lifetime} == set(expected)
        for cell in found.lifetime:
            users, value = expected[cell.cohort, cell.period]
            assert cell.users == users
            _compare(cell.value, value)
    assert decode(RevenueQuestion, encode(question)) == question
    assert len(found.records()) == len(found.buckets)


def _span(start: date, end: date) -> list[date]:
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def _close(found: dict[str, Any], expected: dict[str, Any]) -> bool:
    return found == pytest.approx(expected)


def _compare_users(found: Any, paid: list[float]) -> None:
    total = found.totals[0]
    assert total.users == len(paid)
    if total.amounts.gross_usd_micros is None:
        return
    _compare(total.per_user, oracle.interval(paid) if paid else None)


def _compare(found: Any, expected: Any) -> None:
    if expected is None:
        assert found is None
    else:
        assert (found.value, found.low, found.high) == pytest.approx(expected)


@settings(max_examples=80, deadline=None)
@given(sales(), st.sampled_from(["country", "device_category"]))
def test_a_breakdown_adds_up_to_the_whole(events: list[Event], by: str) -> None:
    if not events:
        return
    index = index_of(events)
    whole = answer(index, RevenueQuestion()).totals[0].amounts
    found = answer(index, RevenueQuestion(query=Query(by=(by,), top=2)))
    for field in ("orders", "purchase_events", "gross_usd_micros", "refund_usd_micros"):
        assert sum(getattr(each.amounts, field) for each in found.totals) == getattr(whole, field)
    for total in found.totals:
        if total.group[0] != "(other)":
            mine = oracle.amounts(
                events, RevenueQuestion(), "UTC", lambda e, g=total.group[0]: e.columns.get(by) == g
            )
            assert _close(asdict(total.amounts), mine)
    for split in (2, 3):
        again = answer(index_of(events[::-1], split=split), RevenueQuestion(), threads=2)
        assert again.totals[0].amounts.raw_usd_micros == whole.raw_usd_micros
