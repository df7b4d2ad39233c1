"""Events told as stories, in the shape of Google's export, and worlds made of them.

>>> story = journey("ana", "America/New_York").at("2020-11-01 23:59:59").session(1)
>>> [e["event_date"] for e in story.sees("page_view").after(seconds=2).sees("scroll").events]
['20201101', '20201102']
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SITE = "https://shop.example"


class Journey:
    """One visitor's story; each telling word gives the story back, so that they chain."""

    def __init__(self, visitor: str | None, zone: str = "UTC", **fields: Any) -> None:
        self.zone = ZoneInfo(zone)
        self.events: list[dict[str, Any]] = []
        self.now = 0
        self._always: dict[str, Any] = {
            "user_pseudo_id": visitor,
            "stream_id": "1001",
            "platform": "WEB",
            "device": {"category": "desktop"},
            "geo": {"country": "Canada"},
            **fields,
        }
        self._params: dict[str, Any] = {}

    def at(self, local: str, fold: int = 0) -> Journey:
        """Move the clock to a local time; `fold` 1 is the second pass of a repeated hour."""
        moment = datetime.fromisoformat(local).replace(tzinfo=self.zone, fold=fold)
        self.now = (moment.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)
        return self

    def at_micros(self, moment: int) -> Journey:
        """Move the clock to a UTC moment."""
        self.now = moment
        return self

    def after(self, micros: int = 0, **length: float) -> Journey:
        """Let time pass: `seconds=`, `minutes=`, `hours=`, `days=` (of 24 hours)."""
        self.now += micros + timedelta(**length) // timedelta(microseconds=1)
        return self

    def session(self, ident: int | None) -> Journey:
        """What follows happens in this session; None: it carries no session id."""
        self._params.pop("ga_session_id", None)
        if ident is not None:
            self._params["ga_session_id"] = ident
        return self

    def has(self, **fields: Any) -> Journey:
        """What follows carries these fields; a field of None goes away."""
        self._always = {k: v for k, v in {**self._always, **fields}.items() if v is not None}
        self._always.setdefault("user_pseudo_id", None)
        return self

    def device(self, category: str | None) -> Journey:
        """What follows happens on this kind of device."""
        return self.has(device={"category": category})

    def country(self, name: str | None) -> Journey:
        """What follows happens in this country."""
        return self.has(geo={"country": name})

    def sees(self, *names: str, page: str | None = None, **params: Any) -> Journey:
        """Events of these names, all at this very microsecond."""
        for name in names:
            address = {"page_location": SITE + page, "page_title": f"Page {page}"} if page else {}
            self._tell(name, {**address, **params}, {})
        return self

    def buys(
        self, order: str | None, dollars: float | None, item: str | None = None, **params: Any
    ) -> Journey:
        """A purchase event."""
        shop = {
            "transaction_id": order,
            "purchase_revenue_in_usd": dollars,
            "purchase_revenue": dollars,
        }
        fields: dict[str, Any] = {"ecommerce": {k: v for k, v in shop.items() if v is not None}}
        if item:
            fields["items"] = [
                {
                    "item_id": item,
                    "item_name": f"The {item}",
                    "quantity": 2,
                    "price_in_usd": dollars,
                    "item_revenue_in_usd": dollars,
                }
            ]
        self._tell("purchase", params, fields)
        return self

    def again(self) -> Journey:
        """The last event once more, exported twice."""
        self.events.append(dict(self.events[-1]))
        return self

    def _tell(self, name: str, params: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        moment = EPOCH + timedelta(microseconds=self.now)
        self.events.append(
            {
                "event_date": f"{moment.astimezone(self.zone):%Y%m%d}",
                "event_timestamp": self.now,
                "event_name": name,
                **self._always,
                **fields,
                "event_params": {**self._params, **params},
            }
        )


def journey(visitor: str | None, zone: str = "UTC", **fields: Any) -> Journey:
    """Begin a story."""
    return Journey(visitor, zone, **fields)
