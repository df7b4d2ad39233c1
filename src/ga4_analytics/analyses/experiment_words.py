"""What an experiment's answer means, in sentences: definition, deciding test, verdict."""

from __future__ import annotations

from collections.abc import Sequence

from ga4_analytics.analyses.experiment_units import Units
from ga4_analytics.questions.experiment import (
    Difference,
    ExperimentSpec,
    MetricAnswer,
    Outcome,
)
from ga4_analytics.questions.experiment_parts import Exposure, ListedUnits, Metric
from ga4_analytics.questions.filters import EventSelector, in_words
from ga4_analytics.stats.sample_ratio import THRESHOLD, SampleRatio
from ga4_analytics.stats.two_proportions import ENOUGH

_TESTS = {
    "z_test": "the two-proportion z-test",
    "fisher_exact": "Fisher's exact test",
    "welch": "Welch's t-test",
    "always_valid": "the test that holds at every look",
}


def definition(question: ExperimentSpec, variants: Sequence[str]) -> tuple[str, ...]:
    """How units, metrics and tests are defined."""
    metrics = [*question.primary, *question.secondary]
    metrics += [each.metric for each in question.guardrails]
    words = [
        *_assignment_words(question),
        "What a unit did counts from the microsecond of its exposure on, that one included, "
        f"{_until(question.window)}.",
    ]
    words += [f"{metric.name}: {metric.shown}{_more(metric)}." for metric in metrics]
    if any(m.window or m.kind == "retention" for m in metrics) or question.window:
        words.append("Units that were not followed so long on complete days are left out.")
    if any(metric.covariate_days for metric in metrics):
        words.append(
            "A covariate (CUPED) is of the time strictly before the exposure; its slope is "
            "estimated over the units of all variants together; a unit without any earlier event "
            "counts as the mean; days before the first loaded one are not known."
        )
    words += _test_words(question)
    if len(variants) > 2 or len(question.primary) > 1:
        words.append(
            "p-values are corrected over variants and metrics: primary ones by Holm, secondary "
            "ones by Benjamini-Hochberg, guardrails by Holm among themselves."
        )
    if question.query.by:
        words.append(
            "Groups go by the value at the exposure; their p-values are corrected together by "
            "Benjamini-Hochberg; Cochran's Q asks whether effects differ."
        )
    return tuple(words)


def _assignment_words(question: ExperimentSpec) -> list[str]:
    given = question.assignment
    exposed = f"A unit is a user; its exposure is {first_of(given.event)} in the range"
    if isinstance(given, Exposure):
        how = (
            f" that names a variant in {given.variant}. Exposures on other days expose nobody; "
            "later ones to the same variant change nothing."
        )
    elif isinstance(given, ListedUnits):
        how = "; a list says its variant."
    else:
        how = (
            f"; a hash of its key with the salt {given.salt!r} says its variant. This is a "
            "SIMULATION: nobody was shown a variant, and what differs differs by chance."
        )
    return [exposed + how, "A unit in two variants is left out and counted."]


def first_of(event: EventSelector) -> str:
    """The first of some events, in words.

    >>> first_of(EventSelector()), first_of(EventSelector(("view", "click")))
    ('its first event', 'its first view or click')
    """
    where = f" where {in_words(event.where)}" if event.where is not None else ""
    return f"its first {'event' if not event.names and not event.label else event.shown}{where}"


def _until(window: str) -> str:
    return (
        f"for {window}, the last microsecond included"
        if window
        else ("to the end of the last day, for all units alike")
    )


def _more(metric: Metric) -> str:
    words = ""
    if metric.window:
        words += f", {_until(metric.window)}"
    if metric.winsorise < 1.0:
        words += f", amounts above the quantile {metric.winsorise:g} of all units set to it"
    if metric.covariate_days:
        what = f" of {metric.covariate.shown}" if metric.covariate else ""
        words += f", adjusted by the {metric.covariate_days} days before{what}"
    return words


def _test_words(question: ExperimentSpec) -> list[str]:
    words = [
        f"For proportions the z-test decides where at least {ENOUGH} successes and failures are "
        "expected in both variants, else Fisher's exact test; both are shown. For means and "
        "ratios (by the delta method) Welch's t-test decides.",
        f"Intervals cover {question.confidence:.3g}: Wilson's of a rate, Newcombe's of a "
        "difference of rates, Student's of means, the delta method's of lifts.",
    ]
    if question.method == "fixed":
        words.append("These suppose one look, at an end that was set before.")
    elif question.method == "always_valid":
        words.append(
            "The test that holds at every look decides, and its interval is shown; it is sharpest "
            f"at {question.planned_units:,} units."
        )
    else:
        name = {"pocock": "Pocock", "obrien_fleming": "O'Brien and Fleming"}[question.method]
        words.append(
            f"This is look {question.look} of {question.looks}, equally far apart; the level is "
            f"that of {name}'s bound at this look."
        )
    return words


def deciding(question: ExperimentSpec, metrics: Sequence[MetricAnswer]) -> str:
    """Which test decides, and why."""
    names: dict[str, list[str]] = {}
    for metric in metrics:
        for found in metric.differences:
            if metric.role == "primary" and found.decides is not None:
                own = names.setdefault(found.decides, [])
                if metric.metric not in own:
                    own.append(metric.metric)
    if not names:
        return "No test decides: there is nothing to test."
    said = [f"{_TESTS[test]} decides {_because(test)}for {', '.join(own)}"
            for test, own in names.items()]  # fmt: skip
    level = next(d.level for each in metrics for d in each.differences if d.decides)
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}. The level is {level:.3g}."


def _because(test: str) -> str:
    return {"z_test": "(enough was counted; Fisher's stands beside it) ",
            "fisher_exact": "(too little was counted for the z-test) "}.get(test, "")  # fmt: skip


def verdict(
    question: ExperimentSpec,
    units: Units,
    split: SampleRatio | None,
    metrics: Sequence[MetricAnswer],
) -> tuple[Outcome, str]:
    """What follows, for programs and for people."""
    problem = _too_little(question, units)
    if problem:
        return "too_little_data", problem
    if split is not None and split.is_mismatch:
        return "withheld", (
            "No verdict: the units did not split as they should have (sample-ratio mismatch, "
            f"p {split.p_value:.2g} below {THRESHOLD}), so whatever differs may come from how "
            "they were assigned."
        )
    primary = [each for each in metrics if each.role == "primary"]
    tested = [d for each in primary for d in each.differences if d.p_value is not None]
    if not tested:
        return "too_little_data", _untested(primary)
    outcome, said = _differences(units.variants[0], primary, tested[0].level)
    return outcome, " ".join([said, *_guardrail_words(metrics)])


def _too_little(question: ExperimentSpec, units: Units) -> str:
    counts = dict(zip(units.variants, units.counts(), strict=True))
    filled = [name for name, n in counts.items() if n]
    if not filled:
        return "Not enough data: no unit was exposed to a variant on these days."
    control = units.variants[0]
    if not counts[control]:
        return (
            f"Not enough data: no unit was exposed to the control {control!r}; there are units "
            f"of {', '.join(filled)}."
        )
    if len(filled) < 2:
        return f"Not enough data: all units are in one variant, {filled[0]}."
    return ""


def _untested(primary: Sequence[MetricAnswer]) -> str:
    if all(value.units == 0 for each in primary for value in each.values):
        waiting = sum(value.immature for value in primary[0].values)
        if waiting:
            return "Not enough data: no unit has been followed long enough yet."
        return "Not enough data: the files cannot tell the primary metric."
    return "Not enough data: nothing varies in the primary metric, so there is nothing to test."


def _differences(
    control: str, primary: Sequence[MetricAnswer], level: float
) -> tuple[Outcome, str]:
    good: list[str] = []
    bad: list[str] = []
    for metric in primary:
        for found in metric.differences:
            if found.is_significant and found.is_better is not None:
                said = f"{metric.metric} of {found.variant} is {_way(found)} than of {control}"
                (good if found.is_better else bad).append(said)
    if not good and not bad:
        return "no_difference_shown", (
            f"No difference is shown at the level {level:.3g}. That is not evidence of no "
            "difference: the intervals say what is still possible."
        )
    outcome: Outcome = "mixed" if good and bad else "better" if good else "worse"
    words = "; ".join([*good, *bad])
    return outcome, f"At the level {level:.3g}: {words}."


def _way(found: Difference) -> str:
    way = "higher" if (found.difference or 0) > 0 else "lower"
    return f"{way} (better)" if found.is_better else f"{way} (worse)"


def _guardrail_words(metrics: Sequence[MetricAnswer]) -> list[str]:
    words = []
    for metric in metrics:
        for found in metric.differences if metric.role == "guardrail" else ():
            name = f"{metric.metric} of {found.variant}"
            if found.guardrail is None:
                words.append(f"Guardrail {name}: nothing can be said.")
            elif found.guardrail.holds:
                words.append(f"Guardrail {name} holds.")
            else:
                words.append(
                    f"Guardrail {name} is not shown to hold: it may be worse by more than "
                    f"{found.guardrail.margin:.3g}."
                )
    return words
