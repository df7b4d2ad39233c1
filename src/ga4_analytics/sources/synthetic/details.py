"""Which parameters each event carries, with their values."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from ga4_analytics.sources.synthetic.batches import Batch
from ga4_analytics.sources.synthetic.commerce import MICROS
from ga4_analytics.sources.synthetic.draws import Ints
from ga4_analytics.sources.synthetic.pages import pages
from ga4_analytics.sources.synthetic.params import Param, constant, params_column, texts
from ga4_analytics.sources.synthetic.plants.experiment import TRIALS, VARIANTS, trial_of
from ga4_analytics.sources.synthetic.published import EXPOSURE
from ga4_analytics.sources.synthetic.sample import Sample
from ga4_analytics.sources.synthetic.slices import NOT_SET
from ga4_analytics.sources.synthetic.traits import engaged_sessions, session_sources
from ga4_analytics.sources.synthetic.world import SOURCES

_REFERRING = ("google", "bing", "baidu")
_LINK = {
    "link_url": "https://maps.harbour.example/?at=pier&z=14",
    "outbound": "true",
    "link_domain": "maps.harbour.example",
}
_UNCOLLECTED = (NOT_SET, "(data deleted)")


class Details:
    """Tells the parameters of a sample's events.

    Args:
        sample: The sample to tell.
    """

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        self._engaged = engaged_sessions(sample)
        self._source = session_sources(sample)
        self._revenue = sample.orders.revenue_micros()
        self._order_id = sample.orders.transaction_ids()

    def column(self, batch: Batch) -> pa.ListArray:
        """Give ``event_params`` of some events."""
        params = [*self._page(batch), *self._session(batch), *self._referral(batch),
                  *self._interaction(batch), *self._purchase(batch),
                  *self._experiment(batch)]  # fmt: skip
        return params_column(params, batch.dice >> 5)

    def _page(self, batch: Batch) -> Iterator[Param]:
        everywhere = np.ones(len(batch), np.bool_)
        locations, titles = ([page[i] for page in pages()] for i in range(2))
        yield Param("page_location", everywhere, texts(locations, batch.page))
        yield Param("page_title", everywhere, texts(titles, batch.page))

    def _session(self, batch: Batch) -> Iterator[Param]:
        session, known = batch.session, batch.session >= 0
        yield Param("ga_session_id", known, self._sample.session_id[session])
        yield Param("ga_session_number", known, self._sample.sessions.number[session])
        engaged, view = self._engaged[session], batch.named("page_view")
        early = (batch.gap_ms == 0) & view & (batch.number % 10 < 3)
        flag = (engaged & ~early).astype(np.int64)
        told = known & ~batch.named("session_start")
        as_number = batch.named("first_visit") | (batch.dice % 8 == 0)
        yield Param("session_engaged", told & as_number, flag)
        yield Param("session_engaged", told & ~as_number, texts(["0", "1"], flag))
        one = np.ones(len(batch), np.int64)
        yield Param("engaged_session_event", known & engaged, one)
        timed = known & (batch.gap_ms > 0) & (~view | (batch.dice % 3 == 0))
        yield Param("engagement_time_msec", timed, batch.gap_ms)
        yield Param("debug_mode", known & (batch.number % 5 < 3), one)

    def _referral(self, batch: Batch) -> Iterator[Param]:
        known, source = batch.session >= 0, self._source[batch.session]
        referrers = [page.location for page in pages()] + [
            f"https://www.{each.source}.com/" if each.source in _REFERRING else ""
            for each in SOURCES
        ]
        referrer = np.where(batch.before >= 0, batch.before, len(pages()) + source)
        referred = known & batch.named("page_view", "first_visit", "scroll")
        yield Param("page_referrer", referred, texts(referrers, referrer))
        entrance = known & batch.named("page_view") & (batch.gap_ms == 0)
        yield Param("entrances", entrance, np.ones(len(batch), np.int64))
        collected = np.array([each.source not in _UNCOLLECTED for each in SOURCES])
        there = entrance & collected[source]
        for name in ("source", "medium", "campaign"):
            yield Param(name, there, texts([getattr(each, name) for each in SOURCES], source))

    def _interaction(self, batch: Batch) -> Iterator[Param]:
        count = len(batch)
        yield Param("percent_scrolled", batch.named("scroll"), np.full(count, 90))
        searches = [page.search or "tee" for page in pages()]
        searched = batch.named("view_search_results")
        yield Param("search_term", searched, texts(searches, batch.page))
        clicked = batch.named("click")
        for name, text in _LINK.items():
            yield Param(name, clicked, constant(text, count))
        tier = texts(["Overnight", "Ground"], batch.dice % 3 > 0)
        yield Param("shipping_tier", batch.named("add_shipping_info"), tier)
        payment = texts(["PayPal", "Credit card"], batch.dice % 4 > 0)
        yield Param("payment_type", batch.named("add_payment_info"), payment)

    def _purchase(self, batch: Batch) -> Iterator[Param]:
        orders, bought = self._sample.orders, batch.order >= 0
        yield Param("currency", bought, constant("USD", len(batch)))
        if not bought.any():
            return
        valued, dollars = bought & orders.has_value[batch.order], self._dollars(batch.order)
        yield Param("value", valued & (batch.dice % 2 == 1), dollars)
        yield Param("value", valued & (batch.dice % 2 == 0), dollars.astype(np.float64))
        ids = [self._order_id[order] for order in batch.order[bought].tolist()]
        place = np.where(bought, np.cumsum(bought) - 1, -1)
        yield Param("transaction_id", bought & (orders.number[batch.order] >= 0),
                    texts(ids, place))  # fmt: skip

    def _experiment(self, batch: Batch) -> Iterator[Param]:
        variants = self._sample.variants
        if variants is None:
            return
        exposed = batch.named(EXPOSURE)
        which, variant = np.full(len(batch), -1), np.full(len(batch), -1)
        which[exposed] = trial_of(batch.key[exposed])
        variant[exposed] = variants[which[exposed], batch.who.user[exposed]]
        yield Param("experiment_id", exposed, texts([each.id for each in TRIALS], which))
        yield Param("variant_id", exposed, texts(VARIANTS, variant))

    def _dollars(self, order: Ints) -> Ints:
        return self._revenue[order] // MICROS
