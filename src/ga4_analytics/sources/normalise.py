"""From text records of any shape to canonical events, items and rejects.

What must be equal on every engine is computed here, once: typed columns, micro-units, the
event's key, the page's path, canonical JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from ga4_analytics.sources.batches import LINE, RawBatch, Reject
from ga4_analytics.sources.plan import ROW, STAGE_EVENTS, plan_batch
from ga4_analytics.sources.readings import FATAL, MACROS, REASONS
from ga4_analytics.sources.zones import Transition


@dataclass(frozen=True)
class Normalised:
    """Canonical records of one batch.

    Attributes:
        events: Columns `STAGE_EVENTS`.
        items: Columns `STAGE_ITEMS`; ``row_id`` is that of the event.
        rejects: Records that broke a rule.
    """

    events: pa.Table
    items: pa.Table
    rejects: tuple[Reject, ...]


class Normaliser:
    """Turns batches into canonical records; row ids go on from batch to batch."""

    def __init__(self, transitions: Sequence[Transition] = (), threads: int = 2) -> None:
        """Make one.

        Args:
            transitions: The property's zone, to date events that have a timestamp and no
                date; empty where it is not known.
            threads: How many threads a batch is worked on with.
        """
        self._engine = duckdb.connect(config={"threads": threads})
        self._engine.execute(MACROS)
        self._transitions = transitions
        self._next_row = 0

    def normalise(self, batch: RawBatch) -> Normalised:
        """Turn one batch into canonical records."""
        rows = batch.table.num_rows
        first = self._next_row
        numbers = pa.array(np.arange(first, first + rows, dtype=np.int64))
        self._engine.register("batch", batch.table.append_column(ROW, numbers))
        self._next_row += rows
        plan = plan_batch(tuple(batch.table.schema.names), self._transitions)
        self._engine.execute(f"create or replace temp table ready as {plan.ready}")
        events = self._select(
            f"select {', '.join(STAGE_EVENTS)} from ready where len(problems) = 0 order by {ROW}"
        )
        items = self._select(plan.items)
        rejects = self._rejects(batch, first)
        self._engine.unregister("batch")
        return Normalised(events, items, batch.rejects + rejects)

    def _select(self, sql: str) -> pa.Table:
        return self._engine.execute(sql).to_arrow_table()

    def _rejects(self, batch: RawBatch, first: int) -> tuple[Reject, ...]:
        found = self._engine.execute(
            f"select {ROW}, problems from ready where len(problems) > 0 order by {ROW}"
        ).fetchall()
        lines = batch.table.column(LINE)
        return tuple(
            _reject(lines[row - first].as_py(), problems[0], batch.raw_text(row - first))
            for row, problems in found
        )

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()


def _reject(line: int, problem: dict[str, str | None], raw: str) -> Reject:
    rule = str(problem["rule"])
    reason = REASONS[rule].format(value=problem["value"])
    return Reject(line, problem["name"], rule, reason, raw, rule in FATAL)
