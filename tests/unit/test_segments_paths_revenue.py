"""Segments, paths and revenue, told as journeys."""

from __future__ import annotations

from datetime import date

import pytest
from logs import DAY, HOUR, MINUTE, START, Event, index_of

from ga4_analytics.analyses import paths, revenue, segments
from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.comparison import NamedSegment, SegmentsQuestion
from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.paths import Link, PathsQuestion
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.revenue import RevenueQuestion
from ga4_analytics.questions.segments import (
    Did,
    DidInOrder,
    HadSum,
    HadValue,
    LastDid,
    Listed,
    UserSegment,
    never,
)

SHOWN = EventSelector(("view",))
BOUGHT = EventSelector(("purchase",))


def bought(user: str | None, time: int, id_: str | None, dollars: float) -> Event:
    """A purchase."""
    cells = {"transaction_id": id_, "revenue_usd": round(dollars * 1e6)}
    return Event(user, "purchase", time, session=1 if user else None, columns=cells)


SHOP = [
    Event("ann", "start", START, session=1),
    Event("ann", "view", START + MINUTE, session=1),
    Event("ann", "view", START + 2 * MINUTE, session=1),
    bought("ann", START + 3 * MINUTE, "T1", 10),
    bought("ann", START + 4 * MINUTE, "T1", 12),
    bought("ann", START + 5 * MINUTE, None, 5),
    Event("bob", "start", START, session=1),
    Event("bob", "view", START + MINUTE, session=1),
    Event("bob", "view", START + 3 * DAY, session=2),
    Event("cat", "start", START + HOUR, session=1),
    bought(None, START, "T1", 7),
    bought(None, START + DAY, "T1", 7),
]


def chosen(segment: UserSegment) -> list[str]:
    """Who is meant."""
    index = index_of(SHOP)
    keys = index.segments[0].keys.to_pylist()
    who = chosen_users(index, segment)[0].tolist()
    return [key for key, one in zip(keys, who, strict=True) if one]


def test_people_are_chosen_by_what_they_did() -> None:
    assert chosen(Did(SHOWN, at_least=2)) == ["ann", "bob"]
    assert chosen(Did(SHOWN, at_least=2, within="1h")) == ["ann"]
    assert chosen(Did(SHOWN, last_days=1)) == ["bob"]
    assert chosen(never(SHOWN)) == ["cat"]
    assert chosen(LastDid(SHOWN, at_least=2)) == ["ann"]
    assert chosen(DidInOrder((SHOWN, SHOWN, BOUGHT), within="2m")) == ["ann"]
    assert chosen(DidInOrder((BOUGHT, SHOWN))) == []
    assert chosen(HadSum("revenue_usd", at_least=27)) == ["ann"]
    assert chosen(HadValue(Condition("revenue_usd", "is", (5,)), "last")) == ["ann"]
    assert chosen(Listed(("cat", "nobody"))) == ["cat"]


@pytest.mark.parametrize(
    ("segment", "said"),
    [
        (Did(EventSelector(("veiw",))), "Did you mean 'view'"),
        (Did(SHOWN, at_least=3, at_most=2), "users: at least 3 and at most 2"),
        (Did(SHOWN, within="soon"), "users.within"),
        (Did(SHOWN, last_days=0), "users.last_days"),
        (Did(SHOWN, start=date(2021, 1, 1)), "users.start"),
        (DidInOrder((SHOWN,)), "users.events"),
        (HadSum("country", 1), "users.column"),
        (HadSum("revenue_usd", float("nan")), "users.at_least"),
    ],
)
def test_a_segment_that_makes_no_sense_says_so(segment: UserSegment, said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        chosen_users(index_of(SHOP), segment)


def test_segments_stand_side_by_side() -> None:
    named = (
        NamedSegment("viewers", Did(SHOWN)),
        NamedSegment("buyers", Did(BOUGHT)),
    )
    found = segments.answer(index_of(SHOP), SegmentsQuestion(named))
    viewers, buyers = found.segments
    assert (viewers.users, viewers.sessions, viewers.active_days) == (2, 3, 3)
    assert (buyers.users, buyers.orders, buyers.gross_usd_micros) == (1, 2, 15_000_000)
    assert buyers.raw_usd_micros == 27_000_000
    assert found.everybody.users == 3
    assert [(each.segments, each.users) for each in found.combinations] == [
        ((), 1),
        (("viewers",), 1),
        (("viewers", "buyers"), 1),
    ]
    assert found.overlaps[0].of_second is not None
    assert found.overlaps[0].of_second.value == 1
    with pytest.raises(QuestionError, match="name of its own"):
        segments.answer(index_of(SHOP), SegmentsQuestion(named + named))


def test_paths_go_from_the_start_of_a_session() -> None:
    question = PathsQuestion(EventSelector(("start",)), depth=2)
    found = paths.answer(index_of(SHOP), question)
    assert [(each.steps, each.count) for each in found.top] == [
        (("start",), 1),
        (("start", "view"), 1),
        (("start", "view", "view"), 1),
    ]
    assert found.links == (
        Link(1, "start", "view", 2, share=2 / 3, of_source=2 / 3),
        Link(2, "view", "view", 1, share=1 / 3, of_source=1 / 2),
    )
    assert [(each.level, each.step, each.count, each.ended) for each in found.nodes] == [
        (0, "start", 3, 1),
        (1, "view", 2, 1),
        (2, "view", 1, 1),
    ]
    assert [(each.reached, each.dropped) for each in found.levels] == [(2, 1), (1, 1)]
    merged = paths.answer(index_of(SHOP), PathsQuestion(EventSelector(("start",)), merge=True))
    assert ("start", "view", "purchase") in [each.steps for each in merged.top]
    back = paths.answer(index_of(SHOP), PathsQuestion(BOUGHT, direction="to", depth=1))
    assert back.top[0].steps == ("purchase", "purchase")


def test_tied_events_stand_in_order_of_name_whatever_their_ids() -> None:
    tied = [Event("u", name, START, session=1) for name in ("start", "b", "z", "a")]
    question = PathsQuestion(EventSelector(("a",)))
    for log in (tied, tied[::-1]):
        found = paths.answer(index_of(log), question)
        assert found.top[0].steps == ("a", "b", "start", "z")
        assert (found.open_order, found.events, found.open_share) == (3, 4, 3 / 4)
        assert "3 of 4 events (75.00%)" in " ".join(found.definition)


def test_ten_thousand_names_make_a_sparse_table() -> None:
    log = [Event("u", f"n{number}", START + number, session=1) for number in range(10_000)]
    for depth in (4, 20):
        found = paths.answer(index_of(log), PathsQuestion(EventSelector(), depth=depth, shown=3))
        assert (found.paths, found.distinct) == (10_000, 10_000)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (PathsQuestion(EventSelector(("strat",))), "Did you mean 'start'"),
        (PathsQuestion(SHOWN, depth=0), "depth: 0"),
        (PathsQuestion(SHOWN, depth=21), "depth: 21"),
        (PathsQuestion(SHOWN, step="revenue_usd"), "step: revenue_usd"),
        (PathsQuestion(SHOWN, hide=("veiw",)), "Did you mean 'view'"),
        (PathsQuestion(SHOWN, window="now"), "window"),
        (PathsQuestion(SHOWN, query=Query(by=("country",))), "by: paths"),
    ],
)
def test_a_question_for_paths_that_makes_no_sense_says_so(
    question: PathsQuestion, said: str
) -> None:
    with pytest.raises(QuestionError, match=said):
        paths.answer(index_of(SHOP), question)


def test_an_order_counts_once_with_its_earliest_value() -> None:
    found = revenue.answer(index_of(SHOP), RevenueQuestion(periods=1)).totals[0]
    money = found.amounts
    # ann's T1 and her purchase without an id, and nobody's T1, which is one order.
    assert (money.orders, money.orders_without_id, money.conflicting_orders) == (3, 1, 1)
    assert (money.gross_usd_micros, money.raw_usd_micros) == (22_000_000, 41_000_000)
    assert (money.purchase_events, money.buyers, found.users) == (5, 1, 3)
    assert found.per_user is not None and found.per_user.value == 5
    assert found.per_buyer is not None and found.per_buyer.value == 15
    assert found.average_order is not None and found.average_order.value == pytest.approx(22 / 3)


def test_a_cohort_is_followed_only_through_complete_periods() -> None:
    found = revenue.answer(index_of(SHOP, incomplete=1), RevenueQuestion(periods=3)).lifetime
    first = [each.value and each.value.value for each in found if each.cohort == date(2020, 11, 1)]
    assert first == [5, 5, 5, None]


def test_a_day_whose_files_tell_no_revenue_is_null() -> None:
    from dataclasses import replace

    index = index_of(SHOP)
    blind = tuple(replace(day, can=frozenset[str]()) for day in index.calendar.days)
    index = replace(index, calendar=replace(index.calendar, days=blind))
    found = revenue.answer(index, RevenueQuestion())
    amounts = found.buckets[0].amounts
    assert amounts is not None
    assert (amounts.orders, amounts.gross_usd_micros, amounts.net_usd_micros) == (3, None, None)
    assert any("tell no revenue" in sentence for sentence in found.definition)
    outside = RevenueQuestion(query=Query(end=date(2020, 11, 6)))
    assert revenue.answer(index, outside).buckets[-1].amounts is None
