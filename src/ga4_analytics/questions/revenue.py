"""What came in: orders, refunds, what a user brings, and what a cohort brings in time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from ga4_analytics.questions.query import Query
from ga4_analytics.questions.results import Result
from ga4_analytics.stats.amounts import Mean

Unit = Literal["day", "week", "month"]


@dataclass(frozen=True)
class RevenueQuestion:
    """A question for revenue.

    Attributes:
        interval: The buckets; weeks begin on Monday.
        periods: How many buckets after the first a cohort's lifetime value is followed; None:
            no lifetime value.
        query: Days, events (the filter looks at an order's earliest event), users, breakdown.
    """

    interval: Unit = "day"
    periods: int | None = None
    query: Query = field(default_factory=Query)


@dataclass(frozen=True)
class Amounts:
    """Orders and money; US dollars in millionths.

    Attributes:
        orders: Orders by rule.
        orders_without_id: Those whose purchase event names no transaction.
        conflicting_orders: Those whose purchase events disagree; the earliest counts.
        purchase_events: Purchase events, repeats too.
        buyers: Users with an order; None where files name no users.
        gross_usd_micros: Revenue of the orders; None where files cannot tell.
        refund_usd_micros: Refunds, on the day of the refund.
        net_usd_micros: Gross less refunds.
        raw_usd_micros: Revenue of all purchase events, repeats counted again.
        average_order_usd: Gross over orders, with interval in the totals.
    """

    orders: int
    orders_without_id: int
    conflicting_orders: int
    purchase_events: int
    buyers: int | None
    gross_usd_micros: int | None
    refund_usd_micros: int | None
    net_usd_micros: int | None
    raw_usd_micros: int | None
    average_order_usd: float | None


@dataclass(frozen=True)
class Bucket:
    """A bucket of days of a group.

    Attributes:
        start: Its first day, which may be before the question's.
        group: The values of the breakdown.
        is_complete: Whether each of its days, cut to the question's, is loaded and complete.
        amounts: Its numbers; None where none of its days is loaded.
    """

    start: date
    group: tuple[str | None, ...]
    is_complete: bool
    amounts: Amounts | None


@dataclass(frozen=True)
class Total:
    """All days of a group together.

    Attributes:
        group: The values of the breakdown.
        amounts: Its numbers.
        users: Users with an event that counts; None in a breakdown, where users have no one
            group.
        average_order: Gross over orders, in US dollars.
        per_user: Gross of users over users, in US dollars; None in a breakdown.
        per_buyer: Gross of users over buyers, in US dollars.
    """

    group: tuple[str | None, ...]
    amounts: Amounts
    users: int | None
    average_order: Mean | None
    per_user: Mean | None
    per_buyer: Mean | None


@dataclass(frozen=True)
class LifetimeValue:
    """What a cohort has brought until the end of a period.

    Attributes:
        cohort: First day of the bucket in which its users were new.
        users: How many they are.
        period: Buckets since then, from 0.
        value: Gross from the beginning to the end of the period over all users of the cohort,
            in US dollars; None where the period is not complete.
    """

    cohort: date
    users: int
    period: int
    value: Mean | None


@dataclass(frozen=True)
class RevenueResult(Result):
    """Revenue.

    Attributes:
        currency: What amounts are in.
        buckets: In order of day, then group.
        totals: One a group, the greatest first.
        lifetime: In order of cohort, then period.
    """

    currency: str
    buckets: tuple[Bucket, ...]
    totals: tuple[Total, ...]
    lifetime: tuple[LifetimeValue, ...]

    def records(self) -> list[dict[str, Any]]:
        """One row a bucket and group, amounts in US dollars."""
        return [_record(self.spec.query.by, bucket) for bucket in self.buckets]


def _record(by: tuple[str, ...], bucket: Bucket) -> dict[str, Any]:
    row: dict[str, Any] = {"start": bucket.start, "is_complete": bucket.is_complete}
    row |= dict(zip(by, bucket.group, strict=False))
    names = Amounts.__dataclass_fields__
    for name in names:
        value = None if bucket.amounts is None else getattr(bucket.amounts, name)
        if name.endswith("_usd_micros"):
            row[name.removesuffix("_micros")] = None if value is None else value / 1_000_000
        else:
            row[name] = value
    return row
