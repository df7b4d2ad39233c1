"""Rows of ``analytics.index_events`` straight from the generator, without a load.

A sample of scale 1 has 4.3 million events of 270,000 users; other seeds give other people,
so that 23 of them make 100 million. What staging would drop (the second copy of an event) is
dropped here; parameters are not told.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ga4_analytics.sources.synthetic.batches import Batch, day_batches
from ga4_analytics.sources.synthetic.generate import generate
from ga4_analytics.sources.synthetic.pages import pages
from ga4_analytics.sources.synthetic.params import texts
from ga4_analytics.sources.synthetic.published import ALL_NAMES
from ga4_analytics.sources.synthetic.sample import Sample
from ga4_analytics.sources.synthetic.spec import SampleSpec
from ga4_analytics.sources.synthetic.traits import (
    engaged_sessions,
    first_touches,
    session_sources,
)
from ga4_analytics.sources.synthetic.world import COUNTRIES, DEVICES, SOURCES

FIRST_SEED = 7


def make_parts(folder: Path, samples: int, scale: float) -> list[Path]:
    """Write one Parquet file a sample, one row group a day; those that are there stay.

    Args:
        folder: Where to; made where missing.
        samples: How many, of seeds 7, 8, ...
        scale: Of each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for seed in range(FIRST_SEED, FIRST_SEED + samples):
        path = folder / f"part-{seed:03}.parquet"
        paths.append(path)
        if path.exists():
            continue
        coming = path.with_suffix(".coming")
        rows = _write(generate(SampleSpec(scale=scale, seed=seed)), coming)
        coming.rename(path)
        print(f"seed {seed}: {rows:,} events", flush=True)
    return paths


def _write(sample: Sample, path: Path) -> int:
    known, rows = _Known(sample), 0
    writer = None
    for day in range(sample.spec.days):
        tables = [known.rows(batch) for batch in day_batches(sample, day)]
        table = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=1 << 24)
        rows += len(table)
    if writer:
        writer.close()
    return rows


class _Known:
    """What every batch needs, made once.

    Args:
        sample: The sample.
    """

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        users = sample.sessions.user
        firsts = np.flatnonzero(np.concatenate([[True], users[1:] != users[:-1]]))
        counts = np.diff(np.append(firsts, len(users)))
        self._number = np.arange(len(users)) - np.repeat(firsts, counts) + 1
        self._user = pa.array(sample.user_pseudo_ids(), pa.string())
        self._engaged = engaged_sessions(sample)
        self._touch = first_touches(sample)
        self._source = session_sources(sample)
        self._paths = [urlsplit(page.location).path for page in pages()]
        self._revenue = sample.orders.revenue_micros()
        self._order = [text or None for text in sample.orders.transaction_ids()]
        self._landing = np.full(len(users), -1)

    def rows(self, batch: Batch) -> pa.Table:
        """A batch's events; batches must come in order."""
        views = np.flatnonzero(batch.named("page_view") & (batch.session >= 0))[::-1]
        views = views[self._landing[batch.session[views]] < 0]
        self._landing[batch.session[views]] = batch.page[views]
        first = batch.who.first
        copies = self._sample.events.is_duplicate[first : first + len(batch)]
        table = pa.table({**self._event(batch), **self._session(batch), **self._money(batch)})
        return table.filter(pa.array(~copies))

    def _event(self, batch: Batch) -> dict[str, pa.Array]:
        who = batch.who
        nobody = who.user < 0
        timed = (batch.session >= 0) & (batch.gap_ms > 0)
        timed &= ~batch.named("page_view") | (batch.dice % 3 == 0)
        day = f"{batch.date_text[:4]}-{batch.date_text[4:6]}-{batch.date_text[6:]}"
        return {
            "event_date": pa.array(np.full(len(batch), np.datetime64(day, "D"))),
            "order_us": pa.array(who.ts),
            "event_name": texts(ALL_NAMES, batch.code),
            "user_key": self._user.take(pa.array(who.user, mask=nobody)).dictionary_encode(),
            "engagement_time_msec": pa.array(batch.gap_ms, mask=~timed),
            "user_first_touch_timestamp": pa.array(self._touch[who.user], mask=nobody),
            "device_category": texts([d.category for d in DEVICES], who.device),
            "operating_system": texts([d.system for d in DEVICES], who.device),
            "browser": texts([d.browser for d in DEVICES], who.device),
            "language": texts([c.language for c in COUNTRIES], who.country),
            "country": texts([c.name for c in COUNTRIES], who.country),
            "page_path": texts(self._paths, batch.page),
        }

    def _session(self, batch: Batch) -> dict[str, pa.Array]:
        session, outside = batch.session, batch.session < 0
        source = np.where(outside, -1, self._source[session])
        return {
            "session_number": pa.array(self._number[session], mask=outside),
            "is_session_engaged": pa.array(self._engaged[session], mask=outside),
            "source": texts([s.source for s in SOURCES], source),
            "medium": texts([s.medium for s in SOURCES], source),
            "campaign": texts([s.campaign for s in SOURCES], source),
            "landing_page": texts(self._paths, np.where(outside, -1, self._landing[session])),
        }

    def _money(self, batch: Batch) -> dict[str, pa.Array]:
        order = batch.order
        ids: list[str | None] = [None] * len(batch)
        for row in np.flatnonzero(order >= 0).tolist():
            ids[row] = self._order[order[row]]
        valued = (order >= 0) & self._sample.orders.has_value[order]
        return {
            "transaction_id": pa.array(ids, pa.string()),
            "purchase_revenue_usd_micros": pa.array(self._revenue[order], mask=~valued),
        }
