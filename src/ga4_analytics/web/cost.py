"""How much a question asks for, before it is asked."""

from __future__ import annotations

import dataclasses
from typing import Any

from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.web.problems import ProblemError

MOST_GROUPS = 1_000
MOST_PERIODS = 1_000


def check_work(index: Index, question: Any, most: int) -> None:
    """Refuse a question that would look at more events than allowed.

    Args:
        index: The events.
        question: What is asked.
        most: Most events that it may look at, each counted once a part.

    Raises:
        ProblemError: It asks for too much.
    """
    work = index.rows * parts_of(question)
    if work > most:
        raise ProblemError(
            413,
            f"The question looks {work:,} times at an event.",
            rule=f"At most {most:,} are allowed: events times the parts of the question.",
            remedy="Ask for fewer steps, series or resamplings.",
        )
    for spec in (question, getattr(question, "spec", None)):
        query = getattr(spec, "query", None)
        _check_most("top", getattr(query, "top", 0), MOST_GROUPS)
        _check_most("periods", getattr(spec, "periods", 0), MOST_PERIODS)


def parts_of(question: Any) -> int:
    """In how many parts a question looks at each event: its selectors and resamplings.

    >>> from ga4_analytics.questions import build
    >>> parts_of(build.funnel("a", "b", exclude=["c"])), parts_of(build.retention(bootstrap=9))
    (3, 20)
    """
    rules = len(getattr(question, "rules", ())) if hasattr(question, "spec") else 1
    again = 1 + max(0, getattr(question, "bootstrap", 0))
    return max(1, _selectors(question)) * max(1, rules) * again


def _selectors(value: Any) -> int:
    if isinstance(value, EventSelector):
        return 1
    if isinstance(value, tuple):
        return sum(map(_selectors, value))
    if dataclasses.is_dataclass(value):
        return sum(_selectors(getattr(value, each.name)) for each in dataclasses.fields(value))
    return 0


def _check_most(field: str, given: Any, most: int) -> None:
    if isinstance(given, int) and given > most:
        raise ProblemError(
            413,
            f"{field}: {given:,} is more than one page can tell.",
            field,
            f"At most {most:,} are allowed.",
            f"Ask for a smaller {field}.",
        )
