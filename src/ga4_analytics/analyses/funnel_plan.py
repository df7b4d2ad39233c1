"""Settles a funnel's question: refuses what cannot be meant, and turns the rest into numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.masks import Bits, Masks, compiled
from ga4_analytics.analyses.scope import Scope, scope_of
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.layout import I64, MASKED_NAMES, U32
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels import funnel_rules as peers
from ga4_analytics.kernels.funnel_units import NO_LIMIT, PLAN
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.funnel import MOST_STEPS, FunnelSpec

SECOND = 1_000_000


@dataclass(frozen=True)
class Plan:
    """A funnel, ready for the kernels.

    Attributes:
        steps: Which rows can serve which of the required steps.
        banned: Which rows are which excluded events; None: there are none.
        seen: Which rows strict order sees; None: it is not asked for.
        numbers: int64 by place in `PLAN`.
        covers: uint64, see `reach_with_rules`.
        wanted: uint32, one a step: the name bits of which a user needs one.
        fast: Whether `funnel.scan_part` can answer it, but for a few users.
    """

    steps: Masks
    banned: Masks | None
    seen: Masks | None
    numbers: I64
    covers: Bits
    wanted: U32
    fast: bool

    def with_numbers(self, **given: int) -> Plan:
        """The same with other numbers."""
        numbers = self.numbers.copy()
        for name, value in given.items():
            numbers[PLAN.index(name)] = value
        return replace(self, numbers=numbers)

    def number(self, name: str) -> int:
        """One of its numbers."""
        return int(self.numbers[PLAN.index(name)])


def check(question: FunnelSpec) -> None:
    """Refuse a funnel that cannot be meant.

    Raises:
        QuestionError: Says which fields do not go together.
    """
    count = len(question.steps)
    _want(1 <= count <= MOST_STEPS, f"steps: there are {count}.",
          f"A funnel has 1 to {MOST_STEPS} steps.", "Ask for fewer, or in two.")  # fmt: skip
    _want(len(question.exclusions) <= MOST_STEPS,
          f"exclusions: there are {len(question.exclusions)}.",
          f"A funnel has at most {MOST_STEPS}.", "Put events into one exclusion.")  # fmt: skip
    for name in ("window_seconds", "step_window_seconds"):
        value = getattr(question, name)
        _want(value is None or 0 < value < 10**9, f"{name}: {value} is no length of time.",
              "It is above 0 and below 1,000,000,000 seconds.", "Change it.")  # fmt: skip
    least, step_window = question.least_seconds, question.step_window_seconds
    longest = min(step_window or 10**9, question.window_seconds or 10**9)
    _want(0 <= least <= longest, f"least_seconds: {least} cannot pass between two steps.",
          f"It is 0 to the window, {longest} seconds.", "Change it or the window.")  # fmt: skip
    _check_optional(question, count)
    _check_exclusions(question, count)
    _check_attribution(question, count)
    if question.order != "ordered":
        _refuse_with(question, f"order: {question.order!r}", "exclusions", "optional")
    if question.order == "any":
        _refuse_with(question, "order: 'any'", "step_window_seconds", "least_seconds")
    if question.rules != "ours":
        _refuse_with(question, f"rules: {question.rules!r}", "step_window_seconds",
                     "least_seconds", "exclusions")  # fmt: skip
        _want(question.order == "ordered" and question.counting != "attempt"
              and question.attribution == "first",
              f"rules: {question.rules!r} knows no order, counting or attribution of its own here.",
              "Other rules take steps in order, count users or sessions, and a breakdown by the"
              " entry's property.",
              "Ask with the rules 'ours'.")  # fmt: skip


def _check_optional(question: FunnelSpec, count: int) -> None:
    for step in question.optional:
        _want(1 < step < count, f"optional: step {step} cannot be left out.",
              "Steps between the first and the last can be optional.",
              "Take it out of optional.")  # fmt: skip


def _check_exclusions(question: FunnelSpec, count: int) -> None:
    for place, each in enumerate(question.exclusions):
        before = count if each.before is None else each.before
        required = not {each.after, before} & set(question.optional)
        _want(1 <= each.after < before <= count and required,
              f"exclusions[{place}]: it lies after step {each.after} and before step {before}.",
              "It lies between two required steps of the funnel, the earlier one first.",
              "Change after and before.")  # fmt: skip


def _check_attribution(question: FunnelSpec, count: int) -> None:
    step = question.attribution_step
    if question.attribution == "step":
        _want(step is not None and 1 <= step <= count and step not in question.optional,
              f"attribution_step: {step} is not a required step.",
              "Attribution 'step' names the step whose event tells the group.",
              f"Give a number from 1 to {count}.")  # fmt: skip
        _want(question.order != "any", "attribution: 'step' does not go with order 'any'.",
              "In any order, step n is any n of the steps.",
              "Use first, last or all.")  # fmt: skip
    else:
        _want(step is None, f"attribution_step: {step} goes with attribution 'step' only.",
              "Other attributions have no step.", "Remove it.")  # fmt: skip


def _refuse_with(question: FunnelSpec, what: str, *names: str) -> None:
    for name in names:
        _want(not getattr(question, name), f"{what} does not go with {name}.",
              f"{name} needs steps in order, under our own rules."
              if name != "optional" else "Optional steps need steps in order.",
              f"Remove {name}, or ask for order 'ordered' and rules 'ours'.")  # fmt: skip


def _want(met: bool, problem: str, rule: str, remedy: str) -> None:
    if not met:
        raise QuestionError(problem, rule=rule, remedy=remedy)


def required(question: FunnelSpec) -> list[int]:
    """The numbers of the steps that are not optional.

    >>> steps = tuple(EventSelector((name,)) for name in "abc")
    >>> required(FunnelSpec(steps, optional=(2,)))
    [1, 3]
    """
    return [n for n in range(1, len(question.steps) + 1) if n not in question.optional]


def plan_of(index: Index, question: FunnelSpec, scope: Scope, steps: list[int]) -> Plan:
    """Turn some of a question's steps into a plan.

    Args:
        index: The index.
        question: The question, checked.
        scope: Its days.
        steps: The numbers of the steps, ascending; the first is 1.

    Raises:
        QuestionError: A name, column, operator or value is wrong.
    """
    where = question.query.where
    masks = compiled(index, [question.steps[n - 1] for n in steps], where)
    banned = seen = None
    if question.exclusions:
        banned = compiled(index, [each.event for each in question.exclusions], where)
    if question.order == "strict":
        seen = compiled(index, [EventSelector()], where)
    wanted = _wanted(masks.names, len(steps))
    plan = Plan(masks, banned, seen, _numbers(index, question, scope, len(steps)),
                _covers(question, steps), wanted, False)  # fmt: skip
    # Optional steps are counted beside the others, unit by unit: on the same parts.
    odd = question.counting == "attempt" or question.optional or question.rules != "ours"
    fast = question.order == "ordered" and plan.number("bare") and not odd
    return replace(plan, fast=bool(fast))


def side_plans(index: Index, question: FunnelSpec) -> dict[int, Plan]:
    """For each optional step the funnel of it after the required steps before it."""
    scope = scope_of(index, question.query)
    return {
        step: plan_of(index, question, scope, [*(n for n in required(question) if n < step), step])
        for step in question.optional
    }


def _wanted(names: Bits, count: int) -> U32:
    """The bits of `Segment.user_names` of each step."""
    wanted = np.zeros(count, np.uint32)
    bit = np.left_shift(1, np.minimum(np.arange(len(names)) - 1, MASKED_NAMES).clip(0))
    for step in range(count):
        serves = (names >> np.uint64(step)) & np.uint64(1) != 0
        serves[0] = False
        wanted[step] = np.bitwise_or.reduce(bit[serves], initial=0)
    return wanted


def _covers(question: FunnelSpec, steps: list[int]) -> Bits:
    covers = np.zeros(len(steps) + 1, np.uint64)
    for place, each in enumerate(question.exclusions):
        before = len(question.steps) if each.before is None else each.before
        for gap in range(1, len(steps)):
            if each.after <= steps[gap - 1] and steps[gap] <= before:
                covers[gap] |= np.uint64(1 << place)
    return covers


_RULE = {
    "clickhouse": peers.CLICKHOUSE, "openpanel": peers.STRICT_INCREASE,
    "mitzu": peers.STRICTLY_LATER, "umami": peers.EACH_STEP, "mixpanel": peers.MIXPANEL,
    "growthbook": peers.GROWTHBOOK,
}  # fmt: skip
_GRAIN = {"amplitude": SECOND, "posthog": 1} | dict.fromkeys(_RULE, 1)
_INSIDE = ("posthog", "ga4", "clickhouse", "openpanel", "umami")


def _numbers(index: Index, question: FunnelSpec, scope: Scope, count: int) -> NDArray[np.int64]:
    rules = question.rules
    window = question.window_seconds * SECOND if question.window_seconds else NO_LIMIT
    step_window = (question.step_window_seconds or 0) * SECOND or NO_LIMIT
    if rules == "ga4":
        window, step_window = NO_LIMIT, window
    spread = min(step_window * max(1, count - 1), NO_LIMIT)
    horizon = index.calendar.horizon_us
    bare = step_window == NO_LIMIT and not question.least_seconds and not question.exclusions
    values = {
        "last": count,
        "window": window,
        "step_window": step_window,
        "least": question.least_seconds * SECOND,
        "order": ("ordered", "strict", "any").index(question.order),
        "counting": ("user", "session", "attempt").index(question.counting),
        "rule": _RULE.get(rules, 0),
        "grain": _GRAIN.get(rules, 0),
        "inside_only": int(rules in _INSIDE),
        "first_only": int(rules == "ga4"),
        "first_day": scope.first_day,
        "last_day": scope.last_day,
        "horizon": -NO_LIMIT if horizon is None else horizon,
        "reach": min(window, spread),
        "bare": int(bare),
        "keep": 0,
    }
    return np.array([values[name] for name in PLAN], np.int64)
