"""What the findings report says of experiments: those that ``ga4.toml`` declares, no others."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from matplotlib.figure import Figure

from ga4_analytics.analyses.experiment import answer
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.reader import Index
from ga4_analytics.publish.experiments import experiment_spec
from ga4_analytics.publish.saved_segments import read_segment
from ga4_analytics.publish.sections import Content, Plot
from ga4_analytics.publish.snapshot import Snapshot
from ga4_analytics.questions.experiment import (
    Difference,
    ExperimentResult,
    MetricAnswer,
    VariantValue,
)
from ga4_analytics.questions.experiment_parts import PROPORTIONS
from ga4_analytics.render import text
from ga4_analytics.render.answers.calculators import p_words, signed
from ga4_analytics.render.answers.parts import number
from ga4_analytics.settings import Settings

_TESTS = (
    ("z-test", "z_test"),
    ("Fisher", "fisher_exact"),
    ("Welch", "welch"),
    ("every look", "always_valid"),
)


def experiments(snapshot: Snapshot, settings: Settings) -> list[Content]:
    """Each declared experiment: its verdict, split, metrics and forest.

    Args:
        snapshot: Whose index is asked.
        settings: They declare the experiments and name the property.

    Returns:
        One a declared experiment; one that the data cannot answer says why in ``problem``.

    Raises:
        StaleError: The snapshot has no index of the property.
    """
    if not settings.experiments:
        return []
    index = snapshot.index(settings.dataset, settings.state_dir)
    names = [setting.name for setting in settings.experiments]
    return [_told(index, settings, name, place) for place, name in enumerate(names, start=1)]


def _told(index: Index, settings: Settings, name: str, place: int) -> Content:
    saved = partial(read_segment, settings.workspace)
    try:
        result = answer(index, experiment_spec(settings, name, {}, saved))
    except QuestionError as error:
        return {"name": name, "problem": str(error), "plot": None}
    # How long it took is no finding, and the figure's data shall be the same the next time.
    result = replace(result, seconds=0.0)
    kept = result.outcome != "withheld"
    rows = [row for metric in result.metrics for row in _rows(metric)] if kept else []
    return {
        "name": name,
        "problem": None,
        "is_simulated": result.is_simulated,
        "verdict": result.verdict,
        "deciding": result.deciding,
        "split": _split(result),
        "control": result.control,
        "confidence": f"{100 * result.spec.confidence:g}",
        "rows": rows,
        "plot": _plot(result, place) if any(row["has_lift"] for row in rows) else None,
    }


def _split(result: ExperimentResult) -> str:
    counts = zip(result.variants, result.units, strict=True)
    words = ", ".join(f"{name} {text.count(n)}" for name, n in counts) or "none"
    if result.sample_ratio is not None:
        words += f" (sample ratio: p {p_words(result.sample_ratio.p_value)})"
    if result.excluded.in_two_variants:
        words += f"; {text.count(result.excluded.in_two_variants)} in two variants, left out"
    return words


def _rows(metric: MetricAnswer) -> list[Content]:
    role = "" if metric.role == "primary" else f" ({metric.role})"
    values = {value.variant: value for value in metric.values}
    return [
        {
            "name": f"{metric.metric}{role}",
            "variant": found.variant,
            "value": _value(metric, values[found.variant]),
            "base": _value(metric, metric.values[0]),
            "has_lift": found.lift is not None,
            "lift": signed(found.lift.value) if found.lift else text.NOTHING,
            "interval": f"{signed(found.lift.low)} to {signed(found.lift.high)}"
            if found.lift
            else text.NOTHING,
            "tests": _tests(found),
            "corrected": p_words(found.p_adjusted),
        }
        for found in metric.differences
    ]


def _value(metric: MetricAnswer, value: VariantValue) -> str:
    if metric.kind in PROPORTIONS:
        return f"{text.percent(value.value, 2)} of {text.count(value.units)}"
    return f"{number(value.value, 4)} ({text.count(value.units)} units)"


def _tests(found: Difference) -> str:
    """All tests that were made, the one that decides marked."""
    said = []
    for name, key in _TESTS:
        test = getattr(found, key)
        if key == "welch" and found.adjusted is not None:
            name, test = "Welch, with the covariate", found.adjusted
        if test is None or (key == "always_valid" and found.decides != key):
            continue
        mark = " (decides)" if found.decides == key else ""
        said.append(f"{name} p {p_words(test.p_value)}{mark}")
    return "; ".join(said) or text.NOTHING


def _plot(result: ExperimentResult, place: int) -> Plot:
    slug = re.sub(r"[^a-z0-9]+", "_", result.spec.name.lower()).strip("_")
    name = f"experiment_{place}_{slug}".rstrip("_") + ".png"
    return Plot(name, f"Relative lifts of {result.spec.name} with intervals", _drawn, (result,))


def _drawn(result: ExperimentResult) -> Figure:
    from ga4_analytics.render.answer_plots.experiment import experiment as figure

    return figure(result)
