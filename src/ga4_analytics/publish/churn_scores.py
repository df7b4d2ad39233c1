"""Writes the chances to churn into ``results.churn_scores``, all or nothing."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ga4_analytics.analyses.churn import Scored
from ga4_analytics.index.calendar import day_of
from ga4_analytics.publish.churn_deciles import decile_facts, deciles
from ga4_analytics.publish.churn_store import Stored
from ga4_analytics.questions.churn import ChurnScores
from ga4_analytics.settings import Settings
from ga4_analytics.warehouse import Warehouse
from ga4_analytics.warehouse.base import Statement
from ga4_analytics.warehouse.ddl import comments, create_table
from ga4_analytics.warehouse.tables import CHURN_SCORES

_DELETE = "delete from results.churn_scores where dataset = ? and as_of = cast(? as date)"


def write_scores(
    warehouse: Warehouse, settings: Settings, stored: Stored, scored: Scored, checked: int, now: int
) -> ChurnScores:
    """Put the scores of a day in place of what the property had for it.

    Args:
        warehouse: Where to write; one transaction makes the table, removes and adds.
        settings: Name the property.
        stored: The model.
        scored: The users and their chances.
        checked: How many users' features SQL gave alike.
        now: The time, microseconds UTC.

    Raises:
        WarehouseError: The engine refused; the scores are as they were.
    """
    rows = score_rows(settings.dataset, stored, scored, now)
    as_of = day_of(scored.table.cutoff)
    made = create_table(CHURN_SCORES, warehouse.types)
    warehouse.change(
        [
            Statement(made),
            *map(Statement, comments(CHURN_SCORES)),
            Statement(_DELETE, (settings.dataset, as_of.isoformat())),
        ],
        {CHURN_SCORES.name: rows},
    )
    return _told(settings.dataset, as_of, stored, scored, checked)


def score_rows(dataset: str, stored: Stored, scored: Scored, now: int) -> pa.Table:
    """The rows of ``results.churn_scores``, in order of the users' keys."""
    question, count = stored.result.spec, len(scored.table)
    recency = scored.table.numbers["recency_days"]
    same = {
        "dataset": dataset, "model_id": stored.result.model_id, "model": stored.fitted.model,
        "as_of": day_of(scored.table.cutoff), "window_days": question.window_days,
        "gap_days": question.gap_days, "horizon_days": question.horizon_days, "scored_at_us": now,
    }  # fmt: skip
    columns = {name: pa.repeat(pa.scalar(value), count) for name, value in same.items()} | {
        "user_key": scored.table.keys,
        "chance_to_churn": pa.array(scored.chances),
        "chance_rank": pa.array(_ranks(scored.chances)),
        "decile": pa.array(deciles(scored.chances)),
        "recency_days": pa.array(recency),
        "recency_rank": pa.array(_ranks(recency)),
    }
    return pa.table({column.name: columns[column.name] for column in CHURN_SCORES.columns})


def _ranks(values: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.int64]:
    """1 for the largest; equal values share the first of their ranks."""
    ordered = np.sort(-values)
    return np.searchsorted(ordered, -values, side="left").astype(np.int64) + 1


def _told(dataset: str, as_of: date, stored: Stored, scored: Scored, checked: int) -> ChurnScores:
    question = stored.result.spec
    return ChurnScores(
        dataset=dataset,
        as_of=as_of,
        model_id=stored.result.model_id or "",
        model=stored.fitted.model,
        window_days=question.window_days,
        gap_days=question.gap_days,
        horizon_days=question.horizon_days,
        users=len(scored.table),
        checked=checked,
        deciles=decile_facts(scored.chances),
    )
