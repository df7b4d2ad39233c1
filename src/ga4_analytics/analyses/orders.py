"""Orders by rule: purchase events told apart by user and transaction id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.groups import Grouping
from ga4_analytics.analyses.masks import compiled
from ga4_analytics.analyses.names import column
from ga4_analytics.analyses.parts import Part, on_each, parts
from ga4_analytics.index.columns import NO_NUMBER
from ga4_analytics.index.layout import I64, U8, RowFlag, Segment
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import AllOf, Condition, EventSelector, Filter

PURCHASE = "purchase"
REFUND = "refund_usd"
MISSING = ("", "(not set)")
"""Transaction ids that name no order, beside null."""
NOBODY = -1


@dataclass(frozen=True)
class Money:
    """Purchase events and refunds, one a row, earliest first within an owner.

    Attributes:
        owner: The user, counted over all segments; `NOBODY` for rows of nobody.
        day: Its day, counted from 1970-01-01.
        time_us: When, microseconds UTC.
        is_timeless: Whether it has no time of its own, and ``time_us`` is its day's start.
        group: Its group in the breakdown.
        revenue: Micro-units of US dollars, `NO_NUMBER` for null.
        refund: As ``revenue``.
        is_purchase: Whether it is a purchase event.
        meets: Whether it meets the question's filter.
        order: Number of its order; purchase events only, else -1.
        is_first: Whether it is its order's earliest event.
        has_id: Whether its transaction id names an order.
        conflicting: Whether the values of its order disagree.
    """

    owner: I64
    day: I64
    time_us: I64
    is_timeless: NDArray[np.bool_]
    group: I64
    revenue: I64
    refund: I64
    is_purchase: NDArray[np.bool_]
    meets: NDArray[np.bool_]
    order: I64
    is_first: NDArray[np.bool_]
    has_id: NDArray[np.bool_]
    conflicting: NDArray[np.bool_]


def money_of(
    index: Index,
    where: Filter | None,
    chosen: Sequence[U8],
    grouping: Grouping,
    *,
    with_nobody: bool = True,
    threads: int | None = None,
) -> Money:
    """Find purchases and refunds, and tell orders.

    An order is a user and a transaction id, and stands where its earliest event stands; an
    event without an id is an order of its own. Filters look at the earliest event.

    Args:
        index: The index.
        where: What must be true of an event for ``meets``.
        chosen: 1 for each user who counts, for each of ``index.segments``.
        grouping: The breakdown.
        with_nobody: Whether rows without a user count.
        threads: How many at once; None: one a processor.

    Raises:
        QuestionError: The index has no column ``revenue_usd``.
    """
    column(index, "revenue_usd", "revenue")
    selectors = [EventSelector(where=Condition(REFUND, "is_set"))] if index.spec(REFUND) else []
    if index.names.code(PURCHASE):
        selectors.append(EventSelector((PURCHASE,)))
    # Whether the filter is met is asked of the same rows by bits of their own.
    filtered = [EventSelector(each.names, _both(each.where, where)) for each in selectors]
    masks = compiled(index, (*selectors, *filtered))
    purchase = np.uint64(1 << (len(selectors) - 1) if index.names.code(PURCHASE) else 0)
    some = np.uint64((1 << len(selectors)) - 1)
    segments = (*index.segments, *(index.nobody if with_nobody else ()))
    everyone = [np.ones(segment.users, np.uint8) for segment in segments[len(index.segments) :]]
    first_owner = np.cumsum([0, *(segment.users for segment in index.segments)])
    owners = {id(each): int(at) for each, at in zip(index.segments, first_owner, strict=False)}

    def work(part: Part) -> list[NDArray[np.int64] | NDArray[np.bool_] | NDArray[np.uint32]]:
        given = part.segment
        bits = masks.rows(given, part.first_row, part.end_row)
        rows = np.flatnonzero(bits & some)
        user = np.searchsorted(given.user_row, rows + part.first_row, side="right") - 1
        kept = part.chosen[user] != 0
        rows, user = rows[kept], user[kept]
        at = rows + part.first_row
        groups = grouping.rows(given, part.first_row, part.end_row)[rows]
        owner = user + owners[id(given)] if id(given) in owners else np.full(len(at), NOBODY)
        return [
            owner, _day(given, at), groups, _values(given, "revenue_usd", at),
            _values(given, REFUND, at), _values(given, "transaction_id", at),
            _values(given, "currency", at), (bits[rows] & purchase) != 0,
            (bits[rows] & ~some) != 0, given.time_us[at],
            (given.flags[at] & RowFlag.TIMELESS) != 0,
        ]  # fmt: skip

    found = on_each(work, parts(segments, [*chosen, *everyone]), threads)
    empty = np.zeros(0, np.int64)
    columns = [np.concatenate([empty, *each]) for each in zip(*found, strict=True)]
    return _told(index, columns or [empty] * 11)


def _both(one: Filter | None, other: Filter | None) -> Filter | None:
    given = tuple(part for part in (one, other) if part is not None)
    return AllOf(given) if given else None


def _values(segment: Segment, name: str, rows: I64) -> I64:
    """Numbers or codes of a column; null throughout where the index does not have it."""
    if name not in segment.columns:
        numbers = name in ("revenue_usd", REFUND)
        return np.full(len(rows), NO_NUMBER if numbers else 0, np.int64)
    return segment.columns[name][rows].astype(np.int64)


def _day(segment: Segment, rows: I64) -> I64:
    runs = np.searchsorted(segment.run_row, rows, side="right") - 1
    return segment.run_day[runs].astype(np.int64)


def _told(index: Index, columns: list[I64]) -> Money:
    """Tell orders apart."""
    owner, day, group, revenue, refund, id_, currency, bought, meets, time, timeless = columns
    is_purchase = bought != 0
    texts = index.dictionaries.get("transaction_id")
    unnamed = [0, *(code for text in MISSING if texts and (code := texts.code(text)))]
    has_id = ~np.isin(id_, unnamed) & is_purchase
    place = np.arange(len(owner))
    # Nobody's rows lie day by day in segments of their own, so time decides before place.
    order = np.full(len(owner), -1, np.int64)
    is_first = np.zeros(len(owner), bool)
    conflicting = np.zeros(len(owner), bool)
    rows = np.flatnonzero(is_purchase)
    alone = np.where(has_id, 0, place + 1)
    ordered = rows[np.lexsort((place[rows], time[rows], alone[rows], id_[rows], owner[rows]))]
    if len(ordered):
        keys = np.stack([owner[ordered], id_[ordered], alone[ordered]])
        new = np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0))
        order[ordered] = np.cumsum(new) - 1
        is_first[ordered] = new
        starts = np.flatnonzero(new)
        differ = _differ(revenue[ordered], NO_NUMBER, starts)
        differ |= _differ(currency[ordered], 0, starts)
        conflicting[ordered] = differ[order[ordered]]
    return Money(
        owner=owner,
        day=day,
        time_us=time,
        is_timeless=timeless != 0,
        group=group,
        revenue=revenue,
        refund=refund,
        is_purchase=is_purchase,
        meets=meets != 0,
        order=order,
        is_first=is_first,
        has_id=has_id,
        conflicting=conflicting,
    )


def _differ(values: I64, null: int, starts: I64) -> NDArray[np.bool_]:
    """Whether values of a run disagree, nulls left out."""
    least = np.minimum.reduceat(np.where(values == null, 2**63 - 1, values), starts)
    most = np.maximum.reduceat(np.where(values == null, -(2**63), values), starts)
    return np.asarray((least < most) & (most != -(2**63)), dtype=bool)
