"""Logs over weeks, with the hostile moments of `logs`; selectors as spec and as Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from logs import DAY, HOUR, START, Event, logs, sessions_in_order

from ga4_analytics.questions.filters import AllOf, AnyOf, Condition, EventSelector

SHIFTS = {
    "UTC": 0,
    "America/New_York": 0,  # winter time begins on 2020-11-01 at 2:00
    "Asia/Beirut": -7 * DAY - 5 * HOUR,  # at midnight
    "Australia/Lord_Howe": -209 * DAY - 12 * HOUR,  # half an hour, on 2020-04-05
    "America/St_Johns": -3647 * DAY,  # at a minute past midnight: a day comes back
}
"""Zones, and how far logs are shifted so that they meet a change of the clock."""


@dataclass(frozen=True)
class Selected:
    """A selector twice."""

    spec: EventSelector
    meets: Callable[[Event], bool]


def _engaged(event: Event) -> bool:
    return (event.columns.get("engagement_msec") or 0) >= 1


ANY = Selected(EventSelector(), lambda event: True)
SELECTED = (
    ANY,
    # Always met, but only rows can tell.
    Selected(EventSelector(where=AllOf(())), lambda event: True),
    Selected(EventSelector(("A",)), lambda event: event.name == "A"),
    Selected(EventSelector(("B", "C")), lambda event: event.name in "BC"),
    Selected(
        EventSelector(("A", "B", "C"), Condition("country", "is", ("US",))),
        lambda event: event.name in "ABC" and event.columns.get("country") == "US",
    ),
    # Not by codes: a range of numbers, and a filter over two columns.
    Selected(
        EventSelector(("A", "B"), Condition("engagement_msec", "at_least", (1,))),
        lambda event: event.name in "AB" and _engaged(event),
    ),
    Selected(
        EventSelector(
            where=AnyOf(
                (
                    Condition("country", "is", ("US",)),
                    Condition("engagement_msec", "at_least", (1,)),
                )
            )
        ),
        lambda event: event.columns.get("country") == "US" or _engaged(event),
    ),
)
NAMES = ("A", "B", "C", "first_visit")


def selected() -> st.SearchStrategy[Selected]:
    """A selector; its names are always in the data, see `worlds`."""
    return st.sampled_from(SELECTED)


def _days_of_users(shift: int) -> st.SearchStrategy[list[Event]]:
    """Users who come on many days: what lies between their days is the question."""
    event = st.builds(
        lambda user, name, day, hour, country, session: Event(
            user, name, START + day * DAY + hour * HOUR + shift, session=session,
            columns={"country": country, "engagement_msec": 1}, engaged=True,
        ),
        st.sampled_from("uv"), st.sampled_from(NAMES), st.integers(0, 12), st.integers(0, 23),
        st.sampled_from(["US", None]), st.integers(1, 3),
    )  # fmt: skip
    return st.lists(event, min_size=8, max_size=14)


@st.composite
def worlds(draw: st.DrawFn, most: int = 14, days: int = 40) -> tuple[list[Event], str]:
    """A log with an event of each name, and its zone."""
    zone = draw(st.sampled_from(sorted(SHIFTS)))
    base = [Event(None, name, START + DAY, columns={}) for name in NAMES]
    found = draw(logs(NAMES, ("u", "v", "w", None), most))
    spread = draw(st.sampled_from([0, 3, days]))
    moved = draw(_days_of_users(SHIFTS[zone])) if draw(st.sampled_from([True, True, False])) else []
    for event in [*base, *found]:
        later = draw(st.integers(0, spread)) * DAY if spread else 0
        engaged = draw(st.sampled_from([None, False, True]))
        touch = draw(st.sampled_from([None, START - DAY * 9000, START + DAY * 9000]))
        time = event.time + later + SHIFTS[zone]
        moved.append(replace(event, time=time, engaged=engaged, touch=touch))
    return sessions_in_order(moved), zone
