"""Refuses questions about experiments that make no sense, and says what would."""

from __future__ import annotations

from collections.abc import Sequence

from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.experiment import ExperimentSpec
from ga4_analytics.questions.experiment_parts import ListedUnits, Metric, SimulatedSplit
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.query import seconds

MOST_METRICS = 50
MOST_LOOKS = 20
MOST_DAYS = 3_650


def checked(question: ExperimentSpec) -> None:
    """Refuse what does not go together.

    Raises:
        QuestionError: Says which field, which rule and what to do.
    """
    metrics = [*question.primary, *question.secondary]
    metrics += [each.metric for each in question.guardrails]
    _named(metrics)
    if not question.primary:
        raise _wrong("primary", "no metric decides", "Name one, as an event: purchase.")
    for metric in metrics:
        _metric(metric)
    for guardrail in question.guardrails:
        if not 0.0 <= guardrail.margin < 1.0:
            raise _wrong(
                f"guardrail {guardrail.metric.name}.margin",
                f"{guardrail.margin} is not a share in [0, 1)",
                "Give 0.02 for two per cent.",
            )
    if question.window:
        seconds(question.window)
    _variants(question)
    _numbers(question)


def _named(metrics: Sequence[Metric]) -> None:
    names = [metric.name for metric in metrics]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not all(names) or len(names) > MOST_METRICS:
        problem = f"two are called {twice[0]!r}" if twice else f"{len(names)} or one has no name"
        raise _wrong(
            "metrics", problem, f"Give up to {MOST_METRICS} metrics, each with its own name."
        )


def _metric(metric: Metric) -> None:
    place = f"metric {metric.name}"
    if metric.window:
        seconds(metric.window, f"{place}.window")
    if metric.kind in ("mean", "ratio") and metric.of is None:
        raise _wrong(f"{place}.of", "no amount is added up", "Give one, as revenue or events.")
    if (metric.kind == "ratio") != (metric.per is not None):
        raise _wrong(f"{place}.per", "a ratio has an amount below, others none", "Mend per.")
    if metric.kind == "retention" and not _is_span(metric.days):
        raise _wrong(
            f"{place}.days", f"{metric.days} are no days after the exposure's", "Give 7-13."
        )
    if metric.kind == "funnel" and not 2 <= len(metric.steps) <= 64:
        raise _wrong(f"{place}.steps", f"there are {len(metric.steps)}", "Give 2 to 64.")
    _amounts(metric, place)
    if metric.kind != "mean" and metric.covariate_days:
        raise _wrong(
            f"{place}.covariate_days",
            f"a {metric.kind} takes no covariate",
            "Use one with the mean of an amount per unit.",
        )


def _amounts(metric: Metric, place: str) -> None:
    for amount in (metric.of, metric.per, metric.covariate):
        if amount is None:
            continue
        by_order = amount.measure in ("orders", "revenue")
        if by_order and amount.event != EventSelector():
            raise _wrong(f"{place}.of", f"{amount.measure} has events of its own", "Leave them.")
        if (amount.measure == "sum") != (amount.column is not None):
            raise _wrong(
                f"{place}.of", "a sum has a column, others none", "Write sum(engagement_msec)."
            )
    if metric.winsorise != 1.0 and metric.kind not in ("mean", "ratio"):
        raise _wrong(f"{place}.winsorise", "only amounts are capped", "Remove it.")
    if not 0.0 < metric.winsorise <= 1.0 or not 0 <= metric.covariate_days <= MOST_DAYS:
        raise _wrong(
            f"{place}.winsorise, covariate_days",
            f"{metric.winsorise} and {metric.covariate_days}",
            f"Give a share such as 0.99, and 0 to {MOST_DAYS:,} days.",
        )


def _is_span(days: tuple[int, int] | None) -> bool:
    return days is not None and 1 <= days[0] <= days[1] <= MOST_DAYS


def _variants(question: ExperimentSpec) -> None:
    names = [share.name for share in question.variants]
    given = question.assignment
    if len(set(names)) < len(names) or any(share.weight <= 0 for share in question.variants):
        raise _wrong("variants", "two have one name, or a weight is not above 0", "Mend them.")
    if names and question.control and question.control not in names:
        raise _wrong(
            "control", f"{question.control!r} is not one of {', '.join(names)}", "Name one."
        )
    if len(names) == 1:
        raise _wrong("variants", "there is one", "Name two or more, or none.")
    if isinstance(given, SimulatedSplit) and not given.salt:
        raise _wrong("assignment.salt", "it is empty", "Give any word; another one splits anew.")
    if isinstance(given, ListedUnits) and not given.members:
        raise _wrong("assignment.members", "nobody is on the list", "Give units and variants.")


def _numbers(question: ExperimentSpec) -> None:
    if not 0.5 <= question.confidence < 1.0:
        raise _wrong("confidence", f"{question.confidence} is no coverage", "Use 0.95.")
    if question.planned_units < 2:
        raise _wrong("planned_units", "there are fewer than two", "Give how many will come.")
    if not 1 <= question.look <= question.looks <= MOST_LOOKS:
        raise _wrong(
            "look, looks",
            f"look {question.look} of {question.looks}",
            f"Give a look of those planned, up to {MOST_LOOKS}.",
        )
    if min(question.prior) <= 0:
        raise _wrong("prior", "its parameters are not above 0", "Use 1,1 for a flat one.")


def _wrong(field: str, problem: str, remedy: str) -> QuestionError:
    return QuestionError(
        f"{field}: {problem}.",
        rule="An experiment has a primary metric and variants; docs/experiments.md says how.",
        remedy=remedy,
    )
