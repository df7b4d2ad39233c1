"""A sample in memory: people, sessions and events as columns, cut by day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.commerce import Orders, plan_orders
from ga4_analytics.sources.synthetic.draws import Ints, below, deal_order, words
from ga4_analytics.sources.synthetic.intents import Intents, plan_intents
from ga4_analytics.sources.synthetic.moments import Rows, plan_moments
from ga4_analytics.sources.synthetic.published import CODE, calendar
from ga4_analytics.sources.synthetic.sessions import (
    DAY_US,
    Sessions,
    heaviest_user,
    plan_sessions,
    session_ids,
)
from ga4_analytics.sources.synthetic.spec import SampleSpec
from ga4_analytics.sources.synthetic.visits import Visits, plan_visits
from ga4_analytics.sources.synthetic.world import People, plan_people

PLAIN_PAGE, SEARCH_PAGE, PRODUCT_PAGE, CHECKOUT_PAGE, DONE_PAGE = range(5)
_PAGE_KINDS = (
    ("view_search_results", SEARCH_PAGE), ("view_item", PRODUCT_PAGE),
    ("add_to_cart", PRODUCT_PAGE), ("begin_checkout", CHECKOUT_PAGE),
    ("add_shipping_info", CHECKOUT_PAGE), ("add_payment_info", CHECKOUT_PAGE),
    ("purchase", DONE_PAGE),
)  # fmt: skip
"""What a page must be, so that the event can happen on it; the last one wins."""


@dataclass(frozen=True)
class Events:
    """All events in time order, one array a column.

    Attributes:
        ts: Microseconds since the sample's first midnight.
        code: Event name, a position in `EVENT_NAMES`.
        session: Position in the sessions; -1 without consent, then there is no user either.
        key: What the event's details are drawn by; an exact duplicate shares it.
        page: Position in the pages; -1 before any page.
        order: Position in the orders; -1 where it is no purchase.
        gap_ms: Milliseconds since the session's event before.
        is_duplicate: Whether the event was sent a second time.
    """

    ts: Ints
    code: NDArray[np.int8]
    session: NDArray[np.int32]
    key: NDArray[np.int32]
    page: NDArray[np.int32]
    order: NDArray[np.int32]
    gap_ms: NDArray[np.int32]
    is_duplicate: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ts)


@dataclass(frozen=True)
class Sample:
    """Everything that was planned and what came of it.

    Attributes:
        spec: What was asked for.
        visits: Users and their days.
        people: Country, device and first source by user.
        sessions: The sessions.
        session_id: ``ga_session_id`` by session.
        orders: The purchase events' orders.
        page_kind: What each page is.
        page_session: The session of each page.
        events: The events in time order.
        day_edges: Where each day begins in the events; one more at the end.
        robot: The user that reads everything.
    """

    spec: SampleSpec
    visits: Visits
    people: People
    sessions: Sessions
    session_id: Ints
    orders: Orders
    page_kind: NDArray[np.int8]
    page_session: Ints
    events: Events
    day_edges: Ints
    robot: int

    def user_pseudo_ids(self) -> list[str]:
        """The client id of each user: text that looks like a decimal number.

        Returns:
            Unique texts; some have zeros where a number would lose them.
        """
        users = np.arange(len(self.visits.cohort))
        head = 1_000_000 + (users * 48_271 + self.spec.seed * 7_919) % 99_999_989
        tail = below(self.spec.seed, "client", users, 2_000_000_000) * 5
        tail += below(self.spec.seed, "client end", users, 5)
        return [f"{a}.{b:010d}" for a, b in zip(head.tolist(), tail.tolist(), strict=True)]


def _pages(rows: Rows, sessions: int) -> tuple[Ints, NDArray[np.int8], Ints]:
    """The page that each event happens on, each page's kind, and each page's session."""
    is_page = rows.code == CODE["page_view"]
    seen = np.cumsum(is_page)
    in_session = np.bincount(rows.session, is_page, sessions).astype(np.int64)
    before = (np.cumsum(in_session) - in_session)[rows.session]
    page = np.where(in_session[rows.session] > 0, np.maximum(seen - 1, before), -1)
    kind = np.zeros(int(is_page.sum()), np.int8)
    for name, needed in _PAGE_KINDS:
        there = page[rows.code == CODE[name]]
        kind[there[there >= 0]] = needed
    return page, kind, np.repeat(np.arange(sessions), in_session)


def _consentless(spec: SampleSpec, intents: Intents) -> Ints:
    """Times of the page views without consent."""
    day = np.repeat(np.arange(spec.days), intents.consentless)
    when = words(spec.seed, "consentless", np.arange(len(day))) % np.uint64(DAY_US)
    return day * DAY_US + when.astype(np.int64)


def _doubled(spec: SampleSpec, rows: Rows, twice: dict[str, int]) -> Ints:
    """The events that are sent twice."""
    found = [np.zeros(0, np.int64)]
    for name, count in twice.items():
        of = np.flatnonzero(rows.code == CODE[name])
        found.append(of[deal_order(spec.seed, f"twice/{name}", len(of))[:count]])
    return np.concatenate(found)


def _assemble(spec: SampleSpec, rows: Rows, intents: Intents, page: Ints) -> Events:
    """Put sessions' events, their duplicates and the consentless ones in time order."""
    count = len(rows.ts)
    own = np.arange(count)
    twice = _doubled(spec, rows, intents.duplicates)
    quiet = _consentless(spec, intents)
    order = np.full(count, -1)
    purchases = np.flatnonzero(rows.code == CODE["purchase"])
    order[purchases] = np.arange(len(purchases))
    pick = np.concatenate([own, twice])
    none = np.full(len(quiet), -1)
    ts = np.concatenate([rows.ts[pick], quiet])
    key = np.concatenate([pick, count + np.arange(len(quiet))])
    mark = np.concatenate([np.zeros(count, np.bool_), np.ones(len(twice), np.bool_),
                           np.zeros(len(quiet), np.bool_)])  # fmt: skip
    line = np.lexsort((key, ts))

    def column(values: Ints, rest: Ints) -> Ints:
        return np.concatenate([values[pick], rest])[line]

    return Events(
        ts=ts[line],
        code=column(rows.code, np.full(len(quiet), CODE["page_view"])).astype(np.int8),
        session=column(rows.session, none).astype(np.int32),
        key=key[line].astype(np.int32),
        page=column(page, none).astype(np.int32),
        order=column(order, none).astype(np.int32),
        gap_ms=column(rows.gap_ms, none + 1).astype(np.int32),
        is_duplicate=mark[line],
    )


def generate(spec: SampleSpec) -> Sample:
    """Make a sample in memory.

    Args:
        spec: Its size, days and seed.

    Returns:
        The same sample for the same spec, on every machine.

    Example:
        >>> tiny = generate(SampleSpec(scale=0.0005, days=7))
        >>> len(tiny.day_edges), bool((np.diff(tiny.events.ts) >= 0).all())
        (8, True)
    """
    plan = calendar(spec)
    visits = plan_visits(spec, plan)
    sessions = plan_sessions(spec, plan, visits)
    new = sessions.is_first & ~visits.truncated[sessions.user]
    intents = plan_intents(spec, plan, sessions, new)
    rows = plan_moments(spec.seed, sessions, intents.counts)
    page, page_kind, page_session = _pages(rows, len(sessions))
    buys = np.flatnonzero(rows.code == CODE["purchase"])
    orders = plan_orders(spec, plan, rows.session[buys], rows.ts[buys] // DAY_US)
    events = _assemble(spec, rows, intents, page)
    return Sample(
        spec=spec,
        visits=visits,
        people=plan_people(spec, np.bincount(sessions.user, minlength=len(visits.cohort))),
        sessions=sessions,
        session_id=session_ids(spec, sessions),
        orders=orders,
        page_kind=page_kind,
        page_session=page_session,
        events=events,
        day_edges=np.searchsorted(events.ts, np.arange(spec.days + 1) * DAY_US),
        robot=heaviest_user(visits),
    )
