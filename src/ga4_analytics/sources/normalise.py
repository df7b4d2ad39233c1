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
from ga4_analytics.sources.identity import needs_escaping, uuids
from ga4_analytics.sources.param_lists import is_pairs, pairs
from ga4_analytics.sources.plain_records import plain_records
from ga4_analytics.sources.plan import plan_batch
from ga4_analytics.sources.readings import MACROS, Judging
from ga4_analytics.sources.rules import RULES
from ga4_analytics.sources.stage_columns import KEY, KEYED, ROW, unknown_columns, wanted_parameters
from ga4_analytics.sources.zones import Transition

NO_JUDGING = Judging()
_ITEM_ORDER = [(ROW, "ascending"), ("item_index", "ascending")]
_DAMAGE = f"""
select {ROW}, d.column_name, d.rule, d.value
from (select {ROW}, unnest(damage) as d from ready where problem is null)
"""


@dataclass(frozen=True)
class Normalised:
    """Canonical records of one batch.

    Attributes:
        events: Those of the columns `STAGE_EVENTS` that the batch can fill.
        items: Columns `STAGE_ITEMS`; ``row_id`` is that of the event. None where there
            can be no items.
        rejects: Row id and record of those that broke a rule, in order.
        damage: ``row_id``, ``column_name``, ``rule`` and ``value`` of what was accepted
            although it is damaged, one row per value; None where nothing is accepted.
    """

    events: pa.Table
    items: pa.Table | None
    rejects: tuple[tuple[int, Reject], ...]
    damage: pa.Table | None = None


class Normaliser:
    """Turns batches into canonical records, one at a time; threads need one each."""

    def __init__(
        self, transitions: Sequence[Transition] = (), judging: Judging = NO_JUDGING
    ) -> None:
        """Make one.

        Args:
            transitions: The property's zone, to date events that have a timestamp and no
                date; empty where it is not known.
            judging: The clock, and whether damage is accepted.
        """
        self._engine = duckdb.connect(config={"threads": 1})
        self._engine.execute(MACROS)
        self._transitions = transitions
        self._judging = judging

    def normalise(self, batch: RawBatch, first_row: int = 0) -> Normalised:
        """Turn one batch into canonical records.

        Args:
            batch: The batch.
            first_row: The row id of its first record; ids go on from there.
        """
        numbers = np.arange(first_row, first_row + batch.table.num_rows, dtype=np.int64)
        table, read = self._lists_read(batch.table)
        table = table.append_column(ROW, pa.array(numbers))
        plain = plain_records(self._engine, table, read, self._judging)
        if plain is None:
            return self._by_sql(batch, table, read, first_row)
        if not plain.left.num_rows:
            return Normalised(plain.events, plain.items, ())
        others = self._by_sql(batch, plain.left, read, first_row)
        items = None
        if plain.items is not None and others.items is not None:
            items = pa.concat_tables([plain.items, others.items]).sort_by(_ITEM_ORDER)
        events = pa.concat_tables([plain.events, others.events]).sort_by(ROW)
        return Normalised(events, items, others.rejects)

    def _by_sql(
        self, batch: RawBatch, table: pa.Table, read: frozenset[str], first_row: int
    ) -> Normalised:
        """Turn records of a batch into canonical ones, however they are written."""
        self._engine.register("batch", table)
        plan = plan_batch(
            tuple(batch.table.schema.names),
            () if _everywhere(table, "event_date") else self._transitions,
            self._judging,
            _plain(table),
            read,
            timed=_everywhere(table, "event_timestamp"),
        )
        ready = self._engine.execute(plan.ready).to_arrow_table().combine_chunks()
        keys = ready.column(KEY).combine_chunks()
        ready = ready.set_column(ready.schema.get_field_index(KEY), KEY, uuids(keys))
        self._engine.register("ready", ready)
        items = None if plan.items is None else self._engine.execute(plan.items).to_arrow_table()
        damage = self._engine.execute(_DAMAGE).to_arrow_table() if self._judging.accept else None
        events, problems = ready.select(plan.columns), ready.column("problem")
        if problems.null_count == ready.num_rows:
            return Normalised(events, items, (), damage)
        good = events.filter(pc.is_null(problems))
        return Normalised(good, items, _rejects(batch, ready, first_row), damage)

    def _lists_read(self, table: pa.Table) -> tuple[pa.Table, frozenset[str]]:
        """The batch with its lists of parameters as JSON, and which of them are."""
        names, read = table.schema.names, set()
        for name in ("event_params", "user_properties"):
            mixed = name == "event_params" and unknown_columns(tuple(names))
            if name not in names or mixed or not is_pairs(table.schema.field(name).type):
                continue
            wanted = wanted_parameters() if name == "event_params" else ()
            found = pairs(self._engine, table.column(name).combine_chunks(), wanted)
            read.add(name)
            table = table.set_column(names.index(name), name, found.objects)
            for key, texts in found.texts.items():
                table = table.append_column(KEYED + key, texts)
        return table, frozenset(read)

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()


def _plain(table: pa.Table) -> frozenset[str]:
    """The columns of which no text needs escaping in JSON."""
    return frozenset(
        field.name
        for field in table.schema
        if pa.types.is_string(field.type) and not needs_escaping(table.column(field.name))
    )


def _everywhere(table: pa.Table, field: str) -> bool:
    """Whether every record has a text for a field."""
    found = [name for name in (GIVEN + field, field) if name in table.schema.names]
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
    broken = RULES[rule]
    fatal = broken.verdict == "refuse"
    return Reject(line, name, rule, broken.reason.format(value=value), raw, fatal)
