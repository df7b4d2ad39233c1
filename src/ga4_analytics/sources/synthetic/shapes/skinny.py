"""The skinny CSV: one line an event, ten columns; written column by column, as it is large."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from ga4_analytics.sources.schema import SKINNY_COLUMNS
from ga4_analytics.sources.synthetic.draws import Ints
from ga4_analytics.sources.synthetic.published import ALL_NAMES
from ga4_analytics.sources.synthetic.sample import Delivery, Sample
from ga4_analytics.sources.synthetic.slices import NOT_SET, Slice, day_slice, listed_codes
from ga4_analytics.sources.synthetic.spec import Progress
from ga4_analytics.sources.synthetic.world import COUNTRIES, DEVICES, SOURCES

FILE_NAME = "ga4_events_skinny.csv"


def _text(values: list[str | None], positions: Ints) -> pa.Array:
    """Look texts up; position -1 gives null."""
    return pa.array(values, pa.string()).take(pa.array(positions, mask=positions < 0))


def _by_row(size: int, rows: Ints, values: list[str | None]) -> list[str | None]:
    column: list[str | None] = [None] * size
    for row, value in zip(rows.tolist(), values, strict=True):
        column[row] = value
    return column


class _Lookup:
    """Texts that every day needs, made once."""

    def __init__(self, sample: Sample) -> None:
        self.user = pa.array(sample.user_pseudo_ids(), pa.string())
        self.order = [text or None for text in sample.orders.transaction_ids()]
        values, there = sample.orders.revenue_micros().tolist(), sample.orders.has_value.tolist()
        self.revenue = [
            repr(micros / 1_000_000) if is_there else None
            for micros, is_there in zip(values, there, strict=True)
        ]


def _table(sample: Sample, day: int, known: _Lookup) -> pa.Table:
    part: Slice = day_slice(sample, day)
    size = len(part.ts)
    rows = slice(part.first, part.first + size)
    code, order = sample.events.code[rows], sample.events.order[rows]
    bought = np.flatnonzero(order >= 0)
    orders = order[bought].tolist()
    listed = np.flatnonzero(np.isin(code, listed_codes()))
    ids = _by_row(size, np.concatenate([bought, listed]),
                  [known.order[i] for i in orders] + [NOT_SET] * len(listed))  # fmt: skip
    money = _by_row(size, bought, [known.revenue[i] for i in orders])
    date_text = f"{sample.spec.day(day):%Y%m%d}"
    columns = (
        known.user.take(pa.array(part.user, mask=part.user < 0)),
        pa.array([date_text], pa.string()).take(pa.array(np.zeros(size, np.int64))),
        pa.array(part.ts),
        _text(list(ALL_NAMES), code.astype(np.int64)),
        _text([country.name for country in COUNTRIES], part.country),
        _text([device.category for device in DEVICES], part.device),
        _text([source.source for source in SOURCES], part.source),
        _text([source.medium for source in SOURCES], part.source),
        pa.array(ids, pa.string()),
        pa.array(money, pa.string()),
    )
    return pa.table(dict(zip(SKINNY_COLUMNS, columns, strict=True)))


def write_skinny(delivery: Delivery, folder: Path, progress: Progress) -> list[Path]:
    """Write some days as one skinny CSV.

    Args:
        delivery: The days to write.
        folder: Where to; it must be there.
        progress: Told how many more events were written.

    Returns:
        The file.
    """
    path = folder / FILE_NAME
    options = csv.WriteOptions(include_header=False, quoting_style="none")
    sample = delivery.sample
    known = _Lookup(sample)
    with path.open("wb") as file:
        file.write((",".join(SKINNY_COLUMNS) + "\n").encode())
        for day in delivery.days:
            table = _table(sample, day, known)
            csv.write_csv(table, file, options)
            progress(len(table))
    return [path]
