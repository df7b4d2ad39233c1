"""A user's timeline, told as a person looks one up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import HOUR, MINUTE, START, Event, index_of, logs

from ga4_analytics.analyses.user import answer
from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.codec import decode
from ga4_analytics.questions.filters import Condition
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.user import UserQuestion

LOG = [
    Event("1.10", "session_start", START, session=1, columns={"country": "DE"}),
    Event("1.10", "page_view", START, session=1),
    Event(
        "1.10", "purchase", START + MINUTE, session=1,
        columns={"revenue_usd": 9_990_000, "experiment_variant": ["a", "b"]},
    ),
    Event("1.10", "page_view", START + 25 * HOUR, session=2),
    Event("1.1", "page_view", START + 1),
]  # fmt: skip


def test_everything_of_a_user_is_shown_in_order() -> None:
    found = answer(index_of(LOG, "America/Los_Angeles"), UserQuestion("1.10"))
    assert [each.event for each in found.timeline][2:] == ["purchase", "page_view"]
    assert [each.tied for each in found.timeline] == [True, True, False, False]
    assert found.timeline[2].utc == "2020-11-01T00:01:00+00:00"
    assert found.timeline[2].local == "2020-10-31T17:01:00-07:00"
    assert found.timeline[2].day == date(2020, 10, 31)
    assert found.timeline[3].local == "2020-11-01T17:00:00-08:00"
    assert found.timeline[2].columns["revenue_usd"] == 9.99
    assert found.timeline[2].columns["experiment_variant"] == ["a", "b"]
    assert found.timeline[0].columns["country"] == "DE"
    assert (found.events, found.sessions, found.next_skip) == (4, 2, None)
    assert decode(UserQuestion, found.to_dict()["spec"]) == UserQuestion("1.10")
    assert found.to_arrow().num_rows == 4


def test_keys_are_text_and_dead_users_are_gone() -> None:
    index = index_of(LOG, split=2)
    assert answer(index, UserQuestion("1.1")).events == 1
    with pytest.raises(QuestionError, match="no user"):
        answer(index, UserQuestion("1.100"))
    dead = tuple(
        replace(part, alive=part.alive & 0) if "1.1" in part.keys.to_pylist() else part
        for part in index.segments
    )
    with pytest.raises(QuestionError, match="no user"):
        answer(replace(index, segments=dead), UserQuestion("1.1"))


def test_pages_and_filters() -> None:
    index = index_of(LOG)
    page = answer(index, UserQuestion("1.10", skip=1, limit=2))
    assert ([each.number for each in page.timeline], page.next_skip) == ([2, 3], 3)
    views = Query(where=Condition("event_name", "is", ("page_view",)), end=date(2020, 11, 1))
    assert answer(index, UserQuestion("1.10", query=views)).events == 1
    for wrong in (UserQuestion("1.10", limit=0), UserQuestion("1.10", skip=-1)):
        with pytest.raises(QuestionError, match="no page"):
            answer(index, wrong)


@settings(max_examples=40, deadline=None)
@given(logs(), st.integers(1, 3), st.integers(1, 4))
def test_pages_together_are_all_of_the_users_events(
    events: list[Event], split: int, limit: int
) -> None:
    index = index_of(events, split=split)
    for user in {event.user for event in events} - {None}:
        own = sorted((e for e in events if e.user == user), key=lambda event: event.order())
        shown, skip = [], 0
        while skip is not None:
            found = answer(index, UserQuestion(str(user), skip, limit))
            shown += found.timeline
            skip = found.next_skip
        assert [each.time_us for each in shown] == [event.time for event in own]
        orders = [event.order() for event in own]
        assert [each.tied for each in shown] == [orders.count(order) > 1 for order in orders]
        key = lambda pair: (pair[0], pair[1] or 0, str(pair[2]))  # noqa: E731
        told = [(e.event, e.session, e.columns["country"]) for e in shown]
        mine = [(e.name, e.session, e.columns["country"]) for e in own]
        assert sorted(told, key=key) == sorted(mine, key=key)
