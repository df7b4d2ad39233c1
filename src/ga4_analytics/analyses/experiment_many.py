"""Several tests at once: corrections, groups of a breakdown, whether effects differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ga4_analytics.analyses.experiment_tests import Measured, answer_of, level_of
from ga4_analytics.analyses.experiment_units import Marks, Units, shares_of
from ga4_analytics.analyses.groups import Grouping
from ga4_analytics.questions.experiment import (
    Difference,
    ExperimentSpec,
    GroupAnswer,
    Heterogeneity,
    MetricAnswer,
    Role,
)
from ga4_analytics.stats.multiple import benjamini_hochberg, holm
from ga4_analytics.stats.sample_ratio import SampleRatio, sample_ratio
from ga4_analytics.stats.two_means import same_effect

Correction = Callable[[Sequence[float]], list[float]]
CORRECTIONS: dict[Role, Correction] = {
    "primary": holm,
    "secondary": benjamini_hochberg,
    "guardrail": holm,
}


def ratio_of(
    question: ExperimentSpec, variants: Sequence[str], counts: Sequence[int]
) -> SampleRatio | None:
    """The test of the split; None where there are fewer than two variants or no units."""
    if len(variants) < 2 or not sum(counts):
        return None
    weights = {share.name: share.weight for share in shares_of(question)}
    return sample_ratio(counts, [weights.get(name, 1.0) for name in variants])


def corrected(metrics: Sequence[MetricAnswer]) -> tuple[MetricAnswer, ...]:
    """Correct the p-values of each role over its metrics and variants."""
    found = list(metrics)
    for role, correction in CORRECTIONS.items():
        own = [place for place, each in enumerate(found) if each.role == role]
        for place, each in zip(own, _corrected([found[n] for n in own], correction), strict=True):
            found[place] = each
    return tuple(found)


def _corrected(metrics: Sequence[MetricAnswer], correction: Correction) -> list[MetricAnswer]:
    """Correct all p-values of some metrics together; what has none stays as it is."""
    p_values = [d.p_value for each in metrics for d in each.differences if d.p_value is not None]
    adjusted = iter(correction(p_values))
    return [
        replace(
            each,
            differences=tuple(
                d if d.p_value is None else _tested(d, next(adjusted)) for d in each.differences
            ),
        )
        for each in metrics
    ]


def _tested(found: Difference, p_adjusted: float) -> Difference:
    return replace(found, p_adjusted=p_adjusted, is_significant=p_adjusted < found.level)


def withheld(metrics: Sequence[MetricAnswer]) -> tuple[MetricAnswer, ...]:
    """Metrics of which nothing is called significant, because the split is wrong."""

    def silent(found: Difference) -> Difference:
        guardrail = found.guardrail and replace(found.guardrail, holds=False)
        return replace(found, is_significant=False, guardrail=guardrail)

    return tuple(
        replace(each, differences=tuple(silent(found) for found in each.differences))
        for each in metrics
    )


def by_group(
    question: ExperimentSpec, units: Units, measured: Sequence[Measured], groups: Grouping
) -> tuple[GroupAnswer, ...]:
    """The primary metrics by group, p-values corrected by Benjamini-Hochberg over all of them."""
    sizes = np.bincount(units.group, minlength=len(groups.labels))
    merged = groups.topped(sizes, question.query.top)
    assert merged.merge is not None  # topped always says where groups went
    group = merged.merge[units.group]
    primary = [each for each in measured if each.role == "primary"]
    level = level_of(question)
    found: list[MetricAnswer] = []
    counts = []
    for place in range(len(merged.labels)):
        here = group == place
        own = np.bincount(units.variant[here], minlength=len(units.variants))
        counts.append(tuple(int(n) for n in own))
        found += [
            answer_of(question, units.variants, each.among(_of(each, here)), level=level,
                      exact=False)
            for each in primary
        ]  # fmt: skip
    found = [replace(each, correction="bh") for each in _corrected(found, benjamini_hochberg)]
    step = len(primary)
    return tuple(
        GroupAnswer(
            group=label,
            units=counts[place],
            sample_ratio=ratio_of(question, units.variants, counts[place]),
            metrics=tuple(found[place * step : (place + 1) * step]),
        )
        for place, label in enumerate(merged.labels)
    )


def _of(measured: Measured, here: Marks) -> Marks:
    """Which units of a metric are in a group; a metric that no file can tell has no units."""
    return here if len(measured.variant) == len(here) else here[:0]


def heterogeneity(groups: Sequence[GroupAnswer]) -> tuple[Heterogeneity, ...]:
    """For each primary metric and variant, whether the effect differs between groups."""
    found = []
    for metrics in zip(*(each.metrics for each in groups), strict=True):
        for differences in zip(*(each.differences for each in metrics), strict=True):
            known = [(d.difference, d.se) for d in differences if d.difference is not None and d.se]
            if len(known) < 2:
                continue
            statistic, p_value = same_effect(known)
            found.append(
                Heterogeneity(metrics[0].metric, differences[0].variant, statistic, len(known),
                              p_value, p_value)
            )  # fmt: skip
    adjusted = holm([each.p_value for each in found])
    return tuple(replace(each, p_adjusted=p) for each, p in zip(found, adjusted, strict=True))
