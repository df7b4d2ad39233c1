"""Which events are meant: conditions on columns, and how they go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operator = Literal[
    "is", "is_not", "contains", "not_contains", "matches", "not_matches",
    "above", "at_least", "below", "at_most", "is_set", "is_not_set",
]  # fmt: skip
"""What a condition asks. A row without a value meets the negative ones: is_not,
not_contains, not_matches and is_not_set."""

Value = str | int | float


@dataclass(frozen=True)
class Condition:
    """One condition on one column.

    Attributes:
        column: A column of the index, or ``event_name``.
        operator: What is asked; 'matches' takes an RE2 regular expression that may match
            anywhere in the text.
        values: What the column is compared with: one or more for is, is_not, contains and
            matches (any of them), one for the numeric operators, none for is_set. Amounts
            are in the column's unit (US dollars, not micro-units).
    """

    column: str
    operator: Operator
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class AllOf:
    """Every part is met; no part is always met."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class AnyOf:
    """One part or more is met."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class NotOf:
    """The part is not met."""

    part: Filter


Filter = Condition | AllOf | AnyOf | NotOf


@dataclass(frozen=True)
class EventSelector:
    """Some events: of any of a few names, and with properties.

    Attributes:
        names: Event names; none means any event.
        where: What else must be true of the event.
        label: How it is shown; by default its names.
    """

    names: tuple[str, ...] = ()
    where: Filter | None = None
    label: str = ""

    @property
    def shown(self) -> str:
        """How it is shown.

        >>> EventSelector(("view_item", "select_item")).shown, EventSelector().shown
        ('view_item or select_item', 'any event')
        """
        return self.label or " or ".join(self.names) or "any event"


def in_words(given: Filter | None) -> str:
    """A filter as a person would say it.

    >>> in_words(AllOf((Condition("country", "is", ("US", "CA")), Condition("x", "is_set"))))
    'country is US or CA, and x is set'
    >>> in_words(NotOf(Condition("revenue_usd", "above", (10,))))
    'not (revenue_usd above 10)'
    """
    if given is None:
        return "all"
    if isinstance(given, Condition):
        values = " or ".join(str(value) for value in given.values)
        return f"{given.column} {given.operator.replace('_', ' ')} {values}".rstrip()
    if isinstance(given, NotOf):
        return f"not ({in_words(given.part)})"
    if isinstance(given, AllOf):
        return ", and ".join(in_words(part) for part in given.parts) or "all"
    return "(" + ") or (".join(in_words(part) for part in given.parts) + ")"
