"""The key numbers of Home, told as stories and counted on fingers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from logs import DAY, HOUR, START, Event, index_of

from ga4_analytics.analyses.overview import overview
from ga4_analytics.index.reader import Index


def bought(user: str | None, at: int, order: str, dollars: int) -> Event:
    columns = {"revenue_usd": dollars * 1_000_000, "transaction_id": order}
    return Event(user, "purchase", at, session=1, columns=columns)


def shop() -> list[Event]:
    """Two days before: Ada buys for 10. Two days now: Ada buys for 30, sent twice; Bob looks."""
    return [
        Event("ada", "view", START, session=1),
        bought("ada", START + HOUR, "T1", 10),
        Event("ada", "view", START + DAY, session=2),
        Event("ada", "view", START + 2 * DAY, session=3),
        bought("ada", START + 2 * DAY + HOUR, "T2", 30),
        bought("ada", START + 2 * DAY + HOUR + 1, "T2", 30),
        Event("bob", "view", START + 3 * DAY, session=1),
    ]


def cut(index: Index, first: int) -> Index:
    """The index without its first days."""
    return replace(index, calendar=replace(index.calendar, days=index.calendar.days[first:]))


def test_the_last_days_beside_the_days_before() -> None:
    found = overview(index_of(shop()), days=2)
    assert found is not None
    assert (found.start, found.end) == (date(2020, 11, 3), date(2020, 11, 4))
    assert (found.previous_start, found.previous_end) == (date(2020, 11, 1), date(2020, 11, 2))
    told = {each.name: (each.value, each.previous, each.change) for each in found.numbers}
    assert told["users"] == (2, 1, 1.0)
    assert told["events"] == (4, 3, (4 - 3) / 3)
    assert told["orders"] == (1, 1, 0.0)
    assert told["revenue_usd"] == (30.0, 10.0, 2.0)
    assert found.raw_revenue_usd == 60.0
    daily = {each.name: each.daily for each in found.numbers}
    assert daily["events"] == (3, 1)
    assert daily["revenue_usd"] == (30.0, 0.0)


def test_days_that_are_not_all_loaded_are_nothing_to_compare_with() -> None:
    found = overview(cut(index_of(shop()), 1), days=2)
    assert found is not None
    assert {each.previous for each in found.numbers} == {None}
    assert {each.change for each in found.numbers} == {None}


def test_the_last_day_counts_only_when_it_is_complete() -> None:
    whole = index_of(shop())
    *days, last = whole.calendar.days
    open_day = replace(last, is_complete=False)
    found = overview(replace(whole, calendar=replace(whole.calendar, days=(*days, open_day))), 1)
    assert found is not None
    assert found.end == date(2020, 11, 3)


def test_without_days_there_is_none() -> None:
    index = index_of(shop())
    assert overview(replace(index, calendar=replace(index.calendar, days=()))) is None
