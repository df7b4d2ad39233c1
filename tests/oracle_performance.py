"""What the marts of channels, pages, items and orders must say; see ``oracle_marts``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from oracle import Order, Place, Row, Session, micros
from oracle_channels import channel_group
from oracle_marts import Answer, Answers, rate, total, usd

Key = tuple[Any, ...]
NOTHING: Place = (None, None, None)


def _first(rows: Iterable[Row], what: Callable[[Row], Place]) -> Place:
    """The value of the first event that has any part of it."""
    return next((what(row) for row in rows if any(what(row))), NOTHING)


def session_place(a: Answers, session: Session) -> Place:
    """Last click as exported; else the first that was collected; else direct.

    A Google Ads click id with a missing or organic medium means google / cpc.
    """
    clicked = next(
        (row for row in session.rows if any(row.session_source) or row.session_group), None
    )
    if a.world.tells("session_source", session.day) and clicked and any(clicked.session_source):
        return clicked.session_source
    if a.world.tells("event_source", session.day):
        for row in session.rows:
            if row.gclid and row.collected[1] in (None, "organic"):
                return "google", "cpc", row.collected[2]
            if any(row.collected) or row.gclid:
                return row.collected
    return "(direct)", "(none)", None


def session_group(a: Answers, session: Session) -> str:
    """The exported channel group of the last click; else the one of `session_place`."""
    clicked = next(
        (row for row in session.rows if any(row.session_source) or row.session_group), None
    )
    exported = clicked.session_group if clicked else None
    return exported or group_of(a, session_place(a, session), session.day)


def group_of(a: Answers, place: Place, day: date) -> str:
    """The channel group by the rules of a day, or of the fixed one."""
    return channel_group(place, a.rules.channel_rules_date or day)


def channels(a: Answers, session: Session) -> dict[str, str]:
    """Scope to channel group, for every scope that the files tell."""
    found = {}
    if a.world.tells("session_source", session.day) or a.world.tells("event_source", session.day):
        found["session"] = session_group(a, session)
    if a.world.tells("first_user_source", session.day):
        found["first_user"] = group_of(
            a, _first(session.rows, lambda row: row.first_user), session.day
        )
    if a.world.tells("flat_source", session.day):
        found["unknown"] = group_of(a, _first(session.rows, lambda row: row.flat), session.day)
    return found


def best_place(a: Answers, session: Session) -> tuple[str, Place] | None:
    """The best scope that the files tell, and the session's source in it."""
    tells = a.world.tells
    if tells("session_source", session.day):
        return "session", session_place(a, session)
    if tells("first_user_source", session.day):
        return "first_user", _first(session.rows, lambda row: row.first_user)
    if tells("event_source", session.day):
        return "event", session_place(a, session)
    if tells("flat_source", session.day):
        return "unknown", _first(session.rows, lambda row: row.flat)
    return None


def performance(a: Answers, keys: Callable[[Session], Iterable[Key]]) -> Answer:
    """Sessions by their day and whatever `keys` names."""
    grouped: dict[Key, list[Session]] = defaultdict(list)
    for session in a.sessions:
        for key in keys(session):
            grouped[session.day, *key].append(session)
    return {key: _performance(a, group, key[0]) for key, group in grouped.items()}


def _performance(a: Answers, group: Sequence[Session], day: date) -> dict[str, Any]:
    rows = [row for session in group for row in session.rows]
    places = {row.place for row in rows}
    placed = [order for order in a.orders if order.first.place in places]
    good = sum(a.engaged(session) for session in group)
    revenue = total(order.first.usd for order in placed) or 0
    tells = a.world.tells
    return {
        "sessions": len(group),
        "engaged_sessions": good,
        "engagement_rate": rate(good, len(group)),
        "users": len({session.user for session in group}),
        "new_users": len({s.user for s in group if a.users[s.user].new_day == s.day}),
        "page_views": sum(len(session.views) for session in group),
        "key_events": sum(row.name in a.rules.key_events for row in rows),
        "engagement_msec": sum(row.engagement or 0 for row in rows)
        if tells("engagement_time", day)
        else None,
        "orders": len(placed),
        "revenue_usd_micros": revenue if tells("revenue", day) else None,
        "revenue_usd": usd(revenue) if tells("revenue", day) else None,
    }


def channel_performance(a: Answers) -> Answer:
    """One row per day, scope and channel group."""
    return performance(a, lambda session: channels(a, session).items())


def acquisition(a: Answers) -> Answer:
    """One row per day, scope, source, medium and campaign."""

    def keys(session: Session) -> Iterable[Key]:
        best = best_place(a, session)
        return [(best[0], *(part or "(not set)" for part in best[1]))] if best else []

    return performance(a, keys)


def landing_page_performance(a: Answers) -> Answer:
    """One row per day and page of the first view."""

    def keys(session: Session) -> Iterable[Key]:
        page = session.views[0].page if session.views else None
        return [(page or "(not set)",)] if a.world.tells("page", session.day) else []

    return performance(a, keys)


def page_performance(a: Answers) -> Answer:
    """One row per day and page."""
    grouped: dict[Key, list[Row]] = defaultdict(list)
    for row in a.rows:
        view = row.name in ("page_view", "screen_view")
        if a.world.tells("page", row.day) and (row.page or view):
            grouped[row.day, row.page or "(not set)"].append(row)
    return {
        key: {
            "events": len(rows),
            "page_views": sum(row.name in ("page_view", "screen_view") for row in rows),
            "users": len(a.people(rows)),
            "key_events": sum(row.name in a.rules.key_events for row in rows),
        }
        for key, rows in grouped.items()
    }


def item_performance(a: Answers) -> Answer:
    """One row per day and item; an order's items are those of its earliest event."""
    grouped: dict[Key, list[tuple[Row, Any]]] = defaultdict(list)
    for row in a.rows:
        for item in row.items:
            named = (item.get("item_id") or "(not set)", item.get("item_name") or "(not set)")
            grouped[row.day, *named].append((row, item))
    firsts = {order.first.place for order in a.orders}
    found: Answer = {}
    for key, sold in grouped.items():
        raw = [micros(item.get("item_revenue_in_usd")) for r, item in sold if r.name == "purchase"]
        ruled = [(r, item) for r, item in sold if r.place in firsts]
        orders = len({row.place for row, _ in ruled})
        found[key] = {
            "purchases": len({row.place for row, _ in sold if row.name == "purchase"}),
            "orders": orders,
            "quantity": total(item.get("quantity") for _, item in ruled) if orders else 0,
            "revenue_usd_micros": total(micros(i.get("item_revenue_in_usd")) for _, i in ruled)
            if orders
            else 0,
            "raw_revenue_usd_micros": total(raw) if raw else 0,
        }
    return found


def daily_orders(a: Answers) -> Answer:
    """One row per loaded day."""
    return {(day,): _orders(a, day) for day in a.days}


def _orders(a: Answers, day: date) -> dict[str, Any]:
    theirs: list[Order] = [order for order in a.orders if order.first.day == day]
    bought = [row for row in a.rows if row.name == "purchase" and row.day == day]
    firsts = {order.first.place for order in a.orders}
    tells = a.world.tells("revenue", day)
    gross = total(order.first.usd for order in theirs) or 0
    raw = total(row.usd for row in bought) or 0
    return {
        "orders": len(theirs),
        "orders_without_id": sum(order.without_id for order in theirs),
        "conflicting_orders": sum(order.conflicting for order in theirs),
        "purchase_events": len(bought),
        "repeated_purchase_events": sum(row.place not in firsts for row in bought),
        "buyers": len({order.user for order in theirs} - {None}),
        "gross_revenue_usd_micros": gross if tells else None,
        "gross_revenue_usd": usd(gross) if tells else None,
        "raw_revenue_usd_micros": raw if tells else None,
    }
