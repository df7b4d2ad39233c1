"""Funnels: which steps, in which order, how fast, and how they are counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from ga4_analytics.questions.codec import encode
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.results import Result

Order = Literal["ordered", "strict", "any"]
Counting = Literal["user", "session", "attempt"]
Attribution = Literal["first", "last", "step", "all"]
Rules = Literal[
    "ours", "amplitude", "mixpanel", "posthog", "ga4", "growthbook", "clickhouse",
    "openpanel", "mitzu", "umami",
]  # fmt: skip
WEEK = 604_800
MOST_STEPS = 64


@dataclass(frozen=True)
class Exclusion:
    """An event that ends an attempt when it comes between two steps.

    The attempt keeps the steps that it has reached by then.

    Attributes:
        event: The event.
        after: Number of the step after which it counts, from 1.
        before: Number of the step before which it counts; None: the last.
    """

    event: EventSelector
    after: int = 1
    before: int | None = None


@dataclass(frozen=True)
class FunnelSpec:
    """A funnel.

    Attributes:
        steps: 1 to 64 of them; they may repeat and overlap; one event serves one step.
        query: Which days, events, users, and the breakdown. Entries lie inside its days;
            events after its last day still complete them.
        order: 'ordered': other events may come between. 'strict': no other event that
            ``query.where`` lets through comes between. 'any': the steps in any order; step n
            then means any n of them.
        window_seconds: Longest time from the entry to any step, inclusive; None: no limit.
        step_window_seconds: Longest time from one step to the next, inclusive.
        least_seconds: Shortest time from one step to the next, inclusive.
        counting: One row a user, a session (all steps in one session), or an attempt (every
            entry is one; attempts of a user may share their later events).
        exclusions: Events that end an attempt.
        optional: Numbers of steps that later steps do not need. Such a step counts those who
            did it after the required steps before it.
        attribution: Whose property tells the group of a breakdown: the first event of the
            attempt that has one, the last one, that of step ``attribution_step``, or all: the
            funnel of each group is made of its events alone, so that one user may be in several.
        attribution_step: The step of attribution 'step', from 1.
        rules: Whose definitions: ours, or a peer's as documented.
    """

    steps: tuple[EventSelector, ...]
    query: Query = field(default_factory=Query)
    order: Order = "ordered"
    window_seconds: int | None = WEEK
    step_window_seconds: int | None = None
    least_seconds: int = 0
    counting: Counting = "user"
    exclusions: tuple[Exclusion, ...] = ()
    optional: tuple[int, ...] = ()
    attribution: Attribution = "first"
    attribution_step: int | None = None
    rules: Rules = "ours"


@dataclass(frozen=True)
class FunnelStep:
    """A bar of a funnel.

    Attributes:
        step: Its number, from 1.
        event: What it is.
        users: How many (users, sessions or attempts) reached it.
        rate_from_start: Of those who entered, in [0, 1]; None where nobody did.
        rate_from_previous: Of those who reached the required step before; None for step 1.
        low: Lower bound of Wilson's 95 % interval of ``rate_from_start``.
        high: Its upper bound.
        dropped: Those who came no further, and cannot any more; None where the rules or an
            optional step do not tell.
        open: Those who came no further, but their window is not over at the last complete
            moment; None as above.
        users_worst_order: How many would be left at least if every tie were resolved against
            the funnel; None under other rules.
    """

    step: int
    event: str
    users: int
    rate_from_start: float | None
    rate_from_previous: float | None
    low: float | None
    high: float | None
    dropped: int | None
    open: int | None
    users_worst_order: int | None


@dataclass(frozen=True)
class FunnelGroup:
    """The funnel of one group of a breakdown.

    Attributes:
        group: The value of each column.
        steps: Its bars.
    """

    group: tuple[str | None, ...]
    steps: tuple[FunnelStep, ...]


@dataclass(frozen=True)
class FunnelDay:
    """A funnel's entries of one day, judged on that day's entries alone.

    Attributes:
        entry_date: The day.
        entered: Users (sessions, attempts) with an entry that day.
        users: How many of them reached each required step.
        open: Not converted, and the window of their last entry that day passes the last
            complete moment.
        dropped: Neither converted nor open.
        is_mature: Whether no entry of the day can still be open.
    """

    entry_date: date
    entered: int
    users: tuple[int, ...]
    open: int
    dropped: int
    is_mature: bool


@dataclass(frozen=True)
class Quantile:
    """When a share of those who entered has converted.

    Attributes:
        share: The share, in (0, 1).
        seconds: How long after the entry; None: not reached.
    """

    share: float
    seconds: float | None


@dataclass(frozen=True)
class TimeToConvert:
    """How long conversion takes from each unit's first entry.

    Attributes:
        entered: How many entered.
        converted: How many converted from their first entry.
        quantiles: By Kaplan and Meier; who has not converted is censored at the end of the
            window or the last complete moment, whichever is first.
        median: Seconds until half of those who entered have converted; None: not reached.
        median_among_converters: The plain median, seconds, of those who converted; it says
            nothing of the others.
        words: What ``median`` says, as a sentence.
    """

    entered: int
    converted: int
    quantiles: tuple[Quantile, ...]
    median: float | None
    median_among_converters: float | None
    words: str


@dataclass(frozen=True)
class FunnelResult(Result):
    """The answer to a `FunnelSpec`.

    Attributes:
        rules: Whose definitions were used.
        counting: What is counted: user, session or attempt.
        steps: The bars.
        groups: The bars of each group of a breakdown, the largest first, *other* last.
        trend: By entry day; days without entries are missing. Ours only.
        time_to_convert: How long it took. Ours only.
        tied_share: Of the events that the counted attempts use, the share that is tied with
            another event of the user; None where nobody entered, or under other rules.
    """

    spec: FunnelSpec
    rules: Rules
    counting: Counting
    steps: tuple[FunnelStep, ...]
    groups: tuple[FunnelGroup, ...]
    trend: tuple[FunnelDay, ...]
    time_to_convert: TimeToConvert | None
    tied_share: float | None

    def records(self) -> list[dict[str, Any]]:
        """One row a step, or with a breakdown a group and step."""
        if not self.spec.query.by:
            return [_plain(step) for step in self.steps]
        return [
            dict(zip(self.spec.query.by, found.group, strict=True)) | _plain(step)
            for found in self.groups
            for step in found.steps
        ]

    def to_dict(self) -> dict[str, Any]:
        """The answer as what JSON holds; the contract of ``--json``."""
        content: dict[str, Any] = _plain(self)
        content["spec"] = encode(self.spec)
        return content


@dataclass(frozen=True)
class FunnelComparison:
    """One funnel under several rules.

    Attributes:
        results: One a rule, in the order asked for.
    """

    results: tuple[FunnelResult, ...]

    def records(self) -> list[dict[str, Any]]:
        """One row a rule and step (and group)."""
        return [{"rules": each.rules} | row for each in self.results for row in each.records()]

    def to_dict(self) -> dict[str, Any]:
        """The answers as what JSON holds."""
        return {"results": [each.to_dict() for each in self.results]}


def _plain(value: Any) -> Any:
    """A value as what JSON holds, without the types of its objects."""
    return _untyped(encode(value))


def _untyped(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _untyped(part) for key, part in data.items() if key != "type"}
    if isinstance(data, list):
        return [_untyped(part) for part in data]
    return data
