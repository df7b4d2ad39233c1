"""Which days can tell what a question asks; where they cannot the answer is null, never 0."""

from __future__ import annotations

from collections.abc import Iterable

from ga4_analytics.index.calendar import DayFacts
from ga4_analytics.questions.filters import Condition, EventSelector, Filter, NotOf

_OF_COLUMN = {
    "country": "country",
    "device_category": "device",
    "page_path": "page",
    "transaction_id": "transaction_id",
    "revenue_usd": "revenue",
    "engagement_msec": "engagement_time",
}
"""What a day's files must have for a column of the index to be known."""

_IN_WORDS = {
    "user_pseudo_id": "users",
    "event_timestamp": "times",
    "engagement_time": "engagement time",
    "transaction_id": "transaction ids",
}


def columns_of(given: Filter | None) -> frozenset[str]:
    """The columns that a filter is about.

    >>> sorted(columns_of(NotOf(Condition("country", "is", ("US",)))))
    ['country']
    """
    if given is None:
        return frozenset()
    if isinstance(given, Condition):
        return frozenset({given.column})
    parts = (given.part,) if isinstance(given, NotOf) else given.parts
    return frozenset().union(*(columns_of(part) for part in parts))


def needs(events: Iterable[EventSelector], where: Filter | None, *columns: str | None) -> set[str]:
    """What a day's files must have for events to be found and columns to be known.

    Args:
        events: The events meant.
        where: What must be true of all of them.
        columns: Columns that are summed; None: none.
    """
    named = set(columns_of(where)) | set(columns)
    for event in events:
        named |= columns_of(event.where)
    return {_OF_COLUMN[name] for name in named if name in _OF_COLUMN}


def tells(day: DayFacts, needed: Iterable[str]) -> bool:
    """Whether a day's files have all of what is needed."""
    return all(each in day.can for each in needed)


def lacking(days: Iterable[DayFacts], needed: Iterable[str]) -> str | None:
    """What the files of some days lack, in a sentence; None where they have all of it.

    Args:
        days: The days.
        needed: What each must have; of alternatives within a text with ``|`` one.
    """
    given = list(days)
    for each in needed:
        ways = each.split("|")
        untold = [facts for facts in given if not any(way in facts.can for way in ways)]
        if untold:
            things = " or ".join(_IN_WORDS.get(way, way.replace("_", " ")) for way in ways)
            return (
                f"The files of {len(untold)} of {len(given)} days (the first is {untold[0].day}) "
                f"have no {things}."
            )
    return None


def words_of_untold(days: Iterable[DayFacts], needed: Iterable[str]) -> tuple[str, ...]:
    """A sentence on the days whose files lack what is needed; none where there are none."""
    wanted = sorted(needed)
    untold = [facts for facts in days if not tells(facts, wanted)]
    if not untold:
        return ()
    lacking = sorted({each for facts in untold for each in wanted if each not in facts.can})
    things = ", ".join(_IN_WORDS.get(each, each.replace("_", " ")) for each in lacking)
    return (
        f"The files of {len(untold)} of the days (the first is {untold[0].day}) have no "
        f"{things}: what needs it is null there.",
    )
