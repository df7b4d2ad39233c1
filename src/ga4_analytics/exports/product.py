"""``events_product_analytics.csv``: one row per event, the skinny columns first.

Its first ten columns can be loaded again and give the same ten columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from ga4_analytics.exports.base import (
    ExportResult,
    Progress,
    everything,
    ordered,
    text,
    write_pieces,
)
from ga4_analytics.exports.cells import decimal_text
from ga4_analytics.sources.schema import SKINNY_COLUMNS
from ga4_analytics.warehouse.base import Warehouse

FILE_NAME = "events_product_analytics.csv"

_SKINNY = {
    "user_id": "staged.user_pseudo_id",
    "purchase_revenue_usd": "staged.purchase_revenue_usd_micros",
}
"""Where a skinny column is not the staged column of its own name."""

# No further source columns: with a first-user source in the file, a load would take that
# for the file's best scope and `source` would no longer come back as it is here.
_OTHERS = {
    "campaign": "staged.campaign",
    "source_scope": "staged.source_scope",
    "dataset": "staged.dataset",
    "event_id": "staged.event_id",
    "user_key": "staged.user_key",
    "session_key": "staged.session_key",
    "signed_in_user_id": "staged.user_id",
    "ga_session_id": "staged.ga_session_id",
    "ga_session_number": "staged.ga_session_number",
    "session_engaged": "staged.session_engaged",
    "engagement_time_msec": "staged.engagement_time_msec",
    "stream_id": "staged.stream_id",
    "platform": "staged.platform",
    "hostname": "staged.hostname",
    "page_location": "staged.page_location",
    "page_title": "staged.page_title",
    "page_referrer": "staged.page_referrer",
    "operating_system": "staged.operating_system",
    "browser": "staged.browser",
    "language": "staged.language",
    "region": "staged.region",
    "city": "staged.city",
    "currency": "staged.currency",
    "purchase_revenue": "staged.purchase_revenue_micros",
    "refund_value_usd": "staged.refund_value_usd_micros",
}
_MONEY = ("purchase_revenue_usd", "purchase_revenue", "refund_value_usd")

COLUMNS: tuple[str, ...] = (*SKINNY_COLUMNS, *_OTHERS)
"""The file's columns, in order."""


def product_sql() -> str:
    """The file's rows, from a chunk of ``int_events``."""
    sources = {name: _SKINNY.get(name, f"staged.{name}") for name in SKINNY_COLUMNS} | _OTHERS
    columns = ",\n    ".join(f"{sources[name]} as {name}" for name in COLUMNS)
    return f"""
select
    {columns}
from {{events}} as staged
"""


def export_product(
    warehouse: Warehouse, folder: Path, progress: Progress = lambda rows: None
) -> ExportResult:
    """Write ``events_product_analytics.csv``.

    Args:
        warehouse: Where the models are built.
        folder: Where the file goes.
        progress: Told of rows as they are written.

    Raises:
        WarehouseError: The models are not there.
        OSError: The file cannot be written.
    """
    pieces = ordered(everything(warehouse), product_sql(), lambda batch: batch, _cells)
    return write_pieces(folder / FILE_NAME, COLUMNS, pieces, progress)


def _cells(batch: pa.RecordBatch) -> Sequence[pa.Array]:
    return [
        decimal_text(column) if name in _MONEY else text(column)
        for name, column in zip(COLUMNS, batch.columns, strict=True)
    ]
