"""Orders and money recounted from the index."""

from __future__ import annotations

from typing import Any

from ga4_analytics.analyses import revenue
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.revenue import RevenueQuestion
from ga4_analytics.settings import Settings
from ga4_analytics.verify.compare import Recount, Rows
from ga4_analytics.verify.days import active_users, ratio

USD = {
    "gross_revenue": "gross_usd_micros",
    "refund": "refund_usd_micros",
    "net_revenue": "net_usd_micros",
    "raw_revenue": "raw_usd_micros",
}
"""A column of ``daily_orders`` without its unit, and the amount that it is."""


def of_days(index: Index, settings: Settings) -> tuple[Recount, ...]:
    """``daily_active_users``, and ``daily_orders`` but for refunds, repeats and conflicts.

    A conflict may lie in the local currency, which the index does not have.
    """
    days, orders = active_users(index), _orders(index)
    for key, row in days.items():
        found = orders.get(key, {})
        row["orders"] = found.get("orders")
        row["revenue_usd_micros"] = found.get("gross_revenue_usd_micros")
        row["revenue_usd"] = found.get("gross_revenue_usd")
    return (
        Recount.of_rows("daily_active_users", ("event_date",), days),
        Recount.of_rows("daily_orders", ("order_date",), orders),
    )


def _orders(index: Index) -> Rows:
    rows: Rows = {}
    for bucket in revenue.answer(index, RevenueQuestion()).buckets:
        found = bucket.amounts
        if found is None:
            continue
        row: dict[str, Any] = {
            "orders": found.orders,
            "orders_without_id": found.orders_without_id,
            "purchase_events": found.purchase_events,
            "buyers": found.buyers,
            "average_order_value_usd": found.average_order_usd,
        }
        for column, name in USD.items():
            amount = getattr(found, name)
            row |= {f"{column}_usd_micros": amount, f"{column}_usd": ratio(amount, 1_000_000)}
        rows[(bucket.start,)] = row
    return rows
