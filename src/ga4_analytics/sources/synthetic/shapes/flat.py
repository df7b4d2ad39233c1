"""A flat CSV as people select it: one line an event, underscored names, parameters as columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ga4_analytics.sources.synthetic.columns import Describer
from ga4_analytics.sources.synthetic.layout import BATCH_FIELDS
from ga4_analytics.sources.synthetic.sample import Delivery
from ga4_analytics.sources.synthetic.shapes.cells import elements, rows_of
from ga4_analytics.sources.synthetic.spec import Progress

FILE_NAME = "ga4_events_flat.csv"
_FIELDS = (
    "event_date", "event_timestamp", "event_name", "event_value_in_usd", "user_id",
    "user_pseudo_id", "user_first_touch_timestamp", "device.category", "device.mobile_brand_name",
    "device.mobile_model_name", "device.operating_system", "device.operating_system_version",
    "device.language", "device.web_info.browser", "device.web_info.browser_version",
    "geo.continent", "geo.country", "geo.region", "geo.city", "traffic_source.source",
    "traffic_source.medium", "traffic_source.name", "stream_id", "platform",
    "ecommerce.transaction_id", "ecommerce.purchase_revenue_in_usd", "ecommerce.purchase_revenue",
    "ecommerce.shipping_value_in_usd", "ecommerce.tax_value_in_usd",
    "ecommerce.total_item_quantity",
)  # fmt: skip
_PARAMS = {
    "ga_session_id": "ga_session_id", "ga_session_number": "ga_session_number",
    "session_engaged": "session_engaged", "engaged_session_event": "engaged_session_event",
    "engagement_time_msec": "engagement_time_msec", "page_location": "page_location",
    "page_title": "page_title", "page_referrer": "page_referrer", "entrances": "entrances",
    "debug_mode": "debug_mode", "percent_scrolled": "percent_scrolled",
    "search_term": "search_term", "currency": "currency", "value": "value",
    "shipping_tier": "shipping_tier", "payment_type": "payment_type", "link_url": "link_url",
    "link_domain": "link_domain", "outbound": "outbound", "source": "event_source",
    "medium": "event_medium", "campaign": "event_campaign",
}  # fmt: skip
"""Parameter to column; the collected source says its scope, as a bare ``source`` would not."""
_EXPERIMENT = {"experiment_id": "experiment_id", "variant_id": "variant_id"}
_PARAM = (("key",), *(("value", f"{slot}_value") for slot in ("string", "int", "double")))


def selection(delivery: Delivery) -> tuple[tuple[str, ...], dict[str, str]]:
    """What is selected: dotted fields, and parameters with their columns' names."""
    batches = BATCH_FIELDS if delivery.sample.batch_fields is not None else ()
    experiment = _EXPERIMENT if delivery.sample.variants is not None else {}
    return (*_FIELDS, *batches), {**_PARAMS, **experiment}


def flat_rows(
    table: pa.Table, names: Sequence[str], keys: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    """Give events as cells; their items stay out.

    Args:
        table: Events with all the columns of `schema`.
        names: Dotted fields.
        keys: Parameters.

    Yields:
        A tuple an event.
    """
    params = elements(table["event_params"].combine_chunks(), _PARAM)
    for fields, found in zip(rows_of(table, names), params, strict=True):
        values = {
            key: text if text is not None else whole if whole is not None else real
            for key, text, whole, real in found
        }
        yield (*fields, *(values.get(key) for key in keys))


def write_flat(delivery: Delivery, folder: Path, progress: Progress) -> list[Path]:
    """Write some days as one flat CSV.

    Args:
        delivery: The days to write.
        folder: Where to; it must be there.
        progress: Told how many more events were written.

    Returns:
        The file.
    """
    names, keys = selection(delivery)
    path, describer = folder / FILE_NAME, Describer(delivery)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*(name.replace(".", "_") for name in names), *keys.values()])
        for day in delivery.days:
            for table in describer.day(day):
                writer.writerows(flat_rows(table, names, tuple(keys)))
                progress(len(table))
    return [path]
