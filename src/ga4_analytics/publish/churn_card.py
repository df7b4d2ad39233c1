"""The model card of churn: a page of Markdown with figures, from a stored model alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ga4_analytics.publish.churn_store import Stored
from ga4_analytics.publish.markdown import filled
from ga4_analytics.questions.churn import Bounded, ChurnResult, Cutoff, Fold, ModelScore
from ga4_analytics.questions.codec import encode
from ga4_analytics.render import text
from ga4_analytics.render.answer_plots import churn as plots
from ga4_analytics.render.answers.churn import NAMES
from ga4_analytics.render.answers.parts import bounds, finality_words
from ga4_analytics.render.style import save_png
from ga4_analytics.settings import Settings
from ga4_analytics.storage.atomic import atomic_file, write_text

FOLDER, FILE_NAME = "churn", "card.md"
FIGURES = ("precision", "calibration", "importances")


def write_card(stored: Stored, settings: Settings) -> Path:
    """Write ``reports/churn/card.md`` and its figures.

    Args:
        stored: The model.
        settings: Name the property and the folder.

    Returns:
        The page's path. The same model gives the same bytes.
    """
    folder = settings.reports_dir / FOLDER
    for name in FIGURES:
        if name != "importances" or stored.result.importances:
            with atomic_file(folder / f"{name}.png") as draft:
                save_png(getattr(plots, name)(stored.result), draft)
    write_text(folder / FILE_NAME, card(stored.result, settings.dataset))
    return folder / FILE_NAME


def card(result: ChurnResult, dataset: str) -> str:
    """The page.

    Args:
        result: How well the model does; not a refusal.
        dataset: The property.
    """
    return filled("churn_card.md.j2", _content(result, dataset)).rstrip() + "\n"


def _content(result: ChurnResult, dataset: str) -> dict[str, Any]:
    assert result.chosen is not None
    best = result.model(result.chosen)
    bins = best.calibration.bins
    suspects = [each.name for each in result.features if each.is_suspect]
    return {
        "dataset": dataset,
        "result": result,
        "name": NAMES[result.chosen],
        "finality": finality_words(result.finality)[0].rstrip(".").lower(),
        "folds": [_fold(name, role, fold, result.cutoffs) for name, role, fold in (
            ("training", "train", result.train), ("test", "test", result.test))],
        "unused": "; ".join(f"{each.day} ({(each.why or '').rstrip('.').lower()})"
                            for each in result.cutoffs if each.role == "unused"),
        "base_rate": text.percent(result.base_rate),
        "models": [_model(each, result.chosen == each.model) for each in result.models],
        "shares": [row for each in result.models for row in _shares(each)],
        "stability": _stability(best, result.target),
        "new_users": _new_users(best, result.target),
        "bins": [{"predicted": text.percent(each.predicted),
                  "observed": text.percent(each.observed),
                  "interval": bounds(each.observed.low, each.observed.high),
                  "rows": text.count(each.observed.trials)} for each in bins],
        "features": [{"name": each.name, "words": each.words,
                      "alone": "" if each.roc_auc is None else f"{each.roc_auc:.3f}"}
                     for each in result.features],
        "suspects": ", ".join(suspects),
        "share_of_one": _share_of_one(best),
        "libraries": ", ".join(f"{each.name} {each.version}" for each in result.libraries),
        "spec": json.dumps(encode(result.spec), indent=1),
    }  # fmt: skip


def _fold(name: str, role: str, fold: Fold | None, cutoffs: Sequence[Cutoff]) -> dict[str, str]:
    assert fold is not None and fold.churned is not None
    days = [str(each.day) for each in cutoffs if each.role == role]
    return {
        "name": name,
        "cutoffs": ", ".join(days),
        "users": text.count(fold.users),
        "rows": text.count(fold.rows),
        "churned": text.percent(fold.churned),
        "interval": bounds(fold.churned.low, fold.churned.high),
    }


def _model(each: ModelScore, is_chosen: bool) -> dict[str, str]:
    calibration = each.calibration
    line = [f"{calibration.error:.3f}"]
    line += [text.NOTHING if value is None else f"{value:.2f}"
             for value in (calibration.slope, calibration.intercept)]  # fmt: skip
    return {
        "name": f"**{NAMES[each.model]}**" if is_chosen else NAMES[each.model],
        "pr_auc": f"{each.pr_auc.value:.3f}",
        "pr_span": _span(each.pr_auc),
        "gain": _span(each.gain) if each.gain else "",
        "roc_auc": f"{each.roc_auc.value:.3f}",
        "roc_span": _span(each.roc_auc),
        "brier": f"{each.brier:.4f}",
        "log_loss": f"{each.log_loss:.4f}",
        "calibration": ", ".join(line),
    }


def _span(bounded: Bounded) -> str:
    if bounded.low is None or bounded.high is None:
        return text.NOTHING
    return f"{bounded.low:.3f} to {bounded.high:.3f}"


def _shares(each: ModelScore) -> list[dict[str, str]]:
    return [
        {
            "name": NAMES[each.model],
            "share": text.percent(at.share),
            "rows": text.count(at.rows),
            "precision": text.percent(at.precision),
            "recall": text.percent(at.recall),
            "lift": text.NOTHING if at.lift is None else f"{at.lift:.2f}",
        }
        for at in each.at
    ]


def _stability(best: ModelScore, target: str) -> str:
    told = [
        f"{each.day}: PR-AUC {each.pr_auc:.3f} where {text.percent(each.base_rate)} {target}"
        for each in best.by_cutoff
        if each.pr_auc is not None
    ]
    return "By test cutoff, " + "; ".join(told) + "."


def _new_users(best: ModelScore, target: str) -> str:
    new = best.new_users
    if new is None or new.pr_auc is None:
        return ""
    return (
        f"On the {text.count(new.rows)} rows of users whom training never saw: {new.pr_auc:.3f} "
        f"where {text.percent(new.base_rate)} {target}."
    )


def _share_of_one(best: ModelScore) -> str:
    at = best.at[0]
    wrong = text.percent(1 - at.precision)
    return f"its surest {text.percent(at.share)} of users, {wrong} are not what it says"
