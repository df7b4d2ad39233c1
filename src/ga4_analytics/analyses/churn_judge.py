"""Judges models of churn on rows that are later than all that trained them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ga4_analytics.analyses.churn_features import Table
from ga4_analytics.analyses.churn_models import Fitted, Floats, Parts
from ga4_analytics.analyses.churn_plan import Feature
from ga4_analytics.index.calendar import day_of
from ga4_analytics.questions.churn import (
    AtCutoff,
    Bounded,
    ChurnQuestion,
    FeatureFacts,
    Importance,
    Model,
    ModelScore,
    NewUsers,
)
from ga4_analytics.stats.calibration import brier, calibration, log_loss
from ga4_analytics.stats.ranking import (
    Ranked,
    at_share,
    average_precision,
    precision_recall,
    ranked,
    roc_auc,
)

Bools = NDArray[np.bool_]
SUSPECT = 0.95
"""Above this a single feature's ROC-AUC is what a leak looks like."""
_SHUFFLES = 5
_MOST_SHUFFLED = 4_000


@dataclass(frozen=True)
class Test:
    """The rows that judge; a row is a user at a cutoff.

    Attributes:
        tables: The test cutoffs.
        target: What is looked for.
        churned: The labels.
        user: Number of each row's user.
        users: How many users there are.
        is_new: Whether a row's user is in no training row.
    """

    tables: tuple[Table, ...]
    target: Literal["churn", "return"]
    churned: Bools
    user: NDArray[np.int64]
    users: int
    is_new: Bools

    @property
    def hits(self) -> Bools:
        """Which rows are looked for."""
        return self.churned if self.target == "churn" else ~self.churned

    def aimed(self, to_churn: Floats) -> Floats:
        """Chances of what is looked for, from chances to churn."""
        return to_churn if self.target == "churn" else 1.0 - to_churn


def test_of(
    tables: Sequence[Table], train: Sequence[Table], target: Literal["churn", "return"]
) -> Test:
    """Put test rows together.

    Args:
        tables: The test cutoffs, with labels.
        train: The training cutoffs.
        target: What is looked for.
    """
    keys = pa.concat_arrays([each.keys for each in tables])
    coded = keys.dictionary_encode()
    known = pa.concat_arrays([each.keys for each in train])
    labels = [each.churned for each in tables if each.churned is not None]
    return Test(
        tuple(tables),
        target,
        np.concatenate(labels),
        np.asarray(coded.indices, np.int64),
        len(coded.dictionary),
        ~np.asarray(pc.is_in(keys, known), dtype=bool),
    )


def judged(models: Sequence[Fitted], test: Test, question: ChurnQuestion) -> list[ModelScore]:
    """Score every model on the test rows.

    Args:
        models: The models, the recency rule first.
        test: The rows.
        question: Shares, resamples, confidence and seed.
    """
    given = [np.concatenate([each.chances(table) for table in test.tables]) for each in models]
    drawn = _drawn([ranked(test.aimed(each)) for each in given], test, question)
    return [
        _score(model.model, to_churn, drawn[:, place], drawn[:, 0], test, question)
        for place, (model, to_churn) in enumerate(zip(models, given, strict=True))
    ]


def _score(
    model: Model, to_churn: Floats, drawn: Floats, rule: Floats, test: Test, question: ChurnQuestion
) -> ModelScore:
    """All that is told of a model, from its chances and what drawing users again gave."""
    aimed, hits = test.aimed(to_churn), test.hits
    rows = ranked(aimed)
    gain = None if model == "recency" else _bounded(drawn[:, 0] - rule[:, 0], question.confidence)
    return ModelScore(
        model=model,
        pr_auc=_bounded(drawn[:, 0], question.confidence),
        roc_auc=_bounded(drawn[:, 1], question.confidence),
        gain=gain,
        beats_recency=gain.low is not None and gain.low > 0 if gain else None,
        at=tuple(at_share(rows, hits, share) for share in question.shares),
        brier=brier(to_churn, test.churned),
        log_loss=log_loss(to_churn, test.churned),
        calibration=calibration(to_churn, test.churned),
        by_cutoff=tuple(_by_cutoff(test, aimed)),
        new_users=_new_users(aimed[test.is_new], hits[test.is_new]),
        curve=precision_recall(rows, hits),
    )


def _by_cutoff(test: Test, aimed: Floats) -> list[AtCutoff]:
    found, first = [], 0
    for table in test.tables:
        part = slice(first, first + len(table))
        hits = test.hits[part]
        rate = float(hits.mean()) if len(hits) else 0.0
        found.append(AtCutoff(day_of(table.cutoff), rate, _precision(aimed[part], hits)))
        first += len(table)
    return found


def _new_users(aimed: Floats, hits: Bools) -> NewUsers | None:
    if not len(hits):
        return None
    return NewUsers(len(hits), float(hits.mean()), _precision(aimed, hits))


def _precision(scores: Floats, hits: Bools) -> float | None:
    return average_precision(ranked(scores), hits, np.ones(len(hits)))


def _drawn(rows: Sequence[Ranked], test: Test, question: ChurnQuestion) -> Floats:
    """PR-AUC and ROC-AUC of each model: of all rows first, then with users drawn again.

    A user has a row a cutoff, so users are drawn with all of theirs.
    """
    rng = np.random.default_rng(question.seed)
    found = []
    for turn in range(question.resamples + 1):
        weights = np.ones(len(test.churned))
        if turn:
            drawn = rng.multinomial(test.users, np.full(test.users, 1 / test.users))
            weights = drawn[test.user].astype(np.float64)
        found.append([[_area(average_precision(each, test.hits, weights)),
                       _area(roc_auc(each, test.hits, weights))] for each in rows])  # fmt: skip
    return np.array(found)


def _area(value: float | None) -> float:
    return np.nan if value is None else value


def _bounded(drawn: Floats, confidence: float) -> Bounded:
    """The first value, with the percentile interval of the others."""
    again = drawn[1:][~np.isnan(drawn[1:])]
    if not len(again):
        return Bounded(float(drawn[0]), None, None)
    low, high = np.quantile(again, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Bounded(float(drawn[0]), float(low), float(high))


def chosen(scores: Sequence[ModelScore]) -> Model:
    """The model that scores users: in an order set beforehand, the first that beats the rule."""
    by_name = {each.model: each for each in scores}
    order: tuple[Model, ...] = ("hist_gradient_boosting", "logistic", "xgboost")
    return next((name for name in order if name in by_name and by_name[name].beats_recency),
                "recency")  # fmt: skip


def importances(fitted: Fitted, test: Test, question: ChurnQuestion) -> tuple[Importance, ...]:
    """How much average precision is lost when a feature's values change hands.

    All columns of a category are shuffled together. At most some thousand rows are looked at.

    Source: L. Breiman (2001), Random forests, Machine Learning 45, 5-32.
    """
    if fitted.model == "recency":
        return ()
    rng = np.random.default_rng(question.seed)
    matrix = np.concatenate([fitted.encoder.matrix(table) for table in test.tables])
    kept = np.sort(rng.permutation(len(matrix))[:_MOST_SHUFFLED])
    matrix, hits = matrix[kept], test.hits[kept]
    owners = np.array(fitted.encoder.owners)
    known = Parts(fitted.content, matrix)
    whole = _precision(test.aimed(known.chances(matrix, ())), hits) or 0.0
    found = []
    for feature in dict.fromkeys(fitted.encoder.owners):
        columns = np.flatnonzero(owners == feature).tolist()
        drops = []
        for _ in range(_SHUFFLES):
            changed = matrix.copy()
            changed[:, columns] = matrix[rng.permutation(len(matrix))][:, columns]
            shuffled = test.aimed(known.chances(changed, columns))
            drops.append(whole - (_precision(shuffled, hits) or 0.0))
        found.append(Importance(feature, float(np.mean(drops)), float(np.std(drops))))
    return tuple(sorted(found, key=lambda each: (-each.drop, each.feature)))


def feature_facts(features: Sequence[Feature], test: Test) -> tuple[FeatureFacts, ...]:
    """The features with how much each alone tells on test rows."""
    found = []
    for feature in features:
        area = None
        if not feature.is_text:
            values = np.concatenate([t.numbers[feature.name] for t in test.tables])
            told = roc_auc(ranked(values.astype(np.float64)), test.churned, np.ones(len(values)))
            area = None if told is None else max(told, 1 - told)
        suspect = area is not None and area > SUSPECT
        found.append(FeatureFacts(feature.name, feature.words, area, suspect))
    return tuple(found)
