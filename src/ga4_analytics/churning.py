"""Training, scoring and the card of churn: index, warehouse and files brought together."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ga4_analytics.analyses import churn
from ga4_analytics.index.calendar import day_number
from ga4_analytics.index.reader import Index
from ga4_analytics.progress import Progress
from ga4_analytics.publish.churn_card import write_card
from ga4_analytics.publish.churn_scores import write_scores
from ga4_analytics.publish.churn_store import required, save
from ga4_analytics.questions.churn import ChurnQuestion, ChurnResult, ChurnScores
from ga4_analytics.settings import Settings
from ga4_analytics.verify.churn_sql import require_same
from ga4_analytics.warehouse import Warehouse


def train(index: Index, question: ChurnQuestion, progress: Progress) -> churn.Trained:
    """Train and judge models; see `analyses.churn.train`."""
    with progress.phase("Training", None, "models"):
        return churn.train(index, question)


def keep(trained: churn.Trained, settings: Settings) -> None:
    """Keep a model for scoring, and write its card.

    Args:
        trained: An answer with a model.
        settings: Name the property and the folders.
    """
    save(trained, settings)
    write_card(required(settings), settings)


def score(
    index: Index,
    warehouse: Warehouse,
    settings: Settings,
    as_of: date | None,
    now: int,
    progress: Progress,
) -> ChurnScores:
    """Score users and write their chances, where SQL gives the same features.

    Args:
        index: The index.
        warehouse: The warehouse that it was made from.
        settings: Name the property.
        as_of: The first day of which nothing is known; None: after the last complete day.
        now: The time, microseconds UTC.
        progress: Where to show progress.

    Raises:
        Ga4Error: No model was trained, its days are not there, or the features differ; the
            scores are as they were.
    """
    stored = required(settings)
    question = stored.result.spec
    cutoff = day_number(as_of) if as_of else churn.last_as_of(index)
    found = churn.scored(index, question, stored.fitted, cutoff)
    with progress.phase("Checking", None, "features"):
        checked = require_same(warehouse, settings.dataset, question, found.features, found.table)
    return write_scores(warehouse, settings, stored, found, checked, now)


def card(settings: Settings) -> tuple[ChurnResult, Path]:
    """How well the kept model does, and its card, written again.

    Raises:
        StaleError: No model was trained, or its file was changed.
    """
    stored = required(settings)
    return stored.result, write_card(stored, settings)
