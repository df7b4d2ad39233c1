"""Orders and revenue in plain Python: each purchase looks for its order among all others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import mean, stdev
from typing import Any

from oracles.segments import meets, members, new_day


def orders(events: Sequence[Any]) -> list[list[Any]]:
    """Purchases by order, each in order of time; who comes first stands first."""
    found: list[list[Any]] = []
    placed = sorted(enumerate(events), key=lambda pair: (pair[1].order(), pair[0]))
    for _, event in placed:
        if event.name != "purchase":
            continue
        named = event.columns.get("transaction_id") not in (None, "", "(not set)")
        for order in found if named else []:
            first = order[0]
            same = first.columns.get("transaction_id") == event.columns["transaction_id"]
            if same and first.user == event.user:
                order.append(event)
                break
        else:
            found.append([event])
    return found


def bucket(day: date, unit: str) -> date:
    """The first day of the bucket of a day."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def after(first: date, unit: str, count: int) -> date:
    """The first day of the bucket ``count`` after one."""
    if unit == "month":
        months = first.year * 12 + first.month - 1 + count
        return date(months // 12, months % 12 + 1, 1)
    return first + timedelta(days=count * {"day": 1, "week": 7}[unit])


def amounts(events: Sequence[Any], question: Any, zone: str, test: Any) -> dict[str, Any]:
    """The numbers of the orders and refunds that meet a test."""
    query = question.query
    who = members(events, query.users, zone)
    mine = [e for e in events if e.user in who or (e.user is None and query.users is None)]
    ours = [o for o in orders(mine) if meets(o[0], query.where) and test(o[0])]
    raw = [e for e in mine if meets(e, query.where) and test(e)]
    gross = sum(order[0].columns.get("revenue_usd") or 0 for order in ours)
    refunds = sum(event.columns.get("refund_usd") or 0 for event in raw)
    purchases = [event for event in raw if event.name == "purchase"]
    return {
        "orders": len(ours),
        "orders_without_id": sum(
            o[0].columns.get("transaction_id") in (None, "", "(not set)") for o in ours
        ),
        "conflicting_orders": sum(
            len({e.columns.get("revenue_usd") for e in o} - {None}) > 1 for o in ours
        ),
        "purchase_events": len(purchases),
        "buyers": len({o[0].user for o in ours} - {None}),
        "gross_usd_micros": gross,
        "refund_usd_micros": refunds,
        "net_usd_micros": gross - refunds,
        "raw_usd_micros": sum(event.columns.get("revenue_usd") or 0 for event in purchases),
        "average_order_usd": gross / (len(ours) * 1_000_000) if ours else None,
    }


def per_user(
    events: Sequence[Any], question: Any, zone: str, start: date, end: date
) -> list[float]:
    """US dollars of the orders of each user with an event that counts, or an order."""
    query = question.query
    paid: dict[str, float] = {}
    for event in events:
        counts = meets(event, query.where) and start <= event.day(zone) <= end
        if counts and event.user in members(events, query.users, zone):
            paid.setdefault(event.user, 0)
    for order in orders(events):
        counts = meets(order[0], query.where) and start <= order[0].day(zone) <= end
        if counts and order[0].user in paid:
            paid[order[0].user] += order[0].columns.get("revenue_usd") or 0
    return [micros / 1e6 for micros in paid.values()]


def interval(values: list[float]) -> tuple[float, float | None, float | None]:
    """The mean of some values and its normal interval."""
    middle = mean(values)
    if len(values) < 2:
        return middle, None, None
    spread = 1.959963984540054 * stdev(values) / len(values) ** 0.5
    return middle, middle - spread, middle + spread


def lifetime(
    events: Sequence[Any], question: Any, zone: str, start: date, end: date, complete: date | None
) -> dict[tuple[date, int], tuple[int, Any]]:
    """By cohort and period: users, and the mean of what they brought, None where not complete."""
    unit, query = question.interval, question.query
    first = min(event.day(zone) for event in events)
    cohorts: dict[date, list[str]] = {}
    for user in members(events, query.users, zone):
        day = new_day([event for event in events if event.user == user], zone, first)
        if day is not None and start <= day <= end:
            cohorts.setdefault(bucket(day, unit), []).append(user)
    ours = [order[0] for order in orders(events) if meets(order[0], query.where)]
    found: dict[tuple[date, int], tuple[int, Any]] = {}
    for cohort, users in cohorts.items():
        for period in range(question.periods + 1):
            ends = after(cohort, unit, period + 1)
            paid = [
                sum(
                    order.columns.get("revenue_usd") or 0
                    for order in ours
                    if order.user == user and order.day(zone) < ends
                )
                / 1e6
                for user in users
            ]
            mature = complete is not None and ends - timedelta(days=1) <= complete
            found[cohort, period] = (len(users), interval(paid) if mature else None)
    return found
