"""Events as BigQuery's records: every field of the export that the sample fills."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from ga4_analytics.sources.synthetic.catalogue import baskets
from ga4_analytics.sources.synthetic.draws import Ints, below, uniform, words
from ga4_analytics.sources.synthetic.page_records import (
    Page,
    Record,
    basket_records,
    item_record,
    page_of,
    promotion_record,
    rotated,
    typed,
    unset_record,
)
from ga4_analytics.sources.synthetic.published import CODE, EVENT_NAMES
from ga4_analytics.sources.synthetic.sample import PLAIN_PAGE, Sample
from ga4_analytics.sources.synthetic.slices import LISTED, NOT_SET, day_slice
from ga4_analytics.sources.synthetic.world import COUNTRIES, DEVICES, SOURCES, deal

STREAM_ID = "3141592653"
ENGAGED_SECONDS = 10
_SAME_SOURCE = 0.8
_TAX_PERCENT = 7
_SHIPPING = (0.0, 4.5, 7.0, 12.0)
_COMMERCE = frozenset(LISTED) | {
    "add_to_cart", "begin_checkout", "add_shipping_info", "add_payment_info", "purchase",
}  # fmt: skip
_WITH_BASKET = ("begin_checkout", "add_shipping_info", "add_payment_info")


def engaged_sessions(sample: Sample) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which sessions the export marks as engaged: 10 seconds, two page views or a purchase.

    Returns:
        One mark a session.
    """
    events = sample.events
    known = events.session >= 0
    session, ts, code = events.session[known], events.ts[known], events.code[known]
    count = len(sample.sessions)
    begin, end = np.zeros(count, np.int64), np.zeros(count, np.int64)
    begin[session[::-1]] = ts[::-1]
    end[session] = ts
    once = ~events.is_duplicate[known]
    views = np.bincount(session[(code == CODE["page_view"]) & once], minlength=count)
    bought = np.bincount(session[code == CODE["purchase"]], minlength=count)
    return (end - begin >= ENGAGED_SECONDS * 1_000_000) | (views >= 2) | (bought > 0)


def first_touches(sample: Sample) -> Ints:
    """When each user was first seen, microseconds since 1970-01-01 UTC.

    Left-truncated users were seen up to 200 days before the sample's first day.
    """
    events = sample.events
    known = events.session >= 0
    user = sample.sessions.user[events.session[known]]
    first = np.zeros(len(sample.visits.cohort), np.int64)
    first[user[::-1]] = events.ts[known][::-1]
    keys = np.arange(len(first))
    earlier = -1 - below(sample.spec.seed, "first touch", keys, 200 * 86_400) * 1_000_003
    return np.where(sample.visits.truncated, earlier, first) + sample.spec.start_us


def session_sources(sample: Sample) -> Ints:
    """Where each session came from, a position in `SOURCES`; mostly where the user did."""
    keys = np.arange(len(sample.sessions))
    seed = sample.spec.seed
    other = deal(tuple(s.weight for s in SOURCES), uniform(seed, "session source", keys))
    same = uniform(seed, "same source", keys) < _SAME_SOURCE
    same |= sample.sessions.number == 1
    return np.where(same, sample.people.source[sample.sessions.user], other)


def _money(micros: int) -> float:
    return micros / 1_000_000


class Describer:
    """Tells the events of a sample day by day, as records.

    Args:
        sample: The sample to tell.
    """

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self._ids = sample.user_pseudo_ids()
        self._touch = first_touches(sample).tolist()
        self._engaged = engaged_sessions(sample).tolist()
        self._source = session_sources(sample).tolist()
        self._place = sample.people.place.tolist()
        self._number = sample.sessions.number.tolist()
        self._session_id = sample.session_id.tolist()
        self._transaction = sample.orders.transaction_ids()
        self._revenue = sample.orders.revenue_micros().tolist()
        pages = np.arange(len(sample.page_kind))
        self._page_draw = words(sample.spec.seed, "page", pages) >> np.uint64(20)

    def day(self, day: int) -> Iterator[Record]:
        """Give a day's events in time order.

        Args:
            day: The day, from 0.

        Yields:
            Records in BigQuery's schema; absent fields are null.
        """
        sample, part = self.sample, day_slice(self.sample, day)
        rows = slice(part.first, part.first + len(part.ts))
        events = sample.events
        draw = words(sample.spec.seed, "detail", events.key[rows]) >> np.uint64(8)
        columns = zip(
            part.ts.tolist(), events.code[rows].tolist(), events.session[rows].tolist(),
            events.page[rows].tolist(), events.order[rows].tolist(),
            events.gap_ms[rows].tolist(), draw.tolist(), part.user.tolist(),
            part.country.tolist(), part.device.tolist(), part.source.tolist(), strict=True,
        )  # fmt: skip
        date_text = f"{sample.spec.day(day):%Y%m%d}"
        for ts, code, session, page, order, gap, dice, user, country, device, source in columns:
            name = EVENT_NAMES[code]
            shown = self._page(page, session)
            record: Record = {"event_date": date_text, "event_timestamp": ts, "event_name": name}
            params = self._params(name, session, page, order, gap, dice, shown)
            record["event_params"] = rotated(params, dice >> 5)
            record["event_bundle_sequence_id"] = (
                ts * 31 + session
            ) % 19_999_999_999 - 9_999_999_999
            record.update(self._who(user, session))
            record["device"] = _device(device, country)
            record["geo"] = _geo(country, self._place[user] if user >= 0 else 0)
            record.update(_origin(source))
            record.update(stream_id=STREAM_ID, platform="WEB")
            if name in _COMMERCE:
                record.update(self._commerce(name, session, order, dice, shown))
            yield record

    def _page(self, page: int, session: int) -> Page:
        if page < 0:
            return page_of(PLAIN_PAGE, max(session, 0) * 7, True)
        sample = self.sample
        entrance = page == 0 or sample.page_session[page - 1] != sample.page_session[page]
        return page_of(int(sample.page_kind[page]), int(self._page_draw[page]), bool(entrance))

    def _referrer(self, page: int, session: int) -> str:
        sample = self.sample
        if page > 0 and sample.page_session[page - 1] == sample.page_session[page]:
            return self._page(page - 1, session).location
        source = SOURCES[self._source[session]].source
        return f"https://www.{source}.com/" if source in ("google", "bing", "baidu") else ""

    def _params(self, name: str, session: int, page: int, order: int, gap: int, dice: int,
                shown: Page) -> list[Record]:  # fmt: skip
        found: dict[str, str | int | float] = {
            "page_location": shown.location, "page_title": shown.title,
        }  # fmt: skip
        if session >= 0:
            found.update(self._session_params(name, session, page, gap, dice))
        if name == "scroll":
            found["percent_scrolled"] = 90
        elif name == "view_search_results":
            found["search_term"] = shown.search or "tee"
        elif name == "click":
            found.update(link_url="https://maps.harbour.example/?at=pier&z=14", outbound="true",
                         link_domain="maps.harbour.example")  # fmt: skip
        elif name == "add_shipping_info":
            found["shipping_tier"] = "Ground" if dice % 3 else "Overnight"
        elif name == "add_payment_info":
            found["payment_type"] = "Credit card" if dice % 4 else "PayPal"
        elif name == "purchase":
            found.update(self._purchase_params(order, dice))
        return [{"key": key, "value": typed(value)} for key, value in found.items()]

    def _session_params(self, name: str, session: int, page: int, gap: int,
                        dice: int) -> dict[str, str | int | float]:  # fmt: skip
        found: dict[str, str | int | float] = {
            "ga_session_id": self._session_id[session],
            "ga_session_number": self._number[session],
        }  # fmt: skip
        engaged = self._engaged[session]
        if name != "session_start":
            early = gap == 0 and name == "page_view" and session % 10 < 3
            flag = int(engaged and not early)
            as_number = name == "first_visit" or dice % 8 == 0
            found["session_engaged"] = flag if as_number else str(flag)
        if engaged:
            found["engaged_session_event"] = 1
        if gap > 0 and (name != "page_view" or dice % 3 == 0):
            found["engagement_time_msec"] = gap
        if session % 5 < 3:
            found["debug_mode"] = 1
        if name in ("page_view", "first_visit", "scroll"):
            found["page_referrer"] = self._referrer(page, session)
        if name == "page_view" and gap == 0:
            found["entrances"] = 1
            source = SOURCES[self._source[session]]
            if source.source not in (NOT_SET, "(data deleted)"):
                found.update(source=source.source, medium=source.medium, campaign=source.campaign)
        return found

    def _purchase_params(self, order: int, dice: int) -> dict[str, str | int | float]:
        found: dict[str, str | int | float] = {"currency": "USD"}
        if self.sample.orders.has_value[order]:
            dollars = self._revenue[order] // 1_000_000
            found["value"] = dollars if dice % 2 else float(dollars)
        if self.sample.orders.number[order] >= 0:
            found["transaction_id"] = str(self._transaction[order])
        return found

    def _who(self, user: int, session: int) -> Record:
        privacy = {"uses_transient_token": "No"}
        if user < 0:
            return {"privacy_info": {"analytics_storage": "No", "ads_storage": "No", **privacy},
                    "user_properties": []}  # fmt: skip
        return {"user_pseudo_id": self._ids[user], "privacy_info": privacy, "user_properties": [],
                "user_first_touch_timestamp": self._touch[user],
                "user_ltv": {"revenue": 0.0, "currency": "USD"}}  # fmt: skip

    def _commerce(self, name: str, session: int, order: int, dice: int, shown: Page) -> Record:
        if name == "purchase":
            return self._purchase(order)
        if name in ("view_promotion", "select_promotion"):
            items = [promotion_record(dice)]
        elif name == "view_item_list":
            items = [item_record((shown.item + i) % 50, None, False, str(i)) for i in range(6)]
        elif name in _WITH_BASKET:
            items = basket_records(baskets()[session * 37 % len(baskets())], False)
        else:
            items = [item_record(shown.item, 1 if name == "add_to_cart" else None, False)]
        ecommerce: Record = {"unique_items": len(items)}
        if name in LISTED:
            ecommerce["transaction_id"] = NOT_SET
        return {"ecommerce": ecommerce, "items": items}

    def _purchase(self, order: int) -> Record:
        orders, ecommerce = self.sample.orders, dict[str, Any]()
        items, record = [unset_record()], dict[str, Any]()
        if orders.has_value[order]:
            basket = baskets()[int(orders.basket[order])]
            items, micros = basket_records(basket, True), self._revenue[order]
            value, tax = _money(micros), _money(micros * _TAX_PERCENT // 100)
            shipping = _SHIPPING[self._revenue[order] // 1_000_000 % len(_SHIPPING)]
            ecommerce.update(
                total_item_quantity=sum(quantity for _, quantity in basket.lines),
                purchase_revenue_in_usd=value, purchase_revenue=value,
                shipping_value_in_usd=shipping, shipping_value=shipping,
                tax_value_in_usd=tax, tax_value=tax, unique_items=len(items),
            )  # fmt: skip
            record["event_value_in_usd"] = value
        if self._transaction[order] is not None:
            ecommerce["transaction_id"] = self._transaction[order]
        return {**record, "ecommerce": ecommerce, "items": items}


@cache
def _geo(country: int, place: int) -> Record:
    there = COUNTRIES[country]
    region, city = there.places[place]
    return {"continent": there.continent, "sub_continent": there.part, "country": there.name,
            "region": region, "city": city, "metro": NOT_SET}  # fmt: skip


@cache
def _device(device: int, country: int) -> Record:
    there = DEVICES[device]
    return {
        "category": there.category, "mobile_brand_name": there.brand,
        "mobile_model_name": there.model, "mobile_marketing_name": "<Other>",
        "operating_system": there.system, "operating_system_version": there.version,
        "language": COUNTRIES[country].language, "is_limited_ad_tracking": "No",
        "web_info": {"browser": there.browser, "browser_version": there.browser_version},
    }  # fmt: skip


@cache
def _origin(source: int) -> Record:
    if source < 0:
        return {}
    there = SOURCES[source]
    return {"traffic_source": {"medium": there.medium, "name": there.campaign,
                               "source": there.source}}  # fmt: skip
