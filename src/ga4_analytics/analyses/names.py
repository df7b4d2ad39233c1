"""Finds columns, events and values by name, and suggests the nearest where there is none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ga4_analytics.errors import QuestionError
from ga4_analytics.index.arrange import NAMES
from ga4_analytics.index.columns import ColumnSpec
from ga4_analytics.index.reader import Index

NAME_COLUMN = ColumnSpec(NAMES, "text", NAMES, "Event name")


def nearest(name: str, known: Iterable[str]) -> str:
    """What to do about a name that is not known.

    >>> nearest("purchse", ["purchase", "page_view"])
    "Did you mean 'purchase'?"
    >>> nearest("zzz", ["b", "a"])
    'There are a, b.'
    """
    names = sorted(set(known))
    close = get_close_matches(name, names, 1)
    if close:
        return f"Did you mean {close[0]!r}?"
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"There are {', '.join(names[:20])}{more}." if names else "There are none."


def column(index: Index, name: str, field: str) -> ColumnSpec:
    """A column by name.

    Args:
        index: The index.
        name: A column, or ``event_name``.
        field: Where in the question it stands.

    Raises:
        QuestionError: There is none.
    """
    spec = NAME_COLUMN if name == NAMES else index.spec(name)
    if spec is None:
        raise QuestionError(
            f"{field}: there is no column {name!r} in the index.",
            rule="A question names columns of the index; ga4.toml says which there are.",
            remedy=nearest(name, [NAMES, *(each.name for each in index.specs)]),
        )
    return spec


def event_code(index: Index, name: str, field: str) -> int:
    """The code of an event name.

    Raises:
        QuestionError: No event of that name is in the data.
    """
    code = index.names.code(name)
    if not code:
        raise QuestionError(
            f"{field}: no event is called {name!r}.",
            rule="An event must be in the data.",
            remedy=nearest(name, (text for text in index.names.texts() if text)),
        )
    return code
