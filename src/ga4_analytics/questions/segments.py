"""Which users are meant: what they did, how often, when, and in which order.

A condition with days counts only events on them: ``start`` to ``end``, both included, or
the ``last_days`` up to ``end``. Without them all loaded days count. A user without any
event that counts has done it 0 times, on 0 days, with a sum of 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from ga4_analytics.questions.filters import Condition, EventSelector, in_words

ANY_EVENT = EventSelector()


@dataclass(frozen=True)
class Did:
    """Users who did something a number of times.

    Attributes:
        event: What.
        at_least: How often at least; 0 with ``at_most=0`` means never.
        at_most: How often at most; None: no bound.
        start: First day that counts; None: the first loaded day.
        end: Last day that counts; None: the last loaded day.
        last_days: In place of ``start``: so many days up to ``end``.
        within: A length of time as ``30m`` or ``7d``: what counts is the most that the user
            did in any stretch so long, both ends included; empty: all together. Events
            without a time of their own are left out then.
    """

    event: EventSelector
    at_least: int = 1
    at_most: int | None = None
    start: date | None = None
    end: date | None = None
    last_days: int | None = None
    within: str = ""


@dataclass(frozen=True)
class DidOnDays:
    """Users who did something on a number of distinct days.

    Attributes:
        event: What.
        at_least: On how many days at least.
        at_most: On how many at most; None: no bound.
        start: First day that counts; None: the first loaded day.
        end: Last day that counts; None: the last loaded day.
        last_days: In place of ``start``: so many days up to ``end``.
    """

    event: EventSelector = ANY_EVENT
    at_least: int = 1
    at_most: int | None = None
    start: date | None = None
    end: date | None = None
    last_days: int | None = None


@dataclass(frozen=True)
class LastDid:
    """Users by how long ago they last did something; who never did it is not meant.

    Attributes:
        event: What.
        at_most: Days since then at most, 0 is the same day; None: no bound. 'Within n days'.
        at_least: Days since then at least. 'Not within n days' is at least n + 1.
        of: The day counted from; what came after it does not count. None: the last loaded
            day.
    """

    event: EventSelector = ANY_EVENT
    at_most: int | None = None
    at_least: int = 0
    of: date | None = None


@dataclass(frozen=True)
class DidInOrder:
    """Users who did some things in order, other things between them allowed.

    One event serves one step. Events that nothing tells the order of are taken in the order
    that serves; events without a time of their own are left out.

    Attributes:
        events: The steps, 2 to 64.
        within: The longest time from the first step to the last, both included, as ``7d``;
            empty: no bound.
        start: First day of an event that counts; None: the first loaded day.
        end: Last day of an event that counts; None: the last loaded day.
        last_days: In place of ``start``: so many days up to ``end``.
    """

    events: tuple[EventSelector, ...]
    within: str = ""
    start: date | None = None
    end: date | None = None
    last_days: int | None = None


@dataclass(frozen=True)
class HadValue:
    """Users by their first, last or any value of a column.

    Attributes:
        condition: What is asked of the value.
        which: 'first' and 'last' look at the first or last event with a value; a user
            without one is taken as null. 'any' asks whether one event or more meets the
            condition, those without a value too. Where the order of the first or last events
            is open, one that meets it is enough.
        event: Whose value.
        start: First day that counts; None: the first loaded day.
        end: Last day that counts; None: the last loaded day.
        last_days: In place of ``start``: so many days up to ``end``.
    """

    condition: Condition
    which: Literal["first", "last", "any"] = "any"
    event: EventSelector = ANY_EVENT
    start: date | None = None
    end: date | None = None
    last_days: int | None = None


@dataclass(frozen=True)
class HadSum:
    """Users by the sum of a column of numbers.

    Attributes:
        column: The column; amounts are in its unit (US dollars, not micro-units). Every
            event adds its value, repeated orders too.
        at_least: Least sum; None: no bound.
        at_most: Greatest sum; None: no bound.
        event: Whose values.
        start: First day that counts; None: the first loaded day.
        end: Last day that counts; None: the last loaded day.
        last_days: In place of ``start``: so many days up to ``end``.
    """

    column: str
    at_least: int | float | None = None
    at_most: int | float | None = None
    event: EventSelector = ANY_EVENT
    start: date | None = None
    end: date | None = None
    last_days: int | None = None


@dataclass(frozen=True)
class HadSessions:
    """Users by how many sessions they had; a session is on the day of its first event.

    Attributes:
        at_least: How many at least.
        at_most: How many at most; None: no bound.
        engaged: True: only engaged ones count; False: only the others; None: all.
        start: First day that counts; None: the first loaded day.
        end: Last day that counts; None: the last loaded day.
        last_days: In place of ``start``: so many days up to ``end``.
    """

    at_least: int = 1
    at_most: int | None = None
    engaged: bool | None = None
    start: date | None = None
    end: date | None = None
    last_days: int | None = None


@dataclass(frozen=True)
class WasNew:
    """Users who were new, or who came back.

    Attributes:
        kind: 'new': their first visit, else their first event in the data, is on one of the
            days; who was first touched before the first loaded day is never new without a
            first visit in the data. 'returning': they have an event on one of the days and
            were not new on any of them.
        start: First day that counts; None: the first loaded day.
        end: Last day that counts; None: the last loaded day.
        last_days: In place of ``start``: so many days up to ``end``.
    """

    kind: Literal["new", "returning"] = "new"
    start: date | None = None
    end: date | None = None
    last_days: int | None = None


@dataclass(frozen=True)
class Listed:
    """Users by their keys.

    Attributes:
        keys: The keys; one that is not in the data is nobody.
    """

    keys: tuple[str, ...]


@dataclass(frozen=True)
class InAll:
    """Users in every part; no part is everybody."""

    parts: tuple[UserSegment, ...]


@dataclass(frozen=True)
class InAny:
    """Users in one part or more; no part is nobody."""

    parts: tuple[UserSegment, ...]


@dataclass(frozen=True)
class NotIn:
    """Users who are not in the part."""

    part: UserSegment


Leaf = Did | DidOnDays | LastDid | DidInOrder | HadValue | HadSum | HadSessions | WasNew | Listed
"""A condition that stands alone."""

UserSegment = (
    Did
    | DidOnDays
    | LastDid
    | DidInOrder
    | HadValue
    | HadSum
    | HadSessions
    | WasNew
    | Listed
    | InAll
    | InAny
    | NotIn
)


def never(event: EventSelector) -> Did:
    """Users who never did something.

    >>> never(EventSelector(("purchase",))).at_most
    0
    """
    return Did(event, at_least=0, at_most=0)


def segment_in_words(given: UserSegment | None) -> str:
    """A segment as a person would say it.

    >>> segment_in_words(NotIn(Did(EventSelector(("purchase",)), at_least=2, last_days=7)))
    'not (did purchase at least 2 times in the last 7 days)'
    >>> segment_in_words(LastDid(EventSelector(("login",)), at_most=3))
    'last did login 0 to 3 days before the last loaded day'
    """
    if given is None:
        return "all users"
    if isinstance(given, NotIn):
        return f"not ({segment_in_words(given.part)})"
    if isinstance(given, InAll):
        return ", and ".join(segment_in_words(part) for part in given.parts) or "all users"
    if isinstance(given, InAny):
        if not given.parts:
            return "nobody"
        return "(" + ") or (".join(segment_in_words(part) for part in given.parts) + ")"
    if isinstance(given, Listed):
        return f"one of {len(set(given.keys))} listed users"
    if isinstance(given, LastDid):
        most = "" if given.at_most is None else f" to {given.at_most}"
        return (
            f"last did {event_in_words(given.event)} {given.at_least}{most or ' or more'} days "
            f"before {given.of or 'the last loaded day'}"
        )
    return _what(given) + _when(given)


def event_in_words(given: EventSelector) -> str:
    """Some events as a person would say it.

    >>> event_in_words(EventSelector(("purchase",), Condition("revenue_usd", "above", (5,))))
    'purchase (revenue_usd above 5)'
    """
    if given.where is None or given.label:
        return given.shown
    return f"{given.shown} ({in_words(given.where)})"


def _what(given: Did | DidOnDays | DidInOrder | HadValue | HadSum | HadSessions | WasNew) -> str:
    if isinstance(given, WasNew):
        return {"new": "new", "returning": "came back"}[given.kind]
    if isinstance(given, DidInOrder):
        steps = ", then ".join(event_in_words(event) for event in given.events)
        return f"did {steps}" + (f" within {given.within}" if given.within else "")
    if isinstance(given, HadValue):
        of = f"{given.which} value on {event_in_words(given.event)}"
        return f"{in_words(given.condition)} ({of})"
    if isinstance(given, HadSum):
        of = f"sum of {given.column} over {event_in_words(given.event)}"
        return f"{of} {_bounds(given.at_least, given.at_most)}"
    if isinstance(given, HadSessions):
        kind = {True: "engaged ", False: "not engaged ", None: ""}[given.engaged]
        return f"had {_bounds(given.at_least, given.at_most)} {kind}sessions"
    what = f"did {event_in_words(given.event)} "
    if isinstance(given, DidOnDays):
        return f"{what}on {_bounds(given.at_least, given.at_most)} distinct days"
    within = f" within {given.within}" if given.within else ""
    if given.at_most == 0 and given.at_least == 0:
        return f"never {what}".rstrip()
    return f"{what}{_bounds(given.at_least, given.at_most)} times{within}"


def _bounds(least: float | None, most: float | None) -> str:
    if least == most and least is not None:
        return f"exactly {least}"
    parts = [
        f"at least {least}" if least is not None and (least or most is None) else "",
        f"at most {most}" if most is not None else "",
    ]
    return " and ".join(part for part in parts if part)


def _when(
    given: Did | DidOnDays | DidInOrder | HadValue | HadSum | HadSessions | WasNew,
) -> str:
    if given.last_days is not None:
        to = f" up to {given.end}" if given.end else ""
        return f" in the last {given.last_days} days{to}"
    since = f" from {given.start}" if given.start else ""
    return since + (f" to {given.end}" if given.end else "")
