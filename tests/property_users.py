"""Logs and selectors that the property tests of segments, paths and revenue share."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from logs import Event, logs

from ga4_analytics.questions.filters import Condition, EventSelector

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
