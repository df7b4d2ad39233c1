"""What is asked, for all engines alike, and what ratio over the faster peer is wanted.

Every question has variants of about the same work: each repetition asks the next one, so that
nothing can be answered from memory of the last. Ties (events of one user and microsecond) go in
the funnel's favour here as in ``windowFunnel``'s default; that rule differs from ours only where
one row could fill two steps, so steps are disjoint, and where a step is repeated the peers' SQL
uses a row once. Paths take tied events
in alphabetical order of their names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

DAY = 86_400


class Step(NamedTuple):
    """A funnel's step.

    Attributes:
        name: Event name.
        where: Column, operator ('is', 'contains' or 'at_least') and value, or None.
    """

    name: str
    where: tuple[str, str, str | int] | None = None


class Funnel(NamedTuple):
    """Steps, and the window in seconds from the first (0: none)."""

    steps: tuple[Step, ...]
    window: int


class Paths(NamedTuple):
    """The next events of a session after each anchor; the 20 commonest."""

    anchor: str
    depth: int


class Gaps(NamedTuple):
    """Sessions by gap: how many and the sum of their lengths."""

    seconds: int


class Returns(NamedTuple):
    """Users by first day of a start event, and on which of the next days they did another."""

    start: Step
    event: Step
    periods: int


class Daily(NamedTuple):
    """Users of each day with an event."""

    event: Step


class Cohorts(NamedTuple):
    """Users by first day and how many came again N days later."""

    periods: int


class Rolling(NamedTuple):
    """Active users of the last N days, for each day that has N."""

    days: int


class Active(NamedTuple):
    """Users of each day from one day of the sample on, counted from 0."""

    first: int


@dataclass(frozen=True)
class Question:
    """A question.

    Attributes:
        name: What engines call it.
        words: What it is called in the table.
        kind: 'plain', 'general' or 'precomputed'.
        wanted: Ratio wanted at 100 million events; None: none.
        variants: What is asked in turn.
    """

    name: str
    words: str
    kind: str
    wanted: float | None
    variants: tuple[Any, ...]


def _steps(text: str) -> tuple[Step, ...]:
    return tuple(Step(name) for name in text.split(" > "))


_SHOP = "session_start > page_view > view_item > add_to_cart > begin_checkout > purchase"
_PLAIN = (
    Funnel(_steps(_SHOP), 7 * DAY),
    Funnel(_steps(_SHOP), 6 * DAY),
    Funnel(_steps(_SHOP.replace("begin_checkout", "add_shipping_info")), 7 * DAY),
    Funnel(_steps(_SHOP), 8 * DAY),
    Funnel(_steps(_SHOP.replace("begin_checkout", "add_payment_info")), 7 * DAY),
)
_SESSION = tuple(Funnel(each.steps, 0) for each in _PLAIN[::2]) + tuple(
    Funnel(_steps(_SHOP.replace("add_to_cart", name)), 0)
    for name in ("select_item", "add_payment_info")
)


def _filtered(country: str, part: str, dollars: int, window: int) -> Funnel:
    return Funnel(
        (
            Step("session_start", ("country", "is", country)),
            Step("page_view"),
            Step("view_item", ("page_path", "contains", part)),
            Step("add_to_cart", ("device_category", "is", "desktop")),
            Step("begin_checkout"),
            Step("purchase", ("revenue", "at_least", dollars * 1_000_000)),
        ),
        window,
    )


_FILTERED = tuple(
    _filtered(*each)
    for each in (
        ("United States", "/apparel", 20, 7 * DAY), ("India", "/apparel", 10, 7 * DAY),
        ("United States", "/shop", 30, 6 * DAY), ("Canada", "/apparel", 20, 8 * DAY),
        ("United States", "/apparel", 40, 5 * DAY),
    )
)  # fmt: skip
_REPEATED = tuple(
    Funnel(_steps(text), window)
    for text, window in (
        ("session_start > view_item > view_item > add_to_cart > add_to_cart > purchase", 7 * DAY),
        ("session_start > view_item > view_item > view_item > add_to_cart > purchase", 7 * DAY),
        ("session_start > view_item > view_item > add_to_cart > add_to_cart > purchase", 6 * DAY),
        ("session_start > view_item > view_item > add_to_cart > add_to_cart > purchase", 5 * DAY),
        ("session_start > view_item > view_item > view_item > add_to_cart > purchase", 8 * DAY),
    )
)
_REST = " > add_to_cart > begin_checkout > purchase"
_TURNED = tuple(
    Funnel(_steps(text + _REST), days * DAY)
    for text, days in (
        ("page_view > session_start > view_item", 7), ("page_view > first_visit > view_item", 7),
        ("page_view > session_start > view_item", 6), ("view_item > page_view > session_start", 7),
        ("page_view > session_start > view_item", 8),
    )
)  # fmt: skip
_RETURNS = tuple(
    Returns(Step("session_start", ("device_category", "is", device)), Step(event), 30)
    for device, event in (
        ("mobile", "view_item"), ("desktop", "view_item"), ("mobile", "scroll"),
        ("desktop", "scroll"), ("mobile", "user_engagement"),
    )
)  # fmt: skip
_DAILY = tuple(
    Daily(Step(event, (column, "is", value)))
    for event, column, value in (
        ("page_view", "device_category", "mobile"), ("page_view", "country", "United States"),
        ("scroll", "device_category", "desktop"), ("page_view", "country", "India"),
        ("user_engagement", "device_category", "mobile"),
    )
)  # fmt: skip

QUESTIONS = (
    Question("funnel", "six-step funnel, 7 days", "plain", 20, _PLAIN),
    Question("by_device", "the same by device", "plain", 20, _PLAIN),
    Question("by_session", "six steps within a session", "plain", 20, _SESSION),
    Question("paths", "next-event paths", "plain", 15,
             tuple(Paths("session_start", depth) for depth in (5, 4, 6, 5, 4))),
    Question("gaps", "sessions by 30-minute gap", "plain", 15,
             tuple(Gaps(minutes * 60) for minutes in (30, 25, 35, 20, 40))),
    Question("filtered", "funnel, properties on steps", "general", 8, _FILTERED),
    Question("repeated", "funnel, repeated steps", "general", 8, _REPEATED),
    Question("turned", "funnel, against the stored order", "general", 8, _TURNED),
    Question("returns", "filtered retention, 30 days", "general", 8, _RETURNS),
    Question("daily", "filtered daily users", "general", 8, _DAILY),
    Question("active", "daily users", "precomputed", None,
             tuple(Active(first) for first in (0, 1, 2, 3, 4))),
    Question("rolling", "rolling 7- and 28-day users", "precomputed", None,
             tuple(Rolling(days) for days in (7, 28, 7, 28, 7))),
    Question("cohorts", "retention, 30 days", "precomputed", None,
             tuple(Cohorts(periods) for periods in (30, 29, 28, 27, 26))),
)  # fmt: skip

Answer = Callable[[Any], Any]
"""From a variant to numbers that JSON can hold."""


def reached(levels: dict[int, int] | Any, steps: int) -> list[int]:
    """How many reached each step, from how many got how far.

    >>> reached([(1, 5), (3, 2), (0, 9)], 3)
    [7, 2, 2]
    """
    furthest = [0] * (steps + 1)
    for level, count in dict(levels).items():
        furthest[level] += count
    return [sum(furthest[step:]) for step in range(1, steps + 1)]


def by_group(rows: Any, steps: int) -> dict[str, list[int]]:
    """`reached` of each group, of rows of group, level and count."""
    levels: dict[str, dict[int, int]] = {}
    for group, level, count in rows:
        levels.setdefault(group, {})[level] = count
    return {group: reached(found, steps) for group, found in sorted(levels.items())}
