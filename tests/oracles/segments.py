"""Which users are meant, in plain Python: every condition by looking at each event.

Reads the events of `logs` and the fields of a segment; imports none of the package.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
NEGATIVE = {"is_not": "is", "not_contains": "contains", "not_matches": "matches"}
MICROS = ("revenue_usd", "refund_usd", "value_usd")


def microseconds(text: str) -> int:
    """A length of time as ``30m``."""
    return int(text[:-1]) * UNITS[text[-1]] * 1_000_000


def value_of(event: Any, column: str) -> Any:
    """What an event has in a column; amounts in dollars."""
    if column == "event_name":
        return event.name
    value = event.columns.get(column)
    return value / 1_000_000 if column in MICROS and value is not None else value


def value_meets(value: Any, condition: Any) -> bool:
    """Whether a value meets a condition; null meets the negative ones."""
    operator = condition.operator
    if operator in NEGATIVE:
        positive = type(condition)(condition.column, NEGATIVE[operator], condition.values)
        return not value_meets(value, positive)
    if operator in ("is_set", "is_not_set"):
        return (value is not None) == (operator == "is_set")
    if value is None:
        return False
    return {
        "is": lambda: value in condition.values,
        "contains": lambda: any(text in value for text in condition.values),
        "matches": lambda: any(re.search(text, value) for text in condition.values),
        "above": lambda: value > condition.values[0],
        "at_least": lambda: value >= condition.values[0],
        "below": lambda: value < condition.values[0],
        "at_most": lambda: value <= condition.values[0],
    }[operator]()


def meets(event: Any, given: Any) -> bool:
    """Whether an event meets a filter."""
    if given is None:
        return True
    kind = type(given).__name__
    if kind == "AllOf":
        return all(meets(event, part) for part in given.parts)
    if kind == "AnyOf":
        return any(meets(event, part) for part in given.parts)
    if kind == "NotOf":
        return not meets(event, given.part)
    return value_meets(value_of(event, given.column), given)


def selected(event: Any, selector: Any) -> bool:
    """Whether an event is one of those meant."""
    named = not selector.names or event.name in selector.names
    return named and meets(event, selector.where)


def members(events: Sequence[Any], segment: Any, zone: str = "UTC") -> set[str]:
    """The users of a segment, all users where it is None."""
    users = {event.user for event in events if event.user is not None}
    if not users:
        return set()
    days = [event.day(zone) for event in events]
    return {
        user
        for user in users
        if segment is None
        or is_member([e for e in events if e.user == user], segment, zone, min(days), max(days))
    }


def is_member(own: list[Any], segment: Any, zone: str, first: date, last: date) -> bool:
    """Whether a user with these events is in a segment."""
    kind = type(segment).__name__
    if kind == "InAll":
        return all(is_member(own, part, zone, first, last) for part in segment.parts)
    if kind == "InAny":
        return any(is_member(own, part, zone, first, last) for part in segment.parts)
    if kind == "NotIn":
        return not is_member(own, segment.part, zone, first, last)
    if kind == "Listed":
        return own[0].user in segment.keys
    if kind == "LastDid":
        return _last_did(own, segment, zone, last)
    end = segment.end or last
    start = segment.start or first
    if segment.last_days is not None:
        start = max(first, end - timedelta(days=segment.last_days - 1))
    inside = [event for event in own if start <= event.day(zone) <= end]
    return MEASURES[kind](own, inside, segment, zone, first, start, end)


def _last_did(own: list[Any], segment: Any, zone: str, last: date) -> bool:
    of = segment.of or last
    days = [event.day(zone) for event in own if selected(event, segment.event)]
    days = [day for day in days if day <= of]
    if not days:
        return False
    ago = (of - max(days)).days
    return ago >= segment.at_least and (segment.at_most is None or ago <= segment.at_most)


def _between(number: float, segment: Any) -> bool:
    least, most = segment.at_least, segment.at_most
    return (least is None or number >= least) and (most is None or number <= most)


def _did(own: Any, inside: list[Any], segment: Any, *rest: Any) -> bool:
    found = [event for event in inside if selected(event, segment.event)]
    if not segment.within:
        return _between(len(found), segment)
    length = microseconds(segment.within)
    found = [event for event in found if not event.timeless]
    counts = [
        sum(begin.time <= event.time <= begin.time + length for event in found) for begin in found
    ]
    return _between(max(counts, default=0), segment)


def _did_on_days(own: Any, inside: list[Any], segment: Any, zone: str, *rest: Any) -> bool:
    found = {event.day(zone) for event in inside if selected(event, segment.event)}
    return _between(len(found), segment)


def _did_in_order(own: Any, inside: list[Any], segment: Any, *rest: Any) -> bool:
    """Try every choice of different events for the steps."""
    length = microseconds(segment.within) if segment.within else 10**18
    timed = [event for event in inside if not event.timeless]
    choices = [[e for e in timed if selected(e, step)] for step in segment.events]
    for chain in product(*choices):
        orders = [event.order() for event in chain]
        once = len({id(event) for event in chain}) == len(chain)
        if once and orders == sorted(orders) and chain[-1].time - chain[0].time <= length:
            return True
    return False


def _had_value(own: Any, inside: list[Any], segment: Any, *rest: Any) -> bool:
    condition = segment.condition
    found = [event for event in inside if selected(event, segment.event)]
    if segment.which == "any":
        return any(value_meets(value_of(event, condition.column), condition) for event in found)
    valued = [e for e in found if value_of(e, condition.column) is not None and not e.timeless]
    if not valued:
        return value_meets(None, condition)
    edge = (min if segment.which == "first" else max)(event.order() for event in valued)
    at_edge = [value_of(event, condition.column) for event in valued if event.order() == edge]
    return any(value_meets(value, condition) for value in at_edge)


def _had_sum(own: Any, inside: list[Any], segment: Any, *rest: Any) -> bool:
    scale = 1_000_000 if segment.column in MICROS else 1
    found = [event for event in inside if selected(event, segment.event)]
    total = sum(event.columns.get(segment.column) or 0 for event in found)
    least, most = segment.at_least, segment.at_most
    return (least is None or total >= round(least * scale)) and (
        most is None or total <= round(most * scale)
    )


def _had_sessions(
    own: list[Any], inside: Any, segment: Any, zone: str, first: Any, start: date, end: date
) -> bool:
    count = 0
    for number in {event.session for event in own if event.session is not None}:
        members_ = [event for event in own if event.session == number]
        begin = min(members_, key=lambda event: event.order())
        engaged = any(bool(event.engaged) for event in members_)
        if start <= begin.day(zone) <= end and segment.engaged in (None, engaged):
            count += 1
    return _between(count, segment)


def new_day(own: list[Any], zone: str, first: date) -> date | None:
    """The day on which a user was new, or None where they were there before."""
    visits = [e.day(zone) for e in own if e.name in ("first_visit", "first_open")]
    if visits:
        return min(visits)
    touches = [event.touch for event in own if event.touch is not None]
    if touches and min(touches) < midnight(first, zone):
        return None
    return min(event.day(zone) for event in own)


def midnight(day: date, zone: str) -> int:
    """The first microsecond of a day, UTC."""
    from datetime import datetime, time
    from zoneinfo import ZoneInfo

    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp()) * 1_000_000


def _was_new(
    own: list[Any], inside: list[Any], segment: Any, zone: str, first: date, start: date, end: date
) -> bool:
    day = new_day(own, zone, first)
    is_new = day is not None and start <= day <= end
    return is_new if segment.kind == "new" else bool(inside) and not is_new


MEASURES = {
    "Did": _did,
    "DidOnDays": _did_on_days,
    "DidInOrder": _did_in_order,
    "HadValue": _had_value,
    "HadSum": _had_sum,
    "HadSessions": _had_sessions,
    "WasNew": _was_new,
}


def measures(events: Sequence[Any], users: set[str], query: Any, zone: str = "UTC") -> list[int]:
    """Users, events, active days and sessions of some users on the days of a question."""
    days = [event.day(zone) for event in events]
    start, end = query.start or min(days), query.end or max(days)
    mine = [event for event in events if event.user in users]
    found = [e for e in mine if start <= e.day(zone) <= end and meets(e, query.where)]
    sessions = {(event.user, event.session) for event in found if event.session is not None}
    begun = 0
    for user, number in sessions:
        own = [event for event in mine if (event.user, event.session) == (user, number)]
        begun += start <= min(own, key=lambda event: event.order()).day(zone) <= end
    return [
        len({event.user for event in found}),
        len(found),
        len({(event.user, event.day(zone)) for event in found}),
        begun,
    ]
