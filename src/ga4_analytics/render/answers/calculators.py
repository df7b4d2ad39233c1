"""Answers about experiments: how variants compare, a split, a plan."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from ga4_analytics.questions.calculators import CompareAnswer, Contrast, PlanAnswer, SplitAnswer
from ga4_analytics.render import text
from ga4_analytics.render.answers.parts import DIM, Cell, bounds, heading, table


def compare(result: CompareAnswer, width: int) -> list[RenderableType]:
    """A row a variant, then what each test says, then what decides."""
    out: list[RenderableType] = [heading("Experiment", (f"{len(result.arms)} variants",)), ""]
    rows: list[list[Cell]] = [
        [
            arm.name,
            text.count(arm.rate.trials),
            text.count(arm.rate.successes),
            text.percent(arm.rate.value),
            bounds(arm.rate.low, arm.rate.high),
            text.percent(arm.posterior.chance_best),
            points(arm.posterior.expected_loss),
        ]
        for arm in result.arms
    ]
    heads = ["variant", "units", "converted", "rate", "95 %", "best", "loss"]
    heads[4] = f"{100 * result.spec.confidence:g} %"
    out.append(table(heads, rows, width=width))
    for contrast in result.contrasts:
        out += ["", *_contrast(contrast, result, width)]
    if result.equal is not None:
        out += ["", Text(f"All equal (chi-square): p {p_words(result.equal.p_value)}")]
    split = result.sample_ratio
    out += [
        "",
        Text.assemble(("Split  ", "bold"), f"chi-square p {p_words(split.p_value)}"),
        Text(result.verdict, style="bold red" if split.is_mismatch else "bold"),
    ]
    return [*out, *_words(result.definition)]


def _contrast(contrast: Contrast, result: CompareAnswer, width: int) -> list[RenderableType]:
    name = f"{contrast.name} against {result.arms[0].name}"
    span = f"{points(contrast.low)} to {points(contrast.high)}"
    rows: list[list[Cell]] = [["difference (Newcombe)", points(contrast.difference), span, ""]]
    if contrast.lift is not None:
        lift = contrast.lift
        rows.append(
            ["relative lift", signed(lift.value), f"{signed(lift.low)} to {signed(lift.high)}", ""]
        )  # fmt: skip
    if contrast.sequential is not None:
        always = contrast.sequential
        rows.append(["at every look", "", f"{points(always.low)} to {points(always.high)}",
                     p_words(always.p_value)])  # fmt: skip
    mark = {"z_test": ["  decides", ""], "fisher_exact": ["", "  decides"]}[contrast.decides]
    rows.append([f"z-test{mark[0]}", "", "", p_words(contrast.z_test.p_value)])
    rows.append([f"Fisher's exact test{mark[1]}", "", "", p_words(contrast.fisher_exact.p_value)])
    if contrast.boschloo_exact is not None:
        p_value = contrast.boschloo_exact.p_value
        rows.append(["Boschloo's exact test", "", "", p_words(p_value)])
    if len(result.contrasts) > 1:
        rows.append(["adjusted by Holm", "", "", p_words(contrast.p_value)])
        rows.append(["adjusted by Benjamini-Hochberg", "", "", p_words(contrast.p_value_bh)])
    return [Text(name, style="bold"), table(["", "", "interval", "p"], rows, width=width)]


def split(result: SplitAnswer, width: int) -> list[RenderableType]:
    """A row a variant, and the verdict."""
    found = result.sample_ratio
    rows: list[list[Cell]] = [
        [f"variant {n}", text.count(units), f"{expected:,.1f}"]
        for n, (units, expected) in enumerate(
            zip(result.spec.units, found.expected, strict=True), start=1
        )
    ]
    return [
        heading("Split", (f"{text.count(sum(result.spec.units))} units",)),
        "",
        table(["", "units", "expected"], rows, width=width),
        "",
        Text(f"chi-square {found.chi_square:.4g}, p {p_words(found.p_value)}; "
             f"at every look p {p_words(found.sequential_p_value)}"),
        Text(result.verdict, style="bold red" if found.is_mismatch else "bold"),
        *_words(result.definition),
    ]  # fmt: skip


def plan(result: PlanAnswer, width: int) -> list[RenderableType]:
    """What is needed, and the power for other lifts."""
    if result.units is None or result.lift is None:
        missing = "no number of units up to a billion" if result.lift else "no lift"
        said = [Text(f"There is {missing} for that power.", style="bold red")]
        return [heading("Plan", ()), "", *said, *_words(result.definition)]
    units, in_all = text.count(result.units), text.count(result.units_in_all)
    lines = [f"{units} units of the control, {in_all} in all"]
    if result.days is not None:
        lines.append(f"{result.days} days")
    rows: list[list[Cell]] = [
        [signed(lift), text.percent(power), Text("◀" if lift == result.lift else "", style=DIM)]
        for lift, power in result.curve
    ]
    return [
        heading("Plan", (f"lift {signed(result.lift)}", *lines)),
        "",
        table(["lift", "power", ""], rows, width=width),
        *_words(result.definition),
    ]


def p_words(p_value: float | None) -> str:
    """A p-value with three digits.

    >>> p_words(0.04211), p_words(1e-9), p_words(None)
    ('0.0421', '<0.0001', '–')
    """
    if p_value is None:
        return text.NOTHING
    return "<0.0001" if p_value < 0.0001 else f"{p_value:.3g}"


def points(share: float) -> str:
    """A difference of rates in percentage points.

    >>> points(0.0123), points(-0.5), points(-0.00001)
    ('+1.23 pp', '-50.00 pp', '0.00 pp')
    """
    return f"{text.rounded(100 * share, '+.2f')} pp"


def signed(share: float) -> str:
    """A relative change.

    >>> signed(0.1), signed(-0.034), signed(-0.0001)
    ('+10.0%', '-3.4%', '0.0%')
    """
    return text.rounded(share, "+.1%")


def _words(definition: tuple[str, ...]) -> list[RenderableType]:
    return ["", *(Text(line, style=DIM) for line in definition)]


SHOWN = {"CompareAnswer": compare, "SplitAnswer": split, "PlanAnswer": plan}
