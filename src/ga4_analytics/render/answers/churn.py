"""Answers about churn: how well models do, and scores."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from ga4_analytics.questions.churn import (
    Bounded,
    ChurnResult,
    ChurnScores,
    Fold,
    LeftOut,
    ModelScore,
)
from ga4_analytics.render import text
from ga4_analytics.render.answers.parts import DIM, Cell, heading, number, short, table

NAMES = {
    "recency": "days since last seen",
    "logistic": "logistic regression",
    "hist_gradient_boosting": "gradient boosting",
    "xgboost": "XGBoost",
}
"""What models are called for people."""
SHOWN_FEATURES = 8


def churn(result: ChurnResult, width: int) -> list[RenderableType]:
    """The rows, a line a model, what the chosen one looks at, and what follows."""
    out: list[RenderableType] = [heading("Churn", (_windows(result),)), ""]
    out += [table(["", "cutoffs", "users", "rows", "churned", "95 %"], _folds(result), width=width)]
    if result.refusal is not None:
        out += ["", Text(result.verdict, style="bold red"), Text(result.refusal)]
        return [*out, *_left_out(result.left_out)]
    out += ["", table(_heads(result), _lines(result), width=width), ""]
    out += [table(*_at_shares(result), width=width)]
    if result.importances:
        rows: list[list[Cell]] = [
            [each.feature, f"{each.drop:.4f}", f"± {each.spread:.4f}"]
            for each in result.importances[:SHOWN_FEATURES]
        ]
        out += ["", table(["PR-AUC lost when shuffled", "", ""], rows, width=width)]
    out += ["", Text(result.verdict, style="bold")]
    out += [
        Text(f"{each.name} alone tells churn too well: look for a leak.", style="bold red")
        for each in result.features
        if each.is_suspect
    ]
    return [*out, *_left_out(result.left_out)]


def _windows(result: ChurnResult) -> str:
    spec = result.spec
    return f"{spec.window_days} days | {spec.gap_days} of gap | {spec.horizon_days} to return"


def _folds(result: ChurnResult) -> list[list[Cell]]:
    return [
        _fold(name, role, fold, result)
        for name, role, fold in (
            ("training", "train", result.train),
            ("test, later", "test", result.test),
        )
    ]


def _fold(name: str, role: str, fold: Fold | None, result: ChurnResult) -> list[Cell]:
    days = [each.day for each in result.cutoffs if each.role == role]
    if fold is None or fold.churned is None:
        return [name, str(len(days)), text.NOTHING, text.NOTHING, text.NOTHING, text.NOTHING]
    low, high = fold.churned.low * 100, fold.churned.high * 100
    return [
        name,
        str(len(days)),
        text.count(fold.users),
        text.count(fold.rows),
        text.percent(fold.churned),
        f"{low:.1f}–{high:.1f}",
    ]


def _heads(result: ChurnResult) -> list[str]:
    return [f"to find: {result.target}", "PR-AUC", "", "more than rule", "ROC-AUC", "Brier"]


def _lines(result: ChurnResult) -> list[list[Cell]]:
    luck: list[Cell] = ["luck (base rate)", f"{result.base_rate:.3f}", "", "", "0.500", ""]
    return [luck, *(_line(each, result.chosen == each.model) for each in result.models)]


def _line(each: ModelScore, is_chosen: bool) -> list[Cell]:
    name = NAMES[each.model] + (" ◀" if is_chosen else "")
    return [
        name,
        f"{each.pr_auc.value:.3f}",
        _span(each.pr_auc),
        _span(each.gain, signed=True) if each.gain else "",
        f"{each.roc_auc.value:.3f}",
        f"{each.brier:.3f}",
    ]


def _span(bounded: Bounded, *, signed: bool = False) -> str:
    """An interval, short.

    >>> _span(Bounded(0.1, -0.0001, 0.15), signed=True), _span(Bounded(0.1, None, None))
    ('.000 to +.150', '')
    """
    if bounded.low is None or bounded.high is None:
        return ""
    form = "+.3f" if signed else ".3f"
    low, high = (text.rounded(bound, form) for bound in (bounded.low, bounded.high))
    return f"{low.replace('0.', '.', 1)} to {high.replace('0.', '.', 1)}"


def _at_shares(result: ChurnResult) -> tuple[list[str], list[list[Cell]]]:
    heads = ["of the top", *(f"{100 * share:g} %" for share in result.spec.shares)]
    rows: list[list[Cell]] = []
    for each in result.models:
        if each.model not in ("recency", result.chosen):
            continue
        found = [f"{text.percent(at.precision)}, lift {number(at.lift)}" for at in each.at]
        rows.append([NAMES[each.model], *found])
    return heads, rows


def _left_out(given: tuple[LeftOut, ...]) -> list[RenderableType]:
    if not given:
        return []
    return ["", *(Text(f"Left out: {each.name}. {each.why}", style=DIM) for each in given)]


def scores(result: ChurnScores, width: int) -> list[RenderableType]:
    """How many users were scored, and their chances by tenths."""
    rows: list[list[Cell]] = [
        [
            str(each.decile),
            text.count(each.users),
            text.percent(each.low),
            text.percent(each.mean),
            text.percent(each.high),
        ]
        for each in result.deciles
    ]
    about = (f"as of {result.as_of}", f"{text.count(result.users)} users", NAMES[result.model])
    return [
        heading("Churn scores", about),
        "",
        table(["tenth", "users", "lowest", "mean", "highest chance"], rows, width=width),
        "",
        Text(
            f"In results.churn_scores of {short(result.dataset, 30)}: the chance of no activity "
            f"on the {result.horizon_days} days that begin {result.gap_days} days after "
            f"{result.as_of}. Model {result.model_id}; the features of {result.checked:,} users "
            "are the same in SQL.",
            style=DIM,
        ),
    ]


SHOWN = {"ChurnResult": churn, "ChurnScores": scores}
