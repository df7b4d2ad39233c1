"""Paths in plain Python: each anchor looks along the whole row of its unit's events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from oracles.segments import members, microseconds, selected, value_of


def paths(events: Sequence[Any], question: Any, zone: str = "UTC") -> Counter[tuple[str, ...]]:
    """How often each path comes, by its steps without the anchor."""
    query = question.query
    days = [event.day(zone) for event in events]
    start, end = query.start or min(days), query.end or max(days)
    counted = Counter[tuple[str, ...]]()
    for user in members(events, query.users, zone):
        for unit in _units([event for event in events if event.user == user], question):
            counted.update(_of_unit(unit, question, zone, start, end))
    return counted


def _units(own: list[Any], question: Any) -> list[list[Any]]:
    """The events of each session, or all of the user's, in order."""
    timed = [event for event in own if not event.timeless]
    numbers = {event.session for event in timed if event.session is not None}
    if question.per == "user":
        parts = [timed]
    else:
        parts = [[event for event in timed if event.session == number] for number in numbers]
    return [sorted(part, key=lambda event: _place(event, question)) for part in parts]


def _place(event: Any, question: Any) -> Any:
    step = value_of(event, question.step) or ""
    return (
        event.order(),
        event.name.encode(),
        step.encode(),
        not selected(event, question.anchor),
    )


def _of_unit(
    unit: list[Any], question: Any, zone: str, start: Any, end: Any
) -> list[tuple[str, ...]]:
    meant = [event for event in unit if _meets(event, question)]
    begun = [
        event
        for event in meant
        if selected(event, question.anchor) and start <= event.day(zone) <= end
    ]
    begun = {"every": begun, "first": begun[:1], "last": begun[-1:]}[question.anchors]
    return [_path(event, meant, question) for event in begun]


def _meets(event: Any, question: Any) -> bool:
    from oracles.segments import meets

    return meets(event, question.query.where)


def _path(anchor: Any, unit: list[Any], question: Any) -> tuple[str, ...]:
    at = next(place for place, event in enumerate(unit) if event is anchor)
    others = unit[at + 1 :] if question.direction == "from" else unit[:at][::-1]
    length = microseconds(question.window) if question.window else 10**18
    steps: list[str] = []
    last = value_of(anchor, question.step)
    for event in others:
        step = value_of(event, question.step)
        if step is None or event.name in question.hide:
            continue
        if question.merge and step == last:
            continue
        if abs(event.time - anchor.time) > length or len(steps) == question.depth:
            break
        steps.append(step)
        last = step
    return tuple(steps)
