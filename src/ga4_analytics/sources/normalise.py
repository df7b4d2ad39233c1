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
import pyarrow.compute as pc

from ga4_analytics.sources.batches import GIVEN, LINE, RawBatch, Reject
from ga4_analytics.sources.plan import ROW, plan_batch
from ga4_analytics.sources.readings import FATAL, MACROS, REASONS
from ga4_analytics.sources.zones import Transition


@dataclass(frozen=True)
class Normalised:
    """Canonical records of one batch.

    Attributes:
        events: Those of the columns `STAGE_EVENTS` that the batch can fill.
        items: Columns `STAGE_ITEMS`; ``row_id`` is that of the event. None where there
            can be no items.
        rejects: Row id and record of those that broke a rule, in order.
    """

    events: pa.Table
    items: pa.Table | None
    rejects: tuple[tuple[int, Reject], ...]


class Normaliser:
    """Turns batches into canonical records, one at a time; threads need one each."""

    def __init__(self, transitions: Sequence[Transition] = ()) -> None:
        """Make one.

        Args:
            transitions: The property's zone, to date events that have a timestamp and no
                date; empty where it is not known.
        """
        self._engine = duckdb.connect(config={"threads": 1})
        self._engine.execute(MACROS)
        self._transitions = transitions

    def normalise(self, batch: RawBatch, first_row: int = 0) -> Normalised:
        """Turn one batch into canonical records.

        Args:
            batch: The batch.
            first_row: The row id of its first record; ids go on from there.
        """
        numbers = np.arange(first_row, first_row + batch.table.num_rows, dtype=np.int64)
        self._engine.register("batch", batch.table.append_column(ROW, pa.array(numbers)))
        changes = () if _all_dated(batch.table) else self._transitions
        plan = plan_batch(tuple(batch.table.schema.names), changes)
        ready = self._engine.execute(plan.ready).to_arrow_table()
        items = None
        if plan.items is not None:
            self._engine.register("ready", ready)
            items = self._engine.execute(plan.items).to_arrow_table()
        events, problems = ready.select(plan.columns), ready.column("problem")
        if problems.null_count == ready.num_rows:
            return Normalised(events, items, ())
        return Normalised(
            events.filter(pc.is_null(problems)), items, _rejects(batch, ready, first_row)
        )

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()


def _all_dated(table: pa.Table) -> bool:
    """Whether every record has a date, so that none is made from its timestamp."""
    found = [name for name in (GIVEN + "event_date", "event_date") if name in table.schema.names]
    return any(table.column(name).null_count == 0 for name in found)


def _rejects(batch: RawBatch, ready: pa.Table, first_row: int) -> tuple[tuple[int, Reject], ...]:
    bad = ready.select([ROW, "problem"]).filter(pc.is_valid(ready.column("problem")))
    lines = batch.table.column(LINE)
    return tuple(
        (
            found[ROW],
            _reject(
                lines[found[ROW] - first_row].as_py(),
                found["problem"],
                batch.raw_text(found[ROW] - first_row),
            ),
        )
        for found in bad.sort_by(ROW).to_pylist()
    )


def _reject(line: int, problem: str, raw: str) -> Reject:
    """Read ``column|rule|text``."""
    name, rule, value = problem.split("|", 2)
    return Reject(line, name, rule, REASONS[rule].format(value=value), raw, rule in FATAL)
