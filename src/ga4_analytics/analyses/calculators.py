"""Answers about experiments from counts alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil, sqrt

from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.calculators import (
    Arm,
    ArmAnswer,
    Compare,
    CompareAnswer,
    Contrast,
    Plan,
    PlanAnswer,
    Split,
    SplitAnswer,
)
from ga4_analytics.stats import power
from ga4_analytics.stats.bayes import beta_binomial
from ga4_analytics.stats.multiple import benjamini_hochberg, holm
from ga4_analytics.stats.proportions import wilson
from ga4_analytics.stats.sample_ratio import THRESHOLD, SampleRatio, sample_ratio
from ga4_analytics.stats.sequential import AlwaysValid, always_valid, tuning
from ga4_analytics.stats.two_means import Moments, relative_lift
from ga4_analytics.stats.two_proportions import (
    ENOUGH,
    Counts,
    Significance,
    boschloo_exact,
    equal_proportions,
    fisher_exact,
    newcombe,
    z_is_good,
    z_test,
)

CURVE = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""Parts of the lift for which the power is told."""


def compare(spec: Compare) -> CompareAnswer:
    """Hold variants against the first, the control.

    Raises:
        QuestionError: There are fewer than two, or their counts are none.
    """
    _check_arms(spec)
    split = sample_ratio([arm.units for arm in spec.arms], spec.weights or (1,) * len(spec.arms))
    posteriors = beta_binomial(
        [(arm.successes, arm.units) for arm in spec.arms], spec.prior, spec.confidence
    )
    answers = []
    for arm, posterior in zip(spec.arms, posteriors, strict=True):
        rate = wilson(arm.successes, arm.units, spec.confidence)
        assert rate is not None  # it has units
        answers.append(ArmAnswer(arm.name, rate, posterior))
    counts = [Counts(arm.successes, arm.units) for arm in spec.arms]
    contrasts = _contrasts(spec, counts)
    return CompareAnswer(
        spec,
        _compare_words(spec),
        _verdict(spec, split, contrasts),
        split,
        tuple(answers),
        contrasts,
        equal_proportions(counts) if len(counts) > 2 else None,
    )


def _contrasts(spec: Compare, counts: list[Counts]) -> tuple[Contrast, ...]:
    control, treatments = counts[0], counts[1:]
    tests = [_tests(control, treatment) for treatment in treatments]
    deciding = [z if by_z else fisher for by_z, z, fisher in tests]
    tested = [n for n, test in enumerate(deciding) if test.p_value is not None]
    p_values = [deciding[n].p_value or 0.0 for n in tested]
    by_holm = dict(zip(tested, holm(p_values), strict=True))
    by_bh = dict(zip(tested, benjamini_hochberg(p_values), strict=True))
    found = []
    for n, (arm, treatment) in enumerate(zip(spec.arms[1:], treatments, strict=True)):
        by_z, z, fisher = tests[n]
        low, high = newcombe(control, treatment, spec.confidence)
        p_value = by_holm.get(n)
        found.append(
            Contrast(
                name=arm.name,
                difference=treatment.share - control.share,
                low=low,
                high=high,
                z_test=z,
                fisher_exact=fisher,
                boschloo_exact=boschloo_exact(control, treatment),
                decides="z_test" if by_z else "fisher_exact",
                p_value=p_value,
                p_value_bh=by_bh.get(n),
                is_significant=p_value is not None and p_value < 1.0 - spec.confidence,
                lift=relative_lift(_moments(control), _moments(treatment), spec.confidence),
                sequential=_sequential(spec, control, treatment),
            )
        )
    return tuple(found)


def _moments(counts: Counts) -> Moments:
    return Moments.of_proportion(counts.successes, counts.trials)


def _tests(control: Counts, treatment: Counts) -> tuple[bool, Significance, Significance]:
    """Whether the z-test decides, the z-test, and Fisher's."""
    good = z_is_good(control, treatment)
    return good, z_test(control, treatment), fisher_exact(control, treatment)


def _sequential(spec: Compare, control: Counts, treatment: Counts) -> AlwaysValid | None:
    variance = sum(arm.share * (1 - arm.share) / arm.trials for arm in (control, treatment))
    if variance == 0:
        return None
    level = 1.0 - spec.confidence
    found = always_valid(
        treatment.share - control.share,
        sqrt(variance),
        control.trials + treatment.trials,
        tuning(spec.planned_units, level),
        level,
    )
    return replace(found, low=max(-1.0, found.low), high=min(1.0, found.high))


def _verdict(spec: Compare, split: SampleRatio, contrasts: tuple[Contrast, ...]) -> str:
    if split.is_mismatch:
        return (
            "No verdict: the units did not split as they should have (sample-ratio mismatch), "
            "so whatever differs may come from how they were assigned."
        )
    level = 1.0 - spec.confidence
    won = [each for each in contrasts if each.is_significant and each.difference > 0]
    lost = [each for each in contrasts if each.is_significant and each.difference < 0]
    if not won and not lost:
        return (
            f"No difference is shown at the level {level:.3g}. That is not evidence of no "
            "difference: the intervals say what is still possible."
        )
    words = []
    if won:
        words.append(f"{_named(won)} above {spec.arms[0].name}")
    if lost:
        words.append(f"{_named(lost)} below {spec.arms[0].name}")
    return f"At the level {level:.3g}: {'; '.join(words)}."


def _named(contrasts: list[Contrast]) -> str:
    return ", ".join(each.name for each in contrasts)


def _compare_words(spec: Compare) -> tuple[str, ...]:
    words = [
        f"Conversion of {len(spec.arms)} variants; {spec.arms[0].name} is the control.",
        f"The z-test with pooled variance decides where at least {ENOUGH} successes and failures "
        "are expected in both variants, else Fisher's exact test; both are shown. They suppose "
        "one look at an end that was set before.",
        "Whoever looks earlier reads the sequential interval, which holds at every look.",
        "Intervals of rates are Wilson's, of differences Newcombe's, of lifts the delta "
        f"method's, each {spec.confidence:.3g}.",
    ]
    if len(spec.arms) > 2:
        words.append("p-values are adjusted for several variants by Holm.")
    return tuple(words)


def _check_arms(spec: Compare) -> None:
    if len(spec.arms) < 2:
        raise _wrong("arms", "a comparison needs two variants or more", "Give one more.")
    if len({arm.name for arm in spec.arms}) < len(spec.arms):
        raise _wrong("arms", "two variants have one name", "Name them apart.")
    for arm in spec.arms:
        if arm.units < 1 or not 0 <= arm.successes <= arm.units:
            raise _wrong(
                "arms",
                f"{arm.name} has {arm.successes} successes of {arm.units} units",
                "Give successes and units as 120/1000.",
            )
    if not 0.5 <= spec.confidence < 1.0:
        raise _wrong("confidence", f"{spec.confidence} is not in [0.5, 1)", "Use 0.95.")
    if spec.planned_units < 2:
        raise _wrong("planned_units", "there are fewer than two", "Give how many will come.")
    if min(spec.prior) <= 0:
        raise _wrong("prior", "its parameters are not above 0", "Use 1,1 for a flat one.")
    _check_weights(spec.weights, len(spec.arms))


def _check_weights(weights: tuple[float, ...], arms: int) -> None:
    if weights and (len(weights) != arms or min(weights) <= 0):
        raise _wrong(
            "weights",
            f"{len(weights)} weights for {arms} variants, or one is not above 0",
            "Give one positive weight a variant, as 50,50.",
        )


def _wrong(field: str, problem: str, remedy: str) -> QuestionError:
    return QuestionError(f"{field}: {problem}.", remedy=remedy)


def split(spec: Split) -> SplitAnswer:
    """Whether units fell into variants as they should have.

    Raises:
        QuestionError: There are fewer than two variants, or no units.
    """
    if len(spec.units) < 2 or min(spec.units) < 0 or sum(spec.units) == 0:
        raise _wrong("units", "a split has two variants or more and units", "Give 5103 4897.")
    _check_weights(spec.weights, len(spec.units))
    found = sample_ratio(spec.units, spec.weights or (1,) * len(spec.units))
    verdict = (
        "The units did not split as they should have: find out why before reading any result. "
        "It cannot be corrected afterwards."
        if found.is_mismatch
        else "Nothing is wrong with the split."
    )
    words = (
        f"Chi-square test of the split; a p-value below {THRESHOLD} is a mismatch.",
        "The sequential p-value may be looked at after every unit.",
    )
    return SplitAnswer(spec, words, verdict, found)


def plan(spec: Plan) -> PlanAnswer:
    """How many units find a lift, or which lift units find.

    Raises:
        QuestionError: A number is out of its range, or neither or both of lift and units are
            given.
    """
    _check_plan(spec)
    level = (1.0 - spec.confidence) / (spec.variants - 1)
    power_of = _power_of(spec, level)
    lift, units = spec.lift, spec.units
    if units is None:
        assert lift is not None
        wanted = abs(lift)
        sign = 1.0 if lift > 0 else -1.0
        units = power.needed(lambda n: power_of(sign * wanted, n), spec.power)
    else:
        n = units
        most = 1e6 if spec.sd is not None else (1.0 - spec.baseline) / spec.baseline
        lift = power.detectable(lambda change: power_of(change, n), spec.power, most)
    share = 1.0 + spec.treatment_share * (spec.variants - 1)
    in_all = ceil(units * share) if units is not None else None
    return PlanAnswer(
        spec,
        _plan_words(spec, level),
        lift,
        lift * spec.baseline if lift is not None else None,
        units,
        in_all,
        _days(in_all, spec.units_per_day),
        level,
        _curve(power_of, lift, units),
    )


def _power_of(spec: Plan, level: float) -> Callable[[float, int], float]:
    """The power to find a relative change with so many units of the control."""
    base, sd, ratio = spec.baseline, spec.sd, spec.treatment_share
    if sd is not None:
        return lambda lift, n: power.power_of_means(lift * base, sd, n, ratio, level)
    return lambda lift, n: power.power_of_proportions(base, base * (1 + lift), n, ratio, level)


def _curve(
    power_of: Callable[[float, int], float], lift: float | None, units: int | None
) -> tuple[tuple[float, float], ...]:
    if lift is None or units is None:
        return ()
    found = []
    for part in CURVE:
        try:
            found.append((part * lift, power_of(part * lift, units)))
        except ValueError:  # a rate beyond 1
            break
    return tuple(found)


def _days(units: int | None, per_day: float | None) -> int | None:
    if units is None or not per_day:
        return None
    # Whole weeks, so that each weekday counts alike.
    return 7 * max(1, ceil(units / per_day / 7))


def _plan_words(spec: Plan, level: float) -> tuple[str, ...]:
    kind = "two-proportion z-test, pooled variance" if spec.sd is None else "test of two means"
    words = [
        f"Power {spec.power:.3g} of the {kind}, two-sided at the level {level:.3g}.",
        "The lift is relative to the baseline.",
    ]
    if spec.variants > 2:
        words.append(f"The level is that of each of {spec.variants - 1} comparisons (Bonferroni).")
    if spec.units_per_day:
        words.append("Days are rounded up to whole weeks, so that each weekday counts alike.")
    return tuple(words)


def _check_plan(spec: Plan) -> None:
    if (spec.lift is None) == (spec.units is None):
        raise _wrong("lift, units", "one of the two is given, the other is the answer",
                     "Give --lift 0.1 or --units 5000.")  # fmt: skip
    if spec.sd is None and not 0.0 < spec.baseline < 1.0:
        raise _wrong("baseline", f"{spec.baseline} is not a rate in (0, 1)",
                     "Give a rate, or the mean with --sd.")  # fmt: skip
    if spec.sd is not None and (spec.sd <= 0 or spec.baseline == 0):
        raise _wrong("sd", "it is not above 0, or the mean is 0", "Give both as measured.")
    if spec.lift is not None and spec.lift == 0:
        raise _wrong("lift", "nothing finds no change", "Give the smallest worth finding.")
    if (
        spec.lift is not None
        and spec.sd is None
        and not (0.0 <= spec.baseline * (1.0 + spec.lift) <= 1.0)
    ):
        raise _wrong("lift", f"{spec.baseline} with it is not a rate", "Give a smaller one.")
    if spec.units is not None and spec.units < 2:
        raise _wrong("units", "there are fewer than two", "Give those of the control.")
    if not 0.0 < spec.power < 1.0 or not 0.5 <= spec.confidence < 1.0:
        raise _wrong("power, confidence", "they are shares", "Use 0.8 and 0.95.")
    if spec.variants < 2 or spec.treatment_share <= 0:
        raise _wrong("variants", "there are two or more, with units each", "Use 2 and 1.")


def named_arms(counts: tuple[tuple[int, int], ...], names: tuple[str, ...] = ()) -> tuple[Arm, ...]:
    """Variants from counts: control, treatment, or treatment 1, 2, ... where there are several.

    >>> [arm.name for arm in named_arms(((1, 2), (1, 3)))]
    ['control', 'treatment']
    """
    if names and len(names) != len(counts):
        raise _wrong("names", f"{len(names)} names for {len(counts)} variants", "Name each.")
    many = len(counts) > 2
    usual = ["control", *(f"treatment {n}" if many else "treatment" for n in range(1, len(counts)))]
    return tuple(
        Arm(name, successes, units)
        for name, (successes, units) in zip(names or usual, counts, strict=True)
    )
