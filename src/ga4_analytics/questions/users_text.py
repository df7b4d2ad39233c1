"""Segments of users from a few plain options; JSON says the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.segments import (
    Did,
    DidInOrder,
    InAll,
    InAny,
    UserSegment,
    WasNew,
)
from ga4_analytics.questions.written import a_day, a_span, an_event, columns, some_users

_COUNTED = re.compile(r"(.+?)(>=|<=|=)([0-9]+)", re.S)


def users_from(
    given: str | None = None,
    *,
    did: Sequence[str] = (),
    never: Sequence[str] = (),
    sequence: str | None = None,
    within: str = "",
    new: bool = False,
    any_of: bool = False,
    start: str | None = None,
    end: str | None = None,
    last_days: int | None = None,
) -> UserSegment:
    """A segment of users.

    Args:
        given: Its JSON, in place of all others.
        did: Events that they did; ``purchase>=2`` says how often.
        never: Events that they never did.
        sequence: Events that they did in order, with commas between.
        within: The longest time from the first of these to the last.
        new: Whether they were new.
        any_of: Whether one condition is enough.
        start: First day that counts.
        end: Last day that counts.
        last_days: In place of ``start``.

    Raises:
        QuestionError: Nothing is said, or a part cannot be read.

    >>> users_from(did=("purchase>=2",)).at_least
    2
    >>> len(users_from(did=("purchase",), never=("refund",)).parts)
    2
    """
    days: dict[str, Any] = {
        "start": a_day(start, "start"),
        "end": a_day(end, "end"),
        "last_days": last_days,
    }
    parts: list[UserSegment] = [some_users(given)] if given else []
    parts += [_did(each, days) for each in did]
    parts += [Did(an_event(each, "never"), 0, 0, **days) for each in never]
    if sequence:
        if within:
            a_span(within, "within")
        events = tuple(an_event(each, "sequence") for each in columns(sequence))
        parts.append(DidInOrder(events, within, **days))
    if new:
        parts.append(WasNew(**days))
    if not parts:
        raise QuestionError(
            "users: nothing is said of them.",
            rule="A segment has one condition or more.",
            remedy="Give --did, --never, --sequence, --new, or JSON.",
        )
    whole = InAny if any_of else InAll
    return parts[0] if len(parts) == 1 else whole(tuple(parts))


def _did(text: str, days: dict[str, Any]) -> Did:
    match = _COUNTED.fullmatch(text.strip())
    if not match or (match[1].count("[") != match[1].count("]")):
        return Did(an_event(text, "did"), **days)
    event, number = an_event(match[1], "did"), int(match[3])
    least = 0 if match[2] == "<=" else number
    return Did(event, least, None if match[2] == ">=" else number, **days)
