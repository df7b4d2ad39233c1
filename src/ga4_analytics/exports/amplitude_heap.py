"""``amplitude_heap_events.csv``: events as Amplitude's and Heap's ingestion name them.

Sources: Amplitude HTTP V2 API (fields, id rules, reserved names, ``session_id`` is the
session's start in milliseconds); Heap server-side API (identity of at most 255
characters). ``scripts/03_export_amplitude_heap.sql`` gives the same file by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.exports.base import (
    ExportResult,
    Progress,
    decimal_text,
    stream_days,
    text,
    write_csv,
)
from ga4_analytics.warehouse.base import Warehouse

FILE_NAME = "amplitude_heap_events.csv"
COLUMNS: tuple[str, ...] = (
    "user_id",
    "device_id",
    "event_type",
    "time",
    "insert_id",
    "session_id",
    "platform",
    "country",
    "device_category",
    "revenue",
    "event_properties",
)
REFUSED_IDS: tuple[str, ...] = ("anonymous", "undefined", "unknown", "lmy47d")
"""Words that Amplitude takes for no id at all; the others it lists are under 5 letters."""

_MILLISECOND = pa.scalar(1000, pa.int64())


def _accepted_id(column: str) -> str:
    """SQL for an id, or null where Amplitude or Heap would refuse it."""
    words = ", ".join(f"'{word}'" for word in REFUSED_IDS)
    return f"""case
            when length({column}) between 5 and 255
                and lower({column}) not in ({words})
                and replace(replace({column}, '0', ''), '-', '') <> ''
                then {column}
        end"""


_JUDGED = f"""
accepted as (
    select
        *,
        {_accepted_id("user_id")} as accepted_user_id,
        {_accepted_id("user_pseudo_id")} as accepted_device_id
    from analytics.int_events
),

judged as (
    select
        *,
        case
            when event_timestamp is null or event_timestamp < 0 then 'without a time'
            when starts_with(event_name, '[Amplitude]') or starts_with(event_name, '$')
                then 'reserved name'
            when accepted_user_id is null and accepted_device_id is null then 'without an id'
        end as refusal
    from accepted
)"""

_COUNTS_SQL = f"""
with{_JUDGED}

select
    refusal,
    count(*) as events,
    count(*) filter (where user_id is not null and accepted_user_id is null) as user_ids,
    count(*) filter (where user_pseudo_id is not null and accepted_device_id is null)
        as device_ids
from judged
group by refusal
order by refusal
"""


def _property(key: str, column: str) -> str:
    """SQL for one member of a JSON object, null where there is no value."""
    return f"""'"{key}":' || cast(to_json({column}) as text)"""


def amplitude_heap_sql() -> str:
    """The rows of one dataset and range of days, in the file's order.

    The names that we add to the event's own parameters begin with ``ga4_``, which no
    parameter of Google's does, so that no key stands twice.
    """
    properties = ",\n        ".join(
        _property(f"ga4_{name}", f"judged.{name}")
        for name in ("dataset", "source", "medium", "campaign", "source_scope", "transaction_id")
    )
    return f"""
with{_JUDGED}

select
    judged.accepted_user_id as user_id,
    judged.accepted_device_id as device_id,
    judged.event_name as event_type,
    judged.event_timestamp as time,
    judged.event_id as insert_id,
    sessions.session_start_us as session_id,
    judged.platform,
    judged.country,
    judged.device_category,
    case judged.event_name
        when 'purchase' then judged.purchase_revenue_usd_micros
        when 'refund' then -judged.refund_value_usd_micros
    end as revenue,
    '{{' || concat_ws(
        ',',
        '"ga4_event_date":"' || cast(judged.event_date as text) || '"',
        {properties},
        nullif(substr(judged.event_params, 2, length(judged.event_params) - 2), '')
    ) || '}}' as event_properties
from judged
left join analytics.int_sessions as sessions
    on judged.dataset = sessions.dataset
    and judged.session_key = sessions.session_key
where judged.refusal is null
    and judged.dataset = ? and judged.event_date between ? and ?
order by judged.dataset, judged.event_date, judged.event_timestamp, judged.event_id
"""


def export_amplitude_heap(
    warehouse: Warehouse, folder: Path, progress: Progress = lambda rows: None
) -> ExportResult:
    """Write ``amplitude_heap_events.csv`` and count what the vendors would refuse.

    Args:
        warehouse: Where the models are built.
        folder: Where the file goes.
        progress: Told of rows as they are written.

    Raises:
        WarehouseError: The models are not there.
        OSError: The file cannot be written.
    """
    counts = warehouse.query(_COUNTS_SQL).to_pylist()
    left_out = {row["refusal"]: row["events"] for row in counts if row["refusal"]}
    kept = [row for row in counts if row["refusal"] is None]
    emptied = {
        name: row[column]
        for row in kept
        for name, column in (("user_id refused", "user_ids"), ("device_id refused", "device_ids"))
        if row[column]
    }
    written = write_csv(folder / FILE_NAME, COLUMNS, _batches(warehouse), progress)
    return replace(written, left_out=left_out, emptied=emptied)


def _batches(warehouse: Warehouse) -> Iterator[pa.RecordBatch]:
    for batch in stream_days(warehouse, amplitude_heap_sql()):
        cells = [_cell(name, column) for name, column in zip(COLUMNS, batch.columns, strict=True)]
        yield pa.RecordBatch.from_arrays(cells, names=list(COLUMNS))


def _cell(name: str, column: pa.Array) -> pa.Array:
    if name == "revenue":
        return decimal_text(column)
    if name in ("time", "session_id"):
        # Times are not negative here, so cutting the rest off is the floor.
        return text(pc.divide(column, _MILLISECOND))
    return text(column)
