"""What can be asked: the events and the columns of an index."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ga4_analytics.analyses.ask import ask
from ga4_analytics.analyses.names import column as column_of
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.build import trends
from ga4_analytics.questions.filters import AllOf, Condition
from ga4_analytics.questions.trends import TrendsResult

MOST_EVENTS = 10_000


@dataclass(frozen=True)
class EventFacts:
    """An event of the data.

    Attributes:
        name: Its name.
        events: How many there are.
        users: Users who did it.
    """

    name: str
    events: int
    users: int


@dataclass(frozen=True)
class ColumnFacts:
    """A column that conditions and breakdowns can name.

    Attributes:
        name: Its name.
        kind: 'text', 'texts' (several an event), 'integer' or 'micros' (amounts).
        words: What it is.
        source: Where it comes from.
        values: How many different texts it has; None for numbers.
        top: The commonest values and their events; empty for numbers.
    """

    name: str
    kind: str
    words: str
    source: str
    values: int | None
    top: tuple[tuple[str | None, int], ...]


def events_of(index: Index, start: str | None = None, end: str | None = None) -> list[EventFacts]:
    """The events of some days, the commonest first.

    Args:
        index: The events.
        start: First day; None: the first loaded one.
        end: Last day; None: the last loaded one.

    Raises:
        QuestionError: The days are wrong, or nothing is loaded.
    """
    spec = trends(
        "events of *", "users of *", by="event_name", top=MOST_EVENTS, granularity="month",
        start=start, end=end,
    )  # fmt: skip
    answer = ask(index, spec)
    assert isinstance(answer, TrendsResult)
    totals: dict[str | None, dict[str, int]] = {}
    for line in answer.lines:
        totals.setdefault(line.group[0], {})[line.letter] = int(line.total or 0)
    found = [
        EventFacts(name, counts.get("A", 0), counts.get("B", 0))
        for name, counts in totals.items()
        if name is not None
    ]
    return sorted(found, key=lambda each: (-each.events, each.name))


def columns_of(index: Index, top: int = 5) -> list[ColumnFacts]:
    """The columns in their order.

    Args:
        index: The events.
        top: How many of the commonest values to give; 0: none, which is faster.
    """
    found = []
    for spec in index.specs:
        text = spec.kind in ("text", "texts")
        values = len(index.dictionaries[spec.name]) if text else None
        known = top and spec.kind == "text" and index.calendar.days
        common = _top(index, spec.name, top) if known else ()
        found.append(ColumnFacts(spec.name, spec.kind, spec.words, spec.source, values, common))
    return found


def _top(index: Index, column: str, top: int) -> tuple[tuple[str | None, int], ...]:
    answer = ask(index, trends(by=column, top=top, where=f"{column}?", granularity="month"))
    assert isinstance(answer, TrendsResult)
    return tuple((line.group[0], int(line.total or 0)) for line in answer.lines)[:top]


def values_of(
    index: Index, column: str, like: str = "", top: int = 30
) -> tuple[tuple[str | None, int], ...]:
    """The commonest values of a column and their events.

    Args:
        index: The events.
        column: A column of texts, or ``event_name``.
        like: What the values contain, capital or small; empty: all.
        top: How many at most.

    Raises:
        QuestionError: There is no such column, or it has numbers.
    """
    column_of(index, column, "column")
    if not index.calendar.days:
        return ()
    asked = Condition(column, "matches", (f"(?i){re.escape(like)}",)) if like else None
    there = Condition(column, "is_set")
    where = AllOf((there, asked)) if asked else there
    answer = ask(index, trends(by=(column,), top=top, where=where, granularity="month"))
    assert isinstance(answer, TrendsResult)
    found = ((line.group[0], int(line.total or 0)) for line in answer.lines)
    return tuple((value, events) for value, events in found if events)[:top]
