"""Experiments in plain Python: each user's events are walked through, one by one.

Reads the events of `logs` and the fields of a question; imports none of the package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from oracles.revenue import orders
from oracles.segments import meets, members, microseconds, selected

DAY = 86_400_000_000


@dataclass
class Trial:
    """What the events say."""

    variants: list[str]
    units: dict[str, tuple[str, Any]] = field(default_factory=dict)
    """Variant and exposure event by user."""
    in_two_variants: int = 0
    without_variant: int = 0
    other_variants: int = 0
    without_time: int = 0
    before: int = 0


def names_of(event: Any, assignment: Any) -> list[str | None]:
    """The variants that an exposure event names."""
    value = event.columns.get(assignment.variant)
    if isinstance(value, list):
        return value or [None]
    return [value]


def hashed(key: str, salt: str, shares: Sequence[Any]) -> str:
    """The variant of a simulated split."""
    digest = hashlib.sha256(f"{salt}:{key}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    total, reached = sum(share.weight for share in shares), 0.0
    for share in shares:
        reached += share.weight / total
        if place < reached:
            return str(share.name)
    return str(shares[-1].name)


def ordered(names: Sequence[str], control: str) -> list[str]:
    """Variants with the control first."""
    usual = [name for name in names if name.casefold() == "control"]
    first = control or next(iter([*usual, *names]), "")
    return [*([first] if first else []), *(name for name in names if name != first)]


def trial(events: Sequence[Any], question: Any, zone: str, start: date, end: date) -> Trial:
    """Who is in which variant."""
    given, where = question.assignment, question.query.where
    kind = type(given).__name__
    who = members(events, question.query.users, zone)
    exposures = [
        e for e in events if e.user in who and selected(e, given.event) and meets(e, where)
    ]
    exposures.sort(key=lambda event: event.order())
    inside = [e for e in exposures if start <= e.day(zone) <= end]
    shares = list(question.variants)
    named = [share.name for share in shares]
    if kind == "SimulatedSplit" and not named:
        named = ["control", "treatment"]
        shares = [type("Share", (), {"name": name, "weight": 1.0}) for name in named]
    if kind == "ListedUnits" and not named:
        named = sorted({part.variant for part in given.members})
    if kind == "Exposure" and not named:
        named = sorted({n for e in inside if not e.timeless for n in names_of(e, given)} - {None})
    found = Trial(ordered(named, question.control))
    by_place = sorted(shares, key=lambda share: found.variants.index(share.name))

    def told(event: Any) -> list[str | None]:
        if kind == "Exposure":
            return names_of(event, given)
        if kind == "SimulatedSplit":
            return [hashed(event.user, given.salt, by_place)]
        own = [part.variant for part in given.members if event.user in part.units]
        return own or [None]

    for user in sorted({event.user for event in inside}):
        mine = [event for event in inside if event.user == user]
        timed = [event for event in mine if not event.timeless]
        wanted = [e for e in timed if set(told(e)) & set(found.variants)]
        seen = {name for event in timed for name in told(event)}
        if len(seen & set(found.variants)) > 1 or (kind == "ListedUnits" and len(seen) > 1):
            found.in_two_variants += 1
        elif wanted:
            (variant,) = seen & set(found.variants)
            found.units[user] = str(variant), wanted[0]
            found.before += any(
                set(told(e)) & set(found.variants) and e.day(zone) < start
                for e in exposures
                if e.user == user
            )
        elif seen - {None}:
            found.other_variants += 1
        elif timed:
            found.without_variant += 1
        else:
            found.without_time += 1
    return found


def span(metric: Any, question: Any) -> int | None:
    """How long a unit is followed, in microseconds."""
    window = metric.window or question.window
    return microseconds(window) if window else None


def mature(
    exposure: Any, metric: Any, question: Any, zone: str, last: date | None, horizon: int | None
) -> bool:
    """Whether a unit was followed to the end of the metric's time."""
    if metric.kind == "retention":
        return last is not None and exposure.day(zone) + timedelta(metric.days[1]) <= last
    window = span(metric, question)
    return window is None or (horizon is not None and exposure.time + window < horizon)


def counts(
    event: Any, exposure: Any, metric: Any, question: Any, zone: str, end: date, before: int = 0
) -> bool:
    """Whether an event falls into the time of a metric, or of its covariate."""
    lag = event.time - exposure.time
    if before:
        return -before * DAY <= lag < 0
    window = span(metric, question)
    return 0 <= lag <= window if window is not None else lag >= 0 and event.day(zone) <= end


def amount(events: Sequence[Any], given: Any, inside: Any, where: Any, zone: str) -> float:
    """What a user's events add up to."""
    if given.measure in ("orders", "revenue"):
        first = [order[0] for order in orders(events)]
        first = [e for e in first if meets(e, where) and not e.timeless and inside(e)]
        paid = sum(event.columns.get("revenue_usd") or 0 for event in first) / 1e6
        return paid if given.measure == "revenue" else len(first)
    own = [e for e in events if selected(e, given.event) and meets(e, where)]
    own = [event for event in own if not event.timeless and inside(event)]
    if given.measure == "events":
        return len(own)
    if given.measure == "sum":
        unit = 1e6 if given.column.endswith("_usd") else 1
        return sum(event.columns.get(given.column) or 0 for event in own) / unit
    if given.measure == "sessions":
        return len({event.session for event in own} - {None})
    return len({event.day(zone) for event in own})


def in_order(events: Sequence[Any], steps: Sequence[Any], after: Any = None) -> bool:
    """Whether events can serve steps in order, each one step."""
    if not steps:
        return True
    return any(
        in_order([e for e in events if e is not event], steps[1:], event.order())
        for event in events
        if selected(event, steps[0]) and (after is None or event.order() >= after)
    )


def value(
    events: Sequence[Any], exposure: Any, metric: Any, question: Any, zone: str, end: date
) -> tuple[float, float]:
    """What stands above and below of one unit."""
    where = question.query.where

    def inside(event: Any) -> bool:
        return counts(event, exposure, metric, question, zone, end)

    if metric.kind == "funnel":
        own = [e for e in events if meets(e, where) and inside(e) and not e.timeless]
        return float(in_order(own, metric.steps)), 1.0
    if metric.kind in ("conversion", "retention"):
        own = [e for e in events if selected(e, metric.event) and meets(e, where)]
        own = [event for event in own if not event.timeless]
        if metric.kind == "retention":
            first, last = (exposure.day(zone) + timedelta(n) for n in metric.days)
            return float(any(first <= event.day(zone) <= last for event in own)), 1.0
        return float(any(inside(event) for event in own)), 1.0
    above = amount(events, metric.of, inside, where, zone)
    below = 1.0 if metric.per is None else amount(events, metric.per, inside, where, zone)
    return above, below


def covariate(
    events: Sequence[Any], exposure: Any, metric: Any, question: Any, zone: str, end: date
) -> float | None:
    """What was known of a unit before; None where it had no event."""

    def inside(event: Any) -> bool:
        before = metric.covariate_days
        return counts(event, exposure, metric, question, zone, end, before)

    if min(event.time for event in events) >= exposure.time:
        return None
    given = metric.covariate or metric.of
    return amount(events, given, inside, question.query.where, zone)
