"""How well churn can be told, from the index: train early, judge late, refuse on too little."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Literal

from ga4_analytics.analyses import churn_fit, churn_judge
from ga4_analytics.analyses.churn_features import Table, data_hash, tables
from ga4_analytics.analyses.churn_models import Fitted, Floats
from ga4_analytics.analyses.churn_plan import (
    Feature,
    Plan,
    check,
    missing_day,
    planned,
    usable,
)
from ga4_analytics.analyses.scope import finality
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.calendar import day_number, day_of
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.churn import (
    ChurnQuestion,
    ChurnResult,
    Cutoff,
    Fold,
    LeftOut,
    ModelScore,
)
from ga4_analytics.questions.codec import encode
from ga4_analytics.questions.results import Finality
from ga4_analytics.stats.proportions import wilson

LEAST_USERS, LEAST_EACH = 200, 30
"""Users, and rows of either label, below which nothing is trained or judged."""


@dataclass(frozen=True)
class Trained:
    """An answer, and the model that it chose.

    Attributes:
        result: How well churn can be told.
        fitted: The chosen model; None where the answer is a refusal.
    """

    result: ChurnResult
    fitted: Fitted | None


def answer(index: Index, question: ChurnQuestion, *, threads: int | None = None) -> ChurnResult:
    """Say how well churn can be told.

    Args:
        index: The index.
        question: What is asked.
        threads: How many parts are worked on at once; None: one a processor.

    Raises:
        QuestionError: A number makes no sense, a model is not installed, or the index joins
            devices to persons.
    """
    return train(index, question, threads=threads).result


def train(index: Index, question: ChurnQuestion, *, threads: int | None = None) -> Trained:
    """Train all models, judge them, and choose one; as `answer`."""
    begun = perf_counter()
    models = churn_fit.wanted(question)
    plan = planned(index, question)
    days = (plan.days("train"), plan.days("test"))
    found = tables(index, question, plan.features, (*days[0], *days[1]), threads=threads)
    early, late = found[: len(days[0])], found[len(days[0]) :]
    result = _begun(index, question, plan, early, late)
    refusal = plan.refusal or _too_few(result)
    if refusal:
        verdict = "No model: there are too few data to train one and to judge it."
        result = replace(result, refusal=refusal, verdict=verdict)
        return Trained(replace(result, seconds=perf_counter() - begun), None)
    rows = churn_fit.training(early, plan.features)
    fitted = [churn_fit.fit(model, rows, question) for model in models]
    test = churn_judge.test_of(late, early, result.target)
    scores = churn_judge.judged(fitted, test, question)
    best = churn_judge.chosen(scores)
    model = next(each for each in fitted if each.model == best)
    result = replace(
        result,
        verdict=_verdict(scores, best, result),
        base_rate=float(test.hits.mean()),
        features=churn_judge.feature_facts(plan.features, test),
        models=tuple(scores),
        chosen=best,
        importances=churn_judge.importances(model, test, question),
        data_hash=data_hash(found),
        model_id=model_id(model),
        libraries=churn_fit.libraries(models),
    )
    return Trained(replace(result, seconds=perf_counter() - begun), model)


def model_id(fitted: Fitted) -> str:
    """The name of a model: the first digits of the SHA-256 of its content."""
    text = json.dumps(encode(fitted), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _begun(
    index: Index, question: ChurnQuestion, plan: Plan, early: list[Table], late: list[Table]
) -> ChurnResult:
    """The answer as far as it is known before a model is made."""
    train, test = _fold(early), _fold(late)
    target = _target(question, train)
    counted = {day_of(table.cutoff): table for table in (*early, *late)}
    missing = (
        ()
        if churn_fit.has_xgboost() or question.models
        else (
            LeftOut(
                "xgboost", "It is not installed: pip install 'ga4-product-analytics[xgboost]'."
            ),
        )
    )
    return ChurnResult(
        spec=question,
        definition=_words(index, question, target),
        finality=_finality(index, question, plan),
        seconds=0.0,
        verdict="",
        refusal=None,
        target=target,
        train=train,
        test=test,
        base_rate=None,
        cutoffs=tuple(_told(each, counted.get(each.day)) for each in plan.cutoffs),
        features=(),
        left_out=(*plan.left_out, *missing),
        models=(),
        chosen=None,
        importances=(),
        data_hash=None,
        model_id=None,
        libraries=(),
    )  # fmt: skip


def _told(cutoff: Cutoff, table: Table | None) -> Cutoff:
    if table is None or table.churned is None:
        return cutoff
    return replace(cutoff, users=len(table), churned=int(table.churned.sum()))


def _fold(given: list[Table]) -> Fold | None:
    if not given:
        return None
    churned = sum(int(table.churned.sum()) for table in given if table.churned is not None)
    rows = sum(map(len, given))
    users = len({key for table in given for key in table.keys.to_pylist()})
    return Fold(rows, users, wilson(churned, rows))


def _target(question: ChurnQuestion, train: Fold | None) -> Literal["churn", "return"]:
    if question.target != "rarer":
        return question.target
    often = train is not None and train.churned is not None and train.churned.value > 0.5
    return "return" if often else "churn"


def _too_few(result: ChurnResult) -> str | None:
    """Why a model would be guesswork, with the numbers."""
    for name, fold in (("training", result.train), ("test", result.test)):
        churned = fold.churned.successes if fold and fold.churned else 0
        rows, users = (fold.rows, fold.users) if fold else (0, 0)
        if users < LEAST_USERS or min(churned, rows - churned) < LEAST_EACH:
            return (
                f"The {name} rows have {users:,} users with at least "
                f"{result.spec.least_active_days} active days; {churned:,} of {rows:,} rows "
                f"churned and {rows - churned:,} returned. {LEAST_USERS} users and "
                f"{LEAST_EACH} rows of either kind are needed."
            )
    return None


def _verdict(scores: Sequence[ModelScore], best: str, result: ChurnResult) -> str:
    rule = scores[0].pr_auc.value
    if best == "recency":
        tried = ", ".join(
            f"{each.model} {each.pr_auc.value:.3f}" for each in scores if each.gain is not None
        )
        return (
            f"No model ranks users better than the days since they were last seen (PR-AUC "
            f"{rule:.3f}; {tried or 'none was tried'}). The rule itself scores users."
        )
    found = next(each for each in scores if each.model == best)
    gain = found.gain
    assert gain is not None and gain.low is not None and gain.high is not None
    return (
        f"{best} ranks users better than the days since they were last seen: PR-AUC for "
        f"{result.target} {found.pr_auc.value:.3f} against {rule:.3f}, a gain of "
        f"{gain.low:.3f} to {gain.high:.3f}."
    )


def _finality(index: Index, question: ChurnQuestion, plan: Plan) -> Finality:
    """Of all days that used cutoffs look at; of all loaded days where there are none."""
    used = [day_number(each.day) for each in plan.cutoffs if each.role != "unused"]
    calendar = index.calendar
    if used:
        end = max(used) + question.gap_days + question.horizon_days - 1
        return finality(index, day_of(min(used) - question.window_days), day_of(end))
    first, last = calendar.first or day_of(0), calendar.last or day_of(0)
    return finality(index, first, last)


def _words(index: Index, question: ChurnQuestion, target: str) -> tuple[str, ...]:
    zone = index.calendar.zone or "the property's zone, which is not known"
    event = ", ".join(question.active) or "any event"
    least = question.least_active_days
    likely = "churn" if target == "churn" else "return"
    return (
        f"A user is a device (user_pseudo_id); active on a day of {zone} with {event}.",
        f"As of a cutoff: features look at the {question.window_days} days before it, "
        f"{question.gap_days} days count neither way, and who is active on none of the "
        f"{question.horizon_days} days after them has churned.",
        f"Population: users with at least {least} active days in the window.",
        f"Cutoffs stand {question.step_days} days apart. Models learn from those whose labels "
        f"are known by the first of the last {question.test_cutoffs}, which judge them.",
        f"What is looked for is {likely}; PR-AUC is average precision for it, and the base rate "
        "is what luck gives. Intervals draw users again with all of their rows.",
    )


def last_as_of(index: Index) -> int:
    """The day number of the first day after the last complete one.

    Raises:
        QuestionError: No day is complete.
    """
    last = index.calendar.last_complete
    if last is None:
        raise QuestionError(
            f"No day of {index.dataset!r} is complete.",
            rule="Users are scored on complete days.",
            remedy="Load whole days, or say --complete-through DATE when loading.",
        )
    return day_number(last) + 1


@dataclass(frozen=True)
class Scored:
    """Users and their chances.

    Attributes:
        table: The users of the population, with what the model looks at.
        features: What that is.
        chances: The chance to churn of each.
    """

    table: Table
    features: tuple[Feature, ...]
    chances: Floats


def scored(index: Index, question: ChurnQuestion, fitted: Fitted, cutoff: int) -> Scored:
    """The chance to churn of every user of the population of a day.

    Args:
        index: The index.
        question: The question that the model was trained for.
        fitted: The model.
        cutoff: The day number of the first day of which nothing is known.

    Raises:
        QuestionError: A day of the window is not there, or cannot tell what the model looks at,
            or the index joins devices to persons.
    """
    check(index, question)
    days = range(cutoff - question.window_days, cutoff)
    facts = [each for each in index.calendar.days if day_number(each.day) in days]
    features, left_out = usable(question, facts)
    known = {*fitted.encoder.numbers, *(each.feature for each in fitted.encoder.categories)}
    gone = next((each for each in left_out if each.name in known), None)
    problem = missing_day(index.calendar, days) or (gone and f"{gone.name}: {gone.why}")
    if problem:
        raise QuestionError(
            f"Users cannot be scored as of {day_of(cutoff)}: {problem}",
            rule=f"The model looks at the {question.window_days} days before, whole.",
            remedy="Name another day with --as-of, load what is missing, or train again.",
        )
    wanted = tuple(each for each in features if each.name in known)
    (table,) = tables(index, question, wanted, [cutoff], labels=False)
    return Scored(table, wanted, fitted.chances(table))
