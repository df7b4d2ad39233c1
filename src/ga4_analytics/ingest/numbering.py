"""Repeats of an event: numbered where they may be two, folded where lines are items."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from ga4_analytics.sources.identity import uuid5_sql


@dataclass(frozen=True)
class Repeats:
    """What numbering found.

    Attributes:
        duplicates: Repeats under scheme 'ga4': one event exported twice.
        suspects: Repeats under scheme 'columns': maybe two events that look alike.
    """

    duplicates: int
    suspects: int


def number_repeats(engine: duckdb.DuckDBPyConnection, folder: Path, *, fold: bool) -> Repeats:
    """Number the rows that share a key and write them to ``repeats.parquet``.

    The order among them is that of their content, never that of the files. Rows are first
    found by a hash of their key, which takes little memory; two keys with one hash are told
    apart afterwards, since numbers are given within a key. Where ``fold``
    is set the lines are items of one event, and only the first line's row will remain.

    Args:
        engine: A DuckDB with the views ``staged_events`` and ``staged_items``.
        folder: Where the Parquet file goes.
        fold: Whether lines are items.
    """
    engine.execute(
        """create or replace temp table repeated_rows as
        select row_id from staged_events where hash(event_key) in (
            select hash(event_key) from staged_events group by 1 having count(*) > 1
        )"""
    )
    new_id = "event_key" if fold else uuid5_sql("digest")
    target = str(folder / "repeats.parquet").replace("'", "''")
    engine.execute(
        f"""copy (
            {_NUMBERED}
            select row_id, id_scheme, repeat_ordinal, event_key as repeat_of, {new_id} as event_id
            from numbered where repeat_ordinal > 0
        ) to '{target}' (format parquet)"""
    )
    found = engine.execute(
        f"select count(*) filter (id_scheme = 'ga4'), count(*) filter (id_scheme = 'columns') "
        f"from read_parquet('{target}')"
    ).fetchone()
    if fold or found is None:
        return Repeats(0, 0)
    return Repeats(*found)


_NUMBERED = """
    with repeated as (
        select e.* from staged_events e join repeated_rows using (row_id)
    ),
    item_texts as (
        select i.row_id, string_agg(to_json(i)::varchar, ',' order by i.item_index) as text
        from (
            select * exclude (event_key) from staged_items
            where row_id in (select row_id from repeated)
        ) i group by i.row_id
    ),
    contents as (
        select repeated.row_id, event_key, id_scheme,
            sha1(to_json(struct_update(repeated, row_id := 0))::varchar) as content,
            regexp_replace(coalesce(item_texts.text, ''), '"row_id":[0-9]+', '', 'g') as items
        from repeated left join item_texts using (row_id)
    ),
    ranked as (
        select row_id, event_key, id_scheme, (row_number() over (
            partition by event_key order by content, items, row_id) - 1)::integer as repeat_ordinal
        from contents
    ),
    numbered as (
        select *, sha1(unhex(replace(event_key, '-', '')) || encode(repeat_ordinal::varchar))
            as digest
        from ranked
    )"""
