"""Rows that were read and are not loaded: their day has a better table, or their user left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from ga4_analytics.ingest.kinds import Lost
from ga4_analytics.ingest.stage_sql import LEFT_OUT, staged_sql
from ga4_analytics.sources.sql_text import text_literal


@dataclass(frozen=True)
class LeftOut:
    """How many events were left out, by reason."""

    superseded: int = 0
    forgotten: int = 0


def leave_out(
    engine: duckdb.DuckDBPyConnection,
    folder: Path,
    lost: Sequence[Lost],
    forgotten: Mapping[str, Sequence[str]],
) -> LeftOut:
    """Write the ids of the rows that are left out beside the staged rows.

    Args:
        engine: A DuckDB.
        folder: The stage; without such rows nothing is written.
        lost: Rows of tables that lose to a better one.
        forgotten: Column of ids to the SHA-256 of those that were forgotten.
    """
    if not lost and not any(forgotten.values()):
        return LeftOut()
    ranges = pa.table(
        {
            "event_date": pa.array([each.event_date for each in lost], pa.date32()),
            "first_row": pa.array([each.first_row for each in lost], pa.int64()),
            "last_row": pa.array([each.last_row for each in lost], pa.int64()),
        }
    )
    engine.register("lost_ranges", ranges)
    tests = ["false"]
    for column in ("user_pseudo_id", "user_id"):
        if hashes := forgotten.get(column):
            engine.register(f"gone_{column}", pa.table({"h": pa.array(hashes, pa.string())}))
            tests.append(f"coalesce(sha256({column}) in (select h from gone_{column}), false)")
    target = folder / LEFT_OUT
    engine.execute(
        f"""copy (
            with staged as ({staged_sql(folder, "events")}),
            losing as (
                select row_id from staged e join lost_ranges l
                on e.event_date = l.event_date and e.row_id between l.first_row and l.last_row
            )
            select row_id, 'superseded' as reason from losing
            union all
            select row_id, 'forgotten' from staged
            where ({" or ".join(tests)}) and row_id not in (select row_id from losing)
        ) to {text_literal(str(target))} (format parquet)"""
    )
    found = dict(
        engine.execute(
            f"select reason, count(*) from read_parquet({text_literal(str(target))}) group by 1"
        ).fetchall()
    )
    return LeftOut(found.get("superseded", 0), found.get("forgotten", 0))
