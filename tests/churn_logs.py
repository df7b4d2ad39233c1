"""Logs for churn: hostile ones of some users, and a crowd of whom a known share leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from hypothesis import strategies as st
from logs import DAY, HOUR, MINUTE, START, Event, sessions_in_order

NAMES = ("page_view", "purchase", "first_visit", "scroll", "first_open")
FIRST = date(2020, 11, 1)
DAYS = 50


def day(number: int) -> date:
    """A day of the log, counted from 0."""
    return FIRST + timedelta(days=number)


def hostile(
    users: Sequence[str | None] = ("u", "v", "ü", None), most: int = 24
) -> st.SearchStrategy[list[Event]]:
    """Ties, midnights, sessions that come back, nobody's events, columns that are null."""
    batches = st.tuples(*[st.one_of(st.none(), st.integers(0, 1))] * 3)
    columns = st.fixed_dictionaries(
        {
            "country": st.sampled_from([None, "US", "Côte d’Ivoire"]),
            "device_category": st.sampled_from([None, "mobile", "desktop"]),
            "channel_group": st.sampled_from([None, "Direct", "Email"]),
            "page_path": st.sampled_from([None, "/", "/é", "/b"]),
            "revenue_usd": st.sampled_from([None, 0, -5, 9_990_000, 2**50]),
            "engagement_msec": st.sampled_from([None, 0, 500, 7_000_000]),
        }
    )
    moments = st.builds(
        lambda number, within: START + number * DAY + within,
        st.integers(0, DAYS - 1),
        st.sampled_from([0, 1, HOUR, 4 * HOUR, 5 * HOUR, DAY - 1]),
    )
    return st.lists(
        st.builds(
            Event, user=st.sampled_from(users), name=st.sampled_from(NAMES), time=moments,
            batch=batches, session=st.one_of(st.none(), st.integers(1, 4)), columns=columns,
        ),
        max_size=most,
    ).map(sessions_in_order)  # fmt: skip


def crowd(
    users: int = 500, days: int = 90, seed: int = 1, hazards: dict[str, float] | None = None
) -> list[Event]:
    """Users who come on some days of each week and leave for good with a chance by device."""
    dice = Random(seed)
    given = hazards or {"desktop": 0.05, "mobile": 0.25, "tablet": 0.5}
    events = []
    for number in range(users):
        device = dice.choice(sorted(given))
        begin = dice.randrange(days * 2 // 3)
        session = 0
        for week in range(begin, days, 7):
            lucky = {dice.randrange(7), *(n for n in range(7) if dice.random() < 0.15)}
            for place in sorted(lucky | ({0} if week == begin else set())):
                session += 1
                for step in range(dice.randint(1, 3)):
                    moment = START + (week + place) * DAY + 12 * HOUR + step * MINUTE + number
                    events.append(
                        Event(f"user {number:04}", "page_view", moment, session=session,
                              columns={"device_category": device, "country": "US",
                                       "engagement_msec": 1000 * step})
                    )  # fmt: skip
            if dice.random() < given[device]:
                break
    return [event for event in events if event.time < START + days * DAY]
