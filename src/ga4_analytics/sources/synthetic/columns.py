"""Events as the export's columns: every field that the sample fills, told once for all shapes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from ga4_analytics.sources.synthetic.batches import Batch, day_batches
from ga4_analytics.sources.synthetic.catalogue import PROMOTIONS, baskets
from ga4_analytics.sources.synthetic.commerce import MICROS
from ga4_analytics.sources.synthetic.details import Details
from ga4_analytics.sources.synthetic.draws import Ints
from ga4_analytics.sources.synthetic.goods import LISTS, SLIDES, goods
from ga4_analytics.sources.synthetic.layout import BATCH_FIELDS, schema
from ga4_analytics.sources.synthetic.params import coded, constant, texts
from ga4_analytics.sources.synthetic.published import ALL_NAMES
from ga4_analytics.sources.synthetic.sample import Delivery
from ga4_analytics.sources.synthetic.slices import LISTED, NOT_SET
from ga4_analytics.sources.synthetic.traits import first_touches
from ga4_analytics.sources.synthetic.world import COUNTRIES, DEVICES, SOURCES

STREAM_ID = "3141592653"
_TAX_PERCENT = 7
_SHIPPING = (0.0, 4.5, 7.0, 12.0)
_WITH_BASKET = ("begin_checkout", "add_shipping_info", "add_payment_info")

Columns = dict[str, pa.Array]


class Describer:
    """Tells the events of a sample day by day, as columns.

    Args:
        delivery: The days to tell.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._sample = sample = delivery.sample
        self._absent = delivery.absent
        self.schema: pa.Schema = schema(sample.batch_fields is not None)
        self._details = Details(sample)
        self._ids = pa.array(sample.user_pseudo_ids(), pa.string())
        self._touch = first_touches(sample)
        self._transaction = sample.orders.transaction_ids()
        self._revenue = sample.orders.revenue_micros()

    def day(self, day: int) -> Iterator[pa.Table]:
        """Give a day's events in time order, some thousands at a time.

        Args:
            day: The day, from 0.

        Yields:
            Tables with the columns of `self.schema`; absent fields are null. Columns and texts that
            repeat are dictionary arrays, so that a shape has to spell each value only once.
        """
        for batch in day_batches(self._sample, day):
            told = {**self._event(batch), **self._who(batch), **_where(batch, self._place(batch)),
                    **self._commerce(batch), **self._order(batch)}  # fmt: skip
            told = {name: column for name, column in told.items() if name not in self._absent}
            absent = {
                field.name: pa.nulls(len(batch), field.type)
                for field in self.schema
                if field.name not in told
            }
            yield pa.table({**told, **absent}).select(self.schema.names)

    def _order(self, batch: Batch) -> Columns:
        fields = self._sample.batch_fields
        if fields is None:
            return {}
        rows = slice(batch.who.first, batch.who.first + len(batch))
        told = (fields.event_index[rows], fields.page_id[rows], fields.ordering_id[rows])
        return {
            name: pa.array(values, mask=told[0] == 0)
            for name, values in zip(BATCH_FIELDS, told, strict=True)
        }

    def _event(self, batch: Batch) -> Columns:
        ts, count = batch.who.ts, len(batch)
        bundle = (ts * 31 + batch.number) % 19_999_999_999 - 9_999_999_999
        return {
            "event_date": constant(batch.date_text, count),
            "event_timestamp": pa.array(ts),
            "event_name": texts(ALL_NAMES, batch.code),
            "event_params": self._details.column(batch),
            "event_bundle_sequence_id": pa.array(bundle),
            "user_properties": _coded("user_properties", [[]], np.zeros(count, np.int64)),
            "stream_id": constant(STREAM_ID, count),
            "platform": constant("WEB", count),
        }

    def _who(self, batch: Batch) -> Columns:
        user = batch.who.user
        anonymous = user < 0
        return {
            "user_pseudo_id": self._ids.take(pa.array(user, mask=anonymous)),
            "privacy_info": _coded("privacy_info", _PRIVACY, anonymous.astype(np.int64)),
            "user_first_touch_timestamp": pa.array(self._touch[user], mask=anonymous),
            "user_ltv": _coded("user_ltv", [_NOTHING_SPENT], -anonymous.astype(np.int64)),
        }

    def _place(self, batch: Batch) -> Ints:
        user = batch.who.user
        return np.where(user >= 0, self._sample.people.place[user], 0)

    def _commerce(self, batch: Batch) -> Columns:
        lists, bought = self._lists(batch), np.flatnonzero(batch.order >= 0)
        orders = batch.order[bought]
        sizes = goods().items.value_lengths().to_numpy()
        listed = batch.named(*LISTED)
        most = int(sizes.max()) + 1
        records: list[dict[str, Any]] = [{"unique_items": size} for size in range(most)]
        records += [{**record, "transaction_id": NOT_SET} for record in records]
        kind = np.where(lists >= 0, sizes[lists] + np.where(listed, most, 0), -1)
        kind[bought] = len(records) + np.arange(len(bought))
        in_sale = zip(orders.tolist(), sizes[lists[bought]].tolist(), strict=True)
        records += [self._sale(order, size) for order, size in in_sale]
        value, valued = np.zeros(len(batch)), np.zeros(len(batch), np.bool_)
        value[bought] = self._revenue[orders] / MICROS
        valued[bought] = self._sample.orders.has_value[orders]
        return {
            "event_value_in_usd": pa.array(value, mask=~valued),
            "ecommerce": _coded("ecommerce", records, kind),
            "items": coded(goods().items, lists),
        }

    def _lists(self, batch: Batch) -> Ints:
        """The list of items of each event, a position in `Goods.items`; -1 without one."""
        known, orders, item = goods(), self._sample.orders, batch.item
        promotion = known.promoted + batch.dice % (SLIDES * len(PROMOTIONS))
        held = known.held + batch.number * 37 % len(baskets())
        cases = (
            (("view_promotion", "select_promotion"), promotion),
            (("view_item_list",), known.listed + item % LISTS),
            (("view_item", "select_item"), known.viewed + item),
            (("add_to_cart",), known.added + item),
            (_WITH_BASKET, held),
        )
        marks = [batch.named(*names) for names, _ in cases]
        found: Ints = np.select(marks, [lists for _, lists in cases], -1)
        bought = np.flatnonzero(batch.order >= 0)
        order = batch.order[bought]
        found[bought] = np.where(orders.has_value[order], known.sold + orders.basket[order],
                                 known.unset)  # fmt: skip
        return found

    def _sale(self, order: int, items: int) -> dict[str, Any]:
        sale: dict[str, Any] = {}
        if self._sample.orders.has_value[order]:
            micros = int(self._revenue[order])
            value, tax = micros / MICROS, micros * _TAX_PERCENT // 100 / MICROS
            shipping = _SHIPPING[micros // MICROS % len(_SHIPPING)]
            lines = baskets()[int(self._sample.orders.basket[order])].lines
            sale.update(
                total_item_quantity=sum(quantity for _, quantity in lines),
                purchase_revenue_in_usd=value, purchase_revenue=value,
                shipping_value_in_usd=shipping, shipping_value=shipping,
                tax_value_in_usd=tax, tax_value=tax, unique_items=items,
            )  # fmt: skip
        return {**sale, "transaction_id": self._transaction[order]}


_NO_TOKEN = {"uses_transient_token": "No"}
_PRIVACY = [_NO_TOKEN, {"analytics_storage": "No", "ads_storage": "No", **_NO_TOKEN}]
_NOTHING_SPENT = {"revenue": 0.0, "currency": "USD"}


def _coded(name: str, records: list[Any], positions: Ints) -> pa.DictionaryArray:
    return coded(pa.array(records, schema().field(name).type), positions)


def _where(batch: Batch, place: Ints) -> Columns:
    """Where people are, on what, and how they first came."""
    places, first_place = _geo()
    device = batch.who.device * len(COUNTRIES) + batch.who.country
    return {
        "device": coded(_devices(), device),
        "geo": coded(places, first_place[batch.who.country] + place),
        "traffic_source": coded(_origins(), batch.who.source),
    }


@cache
def _geo() -> tuple[pa.Array, Ints]:
    """Every place, and the position of each country's first."""
    records = [
        {"continent": there.continent, "sub_continent": there.part, "country": there.name,
         "region": region, "city": city, "metro": NOT_SET}
        for there in COUNTRIES
        for region, city in there.places
    ]  # fmt: skip
    counts = np.array([len(there.places) for there in COUNTRIES])
    return pa.array(records, schema().field("geo").type), np.cumsum(counts) - counts


@cache
def _devices() -> pa.Array:
    """Every device in every country's language, country by country within the device."""
    records = [
        {"category": there.category, "mobile_brand_name": there.brand,
         "mobile_model_name": there.model, "mobile_marketing_name": "<Other>",
         "operating_system": there.system, "operating_system_version": there.version,
         "language": country.language, "is_limited_ad_tracking": "No",
         "web_info": {"browser": there.browser, "browser_version": there.browser_version}}
        for there in DEVICES
        for country in COUNTRIES
    ]  # fmt: skip
    return pa.array(records, schema().field("device").type)


@cache
def _origins() -> pa.Array:
    """Every source as ``traffic_source`` has it."""
    records = [{"medium": there.medium, "name": there.campaign, "source": there.source}
               for there in SOURCES]  # fmt: skip
    return pa.array(records, schema().field("traffic_source").type)
