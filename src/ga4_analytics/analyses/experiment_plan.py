"""What an experiment would need, from what users did before; and whether its test is sound."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses import calculators
from ga4_analytics.analyses.experiment import measured_of
from ga4_analytics.analyses.experiment_check import checked
from ga4_analytics.analyses.experiment_tests import Measured
from ga4_analytics.analyses.experiment_units import units_of
from ga4_analytics.analyses.experiment_words import first_of
from ga4_analytics.analyses.groups import grouping
from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.analyses.scope import scope_of, words_of
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.calculators import Plan, PlanAnswer
from ga4_analytics.questions.experiment import ExperimentSpec
from ga4_analytics.questions.experiment_parts import Metric, SimulatedSplit
from ga4_analytics.questions.experiment_plan import (
    ExperimentPlan,
    ExperimentPlanResult,
    SameSplits,
)
from ga4_analytics.stats.proportions import wilson
from ga4_analytics.stats.two_means import Moments, cuped, linearised, welch
from ga4_analytics.stats.two_proportions import Counts, fisher_exact, z_is_good, z_test

Floats = NDArray[np.float64]
MOST_SPLITS = 10_000
TWO_WEEKS = 14


def answer(
    index: Index, question: ExperimentPlan, *, threads: int | None = None
) -> ExperimentPlanResult:
    """Work out what an experiment needs.

    Args:
        index: The index.
        question: What is asked.
        threads: How many parts are worked on at once; None: one a processor.

    Raises:
        QuestionError: The question names what is not there, or a number is out of its range.
    """
    begun = perf_counter()
    scope = scope_of(index, question.query)
    if not 0 <= question.splits <= MOST_SPLITS or question.seed < 0:
        raise QuestionError(
            f"splits, seed: {question.splits} and {question.seed}.",
            rule=f"There are 0 to {MOST_SPLITS:,} splits, and a seed is not below 0.",
            remedy="Use 200 and 0.",
        )
    asked = ExperimentSpec(
        SimulatedSplit("plan", question.event), (question.metric,), query=question.query,
        window=question.window, confidence=question.confidence,
    )  # fmt: skip
    checked(asked)
    chosen = chosen_users(index, question.query.users, threads=threads)
    units = units_of(index, asked, scope, chosen, grouping(index, ()), threads)
    days = scope.last_day - scope.first_day + 1 - scope.finality.missing_days
    (measured,) = measured_of(index, asked, scope, units, threads)
    past = _past(measured.capped())
    per_day = len(units.owner) / days if days else None
    plan = _plan(question, past, per_day)
    same = _same(question, past) if plan is not None and question.splits else None
    return ExperimentPlanResult(
        spec=question,
        definition=(*words_of(index, question.query, scope), *_words(question)),
        finality=scope.finality,
        seconds=perf_counter() - begun,
        verdict=_verdict(question, past, plan, same),
        exposed=len(units.owner),
        measured=past.n,
        days=days,
        units_per_day=per_day,
        baseline=past.baseline,
        sd=past.sd,
        plan=plan,
        same=same,
    )


@dataclass(frozen=True)
class _Past:
    """A metric of the past.

    Attributes:
        metric: The metric.
        above: What stands above, of each unit that was followed long enough.
        below: What stands below in a ratio.
        baseline: The one over the other; None where there is nothing.
        sd: Standard deviation of a unit; None of proportions, and where nothing varies.
    """

    metric: Metric
    above: Floats
    below: Floats | None
    baseline: float | None
    sd: float | None

    @property
    def n(self) -> int:
        """How many units."""
        return len(self.above)


def _past(given: Measured) -> _Past:
    above = given.above[given.mature]
    below = None if given.below is None else given.below[given.mature]
    if given.covariate is not None and len(above):
        above, _ = cuped(above, given.covariate[given.mature])
    whole = len(above) if below is None else float(below.sum())
    baseline = float(above.sum()) / whole if whole else None
    sd = None
    if not given.metric.is_proportion and baseline is not None and len(above) > 1:
        unit = above if below is None else linearised(above, below)
        sd = float(unit.std(ddof=1)) or None
    return _Past(given.metric, above, below, baseline, sd)


def _plan(question: ExperimentPlan, past: _Past, per_day: float | None) -> PlanAnswer | None:
    base = past.baseline
    if base is None or base == 0 or (past.metric.is_proportion and base == 1):
        return None
    if not past.metric.is_proportion and past.sd is None:
        return None
    units = question.units
    if question.lift is None and units is None:
        share = 1.0 + question.treatment_share * (question.variants - 1)
        units = max(2, int(TWO_WEEKS * (per_day or 0.0) / share))
    return calculators.plan(
        Plan(
            baseline=base, lift=question.lift, units=units, sd=past.sd, power=question.power,
            confidence=question.confidence, variants=question.variants,
            treatment_share=question.treatment_share, units_per_day=per_day,
        )
    )  # fmt: skip


def _same(question: ExperimentPlan, past: _Past) -> SameSplits | None:
    """Split the past at random, many times, and test each split as the experiment would be."""
    from scipy.stats import kstest

    generator = np.random.default_rng(question.seed)
    sums = _Sums.of(past)
    found = []
    for _ in range(question.splits):
        bits = np.frombuffer(generator.bytes(past.n // 8 + 1), np.uint8)
        treated = np.unpackbits(bits)[: past.n].astype(np.float64)
        p_value = sums.p_value(treated)
        if p_value is not None:
            found.append(p_value)
    level = 1.0 - question.confidence
    rejected = sum(p < level for p in found)
    share = wilson(rejected, len(found), 0.99)
    if share is None:
        return None
    uniform = float(kstest(found, "uniform").pvalue)
    return SameSplits(len(found), rejected, share, uniform, share.low <= level <= share.high)


@dataclass(frozen=True)
class _Sums:
    """What a split's test needs: sums over units of the parts of a metric.

    Attributes:
        past: The metric.
        rows: Of each unit 1, above, its square; of ratios also below, its square, the product.
        whole: Sums over all units.
    """

    past: _Past
    rows: Floats
    whole: Floats

    @classmethod
    def of(cls, past: _Past) -> _Sums:
        # Sums of squares of what lies far from 0 would lose digits.
        middle = 0.0 if past.metric.is_proportion or past.below is not None else past.baseline
        above = past.above - (middle or 0.0)
        rows = [np.ones(past.n), above, above**2]
        if past.below is not None:
            rows += [past.below, past.below**2, above * past.below]
        stacked = np.stack(rows)
        return cls(past, stacked, stacked.sum(axis=1))

    def p_value(self, treated: Floats) -> float | None:
        """Of the test that would decide; None where it cannot be made."""
        other = self.rows @ treated
        one = self.whole - other
        if self.past.metric.is_proportion:
            counts = [Counts(round(arm[1]), round(arm[0])) for arm in (one, other) if arm[0]]
            if len(counts) < 2:
                return None
            test = z_test if z_is_good(*counts) else fisher_exact
            return test(*counts).p_value
        arms = [self._moments(arm) for arm in (one, other)]
        if arms[0] is None or arms[1] is None:
            return None
        found = welch(arms[0], arms[1])
        return found.p_value if found else None

    def _moments(self, sums: Floats) -> Moments | None:
        n = round(float(sums[0]))
        if n < 2:
            return None
        if self.past.below is None:
            return Moments.of_sums(n, float(sums[1]), float(sums[2]))
        x, xx, y, yy, xy = (float(part) for part in sums[1:])
        if y == 0:
            return None
        ratio = x / y
        spread = (xx - 2.0 * ratio * xy + ratio * ratio * yy) / (n - 1)
        return Moments(n, ratio, max(0.0, spread) / (y / n) ** 2)


def _verdict(
    question: ExperimentPlan, past: _Past, plan: PlanAnswer | None, same: SameSplits | None
) -> str:
    if not past.n:
        return "Not enough data: no unit was exposed on these days and followed long enough."
    if plan is None:
        return f"Nothing can be planned: {past.metric.name} does not vary, or is 0."
    words = []
    if plan.units is None or plan.lift is None:
        words.append("No experiment on this metric finds that.")
    else:
        days = f" in about {plan.days} days" if plan.days is not None else ""
        words.append(
            f"{plan.units_in_all:,} units{days} find a relative change of {plan.lift:+.3g} "
            f"with a power of {question.power:g}."
        )
    if same is not None and not same.is_sound:
        words.append(
            "The A/A check fails: splits in which nothing differs are called different too often "
            "or too seldom, so do not trust this test on this metric."
        )
    return " ".join(words)


def _words(question: ExperimentPlan) -> tuple[str, ...]:
    follow = f"{question.window} from its exposure" if question.window else "to the last day's end"
    words = [
        f"A unit is a user; its exposure would have been {first_of(question.event)} in "
        f"the range; it is followed {follow}.",
        f"{question.metric.name}: {question.metric.shown}.",
        "Units a day are those of the range over its loaded days: first exposures are densest at "
        "the beginning, so a shorter experiment gets more a day, a longer one fewer.",
    ]
    if question.splits:
        words.append(
            f"The A/A check splits the same units {question.splits:,} times at random in halves "
            f"(seed {question.seed}) and tests each split as the experiment would be tested; the "
            "share of false alarms must be the level, but for chance."
        )
    return tuple(words)
