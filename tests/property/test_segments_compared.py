"""Segments side by side against their oracle, on hostile small logs."""

from __future__ import annotations

from datetime import date
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st
from logs import Event, index_of
from oracles import revenue
from oracles.segments import measures, members
from property_users import ZONES, hostile, in_zone, leaves

from ga4_analytics.analyses.segments import answer
from ga4_analytics.questions.codec import decode, encode
from ga4_analytics.questions.comparison import NamedSegment, SegmentsQuestion
from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.segments import Did


@settings(max_examples=150, deadline=None)
@given(st.data(), hostile(), st.sampled_from(ZONES), st.integers(1, 3))
def test_sizes_measures_and_overlaps_are_those_of_the_oracle(
    data: st.DataObject, events: list[Event], zone: str, split: int
) -> None:
    events = in_zone(events, zone)
    names = sorted({event.name for event in events})
    if not names:
        return
    parts = data.draw(st.lists(leaves(names), min_size=1, max_size=3))
    query = Query(
        start=data.draw(st.sampled_from([None, date(2020, 10, 31)])),
        where=data.draw(st.sampled_from([None, Condition("country", "is_set")])),
        users=data.draw(st.sampled_from([None, Did(EventSelector((names[0],)))])),
    )
    named = tuple(NamedSegment(f"s{place}", part) for place, part in enumerate(parts))
    question = SegmentsQuestion(named, query)
    found = answer(index_of(events, zone, split=split), question, threads=split)
    everybody = members(events, query.users, zone)
    inside = {each.name: members(events, each.users, zone) & everybody for each in named}
    for each in (*found.segments, found.everybody):
        users = inside.get(each.name, everybody)
        expected = measures(events, users, query, zone)
        assert [each.users, each.events, each.active_days, each.sessions] == expected
        assert each.members == len(users)
        total = measures(events, everybody, query, zone)[0]
        assert (each.share is None) == (total == 0)
        assert each.share is None or each.share.trials == total
    there = {user for user in everybody if measures(events, {user}, query, zone)[0]}
    for pair, (one, other) in zip(found.overlaps, combinations(inside, 2), strict=True):
        both, either = inside[one] & inside[other] & there, (inside[one] | inside[other]) & there
        assert (pair.first, pair.second, pair.users) == (one, other, len(both))
        assert pair.of_either is None or pair.of_either.trials == len(either)
    exactly: dict[tuple[str, ...], int] = {}
    for user in there:
        key = tuple(name for name in inside if user in inside[name])
        exactly[key] = exactly.get(key, 0) + 1
    assert {each.segments: each.users for each in found.combinations} == exactly
    assert decode(SegmentsQuestion, encode(question)) == question


@settings(max_examples=60, deadline=None)
@given(hostile(), st.integers(1, 3))
def test_revenue_is_that_of_its_users_orders(events: list[Event], split: int) -> None:
    events = [
        Event(
            e.user,
            "purchase" if e.name == "A" else e.name,
            e.time,
            e.batch,
            e.session,
            e.columns | {"transaction_id": e.columns["country"]},
            timeless=e.timeless,
        )
        for e in events
    ]
    if not any(event.name == "purchase" for event in events):
        return
    segment = Did(EventSelector(("purchase",)), at_least=2)
    question = SegmentsQuestion((NamedSegment("repeat", segment),))
    found = answer(index_of(in_zone(events, "UTC"), split=split), question).segments[0]
    mine = [event for event in events if event.user in members(events, segment)]
    orders = revenue.orders(mine)
    assert found.orders == len(orders)
    assert found.gross_usd_micros == sum(o[0].columns["revenue_usd"] or 0 for o in orders)
