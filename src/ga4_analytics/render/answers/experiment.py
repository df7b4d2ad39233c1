"""What an experiment says: the verdict, the split, a table a metric, groups."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from ga4_analytics.questions.experiment import (
    Difference,
    ExperimentResult,
    GroupAnswer,
    MetricAnswer,
    VariantValue,
)
from ga4_analytics.questions.experiment_parts import PROPORTIONS
from ga4_analytics.questions.experiment_plan import ExperimentPlanResult
from ga4_analytics.render import text
from ga4_analytics.render.answers.calculators import p_words, points, signed
from ga4_analytics.render.answers.parts import (
    DIM,
    Cell,
    bounds,
    days_of,
    group_name,
    heading,
    number,
    table,
)

_GOOD = {"better": "bold green", "worse": "bold red", "withheld": "bold red", "mixed": "bold"}
_LEFT_OUT = (
    ("in_two_variants", "in two variants"),
    ("without_variant", "without a variant"),
    ("other_variants", "in other variants"),
    ("without_time", "without a time"),
)


def experiment(result: ExperimentResult, width: int) -> list[RenderableType]:
    """The verdict and the split first, then each metric, then groups."""
    name = result.spec.name or "Experiment"
    about = [days_of(result.finality), f"{text.count(sum(result.units))} units"]
    out: list[RenderableType] = [heading(name, about), ""]
    if result.is_simulated:
        out.append(Text("SIMULATION: the split is a hash, nobody was shown a variant."))
    out += [Text(result.verdict, style=_GOOD.get(result.outcome, "bold")), *_split(result)]
    for metric in result.metrics:
        out += ["", *_metric(metric, result, width)]
    if result.metrics:
        out += ["", Text(result.deciding)]
    for place, metric in enumerate(result.groups[0].metrics if result.groups else ()):
        out += ["", *_groups(result, place, metric.metric, width)]
    return out


def _split(result: ExperimentResult) -> list[RenderableType]:
    counts = ", ".join(
        f"{name} {text.count(n)}" for name, n in zip(result.variants, result.units, strict=True)
    )
    left = [f"{getattr(result.excluded, key):,} {words}" for key, words in _LEFT_OUT
            if getattr(result.excluded, key)]  # fmt: skip
    lines: list[RenderableType] = []
    if result.sample_ratio is not None:
        p_value = p_words(result.sample_ratio.p_value)
        lines.append(Text.assemble(("Split  ", "bold"), f"{counts}; chi-square p {p_value}"))
    if left:
        lines.append(Text(f"Left out: {', '.join(left)}."))
    if result.exposed_before:
        lines.append(Text(f"{result.exposed_before:,} were exposed before the first day too."))
    return lines


def _metric(answer: MetricAnswer, result: ExperimentResult, width: int) -> list[RenderableType]:
    role = "" if answer.role == "primary" else f"  {answer.role}"
    out: list[RenderableType] = [Text.assemble((answer.metric, "bold"), (role, DIM))]
    out.append(_values(answer, result, width))
    for found in answer.differences:
        out += [Text(f"{found.variant} against {result.control}"), _tests(answer, found, width)]
    return out


def _values(answer: MetricAnswer, result: ExperimentResult, width: int) -> RenderableType:
    span = f"{100 * result.spec.confidence:g} %"
    waiting = any(value.immature for value in answer.values)
    share = answer.kind in PROPORTIONS
    heads = ["variant", "units", *(["open"] if waiting else [])]
    heads += ["did", "rate", span, "best", "loss"] if share else ["sum", "of", "value", span]
    rows: list[list[Cell]] = []
    for value in answer.values:
        row: list[Cell] = [value.variant, text.count(value.units)]
        row += [text.count(value.immature)] if waiting else []
        rows.append(row + (_rate(value) if share else _mean(value)))
    return table(heads, rows, width=width)


def _rate(value: VariantValue) -> list[Cell]:
    posterior = value.posterior
    return [
        text.count(int(value.numerator)),
        text.percent(value.value, 2),
        bounds(value.low, value.high),
        text.percent(posterior.chance_best) if posterior else text.NOTHING,
        points(posterior.expected_loss) if posterior else text.NOTHING,
    ]


def _mean(value: VariantValue) -> list[Cell]:
    return [
        number(value.numerator),
        number(int(value.denominator)),
        number(value.value, 4),
        _span(number(value.low, 4), number(value.high, 4)),
    ]


def _tests(answer: MetricAnswer, found: Difference, width: int) -> RenderableType:
    share = answer.kind in PROPORTIONS
    rows = [_row("difference", _amount(found.difference, share),
                 _span(_amount(found.low, share), _amount(found.high, share)))]  # fmt: skip
    if found.lift is not None:
        lift = found.lift
        rows.append(_row("relative lift", signed(lift.value),
                         _span(signed(lift.low), signed(lift.high))))  # fmt: skip
    if found.z_test is not None:
        rows.append(_row(_named("z-test", found, "z_test"), p=found.z_test.p_value))
    if found.fisher_exact is not None:
        name = _named("Fisher's exact test", found, "fisher_exact")
        rows.append(_row(name, p=found.fisher_exact.p_value))
    if found.boschloo_exact is not None:
        rows.append(_row("Boschloo's exact test", p=found.boschloo_exact.p_value))
    if found.welch is not None:
        mark = "" if found.adjusted else "welch"
        rows.append(_row(_named("Welch's t-test", found, mark), p=found.welch.p_value))
    if found.adjusted is not None and found.covariate is not None:
        less = f"{found.covariate.correlation**2:.0%} less variance"
        name = _named("with the covariate", found, "welch")
        rows.append(_row(name, "", less, found.adjusted.p_value))
    if found.always_valid is not None:
        always = found.always_valid
        rows.append(_row(_named("at every look", found, "always_valid"), "",
                         _span(_amount(always.low, share), _amount(always.high, share)),
                         always.p_value))  # fmt: skip
    if found.p_adjusted is not None and found.p_adjusted != found.p_value:
        name = {"holm": "Holm", "bh": "Benjamini-Hochberg"}[answer.correction]
        rows.append(_row(f"corrected by {name}", p=found.p_adjusted))
    if found.guardrail is not None:
        rail = found.guardrail
        worst = text.NOTHING if rail.worst is None else f"at worst {signed(rail.worst)}"
        said = "holds" if rail.holds else "not shown to hold"
        rows.append(_row(f"margin {rail.margin:g}: {said}", "", worst, rail.p_value))
    return table(["", "", "interval", "p"], rows, width=width)


def _row(name: str, value: str = "", span: str = "", p: float | None = None) -> list[Cell]:
    return [f"  {name}", value, span, "" if p is None else p_words(p)]


def _named(name: str, found: Difference, test: str) -> str:
    return f"{name}  decides" if found.decides == test else name


def _amount(value: float | None, share: bool) -> str:
    if value is None:
        return text.NOTHING
    return points(value) if share else text.rounded(value, "+,.4g")


def _span(low: str, high: str) -> str:
    return text.NOTHING if text.NOTHING in (low, high) else f"{low} to {high}"


def _groups(result: ExperimentResult, place: int, name: str, width: int) -> list[RenderableType]:
    rows: list[list[Cell]] = [
        row for group in result.groups for row in _group(group, group.metrics[place], result)
    ]
    by = ", ".join(result.spec.query.by)
    heads = ["group", "variant", "units", "difference", "interval", "p", "corrected"]
    out: list[RenderableType] = [
        Text.assemble((f"{name} by {by}", "bold")),
        table(heads, rows, left=2, width=width),
    ]
    for each in result.heterogeneity:
        if each.metric == name:
            out.append(
                Text(f"Does the effect of {each.variant} differ between groups? Cochran's Q p "
                     f"{p_words(each.p_value)}, corrected {p_words(each.p_adjusted)}.")
            )  # fmt: skip
    return out


def _group(group: GroupAnswer, metric: MetricAnswer, result: ExperimentResult) -> list[list[Cell]]:
    share = metric.kind in PROPORTIONS
    return [
        [
            group_name(group.group),
            found.variant,
            text.count(n),
            _amount(found.difference, share),
            _span(_amount(found.low, share), _amount(found.high, share)),
            p_words(found.p_value),
            p_words(found.p_adjusted),
        ]
        for found, n in zip(metric.differences, group.units[1:], strict=True)
    ]


def plan(result: ExperimentPlanResult, width: int) -> list[RenderableType]:
    """What the past was, what an experiment needs, and the A/A check."""
    about = (result.spec.metric.name, days_of(result.finality))
    out: list[RenderableType] = [heading("Plan", about), "", Text(result.verdict, style="bold")]
    share = result.spec.metric.is_proportion
    value = text.percent(result.baseline, 2) if share else number(result.baseline, 4)
    spread = "" if result.sd is None else f", standard deviation {number(result.sd, 4)}"
    per_day = text.NOTHING if result.units_per_day is None else f"{result.units_per_day:,.1f}"
    out += [
        "",
        Text(f"Past: {value}{spread}; {text.count(result.exposed)} units exposed, "
             f"{text.count(result.measured)} of them followed long enough; {per_day} a day."),
    ]  # fmt: skip
    if result.plan is not None and result.plan.curve:
        rows: list[list[Cell]] = [
            [signed(lift), text.percent(power), Text("◀" if lift == result.plan.lift else "", DIM)]
            for lift, power in result.plan.curve
        ]
        units, in_all = text.count(result.plan.units), text.count(result.plan.units_in_all)
        out += ["", Text(f"{units} units of the control, {in_all} in all:")]
        out.append(table(["lift", "power", ""], rows, width=width))
    if result.same is not None:
        same = result.same
        said = "as it should be" if same.is_sound else "NOT as it should be"
        out += [
            "",
            Text(f"A/A: {same.rejected} of {same.splits} random splits differ "
                 f"({text.percent(same.share)}, 99 % interval {text.interval(same.share)}): "
                 f"{said}. p-values uniform: p {p_words(same.uniform_p_value)}."),
        ]  # fmt: skip
    return out


SHOWN = {"ExperimentResult": experiment, "ExperimentPlanResult": plan}
