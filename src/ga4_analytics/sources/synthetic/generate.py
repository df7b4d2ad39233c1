"""Make a sample: people, their sessions, what happens in them, and what is planted."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.commerce import plan_orders
from ga4_analytics.sources.synthetic.draws import Ints, deal_order, words
from ga4_analytics.sources.synthetic.intents import Intents, plan_intents
from ga4_analytics.sources.synthetic.moments import Rows, plan_moments
from ga4_analytics.sources.synthetic.plants import plant
from ga4_analytics.sources.synthetic.published import CODE, calendar
from ga4_analytics.sources.synthetic.sample import (
    CHECKOUT_PAGE,
    DONE_PAGE,
    PRODUCT_PAGE,
    SEARCH_PAGE,
    Events,
    Sample,
)
from ga4_analytics.sources.synthetic.sessions import (
    DAY_US,
    heaviest_user,
    plan_sessions,
    session_ids,
)
from ga4_analytics.sources.synthetic.spec import SampleSpec
from ga4_analytics.sources.synthetic.visits import plan_visits
from ga4_analytics.sources.synthetic.world import plan_people
from ga4_analytics.sources.zones import transitions

_PAGE_KINDS = (
    ("view_search_results", SEARCH_PAGE), ("view_item", PRODUCT_PAGE),
    ("add_to_cart", PRODUCT_PAGE), ("begin_checkout", CHECKOUT_PAGE),
    ("add_shipping_info", CHECKOUT_PAGE), ("add_payment_info", CHECKOUT_PAGE),
    ("purchase", DONE_PAGE),
)  # fmt: skip
"""What a page must be, so that the event can happen on it; the last one wins."""


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
    wall = day * DAY_US + when.astype(np.int64)
    return _localised(spec, wall, wall)


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


def _localised(spec: SampleSpec, wall: Ints, begin: Ints) -> Ints:
    """Take times by the property's clocks to UTC.

    A session keeps the offset of its begin, so that it stays in order over a change. What
    begins in an hour that the clocks leave out happens an hour later.
    """
    minute = 60_000_000
    changes = transitions(spec.zone, spec.day(0), spec.day(spec.days))
    # The later of the two readings: what begins in an hour told twice is in its first round.
    readings = [
        after.start_us - spec.start_us + max(before.offset_min, after.offset_min) * minute
        for before, after in pairwise(changes)
    ]
    offsets = np.array([each.offset_min for each in changes]) * minute
    there = np.searchsorted(np.array(readings, np.int64), begin, side="right")
    local: Ints = wall - offsets[there]
    return local


def generate(spec: SampleSpec) -> Sample:
    """Make a sample in memory.

    Args:
        spec: Its size, days and seed, and what is planted in it.

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
    begin = (sessions.start_us + sessions.day * DAY_US)[rows.session]
    rows = replace(rows, ts=_localised(spec, rows.ts, begin))
    events = _assemble(spec, rows, intents, page)
    sample = Sample(
        spec=spec,
        visits=visits,
        people=plan_people(spec, np.bincount(sessions.user, minlength=len(visits.cohort))),
        sessions=sessions,
        session_id=session_ids(spec, sessions),
        orders=orders,
        page_kind=page_kind,
        page_session=page_session,
        events=events,
        day_edges=np.searchsorted(events.ts, spec.midnights()),
        robot=heaviest_user(visits),
    )
    return plant(sample) if spec.plants else sample
