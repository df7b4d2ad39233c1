"""Segments of users against their oracle, on hostile small logs."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from logs import Event, index_of
from oracles.segments import members
from property_users import ZONES, hostile, in_zone, leaves, selectors

from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.codec import decode, encode
from ga4_analytics.questions.segments import (
    DidInOrder,
    InAll,
    InAny,
    NotIn,
    UserSegment,
    segment_in_words,
)


def trees(names: list[str]) -> st.SearchStrategy[UserSegment]:
    """Conditions and how they go together."""
    return st.recursive(
        leaves(names),
        lambda part: st.one_of(
            st.lists(part, max_size=3).map(lambda parts: InAll(tuple(parts))),
            st.lists(part, max_size=3).map(lambda parts: InAny(tuple(parts))),
            part.map(NotIn),
        ),
        max_leaves=4,
    )


def keys_of(index: Index, segment: UserSegment | None, threads: int | None = 1) -> set[str]:
    """The keys of the users who are chosen."""
    chosen = chosen_users(index, segment, threads=threads)
    return {
        key
        for part, who in zip(index.segments, chosen, strict=True)
        for key, one in zip(part.keys.to_pylist(), who.tolist(), strict=True)
        if one
    }


@settings(max_examples=300, deadline=None)
@given(st.data(), hostile(), st.sampled_from(ZONES), st.integers(1, 3))
def test_the_users_are_those_of_the_oracle(
    data: st.DataObject, events: list[Event], zone: str, split: int
) -> None:
    events = in_zone(events, zone)
    index = index_of(events, zone, split=split)
    names = sorted({event.name for event in events}) or ["A"]
    segment = data.draw(trees(names) if events else st.just(InAll(())))
    assert keys_of(index, segment, split) == members(events, segment, zone)
    assert decode(UserSegment, encode(segment)) == segment  # type: ignore[arg-type]
    assert segment_in_words(segment)


@settings(max_examples=200, deadline=None)
@given(st.data(), hostile(9), st.sampled_from(ZONES))
def test_orders_are_those_of_the_oracle(
    data: st.DataObject, events: list[Event], zone: str
) -> None:
    events = in_zone([replace(e, time=e.time // 10**10 * 10**10) for e in events], zone)
    if not events:
        return
    names = sorted({event.name for event in events})
    steps = data.draw(st.lists(selectors(names), min_size=2, max_size=5))
    within = data.draw(st.sampled_from(["", "3h", "1d"]))
    segment = DidInOrder(tuple(steps), within)
    assert keys_of(index_of(events, zone), segment) == members(events, segment, zone)
