"""The parts of a question as people write them, in Python and on the command line.

Where a part is wanted, its own class does, its text as `questions.text` reads it, or its
JSON as an object or a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, get_type_hints

from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.codec import decode
from ga4_analytics.questions.filters import AllOf, AnyOf, Condition, EventSelector, Filter, NotOf
from ga4_analytics.questions.query import Query, seconds
from ga4_analytics.questions.segments import UserSegment
from ga4_analytics.questions.text import conditions, event

EventLike = str | EventSelector | Mapping[str, Any]
FilterLike = str | Filter | Mapping[str, Any] | None
UsersLike = str | UserSegment | Mapping[str, Any] | None
DayLike = str | date | None
SpanLike = str | int | timedelta | None
ByLike = str | Iterable[str]
Saved = Callable[[str], UserSegment]
"""Gives the segment that is saved under a name, or raises a QuestionError."""

_FILTERS = (Condition, AllOf, AnyOf, NotOf)


def an_event(given: EventLike, field: str = "event") -> EventSelector:
    """Some events.

    Args:
        given: Text such as ``view_item[country=US]``, ``*`` for any event, JSON, or the
            selector itself.
        field: What it is the value of, for the error.

    Raises:
        QuestionError: It cannot be read.

    >>> an_event("purchase").names, an_event({"names": ["odd, name"]}).names
    (('purchase',), ('odd, name',))
    """
    if isinstance(given, EventSelector):
        return given
    if isinstance(given, str):
        return event(given, field)
    return decode(EventSelector, given, field)


def a_filter(given: FilterLike, field: str = "where") -> Filter | None:
    """Conditions, or None for none.

    >>> a_filter("country=US")
    Condition(column='country', operator='is', values=('US',))
    >>> a_filter({"type": "condition", "column": "country", "operator": "is_set"}).operator
    'is_set'
    """
    if given is None or isinstance(given, _FILTERS):
        return given
    if isinstance(given, str) and not given.lstrip().startswith("{"):
        return conditions(given, field) if given.strip() else None
    found: Filter = decode(Filter, _object(given, field), field)  # type: ignore[arg-type]
    return found


def some_users(given: UsersLike, saved: Saved | None = None, field: str = "users") -> Any:
    """Which users are meant, or None for all.

    Args:
        given: A segment, its JSON, or the name of a saved one.
        saved: Finds a saved one.
        field: What it is the value of, for the error.

    Raises:
        QuestionError: The JSON is wrong, or nothing is saved under the name.
    """
    if given is None or (not isinstance(given, (str, Mapping))):
        return given
    if isinstance(given, str) and not given.lstrip().startswith("{"):
        if saved is None:
            raise QuestionError(
                f"{field}: no segment is saved as {given!r}.",
                rule="Users are a segment, its JSON, or the name of a saved one.",
                remedy="Save it with `ga4 segments save`, or give JSON.",
            )
        return saved(given)
    return decode(UserSegment, _object(given, field), field)  # type: ignore[arg-type]


def a_day(given: DayLike, field: str) -> date | None:
    """A day, or None.

    >>> a_day("2020-11-01", "start"), a_day(date(2020, 11, 1), "start"), a_day(None, "start")
    (datetime.date(2020, 11, 1), datetime.date(2020, 11, 1), None)
    """
    if isinstance(given, datetime):
        return given.date()
    if given is None or isinstance(given, date):
        return given
    return decode(date, given, field)


def a_span(given: SpanLike, field: str) -> int | None:
    """A length of time in seconds, or None for no limit.

    >>> a_span("7d", "window"), a_span(90, "window"), a_span("none", "window")
    (604800, 90, None)
    """
    if given is None or (isinstance(given, str) and given.strip() == "none"):
        return None
    if isinstance(given, timedelta):
        return int(given.total_seconds())
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    return seconds(str(given), field)


def columns(given: ByLike) -> tuple[str, ...]:
    """Columns to break down by.

    >>> columns("country, device_category"), columns(()), columns(["country"])
    (('country', 'device_category'), (), ('country',))
    """
    parts = given.split(",") if isinstance(given, str) else given
    return tuple(part.strip() for part in parts if part.strip())


def one_of(kind: Any, given: Any, field: str) -> Any:
    """A value of a type, checked.

    Raises:
        QuestionError: It is none; says which there are.
    """
    return decode(kind, given, field)


def kind_of(spec: type, field: str) -> Any:
    """The type of a spec's field.

    >>> kind_of(Query, "top").__name__
    'int'
    """
    return get_type_hints(spec)[field]


def a_query(
    *,
    start: DayLike = None,
    end: DayLike = None,
    where: FilterLike = None,
    users: UsersLike = None,
    by: ByLike = (),
    top: int = 10,
    saved: Saved | None = None,
) -> Query:
    """What all questions share.

    Args:
        start: First day; None: the first loaded day.
        end: Last day, included; None: the last loaded day.
        where: What must be true of every event that counts.
        users: Which users count.
        by: Columns of the breakdown.
        top: How many groups are shown.
        saved: Finds a saved segment by its name.

    Raises:
        QuestionError: A part cannot be read.

    >>> a_query(start="2020-11-01", by="country").by
    ('country',)
    """
    return Query(
        a_day(start, "start"),
        a_day(end, "end"),
        a_filter(where),
        some_users(users, saved),
        columns(by),
        one_of(int, top, "top"),
    )


def pairs(given: str | Iterable[tuple[int, int]], field: str) -> tuple[tuple[int, int], ...]:
    """Ranges of whole numbers.

    >>> pairs("1-7, 8-14", "brackets"), pairs([(1, 7)], "brackets")
    (((1, 7), (8, 14)), ((1, 7),))
    """
    if not isinstance(given, str):
        return tuple((int(low), int(high)) for low, high in given)
    found = []
    for part in columns(given):
        match = re.fullmatch(r"([0-9]+)(?:-([0-9]+))?", part)
        if not match:
            raise QuestionError(
                f"{field}: {part!r} is not a range.",
                rule="A range is two whole numbers with a hyphen between, both included.",
                remedy="Write them like 1-7,8-14.",
            )
        found.append((int(match[1]), int(match[2] or match[1])))
    return tuple(found)


def _object(given: str | Mapping[str, Any] | Any, field: str) -> Any:
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError as error:
        raise QuestionError(
            f"{field}: the JSON has an error: {error}.",
            rule="An object in JSON has its names in double quotes.",
            remedy=f"Mend {field}.",
        ) from error
