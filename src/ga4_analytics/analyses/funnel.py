"""Funnels: how many come how far, how sure that is, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.funnel_groups import (
    Grouped,
    Tally,
    grouped,
    needs_chain,
    tally_of,
    users_of_rows,
)
from ga4_analytics.analyses.funnel_plan import Plan, check, plan_of, required, side_plans
from ga4_analytics.analyses.funnel_run import Outcome, run
from ga4_analytics.analyses.funnel_words import definition_of
from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.analyses.scope import scope_of
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.calendar import day_of
from ga4_analytics.index.layout import U8
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.funnel import (
    FunnelComparison,
    FunnelDay,
    FunnelGroup,
    FunnelResult,
    FunnelSpec,
    FunnelStep,
    Quantile,
    Rules,
    TimeToConvert,
)
from ga4_analytics.stats.proportions import wilson
from ga4_analytics.stats.survival import kaplan_meier, stays_above

Kind = Literal["reached", "dropped", "open"]
PEERS: tuple[Rules, ...] = (
    "ours", "amplitude", "mixpanel", "posthog", "ga4", "growthbook", "clickhouse",
)  # fmt: skip
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
Members = Sequence[NDArray[np.bool_]]
Sides = dict[int, Sequence[Outcome]]
"""For each optional step, what became of the funnel that ends with it."""


def answer(index: Index, question: FunnelSpec, *, threads: int | None = None) -> FunnelResult:
    """Answer a funnel.

    Args:
        index: The index.
        question: The question.
        threads: How many parts at once; None: one a processor.

    Raises:
        QuestionError: Something in it is not in the data or does not go together.
    """
    started = perf_counter()
    check(question)
    scope = scope_of(index, question.query)
    chosen = chosen_users(index, question.query.users)
    plan = plan_of(index, question, scope, required(question))
    outcomes, sides = _outcomes(index, question, plan, chosen, threads)
    groups: tuple[FunnelGroup, ...] = ()
    if question.query.by:
        found = grouped(index, question, plan, chosen, outcomes, threads)
        groups = _groups(question, found, sides)
    ours = question.rules == "ours"
    used, tied = (sum(getattr(each, name) for each in outcomes) for name in ("used", "tied"))
    return FunnelResult(
        spec=question,
        definition=definition_of(index, question, scope),
        finality=scope.finality,
        rules=question.rules,
        counting=question.counting,
        steps=_bars(question, tally_of(outcomes), None, sides),
        groups=groups,
        trend=_trend(index, plan, outcomes) if ours else (),
        time_to_convert=_time_to_convert(plan, outcomes) if ours else None,
        tied_share=tied / used if ours and used else None,
        seconds=perf_counter() - started,
    )


def compare(
    index: Index,
    question: FunnelSpec,
    rules: Sequence[Rules] = PEERS,
    *,
    threads: int | None = None,
) -> FunnelComparison:
    """Answer one funnel under several rules, side by side.

    Args:
        index: The index.
        question: The question; its own rules do not matter.
        rules: Whose definitions.
        threads: How many parts at once; None: one a processor.

    Raises:
        QuestionError: See `answer`.
    """
    return FunnelComparison(
        tuple(answer(index, replace(question, rules=each), threads=threads) for each in rules)
    )


def users_of(
    index: Index,
    question: FunnelSpec,
    step: int,
    kind: Kind = "reached",
    group: tuple[str | None, ...] | None = None,
    *,
    limit: int | None = 1_000,
    threads: int | None = None,
) -> list[str]:
    """The users of a bar, in the order of their keys.

    Args:
        index: The index.
        question: The question.
        step: The bar's number, from 1.
        kind: 'reached': all of the bar; 'dropped' or 'open': those who came no further.
        group: A group of the question's breakdown; None: all.
        limit: How many at most; None: all.
        threads: How many parts at once; None: one a processor.

    Returns:
        User keys; a user with several sessions or attempts in the bar stands once.

    Raises:
        QuestionError: There is no such bar, or as `answer` does.
    """
    check(question)
    if not 1 <= step <= len(question.steps) or (kind != "reached" and step in question.optional):
        raise QuestionError(
            f"step: the funnel has no bar of the users who {kind} at step {step}.",
            rule="Steps count from 1; nobody drops out at an optional one.",
            remedy=f"Give a step from 1 to {len(question.steps)}.",
        )
    scope = scope_of(index, question.query)
    chosen = chosen_users(index, question.query.users)
    plan = plan_of(index, question, scope, required(question))
    outcomes, sides = _outcomes(index, question, plan, chosen, threads, wants_entry=True)
    members: Members | None = None
    if group is not None and question.query.by:
        found = grouped(index, question, plan, chosen, outcomes, threads)
        if group not in found.labels:
            raise QuestionError(
                f"group: {group} is not shown.",
                rule="A group is one of the answer's groups.",
                remedy="Give the values of one of them.",
            )
        place = found.labels.index(group)
        outcomes, members = list(found.outcomes[place]), found.members(place)
        sides = found.sides[place] or sides
    return _keys(question, outcomes, members, sides, step, kind, limit)


def _keys(
    question: FunnelSpec,
    outcomes: Sequence[Outcome],
    members: Members | None,
    sides: Sides,
    step: int,
    kind: Kind,
    limit: int | None,
) -> list[str]:
    keys: set[str] = set()
    for number, outcome in enumerate(outcomes):
        if step in sides:
            side = sides[step][number]
            inside = side.levels == side.trend.shape[1] - 1
        else:
            level = required(question).index(step) + 1
            inside = outcome.levels >= level if kind == "reached" else outcome.levels == level
            if kind != "reached":
                inside &= outcome.levels < outcome.trend.shape[1] - 1
                inside &= outcome.is_open == (kind == "open")
        if members is not None:
            inside = inside & members[number]
        users = np.unique(users_of_rows(outcome.part, outcome.entry_row[inside]))[:limit]
        keys.update(outcome.part.segment.keys.take(users).to_pylist())
    return sorted(keys, key=str.encode)[:limit]


def _outcomes(
    index: Index,
    question: FunnelSpec,
    plan: Plan,
    chosen: Sequence[U8],
    threads: int | None,
    wants_entry: bool = False,
) -> tuple[list[Outcome], Sides]:
    """What the units did, and for each optional step the funnel that ends with it."""
    wants_entry = wants_entry or bool(question.query.by)
    outcomes = run(index, plan, chosen, threads, wants_entry=wants_entry,
                   keep=needs_chain(question))  # fmt: skip
    sides: Sides = {
        step: run(index, side, chosen, threads)
        for step, side in side_plans(index, question).items()
    }
    return outcomes, sides


def _bars(
    question: FunnelSpec, tally: Tally, members: Members | None, sides: Sides
) -> tuple[FunnelStep, ...]:
    """The bars of all units, or of those who are members of a group."""
    closed, still, weakest = tally.states[:128], tally.states[128:], tally.weakest
    levels = closed + still
    needed = required(question)
    ours = question.rules == "ours"
    bars: list[FunnelStep] = []
    entered = previous = int(levels[1:].sum())
    for number, event in enumerate(question.steps, start=1):
        name = event.shown if question.order != "any" else f"any {number} of the steps"
        if number in sides:
            users, least = _aside(sides[number], members)
            bars.append(_bar(number, name, users, entered, previous, None, None,
                             least if ours else None))  # fmt: skip
            continue
        level = needed.index(number) + 1
        users = int(levels[level:].sum())
        end = level == len(needed)
        bars.append(
            _bar(
                number,
                name,
                users,
                entered,
                previous,
                (0 if end else int(closed[level])) if ours else None,
                (0 if end else int(still[level])) if ours else None,
                int(weakest[level:].sum()) if ours else None,
            )
        )
        previous = users
    return tuple(bars)


def _aside(outcomes: Sequence[Outcome], members: Members | None) -> tuple[int, int]:
    """How many did an optional step, and how many under the worst order."""
    users = least = 0
    for number, outcome in enumerate(outcomes):
        last = outcome.trend.shape[1] - 1
        inside = slice(None) if members is None else members[number]
        users += int(np.count_nonzero(outcome.levels[inside] == last))
        least += int(np.count_nonzero(outcome.weakest[inside] == last))
    return users, least


def _bar(
    number: int,
    name: str,
    users: int,
    entered: int,
    previous: int,
    dropped: int | None,
    still_open: int | None,
    worst: int | None,
) -> FunnelStep:
    share = wilson(users, entered)
    before = wilson(users, previous) if number > 1 else None
    return FunnelStep(
        step=number,
        event=name,
        users=users,
        rate_from_start=share.value if share else None,
        rate_from_previous=before.value if before else None,
        low=share.low if share else None,
        high=share.high if share else None,
        dropped=dropped,
        open=still_open,
        users_worst_order=worst,
    )


def _groups(question: FunnelSpec, found: Grouped, sides: Sides) -> tuple[FunnelGroup, ...]:
    return tuple(
        FunnelGroup(
            label,
            _bars(question, tally, found.members(place) if sides else None, own or sides),
        )
        for place, (label, tally, own) in enumerate(
            zip(found.labels, found.tallies, found.sides, strict=True)
        )
    )


def _trend(index: Index, plan: Plan, outcomes: Sequence[Outcome]) -> tuple[FunnelDay, ...]:
    """A row for each day with entries."""
    shape = (plan.number("last_day") - plan.number("first_day") + 1, plan.number("last") + 1)
    levels, still = np.zeros(shape, np.int64), np.zeros(shape[0], np.int64)
    for outcome in outcomes:
        levels += outcome.trend
        still += outcome.trend_open
    reached = levels[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    first, reach, horizon = (plan.number(name) for name in ("first_day", "reach", "horizon"))
    rows = []
    places = np.flatnonzero(levels.any(axis=1))
    found = zip(places.tolist(), reached[places].tolist(), still[places].tolist(), strict=True)
    for place, users, open_ones in found:
        day = day_of(first + place)
        facts = index.calendar.by_day.get(day)
        mature = facts is not None and facts.end_us - 1 + reach < horizon
        dropped = users[0] - users[-1] - open_ones
        rows.append(FunnelDay(day, users[0], tuple(users), open_ones, dropped, mature))
    return tuple(rows)


def _time_to_convert(plan: Plan, outcomes: Sequence[Outcome]) -> TimeToConvert:
    empty = [np.zeros(0, np.int64)]
    times = np.concatenate([*empty, *(each.times for each in outcomes)])
    lost = [each.lost for each in outcomes]
    entered = sum(int(each.states.sum() - each.states[0]) for each in outcomes)
    beyond = entered - len(times) - sum(map(len, lost))
    seconds: dict[float, float | None] = dict.fromkeys(SHARES)
    # Of millions who entered it is rare that so many convert, and a curve takes its time.
    if not stays_above(min(SHARES), times, lost, beyond):
        curve = kaplan_meier(times, np.concatenate([*empty, *lost]), beyond)
        found = [(share, curve.quantile(share)) for share in SHARES]
        seconds = {share: None if time is None else time / 1e6 for share, time in found}
    median = seconds[0.5]
    words = (
        "Half of those who entered have not converted by the end of what can be seen:"
        " the median is not reached."
        if median is None
        else f"Half of those who entered convert within {median:,.0f} seconds."
    )
    return TimeToConvert(
        entered=entered,
        converted=len(times),
        quantiles=tuple(Quantile(share, time) for share, time in seconds.items()),
        median=median,
        median_among_converters=float(np.median(times)) / 1e6 if len(times) else None,
        words=words,
    )
