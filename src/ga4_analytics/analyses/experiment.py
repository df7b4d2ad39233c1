"""What an experiment says, from the index: who was exposed, what they did, which tests decide."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses import experiment_words as words
from ga4_analytics.analyses.experiment_check import checked
from ga4_analytics.analyses.experiment_many import (
    by_group,
    corrected,
    heterogeneity,
    ratio_of,
    withheld,
)
from ga4_analytics.analyses.experiment_tests import Measured, answer_of, level_of
from ga4_analytics.analyses.experiment_units import Units, units_of
from ga4_analytics.analyses.experiment_values import Job, Work, seen_before, values_of
from ga4_analytics.analyses.groups import grouping
from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.analyses.scope import Scope, scope_of, words_of
from ga4_analytics.analyses.told import needs, tells, words_of_untold
from ga4_analytics.index.calendar import DayFacts, day_number
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.experiment import (
    ExperimentResult,
    ExperimentSpec,
    Role,
)
from ga4_analytics.questions.experiment_parts import Amount, Metric, SimulatedSplit
from ga4_analytics.questions.query import seconds

DAY_US = 86_400_000_000


def answer(
    index: Index, question: ExperimentSpec, *, threads: int | None = None
) -> ExperimentResult:
    """Work out what an experiment says.

    Args:
        index: The index.
        question: What is asked.
        threads: How many parts are worked on at once; None: one a processor.

    Raises:
        QuestionError: The question names what is not there, or what does not go together.
    """
    begun = perf_counter()
    scope = scope_of(index, question.query)
    checked(question)
    chosen = chosen_users(index, question.query.users, threads=threads)
    groups = grouping(index, question.query.by)
    units = units_of(index, question, scope, chosen, groups, threads)
    split = ratio_of(question, units.variants, units.counts())
    measured = measured_of(index, question, scope, units, threads)
    level = level_of(question)
    metrics = corrected(
        [answer_of(question, units.variants, each, level=level, exact=True) for each in measured]
    )
    told = by_group(question, units, measured, groups) if question.query.by else ()
    if split is not None and split.is_mismatch:
        metrics, told = (
            withheld(metrics),
            tuple(replace(each, metrics=withheld(each.metrics)) for each in told),
        )
    outcome, verdict = words.verdict(question, units, split, metrics)
    return ExperimentResult(
        spec=question,
        definition=(
            *words_of(index, question.query, scope),
            *words.definition(question, units.variants),
            *words_of_untold(_days(index, scope), _needed(question)),
        ),
        finality=scope.finality,
        seconds=perf_counter() - begun,
        outcome=outcome,
        verdict=verdict,
        deciding=words.deciding(question, metrics),
        is_simulated=isinstance(question.assignment, SimulatedSplit),
        control=units.variants[0] if units.variants else question.control,
        variants=units.variants,
        units=units.counts(),
        excluded=units.excluded,
        exposed_before=units.before,
        sample_ratio=split,
        metrics=metrics,
        groups=told,
        heterogeneity=heterogeneity(told),
    )


def _days(index: Index, scope: Scope) -> list[DayFacts]:
    return [facts for facts in index.calendar.days if scope.start <= facts.day <= scope.end]


def roles(question: ExperimentSpec) -> list[tuple[Metric, Role, float | None]]:
    """All metrics with what they are for, and the margins of guardrails."""
    found: list[tuple[Metric, Role, float | None]] = []
    found += [(metric, "primary", None) for metric in question.primary]
    found += [(metric, "secondary", None) for metric in question.secondary]
    return found + [(each.metric, "guardrail", each.margin) for each in question.guardrails]


def measured_of(
    index: Index, question: ExperimentSpec, scope: Scope, units: Units, threads: int | None = None
) -> list[Measured]:
    """All metrics of all units.

    Args:
        index: The index.
        question: Its metrics and window.
        scope: Its days.
        units: The units.
        threads: How many parts at once; None: one a processor.

    Raises:
        QuestionError: An event or a column is not there.
    """
    work = Work(index, units, question.query.where, scope, threads)
    given = roles(question)
    jobs = {metric.name: _jobs(metric, question.window) for metric, _, _ in given}
    values = values_of(work, list(dict.fromkeys(job for own in jobs.values() for job in own)))
    known = seen_before(work) if any(metric.covariate_days for metric, _, _ in given) else None
    days = _days(index, scope)
    found = []
    for metric, role, margin in given:
        own = [values[job] for job in jobs[metric.name]]
        told = any(tells(day, metric_needs(metric)) for day in days)
        covariate = None
        if metric.covariate_days and known is not None:
            covariate = np.where(known, own[-1], np.nan)
        whole = Measured(
            metric=metric,
            role=role,
            variant=units.variant,
            mature=_mature(index, question, units, metric),
            above=(own[0] > 0).astype(np.float64) if metric.is_proportion else own[0],
            below=own[1] if metric.kind == "ratio" else None,
            covariate=covariate,
            margin=margin,
        )
        # What no file can tell is no unit's, not 0 for all.
        found.append(whole if told else whole.among(np.zeros(len(units.owner), bool)))
    return found


def _jobs(metric: Metric, default: str) -> list[Job]:
    """What must be counted for a metric: above, below where it is a ratio, before."""
    window = window_us(metric, default)
    if metric.kind == "funnel":
        return [Job(steps=metric.steps, window_us=window)]
    if metric.kind == "retention":
        return [Job(Amount(event=metric.event), days=metric.days)]
    if metric.kind == "conversion":
        return [Job(Amount(event=metric.event), window_us=window)]
    amounts = [metric.of or Amount()]
    if metric.kind == "ratio":
        amounts.append(metric.per or Amount())
    found = [Job(amount, window_us=window) for amount in amounts]
    if metric.covariate_days:
        before = metric.covariate_days * DAY_US
        found.append(Job(metric.covariate or amounts[0], before_us=before))
    return found


def window_us(metric: Metric, default: str) -> int | None:
    """How long after its exposure a unit is followed, microseconds; None: to the last day."""
    window = metric.window or default
    return seconds(window, "window") * 1_000_000 if window else None


def _mature(
    index: Index, question: ExperimentSpec, units: Units, metric: Metric
) -> NDArray[np.bool_]:
    """Whether each unit was followed to the end of the metric's time."""
    calendar = index.calendar
    window = window_us(metric, question.window)
    if metric.kind == "retention" and metric.days is not None:
        last = calendar.last_complete
        ends = units.day + metric.days[1]
        return ends <= (day_number(last) if last is not None else -1)
    if window is None:
        return np.ones(len(units.owner), bool)
    horizon = calendar.horizon_us
    return units.time_us + window < (horizon if horizon is not None else -(2**62))


def _needed(question: ExperimentSpec) -> set[str]:
    """What a day's files must have to answer."""
    found = {"user_pseudo_id", "event_timestamp"}
    found |= needs([question.assignment.event], question.query.where)
    for metric, _, _ in roles(question):
        found |= metric_needs(metric)
    return found


def metric_needs(metric: Metric) -> set[str]:
    """What a day's files must have to tell a metric."""
    amounts = [each for each in (metric.of, metric.per, metric.covariate) if each is not None]
    events = [metric.event, *metric.steps, *(each.event for each in amounts)]
    found = needs(events, None, *(each.column for each in amounts))
    measures = {each.measure for each in amounts}
    found |= {"revenue"} if "revenue" in measures else set()
    return found | ({"session_id"} if "sessions" in measures else set())
