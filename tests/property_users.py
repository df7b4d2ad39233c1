"""Logs and selectors that the property tests of segments, paths and revenue share."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from logs import Event, logs

from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.segments import (
    Did,
    DidInOrder,
    DidOnDays,
    HadSessions,
    HadSum,
    HadValue,
    LastDid,
    Listed,
    UserSegment,
    WasNew,
)

NAMES = ("A", "B", "first_visit")
ZONES = ("UTC", "America/Los_Angeles", "Asia/Kolkata")
DAYS = st.one_of(st.none(), st.integers(-1, 4).map(lambda n: date(2020, 11, 1) + timedelta(n)))


def hostile(most: int = 14) -> st.SearchStrategy[list[Event]]:
    """Logs of `logs` in which some events have no time of their own, and users a past."""
    marks = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=most, max_size=most)
    touches = st.dictionaries(st.sampled_from("uvw"), st.sampled_from([1, 1_604_188_800_000_000]))
    return st.builds(_marked, logs(NAMES, most=most), marks, touches)


def _marked(
    events: list[Event], marks: list[tuple[int, bool]], touches: dict[str, int]
) -> list[Event]:
    out = []
    for event, (dice, _) in zip(events, marks, strict=False):
        changed = replace(event, touch=touches.get(event.user or ""))
        if dice == 0 and event.session is None:
            changed = replace(changed, timeless=True, time=_midnight(event, "UTC"))
        out.append(changed)
    odd = {(e.user, e.session) for e, (_, engaged) in zip(events, marks, strict=False) if engaged}
    return [replace(e, engaged=e.session is not None and (e.user, e.session) in odd) for e in out]


def _midnight(event: Event, zone: str) -> int:
    start = datetime.combine(event.day(zone), time(), ZoneInfo(zone))
    return int(start.timestamp()) * 1_000_000


def in_zone(events: list[Event], zone: str) -> list[Event]:
    """Events without a time stand at the start of their day in the zone."""
    return [replace(e, time=_midnight(e, zone)) if e.timeless else e for e in events]


CONDITIONS = st.one_of(
    st.builds(
        Condition,
        st.just("country"),
        st.sampled_from(["is", "is_not", "contains", "not_contains"]),
        st.sampled_from([("US",), ("DE", "US"), ("D",)]),
    ),
    st.builds(Condition, st.just("country"), st.sampled_from(["is_set", "is_not_set"])),
    st.builds(
        Condition,
        st.just("revenue_usd"),
        st.sampled_from(["above", "at_least", "below", "at_most", "is", "is_not"]),
        st.sampled_from([(0,), (1,), (9.99,)]),
    ),
    st.builds(Condition, st.just("engagement_msec"), st.sampled_from(["is_set", "is_not_set"])),
)


@st.composite
def selectors(draw: st.DrawFn, names: list[str]) -> EventSelector:
    """Events by name and properties."""
    chosen = draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    return EventSelector(tuple(chosen), draw(st.one_of(st.none(), CONDITIONS)))


@st.composite
def _spans(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["all", "days", "last"]))
    if kind == "all":
        return {}
    if kind == "last":
        return {"end": draw(DAYS), "last_days": draw(st.integers(1, 3))}
    # The last loaded day is not before 2020-10-31 in any zone.
    start, end = draw(DAYS), draw(DAYS)
    if start is not None and (end is None or start > end):
        start = date(2020, 10, 30)
    return {"start": start, "end": end}


@st.composite
def leaves(draw: st.DrawFn, names: list[str]) -> UserSegment:
    """One condition with any of its options."""
    event = draw(selectors(names))
    least = draw(st.integers(0, 3))
    most = draw(st.one_of(st.none(), st.integers(least, 4)))
    span = draw(_spans())
    kind = draw(st.integers(0, 8))
    if kind == 0:
        within = draw(st.sampled_from(["", "30m", "1h", "1d"]))
        return Did(event, least, most, within=within, **span)
    if kind == 1:
        return DidOnDays(event, least, most, **span)
    if kind == 2:
        return LastDid(event, most, least, draw(DAYS))
    if kind == 3:
        steps = tuple(draw(selectors(names)) for _ in range(draw(st.integers(2, 4))))
        return DidInOrder(steps, draw(st.sampled_from(["", "30m", "1h", "1d"])), **span)
    if kind == 4:
        which = draw(st.sampled_from(["first", "last", "any"]))
        return HadValue(draw(CONDITIONS), which, event, **span)
    if kind == 5:
        sums = st.one_of(st.none(), st.sampled_from([0, 1, 1.5, 9.99, 10.99, 19.98]))
        low, high = draw(sums), draw(sums)
        if low is not None and high is not None and low > high:
            low, high = high, low
        return HadSum("revenue_usd", low, high, event, **span)
    if kind == 6:
        return HadSessions(least, most, draw(st.sampled_from([None, True, False])), **span)
    if kind == 7:
        return WasNew(draw(st.sampled_from(["new", "returning"])), **span)
    return Listed(tuple(draw(st.lists(st.sampled_from(["u", "w", "x"]), max_size=2))))
