"""What the findings report says of churn: the model that scores users, or how to train one."""

from __future__ import annotations

from matplotlib.figure import Figure

from ga4_analytics.publish.churn_store import current
from ga4_analytics.publish.sections import Content, Plot, day
from ga4_analytics.questions.churn import ChurnResult
from ga4_analytics.render import text
from ga4_analytics.render.answers.churn import NAMES
from ga4_analytics.settings import Settings


def churn(settings: Settings) -> Content:
    """The kept model of a property, in short; no plot where none was trained.

    Raises:
        StaleError: The model's file was changed.
    """
    stored = current(settings)
    if stored is None:
        return {"plot": None}
    result = stored.result
    spec = result.spec
    test = [each.day for each in result.cutoffs if each.role == "test"]
    return {
        "verdict": result.verdict,
        "model_id": result.model_id,
        "target": result.target,
        "window": spec.window_days,
        "gap": spec.gap_days,
        "horizon": spec.horizon_days,
        "least": spec.least_active_days,
        "users": text.count(result.test.users if result.test else None),
        "days": " and ".join(day(each) for each in test),
        "base_rate": text.percent(result.base_rate),
        "rows": _rows(result),
        "plot": Plot("churn.png", "How well churn can be told", _drawn, (result,)),
    }


def _rows(result: ChurnResult) -> list[Content]:
    share = result.spec.shares[-1]
    found = []
    for each in result.models:
        at, scores = each.at[-1], " (scores users)" if each.model == result.chosen else ""
        found.append(
            {
                "name": NAMES[each.model] + scores,
                "pr_auc": f"{each.pr_auc.value:.3f}",
                "roc_auc": f"{each.roc_auc.value:.3f}",
                "share": text.percent(share, 0),
                "precision": text.percent(at.precision),
                "error": f"{each.calibration.error:.3f}",
            }
        )
    return found


def _drawn(result: ChurnResult) -> Figure:
    from ga4_analytics.render.answer_plots.churn import churn as figure

    return figure(result)
