"""Specs of paths, revenue, segments and users from what people write: see `questions.build`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ga4_analytics.questions.churn import COUNTED, ChurnQuestion
from ga4_analytics.questions.codec import decode
from ga4_analytics.questions.comparison import NamedSegment, SegmentsQuestion
from ga4_analytics.questions.paths import PathsQuestion
from ga4_analytics.questions.revenue import RevenueQuestion
from ga4_analytics.questions.user import UserQuestion
from ga4_analytics.questions.written import (
    EventLike,
    Saved,
    UsersLike,
    a_query,
    a_span,
    an_event,
    columns,
    kind_of,
    one_of,
    some_users,
)


def paths(
    anchor: EventLike,
    *,
    direction: str = "from",
    depth: int = 5,
    per: str = "session",
    window: str = "",
    anchors: str = "every",
    step: str = "event_name",
    hide: str | Iterable[str] = (),
    merge: bool = False,
    shown: int = 20,
    **query: Any,
) -> PathsQuestion:
    """What comes after, or before, some events.

    Args:
        anchor: Where paths begin, or end.
        direction: 'from' the anchor on, or 'to' it.
        depth: Most steps beside the anchor.
        per: Paths stay within a 'session' or a 'user'.
        window: Longest time between the anchor and a step, as ``30m``; empty: no bound.
        anchors: 'every', 'first' or 'last' anchor of a session or user.
        step: The column whose values are the steps.
        hide: Event names that are no steps.
        merge: Whether a step equal to the one before it is left out.
        shown: How many paths are listed.
        **query: Days, events and users; ``top`` steps of a level are shown.

    Raises:
        QuestionError: A part cannot be read.

    >>> paths("session_start", depth=3, hide="scroll,click").hide
    ('scroll', 'click')
    """
    if window:
        a_span(window, "window")
    return PathsQuestion(
        anchor=an_event(anchor, "anchor"),
        direction=one_of(kind_of(PathsQuestion, "direction"), direction, "direction"),
        depth=one_of(int, depth, "depth"),
        per=one_of(kind_of(PathsQuestion, "per"), per, "per"),
        window=window,
        anchors=one_of(kind_of(PathsQuestion, "anchors"), anchors, "anchors"),
        step=step,
        hide=columns(hide),
        merge=merge,
        shown=one_of(int, shown, "shown"),
        query=a_query(**query),
    )


def revenue(*, interval: str = "day", periods: int | None = None, **query: Any) -> RevenueQuestion:
    """Orders, refunds, what a user brings, and what a cohort brings in time.

    Args:
        interval: 'day', 'week' or 'month'.
        periods: How many of them after the first a cohort's value is followed; None: not.
        **query: Days, orders, users and breakdown.

    Raises:
        QuestionError: A part cannot be read.

    >>> revenue(interval="month", periods=3).periods
    3
    """
    return RevenueQuestion(
        interval=one_of(kind_of(RevenueQuestion, "interval"), interval, "interval"),
        periods=one_of(kind_of(RevenueQuestion, "periods"), periods, "periods"),
        query=a_query(**query),
    )


def segments(
    *given: str | NamedSegment, named: dict[str, UsersLike] | None = None, **query: Any
) -> SegmentsQuestion:
    """Segments side by side.

    Args:
        *given: Names of saved ones, or segments with their names.
        named: Further segments by name, each with its JSON or as itself.
        **query: Days and events; ``users`` are those of whom shares are taken.

    Raises:
        QuestionError: A part cannot be read, or nothing is saved under a name.

    >>> segments(named={"new": '{"type": "was_new"}'}).segments[0].name
    'new'
    """
    saved: Saved | None = query.get("saved")
    parts = [
        each if isinstance(each, NamedSegment) else _named(each, each, saved) for each in given
    ]
    parts += [_named(name, users, saved) for name, users in (named or {}).items()]
    return SegmentsQuestion(tuple(parts), a_query(**query))


def _named(name: str, users: UsersLike, saved: Saved | None) -> NamedSegment:
    return NamedSegment(name, some_users(users, saved, f"segment {name}"))


def user(key: str, *, skip: int = 0, limit: int = 100, **query: Any) -> UserQuestion:
    """Everything that one user did.

    Args:
        key: The user key.
        skip: Events to skip.
        limit: Events at most.
        **query: Days and events.

    Raises:
        QuestionError: A part cannot be read.

    >>> user("82023966.6010891291", limit=20).limit
    20
    """
    return UserQuestion(
        key, one_of(int, skip, "skip"), one_of(int, limit, "limit"), a_query(**query)
    )


def churn(
    *,
    active: str | Iterable[str] = (),
    counted: str | Iterable[str] = COUNTED,
    models: str | Iterable[str] = (),
    leave_out: str | Iterable[str] = (),
    shares: Iterable[float] = (0.05, 0.1, 0.2),
    target: str = "rarer",
    saved: Saved | None = None,
    **numbers: Any,
) -> ChurnQuestion:
    """Who will not come back.

    Args:
        active: Events that make a user active; none: any event.
        counted: Events whose number is a feature each.
        models: Models to hold against the recency rule; none: all that are installed.
        leave_out: Features not to use.
        shares: Shares of users, as a campaign reaches them.
        target: What is looked for: 'churn', 'return' or the 'rarer'.
        saved: Not used: the population is set by ``least_active_days``.
        **numbers: ``window_days``, ``gap_days``, ``horizon_days``, ``step_days``,
            ``test_cutoffs``, ``least_active_days``, ``resamples``, ``seed``, ``confidence``.

    Raises:
        QuestionError: A part cannot be read.

    >>> churn(models="logistic", horizon_days=7).models
    ('logistic',)
    """
    given = {
        "active": columns(active),
        "counted": columns(counted),
        "models": columns(models),
        "leave_out": columns(leave_out),
        "shares": tuple(shares),
        "target": target,
        **numbers,
    }
    return decode(ChurnQuestion, given)
