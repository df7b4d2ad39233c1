"""``amplitude_heap_events.csv``: events as Amplitude's and Heap's ingestion name them.

Sources: Amplitude HTTP V2 API (fields, id rules, reserved names, ``session_id`` is the
session's start in milliseconds); Heap server-side API (identity of at most 255
characters). ``scripts/03_export_amplitude_heap.sql`` gives the same file by hand.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.exports.base import (
    ExportResult,
    Progress,
    everything,
    ordered,
    text,
    write_pieces,
)
from ga4_analytics.exports.cells import decimal_text
from ga4_analytics.exports.source import Source
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
    from {{events}} as events
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


def _property(key: str, column: str) -> str:
    """SQL for one member of a JSON object, null where there is no value."""
    return f"""'"{key}":' || cast(to_json({column}) as text)"""


def amplitude_heap_sql() -> str:
    """The file's rows, and what they are judged and ordered by, from a chunk of ``int_events``.

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
    judged.event_timestamp,
    judged.event_id,
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
    ) || '}}' as event_properties,
    judged.refusal,
    judged.user_id is not null and judged.accepted_user_id is null as is_user_id_refused,
    judged.user_pseudo_id is not null and judged.accepted_device_id is null
        as is_device_id_refused,
    judged.event_date,
    judged.user_key
from judged
left join {{sessions}} as sessions
    on judged.dataset = sessions.dataset
    and judged.session_key = sessions.session_key
"""


def export_amplitude_heap(
    warehouse: Warehouse, folder: Path, progress: Progress = lambda rows: None
) -> ExportResult:
    """Write ``amplitude_heap_events.csv`` of everything.

    Args:
        warehouse: Where the models are built.
        folder: Where the file goes.
        progress: Told of rows as they are written.

    Raises:
        WarehouseError: The models are not there.
        OSError: The file cannot be written.
    """
    return write_amplitude_heap(everything(warehouse), folder / FILE_NAME, progress)


def write_amplitude_heap(
    sources: Iterable[Source], target: Path, progress: Progress = lambda rows: None
) -> ExportResult:
    """Write the events of some sources, and count what the vendors would refuse.

    Args:
        sources: What is read.
        target: The file; an older one is replaced when the new one is complete.
        progress: Told of rows as they are written.

    Raises:
        WarehouseError: The models are not there.
        OSError: The file cannot be written.
    """
    counts = _Counts()
    pieces = ordered(sources, amplitude_heap_sql(), counts.kept, _cells)
    written = write_pieces(target, COLUMNS, pieces, progress)
    return replace(written, left_out=counts.left_out(), emptied=counts.emptied())


class _Counts:
    """Takes out what is refused, and counts it; several threads may do so at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refusals: Counter[str] = Counter()
        self._emptied: Counter[str] = Counter()

    def kept(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows that no vendor refuses."""
        refusal = batch.column("refusal")
        kept = batch.filter(pc.is_null(refusal))
        refusals = {
            each["values"].as_py(): each["counts"].as_py()
            for each in pc.value_counts(refusal.drop_null())
        }
        emptied = {
            f"{name} refused": pc.sum(kept.column(f"is_{name}_refused")).as_py() or 0
            for name in ("user_id", "device_id")
        }
        with self._lock:
            self._refusals.update(refusals)
            self._emptied.update(emptied)
        return kept

    def left_out(self) -> dict[str, int]:
        """Refused events by reason."""
        return dict(sorted(self._refusals.items()))

    def emptied(self) -> dict[str, int]:
        """Cells emptied by reason."""
        return {what: cells for what, cells in sorted(self._emptied.items()) if cells}


def _cells(batch: pa.RecordBatch) -> Sequence[pa.Array]:
    columns = [batch.column(_OWN.get(name, name)) for name in COLUMNS]
    return [_cell(name, column) for name, column in zip(COLUMNS, columns, strict=True)]


_OWN = {"time": "event_timestamp", "insert_id": "event_id"}
"""Where a column of the file has another name in the select."""


def _cell(name: str, column: pa.Array) -> pa.Array:
    if name == "revenue":
        return decimal_text(column)
    if name in ("time", "session_id"):
        # Times are not negative here, so cutting the rest off is the floor.
        return text(pc.divide(column, _MILLISECOND))
    return text(column)
