"""Specs from what people write: the same words in Python and on the command line.

Every function takes ``start``, ``end``, ``where``, ``users``, ``by`` and ``top`` besides its
own arguments, and ``saved``, which finds a saved segment by its name: see `written.a_query`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, get_args

from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.funnel import (
    Attribution,
    Counting,
    Exclusion,
    FunnelSpec,
    Order,
    Rules,
)
from ga4_analytics.questions.lifecycle import Lifecycle
from ga4_analytics.questions.retention import Retention
from ga4_analytics.questions.sessions import GapSessions
from ga4_analytics.questions.stickiness import Stickiness
from ga4_analytics.questions.trends import Before, Measure, Series, Trends
from ga4_analytics.questions.written import (
    EventLike,
    SpanLike,
    a_query,
    a_span,
    an_event,
    columns,
    kind_of,
    one_of,
    pairs,
)

COMPARED: tuple[Rules, ...] = (
    "ours", "amplitude", "mixpanel", "posthog", "ga4", "growthbook", "clickhouse",
)  # fmt: skip
SeriesLike = EventLike | Series
ExclusionLike = str | Exclusion
_MEASURED = re.compile(r"\s*([a-z0-9_.]+?)(?:\(([A-Za-z_][A-Za-z0-9_.]*)\))?\s+of\s+(.+)", re.S)
_PERCENTILE = re.compile(r"p([0-9]{1,2}(?:\.[0-9]+)?)(_per_user)?")
_BEFORE = re.compile(r"(?:([0-9]{1,4}) ?)?(period|day|week|month)s?")


def funnel(
    *steps: EventLike,
    window: SpanLike = "7d",
    step_window: SpanLike = None,
    least: SpanLike = 0,
    order: str = "ordered",
    counting: str = "user",
    exclude: Iterable[ExclusionLike] = (),
    optional: Iterable[int] = (),
    attribution: str = "first",
    rules: str = "ours",
    **query: Any,
) -> FunnelSpec:
    """A funnel.

    Args:
        *steps: The events, in their order.
        window: Longest time from the entry to any step, as ``30m``, ``24h`` or ``7d``; None or
            'none': no limit.
        step_window: Longest time from one step to the next.
        least: Shortest time from one step to the next.
        order: 'ordered', 'strict' or 'any'.
        counting: 'user', 'session' or 'attempt'.
        exclude: Events that end an attempt: ``refund``, or ``refund@1-3`` for those after
            step 1 and before step 3.
        optional: Numbers of steps that later steps do not need.
        attribution: 'first', 'last', 'all', or ``step:2``.
        rules: 'ours', or a peer's: 'amplitude', 'mixpanel', 'posthog', 'ga4', ...
        **query: Days, events, users and breakdown.

    Raises:
        QuestionError: A part cannot be read.

    >>> funnel("session_start", "purchase", window="24h", by="country").window_seconds
    86400
    """
    if not steps:
        raise QuestionError(
            "steps: there is none.",
            rule="A funnel has 1 to 64 steps.",
            remedy="Name its events, as in `ga4 funnel session_start purchase`.",
        )
    attribution, _, number = attribution.partition(":")
    return FunnelSpec(
        steps=tuple(an_event(step, f"step {place}") for place, step in enumerate(steps, 1)),
        query=a_query(**query),
        order=one_of(Order, order, "order"),
        window_seconds=a_span(window, "window"),
        step_window_seconds=a_span(step_window, "step_window"),
        least_seconds=a_span(least, "least") or 0,
        counting=one_of(Counting, counting, "counting"),
        exclusions=tuple(exclusion(part) for part in exclude),
        optional=tuple(one_of(int, part, "optional") for part in optional),
        attribution=one_of(Attribution, attribution, "attribution"),
        attribution_step=_whole(number, "attribution") if number else None,
        rules=one_of(Rules, rules, "rules"),
    )


def rules_of(given: str | Iterable[str]) -> tuple[Rules, ...]:
    """Names of rules; none or 'all' are ours and those of the peers that people compare with.

    >>> rules_of("ours, ga4"), len(rules_of("all"))
    (('ours', 'ga4'), 7)
    """
    names = columns(given)
    if names in ((), ("all",)):
        return COMPARED
    return tuple(one_of(Rules, name, "rules") for name in names)


def exclusion(given: ExclusionLike) -> Exclusion:
    """An event that ends an attempt.

    >>> exclusion("refund@1-3").before, exclusion("refund").after
    (3, 1)
    """
    if isinstance(given, Exclusion):
        return given
    match = re.fullmatch(r"(.+)@([0-9]+)-([0-9]*)", given.strip(), re.S)
    if not match:
        return Exclusion(an_event(given, "exclude"))
    before = int(match[3]) if match[3] else None
    return Exclusion(an_event(match[1], "exclude"), int(match[2]), before)


def trends(
    *series: SeriesLike,
    measure: str = "events",
    column: str | None = None,
    percentile: float = 50.0,
    granularity: str = "day",
    week_starts: str = "monday",
    formulas: Iterable[str] = (),
    compare: str | Before | None = None,
    **query: Any,
) -> Trends:
    """Series over time.

    Args:
        *series: Events, or a measure of events: ``users of purchase``,
            ``sum(revenue_usd) of purchase``, ``p90_per_user of page_view``. None: all events.
        measure: What is counted where a series does not say.
        column: Its column of numbers, where it needs one.
        percentile: Its percentile.
        granularity: 'hour', 'day', 'week' or 'month'.
        week_starts: 'monday' or 'sunday'.
        formulas: Such as ``B / A * 100``.
        compare: An earlier period: 'period', or ``1 week``, ``28 days``, ``1 month`` earlier.
        **query: Days, events, users and breakdown.

    Raises:
        QuestionError: A part cannot be read.

    >>> trends("users of purchase", "page_view").series[0].measure
    'users'
    """
    plain = Series(
        measure=one_of(Measure, measure, "measure"),
        column=column,
        percentile=one_of(float, percentile, "percentile"),
    )
    return Trends(
        series=tuple(a_series(part, plain, f"series {n}") for n, part in enumerate(series, 1))
        or (plain,),
        query=a_query(**query),
        granularity=one_of(kind_of(Trends, "granularity"), granularity, "granularity"),
        week_starts=one_of(kind_of(Trends, "week_starts"), week_starts, "week_starts"),
        formulas=(formulas,) if isinstance(formulas, str) else tuple(formulas),
        compare=before(compare),
    )


def a_series(given: SeriesLike, plain: Series, field: str = "series") -> Series:
    """One line of a trend.

    Args:
        given: A series, or events with or without a measure before them.
        plain: What is measured where it does not say.
        field: What it is the value of, for the error.

    >>> a_series("p90(engagement_msec) of page_view", Series()).percentile
    90.0
    """
    if isinstance(given, Series):
        return given
    match = _MEASURED.fullmatch(given) if isinstance(given, str) else None
    ranked = _PERCENTILE.fullmatch(match[1]) if match else None
    if match and (ranked or match[1] in get_args(Measure)):
        measure = f"percentile{ranked[2] or ''}" if ranked else match[1]
        rank = float(ranked[1]) if ranked else plain.percentile
        return Series(an_event(match[3], field), measure, match[2], rank)  # type: ignore[arg-type]
    return Series(an_event(given, field), plain.measure, plain.column, plain.percentile)


def before(given: str | Before | None) -> Before | None:
    """An earlier period to compare with.

    >>> before("4 weeks"), before("period").unit, before(None)
    (Before(unit='week', count=4), 'period', None)
    """
    if given is None or isinstance(given, Before):
        return given
    match = _BEFORE.fullmatch(given.strip())
    if not match:
        raise QuestionError(
            f"compare: {given!r} is not an earlier period.",
            rule="It is 'period', or a number of days, weeks or months.",
            remedy="Write it like period, 1 week, 28 days or 1 month.",
        )
    return Before(match[2], int(match[1] or 1))  # type: ignore[arg-type]


def retention(
    start_event: EventLike = "*",
    return_event: EventLike = "*",
    *,
    entry: str = "first_ever",
    include_left_truncated: bool = False,
    mode: str = "bounded",
    brackets: str | Iterable[tuple[int, int]] = (),
    clock: str = "calendar",
    unit: str = "day",
    week_starts: str = "monday",
    periods: int = 30,
    value: str | None = None,
    bootstrap: int = 0,
    seed: int = 0,
    **query: Any,
) -> Retention:
    """Who comes back.

    Args:
        start_event: What brings a user into a cohort.
        return_event: What counts as coming back.
        entry: 'first_ever', 'first_in_range' or 'recurring'.
        include_left_truncated: With 'first_ever', keep users who were there before the data.
        mode: 'bounded', 'unbounded' or 'bracket'; brackets alone mean 'bracket'.
        brackets: Ranges of periods, as ``1-7,8-14``.
        clock: 'calendar' or 'rolling' (24 hours).
        unit: 'day', 'week' or 'month'.
        week_starts: 'monday' or 'sunday'.
        periods: The last period asked for.
        value: A column of numbers to sum over return events.
        bootstrap: Resamplings for the pooled curve's interval; 0: none.
        seed: Their seed.
        **query: Days, events, users and breakdown.

    Raises:
        QuestionError: A part cannot be read.

    >>> retention("first_visit", unit="week", periods=8, brackets="1-4,5-8").mode
    'bracket'
    """
    ranges = pairs(brackets, "brackets")
    kinds = {name: kind_of(Retention, name) for name in ("entry", "mode", "clock", "unit")}
    return Retention(
        start=an_event(start_event, "start_event"),
        returns=an_event(return_event, "return_event"),
        query=a_query(**query),
        entry=one_of(kinds["entry"], entry, "entry"),
        include_left_truncated=include_left_truncated,
        mode=one_of(kinds["mode"], "bracket" if ranges else mode, "mode"),
        brackets=ranges,
        clock=one_of(kinds["clock"], clock, "clock"),
        unit=one_of(kinds["unit"], unit, "unit"),
        week_starts=one_of(kind_of(Retention, "week_starts"), week_starts, "week_starts"),
        periods=one_of(int, periods, "periods"),
        value=value,
        bootstrap=one_of(int, bootstrap, "bootstrap"),
        seed=one_of(int, seed, "seed"),
    )


def lifecycle(
    event: EventLike = "*", *, unit: str = "day", week_starts: str = "monday", **query: Any
) -> Lifecycle:
    """New, returning, resurrecting and dormant users.

    Args:
        event: What makes a user active.
        unit: 'day', 'week' or 'month'.
        week_starts: 'monday' or 'sunday'.
        **query: Days, events, users and breakdown.

    >>> lifecycle("page_view", unit="week").unit
    'week'
    """
    return Lifecycle(
        an_event(event),
        a_query(**query),
        one_of(kind_of(Lifecycle, "unit"), unit, "unit"),
        one_of(kind_of(Lifecycle, "week_starts"), week_starts, "week_starts"),
    )


def stickiness(
    event: EventLike = "*", *, unit: str = "day", week_starts: str = "monday", **query: Any
) -> Stickiness:
    """On how many days, weeks or months users did something.

    Args:
        event: What.
        unit: 'day', 'week' or 'month'.
        week_starts: 'monday' or 'sunday'.
        **query: Days, events, users and breakdown.

    >>> stickiness("page_view").unit
    'day'
    """
    return Stickiness(
        an_event(event),
        a_query(**query),
        one_of(kind_of(Stickiness, "unit"), unit, "unit"),
        one_of(kind_of(Stickiness, "week_starts"), week_starts, "week_starts"),
    )


def sessions(
    event: EventLike = "*",
    *,
    gap: str = "30m",
    granularity: str = "day",
    week_starts: str = "monday",
    **query: Any,
) -> GapSessions:
    """Sessions told by gaps in time.

    Args:
        event: Which events make a session.
        gap: Longest gap inside one.
        granularity: 'day', 'week' or 'month'.
        week_starts: 'monday' or 'sunday'.
        **query: Days, events and users.

    >>> sessions(gap="1h").gap
    '1h'
    """
    a_span(gap, "gap")
    return GapSessions(
        an_event(event),
        a_query(**query),
        gap,
        one_of(kind_of(GapSessions, "granularity"), granularity, "granularity"),
        one_of(kind_of(GapSessions, "week_starts"), week_starts, "week_starts"),
    )


def _whole(text: str, field: str) -> int:
    if not text.isdecimal():
        raise QuestionError(
            f"{field}: {text!r} is not a step's number.",
            rule="Steps are numbered from 1.",
            remedy="Write it like step:2.",
        )
    return int(text)
