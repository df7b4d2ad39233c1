"""What all questions share: which days, which events, which users, and by what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.filters import Filter
from ga4_analytics.questions.segments import UserSegment

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True)
class Query:
    """Which part of the data a question is about.

    Attributes:
        start: First day, in the property's calendar; None: the first loaded day.
        end: Last day, inclusive; None: the last loaded day.
        where: What must be true of every event that counts.
        users: Which users count; None: all.
        by: Columns to break the answer down by, together; none: no breakdown.
        top: How many groups are shown; the rest are put together as *other*.
    """

    start: date | None = None
    end: date | None = None
    where: Filter | None = None
    users: UserSegment | None = None
    by: tuple[str, ...] = ()
    top: int = 10


def seconds(text: str, field: str = "window") -> int:
    """A length of time, as ``30m``, ``24h``, ``7d`` or ``2w``, in seconds.

    Args:
        text: A whole number and its unit: s, m, h, d or w.
        field: What it is the value of, for the error.

    Raises:
        QuestionError: It is nothing of the kind.

    >>> seconds("30m"), seconds("24h"), seconds("7d")
    (1800, 86400, 604800)
    """
    found = re.fullmatch(r"([0-9]{1,9})([smhdw])", text.strip())
    if not found or int(found[1]) == 0:
        raise QuestionError(
            f"{field}: {text!r} is not a length of time.",
            rule="It is a whole number and a unit: s, m, h, d or w.",
            remedy="Write it like 30m, 24h or 7d.",
        )
    return int(found[1]) * _UNITS[found[2]]
