"""Fits models of churn with the libraries that are installed, and takes out what they learnt."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ga4_analytics.analyses.churn_features import Table
from ga4_analytics.analyses.churn_models import (
    FORMAT,
    Category,
    Content,
    Encoder,
    Fitted,
    Floats,
    Logistic,
    RecencyRule,
    Tree,
    Trees,
    chances,
    prepared,
)
from ga4_analytics.analyses.churn_plan import Feature
from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.churn import ChurnQuestion, Library, Model
from ga4_analytics.stats.isotonic import never_falling

ALL: tuple[Model, ...] = ("recency", "logistic", "hist_gradient_boosting", "xgboost")
RARE = 30
"""Training rows below which a value of a category has no column of its own."""
MOST_VALUES = 12
_ROUNDS, _RATE, _LEAVES, _LEAST = 150, 0.05, 15, 40
_NEAR = 1e-5
"""How far a chance that we work out may be from the library's own, which adds in 32 bits."""
_TILT = 1e-9
_LIBRARIES = {"hist_gradient_boosting": "scikit-learn", "logistic": "scikit-learn",
              "xgboost": "xgboost-cpu"}  # fmt: skip


@dataclass(frozen=True)
class Training:
    """Training rows.

    Attributes:
        encoder: Learnt from them.
        matrix: Their columns.
        churned: Their labels.
    """

    encoder: Encoder
    matrix: Floats
    churned: NDArray[np.bool_]


def wanted(question: ChurnQuestion) -> tuple[Model, ...]:
    """The models of a question, the recency rule first.

    Raises:
        QuestionError: One that is asked for by name is not installed.
    """
    if "xgboost" in question.models and not has_xgboost():
        raise QuestionError(
            "models: xgboost is not installed.",
            rule="It is an extra: the other models need nothing.",
            remedy="pip install 'ga4-product-analytics[xgboost]', or leave it out.",
        )
    chosen = question.models or (ALL if has_xgboost() else ALL[:-1])
    return tuple(each for each in ALL if each == "recency" or each in chosen)


def has_xgboost() -> bool:
    """Whether XGBoost is installed; it is not loaded for that."""
    return find_spec("xgboost") is not None


def libraries(models: Sequence[Model]) -> tuple[Library, ...]:
    """What made some models, with versions."""
    names = sorted({"numpy", *(_LIBRARIES[each] for each in models if each in _LIBRARIES)})
    return tuple(Library(name, _version(name)) for name in names)


def _version(name: str) -> str:
    # XGBoost comes under two names, with the same import.
    for each in (name, name.removesuffix("-cpu")):
        try:
            return version(each)
        except PackageNotFoundError:
            continue
    return "not known"


def training(tables: Sequence[Table], features: Sequence[Feature]) -> Training:
    """Put training rows together and learn from them how to encode features.

    Args:
        tables: The training cutoffs, with labels.
        features: What models know.
    """
    categories = tuple(
        _category(each.name, [table.texts[each.name] for table in tables])
        for each in features
        if each.is_text
    )
    encoder = Encoder(tuple(each.name for each in features if not each.is_text), categories)
    matrix = np.concatenate([encoder.matrix(table) for table in tables])
    labels = [table.churned for table in tables if table.churned is not None]
    return Training(encoder, matrix, np.concatenate(labels))


def _category(name: str, texts: Sequence[pa.Array]) -> Category:
    counts: dict[str, int] = {}
    for part in texts:
        for each in part.drop_null().value_counts().to_pylist():
            counts[each["values"]] = counts.get(each["values"], 0) + each["counts"]
    common = sorted((-count, value) for value, count in counts.items() if count >= RARE)
    return Category(name, tuple(value for _, value in common[:MOST_VALUES]))


def fit(model: Model, rows: Training, question: ChurnQuestion) -> Fitted:
    """Train one model; the same rows and seed give the same bits.

    Args:
        model: Which.
        rows: The training rows.
        question: The seed, and the window of the recency rule.

    Raises:
        RuntimeError: What was taken out of the library's model does not give its chances.
    """
    if model == "recency":
        content: Content = _recency(rows, question)
    else:
        from threadpoolctl import threadpool_limits  # comes with scikit-learn

        # On one thread sums are always made in one order.
        with threadpool_limits(1):
            content = _FITTED[model](rows, question.seed)
    return Fitted(FORMAT, model, rows.encoder, content)


def _recency(rows: Training, question: ChurnQuestion) -> RecencyRule:
    column = rows.encoder.numbers.index("recency_days")
    days = rows.matrix[:, column].astype(np.int64) - 1
    trials = np.bincount(days, minlength=question.window_days)
    hits = np.bincount(days[rows.churned], minlength=question.window_days)
    # Pooled days have one chance; the tilt keeps the longer away behind the others, so that
    # the rule ranks by days alone and no model beats it by breaking its ties.
    tilt = _TILT * np.arange(question.window_days)
    return RecencyRule(
        column,
        tuple(((never_falling(hits, trials) + tilt) / (1 + _TILT * question.window_days)).tolist()),
    )


def _logistic(rows: Training, seed: int) -> Logistic:
    from sklearn.linear_model import LogisticRegression

    numbers = len(rows.encoder.numbers)
    logs = tuple(n < numbers for n in range(rows.matrix.shape[1]))
    count = len(logs)
    taken = prepared(rows.matrix, logs, [0.0] * count, [1.0] * count)
    means, spread = taken.mean(axis=0), taken.std(axis=0)
    scales = np.where(spread > 1e-12, spread, 1.0)
    model = LogisticRegression(max_iter=5000, tol=1e-8, random_state=seed)
    model.fit((taken - means) / scales, rows.churned)
    found = Logistic(
        logs,
        tuple(means.tolist()),
        tuple(scales.tolist()),
        tuple(model.coef_[0].tolist()),
        float(model.intercept_[0]),
    )
    _check(found, rows.matrix, model.predict_proba((taken - means) / scales)[:, 1])
    return found


def _boosted(rows: Training, seed: int) -> Trees:
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=_ROUNDS, learning_rate=_RATE, max_leaf_nodes=_LEAVES, min_samples_leaf=_LEAST,
        l2_regularization=1.0,
        # Its own validation rows would be drawn across cutoffs, and so across time.
        early_stopping=False, random_state=seed,
    )  # fmt: skip
    model.fit(rows.matrix, rows.churned)
    trees = []
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(bool)
        trees.append(
            Tree(
                tuple(np.where(leaf, -1, nodes["feature_idx"]).tolist()),
                tuple(np.where(leaf, 0.0, nodes["num_threshold"]).tolist()),
                tuple(nodes["left"].tolist()),
                tuple(nodes["right"].tolist()),
                tuple(np.where(leaf, nodes["value"], 0.0).tolist()),
            )
        )
    found = Trees("at_most", 64, float(model._baseline_prediction.ravel()[0]), tuple(trees))
    _check(found, rows.matrix, model.predict_proba(rows.matrix)[:, 1])
    return found


def _xgboost(rows: Training, seed: int) -> Trees:
    from xgboost import XGBClassifier

    model = XGBClassifier(
        n_estimators=_ROUNDS, learning_rate=_RATE, max_depth=4, min_child_weight=10,
        reg_lambda=1.0, tree_method="hist", eval_metric="aucpr", random_state=seed, n_jobs=1,
    )  # fmt: skip
    model.fit(rows.matrix, rows.churned)
    learner = json.loads(bytes(model.get_booster().save_raw("json")))["learner"]
    trees = [_tree(each) for each in learner["gradient_booster"]["model"]["trees"]]
    base = float(np.ravel(json.loads(learner["learner_model_param"]["base_score"]))[0])
    found = Trees("under", 32, float(np.log(base / (1 - base))), tuple(trees))
    _check(found, rows.matrix, model.predict_proba(rows.matrix)[:, 1])
    return found


def _tree(given: dict[str, Any]) -> Tree:
    lefts = given["left_children"]
    leaf = [left < 0 for left in lefts]
    return Tree(
        tuple(-1 if ends else n for ends, n in zip(leaf, given["split_indices"], strict=True)),
        tuple(0.0 if ends else x for ends, x in zip(leaf, given["split_conditions"], strict=True)),
        tuple(max(left, 0) for left in lefts),
        tuple(max(right, 0) for right in given["right_children"]),
        tuple(x if ends else 0.0 for ends, x in zip(leaf, given["split_conditions"], strict=True)),
    )


def _check(content: Content, matrix: Floats, told: NDArray[Any]) -> None:
    """Hold our chances against the library's."""
    worst = float(np.abs(chances(content, matrix) - told).max(initial=0.0))
    if not worst <= _NEAR:
        raise RuntimeError(
            f"The model's own chances differ from those of its data by {worst:.3g}: this version "
            "of the library keeps its models in another way."
        )


_FITTED: dict[Model, Callable[[Training, int], Content]] = {
    "logistic": _logistic,
    "hist_gradient_boosting": _boosted,
    "xgboost": _xgboost,
}
